/** The fields of a record; those that are being changed can be saved together. */
import { CURRENCY } from '../layout.ts';
import { fieldPlace, type Known } from '../known.ts';
import { useDrafts } from '../drafts.ts';
import { WORDS } from '../words.ts';
import { fieldMetas, useObject, useWorld } from '../world.tsx';
import { Field } from './Field.tsx';

interface Props {
  known: Known;
  /** Only these, in this order. */
  only?: readonly string[];
  without?: readonly string[];
}

export function Fields({ known, only, without = [] }: Props) {
  const { drafts, editing } = useWorld();
  const kept = useDrafts(drafts);
  const meta = useObject(known.object);
  const { view } = known;
  if (view === null) return null;
  const all = fieldMetas(meta).filter(([name]) => !without.includes(name));
  const shown = only === undefined ? all : only.flatMap((name) => all.filter(([each]) => each === name));
  const open = shown.filter(([name]) => kept[fieldPlace(known.object, known.id, name)]?.seen !== undefined);
  const currency = view.fields[CURRENCY[known.object] ?? '']?.value ?? null;
  return (
    <>
      <dl className="fields">
        {shown.map(([name, fieldMeta]) => {
          const field = view.fields[name];
          return field === undefined ? null : (
            <Field
              key={name}
              known={known}
              name={name}
              meta={fieldMeta}
              view={field}
              stale={view.stale}
              currency={currency}
            />
          );
        })}
      </dl>
      {open.length > 1 && (
        <div className="save-all">
          <button
            type="button"
            className="main"
            onClick={() =>
              void editing.save(
                known.object,
                known.id,
                open.map(([name]) => name),
                open.map(([, { label }]) => label).join(', '),
              )
            }
          >
            {WORDS.saveAll(open.length)}
          </button>
        </div>
      )}
    </>
  );
}
