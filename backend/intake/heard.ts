/** What an event says in our words. All roads of events (webhooks, the journal) meet here. */
import type { RecordId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';

export type Heard =
  /** A mapped property got this value. */
  | {
      is: 'value';
      object: AppObject;
      recordId: RecordId;
      field: string;
      value: Value;
      at: number;
      by: Source;
    }
  /** The record was created, archived, restored, erased, or merged into another. */
  | { is: 'life'; object: AppObject; recordId: RecordId; life: string; at: number; by: Source }
  /** Its associations moved. */
  | { is: 'links'; object: AppObject; recordId: RecordId }
  /**
   * Something of it moved, or it is `gone`: what, the read tells. The webhooks journal speaks like this, because how it
   * writes values and lives is not known for certain.
   */
  | { is: 'touched'; object: AppObject; recordId: RecordId; how: 'moved' | 'gone'; at: number }
  /** A line item moved: what it stands on is read anew. */
  | { is: 'line'; lineId: RecordId }
  /** Nothing of ours; `why` is counted in the journal. */
  | { is: 'ignored'; why: string };
