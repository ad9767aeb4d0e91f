/** What a change in the hub means for one stream: who is shown what of it, and who must not hear of it. */
import type { HubId } from '@tallystick/shared/ids';
import type { StreamMessage } from '@tallystick/shared/messages';
import type { Response } from 'express';
import type { HubChange } from '../signals.ts';
import { editsByIds, type EditRow } from '../store/edits.ts';
import { keyOf } from '../store/mirror.ts';
import type { PlacingEntry } from '../store/placing.ts';
import { loadRecords, type Moved, type RecordRow } from '../store/records.ts';
import type { PortalDeps } from './access.ts';
import { asBefore } from './before.ts';
import { receiptOf } from './receipts.ts';
import { isOwn, type Session } from './session.ts';
import { ownEdits, recordView } from './views.ts';
import { sees } from './visibility.ts';

const BUFFERED_MAX_BYTES = 1_048_576;

export interface Listener {
  session: Session;
  res: Response;
  /** Records the person was shown, or can have read before: only of these is it told that they are gone. */
  known: Set<string>;
}

export interface News {
  seq: number;
  rows: RecordRow[];
  /** Records that moved for everybody; of the others only an edit did, which concerns its person alone. */
  moved: ReadonlySet<string>;
  edits: EditRow[];
  /** Where something was missed: on what it hung since then who sees what, in order. */
  placing?: readonly PlacingEntry[];
}

export function changeOf(hubId: HubId, seq: number, moved: readonly Moved[]): HubChange {
  return {
    hubId,
    seq,
    records: moved.flatMap(({ object, recordId, editId }) =>
      editId === null && recordId !== null ? [{ object, recordId }] : [],
    ),
    edits: moved.flatMap(({ object, recordId, editId }) =>
      editId === null ? [] : [{ object, recordId, editId }],
    ),
  };
}

/** One statement for all streams of the hub; records of edits come along, since the edit lies on top of them. */
export async function loadNews({ db }: PortalDeps, change: HubChange): Promise<News> {
  const { hubId, seq, records, edits } = change;
  const moved = [...records, ...edits].flatMap(({ object, recordId }) =>
    recordId === null ? [] : [{ object, recordId }],
  );
  const wanted = new Map(moved.map((record) => [keyOf(record), record]));
  const ids = [...new Set(edits.map((edit) => edit.editId))];
  const [rows, loaded] = await Promise.all([
    wanted.size === 0 ? [] : loadRecords(db, hubId, [...wanted.values()]),
    ids.length === 0 ? [] : editsByIds(db, hubId, ids),
  ]);
  return { seq, rows, moved: new Set(records.map(keyOf)), edits: loaded };
}

/** `cache` holds the serialised view by record and audience: it is the same for everybody without own edits there. */
export function tell(deps: PortalDeps, to: Listener, news: News, cache: Map<string, string>): void {
  const { person, reach } = to.session;
  const own = news.edits.filter((edit) => isOwn(person, edit.person));
  for (const row of news.rows) {
    const key = keyOf(row);
    if (!news.moved.has(key) && !own.some((edit) => keyOf(edit) === key)) continue;
    if (!sees(person, reach, row)) {
      // It was shown or could be read; before its life ended it was in reach; or it was when the stream was cut.
      const wasSeen =
        to.known.delete(key) ||
        sees(person, reach, { ...row, life: 'present' }) ||
        sees(person, reach, asBefore(row, placingOf(news, key)));
      if (wasSeen) send(to, news.seq, { type: 'gone', object: row.object, id: row.recordId });
      continue;
    }
    to.known.add(key);
    // What hangs on several records is shown to each with those that they see.
    const isPlain = ownEdits(person, row).length === 0 && row.parents.length < 2;
    const place = `${key}:${person.audience}`;
    const cached = isPlain ? cache.get(place) : undefined;
    const data =
      cached ?? JSON.stringify({ type: 'record', record: recordView(to.session, row, deps.now()) });
    if (isPlain) cache.set(place, data);
    write(to, news.seq, 'record', data);
  }
  for (const edit of own) send(to, news.seq, { type: 'receipt', receipt: receiptOf(edit) });
}

const placingOf = ({ placing = [] }: News, key: string): PlacingEntry[] =>
  placing.filter((entry) => keyOf(entry) === key);

function send(to: Listener, seq: number, message: StreamMessage): void {
  write(to, seq, message.type, JSON.stringify(message));
}

function write({ res }: Listener, seq: number, event: string, data: string): void {
  if (res.writableEnded || res.destroyed) return;
  if (res.writableLength > BUFFERED_MAX_BYTES) {
    res.destroy(); // too slow: it will resume
    return;
  }
  res.write(`id: ${seq}\nevent: ${event}\ndata: ${data}\n\n`);
}
