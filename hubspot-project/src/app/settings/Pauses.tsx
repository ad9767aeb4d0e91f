/** Pausing and resuming: everything, an object or one field, outwards, inwards or both. Nothing is lost meanwhile. */
import { Button, Flex, Heading, Input, LoadingButton, Select, Text, Tile } from '@hubspot/ui-extensions';
import { useOrder } from '@tallystick/kit/changes';
import { PlaceSelects } from '@tallystick/kit/PlaceSelects';
import { ago } from '@tallystick/kit/words';
import type { DeskPause, SettingsAnswer } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';

const DIRECTIONS = [
  { value: 'both', label: 'In both directions' },
  { value: 'out', label: 'From the portal to the CRM' },
  { value: 'in', label: 'From the CRM to the portal' },
];

export function Pauses({ settings, onDone }: { settings: SettingsAnswer; onDone: () => void }): ReactNode {
  const { pauses, role } = settings;
  return (
    <Flex direction="column" gap="md">
      {pauses.length === 0 ? <Text>Nothing is paused.</Text> : null}
      {pauses.map((pause) => (
        <OnePause key={pause.pauseId} pause={pause} canResume={role === 'admin'} onDone={onDone} />
      ))}
      {role === 'admin' ? <NewPause settings={settings} onDone={onDone} /> : null}
    </Flex>
  );
}

function OnePause({
  pause,
  canResume,
  onDone,
}: {
  pause: DeskPause;
  canResume: boolean;
  onDone: () => void;
}): ReactNode {
  const { isBusy, order } = useOrder(onDone);
  return (
    <Tile compact>
      <Flex direction="column" gap="xs" align="start">
        <Text format={{ fontWeight: 'bold' }}>{pause.what}</Text>
        <Text>{`${pause.who}, ${ago(pause.since)}: ${pause.reason}`}</Text>
        {canResume ? (
          <LoadingButton
            size="xs"
            variant="primary"
            loading={isBusy}
            onClick={() => void order({ do: 'resume', pauseId: pause.pauseId })}
          >
            Resume
          </LoadingButton>
        ) : null}
      </Flex>
    </Tile>
  );
}

function NewPause({ settings, onDone }: { settings: SettingsAnswer; onDone: () => void }): ReactNode {
  const [place, setPlace] = useState({ object: '', field: '' });
  const [direction, setDirection] = useState('both');
  const [reason, setReason] = useState('');
  const { isBusy, order } = useOrder(() => {
    setReason('');
    onDone();
  });
  const { object, field } = place;
  const pause = () =>
    order({
      do: 'pause',
      object: object === '' ? null : object,
      field: field === '' ? null : field,
      direction,
      reason,
    });
  return (
    <Flex direction="column" gap="sm" align="start">
      <Heading>Pause</Heading>
      <PlaceSelects
        objects={settings.objects}
        chosen={place}
        choose={(change) => setPlace({ ...place, ...change })}
        label="What"
        all="Everything"
      />
      <Select
        name="direction"
        label="Direction"
        value={direction}
        options={DIRECTIONS}
        onChange={(value) => setDirection(String(value))}
      />
      <Input
        name="reason"
        label="Reason"
        description="Colleagues read it on every card it concerns; at least three characters."
        required
        value={reason}
        onInput={setReason}
      />
      <LoadingButton
        size="sm"
        variant="secondary"
        loading={isBusy}
        disabled={reason.trim().length < 3}
        onClick={() => void pause()}
      >
        Pause
      </LoadingButton>
      <Button size="xs" variant="transparent" onClick={onDone}>
        Show the present state
      </Button>
    </Flex>
  );
}
