/** A quote with its lines and terms, and the decision on exactly what is shown. */
import { useEffect, useRef, useState } from 'react';
import type { FieldView, ObjectMeta } from '@tallystick/shared/messages';
import { linesOf } from '@tallystick/shared/values';
import { actionPlace } from '../editing.ts';
import { crmValueOf, type Known } from '../known.ts';
import { QUOTES } from '../layout.ts';
import { Card } from '../parts/basics.tsx';
import { Fields } from '../parts/Fields.tsx';
import { ReceiptLine } from '../parts/Receipt.tsx';
import { moneyOf, numberOf, textOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useAccount, useObject, useSending, useWorld } from '../world.tsx';
import { RecordPage } from './RecordPage.tsx';

export function Quote({ id }: { id: string }) {
  return (
    <RecordPage object={QUOTES.object} id={id}>
      {(known) => (
        <>
          <Card>
            <Fields known={known} without={[QUOTES.lines, ...QUOTES.hidden]} />
          </Card>
          <Lines known={known} />
          <Decision known={known} />
        </>
      )}
    </RecordPage>
  );
}

/** Nobody has decided, and nothing is on its way. */
export function isUndecided({ view }: Known): boolean {
  const decision = view?.fields[QUOTES.decision];
  if (decision === undefined) return false;
  return decision.value === null || QUOTES.open.some((open) => open === decision.value);
}

function Lines({ known }: { known: Known }) {
  const lines = linesOf(known.view?.fields[QUOTES.lines]?.value ?? null);
  const currency = known.view?.fields[QUOTES.currency]?.value ?? null;
  if (lines.length === 0) return null;
  return (
    <Card title={WORDS.lines}>
      {/* Reached with the keyboard, because it may have to be moved sideways. */}
      <div className="table" role="region" aria-label={WORDS.lines} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{WORDS.item}</th>
              <th scope="col" className="number">
                {WORDS.quantity}
              </th>
              <th scope="col" className="number">
                {WORDS.price}
              </th>
              <th scope="col" className="number">
                {WORDS.sum}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line, index) => (
              <tr key={index}>
                <th scope="row">
                  {line.name ?? WORDS.none}
                  {line.description !== null && <span className="standing">{line.description}</span>}
                  {line.discount !== null && line.discount !== '0' && (
                    <span className="standing">{`${WORDS.discount} ${numberOf(line.discount)} %`}</span>
                  )}
                  {line.billing !== null && (
                    <span className="standing">{`${WORDS.billing}: ${line.billing}`}</span>
                  )}
                </th>
                <td className="number">{numberOf(line.quantity ?? '1')}</td>
                <td className="number">{moneyOf(line.price, currency)}</td>
                <td className="number">{moneyOf(line.amount, currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** What was shown when the person last said that they had read it; it goes along with the decision. */
type Read = Readonly<Record<string, FieldView>>;

function Decision({ known }: { known: Known }) {
  const meta = useObject(QUOTES.object);
  const { view } = known;
  const [read, setRead] = useState<Read>(view?.fields ?? {});
  const receipts = useAccount((state) => state.receipts);
  const place = actionPlace(known.object, known.id);
  const sending = useSending(place);
  if (view === null || meta === undefined || meta.actions.length === 0) return null;
  const receipt = receipts.find(
    (each) => each.kind === 'action' && each.object === known.object && each.id === known.id,
  );
  const decision = view.fields[QUOTES.decision];
  const changes = changesOf(meta, read, view.fields);
  return (
    <Card title={WORDS.decide}>
      {!isUndecided(known) && decision?.value != null && (
        <p className="decided">
          {WORDS.decided(textOf(meta.fields[QUOTES.decision] ?? { kind: 'text' }, decision.value))}
        </p>
      )}
      {receipt !== undefined && <ReceiptLine receipt={receipt} />}
      {isUndecided(known) && (
        <>
          <p className="soft">{WORDS.decideOn}</p>
          {changes.length > 0 ? (
            <div className="moved" role="alert">
              <p>{WORDS.decideMoved}</p>
              <ul>
                {changes.map((change) => (
                  <li key={change}>{change}</li>
                ))}
              </ul>
              <button type="button" onClick={() => setRead(view.fields)}>
                {WORDS.decideRead}
              </button>
            </div>
          ) : (
            <Actions known={known} meta={meta} read={read} busy={sending?.busy === true} />
          )}
          {sending?.problem != null && (
            <p className="problem" role="alert">
              {sending.problem}
            </p>
          )}
        </>
      )}
    </Card>
  );
}

/** What a decision depends on is everything that is shown, except what the person writes here themselves. */
function changesOf(meta: ObjectMeta, read: Read, now: Read): string[] {
  return Object.entries(meta.fields).flatMap(([name, field]) => {
    const [was, is] = [read[name], now[name]];
    if (was === undefined || is === undefined || is.editable || name === QUOTES.decision) return [];
    if (crmValueOf(was) === crmValueOf(is) || QUOTES.hidden.some((hidden) => hidden === name)) return [];
    const currency = now[QUOTES.currency]?.value ?? null;
    const text = (view: FieldView): string =>
      field.kind === 'lines'
        ? linesOf(view.value)
            .map((line) => `${line.quantity ?? '1'} × ${line.name ?? WORDS.none}`)
            .join(', ')
        : textOf(field, view.value, currency);
    return [WORDS.decideMovedFrom(field.label, text(was), text(is))];
  });
}

function Actions({ known, meta, read, busy }: { known: Known; meta: ObjectMeta; read: Read; busy: boolean }) {
  const { editing } = useWorld();
  const [asking, setAsking] = useState<ObjectMeta['actions'][number] | null>(null);
  const title = known.view?.title ?? '';
  const decide = (action: string): void => {
    setAsking(null);
    const seen = Object.fromEntries(Object.entries(read).map(([name, field]) => [name, field.version]));
    void editing.act(known.object, known.id, action, seen, known.view?.version ?? '');
  };
  return (
    <div className="buttons">
      {meta.actions.map((action) => (
        <button
          key={action.name}
          type="button"
          className={action.name === QUOTES.approve ? 'main' : ''}
          disabled={busy}
          onClick={() => setAsking(action)}
        >
          {action.label} …
        </button>
      ))}
      {asking !== null && (
        <Sure
          question={WORDS.decideSure(asking.label, title)}
          amount={moneyOf(read[QUOTES.amount]?.value ?? null, read[QUOTES.currency]?.value ?? null)}
          label={asking.label}
          onYes={() => decide(asking.name)}
          onNo={() => setAsking(null)}
        />
      )}
    </div>
  );
}

function Sure(props: {
  question: string;
  amount: string;
  label: string;
  onYes: () => void;
  onNo: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="sure" onCancel={props.onNo}>
      <h2 id="sure">{props.question}</h2>
      <p className="amount">{props.amount}</p>
      <div className="buttons">
        <button type="button" className="main" onClick={props.onYes}>
          {props.label}
        </button>
        <button type="button" onClick={props.onNo}>
          {WORDS.close}
        </button>
      </div>
    </dialog>
  );
}
