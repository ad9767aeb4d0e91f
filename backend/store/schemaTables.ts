/** The CRM's schema as it is kept, what was found in it, and the tables of both. */
import type { HubId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { JSONColumnType } from 'kysely';
import type { Stamp } from './database.ts';

export interface KeptOption {
  value: string;
  label: string;
  hidden: boolean;
}

/** A property that the rules name. */
export interface KeptProperty {
  label: string;
  type: string;
  fieldType: string;
  readOnly: boolean;
  unique: boolean;
  /** Null where any value may stand, or the options are kept elsewhere (owners). */
  options: KeptOption[] | null;
}

export interface ObjectSchema {
  typeId: string | null;
  properties: Record<string, KeptProperty>;
  /** The account's other properties: only what is needed to say whether a new field could be mapped to one. */
  others: Record<string, Pick<KeptProperty, 'type' | 'fieldType' | 'readOnly'>>;
  /** Properties that the account's rules require. */
  required: string[];
  /** By pipeline id, with its stages by id; null: the object has none, or they were not read. */
  pipelines: Record<string, { label: string; stages: Record<string, string> }> | null;
}

/** What the CRM says of itself, as far as rules may depend on it. Never personal data. */
export interface CrmSchema {
  /** By our name; null: the CRM has no such object type; absent: never read. */
  objects: Record<string, ObjectSchema | null>;
  /** The association labels between contacts and companies, by type id; null: not read yet. */
  labels: Record<string, string> | null;
  /** The token's scopes; null: not told yet. */
  scopes: string[] | null;
}

export type Severity = 'breaks' | 'warns' | 'tells';
/** What is held back because of a finding: nothing; what we write; both directions. */
export type Stops = 'none' | 'writing' | 'both';

/** Something that is missing in the CRM's schema and can be made. It never changes or takes away what is there. */
export type Fix =
  | {
      do: 'property';
      object: AppObject;
      property: string;
      label: string;
      type: string;
      fieldType: string;
      unique: boolean;
      options: { value: string; label: string }[];
    }
  | { do: 'option'; object: AppObject; property: string; options: { value: string; label: string }[] };

interface OfObject {
  /** Our name. */
  object: string;
}
interface OfProperty extends OfObject {
  property: string;
  /** The field that maps it; null: only creations use it. */
  field: string | null;
}

/** One point in which the CRM's schema does not fit the rules, or is no longer what it was. */
export type Finding = {
  severity: Severity;
  stops: Stops;
  /** The creations that cannot be carried out because of it. */
  bars: string[];
} & (
  | ({ code: 'object-gone' } & OfObject)
  /** Another object type has its name now; `was` and `is` are type ids. */
  | ({ code: 'object-moved'; was: string; is: string } & OfObject)
  /** `was`: its label, where it was ever there. */
  | ({ code: 'property-gone'; was: string | null } & OfProperty)
  | ({ code: 'property-renamed'; was: string; is: string } & OfProperty)
  /** It still holds the field's kind. */
  | ({ code: 'type-changed'; was: string; is: string } & OfProperty)
  /** It cannot hold the field's kind. */
  | ({ code: 'type-unfit'; was: string | null; is: string; kind: string } & OfProperty)
  | ({ code: 'read-only' } & OfProperty)
  | ({ code: 'made-required' } & OfProperty)
  | ({
      code: 'option-added' | 'option-removed' | 'option-hidden';
      option: string;
      label: string;
    } & OfProperty)
  | ({ code: 'option-renamed'; option: string; was: string; is: string } & OfProperty)
  /** An action, a creation or the condition of an object names it, and the property does not have it. */
  | ({ code: 'option-missing'; option: string; neededBy: string[] } & OfProperty)
  | ({ code: 'key-not-unique'; creation: string } & OfProperty)
  /** The account requires the property, and the creation does not send it. */
  | ({ code: 'creation-lacks'; creation: string } & OfProperty)
  | ({ code: 'pipeline-gone'; pipeline: string; label: string } & OfObject)
  | ({ code: 'stage-added' | 'stage-removed'; pipeline: string; stage: string; label: string } & OfObject)
  | ({ code: 'stage-renamed'; pipeline: string; stage: string; was: string; is: string } & OfObject)
  /** Audiences are told by it. `was`: it was there. */
  | { code: 'label-gone'; label: string; was: boolean; audiences: string[] }
  | { code: 'label-renamed'; label: string; is: string; audiences: string[] }
  /** `was`: it was there before, or HubSpot refused a call for want of it. */
  | ({
      code: 'scope-lost';
      scope: string;
      of: 'reading' | 'writing' | 'schema' | 'other';
      was: boolean;
    } & OfObject)
);
export type FindingCode = Finding['code'];

export interface KeptFinding {
  finding: Finding;
  /** What it is about; with the code its name. */
  subject: string;
  since: number;
}

export interface SchemaTables {
  crm_schema: {
    hub_id: HubId;
    accepted: JSONColumnType<CrmSchema>;
    found: JSONColumnType<CrmSchema>;
    read_at: Stamp;
  };
  findings: {
    hub_id: HubId;
    code: string;
    subject: string;
    object: AppObject | null;
    field: string | null;
    severity: Severity;
    stops: Stops;
    bars: string[];
    since: Stamp;
    finding: JSONColumnType<Finding>;
  };
}
