/** Faults planted where several hubs are served by several processes, and in what guards the door and the log. */
import { inFile, type Room } from './mutant.ts';

const many = [
  ...inFile(
    'backend/hubs/vault.ts',
    ['hubs/vault'],
    [
      {
        id: 'sealed-for-any-hub',
        find: 'Buffer.from(`tallystick:${keyId}:${hubId}:${column}`)',
        replace: 'Buffer.from(`tallystick:${keyId}:${hubId.slice(0, 0)}:${column}`)',
      },
      {
        id: 'sealed-for-any-column',
        find: 'Buffer.from(`tallystick:${keyId}:${hubId}:${column}`)',
        replace: 'Buffer.from(`tallystick:${keyId}:${hubId}:${column.slice(0, 0)}`)',
      },
      { id: 'short-key-taken', find: 'bytes.length === KEY_BYTES && ', replace: '' },
      { id: 'sloppy-key-taken', find: " && bytes.toString('base64') === base64;", replace: ';' },
      {
        id: 'key-named-twice',
        find: 'newest === undefined || byId.size !== keys.length',
        replace: 'newest === undefined',
      },
      {
        id: 'sealed-with-the-oldest',
        find: 'const [newest] = keys;',
        replace: 'const newest = keys.at(-1);',
      },
      {
        id: 'key-in-the-complaint',
        find: '`TALLYSTICK_KEYS is not a list of',
        replace: '`TALLYSTICK_KEYS (${part}) is not a list of',
      },
    ],
  ),
  ...inFile(
    'backend/hubs/share.ts',
    ['hubs/share'],
    [
      { id: 'odd-ones-to-nobody', find: ' + (seen.rank < hubs.length % seen.workers ? 1 : 0)', replace: '' },
      {
        id: 'odd-ones-to-everybody',
        find: '(seen.rank < hubs.length % seen.workers ? 1 : 0)',
        replace: '(hubs.length % seen.workers > 0 ? 1 : 0)',
      },
      {
        id: 'held-is-free',
        find: '!own.has(hub) && !held.has(hub) && !avoided',
        replace: '!own.has(hub) && !avoided',
      },
      { id: 'avoided-tried', find: ' && !avoided.has(hub));', replace: ');' },
      { id: 'unserved-kept', find: 'handOver: [...gone, ...surplus]', replace: 'handOver: surplus' },
      {
        id: 'all-at-once',
        find: 'Math.min(TAKE_MAX_HUBS - starting, fair - kept.length)',
        replace: 'fair - kept.length',
      },
      { id: 'starting-does-not-count', find: 'TAKE_MAX_HUBS - starting', replace: 'TAKE_MAX_HUBS' },
      {
        id: 'leaving-is-staying',
        find: 'filter((hub) => !leaving.has(hub));',
        replace: 'filter((hub) => hub !== null);',
      },
    ],
  ),
  ...inFile(
    'backend/hubs/turns.ts',
    ['hubs/turns'],
    [
      { id: 'rests-for-itself', find: 'other !== hubId && ', replace: '' },
      { id: 'rests-for-ever', find: 'now - at < ACTIVE_WITHIN_MS', replace: 'at > 0' },
      { id: 'never-rests', find: 'return isAlone(hubId, heardAt, now) ? 0', replace: 'return true ? 0' },
      {
        id: 'rests-too-long',
        find: 'Math.min(REST_MAX_MS, tookMs * REST_SHARE)',
        replace: 'tookMs * REST_SHARE',
      },
      {
        id: 'flood-is-not-seen',
        find: 'window.bytes > SHARED_BATCH_BYTES &&',
        replace: 'window.bytes < 0 &&',
      },
      { id: 'everybody-floods', find: 'window.bytes > SHARED_BATCH_BYTES &&', replace: '' },
      { id: 'flood-for-ever', find: 'now - window.since >= WINDOW_MS', replace: 'false' },
    ],
  ),
  ...inFile(
    'backend/hubs/router.ts',
    ['hubs/hubs'],
    [
      { id: 'address-by-spelling', find: 'host.toLowerCase().replace', replace: 'host.replace' },
      {
        id: 'token-before-address',
        find: 'byHost(hostOf(req)) ?? named(tokenHub(req))',
        replace: 'named(tokenHub(req)) ?? byHost(hostOf(req))',
      },
      {
        id: 'address-only',
        find: 'byHost(hostOf(req)) ?? named(tokenHub(req))',
        replace: 'byHost(hostOf(req))',
      },
      {
        id: 'pages-anywhere',
        find: 'if (byHost(hostOf(req)) === undefined) next();\n    else pages',
        replace: 'if (req.path === null) next();\n    else pages',
      },
      {
        id: 'unknown-desk-is-not-found',
        find: '(named(signedHub(req)) ?? nobody).desk(req, res, next);',
        replace:
          'const hub = named(signedHub(req));\n    if (hub === undefined) next();\n    else hub.desk(req, res, next);',
      },
      {
        id: 'unknown-nudge-is-not-found',
        find: '(named(nudgedHub(req)) ?? nobody).nudges(req, res, next);',
        replace:
          'const hub = named(nudgedHub(req));\n    if (hub === undefined) next();\n    else hub.nudges(req, res, next);',
      },
    ],
  ),
];

const door = [
  ...inFile(
    'backend/strikes.ts',
    ['security/strikes'],
    [
      {
        id: 'any-proxy-believed',
        find: 'hops[Math.min(trustedProxies, hops.length - 1)]',
        replace: 'hops[hops.length - 1]',
      },
      {
        id: 'no-proxy-believed',
        find: 'hops[Math.min(trustedProxies, hops.length - 1)]',
        replace: 'hops[0]',
      },
      { id: 'proxy-struck-out', find: ' || isPrivate(address)) return null;', replace: ') return null;' },
      {
        id: 'each-address-of-a-house',
        find: 'return ipKeyGenerator(address, IPV6_PREFIX);',
        replace: 'return address;',
      },
      {
        id: 'never-struck-out',
        find: '(counts.get(client) ?? 0) < perMinute',
        replace: '(counts.get(client) ?? 0) >= 0',
      },
      {
        id: 'counted-without-end',
        find: '(counts.has(client) || counts.size < ADDRESSES_MAX)',
        replace: 'counts.size >= 0',
      },
    ],
  ),
  ...inFile(
    'backend/log.ts',
    ['security/told'],
    [
      {
        id: 'detail-of-postgres',
        find: 'isPostgres ? unquotedTail(error.message) :',
        replace: 'isPostgres ? error.message :',
      },
      { id: 'parser-quotes', find: ': unquoted(error.message),', replace: ': error.message,' },
      { id: 'names-at-the-top-only', find: '[`["${name}"]`, `*["${name}"]`]', replace: '[`["${name}"]`]' },
      {
        id: 'address-in-the-sentence',
        find: "typeof each === 'string' ? scrubbed(each) : each,",
        replace: 'each,',
      },
      { id: 'query-in-the-log', find: "scrubbed(url.split('?')[0] ?? '')", replace: 'scrubbed(url)' },
      {
        id: 'cause-as-it-is',
        find: '{ cause: toldError(error.cause, depth + 1) }',
        replace: '{ cause: { type: error.cause.name, message: error.cause.message, at: [] } }',
      },
    ],
  ),
];

export const HUBS: Room = {
  name: 'hubs',
  needsDatabase: true,
  mutants: [many, door].flat(),
  stages: [
    { name: 'quick', tests: ['hubs/share', 'hubs/vault', 'security/strikes', 'security/told', 'hubs/relay'] },
    { name: 'hubs', tests: ['hubs/hubs'] },
    { name: 'door', tests: ['security/transport', 'security/log'] },
  ],
};
