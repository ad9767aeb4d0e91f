/** Who is an administrator, who a viewer, and what everybody else is. */
import { Flex, Select, Text } from '@hubspot/ui-extensions';
import { useOrder } from '@tallystick/kit/changes';
import { Rows } from '@tallystick/kit/Rows';
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

const ROLES = [
  { value: 'admin', label: 'Administrator: decides, pauses, discards' },
  { value: 'viewer', label: 'Viewer: sees everything, decides nothing' },
  { value: 'none', label: 'No access' },
];
const OWN_ROLES = [{ value: '', label: 'As everybody else' }, ...ROLES];

export function People({ settings, onDone }: { settings: SettingsAnswer; onDone: () => void }): ReactNode {
  const { staff, everybody, role } = settings;
  const { isBusy, order } = useOrder(onDone);
  const isLocked = role !== 'admin' || isBusy;
  return (
    <Flex direction="column" gap="md">
      <Select
        name="everybody"
        label="Everybody who is not listed with a role of their own"
        value={everybody}
        options={ROLES}
        readOnly={isLocked}
        onChange={(value) => void order({ do: 'everybody', role: value })}
      />
      <Rows
        density="condensed"
        heads={['Colleague', 'Role']}
        rows={staff.map((person) => ({
          key: person.userId,
          cells: [
            person.name,
            person.fixed ? (
              <Text>Administrator, by the service’s own configuration</Text>
            ) : (
              <Select
                name={`role-${person.userId}`}
                label={`Role of ${person.name}`}
                value={person.role ?? ''}
                options={OWN_ROLES}
                readOnly={isLocked}
                onChange={(value) =>
                  void order({ do: 'role', userId: person.userId, role: value === '' ? null : value })
                }
              />
            ),
          ],
        }))}
      />
    </Flex>
  );
}
