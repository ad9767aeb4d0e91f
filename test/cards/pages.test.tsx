import {
  Accordion,
  Alert,
  BarChart,
  Button,
  Checkbox,
  EmptyState,
  LoadingButton,
  LoadingSpinner,
  Modal,
  Select,
  StatusTag,
  Tab,
  Text,
} from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import type { HealthAnswer, SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactElement } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Activity } from '../../hubspot-project/src/app/pages/Activity.tsx';
import { Conflicts } from '../../hubspot-project/src/app/pages/Conflicts.tsx';
import { Health } from '../../hubspot-project/src/app/pages/Health.tsx';
import { ParkedWork } from '../../hubspot-project/src/app/pages/ParkedWork.tsx';
import { Rules } from '../../hubspot-project/src/app/pages/Rules.tsx';
import { Schema } from '../../hubspot-project/src/app/pages/Schema.tsx';
import { SyncSettings } from '../../hubspot-project/src/app/settings/SyncSettings.tsx';
import { conflict, deskAnswers } from './harness.tsx';

type Renderer = ReturnType<typeof createRenderer<'pages'>>;
function open(page: ReactElement): Renderer {
  const renderer = createRenderer('pages');
  renderer.mocks.context.variables = { BACKEND_URL: 'https://sync.example.com' };
  renderer.render(page);
  return renderer;
}
const texts = (renderer: Renderer): string =>
  renderer
    .findAll(Text)
    .map((node) => node.text ?? '')
    .join('\n');

const health: HealthAnswer & { ok: true } = {
  ok: true,
  role: 'viewer',
  sentence: 'All is well.',
  well: true,
  numbers: [{ label: 'Parked', text: '0' }],
  channels: [
    { label: 'Worker', ok: false, text: 'none' },
    { label: 'Everything compared', ok: null, text: 'not yet' },
  ],
  hours: [{ hour: '2026-11-23T10:00:00Z', changes: 3, conflicts: 1 }],
};
const parked = {
  object: 'company',
  recordId: '42',
  title: 'Engines Ltd',
  since: '2026-11-23T09:00:00Z',
  attempts: 6,
  error: 'HubSpot refused.',
  advice: 'Check the scopes.',
};
const settings: SettingsAnswer & { ok: true } = {
  ok: true,
  role: 'admin',
  checks: [
    { label: 'Signature', state: 'ok', text: 'Fits.' },
    { label: 'Scopes', state: 'wrong', text: 'Missing: tickets.', advice: 'Add it.' },
    { label: 'Webhooks', state: 'unknown', text: 'None yet.' },
  ],
  pauses: [
    {
      pauseId: '3',
      what: 'Street of Companies',
      direction: 'out',
      reason: 'Moving',
      who: 'Nora',
      since: '2026-11-23T09:00:00Z',
    },
  ],
  staff: [
    { userId: '7', name: 'Nora', role: null, fixed: true },
    { userId: '8', name: 'Tomasz', role: null, fixed: false },
  ],
  everybody: 'viewer',
  objects: [{ name: 'company', label: 'Companies', fields: [{ name: 'street', label: 'Street' }] }],
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('every page', () => {
  const pages: [string, ReactElement][] = [
    ['Health', <Health />],
    ['Conflicts', <Conflicts />],
    ['Parked', <ParkedWork />],
    ['Activity', <Activity />],
    ['Rules', <Rules />],
    ['Schema', <Schema />],
    ['Settings', <SyncSettings />],
  ];
  it.each(pages)(
    '%s says that it is looking, then that the service is away, with a way to try again',
    async (_, page) => {
      deskAnswers({});
      const renderer = open(page);
      expect(renderer.findAll(LoadingSpinner).length).toBeGreaterThan(0);
      await renderer.waitFor(() => renderer.find(Alert, { title: 'Service unreachable' }));
      expect(renderer.find(Button, (node) => node.text === 'Try again').text).toBe('Try again');
    },
  );

  it.each(pages)('%s says in words why it may not be shown', async (_, page) => {
    const no = { ok: false, code: 'not-for-you', sentence: 'Not for you.' };
    deskAnswers({ health: no, conflicts: no, parked: no, activity: no, rules: no, settings: no, schema: no });
    const renderer = open(page);
    await renderer.waitFor(() => expect(texts(renderer)).toContain('Not for you.'));
  });
});

describe('the health page', () => {
  it('shows the sentence, the channels and the last hours', async () => {
    deskAnswers({ health });
    const renderer = open(<Health />);
    await renderer.waitFor(() => renderer.find(BarChart));
    expect(renderer.find(Alert).props.title).toBe('All is well');
    expect(renderer.findAll(StatusTag).map(({ props, text }) => [props.variant, text])).toEqual([
      ['danger', 'Look here'],
      ['default', 'Not yet'],
    ]);
    expect(renderer.find(BarChart).props.data).toEqual([
      { hour: '10', count: 3, what: 'Changes' },
      { hour: '10', count: 1, what: 'Conflicts' },
    ]);
  });

  it('stands out when something needs a look', async () => {
    deskAnswers({ health: { ...health, well: false, sentence: 'No worker.' } });
    const renderer = open(<Health />);
    await renderer.waitFor(() => expect(renderer.find(Alert).props.variant).toBe('danger'));
  });
});

describe('the conflicts page', () => {
  const answers = (role: string, some = {}) => ({
    rules: { ok: true, version: '1', objects: [] },
    conflicts: { ok: true, role, conflicts: [conflict(some)], next: null },
  });

  it('says when nothing waits', async () => {
    deskAnswers({ ...answers('admin'), conflicts: { ok: true, role: 'admin', conflicts: [], next: null } });
    const renderer = open(<Conflicts />);
    await renderer.waitFor(() => expect(renderer.find(EmptyState).props.title).toBe('Nothing waits for you'));
  });

  it('decides those that are chosen alike, and says which were left as they were', async () => {
    const asked = deskAnswers({
      ...answers('admin'),
      'rulings/many': { ok: true, results: [{ conflictId: '5', ok: false, sentence: 'It moved.' }] },
    });
    const renderer = open(<Conflicts />);
    await renderer.waitFor(() => renderer.find(Checkbox));
    renderer.find(Checkbox).props.onChange?.(true, '');
    const opener = () => renderer.find(Button, (node) => node.text === 'Decide 1 alike …');
    await renderer.waitFor(opener);
    const [take] = opener().props.overlay!.find(Modal).findAll(LoadingButton);
    take!.trigger('onClick');
    await renderer.waitFor(() => renderer.find(Alert, { title: 'Left as they were' }));
    expect(asked.find(({ path }) => path === 'rulings/many')?.body).toMatchObject({
      choice: 'take',
      conflicts: [
        { objectType: 'company', recordId: '42', conflictId: '5', field: 'street', version: 'j12' },
      ],
    });
  });

  it('lets a viewer choose nothing, and tells settled ones in a sentence', async () => {
    const settled = {
      text: 'Colleague Road 2',
      who: 'Nora',
      at: null,
      choice: 'keep',
      note: null,
      outcome: 'verified',
    };
    deskAnswers(answers('viewer', { settled }));
    const renderer = open(<Conflicts />);
    await renderer.waitFor(() =>
      expect(texts(renderer)).toContain('Street of Engines Ltd: Nora kept the CRM’s, “Colleague Road 2”.'),
    );
    expect(renderer.findAll(Checkbox)).toHaveLength(0);
  });
});

describe('the other pages', () => {
  it('list parked work by record, or say that there is none', async () => {
    deskAnswers({ parked: { ok: true, role: 'viewer', parked: [parked] } });
    const some = open(<ParkedWork />);
    await some.waitFor(() =>
      expect(some.find(Alert).props.title).toMatch(/^Engines Ltd: Set aside after 6 attempts/),
    );
    expect(some.findAll(LoadingButton)).toHaveLength(0);
    deskAnswers({ parked: { ok: true, role: 'admin', parked: [] } });
    const none = open(<ParkedWork />);
    await none.waitFor(() => expect(none.find(EmptyState).props.title).toBe('Nothing is parked'));
  });

  it('search the journal by what is chosen', async () => {
    const entry = {
      ...{ seq: 7, at: '2026-11-28T10:00:00Z', kind: 'changed', who: 'Ada', rule: null, lost: null },
      ...{ object: 'company', recordId: '42', title: 'Engines Ltd', field: 'street', label: 'Street' },
      sentence: 'Ada changed it.',
    };
    const asked = deskAnswers({ settings, activity: { ok: true, entries: [entry], next: null } });
    const renderer = open(<Activity />);
    await renderer.waitFor(() => expect(texts(renderer)).toContain('Engines Ltd'));
    renderer.find(Select, { name: 'kind' }).props.onChange?.('failed');
    await vi.waitFor(() => expect(asked.at(-1)?.query.get('kind')).toBe('failed'));
  });

  it('show the rules with their version', async () => {
    const field = {
      label: 'Street',
      property: 'address',
      owner: 'Both',
      conflict: 'A colleague decides.',
      seenBy: 'Customer',
      editedBy: 'Customer',
    };
    deskAnswers({
      rules: {
        ok: true,
        version: '2026-11-23.1',
        objects: [{ name: 'company', label: 'Companies', fields: [field] }],
      },
    });
    const renderer = open(<Rules />);
    await renderer.waitFor(() => renderer.find(Accordion));
    expect(texts(renderer)).toContain('Version 2026-11-23.1');
  });
});

describe('the settings', () => {
  it('check the connection step by step, show pauses and people', async () => {
    deskAnswers({ settings });
    const renderer = open(<SyncSettings />);
    await renderer.waitFor(() => renderer.find(StatusTag));
    expect(renderer.findAll(StatusTag).map((tag) => tag.text)).toEqual(['Sound', 'Wrong', 'Not known yet']);
    expect(renderer.findAll(Tab).map((tab) => tab.props.title)).toEqual([
      'Connection',
      'Pauses (1)',
      'People',
    ]);
    expect(texts(renderer)).toContain('Administrator, by the service’s own configuration');
  });

  it('resume a pause and give a role, each as one order', async () => {
    const asked = deskAnswers({ settings, orders: { ok: true, sentence: 'Done.' } });
    const renderer = open(<SyncSettings />);
    await renderer.waitFor(() => renderer.find(LoadingButton, (node) => node.text === 'Resume'));
    renderer.find(LoadingButton, (node) => node.text === 'Resume').trigger('onClick');
    renderer.find(Select, { name: 'role-8' }).props.onChange?.('admin');
    await vi.waitFor(() => expect(asked.filter(({ path }) => path === 'orders')).toHaveLength(2));
    expect(asked.filter(({ path }) => path === 'orders').map(({ body }) => body?.order)).toEqual([
      { do: 'resume', pauseId: '3' },
      { do: 'role', userId: '8', role: 'admin' },
    ]);
  });

  it('cannot be changed by a viewer', async () => {
    deskAnswers({ settings: { ...settings, role: 'viewer' } });
    const renderer = open(<SyncSettings />);
    await renderer.waitFor(() => renderer.find(StatusTag));
    expect(renderer.findAll(LoadingButton)).toHaveLength(0);
    expect(renderer.find(Select, { name: 'role-8' }).props.readOnly).toBe(true);
  });
});

describe('the schema page', () => {
  const finding = {
    ...{
      code: 'property-renamed',
      subject: 'company.city',
      severity: 'tells',
      since: '2026-11-23T09:00:00Z',
    },
    ...{ sentence: 'It is called “Town” now.', impact: ['The field City.'], advice: 'Accept it.' },
    ...{ acceptable: true, shown: 'abc' },
  };

  it('shows what was found with what it touches, and accepts what was shown', async () => {
    const broken = { ...finding, code: 'property-gone', severity: 'breaks', acceptable: false };
    const answer = { ok: true, role: 'admin', readAt: null, more: 2, findings: [broken, finding] };
    const asked = deskAnswers({ schema: answer, orders: { ok: true, sentence: 'Accepted.' } });
    const renderer = open(<Schema />);
    await renderer.waitFor(() => {
      expect(texts(renderer)).toContain('The field City.');
    });
    expect(renderer.findAll(Alert).map((alert) => alert.props.variant)).toEqual(['danger', 'info']);
    expect(texts(renderer)).toContain('And 2 more');
    const buttons = renderer.findAll(LoadingButton);
    expect(buttons).toHaveLength(1);
    buttons[0]!.trigger('onClick');
    await renderer.waitFor(() => {
      expect(asked.find(({ path }) => path === 'orders')?.body).toMatchObject({
        order: { do: 'accept', code: 'property-renamed', subject: 'company.city', shown: 'abc' },
      });
    });
  });
});
