/** What another system holds for a company. When it is down only its own block suffers, and says so. */
import { useEffect, useState } from 'react';
import type { SourceItem, SourceListMeta, SourceMeta, SourceView } from '@tallystick/shared/messages';
import { CURRENCY, SOURCES } from '../layout.ts';
import { Boundary, Card, Link, Loading, Title } from '../parts/basics.tsx';
import { Choice } from '../parts/CreationForm.tsx';
import { ageOf, optionOf, textOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useMe, useNow, useWorld } from '../world.tsx';

const GLANCE_ITEMS = 3;
/** Other systems tell nobody that something changed: they are asked this often while the page is looked at. */
const LOOK_MS = 5_000;

export function SourcePage({ source }: { source: SourceMeta }) {
  const { companies } = useMe();
  const [company, setCompany] = useState(companies[0]?.id ?? '');
  const view = useSource(source.name, company);
  return (
    <>
      <Title lead={<Standing view={view} />}>{source.label}</Title>
      {companies.length > 1 && (
        <Choice
          label={WORDS.nav.company}
          value={company}
          options={companies.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={setCompany}
        />
      )}
      {Object.entries(source.lists).map(([name, meta]) => (
        <Card key={name} title={meta.label.many}>
          <List name={name} meta={meta} items={view === 'loading' ? null : (view.lists[name] ?? [])} />
        </Card>
      ))}
    </>
  );
}

export function SourcesAtAGlance() {
  const { sources, companies } = useMe();
  const [company] = companies;
  if (company === undefined) return null;
  return sources.map((source) => (
    <Boundary key={source.name}>
      <Glance source={source} company={company.id} />
    </Boundary>
  ));
}

function Glance({ source, company }: { source: SourceMeta; company: string }) {
  const view = useSource(source.name, company);
  const { page, first } = SOURCES[source.name] ?? {};
  const meta = source.lists[first ?? ''];
  if (page === undefined || first === undefined || meta === undefined) return null;
  const items = view === 'loading' ? null : (view.lists[first] ?? []);
  return (
    <Card title={meta.label.many} action={<Link to={`/${page}`}>{WORDS.all(source.label)}</Link>}>
      <Standing view={view} />
      <List name={first} meta={meta} items={items?.slice(0, GLANCE_ITEMS) ?? null} />
    </Card>
  );
}

function Standing({ view }: { view: SourceView | 'loading' }) {
  const now = useNow();
  if (view === 'loading') return null;
  const age = view.asOf === null ? null : WORDS.asked(ageOf(now - Date.parse(view.asOf)));
  if (view.message === null) return <span className="standing">{age}</span>;
  return (
    <span className="problem" role="status">
      {view.message} {age}
    </span>
  );
}

function List({ name, meta, items }: { name: string; meta: SourceListMeta; items: SourceItem[] | null }) {
  const currency = CURRENCY[name];
  const columns = Object.entries(meta.fields).filter(([field]) => field !== currency);
  if (items === null) return <Loading />;
  if (items.length === 0) return <p className="soft">{WORDS.nothing}</p>;
  return (
    <table className="stacked">
      <thead>
        <tr>
          {columns.map(([field, { label, kind }]) => (
            <th key={field} scope="col" className={kind === 'currency' ? 'number' : ''}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map(({ id, fields }) => (
          <tr key={id} data-id={id}>
            {columns.map(([field, { label, kind }], index) => {
              const value = fields[field] ?? null;
              const text =
                kind === 'choice' ? optionOf(value) : textOf({ kind }, value, fields[currency ?? ''] ?? null);
              const className = kind === 'currency' ? 'number' : '';
              return index === 0 ? (
                <th key={field} scope="row">
                  {text}
                </th>
              ) : (
                <td key={field} className={className} data-label={label}>
                  {text}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Asked anew now and then; an answer that is only late does not take away what is shown. */
function useSource(name: string, company: string): SourceView | 'loading' {
  const { account } = useWorld();
  const [view, setView] = useState<SourceView | 'loading'>('loading');
  useEffect(() => {
    let isOver = false;
    setView('loading');
    const look = async (): Promise<void> => {
      try {
        const answer = await account.client.source(name, company);
        if (!isOver) setView(answer);
      } catch (error) {
        account.failed(error);
        if (!isOver) setView((before) => away(name, before));
      }
    };
    void look();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, LOOK_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [account, name, company]);
  return view;
}

function away(source: string, before: SourceView | 'loading'): SourceView {
  const known = before === 'loading' ? { label: '', asOf: null, lists: {} } : before;
  return { ...known, source, state: 'aged', message: WORDS.sourceAway };
}
