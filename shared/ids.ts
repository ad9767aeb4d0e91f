/** Ids that must not be mixed up. All are text: HubSpot's are numbers of up to 16 digits, and order means nothing. */

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** One HubSpot account; the wire's `portalId` and `hub_id`. */
export type HubId = Branded<'hub'>;
/** One CRM object's id; unique only within its object type. */
export type RecordId = Branded<'record'>;
/** A member of staff: `user:` and HubSpot's user id. */
export type StaffId = Branded<'staff'>;
/** Another system that owns fields: `source:` and its name. */
export type SourceId = Branded<'source'>;
/** Who asks for a change: a contact, a member of staff, or another system. */
export type PersonId = RecordId | StaffId | SourceId;
/** Somebody as they proved themselves when they signed in; a UUID. */
export type IdentityId = Branded<'identity'>;
/** One accepted edit; a UUID. */
export type EditId = Branded<'edit'>;

export const isHubId = (text: string): text is HubId => /^[1-9]\d{0,15}$/.test(text);
export const isRecordId = (text: string): text is RecordId => /^[1-9]\d{0,19}$/.test(text);
export const isStaffId = (text: string): text is StaffId => /^user:[1-9]\d{0,15}$/.test(text);
export const isSourceId = (text: string): text is SourceId => /^source:[a-z][A-Za-z0-9]{0,29}$/.test(text);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isEditId = (text: string): text is EditId => UUID.test(text);
const isIdentityId = (text: string): text is IdentityId => UUID.test(text);

export const hubId = (text: string | number): HubId => checked(String(text), isHubId, 'hub id');
export const recordId = (text: string | number): RecordId => checked(String(text), isRecordId, 'record id');
export const staffId = (userId: string | number): StaffId => checked(`user:${userId}`, isStaffId, 'staff id');
export const sourceId = (name: string): SourceId => checked(`source:${name}`, isSourceId, 'source id');
export const identityId = (text: string): IdentityId => checked(text, isIdentityId, 'identity id');
export const editId = (text: string): EditId => checked(text, isEditId, 'edit id');

function checked<T extends string>(text: string, is: (text: string) => text is T, what: string): T {
  if (!is(text)) throw new Error(`"${text.slice(0, 40)}" is not a ${what}.`);
  return text;
}
