/** How the layers of completeness stand: the webhooks journal, the last comparison of each object, what was missed. */
import type { HealthAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import type { Db, HubHealth, WorkError } from '../store/database.ts';
import { journalPlace } from '../store/layers.ts';
import { raisedWarnings, type RaisedWarning } from '../store/warnings.ts';
import { inWords } from './show.ts';
import { WARNING_SENTENCES } from './words.ts';

/** The journal is looked at every 15 s; one this far behind is not keeping up. */
const LAG_WELL_MS = 120_000;
/** Each object is compared six hours after it was read; until then nothing is amiss where nothing was compared. */
const FIRST_COMPARED_WITHIN_MS = 7 * 3_600_000;

export interface LayersStatus {
  journal: {
    /** Off: there is no HUBSPOT_CLIENT_ID. */
    on: boolean;
    /** How long ago it was read to its end; null: never. */
    lagMs: number | null;
    failure: WorkError | null;
  };
  /** The last finished comparison of each object. */
  compared: { object: string; at: number; differences: number }[];
  /** When there should be one, ms. */
  firstComparedBy: number;
  /** What was raised, with how often and when last. */
  warnings: RaisedWarning[];
}

export async function layersStatus(
  db: Db,
  hubId: HubId,
  { health, connectedAt }: { health: HubHealth; connectedAt: number },
  now: number,
): Promise<LayersStatus> {
  const [place, warnings, compared] = await Promise.all([
    journalPlace(db, hubId),
    raisedWarnings(db, hubId),
    db
      .selectFrom('jobs')
      .distinctOn('object')
      .select(['object', 'finished_at', 'comparison'])
      .where('hub_id', '=', hubId)
      .where('kind', '=', 'reconcile')
      .where('finished_at', 'is not', null)
      .where('error', 'is', null)
      .orderBy('object')
      .orderBy('job_id', 'desc')
      .execute(),
  ]);
  const { on = false, failure = null } = health.journal ?? {};
  return {
    journal: { on, failure, lagMs: place === null ? null : Math.max(0, now - place.caughtUpAt) },
    compared: compared.map((row) => ({
      object: row.object,
      at: row.finished_at?.getTime() ?? now,
      differences: row.comparison?.differences ?? 0,
    })),
    firstComparedBy: connectedAt + FIRST_COMPARED_WITHIN_MS,
    warnings,
  };
}

export function journalText({ on, lagMs, failure }: LayersStatus['journal']): string {
  if (!on) return 'off: HUBSPOT_CLIENT_ID is not set';
  if (failure !== null) return failure.message;
  return lagMs === null ? 'not read yet' : `read to its end ${inWords(lagMs)} ago`;
}

export function comparedText({ compared, firstComparedBy }: LayersStatus, now: number): string {
  if (compared.length === 0)
    return now < firstComparedBy
      ? `not yet; the first time within ${inWords(firstComparedBy - now)}`
      : 'never yet, though it is due';
  const oldest = Math.min(...compared.map(({ at }) => at));
  const wrong = compared.filter(({ differences }) => differences > 0);
  const found =
    wrong.length === 0
      ? 'equal'
      : wrong
          .map(({ object, differences }) => `${differences} differences in ${object}, repaired`)
          .join('; ');
  return `${compared.length} objects, the first ${inWords(now - oldest)} ago: ${found}`;
}

export const warningText = ({ code, count, lastAt }: RaisedWarning, now: number): string =>
  `${count} ${WARNING_SENTENCES[code] ?? code}, the last ${inWords(now - lastAt)} ago`;

const isAllEqual = (compared: LayersStatus['compared']): boolean =>
  compared.length > 0 && compared.every(({ differences }) => differences === 0);

export function layerChannels(layers: LayersStatus, now: number): HealthAnswer['channels'] {
  const { journal, compared, firstComparedBy } = layers;
  const isKeepingUp = journal.lagMs !== null && journal.lagMs <= LAG_WELL_MS;
  return [
    {
      label: 'Webhooks journal',
      ok: journal.on && journal.failure === null && isKeepingUp,
      text: journalText(journal),
    },
    {
      label: 'Everything compared',
      ok: compared.length === 0 && now < firstComparedBy ? null : isAllEqual(compared),
      text: comparedText(layers, now),
    },
  ];
}

export const layerNumbers = ({ warnings }: LayersStatus): HealthAnswer['numbers'] =>
  warnings.map(({ code, count }) => ({
    label: upperFirst(WARNING_SENTENCES[code] ?? code),
    text: String(count),
  }));

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
