/** The connection, step by step: what is checked, how it stands, and what to do. */
import { Button, Flex, StatusTag, Text } from '@hubspot/ui-extensions';
import { Rows } from '@tallystick/kit/Rows';
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
      <Rows
        density="condensed"
        heads={['Step', 'State', 'What we know, and what to do']}
        rows={checks.map(({ label, state, text, advice }) => ({
          key: label,
          cells: [
            label,
            <StatusTag variant={STATES[state].variant}>{STATES[state].label}</StatusTag>,
            <>
              <Text>{text}</Text>
              {advice === undefined ? null : <Text variant="microcopy">{advice}</Text>}
            </>,
          ],
        }))}
      />
      <Button size="xs" onClick={onAgain}>
        Check again
      </Button>
    </Flex>
  );
}
