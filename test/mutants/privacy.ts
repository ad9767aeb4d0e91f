/** Faults planted in erasing a person for privacy. */
import { inFile } from './mutant.ts';

const erasing = inFile(
  'backend/store/erasing.ts',
  ['backend/erasing'],
  [
    {
      id: 'erased-company-takes-a-person',
      find: "const people = object === 'contact' ? all : [];",
      replace: 'const people = all;',
    },
    {
      id: 'erased-company-waits-for-a-person',
      find: "if (object !== 'contact') return [];\n  const { rows } = await sql<{\n",
      replace: 'const { rows } = await sql<{\n',
    },
    {
      id: 'erasure-leaves-the-journal',
      find: 'set before = null, after = null,',
      replace: 'set after = null,',
    },
    {
      id: 'erasure-leaves-their-requests-entries',
      find: 'and salt is not null and (${isRecord} or edit_id in ${theirEdits})',
      replace: 'and salt is not null and ${isRecord}',
    },
    {
      id: 'erasure-leaves-what-the-crm-said',
      find: 'wanted = null, crm_value = null, note',
      replace: 'wanted = null, note',
    },
    {
      id: 'erasure-leaves-the-key',
      find: "fingerprint = '', idempotency_key = edit_id::text",
      replace: "fingerprint = ''",
    },
    {
      id: 'erasure-leaves-former-addresses',
      find: 'unnest(array[before, after]) from journal',
      replace: 'after from journal',
    },
    { id: 'erasure-compares-case', find: 'select distinct lower(a) as', replace: 'select distinct a as' },
    {
      id: 'erasure-leaves-who-is-untied',
      find: '(lower(address) = any(${mails}::text[]) or identity_id in\n',
      replace: '(identity_id in\n',
    },
    {
      id: 'erasure-leaves-tokens',
      find: 'update people set revoked_at = coalesce(revoked_at, ${now})',
      replace: 'update people set revoked_at = revoked_at',
    },
    { id: 'erasure-takes-longer-numbers', find: "(${ids.join('|')})[^0-9]`", replace: "(${ids.join('|')})`" },
    { id: 'erasure-leaves-from-ids', find: '"[A-Za-z]*[oO]bjectId"', replace: '"[oO]bjectId"' },
    {
      id: 'erasure-does-not-wait-for-creations',
      find: "f.state = 'written' or c.sent_at is not null as sent",
      replace: "f.state = 'written' as sent",
    },
    {
      id: 'erasure-stops-at-one-merge',
      find: "join one on m.life = 'merged:' || one.record_id\n",
      replace: "join one on one.record_id = ${recordId} and m.life = 'merged:' || one.record_id\n",
    },
    {
      id: 'certified-by-its-namesake',
      find: 'e.hub_id = m.hub_id and e.object = m.object and',
      replace: 'e.hub_id = m.hub_id and',
    },
    {
      id: 'erasure-leaves-who-went-on',
      find: '(identity_id in ${known}\n    or (continues in ${known} and identity_id not in (select identity_id from ties where hub_id = ${hubId}))))`',
      replace: 'identity_id in ${known})`',
    },
    {
      id: 'erasure-takes-who-is-another',
      find: 'continues in ${known} and identity_id not in (select identity_id from ties where hub_id = ${hubId})',
      replace: 'continues in ${known}',
    },
  ],
);

const turns = inFile(
  'backend/sync/erasure.ts',
  ['backend/erasing'],
  [
    { id: 'erasures-behind-ten-wait', find: 'last, AT_ONCE);', replace: 'last, 0);' },
    {
      id: 'erased-before-its-request-ends',
      find: 'if (open.some(({ sent }) => sent)) return null;',
      replace: '',
    },
  ],
);

export const PRIVACY = [...erasing, ...turns];
