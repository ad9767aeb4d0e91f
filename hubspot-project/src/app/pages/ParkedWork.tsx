/** Work that failed until it was set aside, of all records. */
import { EmptyState, Flex, Text } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { Parked } from '@tallystick/kit/Parked';
import type { ParkedAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

export function ParkedWork(): ReactNode {
  const question = useQuestion<ParkedAnswer>('parked');
  return (
    <>
      <PageTitle>Parked work</PageTitle>
      <Answered question={question} label="Looking …">
        {({ parked, role }) =>
          parked.length === 0 ? (
            <EmptyState title="Nothing is parked" layout="vertical">
              <Text>Work that fails six times is set aside here, so that it holds up nothing else.</Text>
            </EmptyState>
          ) : (
            <Flex direction="column" gap="sm">
              {parked.map((work) => (
                <Parked
                  key={`${work.object}-${work.recordId}`}
                  parked={work}
                  role={role}
                  showTitle
                  onDone={question.reload}
                />
              ))}
            </Flex>
          )
        }
      </Answered>
    </>
  );
}
