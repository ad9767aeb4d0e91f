/** An extension for a test of the host: one of everything that can be done, and the answer as text beside it. */
import {
  Alert,
  Accordion,
  Button,
  Checkbox,
  DateInput,
  Dropdown,
  Flex,
  Form,
  Input,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  MultiSelect,
  NumberInput,
  Panel,
  PanelBody,
  Select,
  StepperInput,
  Tab,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Tabs,
  Text,
  TextArea,
  Toggle,
  ToggleGroup,
  Tooltip,
  hubspot,
  useExtensionActions,
  useExtensionContext,
} from '@hubspot/ui-extensions';
import { useCrmProperties } from '@hubspot/ui-extensions/crm';
import { useState, type ReactNode } from 'react';

hubspot.extend<'crm.record.tab'>(() => <Interactions />);

function Interactions(): ReactNode {
  const { user, crm, variables } = useExtensionContext<'crm.record.tab'>();
  return (
    <Flex direction="column" gap="md">
      <Text testId="context">{`${user.firstName} ${user.emails.join()} ${crm.objectId} ${String(variables?.PLACE)}`}</Text>
      <Typing />
      <Submitting />
      <Choosing />
      <Tabbing />
      <Paging />
      <Overlays />
      <Asking />
      <Record />
      <Breaking />
    </Flex>
  );
}

function Typing(): ReactNode {
  const [typed, setTyped] = useState('');
  const [left, setLeft] = useState<string[]>([]);
  return (
    <>
      <Input
        name="own"
        label="Own words"
        tooltip="Whatever you like"
        description="Seen by nobody"
        value={typed}
        error={typed === 'bad'}
        {...(typed === 'bad' ? { validationMessage: 'Not that one' } : {})}
        onInput={setTyped}
        onChange={(value) => setLeft((before) => [...before, value])}
      />
      <Text testId="typed">{`typed ${typed}, left ${left.join('|')}`}</Text>
    </>
  );
}

function Submitting(): ReactNode {
  const [submitted, setSubmitted] = useState('');
  return (
    <Form onSubmit={({ targetValue }) => setSubmitted(JSON.stringify(targetValue))}>
      <Input name="name" label="Name" required />
      <TextArea name="note" label="Note" defaultValue="none" />
      <NumberInput name="age" label="Age" />
      <DateInput name="day" label="Day" />
      <StepperInput name="count" label="Count" defaultValue={1} max={2} />
      <Checkbox name="agreed" value="yes">
        Agreed
      </Checkbox>
      <Select
        name="kind"
        label="Kind"
        options={[
          { label: 'One', value: 1 },
          { label: 'Two', value: 2 },
        ]}
      />
      <Button type="submit">Submit</Button>
      <Text testId="submitted">{submitted}</Text>
    </Form>
  );
}

function Choosing(): ReactNode {
  const [said, say] = useState('');
  const [isOn, setOn] = useState(false);
  const options = [
    { label: 'Red', value: 'red' },
    { label: 'Green', value: 'green' },
  ];
  const tell = (what: string) => (value: unknown) => say(`${what} ${JSON.stringify(value)}`);
  return (
    <>
      <Select label="Colour" options={options} value="red" onChange={tell('select')} />
      <MultiSelect label="Colours" options={options} onChange={tell('multi')} />
      <ToggleGroup
        name="radios"
        label="One of them"
        toggleType="radioButtonList"
        options={options}
        onChange={tell('radio')}
      />
      <ToggleGroup
        name="boxes"
        label="Some of them"
        toggleType="checkboxList"
        options={options}
        onChange={tell('boxes')}
      />
      <Toggle
        label="Switch"
        checked={isOn}
        onChange={(next) => {
          setOn(next);
          tell('toggle')(next);
        }}
      />
      <Accordion title="More to read">
        <Text>Folded away</Text>
      </Accordion>
      <Text testId="said">{said}</Text>
    </>
  );
}

function Tabbing(): ReactNode {
  const [selected, setSelected] = useState<string | number>('');
  return (
    <>
      <Tabs defaultSelected="two" onSelectedChange={(id: string | number) => setSelected(id)}>
        <Tab tabId="one" title="First">
          <Text>First content</Text>
        </Tab>
        <Tab tabId="two" title={`Second ${String(selected)}`}>
          <Text>Second content</Text>
        </Tab>
        <Tab tabId="three" title="Third" disabled>
          <Text>Third content</Text>
        </Tab>
      </Tabs>
    </>
  );
}

function Paging(): ReactNode {
  const [page, setPage] = useState(1);
  const [sort, setSort] = useState<'none' | 'ascending' | 'descending'>('none');
  return (
    <Table paginated pageCount={3} page={page} onPageChange={setPage} testId="table">
      <TableHead>
        <TableRow>
          <TableHeader sortDirection={sort} onSortChange={setSort}>
            Number
          </TableHeader>
          <TableHeader>Word</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        <TableRow>
          <TableCell>{page}</TableCell>
          <TableCell>{`row of page ${page}`}</TableCell>
        </TableRow>
      </TableBody>
    </Table>
  );
}

function Overlays(): ReactNode {
  const { closeOverlay, addAlert } = useExtensionActions<'crm.record.tab'>();
  const [log, setLog] = useState<string[]>([]);
  const note = (line: string): void => setLog((before) => [...before, line]);
  return (
    <Form onSubmit={() => note('outer form')}>
      <Button
        overlay={
          <Modal id="modal" title="A modal" onOpen={() => note('opened')} onClose={() => note('closed')}>
            <ModalBody>
              <Form onSubmit={({ targetValue }) => note(`inner ${JSON.stringify(targetValue)}`)}>
                <Input name="inner" label="Inner" />
              </Form>
            </ModalBody>
            <ModalFooter>
              <Button variant="primary" onClick={() => closeOverlay('modal')}>
                Done
              </Button>
            </ModalFooter>
          </Modal>
        }
      >
        Open modal
      </Button>
      <Button
        overlay={
          <Panel id="panel" title="A panel">
            <PanelBody>
              <Text>Inside the panel</Text>
              <Button overlay={<Tooltip>Told on hover</Tooltip>}>Hovered</Button>
            </PanelBody>
          </Panel>
        }
      >
        Open panel
      </Button>
      <Button onClick={(_event, reactions) => reactions.openModal('apart')}>Open by reaction</Button>
      <Modal id="apart" title="Opened by a reaction">
        <ModalBody>
          <Text>Apart</Text>
        </ModalBody>
      </Modal>
      <Dropdown buttonText="Menu">
        <Dropdown.ButtonItem onClick={() => note('first item')}>First item</Dropdown.ButtonItem>
        <Dropdown.ButtonItem
          overlay={
            <Modal id="from-menu" title="From the menu">
              <ModalBody>
                <Text>Opened from a menu</Text>
              </ModalBody>
            </Modal>
          }
        >
          Second item
        </Dropdown.ButtonItem>
      </Dropdown>
      <Button onClick={() => addAlert({ type: 'danger', title: 'Careful', message: 'Something happened' })}>
        Alert me
      </Button>
      <Text testId="log">{log.join(', ')}</Text>
    </Form>
  );
}

function Asking(): ReactNode {
  const [answer, setAnswer] = useState('');
  const [isBusy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    const found = await hubspot.fetch('https://api.example.com/desk?a=1', { method: 'POST', body: { a: 1 } });
    const body = JSON.stringify(await found.json());
    setAnswer(`${String(found.ok)} ${found.status} ${body}`);
    setBusy(false);
  };
  const run = (name: string): void => {
    hubspot.serverless(name, { parameters: { depth: 2 } }).then(
      (value) => setAnswer(`function ${JSON.stringify(value)}`),
      (error: unknown) => setAnswer(`rejected ${error instanceof Error ? error.message : ''}`),
    );
  };
  return (
    <>
      <LoadingButton loading={isBusy} onClick={() => void ask()}>
        Fetch
      </LoadingButton>
      <Button onClick={() => run('score')}>Run</Button>
      <Button onClick={() => run('broken')}>Run broken</Button>
      <Text testId="answer">{answer}</Text>
    </>
  );
}

function Record(): ReactNode {
  const { properties, isLoading } = useCrmProperties(['firstname', 'email']);
  const actions = useExtensionActions<'crm.record.tab'>();
  const [heard, setHeard] = useState('');
  return (
    <>
      <Text testId="record">{isLoading ? 'loading' : JSON.stringify(properties)}</Text>
      <Button
        onClick={() => {
          actions.onCrmPropertiesUpdate(['firstname'], (now) => setHeard(JSON.stringify(now)));
          // The page hears one thing after the other: this answer comes when it listens.
          void hubspot.serverless('after').then(() => setHeard('listening'));
        }}
      >
        Listen
      </Button>
      <Button onClick={() => actions.refreshObjectProperties()}>Refresh</Button>
      <Button
        onClick={() =>
          void actions.fetchCrmObjectProperties('*').then((all) => setHeard(`all ${JSON.stringify(all)}`))
        }
      >
        Read all
      </Button>
      <Button
        onClick={() => {
          const uri = 'https://example.com/frame';
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- only its older type is named so
          actions.openIframeModal({ uri, height: 1, width: 1, title: 'A frame' }, () =>
            setHeard('frame closed'),
          );
        }}
      >
        Open frame
      </Button>
      <Button onClick={() => actions.reloadPage()}>Reload</Button>
      <Text testId="heard">{heard}</Text>
    </>
  );
}

function Breaking(): ReactNode {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) throw new Error('Broken on purpose');
  return (
    <>
      <Alert title="Still here" variant="danger">
        An alert of the extension
      </Alert>
      <Button
        onClick={() => {
          throw new Error('Thrown in a click');
        }}
      >
        Throw
      </Button>
      <Button onClick={() => setBroken(true)}>Break</Button>
    </>
  );
}
