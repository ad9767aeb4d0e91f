/** What the person asked for, and what became of each: the newest first. */
import type { Me, Receipt } from '@tallystick/shared/messages';
import { recordKey } from '../known.ts';
import { Card, Title } from '../parts/basics.tsx';
import { ReceiptLine } from '../parts/Receipt.tsx';
import { instantOf, textOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useAccount, useMe } from '../world.tsx';

export function Activity() {
  const me = useMe();
  const receipts = useAccount((state) => state.receipts);
  const records = useAccount((state) => state.records);
  return (
    <>
      <Title lead={WORDS.activityLead}>{WORDS.nav.activity}</Title>
      <Card>
        {receipts.length === 0 && <p className="soft">{WORDS.noActivity}</p>}
        <ol className="messages">
          {receipts.map((receipt) => (
            <li key={receipt.editId}>
              <h2 className="receipt-title">
                {titleOf(me, receipt)}{' '}
                <span className="soft">
                  {records.get(recordKey(receipt.object, receipt.id ?? ''))?.view?.title ??
                    me.objects[receipt.object]?.label.one}
                </span>
              </h2>
              {receipt.kind !== 'action' && <Wanted me={me} receipt={receipt} />}
              <ReceiptLine receipt={receipt} />
              <p className="standing">{instantOf(receipt.acceptedAt)}</p>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}

function Wanted({ me, receipt }: { me: Me; receipt: Receipt }) {
  return (
    <ul className="plain">
      {Object.entries(receipt.fields).map(([name, { wanted }]) => (
        <li key={name} className="wanted">
          {WORDS.wanted(textOf(me.objects[receipt.object]?.fields[name] ?? { kind: 'text' }, wanted))}
        </li>
      ))}
    </ul>
  );
}

function titleOf(me: Me, { kind, name, object, fields }: Receipt): string {
  const meta = me.objects[object];
  switch (kind) {
    case 'action':
      return meta?.actions.find((action) => action.name === name)?.label ?? name ?? '';
    case 'creation':
      return me.creations.find((creation) => creation.name === name)?.label ?? name ?? '';
    case 'edit':
      return Object.keys(fields)
        .map((field) => meta?.fields[field]?.label ?? field)
        .join(', ');
    default:
      return kind satisfies never;
  }
}
