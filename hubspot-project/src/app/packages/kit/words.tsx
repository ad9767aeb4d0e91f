/** What statuses, states and kinds are called on the cards. No logic beside it. */
import type { DeskField, DeskStatus } from '@tallystick/shared/deskMessages';

type Variant = 'danger' | 'warning' | 'info' | 'success' | 'default';

export const STATUSES: Readonly<Record<DeskStatus | 'unreachable', { label: string; variant: Variant }>> = {
  agree: { label: 'In agreement', variant: 'success' },
  moving: { label: 'On its way', variant: 'info' },
  'needs-you': { label: 'Needs you', variant: 'danger' },
  paused: { label: 'Paused', variant: 'warning' },
  nobody: { label: 'Portal never opened', variant: 'default' },
  gone: { label: 'Not in the portal', variant: 'default' },
  unreachable: { label: 'Service unreachable', variant: 'danger' },
};

export const STATES: Readonly<Record<DeskField['state'], { label: string; variant: Variant }>> = {
  agree: { label: 'Agrees', variant: 'success' },
  reported: { label: 'Being confirmed', variant: 'info' },
  saving: { label: 'On its way', variant: 'info' },
  held: { label: 'Held for you', variant: 'danger' },
  paused: { label: 'Paused', variant: 'warning' },
  unkept: { label: 'Not kept', variant: 'danger' },
  hidden: { label: 'Not in the portal', variant: 'default' },
};

export const OWNERS: Readonly<Record<DeskField['owner'], string>> = {
  crm: 'CRM',
  customer: 'Customer',
  both: 'Both',
  source: 'Another system',
};

export const KINDS: readonly { value: string; label: string }[] = [
  { value: '', label: 'Everything' },
  { value: 'changed', label: 'Changed in the CRM' },
  { value: 'asked', label: 'Asked for' },
  { value: 'decided', label: 'Decided' },
  { value: 'sent', label: 'Sent to the CRM' },
  { value: 'proven', label: 'Proven' },
  { value: 'failed', label: 'Failed' },
  { value: 'drift', label: 'Schema of the CRM' },
  { value: 'ordered', label: 'Ordered by staff' },
  { value: 'life', label: 'Archived, merged, restored' },
  { value: 'links', label: 'Companies' },
  { value: 'found', label: 'First seen' },
];

/** "just now", "12 s ago", "5 min ago", "3 h ago", else the date. */
export function ago(instant: string | null, now = Date.now()): string {
  if (instant === null) return 'never';
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1_000));
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `on ${instant.slice(0, 10)}`;
}

/** The moment itself, to the second, where the order of things matters. */
export const moment = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
