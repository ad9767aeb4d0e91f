/** Where the CRM's schema no longer fits the rules: what it touches, what to do, and what may be accepted. */
import { Alert, Button, EmptyState, Flex, LoadingButton, Text } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useOrder } from '@tallystick/kit/changes';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { ago } from '@tallystick/kit/words';
import type { DeskFinding, DeskRole, SchemaAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

const VARIANTS = { breaks: 'danger', warns: 'warning', tells: 'info' } as const;

export function Schema(): ReactNode {
  const question = useQuestion<SchemaAnswer>('schema');
  return (
    <>
      <PageTitle>Schema</PageTitle>
      <Answered question={question} label="Looking …">
        {({ findings, more, readAt, role }) => (
          <Flex direction="column" gap="sm">
            <Text variant="microcopy">{`The CRM’s schema was read ${ago(readAt)}.`}</Text>
            {findings.length === 0 ? (
              <EmptyState title="The schema fits the rules" layout="vertical">
                <Text>
                  Removed, renamed or changed properties, options, stages and labels are shown here.
                </Text>
              </EmptyState>
            ) : (
              findings.map((finding) => (
                <Found
                  key={`${finding.code}-${finding.subject}`}
                  finding={finding}
                  role={role}
                  onDone={question.reload}
                />
              ))
            )}
            <Flex>
              <Button size="xs" onClick={question.reload}>
                Look again
              </Button>
            </Flex>
            {more === 0 ? null : <Text>{`And ${more} more: “tally doctor” lists them all.`}</Text>}
          </Flex>
        )}
      </Answered>
    </>
  );
}

function Found({
  finding,
  role,
  onDone,
}: {
  finding: DeskFinding;
  role: DeskRole;
  onDone: () => void;
}): ReactNode {
  const { code, subject, severity, sentence, since, impact, advice, acceptable, shown } = finding;
  const { isBusy, order } = useOrder(onDone);
  return (
    <Alert title={sentence} variant={VARIANTS[severity]}>
      <Flex direction="column" gap="sm" align="start">
        <Text variant="microcopy">{`Found ${ago(since)}.`}</Text>
        {impact.length === 0 ? null : <Text>{impact.join(' ')}</Text>}
        <Text>{advice}</Text>
        {!acceptable ? null : role === 'admin' ? (
          <LoadingButton
            size="xs"
            variant="secondary"
            loading={isBusy}
            onClick={() => void order({ do: 'accept', code, subject, shown })}
          >
            Accept
          </LoadingButton>
        ) : (
          <Text variant="microcopy">Only an administrator of Tallystick may accept it.</Text>
        )}
      </Flex>
    </Alert>
  );
}
