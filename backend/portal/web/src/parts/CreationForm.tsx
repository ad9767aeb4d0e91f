/** A form that makes something in the CRM, built from what the portal API says of it. Its text outlives a reload. */
import { useId, useState, type FormEvent, type ReactNode } from 'react';
import type { CreationMeta, FieldMeta, Receipt } from '@tallystick/shared/messages';
import { members, type Value } from '@tallystick/shared/values';
import { useDrafts } from '../drafts.ts';
import { formOf, formPlace } from '../editing.ts';
import { COMPANY } from '../layout.ts';
import { WORDS } from '../words.ts';
import { useMe, useSending, useWorld } from '../world.tsx';
import { Input } from './Input.tsx';

interface Props {
  creation: CreationMeta;
  /** What it hangs on; null: the person chooses one of their companies. */
  on: { object: string; id: string } | null;
  /** What comes with it: a file that is being sent. Null when it was called off. */
  before?: () => Promise<{ uploadId: string } | null>;
  onDone: (receipt: Receipt) => void;
  children?: ReactNode;
}

export function CreationForm({ creation, on, before, onDone, children }: Props) {
  const { editing, drafts } = useWorld();
  const me = useMe();
  const kept = useDrafts(drafts);
  const form = formOf(creation.name, on);
  const sending = useSending(formPlace(form, ''));
  const [isPreparing, setPreparing] = useState(false);
  const busy = isPreparing || sending?.busy === true;
  const metas = me.objects[creation.object]?.fields ?? {};
  const valueOf = (name: string): Value => kept[formPlace(form, name)]?.text ?? null;
  const company = valueOf('on') ?? me.companies[0]?.id ?? null;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setPreparing(true);
    const file = before === undefined ? {} : await before();
    setPreparing(false);
    if (file === null) return;
    const fields = Object.keys(creation.takes).flatMap((name) => {
      const value = valueOf(name);
      const isMany = metas[name]?.kind === 'choices';
      return value === null ? [] : [[name, isMany ? members(value) : value] as const];
    });
    const place = on ?? (company === null ? null : { object: COMPANY, id: company });
    const receipt = await editing.create(creation.name, form, {
      fields: Object.fromEntries(fields),
      ...(place === null ? {} : { on: place }),
      ...file,
    });
    if (receipt !== null) onDone(receipt);
  };
  return (
    <form className="creation" onSubmit={(event) => void submit(event)} noValidate>
      {on === null && me.companies.length > 1 && (
        <Choice
          label={WORDS.on}
          value={company}
          options={me.companies.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(value) => editing.type(formPlace(form, 'on'), value)}
        />
      )}
      {children}
      {Object.entries(creation.takes).map(([name, need]) => (
        <FormField key={name} form={form} name={name} meta={metas[name]} isRequired={need === 'required'} />
      ))}
      {sending?.problem != null && (
        <p className="problem" role="alert">
          {sending.problem}
        </p>
      )}
      <div className="buttons">
        <button type="submit" className="main" disabled={busy}>
          {busy ? WORDS.sending : creation.label}
        </button>
        {sending?.busy === true && (
          <button type="button" onClick={() => editing.stop(formPlace(form, ''))}>
            {WORDS.stop}
          </button>
        )}
      </div>
    </form>
  );
}

function FormField({
  form,
  name,
  meta = { label: name, kind: 'text', editable: true, required: false },
  isRequired,
}: {
  form: string;
  name: string;
  meta: FieldMeta | undefined;
  isRequired: boolean;
}) {
  const { editing, drafts } = useWorld();
  const place = formPlace(form, name);
  const draft = useDrafts(drafts)[place];
  const sending = useSending(place);
  const problemId = useId();
  return (
    <div className="form-field" data-field={name}>
      <label htmlFor={place}>
        {meta.label} {!isRequired && <span className="soft">({WORDS.optional})</span>}
      </label>
      <Input
        id={place}
        meta={meta}
        required={isRequired}
        value={draft?.text ?? null}
        invalid={sending?.problem != null}
        describedBy={problemId}
        onChange={(text) => editing.type(place, text)}
      />
      <div id={problemId}>
        {sending?.problem != null && (
          <p className="problem" role="alert">
            {sending.problem}
          </p>
        )}
      </div>
    </div>
  );
}

export function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value ?? ''} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
