/** An input for a field's kind, and the value in it. */
import { el } from './dom.ts';

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function inputFor(
  kind: string,
  value: string | null,
  options: { value: string; label: string }[] | undefined,
  label: string,
): Input {
  const named = { 'aria-label': label };
  if ((kind === 'choice' || kind === 'choices' || kind === 'owner') && options !== undefined) {
    const chosen = new Set((value ?? '').split(';'));
    const select = el('select', kind === 'choices' ? { ...named, multiple: true } : named);
    if (kind !== 'choices') select.append(el('option', { value: '' }, '—'));
    for (const option of options)
      select.append(el('option', { value: option.value, selected: chosen.has(option.value) }, option.label));
    return select;
  }
  if (kind === 'boolean') {
    return el(
      'select',
      named,
      ...['', 'true', 'false'].map((each) =>
        el(
          'option',
          { value: each, selected: each === (value ?? '') },
          each === '' ? '—' : each === 'true' ? 'Yes' : 'No',
        ),
      ),
    );
  }
  if (kind === 'longtext') {
    const area = el('textarea', named);
    area.value = value ?? '';
    return area;
  }
  const input = el('input', { ...named, type: kind === 'date' ? 'date' : 'text' });
  input.value = value ?? '';
  return input;
}

export function valueOf(input: Input): string | null {
  if (input instanceof HTMLSelectElement && input.multiple)
    return [...input.selectedOptions].map((option) => option.value).join(';') || null;
  return input.value === '' ? null : input.value;
}
