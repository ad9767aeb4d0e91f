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
  /** Edits whose state moved, with the record they belong to. */
  edits: readonly { editId: EditId; object: AppObject; recordId: RecordId }[];
}

/** Events that were stored, or a record that has become due. */
export type Waiting = 'deliveries' | 'due';

export interface Signals {
  /** Something was stored that the hub's worker should look at. */
  wake(hubId: HubId, what: Waiting): void;
  onWake(listener: (hubId: HubId, what: Waiting) => void): () => void;
  /** The hub's worker committed a change. */
  changed(change: HubChange): void;
  onChange(listener: (change: HubChange) => void): () => void;
}

export function createSignals(): Signals {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    wake: (hubId, what) => void emitter.emit('wake', hubId, what),
    onWake: (listener) => {
      emitter.on('wake', listener);
      return () => void emitter.off('wake', listener);
    },
    changed: (change) => void emitter.emit('change', change),
    onChange: (listener) => {
      emitter.on('change', listener);
      return () => void emitter.off('change', listener);
    },
  };
}
