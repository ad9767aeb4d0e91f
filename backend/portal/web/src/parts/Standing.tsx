/** How a value stands, in words: since when it is known to be what our records hold, or that it moved. */
import type { FieldView } from '@tallystick/shared/messages';
import { ageOf, timeOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useNow } from '../world.tsx';

export function Standing({
  view,
  stale,
  moved,
  short = false,
}: {
  view: Pick<FieldView, 'asOf' | 'state' | 'unkeptSince'>;
  stale: boolean;
  moved?: { at: number } | undefined;
  /** Said in full where it stands alone, in short beside each field. */
  short?: boolean;
}) {
  const now = useNow();
  // The receipt beside it tells the rest.
  if (view.state === 'saving' || view.state === 'held') return null;
  return (
    <span className="standing age">
      {moved !== undefined && `${WORDS.changedAt(timeOf(moved.at))}, `}
      {aged(view, stale, now, short)}
    </span>
  );
}

function aged(
  { asOf, state, unkeptSince }: Pick<FieldView, 'asOf' | 'state' | 'unkeptSince'>,
  stale: boolean,
  now: number,
  short: boolean,
): string {
  if (asOf === null) return WORDS.unknownAge;
  const age = ageOf(now - Date.parse(asOf));
  if (unkeptSince !== undefined) return WORDS.unkept(ageOf(now - Date.parse(unkeptSince)), age);
  if (stale) return WORDS.stale(age);
  return state === 'reported'
    ? WORDS.reported(age)
    : short
      ? WORDS.confirmedShort(age)
      : WORDS.confirmed(age);
}
