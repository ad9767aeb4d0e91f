/** Conflicts and proposals of all records: filtered, opened one by one, or decided alike. */
import {
  Alert,
  Button,
  Checkbox,
  EmptyState,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Select,
  Text,
  TextArea,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { Conflict } from '@tallystick/kit/Conflict';
import { useChange, useQuestion } from '@tallystick/kit/desk';
import { Pager } from '@tallystick/kit/Entries';
import { Answered } from '@tallystick/kit/Failure';
import { optionsOf } from '@tallystick/kit/PlaceSelects';
import type {
  BulkAnswer,
  ConflictsAnswer,
  DeskConflict,
  DeskRole,
  RulesAnswer,
} from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';

const SHOWN = [
  { value: 'true', label: 'Open' },
  { value: 'false', label: 'Settled' },
];
const KINDS = [
  { value: '', label: 'Conflicts and proposals' },
  { value: 'conflict', label: 'Conflicts' },
  { value: 'proposal', label: 'Proposals' },
];

interface Filter {
  open: string;
  kind: string;
  object: string;
  before: string;
}

export function Conflicts(): ReactNode {
  const [filter, setFilter] = useState<Filter>({ open: 'true', kind: '', object: '', before: '' });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const question = useQuestion<ConflictsAnswer>('conflicts', { ...filter });
  const choose = (change: Partial<Filter>) => {
    setChosen([]);
    setFilter({ ...filter, before: '', ...change });
  };
  const done = () => {
    setChosen([]);
    question.reload();
  };
  return (
    <>
      <PageTitle>Conflicts and proposals</PageTitle>
      <Filters filter={filter} choose={choose} />
      <Answered question={question} label="Looking …">
        {({ conflicts, role, next }) => (
          <Flex direction="column" gap="md">
            {conflicts.length === 0 ? (
              <EmptyState title="Nothing waits for you" layout="vertical">
                <Text>When a customer and a colleague change one field at once, it is listed here.</Text>
              </EmptyState>
            ) : null}
            {role === 'admin' && filter.open === 'true' ? (
              <DecideAlike
                conflicts={conflicts.filter(({ conflictId }) => chosen.includes(conflictId))}
                onDone={done}
              />
            ) : null}
            {conflicts.map((conflict) => (
              <Listed
                key={conflict.conflictId}
                conflict={conflict}
                role={role}
                isChosen={chosen.includes(conflict.conflictId)}
                onChoose={(isChosen) => {
                  const others = chosen.filter((id) => id !== conflict.conflictId);
                  setChosen(isChosen ? [...others, conflict.conflictId] : others);
                }}
                onDone={done}
              />
            ))}
            <Pager
              isFirst={filter.before === ''}
              next={next}
              onOlder={() => choose({ before: next ?? '' })}
              onNewest={() => choose({})}
            />
          </Flex>
        )}
      </Answered>
    </>
  );
}

function Filters({
  filter,
  choose,
}: {
  filter: Filter;
  choose: (change: Partial<Filter>) => void;
}): ReactNode {
  const rules = useQuestion<RulesAnswer>('rules');
  return (
    <Flex gap="sm" wrap>
      <Select
        name="open"
        label="Show"
        value={filter.open}
        options={SHOWN}
        onChange={(value) => choose({ open: String(value) })}
      />
      <Select
        name="kind"
        label="Kind"
        value={filter.kind}
        options={KINDS}
        onChange={(value) => choose({ kind: String(value) })}
      />
      <Select
        name="object"
        label="Of"
        value={filter.object}
        options={optionsOf('All records', rules.answer?.objects ?? [])}
        onChange={(value) => choose({ object: String(value) })}
      />
    </Flex>
  );
}

interface ListedProps {
  conflict: DeskConflict;
  role: DeskRole;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
  onDone: () => void;
}

function Listed({ conflict, role, isChosen, onChoose, onDone }: ListedProps): ReactNode {
  if (conflict.settled !== null) return <Text>{settledSentence(conflict)}</Text>;
  return (
    <Flex direction="column" gap="xs">
      {role === 'admin' ? (
        <Checkbox name={`choose-${conflict.conflictId}`} checked={isChosen} onChange={onChoose}>
          {`Choose ${conflict.label} of ${conflict.title}`}
        </Checkbox>
      ) : null}
      <Conflict conflict={conflict} role={role} showTitle onFresh={onDone} />
    </Flex>
  );
}

function settledSentence({ label, title, settled }: DeskConflict): string {
  if (settled === null) return '';
  const { choice, who, text } = settled;
  const WORDS = { keep: 'kept the CRM’s', take: 'took the customer’s', write: 'wrote another value' };
  return `${label} of ${title}: ${who} ${WORDS[choice]}, “${text}”.`;
}

/** The same decision for all that are chosen; each is still held against what was shown here. */
function DecideAlike({
  conflicts,
  onDone,
}: {
  conflicts: readonly DeskConflict[];
  onDone: () => void;
}): ReactNode {
  const { isBusy, send } = useChange<BulkAnswer>('rulings/many');
  const { addAlert, closeOverlay } = useExtensionActions<'pages'>();
  const [note, setNote] = useState('');
  const [failed, setFailed] = useState<readonly string[]>([]);
  const decide = async (choice: 'keep' | 'take'): Promise<void> => {
    const named = conflicts.map(({ object, recordId, conflictId, field, version }) => ({
      ...{ objectType: object, recordId, conflictId, field, version },
    }));
    const answer = await send({ choice, note: note === '' ? null : note, conflicts: named });
    if (answer === null) return;
    closeOverlay('decide-alike');
    if (!answer.ok) {
      addAlert({ type: 'warning', message: answer.sentence });
      return;
    }
    const refused = answer.results.filter((result) => !result.ok);
    setFailed(refused.map(({ conflictId, sentence }) => `Conflict ${conflictId}: ${sentence}`));
    const decided = answer.results.length - refused.length;
    addAlert({
      type: refused.length === 0 ? 'success' : 'warning',
      message: `${decided} decided, ${refused.length} left as they were.`,
    });
    onDone();
  };
  return (
    <Flex direction="column" gap="sm" align="start">
      {failed.length === 0 ? null : (
        <Alert title="Left as they were" variant="warning">
          {failed.join(' ')}
        </Alert>
      )}
      <Button
        size="sm"
        disabled={conflicts.length === 0}
        overlay={
          <Modal id="decide-alike" title={`The same decision for ${conflicts.length}`}>
            <ModalBody>
              <Text>{conflicts.map(({ label, title }) => `${label} of ${title}`).join(', ')}</Text>
              <TextArea
                name="note"
                label="Note to the customers"
                value={note}
                maxLength={500}
                onInput={setNote}
              />
            </ModalBody>
            <ModalFooter>
              <LoadingButton variant="primary" loading={isBusy} onClick={() => void decide('take')}>
                Take the customers’ values
              </LoadingButton>
              <LoadingButton variant="secondary" loading={isBusy} onClick={() => void decide('keep')}>
                Keep the CRM’s values
              </LoadingButton>
            </ModalFooter>
          </Modal>
        }
      >
        {`Decide ${conflicts.length} alike …`}
      </Button>
    </Flex>
  );
}
