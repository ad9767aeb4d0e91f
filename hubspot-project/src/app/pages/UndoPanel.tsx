/** What an undo would do, doing it, and how far it has come. */
import {
  Alert,
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { useChange, useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { Rows } from '@tallystick/kit/Rows';
import type {
  DeskRole,
  UndoAnswer,
  UndoFilter,
  UndoProgress,
  UndoStarted,
} from '@tallystick/shared/deskMessages';
import { useEffect, useState, type ReactNode } from 'react';

const AGAIN_MS = 1_500;

export function UndoPanel({ filter, role }: { filter: UndoFilter; role: DeskRole }): ReactNode {
  const question = useQuestion<UndoAnswer>('undo', { ...filter });
  const [undoId, setUndoId] = useState<string | null>(null);
  if (undoId !== null) return <Progress undoId={undoId} />;
  return (
    <Answered question={question} label="Looking at what was written …">
      {(answer) => <Preview answer={answer} filter={filter} role={role} onStarted={setUndoId} />}
    </Answered>
  );
}

interface PreviewProps {
  answer: UndoAnswer;
  filter: UndoFilter;
  role: DeskRole;
  onStarted: (undoId: string) => void;
}

function Preview({ answer, filter, role, onStarted }: PreviewProps): ReactNode {
  const { fields, records, samples, left, cut } = answer;
  return (
    <Flex direction="column" gap="sm" align="start">
      <Text format={{ fontWeight: 'bold' }}>
        {fields === 0
          ? 'Nothing would be put back.'
          : `${fields} ${fields === 1 ? 'value' : 'values'} of ${records} ${records === 1 ? 'record' : 'records'} would be put back.`}
      </Text>
      {samples.length === 0 ? null : (
        <Rows
          heads={['Record', 'Field', 'In the CRM', 'Put back to']}
          rows={samples.map(({ title, label, now, back }, index) => ({
            key: index,
            cells: [title, label, now, back],
          }))}
        />
      )}
      {fields > samples.length && samples.length > 0 ? (
        <Text variant="microcopy">{`The first ${samples.length} of ${fields}.`}</Text>
      ) : null}
      {left.map(({ text, samples: named }) => (
        <Text key={text} variant="microcopy">{`${text}: ${named.join(', ')}`}</Text>
      ))}
      {cut ? <Text>That is more than can be put back at once. Please narrow it down.</Text> : null}
      {role === 'admin' && fields > 0 && !cut ? (
        <Start answer={answer} filter={filter} onStarted={onStarted} />
      ) : null}
      {role === 'admin' ? null : (
        <Text variant="microcopy">Only an administrator of Tallystick may undo.</Text>
      )}
    </Flex>
  );
}

function Start({ answer, filter, onStarted }: Omit<PreviewProps, 'role'>): ReactNode {
  const { fields, until } = answer;
  const { isBusy, send } = useChange<UndoStarted>('undo');
  const { addAlert, closeOverlay } = useExtensionActions<'pages'>();
  const start = async (): Promise<void> => {
    const said = await send({ filter: { ...filter, until }, shown: fields });
    if (said === null) return;
    closeOverlay('undo');
    if (said.ok) onStarted(said.undoId);
    else addAlert({ type: 'warning', message: said.sentence });
  };
  return (
    <Button
      size="sm"
      overlay={
        <Modal id="undo" title={`Put back ${fields} ${fields === 1 ? 'value' : 'values'}`}>
          <ModalBody>
            <Text>
              What stood in the CRM before is written again, each value only if nobody has changed it in the
              meantime. The journal says that you did it, and an undo can itself be undone.
            </Text>
          </ModalBody>
          <ModalFooter>
            <LoadingButton variant="primary" loading={isBusy} onClick={() => void start()}>
              Put back
            </LoadingButton>
          </ModalFooter>
        </Modal>
      }
    >
      {`Put back ${fields} …`}
    </Button>
  );
}

function Progress({ undoId }: { undoId: string }): ReactNode {
  const question = useQuestion<UndoProgress>('undo/progress', { undoId });
  const { answer, isLoading, reload } = question;
  const isOver = answer?.waiting === 0;
  useEffect(() => {
    if (isLoading || isOver) return undefined;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isLoading, isOver, reload]);
  return (
    <Answered question={question} label="Putting back …">
      {({ waiting, sentence }) => (
        <Alert title={waiting === 0 ? 'Put back' : 'On its way'} variant={waiting === 0 ? 'success' : 'info'}>
          {`${sentence} Undo ${undoId}.`}
        </Alert>
      )}
    </Answered>
  );
}
