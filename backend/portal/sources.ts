/** What customers see of other systems: lists and fields of their audience, for a company they reach. */
import type { SourceMeta, SourceView } from '@tallystick/shared/messages';
import type { HubId } from '@tallystick/shared/ids';
import type { AppAudience } from '@tallystick/shared/ownership';
import type { SourceListSpec } from '@tallystick/shared/sourceSpec';
import type { Told, ToldSource } from '../sources/cache.ts';
import { findRecord, type PortalDeps } from './access.ts';
import { Refused } from './problem.ts';
import type { Session } from './session.ts';
import { NAME_A_COMPANY, SOURCE_SENTENCES } from './words.ts';

/** The other systems of one hub: nobody of another hub ever reaches them. */
export interface HubSources {
  hubId: HubId;
  told: readonly ToldSource[];
}

/**
 * Throws `not-found` alike for a source that is not there or not for this audience, and for a company that is foreign or
 * was never there. The company's link is read anew from the mirror each time, so that a change of it counts at once.
 */
export async function sourceView(
  deps: PortalDeps,
  session: Session,
  name: string,
  company: string | undefined,
): Promise<SourceView> {
  const { person, reach } = session;
  const found = sourcesOf(deps, person.hubId).find(({ source }) => source.name === name);
  if (found === undefined || visibleLists(found, person.audience).length === 0)
    throw new Refused('not-found');
  if (company === undefined && reach.size > 1) throw new Refused('bad-request', { detail: NAME_A_COMPANY });
  const { key, label } = found.source.spec;
  const row = await findRecord(deps, session, key.object, company ?? [...reach][0] ?? '');
  const linked = row.fields[key.field]?.value ?? null;
  const told = linked === null ? null : await found.lists(linked);
  return { source: name, label, ...viewOf(found, person.audience, told) };
}

export function sourceMetas(deps: PortalDeps, { person }: Session): SourceMeta[] {
  return sourcesOf(deps, person.hubId).flatMap((told) => {
    const lists = visibleLists(told, person.audience).map(([name, list]) => {
      const fields = fieldsFor(list, person.audience).map(
        ([field, { label, kind }]) => [field, { label, kind }] as const,
      );
      return [name, { label: list.label, fields: Object.fromEntries(fields) }] as const;
    });
    const { name, spec } = told.source;
    return lists.length === 0 ? [] : [{ name, label: spec.label, lists: Object.fromEntries(lists) }];
  });
}

const sourcesOf = ({ sources }: PortalDeps, hubId: HubId): readonly ToldSource[] =>
  sources?.hubId === hubId ? sources.told : [];

const visibleLists = ({ source }: ToldSource, audience: AppAudience) =>
  Object.entries(source.spec.lists).filter(([, { see }]) => see.includes(audience));

const fieldsFor = (list: SourceListSpec<AppAudience>, audience: AppAudience) =>
  Object.entries(list.fields).filter(([, { see }]) => see.includes(audience));

function viewOf(
  source: ToldSource,
  audience: AppAudience,
  told: Told | null,
): Pick<SourceView, 'state' | 'asOf' | 'message' | 'lists'> {
  const known = told === null || told.state === 'down' ? null : told;
  const lists = visibleLists(source, audience).map(([name, list]) => {
    const fields = fieldsFor(list, audience);
    const items = (known?.lists.lists[name] ?? []).map((item) => ({
      id: item.id,
      fields: Object.fromEntries(fields.map(([field]) => [field, item.fields[field] ?? null])),
    }));
    return [name, items] as const;
  });
  const cut = known?.lists.cut.some((name) => lists.some(([shown]) => shown === name)) ?? false;
  const state = told?.state ?? 'fresh';
  const message =
    told === null
      ? SOURCE_SENTENCES.unlinked
      : (SOURCE_SENTENCES[state] ?? (cut ? SOURCE_SENTENCES.cut : null));
  return {
    state,
    asOf: known === null ? null : new Date(known.asOf).toISOString(),
    message,
    lists: Object.fromEntries(lists),
  };
}
