/**
 * How the rooms of one process tell each other that something waits or has moved. Only a hint: what counts is in the
 * database, and everybody who listens here also looks there now and then (another process does not hear these).
 */
import { EventEmitter } from 'node:events';
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';

/** What a committed transaction of the hub's worker moved. */
export interface HubChange {
  hubId: HubId;
  /** The last journal number of the transaction. */
  seq: number;
  /** Records whose mirror moved. */
  records: readonly { object: AppObject; recordId: RecordId }[];
  /** Edits whose state moved, with the record they belong to; null while that is still to be made. */
  edits: readonly { editId: EditId; object: AppObject; recordId: RecordId | null }[];
}

/** Deliveries that were stored together: `ids` and `deliveries` in no certain order of each other. */
export interface Arrived {
  ids: readonly string[];
  deliveries: readonly { receivedAt: number; events: string; layer?: 'webhooks' | 'journal' }[];
}

export interface Signals {
  /** A record has become due. */
  wake(hubId: HubId): void;
  onWake(listener: (hubId: HubId) => void): () => void;
  /** Deliveries were stored. */
  arrived(hubId: HubId, arrived: Arrived): void;
  onArrived(listener: (hubId: HubId, arrived: Arrived) => void): () => void;
  /** The hub's worker committed a change. */
  changed(change: HubChange): void;
  onChange(listener: (change: HubChange) => void): () => void;
}

export function createSignals(): Signals {
  const emitter = new EventEmitter<{ wake: [HubId]; arrived: [HubId, Arrived]; change: [HubChange] }>();
  emitter.setMaxListeners(0);
  return {
    wake: (hubId) => void emitter.emit('wake', hubId),
    onWake: (listener) => {
      emitter.on('wake', listener);
      return () => void emitter.off('wake', listener);
    },
    arrived: (hubId, arrived) => void emitter.emit('arrived', hubId, arrived),
    onArrived: (listener) => {
      emitter.on('arrived', listener);
      return () => void emitter.off('arrived', listener);
    },
    changed: (change) => void emitter.emit('change', change),
    onChange: (listener) => {
      emitter.on('change', listener);
      return () => void emitter.off('change', listener);
    },
  };
}
