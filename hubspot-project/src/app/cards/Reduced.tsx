/** What HubSpot alone can tell while the service is away: owners and last changes, clearly marked as the reduced view. */
import { Alert, Flex, hubspot, LoadingSpinner, Text } from '@hubspot/ui-extensions';
import { Rows } from '@tallystick/kit/Rows';
import { ago, OWNERS } from '@tallystick/kit/words';
import type { FunctionAnswer, RecordStatusAnswer } from '@tallystick/shared/functionAnswers';
import { useEffect, useState, type ReactNode } from 'react';
import type { Place } from './useRecord.tsx';

type Told = FunctionAnswer<RecordStatusAnswer> | null;

export function Reduced({ place: { objectType, recordId } }: { place: Place }): ReactNode {
  const [told, setTold] = useState<Told>(null);
  useEffect(() => {
    let isOver = false;
    void recordStatus(objectType, recordId).then((answer) => {
      if (!isOver) setTold(answer);
    });
    return () => {
      isOver = true;
    };
  }, [objectType, recordId]);
  if (told === null) return <LoadingSpinner label="Asking the CRM alone …" showLabel layout="centered" />;
  if (!told.ok) return <Text>{told.sentence}</Text>;
  return (
    <Flex direction="column" gap="sm">
      <Alert title="Reduced view" variant="warning">
        <Text>{told.sentence}</Text>
      </Alert>
      <Rows
        heads={['Field', 'In the CRM', 'Owner', 'Last change']}
        rows={told.fields.map(({ name, label, text, owner, who, at }) => ({
          key: name,
          cells: [label, text, OWNERS[owner], who === '' ? 'never set' : `${who}, ${ago(at)}`],
        }))}
      />
    </Flex>
  );
}

async function recordStatus(objectTypeId: string, objectId: string): Promise<NonNullable<Told>> {
  try {
    const parameters = { objectTypeId, objectId };
    return await hubspot.serverless<NonNullable<Told>>('record_status', { parameters });
  } catch {
    const sentence = 'The app’s functions are not available in this account, so there is no reduced view.';
    return { ok: false, code: 'no-answer', sentence };
  }
}
