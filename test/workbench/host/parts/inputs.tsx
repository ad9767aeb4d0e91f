/** Inputs that are typed into. `onInput` is every key, `onChange` the value left behind: on blur, Enter or submit. */
import type {
  BaseDate,
  BaseTime,
  CurrencyInputProps,
  DateInputProps,
  InputProps,
  NumberInputProps,
  SearchInputProps,
  StepperInputProps,
  TextAreaProps,
  TimeInputProps,
} from '@hubspot/ui-extensions';
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { tell } from '../surface.tsx';
import { Field, useControl, useDraft, useFormEntry, type Control, type FieldProps } from './fields.tsx';

interface Typed<T> extends FieldProps {
  value?: T | undefined;
  onChange?: ((value: T) => void) | undefined;
  onInput?: ((value: T) => void) | undefined;
  onBlur?: ((value: T) => void) | undefined;
  onFocus?: ((value: T) => void) | undefined;
}

interface Handlers {
  onFocus: () => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** `read` makes of the text what the extension is given. */
function useTyped<T>(
  props: Typed<T>,
  text: { value: string | undefined; initial: string; read: (text: string) => T },
): { draft: string; input: (text: string) => void; handlers: Handlers; commit: (text?: string) => void } {
  const { draft, type, sent, settle } = useDraft(text.value, text.initial);
  const committed = useRef(draft);
  const commit = (now = draft): void => {
    if (committed.current === now) return;
    committed.current = now;
    tell(props.onChange, text.read(now));
  };
  const lastGiven = useRef(text.value);
  if (lastGiven.current !== text.value) {
    // What the extension holds by now needs no committing.
    lastGiven.current = text.value;
    if (props.onInput === undefined) committed.current = text.value ?? text.initial;
  }
  useFormEntry(props.name, { read: () => text.read(draft), commit: () => commit() });
  return {
    draft,
    commit,
    input: (now) => {
      type(now);
      if (props.onInput === undefined) return;
      sent(now);
      tell(props.onInput, text.read(now));
    },
    handlers: {
      onFocus: () => tell(props.onFocus, text.read(draft)),
      onBlur: () => {
        commit();
        tell(props.onBlur, text.read(draft));
        settle();
      },
      onKeyDown: ({ key }) => {
        if (key === 'Enter') commit();
      },
    },
  };
}

const plain = (text: string): string => text;

function useText(props: Typed<string> & { defaultValue?: string | undefined }): ReturnType<
  typeof useTyped<string>
> & {
  control: Control;
  id: string;
} {
  const typed = useTyped(props, { value: props.value, initial: props.defaultValue ?? '', read: plain });
  return { ...typed, ...useControl(props) };
}

export function Input(props: InputProps): ReactNode {
  const { draft, input, handlers, control, id } = useText(props);
  return (
    <Field field={props} id={id}>
      <input
        {...control}
        {...handlers}
        className="hs-input"
        type={props.type ?? 'text'}
        value={draft}
        placeholder={props.placeholder}
        onChange={({ target }) => input(target.value)}
      />
    </Field>
  );
}

export function TextArea(props: TextAreaProps): ReactNode {
  const { draft, input, handlers, control, id } = useText(props);
  return (
    <Field field={props} id={id}>
      <textarea
        {...control}
        onFocus={handlers.onFocus}
        onBlur={handlers.onBlur}
        className="hs-input"
        rows={props.rows ?? 3}
        cols={props.cols}
        maxLength={props.maxLength}
        style={{ resize: props.resize ?? 'both', ...(props.cols === undefined ? {} : { width: 'auto' }) }}
        value={draft}
        placeholder={props.placeholder}
        onChange={({ target }) => input(target.value)}
      />
    </Field>
  );
}

export function SearchInput(props: SearchInputProps): ReactNode {
  const { draft, input, commit, handlers, control, id } = useText(props);
  return (
    <Field field={props} id={id}>
      <span className="hs-with">
        <input
          {...control}
          {...handlers}
          className="hs-input"
          type="search"
          value={draft}
          placeholder={props.placeholder ?? 'Search'}
          onChange={({ target }) => input(target.value)}
        />
        {props.clearable !== false && draft !== '' && props.readOnly !== true ? (
          <button
            type="button"
            className="hs-close"
            aria-label="Clear"
            onClick={() => {
              input('');
              commit('');
            }}
          >
            ×
          </button>
        ) : null}
      </span>
    </Field>
  );
}

/** Nothing written is no number: the types do not say what an extension gets then; here undefined. */
const numberOf = (text: string): number =>
  (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)) as number;

type Numeric = Omit<NumberInputProps, 'textAlign'> & { textAlign?: 'left' | 'right' };

function useNumber(props: Numeric): ReturnType<typeof useTyped<number>> & { control: Control; id: string } {
  const written = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : String(value);
  const rounded = (text: string): number => {
    const value = numberOf(text) as number | undefined;
    if (value === undefined || props.precision === undefined) return value as unknown as number;
    return Number(value.toFixed(props.precision));
  };
  const typed = useTyped(props, {
    value: written(props.value ?? undefined),
    initial: written(props.defaultValue) ?? '',
    read: rounded,
  });
  return { ...typed, ...useControl(props) };
}

function NumberBox({
  props,
  number: { draft, input, handlers, control },
  step,
}: {
  props: Numeric;
  number: ReturnType<typeof useNumber>;
  step: number | 'any';
}): ReactNode {
  return (
    <input
      {...control}
      {...handlers}
      className="hs-input"
      type="number"
      step={step}
      min={props.min}
      max={props.max}
      value={draft}
      placeholder={props.placeholder}
      style={{ textAlign: props.textAlign ?? 'left' }}
      onChange={({ target }) => input(target.value)}
    />
  );
}

export function NumberInput(props: NumberInputProps): ReactNode {
  const number = useNumber(props);
  return (
    <Field field={props} id={number.id}>
      <span className="hs-with">
        <NumberBox props={props} number={number} step="any" />
        {props.formatStyle === 'percentage' ? <span className="hs-affix">%</span> : null}
      </span>
    </Field>
  );
}

export function CurrencyInput(props: CurrencyInputProps): ReactNode {
  const number = useNumber(props);
  const sign = new Intl.NumberFormat('en', { style: 'currency', currency: props.currency ?? 'USD' })
    .formatToParts(0)
    .find(({ type }) => type === 'currency')?.value;
  return (
    <Field field={props} id={number.id}>
      <span className="hs-with">
        <span className="hs-affix">{sign}</span>
        <NumberBox props={props} number={number} step="any" />
      </span>
    </Field>
  );
}

export function StepperInput(props: StepperInputProps): ReactNode {
  const {
    min = -Infinity,
    max = Infinity,
    stepSize = 1,
    minValueReachedTooltip,
    maxValueReachedTooltip,
  } = props;
  const number = useNumber(props);
  const now = Number(number.draft);
  const step = (by: number): void => {
    const next = String(Math.min(max, Math.max(min, now + by)));
    number.input(next);
    number.commit(next);
  };
  const isLeast = now <= min;
  const isMost = now >= max;
  return (
    <Field field={props} id={number.id}>
      <span className="hs-with hs-stepper">
        <button
          type="button"
          className="hs-button hs-secondary"
          aria-label={`Less ${props.label}`}
          disabled={isLeast || props.readOnly}
          title={isLeast ? minValueReachedTooltip : undefined}
          onClick={() => step(-stepSize)}
        >
          −
        </button>
        <NumberBox props={props} number={number} step={stepSize} />
        <button
          type="button"
          className="hs-button hs-secondary"
          aria-label={`More ${props.label}`}
          disabled={isMost || props.readOnly}
          title={isMost ? maxValueReachedTooltip : undefined}
          onClick={() => step(stepSize)}
        >
          +
        </button>
      </span>
    </Field>
  );
}

const two = (part: number): string => String(part).padStart(2, '0');

/** Months count from 0, as in JavaScript. */
const dayText = (day: BaseDate | null | undefined): string | undefined =>
  day == null ? undefined : `${String(day.year).padStart(4, '0')}-${two(day.month + 1)}-${two(day.date)}`;

type Day = BaseDate & { formattedDate?: string };

function dayOf(text: string, format: DateInputProps['format']): Day {
  const [year, month, date] = text.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return null as unknown as Day;
  return { year, month: month - 1, date, formattedDate: formatted(text, format) };
}

function formatted(text: string, format: DateInputProps['format'] = 'short'): string {
  if (format === 'standard' || format === 'YYYY-MM-DD') return text;
  const month = {
    L: '2-digit',
    short: '2-digit',
    LL: 'long',
    long: 'long',
    ll: 'short',
    medium: 'short',
  } as const;
  const isShort = month[format] === '2-digit';
  return new Intl.DateTimeFormat('en-US', {
    timeZone: 'UTC',
    year: 'numeric',
    month: month[format],
    day: isShort ? '2-digit' : 'numeric',
  }).format(new Date(`${text}T00:00:00Z`));
}

/** A year that is still being typed is a date to the browser already. */
const FIRST_YEAR = '1000';

export function DateInput(props: DateInputProps): ReactNode {
  const { control, id } = useControl(props);
  const { draft, input, commit, handlers } = useTyped<Day>(
    { ...props, value: undefined },
    {
      value: dayText(props.value),
      initial: dayText(props.defaultValue) ?? '',
      read: (text) => dayOf(text, props.format),
    },
  );
  return (
    <Field field={props} id={id}>
      <input
        {...control}
        {...handlers}
        className="hs-input"
        type="date"
        value={draft}
        min={dayText(props.min)}
        max={dayText(props.max)}
        onChange={({ target }) => {
          input(target.value);
          if (target.value >= FIRST_YEAR) commit(target.value);
        }}
      />
    </Field>
  );
}

const timeText = (time: BaseTime | null | undefined): string | undefined =>
  time == null ? undefined : `${two(time.hours)}:${two(time.minutes)}`;

function timeOf(text: string): BaseTime {
  const [hours, minutes] = text.split(':').map(Number);
  if (hours === undefined || minutes === undefined) return null as unknown as BaseTime;
  return { hours, minutes };
}

const SECONDS_A_MINUTE = 60;

export function TimeInput(props: TimeInputProps): ReactNode {
  const { control, id } = useControl(props);
  const { draft, input, commit, handlers } = useTyped<BaseTime>(
    { ...props, value: undefined },
    { value: timeText(props.value), initial: timeText(props.defaultValue) ?? '', read: timeOf },
  );
  return (
    <Field field={props} id={id}>
      <input
        {...control}
        {...handlers}
        className="hs-input"
        type="time"
        step={(props.interval ?? 30) * SECONDS_A_MINUTE}
        value={draft}
        min={timeText(props.min)}
        max={timeText(props.max)}
        onChange={({ target }) => {
          input(target.value);
          if (target.value !== '') commit(target.value);
        }}
      />
    </Field>
  );
}
