/** What went wrong, in the words the desk gave, and the way out. */
import { Alert, Button, Flex, LoadingSpinner, Text } from '@hubspot/ui-extensions';
import type { DeskRefusal } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import type { Question } from './desk.tsx';

export function Failure({ refusal, onRetry }: { refusal: DeskRefusal; onRetry?: () => void }): ReactNode {
  const title = refusal.code === 'unreachable' ? 'Service unreachable' : 'This cannot be shown';
  return (
    <Alert title={title} variant={refusal.code === 'unreachable' ? 'danger' : 'warning'}>
      <Flex direction="column" gap="sm" align="start">
        <Text>{refusal.sentence}</Text>
        {onRetry === undefined ? null : (
          <Button size="xs" variant="secondary" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Flex>
    </Alert>
  );
}

/** A question's answer, or why there is none yet. */
export function Answered<T>({
  question,
  label,
  children,
}: {
  question: Question<T>;
  label: string;
  children: (answer: T & { ok: true }) => ReactNode;
}): ReactNode {
  const { answer, refusal, reload } = question;
  if (answer === null) {
    return refusal === null ? (
      <LoadingSpinner label={label} showLabel layout="centered" />
    ) : (
      <Failure refusal={refusal} onRetry={reload} />
    );
  }
  return (
    <Flex direction="column" gap="md">
      {refusal === null ? null : <Failure refusal={refusal} onRetry={reload} />}
      {children(answer)}
    </Flex>
  );
}
