/** The tables of signing in, as Kysely sees them. */
import type { HubId, IdentityId, RecordId } from '@tallystick/shared/ids';
import type { UnlinkedReason } from '@tallystick/shared/messages';
import type { ColumnType, GeneratedAlways } from 'kysely';

type Stamp = ColumnType<Date, Date, Date>;
type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type MaybeText = ColumnType<string | null, string | null | undefined, string | null>;

/** Why staff have to decide who somebody is. */
export type ClaimReason = Extract<
  UnlinkedReason,
  'no-contact' | 'several-contacts' | 'shared-address' | 'reused-address' | 'no-company' | 'address-moved'
>;

export interface SignInTables {
  identities: {
    hub_id: HubId;
    identity_id: IdentityId;
    /** Of the identity provider; empty: a mailbox. */
    issuer: string;
    /** The provider's name of the person; the address of a mailbox. */
    subject: string;
    /** The address that was proven; null: the provider vouches for none. */
    address: string | null;
    proven_at: Stamp;
    /** As whom the same browser was signed in when this was proven. */
    continues: ColumnType<IdentityId | null, IdentityId | null | undefined, IdentityId | null>;
    /** When the hub's worker is to find out which contact this is; null: it need not. */
    look_at: MaybeStamp;
  };
  sign_ins: {
    hub_id: HubId;
    /** Of the mail's link, or of the provider's state. */
    secret_hash: Buffer;
    browser_hash: Buffer;
    address: MaybeText;
    provider: MaybeText;
    nonce: MaybeText;
    verifier: MaybeText;
    /** A proof was wanted that is not older. */
    max_age_s: ColumnType<number | null, number | null | undefined, number | null>;
    begun_at: Stamp;
    expires_at: Stamp;
    used_at: MaybeStamp;
  };
  sessions: {
    hub_id: HubId;
    session_id: string;
    secret_hash: Buffer;
    identity_id: IdentityId;
    /** What the browser says it is, and where the request came from. */
    browser: string;
    address: string;
    begun_at: Stamp;
    seen_at: Stamp;
    proven_at: Stamp;
    expires_at: Stamp;
  };
  ties: {
    hub_id: HubId;
    tie_id: GeneratedAlways<string>;
    identity_id: IdentityId;
    contact_id: RecordId;
    /** The address that was proven, and how: `mail`, the provider's issuer, or `staff`. */
    address: string | null;
    proof: string;
    /** The contact's primary e-mail as it was then: while it is another one the tie is not in force. */
    contact_email: string | null;
    /** Since when the contact has it, CRM clock. */
    address_since: MaybeStamp;
    /** When the CRM was read for this. */
    read_at: MaybeStamp;
    claim_id: MaybeText;
    begun_at: Stamp;
    /** `worker`, or a member of staff. */
    begun_by: string;
    ended_at: MaybeStamp;
    ended_by: MaybeText;
    ended_why: MaybeText;
  };
  claims: {
    hub_id: HubId;
    claim_id: GeneratedAlways<string>;
    identity_id: IdentityId;
    reason: ClaimReason;
    address: string | null;
    candidates: RecordId[];
    opened_at: Stamp;
    settled_at: MaybeStamp;
    settled_by: MaybeText;
    /** The contact it was settled for; null: refused, or still open. */
    contact_id: ColumnType<RecordId | null, RecordId | null | undefined, RecordId | null>;
  };
}
