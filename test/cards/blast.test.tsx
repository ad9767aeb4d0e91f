import { Alert, Button, EmptyState, Input, LoadingButton, Modal, Select, Text } from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import type { HeldAnswer, UndoAnswer } from '@tallystick/shared/deskMessages';
import type { ReactElement } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Held } from '../../hubspot-project/src/app/pages/Held.tsx';
import { Undo } from '../../hubspot-project/src/app/pages/Undo.tsx';
import { deskAnswers } from './harness.tsx';

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
const button = (renderer: Renderer, text: string) => renderer.find(Button, (node) => node.text === text);

const held = (
  role: 'admin' | 'viewer',
  some: Partial<HeldAnswer['sets'][number]> = {},
): HeldAnswer & { ok: true } => ({
  ok: true,
  role,
  sets: [
    {
      ...{ setId: '3', version: 22, title: 'City of Companies would be emptied on many records' },
      ...{ openedAt: '2026-11-28T04:00:00Z', windowMinutes: 60, edits: 21, records: 20, of: 60, written: 9 },
      samples: [
        {
          ...{ object: 'company', recordId: '42', title: 'Engines Ltd', label: 'City' },
          ...{ now: 'Leeds', wanted: '—', who: 'Ada Byron' },
        },
      ],
      ...{ advice: null, closed: null, ...some },
    },
  ],
});
const undo: UndoAnswer & { ok: true } = {
  ...{ ok: true, role: 'admin', fields: 2, records: 1, until: '2026-11-28T04:30:00Z', cut: false },
  samples: [
    { object: 'company', recordId: '42', title: 'Engines Ltd', label: 'City', now: 'York', back: 'Leeds' },
  ],
  left: [{ text: '1 changed since by somebody else, and left alone', samples: ['Phone of Engines Ltd'] }],
};
const settings = {
  ...{ ok: true, role: 'admin', checks: [], pauses: [], staff: [], everybody: 'viewer' },
  objects: [{ name: 'company', label: 'Companies', fields: [{ name: 'city', label: 'City' }] }],
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the page of what is held back', () => {
  it('shows pattern, counts and samples, and releases what was shown as one order', async () => {
    const asked = deskAnswers({ held: held('admin'), orders: { ok: true, sentence: 'Let through.' } });
    const renderer = open(<Held />);
    await renderer.waitFor(() => renderer.find(Alert));
    expect(renderer.find(Alert).props.title).toBe('City of Companies would be emptied on many records');
    expect(texts(renderer)).toMatch(/21 changes wait, of 20 records out of 60; the first came/);
    expect(texts(renderer)).toContain('The first 1 of 21.');
    const [release] = button(renderer, 'Release …').props.overlay!.find(Modal).findAll(LoadingButton);
    release!.trigger('onClick');
    await vi.waitFor(() => expect(asked.find(({ path }) => path === 'orders')).toBeDefined());
    expect(asked.find(({ path }) => path === 'orders')?.body).toMatchObject({
      order: { do: 'release', setId: '3', version: 22 },
    });
  });

  it('lets a viewer only look, tells closed ones in a sentence, and says when there is none', async () => {
    deskAnswers({ held: held('viewer') });
    const viewer = open(<Held />);
    await viewer.waitFor(() => viewer.find(Alert));
    expect(viewer.findAll(LoadingButton)).toHaveLength(0);
    expect(texts(viewer)).toContain('Only an administrator of Tallystick may release or discard them.');
    const closed = { outcome: 'discarded' as const, who: 'Nora', at: '2026-11-28T04:10:00Z' };
    deskAnswers({ held: held('admin', { closed }) });
    const after = open(<Held />);
    await after.waitFor(() => expect(after.find(EmptyState).props.title).toBe('Nothing is held back'));
    expect(texts(after)).toMatch(/discarded by Nora/);
  });

  it('leads from what had gone out to undoing it', async () => {
    const asked = deskAnswers({ held: held('admin'), undo });
    const renderer = open(<Held />);
    await renderer.waitFor(() => button(renderer, 'See what undoing them would do'));
    button(renderer, 'See what undoing them would do').trigger('onClick');
    await renderer.waitFor(() => button(renderer, 'Put back 2 …'));
    expect(asked.find(({ path }) => path === 'undo')?.query.get('setId')).toBe('3');
  });
});

describe('the page Undo', () => {
  it('shows what would be put back and what is left, and does exactly that', async () => {
    const asked = deskAnswers({
      settings,
      undo: ({ body }: { body: unknown }) =>
        body === undefined
          ? undo
          : { ok: true, undoId: 'u-1', sentence: '0 put back so far, 2 on their way.' },
      'undo/progress': {
        ok: true,
        waiting: 0,
        done: 2,
        refused: 0,
        sentence: '2 put back, and proven in the CRM.',
      },
    });
    const renderer = open(<Undo />);
    await renderer.waitFor(() => renderer.find(Input, { name: 'person' }));
    renderer.find(Input, { name: 'person' }).props.onChange?.(' 7 ');
    await renderer.waitFor(() => expect(renderer.find(Input, { name: 'person' }).props.value).toBe('7'));
    renderer.find(Select, { name: 'object' }).props.onChange?.('company');
    await renderer.waitFor(() =>
      expect(renderer.find(Select, { name: 'object' }).props.value).toBe('company'),
    );
    button(renderer, 'See what would be put back').trigger('onClick');
    await renderer.waitFor(() => button(renderer, 'Put back 2 …'));
    expect(texts(renderer)).toContain('2 values of 1 record would be put back.');
    expect(texts(renderer)).toContain(
      '1 changed since by somebody else, and left alone: Phone of Engines Ltd',
    );
    const query = asked.find(({ path }) => path === 'undo')!.query;
    expect([query.get('person'), query.get('object')]).toEqual(['7', 'company']);
    expect(query.get('since')).toMatch(/^20.*Z$/);
    const [put] = button(renderer, 'Put back 2 …').props.overlay!.find(Modal).findAll(LoadingButton);
    put!.trigger('onClick');
    await renderer.waitFor(() => expect(renderer.find(Alert).props.title).toBe('Put back'));
    expect(asked.find(({ path, body }) => path === 'undo' && body !== undefined)?.body).toMatchObject({
      ...{ shown: 2, filter: { person: '7', object: 'company', until: undo.until } },
    });
  });
});
