/** What the breaker holds back: counts and samples, and the two ways out for an administrator. */
import {
  Alert,
  Button,
  ButtonRow,
  EmptyState,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useOrder } from '@tallystick/kit/changes';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { Rows } from '@tallystick/kit/Rows';
import { ago } from '@tallystick/kit/words';
import type { DeskHeldSet, DeskRole, HeldAnswer } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import { UndoPanel } from './UndoPanel.tsx';

export function Held(): ReactNode {
  const question = useQuestion<HeldAnswer>('held');
  return (
    <>
      <PageTitle>Held back</PageTitle>
      <Answered question={question} label="Looking …">
        {({ sets, role }) => (
          <Flex direction="column" gap="md">
            {sets.some(({ closed }) => closed === null) ? null : (
              <EmptyState title="Nothing is held back" layout="vertical">
                <Text>
                  When very many changes like one another are about to go to the CRM, they wait here until an
                  administrator has looked.
                </Text>
              </EmptyState>
            )}
            {sets.map((set) =>
              set.closed === null ? (
                <OpenSet key={set.setId} set={set} role={role} onDone={question.reload} />
              ) : (
                <ClosedSet key={set.setId} set={set} closed={set.closed} role={role} />
              ),
            )}
          </Flex>
        )}
      </Answered>
    </>
  );
}

function OpenSet({ set, role, onDone }: { set: DeskHeldSet; role: DeskRole; onDone: () => void }): ReactNode {
  const { title, openedAt, edits, records, of, samples, advice, windowMinutes } = set;
  const share = of === null || of === 0 ? counted(records, 'record') : `${records} records out of ${of}`;
  return (
    <Alert title={title} variant="warning">
      <Flex direction="column" gap="sm">
        <Text>
          {`${counted(edits, 'change')} wait, of ${share}; the first came ${ago(openedAt)}. Too many alike came within ${windowMinutes} minutes; whatever is like them joins. The CRM has none of these, and the customers’ receipts say that you look at them.`}
        </Text>
        {advice === null ? null : <Text format={{ fontWeight: 'bold' }}>{advice}</Text>}
        <Rows
          heads={['Record', 'Field', 'In the CRM', 'Wanted', 'By']}
          rows={samples.map((sample, index) => ({
            key: index,
            cells: [sample.title, sample.label, sample.now, sample.wanted, sample.who],
          }))}
        />
        {edits > samples.length ? (
          <Text variant="microcopy">{`The first ${samples.length} of ${edits}.`}</Text>
        ) : null}
        {role === 'admin' ? (
          <WaysOut set={set} onDone={onDone} />
        ) : (
          <Text variant="microcopy">{ONLY_ADMINS}</Text>
        )}
        <WentOut set={set} role={role} />
      </Flex>
    </Alert>
  );
}

const ONLY_ADMINS = 'Only an administrator of Tallystick may release or discard them.';

function WaysOut({ set, onDone }: { set: DeskHeldSet; onDone: () => void }): ReactNode {
  const { setId, version, edits } = set;
  const { isBusy, order } = useOrder(onDone);
  const { closeOverlay } = useExtensionActions<'pages'>();
  const decide = async (what: 'release' | 'discard-set'): Promise<void> => {
    await order({ do: what, setId, version });
    closeOverlay(`${what}-${setId}`);
  };
  return (
    <ButtonRow disableDropdown>
      <Button
        size="sm"
        variant="primary"
        overlay={
          <Modal id={`release-${setId}`} title={`Release ${counted(edits, 'change')}`}>
            <ModalBody>
              <Text>
                Each is decided again over what the CRM holds now, by the rules of its field, and what still
                counts is written. They are not held back again.
              </Text>
            </ModalBody>
            <ModalFooter>
              <LoadingButton variant="primary" loading={isBusy} onClick={() => void decide('release')}>
                Release
              </LoadingButton>
            </ModalFooter>
          </Modal>
        }
      >
        Release …
      </Button>
      <Button
        size="sm"
        variant="destructive"
        overlay={
          <Modal id={`discard-set-${setId}`} title={`Discard ${counted(edits, 'change')}`} variant="danger">
            <ModalBody>
              <Text>
                None of them goes to the CRM, and each customer’s receipt says that your team did not let it
                through. This cannot be taken back; they would have to ask again.
              </Text>
            </ModalBody>
            <ModalFooter>
              <LoadingButton
                variant="destructive"
                loading={isBusy}
                onClick={() => void decide('discard-set')}
              >
                Discard
              </LoadingButton>
            </ModalFooter>
          </Modal>
        }
      >
        Discard …
      </Button>
    </ButtonRow>
  );
}

/** The first ones, of which nobody could know that many more would come. */
function WentOut({ set, role }: { set: DeskHeldSet; role: DeskRole }): ReactNode {
  const { setId, written } = set;
  const [isOpen, setOpen] = useState(false);
  if (written === 0) return null;
  return (
    <Flex direction="column" gap="sm" align="start">
      <Text>{`${counted(written, 'change')} like these had gone to the CRM before it was noticed.`}</Text>
      {isOpen ? (
        <UndoPanel filter={{ setId }} role={role} />
      ) : (
        <Button size="xs" onClick={() => setOpen(true)}>
          See what undoing them would do
        </Button>
      )}
    </Flex>
  );
}

function ClosedSet({
  set,
  closed,
  role,
}: {
  set: DeskHeldSet;
  closed: NonNullable<DeskHeldSet['closed']>;
  role: DeskRole;
}): ReactNode {
  return (
    <Flex direction="column" gap="xs">
      <Text>{`${set.title}: ${closed.outcome} by ${closed.who} ${ago(closed.at)}.`}</Text>
      {closed.outcome === 'discarded' ? <WentOut set={set} role={role} /> : null}
    </Flex>
  );
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
