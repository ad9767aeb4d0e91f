/** The portal's side: values with age and state, edits with receipts, both values when the CRM moves meanwhile. */
import type { FieldView, Problem, Receipt, RecordView } from '@tallystick/shared/messages';
import type { Chosen } from './app.ts';
import { ago, byId, el, flash } from './dom.ts';
import { inputFor, valueOf } from './inputs.ts';

const STATES: Record<FieldView['state'], string> = {
  confirmed: 'confirmed',
  reported: 'just changed',
  saving: 'saving',
  held: 'with our team',
};
const STEPS = ['accepted', 'written', 'verified'] as const;
const STEP_WORDS: Record<string, string> = {
  accepted: 'accepted',
  written: 'in the CRM',
  verified: 'verified',
};

let shown: RecordView | null = null;

export function showPortal(chosen: Chosen, record: RecordView, tookMs: number | null): void {
  const pane = byId('portal', HTMLDivElement);
  const sameRecord = shown?.id === record.id && shown.object === record.object && pane.firstChild !== null;
  byId('portal-lead', HTMLParagraphElement).textContent =
    `You are ${chosen.person.name}, ${chosen.person.audience}.${tookMs === null ? '' : ` The portal knew ${Math.round(tookMs)} ms after the CRM changed.`}`;
  if (!sameRecord)
    pane.replaceChildren(
      el(
        'dl',
        {},
        ...Object.keys(record.fields).map((name) => el('div', { class: 'field', 'data-field': name })),
      ),
    );
  for (const [name, view] of Object.entries(record.fields)) {
    const field = pane.querySelector<HTMLElement>(`[data-field="${name}"]`);
    if (field === null) continue;
    const before = sameRecord ? shown?.fields[name] : undefined;
    show(chosen, field, name, view, record);
    if (before !== undefined && before.value !== view.value) {
      flash(field);
      warnEditor(field, view);
    }
  }
  shown = record;
}

export function tickAges(): void {
  for (const age of document.querySelectorAll<HTMLElement>('[data-as-of]'))
    age.textContent = `known from the CRM ${ago(Date.now() - Date.parse(age.dataset.asOf ?? ''))}`;
}

function show(chosen: Chosen, field: HTMLElement, name: string, view: FieldView, record: RecordView): void {
  const meta = chosen.me.objects[record.object]?.fields[name];
  const editor = field.querySelector('.edit');
  const text =
    view.value === null
      ? '—'
      : (meta?.options?.find((option) => option.value === view.value)?.label ?? view.value);
  const value = view.editable
    ? el(
        'button',
        {
          class: `value${view.value === null ? ' none' : ''}`,
          'aria-label': `Change ${meta?.label ?? name}`,
          click: () => edit(chosen, field, name),
        },
        text,
      )
    : el('span', view.value === null ? { class: 'none' } : {}, text);
  const age = el('span', view.asOf === null ? { class: 'note' } : { class: 'note', 'data-as-of': view.asOf });
  const beneath =
    view.edit !== undefined && view.edit.crmValue !== view.value
      ? el('div', { class: 'note' }, `The CRM holds: ${view.edit.crmValue ?? '—'}`)
      : null;
  field.replaceChildren(
    el('dt', {}, meta?.label ?? name, el('span', { class: `chip ${view.state}` }, STATES[view.state])),
    el('dd', {}, value),
    ...(beneath === null ? [] : [beneath]),
    age,
  );
  if (editor !== null) field.append(editor);
  tickAges();
}

/** The record as it was when editing began: that is what the customer saw. */
function edit(chosen: Chosen, field: HTMLElement, name: string): void {
  const record = shown;
  const view = record?.fields[name];
  if (record === null || view === undefined || field.querySelector('.edit') !== null) return;
  const meta = chosen.me.objects[record.object]?.fields[name];
  const input = inputFor(meta?.kind ?? 'text', view.value, meta?.options, meta?.label ?? name);
  const key = crypto.randomUUID();
  const form = el(
    'form',
    {
      class: 'edit',
      'data-seen': record.version,
      submit: (event) => {
        event.preventDefault();
        void submit(chosen, form, name, valueOf(input), key);
      },
    },
    input,
    el('button', { class: 'main' }, 'Save'),
    el('button', { type: 'button', click: () => form.remove() }, 'Cancel'),
  );
  field.append(form);
  input.focus();
}

async function submit(
  chosen: Chosen,
  form: HTMLFormElement,
  name: string,
  value: string | null,
  key: string,
): Promise<void> {
  const answer = await fetch(`/portal/v1/records/${chosen.object}/${chosen.id}`, {
    method: 'PATCH',
    headers: {
      Authorization: `Bearer ${chosen.person.token}`,
      'Content-Type': 'application/json',
      'If-Match': form.dataset.seen ?? '',
      'Idempotency-Key': key,
    },
    body: JSON.stringify({ fields: { [name]: value } }),
  });
  if (answer.ok) {
    form.remove();
    showReceipt((await answer.json()) as Receipt);
    return;
  }
  const problem = (await answer.json()) as Problem;
  form.querySelector('.bad')?.remove();
  form.append(
    el('p', { class: 'bad note', role: 'alert' }, problem.fields?.[name]?.message ?? problem.detail),
  );
}

/** The CRM moved while the customer types: both values are shown, and nothing typed is lost. */
function warnEditor(field: HTMLElement, view: FieldView): void {
  const form = field.querySelector<HTMLFormElement>('.edit');
  if (form === null || shown === null) return;
  form.querySelector('.moved')?.remove();
  const keep = el('button', { type: 'button', click: () => moved.remove() }, 'Keep mine');
  const take = el('button', { type: 'button', click: () => form.remove() }, 'Take theirs');
  const moved = el(
    'div',
    { class: 'moved', role: 'status' },
    `Our team changed this meanwhile to “${view.value ?? '—'}”. `,
    keep,
    ' ',
    take,
  );
  form.append(moved);
}

export function showReceipt(receipt: Receipt): void {
  const list = byId('receipts', HTMLUListElement);
  const names = Object.entries(receipt.fields).map(([name, field]) => `${name}: ${field.wanted ?? '—'}`);
  const reached = STEPS.findIndex((step) => step === receipt.state);
  const steps =
    reached === -1
      ? [el('span', { class: 'bad' }, receipt.state)]
      : STEPS.map((step, i) =>
          el(
            'span',
            i <= reached ? { class: 'done' } : {},
            `${i === 0 ? '' : '→ '}${STEP_WORDS[step] ?? step}`,
          ),
        );
  const item = el(
    'li',
    { 'data-edit': receipt.editId, 'data-state': receipt.state },
    el('div', {}, names.join(', ')),
    el('div', { class: 'steps' }, ...steps),
    el('div', { class: 'note' }, receipt.message),
    ...Object.values(receipt.fields).flatMap(({ note }) =>
      note === undefined ? [] : [el('div', { class: 'note' }, `From our team: ${note}`)],
    ),
  );
  const old = list.querySelector(`[data-edit="${receipt.editId}"]`);
  if (old !== null) old.replaceWith(item);
  else list.prepend(item);
}
