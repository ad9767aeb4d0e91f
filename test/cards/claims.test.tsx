import { Button, hubspot, LoadingButton, Modal, StatusTag, Text } from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import type { DeskClaim, DeskRole } from '@tallystick/shared/deskMessages';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PortalSync } from '../../hubspot-project/src/app/cards/PortalSync.tsx';
import { answered, deskAnswers, type Asked } from './harness.tsx';

type Renderer = ReturnType<typeof createRenderer<'crm.record.tab'>>;

const claim = (some: Partial<DeskClaim> = {}): DeskClaim => ({
  claimId: '9',
  address: 'info@engines.example',
  openedAt: '2026-11-23T10:00:00Z',
  reason: 'shared-address',
  sentence: 'This is the address of a role, so several people may read it.',
  candidates: [
    {
      contactId: '7',
      name: 'Ada Byron',
      audience: 'Customer',
      sees: [{ label: 'companies', text: '2' }],
      sentence: 'Linking lets this person see 2 companies, 14 cases, as Customer.',
    },
  ],
  settled: null,
  ...some,
});

async function shown(claims: DeskClaim[], role: DeskRole): Promise<{ renderer: Renderer; asked: Asked[] }> {
  const asked = deskAnswers({
    record: answered({ object: 'contact', recordId: '7', status: 'needs-you', claims }, { role }),
    orders: { ok: true, sentence: 'Done.' },
  });
  const renderer = createRenderer('crm.record.tab');
  renderer.mocks.context.crm = { objectId: 7, objectTypeId: '0-1' };
  renderer.mocks.context.variables = { BACKEND_URL: 'https://sync.example.com' };
  renderer.render(<PortalSync />);
  await renderer.waitFor(() => renderer.findByTestId(StatusTag, 'status'));
  return { renderer, asked };
}
const texts = (renderer: Renderer): string =>
  renderer
    .findAll(Text)
    .map((node) => node.text ?? '')
    .join('\n');
const overlayOf = (renderer: Renderer, label: string) =>
  renderer.find(Button, (node) => node.text === label).props.overlay!;
const orders = (asked: Asked[]) =>
  asked.filter(({ path }) => path === 'orders').map(({ body }) => body?.order);

describe('a claim on the card', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('says who wants access, why it is not certain, and what linking would open', async () => {
    const { renderer } = await shown([claim()], 'admin');
    expect(texts(renderer)).toContain('This is the address of a role, so several people may read it.');
    expect(texts(renderer)).toContain('Linking lets this person see 2 companies, 14 cases, as Customer.');
  });

  it.each([
    ['Link to this contact …', 'Link', { do: 'link', object: 'contact', recordId: '7', claimId: '9' }],
    ['Refuse …', 'Refuse', { do: 'refuse', claimId: '9' }],
  ])('“%s” asks once more, and then orders it once', async (label, sure, ordered) => {
    const { renderer, asked } = await shown([claim()], 'admin');
    expect(orders(asked)).toEqual([]);
    const overlay = overlayOf(renderer, label);
    expect(overlay.find(Modal).props.title).toContain('info@engines.example');
    overlay.find(LoadingButton, (node) => node.text === sure).trigger('onClick');
    await renderer.waitFor(() => expect(orders(asked)).toEqual([ordered]));
    expect(asked.find(({ path }) => path === 'orders')?.body?.key).toMatch(/^[0-9a-f-]{36}$/);
    await renderer.waitFor(() => expect(asked.at(-1)?.path).toBe('record'));
  });

  it('warns before linking that the mailbox must be this person’s alone', async () => {
    const { renderer } = await shown([claim()], 'admin');
    const text = overlayOf(renderer, 'Link to this contact …')
      .findAll(Text)
      .map((node) => node.text)
      .join(' ');
    expect(text).toContain('Linking lets this person see 2 companies, 14 cases, as Customer.');
    expect(text).toContain('Do this only if you know that Ada Byron reads this mailbox, and nobody else.');
  });

  it('names the other contacts that it may be', async () => {
    const [ada] = claim().candidates;
    const other = { ...ada!, contactId: '8', name: 'Ben Byron' };
    const { renderer } = await shown([claim({ candidates: [ada!, other] })], 'admin');
    expect(texts(renderer)).toContain('It may also be Ben Byron (contact 8).');
  });

  it('is shown to a viewer without a way to decide it', async () => {
    const { renderer } = await shown([claim()], 'viewer');
    expect(texts(renderer)).toContain('Only an administrator of Tallystick may decide this.');
    expect(renderer.findAll(Button).map((node) => node.text)).not.toContain('Link to this contact …');
  });

  it('is not there where nobody wants access', async () => {
    const { renderer } = await shown([], 'admin');
    expect(renderer.findAll(Button).map((node) => node.text)).not.toContain('Refuse …');
    expect(vi.mocked(hubspot.fetch)).toHaveBeenCalled();
  });
});
