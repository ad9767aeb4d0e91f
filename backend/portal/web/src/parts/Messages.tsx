/** Comments and documents, in the order in which they were written. */
import type { Known } from '../known.ts';
import { MESSAGES } from '../layout.ts';
import { instantOf, sizeOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useList, useWorld } from '../world.tsx';
import { Loading } from './basics.tsx';

export function Messages({ on }: { on: { object: string; id: string } }) {
  const { records, state } = useList(MESSAGES.object);
  const shown = records.filter(({ view }) =>
    view?.on?.some(({ object, id }) => object === on.object && id === on.id),
  );
  const inOrder = shown.sort((a, b) => (atOf(a) < atOf(b) ? -1 : 1));
  if (inOrder.length === 0)
    return state === 'loading' ? <Loading /> : <p className="soft">{WORDS.noMessages}</p>;
  return (
    <ol className="messages">
      {inOrder.map((known) => (
        <li key={known.id} data-id={known.id}>
          <p className="soft">
            {valueOf(known, MESSAGES.author) ?? ''} {atOf(known) === '' ? '' : `· ${instantOf(atOf(known))}`}
          </p>
          {valueOf(known, MESSAGES.text) !== null && <p className="long">{valueOf(known, MESSAGES.text)}</p>}
          <FileLink known={known} />
        </li>
      ))}
    </ol>
  );
}

export function FileLink({ known }: { known: Known }) {
  const { account } = useWorld();
  const name = valueOf(known, MESSAGES.fileName);
  if (name === null) return null;
  return (
    <p>
      <a href={account.client.fileAddress(known.object, known.id)} download>
        {WORDS.download(name)}
      </a>{' '}
      <span className="soft">{sizeOf(valueOf(known, MESSAGES.fileSize))}</span>
    </p>
  );
}

export const valueOf = ({ view }: Known, field: string): string | null => view?.fields[field]?.value ?? null;
export const atOf = (known: Known): string => valueOf(known, MESSAGES.at) ?? '';
