/** The record through one customer's eyes, and the reason why each field is visible, read-only or hidden. */
import { EmptyState, Flex, Select, Tag, Text } from '@hubspot/ui-extensions';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { Rows } from '@tallystick/kit/Rows';
import { ago } from '@tallystick/kit/words';
import type { DeskRecord, ViewAsAnswer } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import type { Place } from './useRecord.tsx';

const ACCESS = {
  editable: { label: 'Editable', variant: 'success' },
  'read-only': { label: 'Read-only', variant: 'info' },
  hidden: { label: 'Hidden', variant: 'default' },
} as const;

export function ViewAs({ record, place }: { record: DeskRecord; place: Place }): ReactNode {
  const [chosen, setChosen] = useState('');
  const { people } = record;
  const contactId = chosen === '' ? (people[0]?.contactId ?? '') : chosen;
  const query = { ...place, contactId, at: record.provenAt };
  const question = useQuestion<ViewAsAnswer>(contactId === '' ? null : 'view-as', query);
  if (people.length === 0)
    return (
      <EmptyState title="Nobody to look as" layout="vertical">
        <Text>Nobody with access to the portal sees this record.</Text>
      </EmptyState>
    );
  return (
    <Flex direction="column" gap="sm">
      <Select
        name="person"
        label="View as"
        value={contactId}
        options={people.map((person) => ({
          value: person.contactId,
          label: `${person.name} (${person.audience})`,
        }))}
        onChange={(value) => setChosen(String(value))}
      />
      <Answered question={question} label="Asking the portal …">
        {(view) => <View view={view} />}
      </Answered>
    </Flex>
  );
}

function View({ view: { person, record, fields } }: { view: ViewAsAnswer }): ReactNode {
  return (
    <Flex direction="column" gap="sm">
      <Text>
        {record === null
          ? `${person.name} does not see this record.`
          : `${person.name} sees it as “${record.title}”, known to be the CRM’s ${ago(record.asOf)}.`}
      </Text>
      <Rows
        heads={['Field', `What ${person.name} sees`, 'Access', 'Why']}
        rows={fields.map(({ name, label, access, text, reason }) => ({
          key: name,
          cells: [
            label,
            text ?? '(nothing)',
            <Tag variant={ACCESS[access].variant}>{ACCESS[access].label}</Tag>,
            <Text variant="microcopy">{reason}</Text>,
          ],
        }))}
      />
    </Flex>
  );
}
