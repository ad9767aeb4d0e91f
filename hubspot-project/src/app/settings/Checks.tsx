/** The connection, step by step: what is checked, how it stands, and what to do. */
import { Button, Flex, StatusTag, Text } from '@hubspot/ui-extensions';
import { useTestAlert } from '@tallystick/kit/changes';
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
  mayTest,
  onAgain,
}: Pick<SettingsAnswer, 'checks'> & { mayTest: boolean; onAgain: () => void }): ReactNode {
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
      <Flex direction="row" gap="sm">
        <Button size="xs" onClick={onAgain}>
          Check again
        </Button>
        {mayTest ? <TestAlert onDone={onAgain} /> : null}
      </Flex>
    </Flex>
  );
}

function TestAlert({ onDone }: { onDone: () => void }): ReactNode {
  const { isBusy, testAlert } = useTestAlert(onDone);
  return (
    <Button size="xs" disabled={isBusy} onClick={() => void testAlert()}>
      Send a test alert
    </Button>
  );
}
