/** How the endpoints that we tell of changes stand: settings page, health page and command line say the same. */
import type { HealthAnswer, SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { HookRow } from '../store/hooks.ts';
import { inWords } from './show.ts';
import { HOOK_ADVICE } from './words.ts';

/** Without what stands behind the path: a query may be a secret. */
export function hookLabel({ url, audience }: HookRow): string {
  const { host, pathname } = new URL(url);
  return `Webhook to ${host}${pathname}${audience === null ? '' : ` (${audience})`}`;
}

export function hookText(hook: HookRow, journalEntries: number, now: number): string {
  const { disabledAt, failingSince, lastError, attempts, notBefore, deliveredAt, cursorSeq } = hook;
  if (disabledAt !== null) return `switched off ${inWords(now - disabledAt)} ago: it answered 410, gone`;
  const behind = Math.max(0, journalEntries - cursorSeq);
  if (failingSince !== null)
    return `failing for ${inWords(now - failingSince)}, ${attempts} attempts: ${lastError ?? ''} Next one in ${inWords(Math.max(0, notBefore - now))}; ${behind} journal entries wait`;
  const told =
    deliveredAt === null ? 'nothing to tell yet' : `last delivery ${inWords(now - deliveredAt)} ago`;
  return behind === 0 ? told : `${told}, ${behind} journal entries wait`;
}

export const isHookWell = ({ disabledAt, failingSince }: HookRow): boolean =>
  disabledAt === null && failingSince === null;

export function hookChecks(
  hooks: readonly HookRow[],
  journalEntries: number,
  now: number,
): SettingsAnswer['checks'] {
  return hooks.map((hook) => ({
    label: hookLabel(hook),
    state: isHookWell(hook) ? ('ok' as const) : ('wrong' as const),
    text: `${hookText(hook, journalEntries, now)}.`.replace(/^./, (first) => first.toUpperCase()),
    ...(isHookWell(hook)
      ? {}
      : { advice: hook.disabledAt === null ? HOOK_ADVICE.failing : HOOK_ADVICE.gone }),
  }));
}

export function hookChannels(
  hooks: readonly HookRow[],
  journalEntries: number,
  now: number,
): HealthAnswer['channels'] {
  return hooks.map((hook) => ({
    label: hookLabel(hook),
    ok: isHookWell(hook),
    text: hookText(hook, journalEntries, now),
  }));
}
