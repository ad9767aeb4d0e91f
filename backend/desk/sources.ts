/** How the other systems stand: a line each for the settings page, and a channel each for the health page. */
import type { HealthAnswer, SettingsAnswer } from '@tallystick/shared/deskMessages';
import { sources } from '@tallystick/shared/ownership';
import type { SourceHealth } from '../store/sourceHealth.ts';
import { inWords } from './show.ts';
import { SOURCE_ADVICE } from './words.ts';

type Check = SettingsAnswer['checks'][number];
type Known = Readonly<Record<string, SourceHealth>>;

/** Only the systems that the service was told of: the worker looks at those. */
export function sourceChecks(known: Known, now: number): Check[] {
  return Object.entries(known).map(([name, health]) => checkOf(sources[name]?.label ?? name, health, now));
}

function checkOf(label: string, health: SourceHealth, now: number): Check {
  const { failure, withheld, lookedAt } = health;
  const ago = inWords(now - Date.parse(lookedAt));
  if (failure !== null)
    return {
      label,
      state: 'wrong',
      text: `${failure.message} Asked ${ago} ago; nothing is changed in the CRM meanwhile.`,
      advice: SOURCE_ADVICE[failure.code] ?? SOURCE_ADVICE.unreachable ?? '',
    };
  if (withheld !== null)
    return {
      label,
      state: 'wrong',
      text: `${withheld} That is implausible, so nothing of it was written.`,
      advice: SOURCE_ADVICE.withheld ?? '',
    };
  const odd = oddities(health);
  return {
    label,
    state: odd.length === 0 ? 'ok' : 'unknown',
    text: `Reached ${ago} ago with a role that can only read; it knows ${health.found} of ${health.keys} keys${odd.length === 0 ? '' : `; ${odd.join('; ')}`}.`,
    ...(odd.length === 0 ? {} : { advice: SOURCE_ADVICE.odd ?? '' }),
  };
}

function oddities({ keys, found, shared, unfit }: SourceHealth): string[] {
  return [
    ...(found < keys ? [`${keys - found} are not known to it`] : []),
    ...(shared > 0 ? [`${shared} records share a key with another`] : []),
    ...(unfit > 0 ? [`${unfit} values do not fit their fields`] : []),
  ];
}

export function sourceChannels(known: Known, now: number): HealthAnswer['channels'] {
  return Object.entries(known).map(([name, { failure, withheld, lookedAt }]) => ({
    label: sources[name]?.label ?? name,
    ok: failure === null && withheld === null,
    text: failure?.message ?? withheld ?? `last answer ${inWords(now - Date.parse(lookedAt))} ago`,
  }));
}
