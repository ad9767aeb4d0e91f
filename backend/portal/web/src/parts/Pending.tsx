/** What was made in this visit and is on its way to our records: its receipt, and a link as soon as there is one. */
import { WORDS } from '../words.ts';
import { useAccount, useMe } from '../world.tsx';
import { Link } from './basics.tsx';
import { ReceiptLine } from './Receipt.tsx';

interface Props {
  creation: string;
  /** Only this one, also when it has come to its end. */
  editId?: string;
  /** Where its records are shown. */
  page?: string;
}

export function Pending({ creation, editId, page }: Props) {
  const me = useMe();
  const receipts = useAccount((state) => state.receipts);
  const shown = receipts.filter(
    (receipt) =>
      receipt.kind === 'creation' &&
      receipt.name === creation &&
      (editId === undefined ? !receipt.final || receipt.state !== 'verified' : receipt.editId === editId),
  );
  if (shown.length === 0) return null;
  return (
    <ul className="plain">
      {shown.map((receipt) => (
        <li key={receipt.editId}>
          <ReceiptLine receipt={receipt} />
          {page !== undefined && receipt.id !== null && (
            <Link to={`/${page}/${receipt.id}`}>
              {WORDS.open(me.objects[receipt.object]?.label.one ?? '')}
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}
