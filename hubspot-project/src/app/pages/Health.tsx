/** Is all well, how far behind are we, and what happened in the last day. */
import {
  Alert,
  AutoGrid,
  BarChart,
  Button,
  Flex,
  Heading,
  Statistics,
  StatisticsItem,
  StatusTag,
  Table,
  TableBody,
  TableCell,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import type { HealthAnswer } from '@tallystick/shared/deskMessages';
import { useEffect, type ReactNode } from 'react';

const AGAIN_MS = 15_000;

export function Health(): ReactNode {
  const question = useQuestion<HealthAnswer>('health');
  const { reload, isLoading } = question;
  useEffect(() => {
    if (isLoading) return undefined;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isLoading, reload]);
  return (
    <>
      <PageTitle>Health</PageTitle>
      <Answered question={question} label="Looking …">
        {(health) => (
          <Flex direction="column" gap="md">
            <Alert
              title={health.well ? 'All is well' : 'Needs a look'}
              variant={health.well ? 'success' : 'danger'}
            >
              {health.sentence}
            </Alert>
            <AutoGrid columnWidth={220} gap="md" flexible>
              {health.numbers.map(({ label, text }) => (
                <Statistics key={label}>
                  <StatisticsItem label={label} number={text} />
                </Statistics>
              ))}
            </AutoGrid>
            <Channels channels={health.channels} />
            <Hours hours={health.hours} />
            <Flex>
              <Button size="xs" onClick={reload}>
                Look again
              </Button>
            </Flex>
          </Flex>
        )}
      </Answered>
    </>
  );
}

function Channels({ channels }: Pick<HealthAnswer, 'channels'>): ReactNode {
  return (
    <Flex direction="column" gap="sm">
      <Heading>Channels</Heading>
      <Table bordered density="compact">
        <TableBody>
          {channels.map(({ label, ok, text }) => (
            <TableRow key={label}>
              <TableCell>{label}</TableCell>
              <TableCell>
                <Standing ok={ok} />
              </TableCell>
              <TableCell>
                <Text>{text}</Text>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Flex>
  );
}

function Standing({ ok }: Pick<HealthAnswer['channels'][number], 'ok'>): ReactNode {
  if (ok === null) return <StatusTag variant="default">Not yet</StatusTag>;
  return <StatusTag variant={ok ? 'success' : 'danger'}>{ok ? 'Up' : 'Look here'}</StatusTag>;
}

function Hours({ hours }: Pick<HealthAnswer, 'hours'>): ReactNode {
  const data = hours.flatMap(({ hour, changes, conflicts }) => [
    { hour: hour.slice(11, 13), count: changes, what: 'Changes' },
    { hour: hour.slice(11, 13), count: conflicts, what: 'Conflicts' },
  ]);
  return (
    <BarChart
      data={data}
      axes={{
        x: { field: 'hour', fieldType: 'category', label: 'Hour (UTC)' },
        y: { field: 'count', fieldType: 'linear', label: 'How many' },
        options: { groupFieldByColor: 'what' },
      }}
      options={{ title: 'Changes and conflicts of the last 24 hours', showLegend: true }}
    />
  );
}
