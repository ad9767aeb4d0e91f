/** What HubSpot alone can tell while the service is away: owners and last changes, clearly marked as the reduced view. */
import {
  Alert,
  Flex,
  hubspot,
  LoadingSpinner,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
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
      <Table bordered density="compact">
        <TableHead>
          <TableRow>
            <TableHeader>Field</TableHeader>
            <TableHeader>In the CRM</TableHeader>
            <TableHeader>Owner</TableHeader>
            <TableHeader>Last change</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {told.fields.map(({ name, label, text, owner, who, at }) => (
            <TableRow key={name}>
              <TableCell>{label}</TableCell>
              <TableCell>{text}</TableCell>
              <TableCell>{OWNERS[owner]}</TableCell>
              <TableCell>{who === '' ? 'never set' : `${who}, ${ago(at)}`}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
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
