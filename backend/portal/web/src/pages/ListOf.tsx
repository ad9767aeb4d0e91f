/** The records of one object, the newest first. */
import { useState } from 'react';
import type { RecordView } from '@tallystick/shared/messages';
import { CASES, CURRENCY, LISTS, type ListPage } from '../layout.ts';
import type { Known } from '../known.ts';
import { Card, Link, Loading, Title } from '../parts/basics.tsx';
import { textOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useList, useMe, useObject, useWorld } from '../world.tsx';

const SHOWN_AT_FIRST = 25;

export function ListOf({ list }: { list: ListPage }) {
  const { account } = useWorld();
  const me = useMe();
  const { records, state } = useList(list.object);
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const raise = me.creations.find(({ name, object }) => name === CASES.raise && object === list.object);
  return (
    <>
      <Title>{me.objects[list.object]?.label.many ?? ''}</Title>
      {raise !== undefined && (
        <p>
          <Link to={`/${LISTS.cases.page}/new`} className="button main">
            {raise.label}
          </Link>
        </p>
      )}
      <Card>
        {records.length === 0 &&
          (state === 'loading' ? <Loading /> : <p className="soft">{WORDS.nothing}</p>)}
        <Rows list={list} records={records.slice(0, shown)} />
        {state === 'failed' && (
          <p className="problem" role="alert">
            {WORDS.unreachable}{' '}
            <button type="button" className="quiet" onClick={() => void account.needList(list.object)}>
              {WORDS.retry}
            </button>
          </p>
        )}
        {records.length > shown && (
          <button type="button" onClick={() => setShown(shown + SHOWN_AT_FIRST)}>
            {WORDS.more}
          </button>
        )}
      </Card>
    </>
  );
}

export function Rows({ list, records }: { list: ListPage; records: readonly Known[] }) {
  return (
    <ul className="rows">
      {records.map(
        ({ id, view, moved }) =>
          view !== null && (
            <li key={id} data-id={id} data-moved={Object.keys(moved).length > 0 ? 'true' : undefined}>
              <Link to={`/${list.page}/${id}`} className="row">
                <span className="row-title">{view.title}</span>
                <Columns list={list} view={view} />
              </Link>
            </li>
          ),
      )}
    </ul>
  );
}

function Columns({ list, view }: { list: ListPage; view: RecordView }) {
  const meta = useObject(list.object);
  const currency = view.fields[CURRENCY[list.object] ?? '']?.value ?? null;
  return (
    <span className="row-columns">
      {list.columns.map((name) => {
        const [field, fieldMeta] = [view.fields[name], meta?.fields[name]];
        if (field?.value == null || fieldMeta === undefined) return null;
        return (
          <span key={name} className="soft">
            <span className="hidden">{fieldMeta.label}: </span>
            {textOf(fieldMeta, field.value, currency)}
          </span>
        );
      })}
    </span>
  );
}
