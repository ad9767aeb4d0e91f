/**
 * What HubSpot's build asks of the project's files, as far as it is documented, checked without an account: HubSpot's
 * own JSON schemas are served only to signed-in users.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, posix, relative, sep } from 'node:path';
import { z } from 'zod';
import { objects, OBJECTS } from '@tallystick/shared/ownership';

const uid = z
  .string()
  .regex(/^[a-zA-Z0-9_\-.]+$/)
  .max(64);
const trimmed = z.string().refine((text) => text === text.trim() && text !== '', 'has blanks at its ends');
const entrypoint = z.string().regex(/^\/app\/[\w\-./]+$/);
const https = z
  .string()
  .refine(isPublicOrigin, 'must be an https origin without path, wildcard, port or localhost');

const STANDARD_TYPES = ['contacts', 'companies', 'deals', 'tickets', 'quotes', 'line_items'];
const CUSTOM_TYPES = OBJECTS.filter((object) => objects[object].typeId === null).map(
  (object) => objects[object].crm,
);
const SINGULAR: Readonly<Record<string, string>> = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
  ticket: 'tickets',
  quote: 'quotes',
  note: 'notes',
  line_item: 'line_items',
};

const app = z.strictObject({
  uid,
  type: z.literal('app'),
  config: z.strictObject({
    name: trimmed.max(200),
    description: trimmed.max(8192),
    logo: entrypoint,
    distribution: z.literal('private'),
    auth: z.strictObject({
      type: z.literal('static'),
      requiredScopes: z.array(z.string().regex(/^[a-z0-9_.]+$/)).min(1),
      // A static app is granted its required scopes and no others.
      optionalScopes: z.array(z.never()),
      conditionallyRequiredScopes: z.array(z.never()),
    }),
    permittedUrls: z.strictObject({
      fetch: z.array(https).min(1),
      iframe: z.array(https),
      img: z.array(https),
    }),
    support: z
      .strictObject({
        supportEmail: z.email(),
        documentationUrl: z.url(),
        supportUrl: z.url(),
        supportPhone: z.string(),
      })
      .partial()
      .optional(),
  }),
});

const card = z.strictObject({
  uid,
  type: z.literal('card'),
  config: z.strictObject({
    name: trimmed,
    description: trimmed,
    previewImage: z.strictObject({
      file: z.string().regex(/^\.\/[\w-]+\.(png|jpe?g)$/),
      altText: trimmed,
    }),
    entrypoint,
    location: z.enum(['crm.record.tab', 'crm.record.sidebar', 'crm.preview', 'helpdesk.sidebar']),
    objectTypes: z.array(z.enum([...STANDARD_TYPES, ...CUSTOM_TYPES])).min(1),
  }),
});

const page = z.strictObject({ uid, type: z.literal('page'), config: z.strictObject({ entrypoint }) });
const settings = z.strictObject({ uid, type: z.literal('settings'), config: z.strictObject({ entrypoint }) });

/** No `endpoint`: it would make the function a public address without any sign-in. */
const appFunction = z.strictObject({
  uid,
  type: z.literal('app-function'),
  config: z.strictObject({
    entrypoint,
    secretKeys: z.array(z.string().regex(/^[A-Z][A-Z0-9_]*$/)).optional(),
  }),
});

const NOT_SUBSCRIBABLE = ['num_unique_conversion_events', 'hs_lastmodifieddate'];
const objectType = z.enum([...Object.keys(SINGULAR), ...CUSTOM_TYPES]);
const crmObjects = z.discriminatedUnion('subscriptionType', [
  z.strictObject({
    subscriptionType: z.enum([
      'object.creation',
      'object.deletion',
      'object.merge',
      'object.restore',
      'object.associationChange',
    ]),
    objectType,
    active: z.boolean(),
  }),
  z.strictObject({
    subscriptionType: z.literal('object.propertyChange'),
    objectType,
    propertyName: z.string().refine((name) => !NOT_SUBSCRIBABLE.includes(name), 'cannot be subscribed to'),
    active: z.boolean(),
  }),
]);
const webhooks = z.strictObject({
  uid,
  type: z.literal('webhooks'),
  config: z.strictObject({
    settings: z.strictObject({
      targetUrl: z.url({ protocol: /^https$/ }),
      maxConcurrentRequests: z.int().gt(5),
    }),
    subscriptions: z.strictObject({
      crmObjects: z.array(crmObjects).max(1000),
      hubEvents: z.array(
        z.strictObject({ subscriptionType: z.literal('contact.privacyDeletion'), active: z.boolean() }),
      ),
    }),
  }),
});

const component = z.discriminatedUnion('type', [app, card, page, settings, appFunction, webhooks]);
const profile = z.strictObject({
  accountId: z.int().positive(),
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

type Component = z.infer<typeof component>;
type Extension = Extract<Component, { type: 'card' | 'page' | 'settings' }>;
interface Found {
  /** From srcDir, with forward slashes. */
  file: string;
  meta: Component;
}
interface Project {
  /** The repository's root: holds hsproject.json. */
  root: string;
  srcDir: string;
  found: Found[];
}

const FOLDER: Readonly<Record<Component['type'], string>> = {
  app: 'app',
  card: 'app/cards',
  page: 'app/pages',
  settings: 'app/settings',
  'app-function': 'app/functions',
  webhooks: 'app/webhooks',
};
const SINGLE: readonly Component['type'][] = ['app', 'page', 'settings', 'webhooks'];
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;

/** Every rule the project breaks, in words; empty when it keeps them all. */
export async function inspect(root: string): Promise<string[]> {
  const srcDir = join(root, 'hubspot-project/src');
  const { profiles, problems } = await readProfiles(srcDir);
  for (const variables of profiles) {
    const { found, problems: unread } = await readComponents(srcDir, variables);
    const project = { root, srcDir, found };
    const rules = [places, uids, entries, images, packages, scopes, documented];
    for (const rule of rules) problems.push(...(await rule(project)));
    problems.push(...unread);
  }
  return [...new Set(problems)];
}

async function readProfiles(srcDir: string): Promise<{ profiles: Variables[]; problems: string[] }> {
  const names = (await readdir(srcDir)).filter((name) => /^hsprofile\.[^.]+\.json$/.test(name));
  const read = await Promise.all(names.map((name) => readAs(profile, join(srcDir, name), name)));
  return {
    profiles: read.flatMap(({ value }) => (value === null ? [] : [value.variables])),
    problems: [...(names.length === 0 ? ['no config profile'] : []), ...read.flatMap((one) => one.problems)],
  };
}

type Variables = z.infer<typeof profile>['variables'];

async function readComponents(
  srcDir: string,
  variables: Variables,
): Promise<{ found: Found[]; problems: string[] }> {
  const files = (await filesBelow(srcDir)).filter((file) => file.endsWith('-hsmeta.json'));
  const read = await Promise.all(
    files.map(async (file) => ({
      file,
      ...(await readAs(component, join(srcDir, file), file, variables)),
    })),
  );
  return {
    found: read.flatMap(({ file, value }) => (value === null ? [] : [{ file, meta: value }])),
    problems: read.flatMap((one) => one.problems),
  };
}

async function readAs<S extends z.ZodType>(
  schema: S,
  path: string,
  name: string,
  variables: Variables = {},
): Promise<{ value: z.infer<S> | null; problems: string[] }> {
  const problems: string[] = [];
  const text = (await readFile(path, 'utf8')).replace(/\$\{(.*?)\}/g, (_, key: string) => {
    if (variables[key] === undefined) problems.push(`${name}: no profile variable ${key}`);
    return String(variables[key]);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { value: null, problems: [`${name}: not JSON`] };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data, problems };
  const wrong = parsed.error.issues.map((issue) => `${name}: ${issue.path.join('.')} ${issue.message}`);
  return { value: null, problems: [...problems, ...wrong] };
}

/** HubSpot passes over a component in the wrong folder without a word. */
function places({ found }: Project): string[] {
  const misplaced = found
    .filter(({ file, meta }) => posix.dirname(file) !== FOLDER[meta.type])
    .map(({ file, meta }) => `${file}: a ${meta.type} must lie directly in ${FOLDER[meta.type]}`);
  const twice = SINGLE.filter((type) => found.filter(({ meta }) => meta.type === type).length > 1);
  const noApp = found.some(({ meta }) => meta.type === 'app') ? [] : ['no app component'];
  return [...misplaced, ...twice.map((type) => `more than one ${type} component`), ...noApp];
}

function uids({ found }: Project): string[] {
  return repeated(found.map(({ meta }) => meta.uid)).map((one) => `uid ${one} is used twice`);
}

async function entries({ srcDir, found }: Project): Promise<string[]> {
  const withEntry = found.flatMap(({ file, meta }) =>
    'entrypoint' in meta.config ? [{ file, type: meta.type, entry: meta.config.entrypoint }] : [],
  );
  const missing = await Promise.all(
    withEntry.map(async ({ file, entry }) =>
      (await sizeOf(join(srcDir, entry))) === null ? [`${file}: entry file ${entry} does not exist`] : [],
    ),
  );
  const misplaced = withEntry
    .filter(({ type, entry }) => {
      const allowed = [`/${FOLDER[type]}`, ...(type === 'app-function' ? [`/${FOLDER[type]}/dist`] : [])];
      return !allowed.includes(posix.dirname(entry));
    })
    .map(({ file, entry }) => `${file}: entry file ${entry} must lie directly in its component's folder`);
  // Bundles are named by the entry's basename and land in one place.
  const names = found
    .filter((one): one is Found & { meta: Extension } => isExtension(one.meta))
    .map(({ meta }) => basename(meta.config.entrypoint, extname(meta.config.entrypoint)));
  return [
    ...missing.flat(),
    ...misplaced,
    ...repeated(names).map((name) => `entry name ${name} is used twice`),
  ];
}

export function isExtension(meta: Component): meta is Extension {
  return meta.type === 'card' || meta.type === 'page' || meta.type === 'settings';
}

async function images({ srcDir, found }: Project): Promise<string[]> {
  const wanted = found.flatMap(({ file, meta }) => {
    if (meta.type === 'app') return [{ file, image: meta.config.logo }];
    if (meta.type !== 'card') return [];
    return [{ file, image: posix.join(posix.dirname(file), meta.config.previewImage.file) }];
  });
  const checked = await Promise.all(
    wanted.map(async ({ file, image }) => {
      const bytes = await sizeOf(join(srcDir, image));
      if (bytes === null) return [`${file}: image ${image} does not exist`];
      if (bytes > MAX_IMAGE_BYTES) return [`${file}: image ${image} is larger than 5 MB`];
      return (await isImage(join(srcDir, image))) ? [] : [`${file}: ${image} is neither a PNG nor a JPEG`];
    }),
  );
  return checked.flat();
}

async function packages({ srcDir, found }: Project): Promise<string[]> {
  const folders = new Set(
    found
      .filter(({ meta }) => isExtension(meta) || meta.type === 'app-function')
      .map(({ file }) => dirname(file)),
  );
  const missing = await Promise.all(
    [...folders].map(async (folder) =>
      (await sizeOf(join(srcDir, folder, 'package.json'))) === null ? [`${folder}: no package.json`] : [],
    ),
  );
  return missing.flat();
}

/** HubSpot hides a card, and keeps back a webhook, whose object the app may not read. */
function scopes({ found }: Project): string[] {
  const granted = found.flatMap(({ meta }) => (meta.type === 'app' ? meta.config.auth.requiredScopes : []));
  const needed = found.flatMap(({ file, meta }) => {
    if (meta.type === 'card') return meta.config.objectTypes.map((type) => ({ file, type }));
    if (meta.type !== 'webhooks') return [];
    const types = new Set(meta.config.subscriptions.crmObjects.map((one) => one.objectType));
    return [...types].map((type) => ({ file, type: SINGULAR[type] ?? type }));
  });
  const lacking = needed
    .filter(({ type }) => !granted.includes(readScope(type)))
    .map(({ file, type }) => `${file}: ${type} needs the scope ${readScope(type)}`);
  return [...lacking, ...repeated(granted).map((scope) => `scope ${scope} is asked for twice`)];
}

function readScope(objectType: string): string {
  if (objectType === 'notes') return 'crm.objects.contacts.read'; // docs: notes have the scopes of contacts
  if (objectType === 'tickets') return 'tickets';
  return `crm.objects.${STANDARD_TYPES.includes(objectType) ? objectType : 'custom'}.read`;
}

async function documented({ root, found }: Project): Promise<string[]> {
  const readme = await readFile(join(root, 'hubspot-project/README.md'), 'utf8');
  const names = found.flatMap(({ meta }) => {
    if (meta.type === 'app') return meta.config.auth.requiredScopes;
    return meta.type === 'app-function' ? (meta.config.secretKeys ?? []) : [];
  });
  return names
    .filter((name) => !readme.includes(`\`${name}\``))
    .map((name) => `hubspot-project/README.md does not say what ${name} is for`);
}

/** From `folder`, with forward slashes. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.split('/').includes('node_modules'))
    .sort();
}

function isPublicOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, hostname } = new URL(text);
  return protocol === 'https:' && origin === text && hostname.includes('.') && !text.includes('*');
}

async function isImage(path: string): Promise<boolean> {
  const head = (await readFile(path)).subarray(0, 3).toString('hex');
  return head === '89504e' || head === 'ffd8ff';
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch {
    return null;
  }
}

const repeated = (list: readonly string[]): string[] => [
  ...new Set(list.filter((item, at) => list.indexOf(item) !== at)),
];
