/** The connection, step by step: what is checked, how it stands, and what to do. */
import {
  Button,
  Flex,
  StatusTag,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

const STATES = {
  ok: { label: 'Sound', variant: 'success' },
  wrong: { label: 'Wrong', variant: 'danger' },
  unknown: { label: 'Not known yet', variant: 'default' },
} as const;

export function Checks({
  checks,
  onAgain,
}: Pick<SettingsAnswer, 'checks'> & { onAgain: () => void }): ReactNode {
  return (
    <Flex direction="column" gap="sm" align="start">
      <Table bordered density="condensed">
        <TableHead>
          <TableRow>
            <TableHeader>Step</TableHeader>
            <TableHeader width="min">State</TableHeader>
            <TableHeader>What we know, and what to do</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {checks.map(({ label, state, text, advice }) => (
            <TableRow key={label}>
              <TableCell>{label}</TableCell>
              <TableCell>
                <StatusTag variant={STATES[state].variant}>{STATES[state].label}</StatusTag>
              </TableCell>
              <TableCell>
                <Text>{text}</Text>
                {advice === undefined ? null : <Text variant="microcopy">{advice}</Text>}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <Button size="xs" onClick={onAgain}>
        Check again
      </Button>
    </Flex>
  );
}
