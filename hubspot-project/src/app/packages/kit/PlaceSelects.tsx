/** Of which object, and of which of its fields: empty means all. */
import { Select } from '@hubspot/ui-extensions';
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';

interface Chosen {
  object: string;
  field: string;
}

export function PlaceSelects({
  objects,
  chosen,
  choose,
  label = 'Of',
  all = 'All records',
}: {
  objects: SettingsAnswer['objects'];
  chosen: Chosen;
  choose: (change: Partial<Chosen>) => void;
  label?: string;
  all?: string;
}): ReactNode {
  const fields = objects.find(({ name }) => name === chosen.object)?.fields ?? [];
  return (
    <>
      <Select
        name="object"
        label={label}
        value={chosen.object}
        options={optionsOf(all, objects)}
        onChange={(value) => choose({ object: String(value), field: '' })}
      />
      <Select
        name="field"
        label="Field"
        value={chosen.field}
        options={optionsOf('All fields', fields)}
        readOnly={chosen.object === ''}
        onChange={(value) => choose({ field: String(value) })}
      />
    </>
  );
}

export const optionsOf = (all: string, named: readonly { name: string; label: string }[]) => [
  { value: '', label: all },
  ...named.map(({ name, label }) => ({ value: name, label })),
];
