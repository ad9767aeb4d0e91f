/** The first page: what needs the person, how the account stands, what is open. */
import { AT_A_GLANCE, CASES, COMPANY, CURRENCY, LISTS, QUOTES } from '../layout.ts';
import type { Known } from '../known.ts';
import { Card, Link, Loading, Title } from '../parts/basics.tsx';
import { Fields } from '../parts/Fields.tsx';
import { dayOf, moneyOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useAccount, useList, useMe, useRecord } from '../world.tsx';
import { Rows } from './ListOf.tsx';
import { isUndecided } from './Quote.tsx';
import { SourcesAtAGlance } from './SourcePage.tsx';

const CASES_SHOWN = 5;

export function Overview() {
  const me = useMe();
  const [company] = me.companies;
  return (
    <>
      <Title lead={me.companies.map(({ name }) => name).join(', ')}>{WORDS.hello(me.name)}</Title>
      <NeedsYou />
      {company !== undefined && <Glance {...company} />}
      <OpenCases />
      <SourcesAtAGlance />
    </>
  );
}

function NeedsYou() {
  const me = useMe();
  const quotes = useList(QUOTES.object).records.filter((known) => isUndecided(known));
  const maySign = me.objects[QUOTES.object]?.actions.length !== 0;
  const receipts = useAccount((state) => state.receipts);
  const shown = useAccount((state) => state.receiptOf);
  const newest = new Set(shown.values());
  const stuck = receipts.flatMap((receipt) =>
    Object.entries(receipt.fields).flatMap(([name, field]) =>
      (field.state === 'held' || field.state === 'refused') && newest.has(receipt.editId)
        ? [{ receipt, name, field }]
        : [],
    ),
  );
  const waiting = maySign ? quotes : [];
  return (
    <Card title={WORDS.needsYou}>
      {me.companies.length === 0 && <p>{WORDS.noCompany}</p>}
      {waiting.length + stuck.length === 0 && me.companies.length > 0 && (
        <p className="soft">{WORDS.nothingNeedsYou}</p>
      )}
      <ul className="rows">
        {waiting.map(({ id, view }) => (
          <li key={id}>
            <Link to={`/${LISTS.quotes.page}/${id}`} className="row">
              <span className="row-title">{WORDS.decideQuote(view?.title ?? id)}</span>
              <span className="row-columns">
                <span className="soft">
                  {moneyOf(
                    view?.fields[QUOTES.amount]?.value ?? null,
                    view?.fields[CURRENCY[QUOTES.object] ?? '']?.value ?? null,
                  )}
                </span>
                {view?.fields[QUOTES.expires]?.value != null && (
                  <span className="soft">{WORDS.until(dayOf(view.fields[QUOTES.expires]?.value ?? ''))}</span>
                )}
              </span>
            </Link>
          </li>
        ))}
        {stuck.slice(0, CASES_SHOWN).map(({ receipt, name, field }) => {
          const label = me.objects[receipt.object]?.fields[name]?.label ?? name;
          return (
            <li key={`${receipt.editId}:${name}`}>
              <Link to="/activity" className="row">
                <span className="row-title">
                  {field.state === 'held' ? WORDS.heldEdit(label) : WORDS.refusedEdit(label)}
                </span>
                <span className="row-columns soft">{field.message}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Glance({ id, name }: { id: string; name: string }) {
  const { companies } = useMe();
  const known = useRecord(COMPANY, id);
  return (
    <Card
      title={companies.length > 1 ? WORDS.glanceAt(name) : WORDS.glance}
      action={<Link to={`/company/${id}`}>{WORDS.nav.company}</Link>}
    >
      {known === undefined ? <Loading /> : <Fields known={known} only={AT_A_GLANCE} />}
    </Card>
  );
}

function OpenCases() {
  const { records, state } = useList(CASES.object);
  const me = useMe();
  const label = me.objects[CASES.object]?.label.many;
  if (label === undefined) return null;
  const open = records.filter(isOpenCase);
  return (
    <Card title={WORDS.openCases} action={<Link to={`/${LISTS.cases.page}`}>{WORDS.all(label)}</Link>}>
      {open.length === 0 && (state === 'loading' ? <Loading /> : <p className="soft">{WORDS.noOpenCases}</p>)}
      <Rows list={LISTS.cases} records={open.slice(0, CASES_SHOWN)} />
    </Card>
  );
}

function isOpenCase({ view }: Known): boolean {
  const status = view?.fields[CASES.status]?.value ?? null;
  return !CASES.closed.some((closed) => closed === status);
}
