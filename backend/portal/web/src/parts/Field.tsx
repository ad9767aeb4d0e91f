/** One field of a record: its value, how it stands, its editor, and what became of the last change. */
import { useEffect, useId, useRef, type FormEvent } from 'react';
import type { EditedField, FieldMeta, FieldView, Receipt } from '@tallystick/shared/messages';
import { equal, isKind, type Value } from '@tallystick/shared/values';
import { useDraft } from '../drafts.ts';
import { crmValueOf, fieldPlace, type Known } from '../known.ts';
import { textOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useAccount, useSending, useWorld } from '../world.tsx';
import { Input } from './Input.tsx';
import { ReceiptLine } from './Receipt.tsx';
import { Standing } from './Standing.tsx';
import { ValueShown } from './Value.tsx';

export interface FieldProps {
  known: Known;
  name: string;
  meta: FieldMeta;
  view: FieldView;
  stale: boolean;
  currency?: Value;
}

export function Field({ known, name, meta, view, stale, currency = null }: FieldProps) {
  const { editing, drafts } = useWorld();
  const place = fieldPlace(known.object, known.id, name);
  const draft = useDraft(drafts, place);
  const receipt = useReceipt(place, view);
  const wasEditing = useRef(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The editor is gone: the focus goes back to where it came from.
    if (wasEditing.current && draft === undefined && document.activeElement === document.body)
      button.current?.focus();
    wasEditing.current = draft !== undefined;
  }, [draft]);
  const begin = (text?: Value): void => editing.begin(known.object, known.id, name, view, text);
  const moved = known.moved[name];
  return (
    <div className="field" data-field={name} data-state={view.state} data-moved={moved?.at}>
      <dt>{draft === undefined ? meta.label : <label htmlFor={`${place}-input`}>{meta.label}</label>}</dt>
      <dd>
        <span className="value" key={moved?.at ?? 0}>
          <ValueShown meta={meta} value={view.value} currency={currency} />
        </span>
        <Standing view={view} stale={stale} moved={moved} short />
        {view.editable && draft === undefined && (
          <button
            ref={button}
            type="button"
            className="quiet change"
            aria-label={WORDS.change(meta.label)}
            onClick={() => begin()}
          >
            {WORDS.changeShort}
          </button>
        )}
        {view.edit !== undefined && view.edit.crmValue !== view.value && (
          <span className="standing">{WORDS.inOurRecords(textOf(meta, view.edit.crmValue, currency))}</span>
        )}
        {receipt !== null && (
          <FieldReceipt receipt={receipt} meta={meta} name={name} view={view} onAgain={begin} />
        )}
        {draft !== undefined && <Editor known={known} name={name} meta={meta} view={view} />}
      </dd>
    </div>
  );
}

function useReceipt(place: string, view: FieldView): Receipt | null {
  const editId = useAccount((state) => state.receiptOf.get(place)) ?? view.edit?.editId;
  const receipts = useAccount((state) => state.receipts);
  return receipts.find((receipt) => receipt.editId === editId) ?? null;
}

/** What is made sure is told for a while; what needs the person stays until the value moves on. */
const TOLD_MS = 60_000;

function FieldReceipt({
  receipt,
  meta,
  name,
  view,
  onAgain,
}: {
  receipt: Receipt;
  meta: FieldMeta;
  name: string;
  view: FieldView;
  onAgain: (text: Value) => void;
}) {
  const { account } = useWorld();
  const field = receipt.fields[name];
  const told = useRef<string | null>(null);
  const isEnd = field !== undefined && ['verified', 'refused', 'held', 'superseded'].includes(field.state);
  const isOld = account.now() - Date.parse(receipt.acceptedAt) > TOLD_MS;
  useEffect(() => {
    if (field === undefined || !isEnd || isOld || told.current === `${receipt.editId}:${field.state}`) return;
    told.current = `${receipt.editId}:${field.state}`;
    account.say(WORDS.saidEnd(meta.label, field.message));
  }, [account, receipt.editId, field, isEnd, isOld, meta.label]);
  if (field === undefined || (isOld && !isOpen(field, view))) return null;
  const one: Receipt = { ...receipt, state: field.state, message: field.message, fields: { [name]: field } };
  const lost = field.state === 'refused' || field.state === 'superseded';
  return (
    <>
      <ReceiptLine receipt={one} />
      {(lost || field.state === 'held') && (
        <span className="standing">{WORDS.youAskedFor(textOf(meta, field.wanted))}</span>
      )}
      {lost && view.editable && (
        <button type="button" className="quiet again" onClick={() => onAgain(field.wanted)}>
          {WORDS.tryAgain}
        </button>
      )}
    </>
  );
}

const isOpen = (field: EditedField, view: FieldView): boolean =>
  field.state === 'accepted' ||
  field.state === 'written' ||
  (field.state === 'held' && view.state === 'held');

function Editor({ known, name, meta, view }: Omit<FieldProps, 'stale'>) {
  const { editing, drafts } = useWorld();
  const place = fieldPlace(known.object, known.id, name);
  const draft = useDraft(drafts, place);
  const sending = useSending(place);
  const problemId = useId();
  const live = useAccount((state) => state.live);
  if (draft === undefined) return null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void editing.save(known.object, known.id, [name], meta.label);
  };
  const busy = sending?.busy === true;
  return (
    <form className="edit" onSubmit={submit} noValidate>
      <Input
        id={`${place}-input`}
        meta={meta}
        value={draft.text}
        autoFocus
        describedBy={problemId}
        invalid={sending?.problem != null}
        onChange={(text) => editing.type(place, text)}
      />
      <div id={problemId}>
        {meta.help !== undefined && <p className="standing">{meta.help}</p>}
        {sending?.problem != null && (
          <p className="problem" role="alert">
            {sending.problem}
          </p>
        )}
      </div>
      <MovedWhileEditing place={place} meta={meta} view={view} />
      <div className="buttons">
        <button type="submit" className="main" disabled={busy}>
          {busy ? WORDS.sending : WORDS.save}
        </button>
        <button type="button" onClick={() => (busy ? editing.stop(place) : editing.cancel(place))}>
          {busy ? WORDS.stopWaiting : WORDS.cancel}
        </button>
      </div>
      {busy && live === 'offline' && <p className="standing">{WORDS.waitingToSend}</p>}
    </form>
  );
}

/** Both values, before anything is sent. Nothing typed is ever overwritten. */
function MovedWhileEditing({ place, meta, view }: { place: string; meta: FieldMeta; view: FieldView }) {
  const { editing, drafts } = useWorld();
  const draft = useDraft(drafts, place);
  const theirs = crmValueOf(view);
  if (draft?.seen === undefined) return null;
  const kind = isKind(meta.kind) ? meta.kind : 'text';
  if (equal(kind, theirs, draft.seen.value) || equal(kind, theirs, draft.text)) return null;
  const isKept = draft.keptOver !== undefined && equal(kind, draft.keptOver.value, theirs);
  if (isKept) return <p className="standing">{WORDS.keptMine}</p>;
  return (
    <div className="moved" role="alert">
      <p>{WORDS.moved(textOf(meta, theirs), textOf(meta, draft.text))}</p>
      <div className="buttons">
        <button type="button" onClick={() => editing.keepMine(place, theirs)}>
          {WORDS.keepMine}
        </button>
        <button type="button" onClick={() => editing.cancel(place)}>
          {WORDS.takeTheirs}
        </button>
      </div>
    </div>
  );
}
