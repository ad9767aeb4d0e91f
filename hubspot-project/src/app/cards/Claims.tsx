/** People who signed in and may be this contact: why it is not certain, what a decision would open, and the decision. */
import {
  Button,
  ButtonRow,
  Flex,
  Heading,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Tag,
  Text,
  Tile,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { useOrder } from '@tallystick/kit/changes';
import { ago } from '@tallystick/kit/words';
import type { DeskCandidate, DeskClaim, DeskRole } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

export interface ClaimProps {
  claim: DeskClaim;
  /** The contact whose record this is. */
  contactId: string;
  role: DeskRole;
  onDone: () => void;
}

export function Claim({ claim, contactId, role, onDone }: ClaimProps): ReactNode {
  const { address, openedAt, sentence, candidates } = claim;
  const here = candidates.find((candidate) => candidate.contactId === contactId) ?? null;
  const others = candidates.filter((candidate) => candidate !== here);
  return (
    <Tile>
      <Flex direction="column" gap="sm">
        <Flex gap="sm" align="center" wrap>
          <Heading>{address}</Heading>
          <Tag variant="warning">Wants access</Tag>
          <Text variant="microcopy">{`Signed in ${ago(openedAt)}`}</Text>
        </Flex>
        <Text>{sentence}</Text>
        {here === null ? null : <Text format={{ fontWeight: 'bold' }}>{here.sentence}</Text>}
        {others.length === 0 ? null : (
          <Text variant="microcopy">
            {`It may also be ${others.map(({ name, contactId: id }) => `${name} (contact ${id})`).join(', ')}.`}
          </Text>
        )}
        {role === 'admin' && here !== null ? (
          <Decisions claim={claim} candidate={here} onDone={onDone} />
        ) : (
          <Text variant="microcopy">Only an administrator of Tallystick may decide this.</Text>
        )}
      </Flex>
    </Tile>
  );
}

function Decisions({
  claim,
  candidate,
  onDone,
}: {
  claim: DeskClaim;
  candidate: DeskCandidate;
  onDone: () => void;
}): ReactNode {
  const { claimId, address } = claim;
  const { contactId, name, sentence } = candidate;
  const { isBusy, order } = useOrder(onDone);
  const { closeOverlay } = useExtensionActions<'settings'>();
  const decide = async (overlay: string, what: Record<string, unknown>): Promise<void> => {
    if (await order({ ...what, claimId })) closeOverlay(overlay);
  };
  return (
    <ButtonRow disableDropdown>
      <Sure
        id={`link-${claimId}`}
        label="Link to this contact …"
        title={`${address} is ${name}`}
        text={`${sentence} Do this only if you know that ${name} reads this mailbox, and nobody else.`}
        confirm="Link"
        isBusy={isBusy}
        isDanger={false}
        onSure={(id) => void decide(id, { do: 'link', object: 'contact', recordId: contactId })}
      />
      <Sure
        id={`refuse-${claimId}`}
        label="Refuse …"
        title={`Refuse ${address}`}
        text="The person sees nothing and is told to ask you. You can still link them later."
        confirm="Refuse"
        isBusy={isBusy}
        isDanger
        onSure={(id) => void decide(id, { do: 'refuse' })}
      />
    </ButtonRow>
  );
}

/** A button that asks once more. */
function Sure(sure: {
  id: string;
  label: string;
  title: string;
  text: string;
  confirm: string;
  isBusy: boolean;
  isDanger: boolean;
  onSure: (id: string) => void;
}): ReactNode {
  const { closeOverlay } = useExtensionActions<'settings'>();
  return (
    <Button
      size="xs"
      variant={sure.isDanger ? 'transparent' : 'secondary'}
      overlay={
        <Modal id={sure.id} title={sure.title} {...(sure.isDanger ? { variant: 'danger' as const } : {})}>
          <ModalBody>
            <Text>{sure.text}</Text>
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant={sure.isDanger ? 'destructive' : 'primary'}
              loading={sure.isBusy}
              onClick={() => sure.onSure(sure.id)}
            >
              {sure.confirm}
            </LoadingButton>
            <Button onClick={() => closeOverlay(sure.id)}>Cancel</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {sure.label}
    </Button>
  );
}
