/** Who is an administrator, who a viewer, and what everybody else is. */
import {
  Flex,
  Select,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { useChange } from '@tallystick/kit/desk';
import type { OrderAnswer, SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

const ROLES = [
  { value: 'admin', label: 'Administrator: decides, pauses, discards' },
  { value: 'viewer', label: 'Viewer: sees everything, decides nothing' },
  { value: 'none', label: 'No access' },
];
const OWN_ROLES = [{ value: '', label: 'As everybody else' }, ...ROLES];

export function People({ settings, onDone }: { settings: SettingsAnswer; onDone: () => void }): ReactNode {
  const { staff, everybody, role } = settings;
  const { isBusy, send } = useChange<OrderAnswer>('orders');
  const { addAlert } = useExtensionActions<'settings'>();
  const isLocked = role !== 'admin' || isBusy;
  const order = async (what: Record<string, unknown>): Promise<void> => {
    const answer = await send({ order: what });
    if (answer === null) return;
    addAlert({ type: answer.ok ? 'success' : 'warning', message: answer.sentence });
    onDone();
  };
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
      <Table bordered density="condensed">
        <TableHead>
          <TableRow>
            <TableHeader>Colleague</TableHeader>
            <TableHeader>Role</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {staff.map((person) => (
            <TableRow key={person.userId}>
              <TableCell>{person.name}</TableCell>
              <TableCell>
                {person.fixed ? (
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
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Flex>
  );
}
