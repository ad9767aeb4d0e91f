/** The Portal Sync card: do portal and CRM agree on this record, what is on its way, what collided, and why. */
import { Flex, hubspot, LoadingSpinner, Tab, Tabs, Text } from '@hubspot/ui-extensions';
import { Conflict } from '@tallystick/kit/Conflict';
import { Failure } from '@tallystick/kit/Failure';
import { Parked } from '@tallystick/kit/Parked';
import type { DeskRecord } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import { Claim } from './Claims.tsx';
import { Fields } from './Fields.tsx';
import { Head, SyncNow } from './Head.tsx';
import { History } from './History.tsx';
import { Reduced } from './Reduced.tsx';
import { Settled } from './Settled.tsx';
import { useRecord, type Watched } from './useRecord.tsx';
import { ViewAs } from './ViewAs.tsx';

hubspot.extend<'crm.record.tab'>(() => <PortalSync />);

export function PortalSync(): ReactNode {
  const watched = useRecord();
  const { record, refusal, place, reload } = watched;
  if (record === null && refusal === null)
    return <LoadingSpinner label="Comparing portal and CRM …" showLabel layout="centered" />;
  const isAway = refusal?.code === 'unreachable';
  if (record === null && !isAway)
    return (
      <Flex direction="column" gap="sm" align="start">
        {refusal === null ? null : <Failure refusal={refusal} onRetry={reload} />}
        <SyncNow watched={watched} />
      </Flex>
    );
  return (
    <Flex direction="column" gap="md">
      <Head watched={watched} />
      {record === null ? <Reduced place={place} /> : <Whole record={record} watched={watched} />}
    </Flex>
  );
}

function Whole({ record, watched }: { record: DeskRecord; watched: Watched }): ReactNode {
  const { place, role, reload, onFresh } = watched;
  // Only the tab that is looked at asks the desk for its part.
  const [tab, setTab] = useState('fields');
  const open = record.conflicts.filter((conflict) => conflict.settled === null);
  const settled = record.conflicts.filter((conflict) => conflict.settled !== null);
  return (
    <Flex direction="column" gap="md">
      {record.parked === null ? null : <Parked parked={record.parked} role={role} onDone={reload} />}
      {open.map((conflict) => (
        <Conflict key={conflict.conflictId} conflict={conflict} role={role} onFresh={onFresh} />
      ))}
      {record.claims.map((claim) => (
        <Claim key={claim.claimId} claim={claim} contactId={record.recordId} role={role} onDone={reload} />
      ))}
      <Tabs selected={tab} onSelectedChange={(chosen: string | number) => setTab(String(chosen))}>
        <Tab tabId="fields" title="Fields">
          <Fields record={record} watched={watched} />
        </Tab>
        <Tab tabId="history" title="History">
          {tab === 'history' ? <History record={record} place={place} /> : null}
        </Tab>
        <Tab tabId="settled" title={`Settled conflicts (${settled.length})`}>
          {settled.length === 0 ? (
            <Text>No conflict of this record has been settled yet.</Text>
          ) : (
            <Settled conflicts={settled} watched={watched} />
          )}
        </Tab>
        <Tab tabId="view-as" title="View as the customer">
          {tab === 'view-as' ? <ViewAs record={record} place={place} /> : null}
        </Tab>
      </Tabs>
    </Flex>
  );
}
