/** Work that waits for a person: the error in words, what to do, and the two ways out. */
import {
  Alert,
  Button,
  ButtonRow,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  TextArea,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import type { DeskParked, DeskRole } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import { useOrder } from './changes.tsx';
import { ago } from './words.tsx';

export interface ParkedProps {
  parked: DeskParked;
  role: DeskRole;
  showTitle?: boolean;
  onDone: () => void;
}

export function Parked({ parked, role, showTitle = false, onDone }: ParkedProps): ReactNode {
  const { object, recordId, title, attempts, since, error, advice } = parked;
  const { isBusy, order: send } = useOrder(onDone);
  const { closeOverlay } = useExtensionActions<'settings'>();
  const [reason, setReason] = useState('');
  const id = `discard-${object}-${recordId}`;
  const order = async (what: Record<string, string>): Promise<void> => {
    if (await send({ object, recordId, ...what })) closeOverlay(id);
  };
  return (
    <Alert
      title={`${showTitle ? `${title}: ` : ''}Set aside after ${attempts} attempts, ${ago(since)}`}
      variant="danger"
    >
      <Flex direction="column" gap="sm" align="start">
        <Text>{error}</Text>
        <Text>{advice}</Text>
        {role === 'admin' ? (
          <ButtonRow disableDropdown>
            <LoadingButton
              size="xs"
              variant="secondary"
              loading={isBusy}
              onClick={() => void order({ do: 'retry' })}
            >
              Try again
            </LoadingButton>
            <Button
              size="xs"
              variant="transparent"
              overlay={
                <Modal id={id} title={`Discard the work on ${title}`} variant="danger">
                  <ModalBody>
                    <Text>Nothing is changed in the CRM. The record is read again at its next change.</Text>
                    <TextArea
                      name="reason"
                      label="Reason"
                      description="At least three characters; kept with the order."
                      required
                      value={reason}
                      onInput={setReason}
                    />
                  </ModalBody>
                  <ModalFooter>
                    <LoadingButton
                      variant="destructive"
                      loading={isBusy}
                      disabled={reason.trim().length < 3}
                      onClick={() => void order({ do: 'discard', reason })}
                    >
                      Discard
                    </LoadingButton>
                    <Button onClick={() => closeOverlay(id)}>Cancel</Button>
                  </ModalFooter>
                </Modal>
              }
            >
              Discard …
            </Button>
          </ButtonRow>
        ) : (
          <Text variant="microcopy">Only an administrator of Tallystick may try it again or discard it.</Text>
        )}
      </Flex>
    </Alert>
  );
}
