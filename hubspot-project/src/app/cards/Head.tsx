/** One glance: the status, one plain sentence, since when, and who in the portal is looking. */
import { Button, Flex, LoadingButton, StatusTag, Text } from '@hubspot/ui-extensions';
import { useOrder } from '@tallystick/kit/changes';
import { ago, STATUSES } from '@tallystick/kit/words';
import type { DeskRecord } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import type { Watched } from './useRecord.tsx';

export function Head({ watched }: { watched: Watched }): ReactNode {
  const { record, refusal } = watched;
  const isAway = refusal?.code === 'unreachable';
  const status = STATUSES[isAway ? 'unreachable' : (record?.status ?? 'nobody')];
  const sentence = isAway || record === null ? (refusal?.sentence ?? '') : record.sentence;
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="sm" align="center" justify="between" wrap>
        <Flex gap="sm" align="center" wrap>
          <StatusTag variant={status.variant} testId="status">
            {status.label}
          </StatusTag>
          <Text format={{ fontWeight: 'bold' }} testId="sentence">
            {sentence}
          </Text>
        </Flex>
        <SyncNow watched={watched} />
      </Flex>
      {record === null ? null : <Text variant="microcopy">{standing(record, isAway)}</Text>}
    </Flex>
  );
}

function standing({ provenAt, people }: DeskRecord, isAway: boolean): string {
  const proven = provenAt === null ? 'Not yet read as a whole.' : `Last read and compared ${ago(provenAt)}.`;
  const named = people.map(({ name, audience }) => `${name} (${audience})`).join(', ');
  const seen = people.length === 0 ? 'Nobody with access to the portal sees it.' : `In the portal: ${named}.`;
  return `${isAway ? 'As it was last known: ' : ''}${proven} ${seen}`;
}

export function SyncNow({ watched: { place, reload, refusal } }: { watched: Watched }): ReactNode {
  const { isBusy, order } = useOrder(reload);
  const sync = () => order({ do: 'look', object: place.objectType, recordId: place.recordId });
  if (refusal?.code === 'unreachable')
    return (
      <Button size="xs" onClick={reload}>
        Try again
      </Button>
    );
  return (
    <LoadingButton size="xs" variant="secondary" loading={isBusy} onClick={() => void sync()}>
      Sync now
    </LoadingButton>
  );
}
