/** Taking back what Tallystick wrote: by person, receipt, field and time. */
import { Button, Flex, Input, Select, Text } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { PlaceSelects } from '@tallystick/kit/PlaceSelects';
import type { SettingsAnswer, UndoFilter } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import { UndoPanel } from './UndoPanel.tsx';

const HOUR_MS = 3_600_000;
const WITHIN = [
  { value: '1', label: 'The last hour' },
  { value: '24', label: 'The last day' },
  { value: '168', label: 'The last seven days' },
  { value: '', label: 'Any time' },
];

export function Undo(): ReactNode {
  const [asked, setAsked] = useState({
    person: '',
    editId: '',
    undoId: '',
    object: '',
    field: '',
    hours: '24',
  });
  const [looking, setLooking] = useState<UndoFilter | null>(null);
  const settings = useQuestion<SettingsAnswer>('settings');
  const choose = (change: Partial<typeof asked>) => {
    setLooking(null);
    setAsked({ ...asked, ...change });
  };
  return (
    <>
      <PageTitle>Undo</PageTitle>
      <Text>
        Puts back what stood in the CRM before Tallystick wrote to it. What a colleague changed since is left
        alone, and so are decisions of customers and what another system owns.
      </Text>
      <Answered question={settings} label="Looking …">
        {({ role, objects }) => (
          <Flex direction="column" gap="md">
            <Chosen asked={asked} choose={choose} objects={objects} />
            <Flex>
              <Button size="sm" onClick={() => setLooking(filterOf(asked))}>
                See what would be put back
              </Button>
            </Flex>
            {looking === null ? null : <UndoPanel filter={looking} role={role} />}
          </Flex>
        )}
      </Answered>
    </>
  );
}

type Asked = Record<'person' | 'editId' | 'undoId' | 'object' | 'field' | 'hours', string>;

/** What is to be looked at. */
function Chosen({
  asked,
  choose,
  objects,
}: {
  asked: Asked;
  choose: (change: Partial<Asked>) => void;
  objects: SettingsAnswer['objects'];
}): ReactNode {
  return (
    <Flex gap="sm" wrap>
      <Select
        name="hours"
        label="Written within"
        value={asked.hours}
        options={WITHIN}
        onChange={(value) => choose({ hours: String(value) })}
      />
      <PlaceSelects objects={objects} chosen={asked} choose={choose} />
      <Input
        name="person"
        label="Asked by"
        placeholder="A contact’s record id"
        value={asked.person}
        onChange={(value) => choose({ person: value.trim() })}
      />
      <Input
        name="editId"
        label="Receipt"
        value={asked.editId}
        onChange={(value) => choose({ editId: value.trim() })}
      />
      <Input
        name="undoId"
        label="Or an undo"
        value={asked.undoId}
        onChange={(value) => choose({ undoId: value.trim() })}
      />
    </Flex>
  );
}

function filterOf(asked: Asked): UndoFilter {
  const { hours, ...named } = asked;
  const said = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''));
  const since = hours === '' ? {} : { since: new Date(Date.now() - Number(hours) * HOUR_MS).toISOString() };
  return { ...said, ...since };
}
