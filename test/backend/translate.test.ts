import { describe, expect, it } from 'vitest';
import { translator } from '../../backend/intake/translate.ts';

const translate = translator(() => ({ installed_site: '2-77001' }));
const hear = (...events: unknown[]) => translate(JSON.stringify(events));
const base = { portalId: 1, occurredAt: 1_787_843_156_000, changeSource: 'CRM_UI', sourceId: 'userId:7' };
const by = { via: 'CRM_UI', id: 'userId:7', person: null };

describe('an event in our words', () => {
  it('is a value when a mapped property changed, in either naming of the wire', () => {
    const value = {
      is: 'value',
      object: 'contact',
      recordId: '541935488729',
      field: 'email',
      value: 'x@hubspot.com',
      at: base.occurredAt,
      by,
    };
    const change = { ...base, objectId: 541935488729, propertyName: 'email', propertyValue: 'X@hubspot.com' };
    expect(hear({ ...change, subscriptionType: 'contact.propertyChange' })).toEqual([value]);
    expect(hear({ ...change, eventType: 'object.propertyChange', objectTypeId: '0-1' })).toEqual([value]);
  });

  it('finds custom objects by the account’s own type id', () => {
    const change = {
      ...base,
      subscriptionType: 'object.propertyChange',
      objectTypeId: '2-77001',
      objectId: 9,
      propertyName: 'site_name',
      propertyValue: 'Roof',
    };
    expect(hear(change)).toMatchObject([{ is: 'value', object: 'site', field: 'name', value: 'Roof' }]);
  });

  it('tells of a record’s life: created, archived, restored, erased', () => {
    const on = (subscriptionType: string) => hear({ ...base, subscriptionType, objectId: 5 });
    expect(on('contact.creation')).toEqual([{ is: 'links', object: 'contact', recordId: '5' }]);
    expect(on('contact.deletion')).toMatchObject([{ is: 'life', life: 'archived' }]);
    expect(on('contact.privacyDeletion')).toMatchObject([{ is: 'life', life: 'erased' }]);
    expect(on('contact.restore')).toMatchObject([{ is: 'life', life: 'present' }, { is: 'links' }]);
  });

  it('follows a merge into a new record: the primary one is absorbed as well', () => {
    const merge = {
      ...base,
      subscriptionType: 'company.merge',
      objectId: 30,
      primaryObjectId: 10,
      mergedObjectIds: [20],
      newObjectId: 30,
    };
    expect(hear(merge)).toMatchObject([
      { is: 'life', recordId: '20', life: 'merged:30' },
      { is: 'life', recordId: '10', life: 'merged:30' },
      { is: 'links', recordId: '30' },
    ]);
    // Or with the primary one itself, which is never merged into itself.
    const { newObjectId: _, ...kept } = { ...merge, objectId: 10, mergedObjectIds: [10, 20] };
    expect(hear(kept).map((one) => ('life' in one ? `${one.recordId} ${one.life}` : one.is))).toEqual([
      '20 merged:10',
      'links',
    ]);
  });

  it('marks the record at the other end of a company when associations change', () => {
    const change = { ...base, fromObjectId: 1, toObjectId: 2, associationRemoved: false };
    expect(
      hear({
        ...change,
        subscriptionType: 'contact.associationChange',
        associationType: 'CONTACT_TO_COMPANY',
      }),
    ).toEqual([{ is: 'links', object: 'contact', recordId: '1' }]);
    expect(
      hear({
        ...change,
        subscriptionType: 'object.associationChange',
        fromObjectTypeId: '0-2',
        toObjectTypeId: '0-5',
      }),
    ).toEqual([{ is: 'links', object: 'ticket', recordId: '2' }]);
  });

  it.each([
    [
      {
        ...base,
        subscriptionType: 'contact.propertyChange',
        objectId: 1,
        propertyName: '__proto__',
        propertyValue: 'x',
      },
    ],
    [
      {
        ...base,
        subscriptionType: 'contact.propertyChange',
        objectId: 1,
        propertyName: 'favourite_colour',
        propertyValue: 'x',
      },
    ],
    [{ ...base, subscriptionType: 'moon.phase', objectId: 1 }],
    [{ ...base, subscriptionType: 'contact.propertyChange' }],
    [{ portalId: 1 }],
    [7],
    [null],
  ])('that is none of ours is counted and spoils nothing: %j', (odd) => {
    const [first, second] = hear(odd, { ...base, subscriptionType: 'contact.creation', objectId: 5 });
    expect(first?.is).toBe('ignored');
    expect(second).toMatchObject({ is: 'links' });
  });

  describe('of the webhooks journal', () => {
    const event = { type: 'crmObject', objectTypeId: '0-1', objectId: 5, occurredAt: '2026-11-28T10:00:00Z' };
    const at = Date.UTC(2026, 10, 28, 10);
    const contact = { object: 'contact', recordId: '5' };

    it('says that a record moved, was restored with its companies, or is gone', () => {
      expect(hear({ ...event, action: 'UPDATE' })).toEqual([{ is: 'touched', ...contact, how: 'moved', at }]);
      expect(hear({ ...event, action: 'DELETE' })).toEqual([{ is: 'touched', ...contact, how: 'gone', at }]);
      expect(hear({ ...event, action: 'RESTORE' })).toEqual([
        { is: 'touched', ...contact, how: 'moved', at },
        { is: 'links', ...contact },
      ]);
    });

    it('has every record of a merge looked at', () => {
      const merge = { ...event, action: 'MERGE', primaryObjectId: 6, newObjectId: 7, mergedObjectIds: [8] };
      expect(hear(merge)).toEqual(
        ['5', '6', '7', '8'].flatMap((recordId) => [
          { is: 'touched', object: 'contact', recordId, how: 'gone', at },
          { is: 'links', object: 'contact', recordId },
        ]),
      );
    });

    it('tells of a line item, and of the record at the other end of a company', () => {
      expect(hear({ ...event, objectTypeId: '0-8', action: 'UPDATE' })).toEqual([
        { is: 'line', lineId: '5' },
      ]);
      const link = { type: 'association', fromObjectTypeId: '0-2', toObjectTypeId: '0-5' };
      expect(hear({ ...link, fromObjectId: 1, toObjectId: 2 })).toEqual([
        { is: 'links', object: 'ticket', recordId: '2' },
      ]);
    });

    it('says when, in words or in milliseconds, and nothing of what is no record of ours', () => {
      expect(hear({ ...event, action: 'UPDATE', occurredAt: at })).toMatchObject([{ is: 'touched', at }]);
      for (const odd of [{ type: 'appLifecycleEvent' }, { objectTypeId: '0-999' }, { objectTypeId: null }])
        expect(hear({ ...event, action: 'UPDATE', ...odd })).toMatchObject([{ is: 'ignored' }]);
    });

    it('says that a person was erased, and nothing of what has no time or no record', () => {
      expect(hear({ ...event, type: 'gdprPrivacyDeletion' })).toMatchObject([{ is: 'life', life: 'erased' }]);
      expect(hear({ ...event, occurredAt: 'soon' })).toMatchObject([{ is: 'ignored' }]);
      expect(hear({ ...event, objectId: 'x' })).toMatchObject([{ is: 'ignored' }]);
    });
  });
});
