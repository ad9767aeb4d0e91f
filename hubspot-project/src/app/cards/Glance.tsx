/** The compact card: status, counts, and the one next thing to do. */
import { Flex, LoadingSpinner, Text } from '@hubspot/ui-extensions';
import { Conflict } from '@tallystick/kit/Conflict';
import { Failure } from '@tallystick/kit/Failure';
import { Parked } from '@tallystick/kit/Parked';
import type { DeskRecord } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import { Head, SyncNow } from './Head.tsx';
import { useRecord } from './useRecord.tsx';

export function Glance(): ReactNode {
  const watched = useRecord();
  const { record, refusal, role, reload, onFresh } = watched;
  if (record === null && refusal === null)
    return <LoadingSpinner label="Comparing …" showLabel layout="centered" />;
  if (record === null && refusal !== null && refusal.code !== 'unreachable')
    return (
      <Flex direction="column" gap="sm" align="start">
        <Failure refusal={refusal} />
        <SyncNow watched={watched} />
      </Flex>
    );
  const first = record?.conflicts.find((conflict) => conflict.settled === null && !conflict.pending);
  return (
    <Flex direction="column" gap="sm">
      <Head watched={watched} />
      {record === null ? null : <Text variant="microcopy">{counts(record)}</Text>}
      {record?.parked == null ? null : <Parked parked={record.parked} role={role} onDone={reload} />}
      {first === undefined ? null : <Conflict conflict={first} role={role} onFresh={onFresh} />}
    </Flex>
  );
}

function counts({ fields, conflicts, onTheirWay }: DeskRecord): string {
  const open = conflicts.filter((conflict) => conflict.settled === null).length;
  return `${fields.length} fields, ${onTheirWay} on their way, ${open} waiting for a decision.`;
}
