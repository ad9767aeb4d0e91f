/** The CRM's side: every mapped property, editable as a colleague in HubSpot's own pages would. */
import type { Chosen, FieldRule } from './app.ts';
import { ago, byId, el, flash } from './dom.ts';
import { inputFor, valueOf } from './inputs.ts';

export interface CrmRecord {
  properties: Record<string, string | null>;
  history?: Record<
    string,
    { value: string; timestamp: string; sourceType: string; sourceId?: string | null }[]
  >;
  propertiesWithHistory?: Record<
    string,
    { value: string; timestamp: string; sourceType: string; sourceId?: string | null }[]
  >;
}

const COLLEAGUE = 7;
let shown: Record<string, string | null> = {};
let shownId = '';

export function showCrm(chosen: Chosen, record: CrmRecord): void {
  const pane = byId('crm', HTMLDivElement);
  if (pane.querySelector('.edit') !== null && shownId === chosen.id) {
    // Somebody is typing: only values that are not being edited move.
    for (const [name, rule] of rules(chosen)) refresh(pane, name, rule, record);
  } else {
    pane.replaceChildren(
      el('dl', {}, ...rules(chosen).map(([name, rule]) => row(chosen, name, rule, record))),
    );
  }
  if (shownId === chosen.id) {
    for (const [name, rule] of rules(chosen)) {
      if (shown[rule.property] !== record.properties[rule.property])
        flash(pane.querySelector(`[data-field="${name}"]`));
    }
  }
  shown = { ...record.properties };
  shownId = chosen.id;
}

const rules = (chosen: Chosen) => Object.entries(chosen.config.objects[chosen.object]!.fields);

function row(chosen: Chosen, name: string, rule: FieldRule, record: CrmRecord): HTMLElement {
  const value = record.properties[rule.property] ?? null;
  const field = el('div', { class: 'field', 'data-field': name });
  const button = el(
    'button',
    {
      class: `value${value === null || value === '' ? ' none' : ''}`,
      'aria-label': `Change ${rule.label} in the CRM`,
      click: () => edit(chosen, field, rule, record),
    },
    value === null || value === '' ? '—' : value,
  );
  field.append(
    el('dt', {}, rule.property),
    el('dd', {}, button),
    el('div', { class: 'note' }, lastChange(record, rule)),
  );
  return field;
}

function refresh(pane: HTMLElement, name: string, rule: FieldRule, record: CrmRecord): void {
  const button = pane.querySelector(`[data-field="${name}"] .value`);
  if (button !== null) button.textContent = record.properties[rule.property] || '—';
}

function lastChange(record: CrmRecord, rule: FieldRule): string {
  const last = (record.propertiesWithHistory ?? record.history)?.[rule.property]?.[0];
  if (last === undefined) return '';
  return `${last.sourceType}${last.sourceId ? ` ${last.sourceId}` : ''}, ${ago(Date.now() - Date.parse(last.timestamp))}`;
}

function edit(chosen: Chosen, field: HTMLElement, rule: FieldRule, record: CrmRecord): void {
  const input = inputFor(
    rule.kind,
    record.properties[rule.property] ?? null,
    options(chosen, rule),
    rule.label,
  );
  const save = async (): Promise<void> => {
    const body = {
      as: 'colleague',
      userId: COLLEAGUE,
      do: 'update',
      objectType: chosen.config.objects[chosen.object]!.crm,
      id: chosen.id,
      properties: { [rule.property]: valueOf(input) ?? '' },
    };
    const answer = await fetch('/_sim/act', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.ok) form.remove();
    else
      form.append(
        el('p', { class: 'bad note' }, ((await answer.json()) as { message: string }).message.slice(0, 200)),
      );
  };
  const form = el(
    'form',
    {
      class: 'edit',
      submit: (event) => {
        event.preventDefault();
        void save();
      },
    },
    input,
    el('button', { class: 'main' }, 'Save as colleague'),
    el('button', { type: 'button', click: () => form.remove() }, 'Cancel'),
  );
  field.querySelector('.edit')?.remove();
  field.append(form);
  input.focus();
}

function options(chosen: Chosen, rule: FieldRule): { value: string; label: string }[] | undefined {
  return Object.values(chosen.me.objects[chosen.object]?.fields ?? {}).find(
    (meta) => meta.label === rule.label,
  )?.options;
}
