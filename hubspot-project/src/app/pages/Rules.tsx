/** The ownership table as it is in force, with its version. */
import { Accordion, Flex, Text } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { Rows } from '@tallystick/kit/Rows';
import type { RulesAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

export function Rules(): ReactNode {
  const question = useQuestion<RulesAnswer>('rules');
  return (
    <>
      <PageTitle>Rules</PageTitle>
      <Answered question={question} label="Looking …">
        {({ version, objects }) => (
          <Flex direction="column" gap="sm">
            <Text>{`Version ${version}, as the service runs it. A developer changes it in shared/ownership.ts.`}</Text>
            {objects.map(({ name, label, fields }, index) => (
              <Accordion key={name} title={label} defaultOpen={index === 0}>
                <ObjectRules fields={fields} />
              </Accordion>
            ))}
          </Flex>
        )}
      </Answered>
    </>
  );
}

function ObjectRules({ fields }: Pick<RulesAnswer['objects'][number], 'fields'>): ReactNode {
  return (
    <Rows
      heads={['Field', 'Property', 'Owner', 'On a collision', 'Seen by', 'Edited by']}
      rows={fields.map(({ label, property, owner, conflict, seenBy, editedBy }) => ({
        key: property,
        cells: [label, property, owner, <Text variant="microcopy">{conflict}</Text>, seenBy, editedBy],
      }))}
    />
  );
}
