/** The settings page: is the connection sound, what is paused, who may do what. */
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import { objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { neededScopes } from '../drift/scopes.ts';
import type { Db, Definition } from '../store/database.ts';
import { lastDelivery } from '../store/figures.ts';
import { loadPauses } from '../store/orders.ts';
import { definitionsOf } from '../store/records.ts';
import { roleOf, staffOf } from '../store/staff.ts';
import type { AlertChannel } from '../store/operatingTables.ts';
import { alertChecks } from './alerts.ts';
import type { DeskUser } from './gate.ts';
import { hookChecks } from './hooks.ts';
import { loadNames } from './names.ts';
import { deskPause } from './pauses.ts';
import { inWords } from './show.ts';
import { sourceChecks } from './sources.ts';
import { BARRED_ADVICE, barredSentence } from './words.ts';
import { hubStatus, type HubStatus } from './status.ts';

type Check = SettingsAnswer['checks'][number];

export async function settingsAnswer(
  db: Db,
  user: DeskUser,
  admins: readonly string[],
  now: number,
  alertChannels: readonly AlertChannel[] = [],
): Promise<SettingsAnswer> {
  const { hubId, role } = user;
  const [status, definitions, delivered, pauses, staff, { desk }, names] = await Promise.all([
    hubStatus(db, hubId, now),
    definitionsOf(db, hubId),
    lastDelivery(db, hubId),
    loadPauses(db, hubId),
    staffOf(db, hubId),
    roleOf(db, hubId, user.userId),
    loadNames(db, hubId, []),
  ]);
  return {
    role,
    checks: [
      {
        label: 'Signature',
        state: 'ok',
        text: 'This very page was asked for with a valid signature: the client secret fits.',
      },
      tokenCheck(status),
      scopesCheck(status),
      webhooksCheck(status, delivered, now),
      ...OBJECTS.map((object) => propertiesCheck(object, definitions)),
      ...status.barredCreations.map((barred): Check => ({
        ...{ label: barred.label, state: 'wrong', text: barredSentence(barred), advice: BARRED_ADVICE },
      })),
      ...sourceChecks(status.health.sources ?? {}, now),
      ...hookChecks(status.hooks, status.journalEntries, now),
      ...(await alertChecks(db, hubId, alertChannels, now)),
    ],
    pauses: pauses.map((pause) => deskPause(pause, names)),
    staff: staff.map(({ userId, name, email, role: own }) => ({
      userId,
      name: [name, email].filter((part) => part !== '').join(', ') || `CRM user ${userId}`,
      role: own,
      fixed: admins.includes(userId) || admins.includes(email.toLowerCase()),
    })),
    everybody: desk.everybody ?? 'viewer',
    objects: OBJECTS.map((name) => ({
      name,
      label: objects[name].label.many,
      fields: Object.entries(objects[name].fields).map(([field, { label }]) => ({ name: field, label })),
    })),
  };
}

function tokenCheck({ health, worker }: HubStatus): Check {
  const label = 'Access token';
  const { failure = null, heardAt = null } = health;
  if (worker === null || heardAt === null)
    return { label, state: 'unknown', text: 'No call to the CRM has been made yet.' };
  if (failure === null) return { label, state: 'ok', text: 'The CRM answers our calls.' };
  return {
    label,
    state: 'wrong',
    text: failure.message,
    advice:
      failure.code === 'barred'
        ? 'Copy the access token from the app’s Auth tab into HUBSPOT_ACCESS_TOKEN and start the service again.'
        : 'Nothing to do if this passes: every change is kept and passed on when the CRM answers again.',
  };
}

function scopesCheck({ health: { scopes = [] } }: HubStatus): Check {
  const label = 'Scopes';
  if (scopes.length === 0) return { label, state: 'unknown', text: 'The CRM has not told the scopes yet.' };
  const missing = neededScopes().filter((scope) => !scopes.includes(scope));
  return missing.length === 0
    ? { label, state: 'ok', text: 'The token has every scope that the rules need.' }
    : {
        label,
        state: 'wrong',
        text: `Missing: ${missing.join(', ')}.`,
        advice:
          'Add them to requiredScopes in app-hsmeta.json, upload the project and install the app again.',
      };
}

function webhooksCheck({ deliveriesWaiting }: HubStatus, delivered: number | null, now: number): Check {
  const label = 'Webhooks';
  if (delivered === null) {
    return {
      label,
      state: 'unknown',
      text: 'No webhook has arrived yet.',
      advice:
        'Change any mapped property in the CRM. If nothing is here a minute later, compare targetUrl in webhooks-hsmeta.json with the service’s public address.',
    };
  }
  const waiting = deliveriesWaiting === 0 ? '' : `, ${deliveriesWaiting} wait to be applied`;
  return { label, state: 'ok', text: `The last one arrived ${inWords(now - delivered)} ago${waiting}.` };
}

function propertiesCheck(object: AppObject, definitions: ReadonlyMap<string, Definition>): Check {
  const label = `Properties of ${objects[object].label.many}`;
  const specs = Object.values(objects[object].fields).filter(({ kind }) => kind !== 'lines'); // records of their own
  const known = specs.flatMap((spec) => {
    const definition = definitions.get(`${object}:${spec.property}`);
    return definition === undefined ? [] : [{ spec, definition }];
  });
  if (known.length === 0) return { label, state: 'unknown', text: 'The CRM’s properties were not read yet.' };
  const missing = specs.filter(
    (spec) =>
      definitions.get(`${object}:${spec.property}`)?.gone ?? !definitions.has(`${object}:${spec.property}`),
  );
  const unfit = known.filter(({ definition }) => definition.unfit === true);
  const locked = known.filter(({ spec, definition }) => spec.owner !== 'crm' && definition.readOnly);
  const faults = [
    ...missing.map((spec) => `${spec.property} is not there`),
    ...unfit.map(({ spec, definition }) => `${spec.property} is a ${definition.type}, not a ${spec.kind}`),
    ...locked.map(
      ({ spec }) =>
        `${spec.property} is read-only, but ${spec.owner === 'source' ? 'another system owns' : 'customers may edit'} ${spec.label}`,
    ),
  ];
  return faults.length === 0
    ? { label, state: 'ok', text: `All ${specs.length} are there and of the right type.` }
    : {
        label,
        state: 'wrong',
        text: `${faults.join('; ')}.`,
        advice:
          'Make or change the property in the CRM’s settings, or change the field in shared/ownership.ts.',
      };
}
