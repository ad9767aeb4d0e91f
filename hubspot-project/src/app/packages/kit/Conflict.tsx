/** A conflict or a proposal: both values side by side, with who, when and what each saw; and the decision. */
import {
  Alert,
  AutoGrid,
  Button,
  ButtonRow,
  Flex,
  Heading,
  Input,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Select,
  Tag,
  Text,
  TextArea,
  Tile,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import type { Choice, DeskConflict, DeskRecord, DeskRole } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import { useRuling } from './changes.tsx';
import { ago } from './words.tsx';

export interface ConflictProps {
  conflict: DeskConflict;
  role: DeskRole;
  /** Named where the conflict is not shown inside its own record. */
  showTitle?: boolean;
  /** The record as it stands after a decision, or after one was refused. */
  onFresh: (record: DeskRecord) => void;
}

export function Conflict({ conflict, role, showTitle = false, onFresh }: ConflictProps): ReactNode {
  const { kind, label, title, crm, customer, moved, now, pending } = conflict;
  const { isBusy, decide } = useDecision(conflict, onFresh);
  const isProposal = kind === 'proposal';
  return (
    <Tile>
      <Flex direction="column" gap="sm">
        <Flex gap="sm" align="center" wrap>
          <Heading>{showTitle ? `${label} of ${title}` : label}</Heading>
          <Tag variant={isProposal ? 'info' : 'warning'}>{isProposal ? 'Wants approval' : 'Conflict'}</Tag>
          <Text variant="microcopy">{`Opened ${ago(conflict.openedAt)}`}</Text>
        </Flex>
        <AutoGrid columnWidth={220} gap="sm" flexible>
          <Side
            heading="In the CRM"
            text={crm.text}
            who={crm.who}
            at={crm.at}
            saw={crm.before === null ? null : `before: ${crm.before}`}
          />
          <Side
            heading={isProposal ? 'The customer would like' : 'The customer asked for'}
            text={customer.text}
            who={customer.who}
            at={customer.at}
            saw={`was looking at: ${customer.saw}`}
          />
        </AutoGrid>
        {moved ? (
          <Alert title="The CRM has moved since" variant="warning">
            {`It now holds: ${now}. That is what “keep” keeps.`}
          </Alert>
        ) : null}
        {role === 'admin' ? (
          <Decisions conflict={conflict} isBusy={isBusy || pending} decide={decide} />
        ) : (
          <Text variant="microcopy">Only an administrator of Tallystick may decide this.</Text>
        )}
      </Flex>
    </Tile>
  );
}

function Side(side: {
  heading: string;
  text: string;
  who: string;
  at: string | null;
  saw: string | null;
}): ReactNode {
  return (
    <Tile compact>
      <Flex direction="column" gap="xs">
        <Text variant="microcopy">{side.heading}</Text>
        <Text format={{ fontWeight: 'bold' }}>{side.text}</Text>
        <Text variant="microcopy">{`${side.who}, ${ago(side.at)}`}</Text>
        {side.saw === null ? null : <Text variant="microcopy">{side.saw}</Text>}
      </Flex>
    </Tile>
  );
}

interface Decided {
  choice: Choice;
  value: string | null;
  note: string;
}

function useDecision(
  { conflictId, object, recordId, field, version }: DeskConflict,
  onFresh: (record: DeskRecord) => void,
): { isBusy: boolean; decide: (decided: Decided) => Promise<boolean> } {
  const { isBusy, rule } = useRuling(onFresh);
  const place = { objectType: object, recordId, conflictId, field, version };
  const decide = ({ choice, value, note }: Decided): Promise<boolean> =>
    rule({ ...place, choice, value, note: note === '' ? null : note });
  return { isBusy, decide };
}

function Decisions({
  conflict,
  isBusy,
  decide,
}: {
  conflict: DeskConflict;
  isBusy: boolean;
  decide: (decided: Decided) => Promise<boolean>;
}): ReactNode {
  const isProposal = conflict.kind === 'proposal';
  const of = `${conflict.label} of ${conflict.title}`;
  const now = (choice: Choice) => () => void decide({ choice, value: null, note: '' });
  return (
    <ButtonRow disableDropdown>
      <LoadingButton
        size="sm"
        variant={isProposal ? 'primary' : 'secondary'}
        loading={isBusy}
        onClick={now('take')}
        testId={`take-${conflict.conflictId}`}
      >
        {isProposal ? 'Approve' : 'Take the customer’s'}
      </LoadingButton>
      {isProposal ? null : (
        <Button size="sm" disabled={isBusy} onClick={now('keep')} testId={`keep-${conflict.conflictId}`}>
          Keep the CRM’s
        </Button>
      )}
      <Button
        size="sm"
        disabled={isBusy}
        variant="transparent"
        overlay={
          <WriteModal
            conflict={conflict}
            title={isProposal ? `Decline the change of ${of}` : `Write another value for ${of}`}
            choice={isProposal ? 'keep' : 'write'}
            isBusy={isBusy}
            decide={decide}
          />
        }
      >
        {isProposal ? 'Decline …' : 'Another value …'}
      </Button>
    </ButtonRow>
  );
}

/** Another value, or a note to the customer, or both. */
function WriteModal({
  conflict,
  title,
  choice,
  isBusy,
  decide,
}: {
  conflict: DeskConflict;
  title: string;
  choice: Choice;
  isBusy: boolean;
  decide: (decided: Decided) => Promise<boolean>;
}): ReactNode {
  const { closeOverlay } = useExtensionActions<'settings'>();
  const [value, setValue] = useState('');
  const [note, setNote] = useState('');
  const id = `write-${conflict.conflictId}`;
  const submit = async (): Promise<void> => {
    if (await decide({ choice, value: choice === 'write' ? value : null, note })) closeOverlay(id);
  };
  return (
    <Modal id={id} title={title} width="md">
      <ModalBody>
        <Flex direction="column" gap="md">
          {choice === 'write' ? (
            <ValueInput conflict={conflict} value={value} onValue={setValue} />
          ) : (
            <Text>{`The CRM keeps ${conflict.now}. The customer is told that the change was declined.`}</Text>
          )}
          <TextArea
            name="note"
            label="Note to the customer"
            description="Stands on the customer’s receipt."
            value={note}
            maxLength={500}
            onInput={setNote}
          />
        </Flex>
      </ModalBody>
      <ModalFooter>
        <LoadingButton
          variant={choice === 'write' ? 'primary' : 'destructive'}
          loading={isBusy}
          onClick={() => void submit()}
        >
          {choice === 'write' ? 'Write this value' : 'Decline'}
        </LoadingButton>
        <Button onClick={() => closeOverlay(id)}>Cancel</Button>
      </ModalFooter>
    </Modal>
  );
}

function ValueInput({
  conflict: { options, label },
  value,
  onValue,
}: {
  conflict: DeskConflict;
  value: string;
  onValue: (value: string) => void;
}): ReactNode {
  if (options === undefined)
    return <Input name="value" label={label} value={value} required onInput={onValue} />;
  return (
    <Select
      name="value"
      label={label}
      value={value}
      required
      options={options}
      onChange={(chosen) => onValue(String(chosen))}
    />
  );
}
