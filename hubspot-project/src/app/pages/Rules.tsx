/** The ownership table as it is in force, with its version. */
import {
  Accordion,
  Flex,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
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
    <Table bordered density="compact">
      <TableHead>
        <TableRow>
          <TableHeader>Field</TableHeader>
          <TableHeader>Property</TableHeader>
          <TableHeader>Owner</TableHeader>
          <TableHeader>On a collision</TableHeader>
          <TableHeader>Seen by</TableHeader>
          <TableHeader>Edited by</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {fields.map(({ label, property, owner, conflict, seenBy, editedBy }) => (
          <TableRow key={property}>
            <TableCell>{label}</TableCell>
            <TableCell>{property}</TableCell>
            <TableCell>{owner}</TableCell>
            <TableCell>
              <Text variant="microcopy">{conflict}</Text>
            </TableCell>
            <TableCell>{seenBy}</TableCell>
            <TableCell>{editedBy}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
