/** Conflicts that were settled: how, by whom, and the value that lost, which can still be restored. */
import { Flex, LoadingButton, Tag, Text, Tile } from '@hubspot/ui-extensions';
import { useRuling } from '@tallystick/kit/changes';
import { ago } from '@tallystick/kit/words';
import type { DeskConflict } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import type { Watched } from './useRecord.tsx';

export function Settled({
  conflicts,
  watched,
}: {
  conflicts: readonly DeskConflict[];
  watched: Watched;
}): ReactNode {
  return (
    <Flex direction="column" gap="sm">
      {conflicts.map((conflict) => (
        <OneSettled key={conflict.conflictId} conflict={conflict} watched={watched} />
      ))}
    </Flex>
  );
}

function OneSettled({ conflict, watched }: { conflict: DeskConflict; watched: Watched }): ReactNode {
  const { label, kind, crm, customer, settled } = conflict;
  if (settled === null) return null;
  const { choice, who, at, text, note, outcome } = settled;
  const WORDS = {
    keep: kind === 'proposal' ? 'declined the change' : 'kept the CRM’s value',
    take: kind === 'proposal' ? 'approved the change' : 'took the customer’s value',
    write: `wrote “${text}”`,
  };
  return (
    <Tile compact>
      <Flex direction="column" gap="xs" align="start">
        <Flex gap="sm" align="center" wrap>
          <Text format={{ fontWeight: 'bold' }}>{label}</Text>
          <Tag variant={outcome === 'verified' ? 'success' : 'info'}>
            {outcome === 'verified' ? 'Proven in the CRM' : outcome}
          </Tag>
        </Flex>
        <Text>{`${who} ${WORDS[choice]} ${ago(at)}.`}</Text>
        <Text variant="microcopy">
          {`The CRM held “${crm.text}” by ${crm.who}; ${customer.who} asked for “${customer.text}”, having seen “${customer.saw}”.`}
        </Text>
        {note === null ? null : <Text variant="microcopy">{`Told to the customer: ${note}`}</Text>}
        {watched.role === 'admin' && choice === 'keep' ? (
          <TakeAfterAll conflict={conflict} watched={watched} />
        ) : null}
      </Flex>
    </Tile>
  );
}

/** The customer's value comes back by a write of its own. */
function TakeAfterAll({ conflict, watched }: { conflict: DeskConflict; watched: Watched }): ReactNode {
  const { isBusy, rule } = useRuling(watched.onFresh);
  const { field, version, lost } = conflict;
  if (lost === null) return null;
  const restore = () =>
    rule({
      ...watched.place,
      ...{ conflictId: null, field, version },
      ...{ choice: 'write', value: lost, note: null },
    });
  return (
    <LoadingButton size="xs" variant="secondary" loading={isBusy} onClick={() => void restore()}>
      {`Restore “${conflict.customer.text}”`}
    </LoadingButton>
  );
}
