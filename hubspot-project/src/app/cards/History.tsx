/** The record's journal, and the record as it was at a chosen moment. */
import {
  Button,
  DateInput,
  Flex,
  Heading,
  Select,
  Text,
  TimeInput,
  type BaseDate,
  type BaseTime,
} from '@hubspot/ui-extensions';
import { useQuestion } from '@tallystick/kit/desk';
import { Entries, Pager } from '@tallystick/kit/Entries';
import { Answered } from '@tallystick/kit/Failure';
import { optionsOf } from '@tallystick/kit/PlaceSelects';
import { Rows } from '@tallystick/kit/Rows';
import { KINDS, moment } from '@tallystick/kit/words';
import type { AsOfAnswer, DeskRecord, HistoryAnswer } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import type { Place } from './useRecord.tsx';

export function History({ record, place }: { record: DeskRecord; place: Place }): ReactNode {
  const [field, setField] = useState('');
  const [kind, setKind] = useState('');
  const [before, setBefore] = useState<number | null>(null);
  // Asked again when the record moves.
  const query = { ...place, field, kind, before: before === null ? '' : String(before), at: record.provenAt };
  const question = useQuestion<HistoryAnswer>('history', query);
  return (
    <Flex direction="column" gap="md">
      <Flex gap="sm" wrap>
        <Select
          name="field"
          label="Field"
          value={field}
          options={optionsOf('All fields', record.fields)}
          onChange={(value) => {
            setField(String(value));
            setBefore(null);
          }}
        />
        <Select
          name="kind"
          label="Kind"
          value={kind}
          options={[...KINDS]}
          onChange={(value) => {
            setKind(String(value));
            setBefore(null);
          }}
        />
      </Flex>
      <Answered question={question} label="Reading the journal …">
        {({ entries, next }) => (
          <Flex direction="column" gap="sm">
            <Entries entries={entries} />
            <Pager
              isFirst={before === null}
              next={next}
              onOlder={() => setBefore(next)}
              onNewest={() => setBefore(null)}
            />
          </Flex>
        )}
      </Answered>
      <AsOf place={place} />
    </Flex>
  );
}

/** The day and time are UTC, like every time on this card. */
function AsOf({ place }: { place: Place }): ReactNode {
  const [day, setDay] = useState<BaseDate | null>(null);
  const [time, setTime] = useState<BaseTime>({ hours: 12, minutes: 0 });
  const [at, setAt] = useState<string | null>(null);
  const question = useQuestion<AsOfAnswer>(at === null ? null : 'as-of', { ...place, at });
  return (
    <Flex direction="column" gap="sm" align="start">
      <Heading>The record as it was</Heading>
      <Flex gap="sm" align="end" wrap>
        <DateInput name="day" label="Day" {...(day === null ? {} : { value: day })} onChange={setDay} />
        <TimeInput
          name="time"
          label="Time (UTC)"
          value={time}
          onChange={({ hours, minutes }) => setTime({ hours, minutes })}
        />
        <Button
          size="sm"
          disabled={day === null}
          onClick={() => {
            if (day !== null)
              setAt(
                new Date(Date.UTC(day.year, day.month, day.date, time.hours, time.minutes)).toISOString(),
              );
          }}
        >
          Show both sides
        </Button>
      </Flex>
      {at === null ? null : (
        <Answered question={question} label="Reading the journal …">
          {(then) =>
            then.fields === null ? (
              <Text>{`This record was not known yet at ${moment(then.at)}.`}</Text>
            ) : (
              <BothSides at={then.at} fields={then.fields} />
            )
          }
        </Answered>
      )}
    </Flex>
  );
}

function BothSides({ at, fields }: { at: string; fields: NonNullable<AsOfAnswer['fields']> }): ReactNode {
  return (
    <Rows
      heads={[`At ${moment(at)}`, 'In the CRM', 'In the portal']}
      rows={fields.map(({ name, label, crm, portal }) => ({
        key: name,
        cells: [label, crm, portal ?? 'not shown'],
      }))}
    />
  );
}
