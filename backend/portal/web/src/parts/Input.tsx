/** An input for a field's kind. It gives and takes the value in its canonical form; null is empty. */
import type { FieldMeta } from '@tallystick/shared/messages';
import { fromMembers, members, type Value } from '@tallystick/shared/values';
import { WORDS } from '../words.ts';

interface Props {
  id: string;
  meta: FieldMeta;
  value: Value;
  onChange: (value: Value) => void;
  required?: boolean;
  describedBy?: string | undefined;
  invalid?: boolean;
  autoFocus?: boolean;
}

const LINES = 4;
const TYPES: Readonly<Record<string, string>> = { email: 'email', phone: 'tel', date: 'date', url: 'url' };
const NUMERIC = ['number', 'currency'];

export function Input(props: Props) {
  const { meta, value, onChange } = props;
  const common = {
    id: props.id,
    required: props.required ?? meta.required,
    'aria-describedby': props.describedBy,
    'aria-invalid': props.invalid === true ? true : undefined,
    // The person has just asked for it, with the button that stood here.
    autoFocus: props.autoFocus,
  };
  const take = (text: string): void => onChange(text === '' ? null : text);
  switch (meta.kind) {
    case 'longtext':
      return (
        <textarea
          {...common}
          rows={LINES}
          value={value ?? ''}
          onChange={(event) => take(event.target.value)}
        />
      );
    case 'choices':
      return <Choices {...props} />;
    case 'boolean':
      return <Select {...props} common={common} options={YES_NO} />;
    case 'choice':
    case 'owner':
      if (meta.options !== undefined) return <Select {...props} common={common} options={meta.options} />;
      return <input {...common} value={value ?? ''} onChange={(event) => take(event.target.value)} />;
    case 'datetime':
      return (
        <input
          {...common}
          type="datetime-local"
          value={localOf(value)}
          onChange={(event) => take(instantOf(event.target.value))}
        />
      );
    default:
      return (
        <input
          {...common}
          type={TYPES[meta.kind] ?? 'text'}
          inputMode={NUMERIC.includes(meta.kind) ? 'decimal' : undefined}
          value={value ?? ''}
          onChange={(event) => take(event.target.value)}
        />
      );
  }
}

const YES_NO = [
  { value: 'true', label: WORDS.yes },
  { value: 'false', label: WORDS.no },
];

function Select({
  common,
  options,
  value,
  onChange,
}: Props & { common: object; options: readonly { value: string; label: string }[] }) {
  const unknown = value !== null && !options.some((option) => option.value === value);
  return (
    <select
      {...common}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
    >
      <option value="">{WORDS.choose}</option>
      {unknown && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

function Choices({ id, meta, value, onChange, describedBy, autoFocus }: Props) {
  const chosen = members(value);
  const known = meta.options ?? chosen.map((option) => ({ value: option, label: option }));
  const odd = chosen.filter((option) => !known.some((each) => each.value === option));
  const all = [...known, ...odd.map((option) => ({ value: option, label: option }))];
  return (
    <fieldset id={id} className="choices" aria-describedby={describedBy} tabIndex={-1}>
      <legend className="hidden">{meta.label}</legend>
      {all.map((option, index) => (
        <label key={option.value} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(option.value)}
            autoFocus={autoFocus === true && index === 0}
            onChange={(event) =>
              onChange(
                fromMembers(
                  event.target.checked
                    ? [...chosen, option.value]
                    : chosen.filter((each) => each !== option.value),
                ),
              )
            }
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

/** The CRM's instants are UTC, the input speaks of the person's own clock. */
function localOf(value: Value): string {
  const ms = Date.parse(value ?? '');
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function instantOf(local: string): string {
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}
