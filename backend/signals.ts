/**
 * How the rooms of one process tell each other that something waits or has moved. Only a hint: what counts is in the
 * database, and everybody who listens here also looks there now and then. Other processes hear of it through
 * `signalRelay.ts`, and only that it was so.
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
  /** Deliveries were stored; null: by another process, so they have to be looked for. */
  arrived(hubId: HubId, arrived: Arrived | null): void;
  onArrived(listener: (hubId: HubId, arrived: Arrived | null) => void): () => void;
  /** The hub's worker committed a change. */
  changed(change: HubChange): void;
  onChange(listener: (change: HubChange) => void): () => void;
  /** The hub's worker, in another process, committed something: what, has to be looked for. */
  moved(hubId: HubId): void;
  onMoved(listener: (hubId: HubId) => void): () => void;
}

export function createSignals(): Signals {
  const emitter = new EventEmitter<{
    wake: [HubId];
    arrived: [HubId, Arrived | null];
    change: [HubChange];
    moved: [HubId];
  }>();
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
    moved: (hubId) => void emitter.emit('moved', hubId),
    onMoved: (listener) => {
      emitter.on('moved', listener);
      return () => void emitter.off('moved', listener);
    },
  };
}
