/** Every field: whose word counts, both sides' values, and how they stand. */
import {
  Button,
  EmptyState,
  Flex,
  Panel,
  PanelBody,
  PanelSection,
  StatusTag,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
  Toggle,
} from '@hubspot/ui-extensions';
import { ago, OWNERS, STATES } from '@tallystick/kit/words';
import type { DeskField, DeskRecord } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';
import type { Watched } from './useRecord.tsx';
import { Why } from './Why.tsx';

export function Fields({ record, watched }: { record: DeskRecord; watched: Watched }): ReactNode {
  const [onlyDiffering, setOnlyDiffering] = useState(false);
  const shown = onlyDiffering ? record.fields.filter((field) => field.differs) : record.fields;
  return (
    <Flex direction="column" gap="sm">
      <Toggle
        label="Only what differs"
        labelDisplay="inline"
        size="sm"
        checked={onlyDiffering}
        onChange={setOnlyDiffering}
      />
      {shown.length === 0 ? (
        <EmptyState title="Nothing differs" layout="vertical">
          <Text>Both sides hold the same value in every field.</Text>
        </EmptyState>
      ) : (
        <Table bordered density="condensed">
          <TableHead>
            <TableRow>
              <TableHeader>Field</TableHeader>
              <TableHeader>In the CRM</TableHeader>
              <TableHeader>In the portal</TableHeader>
              <TableHeader>State</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {shown.map((field) => (
              <FieldRow key={field.name} field={field} watched={watched} />
            ))}
          </TableBody>
        </Table>
      )}
    </Flex>
  );
}

function FieldRow({ field, watched }: { field: DeskField; watched: Watched }): ReactNode {
  const { name, label, owner, crm, portal, state, seenBy, note } = field;
  return (
    <TableRow>
      <TableCell>
        <Text format={{ fontWeight: 'demibold' }}>{label}</Text>
        <Text variant="microcopy">{`Owner: ${OWNERS[owner]}`}</Text>
      </TableCell>
      <TableCell>
        <Text testId={`crm-${name}`}>{crm.text}</Text>
        <Text variant="microcopy">{crm.who === '' ? 'never set' : `${crm.who}, ${ago(crm.at)}`}</Text>
      </TableCell>
      <TableCell>
        {portal === null ? (
          <Text variant="microcopy">not shown</Text>
        ) : (
          <>
            <Text testId={`portal-${name}`}>{portal}</Text>
            <Text variant="microcopy">{`seen by ${seenBy.join(', ')}`}</Text>
          </>
        )}
      </TableCell>
      <TableCell>
        <Flex direction="column" align="start">
          <StatusTag variant={STATES[state].variant} hollow>
            {STATES[state].label}
          </StatusTag>
          {note === undefined ? null : <Text variant="microcopy">{note}</Text>}
          <WhyButton field={field} watched={watched} />
        </Flex>
      </TableCell>
    </TableRow>
  );
}

function WhyButton({ field, watched }: { field: DeskField; watched: Watched }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const id = `why-${field.name}`;
  return (
    <Button
      size="xs"
      variant="transparent"
      testId={id}
      onClick={() => setOpen(true)}
      overlay={
        <Panel
          id={id}
          title={`Why this value? ${field.label}`}
          width="md"
          onOpen={() => setOpen(true)}
          onClose={() => setOpen(false)}
        >
          <PanelBody>
            <PanelSection>{isOpen ? <Why field={field} watched={watched} /> : null}</PanelSection>
          </PanelBody>
        </Panel>
      }
    >
      {`Why ${field.label}?`}
    </Button>
  );
}
