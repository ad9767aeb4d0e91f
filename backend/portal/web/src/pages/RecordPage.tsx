/** One record with all its fields, as this person may see and change them. */
import type { ReactNode } from 'react';
import type { Known } from '../known.ts';
import { Card, Loading, Title } from '../parts/basics.tsx';
import { Fields } from '../parts/Fields.tsx';
import { Standing } from '../parts/Standing.tsx';
import { WORDS } from '../words.ts';
import { useRecord } from '../world.tsx';

interface Props {
  object: string;
  id: string;
  title?: string;
  children?: (known: Known) => ReactNode;
}

export function RecordPage({ object, id, title, children }: Props) {
  const known = useRecord(object, id);
  if (known === undefined) return <Loading />;
  const { view } = known;
  if (view === null) return <Title>{WORDS.gone}</Title>;
  return (
    <>
      <Title lead={<Standing view={{ asOf: view.asOf, state: 'confirmed' }} stale={view.stale} />}>
        {title ?? view.title}
      </Title>
      {children?.(known) ?? (
        <Card>
          <Fields known={known} />
        </Card>
      )}
    </>
  );
}
