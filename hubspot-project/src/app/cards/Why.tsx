/** "Why this value?": the sentence first, then the rule, then the evidence; and what would happen to another value. */
import {
  Button,
  DescriptionList,
  DescriptionListItem,
  Divider,
  Flex,
  Form,
  Heading,
  hubspot,
  Input,
  List,
  LoadingButton,
  Select,
  Text,
} from '@hubspot/ui-extensions';
import { useRuling } from '@tallystick/kit/changes';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import { ago, moment } from '@tallystick/kit/words';
import type { DeskEntry, DeskField, WhyAnswer } from '@tallystick/shared/deskMessages';
import type { CheckRecordAnswer, FunctionAnswer } from '@tallystick/shared/functionAnswers';
import { useState, type ReactNode } from 'react';
import type { Watched } from './useRecord.tsx';

export function Why({ field, watched }: { field: DeskField; watched: Watched }): ReactNode {
  const { place } = watched;
  const question = useQuestion<WhyAnswer>('why', { ...place, field: field.name, version: field.version });
  return (
    <Answered question={question} label="Looking it up …">
      {(why) => (
        <Flex direction="column" gap="md">
          <Text format={{ fontWeight: 'bold' }} testId="why-sentence">
            {why.sentence}
          </Text>
          <DescriptionList direction="row">
            <DescriptionListItem label="Whose word counts">
              <Text>{why.owner}</Text>
            </DescriptionListItem>
            <DescriptionListItem label="On a collision">
              <Text>{why.conflictRule}</Text>
            </DescriptionListItem>
            <DescriptionListItem label="Known to be the CRM’s">
              <Text>{`${ago(why.asOf)}, ${why.proven ? 'proven by a read' : 'as an event told us; a read will prove it'}`}</Text>
            </DescriptionListItem>
            <DescriptionListItem label="Rules">
              <Text>{`version ${why.ruleVersion}`}</Text>
            </DescriptionListItem>
          </DescriptionList>
          <Divider />
          <Heading>Evidence, newest first</Heading>
          {why.evidence.length === 0 ? (
            <Text>It has not changed since the record was first read.</Text>
          ) : (
            <List variant="unordered">
              {why.evidence.map((entry) => (
                <Evidence
                  key={entry.seq}
                  entry={entry}
                  field={field}
                  version={why.version}
                  watched={watched}
                />
              ))}
            </List>
          )}
          <Divider />
          <WhatIf field={field} watched={watched} />
        </Flex>
      )}
    </Answered>
  );
}

interface EvidenceProps {
  entry: DeskEntry;
  field: DeskField;
  version: string;
  watched: Watched;
}

function Evidence({ entry, field, version, watched }: EvidenceProps): ReactNode {
  const canRestore =
    watched.role === 'admin' && entry.lost !== null && entry.kind !== 'sent' && watched.refusal === null;
  return (
    <Flex direction="column" align="start">
      <Text variant="microcopy">
        {`${moment(entry.at)} · ${entry.kind}${entry.rule === null ? '' : ` · rule ${entry.rule}`} · entry ${entry.seq}`}
      </Text>
      <Text>{entry.sentence}</Text>
      {canRestore ? (
        <Restore lost={entry.lost ?? ''} field={field} version={version} watched={watched} />
      ) : null}
    </Flex>
  );
}

/** A losing value comes back by a write of its own, held against what is shown here. */
function Restore({
  lost,
  field,
  version,
  watched,
}: Omit<EvidenceProps, 'entry'> & { lost: string }): ReactNode {
  const { isBusy, rule } = useRuling(watched.onFresh);
  const restore = () =>
    rule({
      ...watched.place,
      ...{ conflictId: null, field: field.name, version },
      ...{ choice: 'write', value: lost, note: null },
    });
  return (
    <LoadingButton size="xs" variant="secondary" loading={isBusy} onClick={() => void restore()}>
      {`Restore “${lost}”`}
    </LoadingButton>
  );
}

/** A dry run inside HubSpot: nothing is written, and the service is not needed for it. */
function WhatIf({ field, watched: { place } }: { field: DeskField; watched: Watched }): ReactNode {
  const [wanted, setWanted] = useState('');
  const [said, setSaid] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const check = async (): Promise<void> => {
    setBusy(true);
    setSaid(await whatWouldHappen(place.objectType, place.recordId, field.name, wanted));
    setBusy(false);
  };
  return (
    <Form onSubmit={() => void check()}>
      <Flex direction="column" gap="sm" align="start">
        <Heading>What would happen if a customer asked for another value?</Heading>
        {field.options === undefined ? (
          <Input
            name="wanted"
            label={`${field.label}, as a customer would send it`}
            value={wanted}
            onInput={setWanted}
          />
        ) : (
          <Select
            name="wanted"
            label={`${field.label}, as a customer would send it`}
            value={wanted}
            options={field.options}
            onChange={(value) => setWanted(String(value))}
          />
        )}
        <Button size="xs" type="submit" disabled={isBusy}>
          Try it without writing
        </Button>
        {said.map((sentence) => (
          <Text key={sentence} testId="what-if">
            {sentence}
          </Text>
        ))}
      </Flex>
    </Form>
  );
}

async function whatWouldHappen(
  objectTypeId: string,
  objectId: string,
  field: string,
  wanted: string,
): Promise<string[]> {
  try {
    const parameters = { objectTypeId, objectId, edits: { [field]: wanted === '' ? null : wanted } };
    const answer = await hubspot.serverless<FunctionAnswer<CheckRecordAnswer>>('check_record', {
      parameters,
    });
    if (!answer.ok) return [answer.sentence];
    return answer.edits.flatMap(({ sentence, collision }) => [
      sentence,
      ...(collision === null ? [] : [collision]),
    ]);
  } catch {
    return ['This could not be tried: the app’s functions are not available in this account.'];
  }
}
