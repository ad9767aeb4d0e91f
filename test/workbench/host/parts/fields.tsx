/** What every input has: a label, a description, a message, its part in a form. */
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
  type FormEvent,
  type ReactNode,
} from 'react';
import type { FormProps } from '@hubspot/ui-extensions';
import { classes, eventOf, reactionsOf, tell, tested, useSurface } from '../surface.tsx';

export interface FieldProps {
  label?: string | undefined;
  name?: string | undefined;
  required?: boolean | undefined;
  readOnly?: boolean | undefined;
  description?: string | undefined;
  tooltip?: string | undefined;
  error?: boolean | undefined;
  validationMessage?: string | undefined;
  testId?: string | undefined;
}

interface Entry {
  /** Not there at all for a box that is not ticked. */
  read: () => unknown;
  commit: () => void;
}

interface FormEntries {
  add: (name: string, entry: Entry) => () => void;
}

export const FormContext = createContext<FormEntries | null>(null);

/** An input's value under its name when its form is submitted. */
export function useFormEntry(name: string | undefined, entry: Entry): void {
  const form = useContext(FormContext);
  const latest = useRef(entry);
  latest.current = entry;
  useEffect(() => {
    if (form === null || name === undefined) return undefined;
    return form.add(name, { read: () => latest.current.read(), commit: () => latest.current.commit() });
  }, [form, name]);
}

export function Form({ onSubmit, autoComplete, children, testId }: FormProps): ReactNode {
  const surface = useSurface();
  const entries = useRef(new Map<string, Entry[]>());
  const [form] = useState<FormEntries>(() => ({
    add: (name, entry) => {
      entries.current.set(name, [...(entries.current.get(name) ?? []), entry]);
      return () => {
        const rest = (entries.current.get(name) ?? []).filter((other) => other !== entry);
        if (rest.length === 0) entries.current.delete(name);
        else entries.current.set(name, rest);
      };
    },
  }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    for (const entry of [...entries.current.values()].flat()) entry.commit();
    const values = [...entries.current].flatMap(([name, named]) => {
      const given = named.map(({ read }) => read()).filter((value) => value !== undefined);
      return given.length === 0 ? [] : [[name, given.length === 1 ? given[0] : given] as const];
    });
    const targetValue = Object.fromEntries(values) as Record<string, string | number>;
    tell(onSubmit, { ...eventOf('submit'), targetValue }, reactionsOf(surface));
  };
  return (
    <form className="hs-form" noValidate autoComplete={autoComplete} onSubmit={submit} {...tested(testId)}>
      <FormContext.Provider value={form}>{children}</FormContext.Provider>
    </form>
  );
}

export interface Control {
  id: string;
  name: string | undefined;
  readOnly: boolean;
  'aria-required': boolean | undefined;
  'aria-invalid': boolean | undefined;
  'aria-describedby': string | undefined;
}

export function useControl(field: FieldProps): { control: Control; id: string } {
  const id = useId();
  const has = (text: string | undefined): boolean => text !== undefined && text !== '';
  const described = [
    has(field.tooltip) && `${id}-hint`,
    has(field.description) && `${id}-description`,
    has(field.validationMessage) && `${id}-message`,
  ].filter((part) => part !== false);
  return {
    id,
    control: {
      id,
      name: field.name,
      readOnly: field.readOnly === true,
      'aria-required': field.required === true ? true : undefined,
      'aria-invalid': field.error === true ? true : undefined,
      'aria-describedby': described.length === 0 ? undefined : described.join(' '),
    },
  };
}

/** The label and what stands below it, around the control. A group of controls has a legend instead. */
export function Field({
  field,
  id,
  isGroup = false,
  children,
}: {
  field: FieldProps;
  id: string;
  isGroup?: boolean;
  children: ReactNode;
}): ReactNode {
  const { label, required = false, description, tooltip, error = false, validationMessage, testId } = field;
  const Around = isGroup ? 'fieldset' : 'div';
  const name = (
    <>
      {label}
      {required ? (
        <span className="hs-required" aria-hidden="true">
          {' *'}
        </span>
      ) : null}
      <Hint id={id} text={tooltip} />
    </>
  );
  return (
    <Around
      className={classes('hs-field', error && 'hs-invalid')}
      {...(isGroup ? { 'aria-describedby': describedBy(field, id) } : {})}
      {...tested(testId)}
    >
      {label === undefined ? null : isGroup ? (
        <legend className="hs-label">{name}</legend>
      ) : (
        <label className="hs-label" htmlFor={id}>
          {name}
        </label>
      )}
      {description === undefined || description === '' ? null : (
        <div id={`${id}-description`} className="hs-microcopy">
          {description}
        </div>
      )}
      {children}
      {validationMessage === undefined || validationMessage === '' ? null : (
        <div id={`${id}-message`} className="hs-message" role={error ? 'alert' : 'status'}>
          {validationMessage}
        </div>
      )}
    </Around>
  );
}

const describedBy = ({ description, validationMessage }: FieldProps, id: string): string | undefined =>
  [
    description !== undefined && description !== '' && `${id}-description`,
    validationMessage !== undefined && validationMessage !== '' && `${id}-message`,
  ]
    .filter((part) => part !== false)
    .join(' ') || undefined;

function Hint({ id, text }: { id: string; text: string | undefined }): ReactNode {
  if (text === undefined || text === '') return null;
  return (
    <>
      <span className="hs-hint" title={text} aria-hidden="true">
        i
      </span>
      <span id={`${id}-hint`} className="hs-unseen" hidden>
        {text}
      </span>
    </>
  );
}

/**
 * What is typed, ahead of the value the extension holds: that comes back later, through its thread, and an older one
 * must not undo the newest key.
 */
export function useDraft<T>(
  value: T | undefined,
  initial: T,
): {
  draft: T;
  type: (next: T) => void;
  settle: () => void;
  /** Sent to the extension, so that it may come back. */
  sent: (next: T) => void;
} {
  const [draft, setDraft] = useState<T>(value ?? initial);
  const echoes = useRef<string[]>([]);
  const known = useRef(JSON.stringify(value));
  const given = JSON.stringify(value);
  useEffect(() => {
    if (known.current === given) return;
    known.current = given;
    const at = echoes.current.lastIndexOf(given);
    const isOldEcho = at >= 0 && at < echoes.current.length - 1;
    if (at >= 0) echoes.current.splice(0, at + 1);
    if (!isOldEcho) setDraft(value ?? initial);
    // Compared as text: an object crosses the thread as another one each time.
  }, [given]);
  return {
    draft,
    type: setDraft,
    sent: (next) => {
      echoes.current.push(JSON.stringify(next));
    },
    settle: () => {
      echoes.current = [];
    },
  };
}
