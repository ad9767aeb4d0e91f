/** Loads what an endpoint is to be told: a stretch of the journal, and everything that it mentions. */
import type { HubId } from '@tallystick/shared/ids';
import type { AppAudience } from '@tallystick/shared/ownership';
import { companiesIn } from '../portal/before.ts';
import { reachOf } from '../portal/visibility.ts';
import type { Db } from '../store/database.ts';
import { editsByIds } from '../store/edits.ts';
import { audiencesOf, contactLinks, entriesAfter } from '../store/hooks.ts';
import { keyOf } from '../store/mirror.ts';
import { loadRecords } from '../store/records.ts';
import { AUDIENCES, eventsOf, recordKeyOf, type HookEntry, type HookEvent, type Known } from './events.ts';

const BATCH_MAX_ENTRIES = 500;

export interface Batch {
  /** The last journal number it covers. */
  upTo: number;
  events: HookEvent[];
}

/** Null: nothing has happened since. `upTo`: the end that was fixed before, so that a repeated batch says the same. */
export async function loadBatch(
  db: Db,
  hubId: HubId,
  audience: AppAudience | null,
  { after, upTo }: { after: number; upTo: number | null },
): Promise<Batch | null> {
  const rows = await entriesAfter(db, hubId, after, upTo, BATCH_MAX_ENTRIES);
  const entries = rows.map((row): HookEntry => ({
    seq: Number(row.seq),
    at: row.at.getTime(),
    kind: row.kind,
    object: row.object,
    recordId: row.record_id,
    field: row.field,
    editId: row.edit_id,
    before: row.before,
  }));
  const last = entries.at(-1);
  if (last === undefined) return null;
  return { upTo: last.seq, events: eventsOf(entries, audience, await knownOf(db, hubId, entries)) };
}

async function knownOf(db: Db, hubId: HubId, entries: readonly HookEntry[]): Promise<Known> {
  const wanted = new Map(
    entries.flatMap((entry) => {
      const { object, recordId } = entry;
      const key = recordKeyOf(entry);
      return key === null || object === null || recordId === null
        ? []
        : [[key, { object, recordId }] as const];
    }),
  );
  const editIds = [...new Set(entries.flatMap(({ editId }) => editId ?? []))];
  const [records, edits, audiences] = await Promise.all([
    loadRecords(db, hubId, [...wanted.values()]),
    editIds.length === 0 ? [] : editsByIds(db, hubId, editIds),
    audiencesOf(db, hubId, editIds),
  ]);
  const companies = new Set([
    ...records.flatMap(({ object, recordId, companies: own, parents }) => [
      ...(object === 'company' ? [recordId] : own),
      ...parents.flatMap((parent) => parent.companies),
    ]),
    ...entries.flatMap(({ kind, before }) => (kind === 'links' ? companiesIn(before) : [])),
  ]);
  const contacts = records.flatMap(({ object, recordId }) => (object === 'contact' ? [recordId] : []));
  const links = await contactLinks(db, hubId, [...companies], contacts);
  const reach = (audience: AppAudience) => ({
    companies: reachOf(audience, links),
    contacts: new Set(
      contacts.filter(
        (id) =>
          reachOf(
            audience,
            links.filter(({ contactId }) => contactId === id),
          ).size > 0,
      ),
    ),
  });
  return {
    hubId,
    records: new Map(records.map((row) => [keyOf(row), row])),
    edits: new Map(edits.map((row) => [row.editId, { row, audience: audiences.get(row.editId) ?? '' }])),
    reach: new Map(AUDIENCES.map((audience) => [audience, reach(audience)])),
  };
}
