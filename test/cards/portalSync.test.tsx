import {
  Alert,
  Button,
  EmptyState,
  hubspot,
  LoadingButton,
  LoadingSpinner,
  Panel,
  StatusTag,
  Tab,
  TableRow,
  Tag,
  Text,
  Toggle,
} from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import type { DeskRecord } from '@tallystick/shared/deskMessages';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Glance } from '../../hubspot-project/src/app/cards/Glance.tsx';
import { PortalSync } from '../../hubspot-project/src/app/cards/PortalSync.tsx';
import { answered, conflict, deskAnswers, field, record } from './harness.tsx';

type Renderer = ReturnType<typeof createRenderer<'crm.record.tab'>>;

function card(): Renderer {
  const renderer = createRenderer('crm.record.tab');
  renderer.mocks.context.crm = { objectId: 42, objectTypeId: '0-2' };
  renderer.mocks.context.variables = { BACKEND_URL: 'https://sync.example.com' };
  return renderer;
}
const texts = (renderer: Renderer): string =>
  renderer
    .findAll(Text)
    .map((node) => node.text ?? '')
    .join('\n');
async function shown(renderer: Renderer): Promise<void> {
  await renderer.waitFor(() => renderer.findByTestId(StatusTag, 'status'));
}

describe('the Portal Sync card', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('says that it is looking until it knows', () => {
    vi.spyOn(hubspot, 'fetch').mockReturnValue(new Promise(() => undefined));
    const renderer = card();
    renderer.render(<PortalSync />);
    expect(renderer.find(LoadingSpinner).props.label).toBe('Comparing portal and CRM …');
  });

  it.each<[DeskRecord['status'], string]>([
    ['agree', 'In agreement'],
    ['moving', 'On its way'],
    ['needs-you', 'Needs you'],
    ['paused', 'Paused'],
    ['nobody', 'Portal never opened'],
    ['gone', 'Not in the portal'],
  ])('shows the status %s as “%s” with the desk’s sentence', async (status, label) => {
    deskAnswers({ record: answered({ status, sentence: `Sentence of ${status}.` }) });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(renderer.findByTestId(StatusTag, 'status').text).toBe(label);
    expect(renderer.findByTestId(Text, 'sentence').text).toBe(`Sentence of ${status}.`);
  });

  it('names the record by what HubSpot gave, and says who is linked and when it was compared', async () => {
    const asked = deskAnswers({ record: answered() });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(Object.fromEntries(asked[0]!.query)).toEqual({ objectType: '0-2', recordId: '42' });
    expect(texts(renderer)).toContain('In the portal: Ada Byron (Customer).');
  });

  it('says that nobody sees it, or that it was never read as a whole', async () => {
    deskAnswers({ record: answered({ people: [], provenAt: null, status: 'nobody' }) });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(texts(renderer)).toContain('Not yet read as a whole. Nobody with access to the portal sees it.');
  });

  it('explains a record it cannot show, and offers to have it read', async () => {
    deskAnswers({ record: { ok: false, code: 'unknown-record', sentence: 'Not known yet.' } });
    const renderer = card();
    renderer.render(<PortalSync />);
    await renderer.waitFor(() => renderer.find(Alert));
    expect(texts(renderer)).toContain('Not known yet.');
    expect(renderer.findAll(LoadingButton).map((node) => node.text)).toEqual(['Sync now']);
  });

  it('keeps the last state when the service goes away, says so, and comes back by itself', async () => {
    let isAway = false;
    deskAnswers({ record: () => (isAway ? new Error('no route') : answered({}, { againMs: 1_000 })) });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    isAway = true;
    await renderer.waitFor(
      () => expect(renderer.findByTestId(StatusTag, 'status').text).toBe('Service unreachable'),
      { timeoutInMs: 5_000 },
    );
    expect(texts(renderer)).toContain('As it was last known:');
    expect(renderer.findAll(TableRow).length).toBeGreaterThan(1);
    isAway = false;
    renderer.find(Button, (node) => node.text === 'Try again').trigger('onClick');
    await renderer.waitFor(() =>
      expect(renderer.findByTestId(StatusTag, 'status').text).toBe('In agreement'),
    );
  });

  it('shows the reduced view of HubSpot alone when the service was never reached', async () => {
    deskAnswers({ record: () => new Error('no route') });
    const fields = [
      { name: 'street', label: 'Street', owner: 'both', text: 'Old Street 1', who: 'a colleague', at: null },
    ];
    vi.spyOn(hubspot, 'serverless').mockResolvedValue({
      ok: true,
      reduced: true,
      sentence: 'Only the CRM’s side.',
      fields,
    });
    const renderer = card();
    renderer.render(<PortalSync />);
    await renderer.waitFor(() => renderer.find(Alert, { title: 'Reduced view' }));
    expect(renderer.findByTestId(StatusTag, 'status').text).toBe('Service unreachable');
    expect(texts(renderer)).toContain('Only the CRM’s side.');
  });

  it('says in words that there is no reduced view where functions are not available', async () => {
    deskAnswers({ record: () => new Error('no route') });
    vi.spyOn(hubspot, 'serverless').mockRejectedValue(new Error('no functions'));
    const renderer = card();
    renderer.render(<PortalSync />);
    await renderer.waitFor(() =>
      expect(texts(renderer)).toContain('functions are not available in this account'),
    );
  });

  it('takes HubSpot’s own error for what it is: the service was not reached', async () => {
    deskAnswers({ record: { status: 'error', category: 'BAD_GATEWAY' } });
    vi.spyOn(hubspot, 'serverless').mockRejectedValue(new Error('no functions'));
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(renderer.findByTestId(StatusTag, 'status').text).toBe('Service unreachable');
  });

  describe('fields', () => {
    it('show owner, both values, state and last change; hidden ones say so', async () => {
      const hidden = field({
        name: 'risk',
        label: 'Risk',
        portal: null,
        state: 'hidden',
        seenBy: [],
        owner: 'crm',
      });
      deskAnswers({ record: answered({ fields: [field(), hidden] }) });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      expect(renderer.findByTestId(Text, 'crm-street').text).toBe('Old Street 1');
      expect(texts(renderer)).toContain('Owner: Both');
      expect(texts(renderer)).toContain('not shown');
      expect(texts(renderer)).toMatch(/Tomasz Wójcik \(colleague\), /);
    });

    it('are narrowed to what differs, and say when nothing does', async () => {
      const saving = field({ name: 'city', label: 'City', state: 'saving', differs: true, portal: 'York' });
      let fields = [field(), saving];
      deskAnswers({ record: () => answered({ fields }) });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      const before = renderer.findAll(TableRow).length;
      renderer.find(Toggle).props.onChange?.(true);
      await renderer.waitFor(() => expect(renderer.findAll(TableRow)).toHaveLength(before - 1));
      fields = [field()];
      const other = card();
      other.render(<PortalSync />);
      await shown(other);
      other.find(Toggle).props.onChange?.(true);
      await other.waitFor(() => expect(other.find(EmptyState).props.title).toBe('Nothing differs'));
    });

    it('each explain their value when asked: the sentence, the rule, the evidence', async () => {
      const why = {
        ok: true,
        label: 'Street',
        sentence: 'Street is Old Street 1 because Tomasz set it.',
        owner: 'Both sides may change it.',
        conflictRule: 'A colleague decides.',
        ruleVersion: '2026-11-23.1',
        asOf: '2026-11-23T10:00:00Z',
        proven: true,
        version: 'j10',
        evidence: [
          {
            seq: 9,
            at: '2026-11-23T09:00:00Z',
            kind: 'changed',
            object: 'company',
            recordId: '42',
            field: 'street',
            label: 'Street',
            who: 'Tomasz',
            rule: null,
            sentence: 'Tomasz changed it.',
            lost: 'Older Street 0',
          },
        ],
      };
      const asked = deskAnswers({
        record: answered(),
        why,
        rulings: { ok: true, outcome: 'done', sentence: 'Done.', fresh: record() },
      });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      const button = renderer.findByTestId(Button, 'why-street');
      expect(button.text).toBe('Why Street?');
      button.trigger('onClick');
      const panel = () => renderer.findByTestId(Button, 'why-street').props.overlay!.find(Panel);
      await renderer.waitFor(() =>
        expect(panel().find(Text, { testId: 'why-sentence' }).text).toBe(why.sentence),
      );
      expect(panel().props.title).toBe('Why this value? Street');
      panel().find(LoadingButton).trigger('onClick');
      await renderer.waitFor(() => expect(asked.some(({ path }) => path === 'rulings')).toBe(true));
      expect(asked.find(({ path }) => path === 'rulings')?.body).toMatchObject({
        conflictId: null,
        choice: 'write',
        value: 'Older Street 0',
        version: 'j10',
      });
    });
  });

  describe('a conflict', () => {
    const open = (some = {}, role: 'admin' | 'viewer' = 'admin') => ({
      record: answered({ status: 'needs-you', sentence: 'Decide.', conflicts: [conflict(some)] }, { role }),
    });

    it('shows both values with who, when and what each saw', async () => {
      deskAnswers(open());
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      const all = texts(renderer);
      for (const text of [
        'Colleague Road 2',
        'Customer Lane 3',
        'before: Old Street 1',
        'was looking at: Old Street 1',
      ])
        expect(all).toContain(text);
      expect(renderer.findAll(Tag)[0]?.text).toBe('Conflict');
    });

    it('is decided by one click, once, with a key of its own, and shows what the desk answered', async () => {
      const fresh = record({
        conflicts: [
          conflict({
            settled: {
              text: 'Customer Lane 3',
              who: 'Nora',
              at: null,
              choice: 'take',
              note: null,
              outcome: 'verified',
            },
          }),
        ],
      });
      const asked = deskAnswers({
        ...open(),
        rulings: { ok: true, outcome: 'done', sentence: 'Done.', fresh },
      });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      const button = renderer.findByTestId(LoadingButton, 'take-5');
      button.trigger('onClick');
      button.trigger('onClick');
      await vi.waitFor(() => expect(renderer.mocks.actions.addAlert.callCount).toBe(1));
      const rulings = asked.filter(({ path }) => path === 'rulings');
      expect(rulings).toHaveLength(1);
      expect(rulings[0]?.body).toMatchObject({
        objectType: 'company',
        recordId: '42',
        conflictId: '5',
        field: 'street',
        choice: 'take',
        version: 'j12',
        key: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
      expect(renderer.mocks.actions.refreshObjectProperties.callCount).toBe(1);
    });

    it('repeats an unanswered decision under the same key', async () => {
      let isAway = true;
      const asked = deskAnswers({
        ...open(),
        rulings: () =>
          isAway ? new Error('lost') : { ok: true, outcome: 'done', sentence: 'Done.', fresh: record() },
      });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      renderer.findByTestId(Button, 'keep-5').trigger('onClick');
      await vi.waitFor(() => expect(renderer.mocks.actions.addAlert.callCount).toBe(1));
      isAway = false;
      await renderer.waitFor(() =>
        expect(renderer.findByTestId(Button, 'keep-5').props.disabled).toBe(false),
      );
      renderer.findByTestId(Button, 'keep-5').trigger('onClick');
      await vi.waitFor(() => expect(renderer.mocks.actions.addAlert.callCount).toBe(2));
      const keys = asked.filter(({ path }) => path === 'rulings').map(({ body }) => body?.key);
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
    });

    it('shows the fresh view when the record moved since it was shown', async () => {
      const fresh = record({
        status: 'needs-you',
        conflicts: [conflict({ moved: true, now: 'Newer 5', version: 'j20' })],
      });
      let current = open().record;
      deskAnswers({
        record: () => current,
        rulings: () => {
          current = { ...current, record: fresh };
          return { ok: false, code: 'moved', sentence: 'It moved.', fresh };
        },
      });
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      renderer.findByTestId(LoadingButton, 'take-5').trigger('onClick');
      await renderer.waitFor(() => renderer.find(Alert, { title: 'The CRM has moved since' }));
      expect(renderer.mocks.actions.addAlert.calls[0]).toEqual([{ type: 'warning', message: 'It moved.' }]);
    });

    it('cannot be decided by a viewer, who is told so', async () => {
      deskAnswers(open({}, 'viewer'));
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      expect(renderer.maybeFindByTestId(LoadingButton, 'take-5')).toBeNull();
      expect(texts(renderer)).toContain('Only an administrator of Tallystick may decide this.');
    });

    it('is approved or declined where it is a proposal', async () => {
      deskAnswers(open({ kind: 'proposal' }));
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      expect(renderer.findByTestId(LoadingButton, 'take-5').text).toBe('Approve');
      expect(renderer.find(Button, (node) => node.text === 'Decline …').text).toBe('Decline …');
    });

    it('cannot be decided twice while a decision is being carried out', async () => {
      deskAnswers(open({ pending: true }));
      const renderer = card();
      renderer.render(<PortalSync />);
      await shown(renderer);
      expect(renderer.findByTestId(LoadingButton, 'take-5').props.loading).toBe(true);
      expect(renderer.findByTestId(Button, 'keep-5').props.disabled).toBe(true);
    });
  });

  it('shows parked work with its error and the way out', async () => {
    const parked = {
      object: 'company',
      recordId: '42',
      title: 'Engines Ltd',
      since: '2026-11-23T09:00:00Z',
      attempts: 6,
      error: 'HubSpot refused.',
      advice: 'Check the scopes.',
    };
    const asked = deskAnswers({
      record: answered({ status: 'needs-you', parked }),
      orders: { ok: true, sentence: 'Tried again.' },
    });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(texts(renderer)).toContain('HubSpot refused.');
    renderer.find(LoadingButton, (node) => node.text === 'Try again').trigger('onClick');
    await renderer.waitFor(() => expect(asked.some(({ path }) => path === 'orders')).toBe(true));
    expect(asked.find(({ path }) => path === 'orders')?.body).toMatchObject({
      order: { do: 'retry', object: 'company', recordId: '42' },
    });
  });

  it('has a tab for fields, history, settled conflicts and the customer’s view', async () => {
    deskAnswers({
      record: answered(),
      history: { ok: true, entries: [], next: null },
      'view-as': { ok: false, code: 'unknown-person', sentence: 'No.' },
    });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    expect(renderer.findAll(Tab).map((tab) => tab.props.title)).toEqual([
      'Fields',
      'History',
      'Settled conflicts (0)',
      'View as the customer',
    ]);
  });

  it('follows a change made on the record page at once', async () => {
    const asked = deskAnswers({ record: answered() });
    const renderer = card();
    renderer.render(<PortalSync />);
    await shown(renderer);
    const before = asked.filter(({ path }) => path === 'record').length;
    const [, told] = renderer.mocks.actions.onCrmPropertiesUpdate.calls[0]!;
    told({ address: 'x' });
    await renderer.waitFor(() =>
      expect(asked.filter(({ path }) => path === 'record').length).toBeGreaterThan(before),
    );
    expect(asked.at(-1)?.query.get('known')).toBe('v1');
  });

  it('asks once and then waits while nothing moves', async () => {
    const asked = deskAnswers({
      record: answered({}, { againMs: 60_000 }),
      history: { ok: true, entries: [], next: null },
    });
    const renderer = card();
    renderer.render(<Glance />);
    await shown(renderer);
    expect(asked.filter(({ path }) => path === 'record')).toHaveLength(1);
  });

  it('shows in its compact form the status, the counts and the first thing to do', async () => {
    deskAnswers({
      record: answered({ status: 'needs-you', conflicts: [conflict(), conflict({ conflictId: '6' })] }),
    });
    const renderer = card();
    renderer.render(<Glance />);
    await shown(renderer);
    expect(texts(renderer)).toContain('1 fields, 0 on their way, 2 waiting for a decision.');
    expect(
      renderer.findAll(LoadingButton).filter((node) => node.text === 'Take the customer’s'),
    ).toHaveLength(1);
  });
});
