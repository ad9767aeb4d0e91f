/** The table of outgoing webhooks as Kysely sees it. */
import type { HubId } from '@tallystick/shared/ids';
import type { ColumnType, Generated } from 'kysely';

type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type MaybeBig = ColumnType<string | null, number | null | undefined, number | null>;

export interface HooksTable {
  hub_id: HubId;
  hook_id: string;
  url: string;
  audience: string | null;
  cursor_seq: ColumnType<string, number, number>;
  /** The end of the batch under way, and how far it was delivered. */
  batch_seq: MaybeBig;
  sent_seq: MaybeBig;
  failing_since: MaybeStamp;
  attempts: Generated<number>;
  not_before: ColumnType<Date, Date, Date>;
  /** HTTP status of the last answer; null: none came. */
  last_status: number | null;
  last_error: string | null;
  delivered_at: MaybeStamp;
  disabled_at: MaybeStamp;
  created_at: ColumnType<Date, Date, Date>;
}
