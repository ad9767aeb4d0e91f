/** Entries of the journal as people read them, newest first. */
import { Button, EmptyState, Flex, Text } from '@hubspot/ui-extensions';
import type { DeskEntry } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import { Rows } from './Rows.tsx';
import { moment } from './words.tsx';

export function Entries({
  entries,
  showPlace = false,
}: {
  entries: readonly DeskEntry[];
  /** Several records are shown together: each entry names its own. */
  showPlace?: boolean;
}): ReactNode {
  if (entries.length === 0)
    return (
      <EmptyState title="Nothing here" layout="vertical">
        <Text>No entry of the journal fits.</Text>
      </EmptyState>
    );
  return (
    <Rows
      heads={['When', 'What', 'What happened']}
      rows={entries.map((entry) => ({
        key: entry.seq,
        cells: [
          <Text variant="microcopy">{moment(entry.at)}</Text>,
          <>
            <Text>{entry.label ?? 'the record'}</Text>
            {showPlace && entry.title !== null ? <Text variant="microcopy">{entry.title}</Text> : null}
          </>,
          <Text>{entry.sentence}</Text>,
        ],
      }))}
    />
  );
}

/** Older and newest; there is no way back but to the start, because the journal grows at its head. */
export function Pager({
  isFirst,
  next,
  onOlder,
  onNewest,
}: {
  isFirst: boolean;
  next: number | string | null;
  onOlder: () => void;
  onNewest: () => void;
}): ReactNode {
  if (isFirst && next === null) return null;
  return (
    <Flex gap="sm">
      <Button size="xs" disabled={isFirst} onClick={onNewest}>
        Newest
      </Button>
      <Button size="xs" disabled={next === null} onClick={onOlder}>
        Older
      </Button>
    </Flex>
  );
}
