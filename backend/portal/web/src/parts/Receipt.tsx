/** A receipt to its end: accepted, in our records, made sure; or held, not taken, overtaken, with what to do. */
import type { EditState, Receipt } from '@tallystick/shared/messages';
import { WORDS } from '../words.ts';

const STEPS = ['accepted', 'written', 'verified'] as const;

export function Steps({ state }: { state: EditState }) {
  const reached = STEPS.findIndex((step) => step === state);
  if (state === 'held' || state === 'refused' || state === 'superseded')
    return <span className={`state ${state}`}>{WORDS.ends[state]}</span>;
  return (
    <span className="steps">
      {STEPS.map((step, index) => (
        <span key={step} className={index <= reached ? 'step done' : 'step'}>
          {WORDS.steps[step]}
          {index <= reached && <span className="hidden"> ✓</span>}
        </span>
      ))}
    </span>
  );
}

export function ReceiptLine({ receipt }: { receipt: Receipt }) {
  const notes = Object.values(receipt.fields).flatMap(({ note }) => note ?? []);
  return (
    <div className="receipt" data-edit={receipt.editId} data-state={receipt.state}>
      <Steps state={receipt.state} />
      <span className="receipt-text">{receipt.message}</span>
      {notes.map((note) => (
        <span className="receipt-text" key={note}>
          {WORDS.fromTeam(note)}
        </span>
      ))}
    </div>
  );
}
