/** Inputs that are chosen from. */
import type {
  CheckboxProps,
  MultiSelectProps,
  RadioButtonProps,
  SelectProps,
  ToggleGroupProps,
  ToggleProps,
} from '@hubspot/ui-extensions';
import { useId, type ReactNode } from 'react';
import { classes, sizeOf, tell, tested } from '../surface.tsx';
import { Field, useControl, useDraft, useFormEntry } from './fields.tsx';

const NOTHING = '';

/** Options may be numbers or truth values: found again by what they look like as text. */
export function Select(props: SelectProps): ReactNode {
  const { options, value, placeholder, onChange, variant, readOnly, name } = props;
  const { control, id } = useControl(props);
  const { draft, type } = useDraft<SelectProps['value'] | null>(value, null);
  const chosen = options.find((option) => option.value === draft);
  useFormEntry(name, { read: () => chosen?.value, commit: () => undefined });
  const { readOnly: _, ...rest } = control;
  return (
    <Field field={props} id={id}>
      <select
        {...rest}
        className={classes('hs-input', variant === 'transparent' && 'hs-transparent')}
        disabled={readOnly}
        value={chosen === undefined ? NOTHING : String(chosen.value)}
        onChange={({ target }) => {
          const next = options.find((option) => String(option.value) === target.value);
          if (next === undefined) return;
          type(next.value);
          tell(onChange, next.value);
        }}
      >
        {chosen === undefined && !options.some((option) => option.value === NOTHING) ? (
          <option value={NOTHING} disabled>
            {placeholder ?? 'Select'}
          </option>
        ) : null}
        {options.map((option) => (
          <option key={String(option.value)} value={String(option.value)}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function MultiSelect(props: MultiSelectProps): ReactNode {
  const { options, value, onChange, readOnly, name } = props;
  const id = useId();
  const { draft, type } = useDraft<NonNullable<MultiSelectProps['value']>>(value, []);
  useFormEntry(name, { read: () => draft, commit: () => undefined });
  return (
    <Field field={props} id={id} isGroup>
      <div className="hs-options">
        {options.map((option) => (
          <Choice
            key={String(option.value)}
            kind="checkbox"
            isOn={draft.includes(option.value)}
            readOnly={readOnly}
            onToggle={(isOn) => {
              const next = options
                .map((other) => other.value)
                .filter((other) => (other === option.value ? isOn : draft.includes(other)));
              type(next);
              tell(onChange, next);
            }}
          >
            {option.label}
          </Choice>
        ))}
      </div>
    </Field>
  );
}

function Choice(props: {
  kind: 'checkbox' | 'radio';
  isOn: boolean;
  onToggle: (isOn: boolean) => void;
  name?: string | undefined;
  readOnly?: boolean | undefined;
  description?: string | undefined;
  label?: string | undefined;
  size?: string | undefined;
  testId?: string | undefined;
  children?: ReactNode;
}): ReactNode {
  const { kind, isOn, onToggle, name, readOnly = false, description, label, size, testId, children } = props;
  const id = useId();
  return (
    <div className={classes('hs-choice', `hs-size-${sizeOf(size, 'md')}`)}>
      <input
        type={kind}
        id={id}
        name={name}
        checked={isOn}
        disabled={readOnly}
        aria-label={label}
        aria-describedby={description === undefined ? undefined : `${id}-description`}
        onChange={({ target }) => onToggle(target.checked)}
        {...tested(testId)}
      />
      <label htmlFor={id}>{children}</label>
      {description === undefined ? null : (
        <div id={`${id}-description`} className="hs-microcopy">
          {description}
        </div>
      )}
    </div>
  );
}

export function Checkbox(props: CheckboxProps): ReactNode {
  const { checked, initialIsChecked = false, value = '', onChange, name, children, testId } = props;
  const { draft, type } = useDraft(checked, initialIsChecked);
  // A box without a value says whether it is ticked; one with a value is there or not, as in HTML.
  const entry = value === '' ? draft : draft ? value : undefined;
  useFormEntry(name, { read: () => entry, commit: () => undefined });
  return (
    <Choice
      kind="checkbox"
      isOn={draft}
      name={name}
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
      readOnly={props.readOnly ?? props.readonly}
      description={props.description}
      label={props['aria-label']}
      size={props.size}
      testId={testId}
      onToggle={(isOn) => {
        type(isOn);
        tell(onChange, isOn, value);
      }}
    >
      {children}
    </Choice>
  );
}

export function RadioButton(props: RadioButtonProps): ReactNode {
  const { checked, initialIsChecked = false, value = '', onChange, name, children, testId } = props;
  const { draft, type } = useDraft(checked, initialIsChecked);
  useFormEntry(name, { read: () => (draft ? value : undefined), commit: () => undefined });
  return (
    <Choice
      kind="radio"
      isOn={draft}
      name={name}
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
      readOnly={props.readOnly ?? props.readonly}
      description={props.description}
      size={props.size}
      testId={testId}
      onToggle={(isOn) => {
        type(isOn);
        tell(onChange, isOn, value);
      }}
    >
      {children}
    </Choice>
  );
}

export function Toggle(props: ToggleProps): ReactNode {
  const { checked, initialIsChecked = false, onChange, name, label, labelDisplay = 'inline', testId } = props;
  const { textChecked = 'ON', textUnchecked = 'OFF' } = props;
  const { draft, type } = useDraft(checked, initialIsChecked);
  const id = useId();
  const size = sizeOf(props.size, 'md');
  useFormEntry(name, { read: () => draft, commit: () => undefined });
  return (
    <div className={`hs-toggle hs-label-${labelDisplay}`}>
      <span id={id} className={classes('hs-label', labelDisplay === 'hidden' && 'hs-unseen')}>
        {label}
      </span>
      <button
        type="button"
        role="switch"
        aria-checked={draft}
        aria-labelledby={id}
        className={`hs-switch hs-size-${size}`}
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
        disabled={props.readOnly ?? props.readonly}
        onClick={() => {
          type(!draft);
          tell(onChange, !draft);
        }}
        {...tested(testId)}
      >
        <span className="hs-knob" aria-hidden="true" />
        {size === 'md' ? <span aria-hidden="true">{draft ? textChecked : textUnchecked}</span> : null}
      </button>
    </div>
  );
}

export function ToggleGroup(props: ToggleGroupProps): ReactNode {
  const { options, name, inline = false, size, value } = props;
  const isRadio = props.toggleType === 'radioButtonList';
  const id = useId();
  const first = options
    .filter(({ initialIsChecked }) => initialIsChecked === true)
    .map((option) => option.value);
  const given = value === undefined ? undefined : typeof value === 'string' ? [value] : value;
  const { draft, type } = useDraft<string[]>(given, isRadio ? first.slice(0, 1) : first);
  useFormEntry(name, { read: () => (isRadio ? draft[0] : draft), commit: () => undefined });
  const toggle = (option: string, isOn: boolean): void => {
    const next = isRadio
      ? [option]
      : options
          .map((other) => other.value)
          .filter((other) => (other === option ? isOn : draft.includes(other)));
    type(next);
    if (props.toggleType === 'radioButtonList') tell(props.onChange, option);
    else tell(props.onChange, next);
  };
  return (
    <Field field={props} id={id} isGroup>
      <div className={classes('hs-options', inline && 'hs-wraps')}>
        {options.map((option) => (
          <Choice
            key={option.value}
            kind={isRadio ? 'radio' : 'checkbox'}
            isOn={draft.includes(option.value)}
            name={isRadio ? `${id}-${name}` : name}
            // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
            readOnly={option.readOnly ?? option.readonly}
            description={option.description}
            size={size}
            onToggle={(isOn) => toggle(option.value, isOn)}
          >
            {option.label}
          </Choice>
        ))}
      </div>
    </Field>
  );
}
