/** The two changes a card can make: a ruling on a field, and an order to the worker. Each tells what became of it. */
import { useExtensionActions } from '@hubspot/ui-extensions';
import type { Choice, DeskRecord, OrderAnswer, RulingAnswer } from '@tallystick/shared/deskMessages';
import { useChange } from './desk.tsx';

export interface Ruling {
  objectType: string;
  recordId: string;
  /** Null: a value is restored by itself. */
  conflictId: string | null;
  field: string;
  /** As it was shown: if the record has moved since, nothing is written. */
  version: string;
  choice: Choice;
  value: string | null;
  note: string | null;
}

/** `onFresh` hears how the record stands after a decision, or after one was refused. */
export function useRuling(onFresh: (record: DeskRecord) => void): {
  isBusy: boolean;
  rule: (ruling: Ruling) => Promise<boolean>;
} {
  const { isBusy, send } = useChange<RulingAnswer>('rulings');
  const { addAlert } = useExtensionActions<'settings'>();
  const rule = async (ruling: Ruling): Promise<boolean> => {
    const answer = await send({ ...ruling });
    if (answer === null) return false;
    addAlert({ type: answer.ok ? 'success' : 'warning', message: answer.sentence });
    if (answer.fresh !== undefined) onFresh(answer.fresh);
    return answer.ok;
  };
  return { isBusy, rule };
}

export function useOrder(onDone: () => void): {
  isBusy: boolean;
  order: (what: Record<string, unknown>) => Promise<boolean>;
} {
  const { isBusy, send } = useChange<OrderAnswer>('orders');
  const { addAlert } = useExtensionActions<'settings'>();
  const order = async (what: Record<string, unknown>): Promise<boolean> => {
    const answer = await send({ order: what });
    if (answer === null) return false;
    addAlert({ type: answer.ok ? 'success' : 'warning', message: answer.sentence });
    onDone();
    return answer.ok;
  };
  return { isBusy, order };
}

export function useTestAlert(onDone: () => void): { isBusy: boolean; testAlert: () => Promise<void> } {
  const { isBusy, send } = useChange<OrderAnswer>('test-alert');
  const { addAlert } = useExtensionActions<'settings'>();
  const testAlert = async (): Promise<void> => {
    const answer = await send({});
    if (answer === null) return;
    addAlert({ type: answer.ok ? 'success' : 'warning', message: answer.sentence });
    onDone();
  };
  return { isBusy, testAlert };
}
