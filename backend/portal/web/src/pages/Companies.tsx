/** The companies in reach; with one of them, that one. */
import { Card, Link, Title } from '../parts/basics.tsx';
import { COMPANY } from '../layout.ts';
import { WORDS } from '../words.ts';
import { useMe } from '../world.tsx';
import { RecordPage } from './RecordPage.tsx';

export function Companies() {
  const { companies } = useMe();
  const [only] = companies;
  if (only === undefined) return <Title lead={WORDS.noCompany}>{WORDS.nav.company}</Title>;
  if (companies.length === 1) return <RecordPage key={only.id} object={COMPANY} id={only.id} />;
  return (
    <>
      <Title>{WORDS.nav.companies}</Title>
      <Card>
        <ul className="rows">
          {companies.map(({ id, name }) => (
            <li key={id}>
              <Link to={`/company/${id}`} className="row">
                <span className="row-title">{name}</span>
              </Link>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}
