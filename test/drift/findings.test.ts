/** The pure half of drift: every kind of change, what it is called, what it holds back, what it touches, how it ends. */
import { ownership } from '@tallystick/shared/ownership';
import { describe, expect, it } from 'vitest';
import { accepting, adopted, isAcceptable, NOTHING_KNOWN, shownAs } from '../../backend/drift/accepting.ts';
import { findDrift, subjectOf } from '../../backend/drift/findings.ts';
import { fixesOf } from '../../backend/drift/fixes.ts';
import { impactOf } from '../../backend/drift/impact.ts';
import { findingAdvice, findingSentence, impactSentences } from '../../backend/drift/words.ts';
import type { CrmSchema, Finding } from '../../backend/store/schemaTables.ts';
import { fitting, property } from './kit.ts';

type Change = (now: CrmSchema) => void;
const after = (change: Change): { accepted: CrmSchema; now: CrmSchema; findings: Finding[] } => {
  const [accepted, now] = [fitting(), fitting()];
  change(now);
  return { accepted, now, findings: findDrift(ownership, accepted, now) };
};

describe('a schema that fits', () => {
  it('has no findings, and neither has one that is seen for the first time', () => {
    expect(after(() => undefined).findings).toEqual([]);
    const accepted = adopted(NOTHING_KNOWN, fitting());
    expect(findDrift(ownership, accepted, fitting())).toEqual([]);
  });

  it('is not judged where it was never read', () => {
    expect(findDrift(ownership, NOTHING_KNOWN, NOTHING_KNOWN)).toEqual([]);
  });
});

const TIER = 'support_tier';
const tier = (now: CrmSchema) => property(now, 'company', TIER);
const rows: [
  what: string,
  change: Change,
  code: string,
  about: {
    subject: string;
    severity: string;
    stops?: string;
    bars?: string[];
    touches?: string[];
    more?: string[];
  },
][] = [
  [
    'a property was removed',
    (now) => delete now.objects['company']!.properties['renewal_date'],
    'property-gone',
    {
      subject: 'company.renewal_date',
      severity: 'breaks',
      stops: 'both',
      touches: ['Renewal date', 'Partner'],
    },
  ],
  [
    'a property that only creations send was removed',
    (now) => delete now.objects['note']!.properties['hs_note_body'],
    'property-gone',
    {
      subject: 'note.hs_note_body',
      severity: 'breaks',
      bars: ['comment', 'uploadDocument'],
      touches: ['Add a comment'],
    },
  ],
  [
    'a property has another label',
    (now) => (tier(now).label = 'Level'),
    'property-renamed',
    { subject: `company.${TIER}`, severity: 'tells', touches: ['Support level'] },
  ],
  [
    'the type still holds the field',
    (now) => Object.assign(property(now, 'company', 'phone'), { type: 'phone_number' }),
    'type-changed',
    { subject: 'company.phone', severity: 'warns' },
  ],
  [
    'the type cannot hold the field any more',
    (now) => Object.assign(property(now, 'company', 'credit_limit'), { type: 'string', fieldType: 'text' }),
    'type-unfit',
    { subject: 'company.credit_limit', severity: 'breaks', stops: 'both' },
  ],
  [
    'a choice of several became a choice of one',
    (now) => (property(now, 'company', 'capabilities').fieldType = 'select'),
    'type-unfit',
    { subject: 'company.capabilities', severity: 'breaks', stops: 'both' },
  ],
  [
    'a property that customers change was made read-only',
    (now) => (property(now, 'company', 'billing_email').readOnly = true),
    'read-only',
    { subject: 'company.billing_email', severity: 'breaks', stops: 'writing', touches: ['Invoices go to'] },
  ],
  [
    'a property that another system owns was made read-only',
    (now) => (property(now, 'company', 'open_balance').readOnly = true),
    'read-only',
    { subject: 'company.open_balance', severity: 'breaks', stops: 'writing', touches: ['Billing'] },
  ],
  [
    'a property that customers may empty was made required',
    (now) => now.objects['company']!.required.push('delivery_notes'),
    'made-required',
    { subject: 'company.delivery_notes', severity: 'warns' },
  ],
  [
    'a required property is not sent by a creation',
    (now) => now.objects['ticket']!.required.push('hs_ticket_priority'),
    'creation-lacks',
    {
      ...{ subject: 'ticket.hs_ticket_priority.raiseCase', severity: 'breaks', bars: ['raiseCase'] },
      more: ['made-required'],
    },
  ],
  [
    'an option was added',
    (now) => tier(now).options!.push({ value: 'gold', label: 'Gold', hidden: false }),
    'option-added',
    { subject: `company.${TIER}.gold`, severity: 'tells' },
  ],
  [
    'an option was removed',
    (now) => (tier(now).options = []),
    'option-removed',
    { subject: `company.${TIER}.a`, severity: 'warns' },
  ],
  [
    'an option was hidden',
    (now) => (tier(now).options![0]!.hidden = true),
    'option-hidden',
    { subject: `company.${TIER}.a`, severity: 'warns' },
  ],
  [
    'an option has another label',
    (now) => (tier(now).options![0]!.label = 'Alpha'),
    'option-renamed',
    { subject: `company.${TIER}.a`, severity: 'tells' },
  ],
  [
    'an option that an action sets was removed',
    (now) => {
      const decision = property(now, 'quote', 'customer_decision');
      decision.options = decision.options!.filter(({ value }) => value !== 'approved');
    },
    'option-missing',
    {
      ...{ subject: 'quote.customer_decision.approved', severity: 'breaks', touches: ['Approve'] },
      more: ['option-removed'],
    },
  ],
  [
    'the stage that a creation begins in was removed',
    (now) => {
      property(now, 'ticket', 'hs_pipeline_stage').options = [{ value: '4', label: 'Closed', hidden: false }];
      delete now.objects['ticket']!.pipelines!['0']!.stages['1'];
    },
    'option-missing',
    {
      ...{ subject: 'ticket.hs_pipeline_stage.1', severity: 'breaks', bars: ['raiseCase'] },
      ...{ touches: ['Raise a request'], more: ['stage-removed'] },
    },
  ],
  [
    'a key is not unique',
    (now) => (property(now, 'ticket', 'portal_request_key').unique = false),
    'key-not-unique',
    { subject: 'ticket.portal_request_key.raiseCase', severity: 'breaks', bars: ['raiseCase'] },
  ],
  [
    'a stage was renamed',
    (now) => (now.objects['deal']!.pipelines!['default']!.stages['closedwon'] = 'Sold'),
    'stage-renamed',
    { subject: 'deal.default.closedwon', severity: 'tells', touches: ['Stage'] },
  ],
  [
    'a stage was added',
    (now) => (now.objects['deal']!.pipelines!['default']!.stages['new'] = 'New'),
    'stage-added',
    { subject: 'deal.default.new', severity: 'tells' },
  ],
  [
    'a stage was removed',
    (now) => delete now.objects['deal']!.pipelines!['default']!.stages['closedwon'],
    'stage-removed',
    { subject: 'deal.default.closedwon', severity: 'warns' },
  ],
  [
    'a pipeline was removed',
    (now) => delete now.objects['deal']!.pipelines!['default'],
    'pipeline-gone',
    { subject: 'deal.default', severity: 'warns' },
  ],
  [
    'the custom object is gone',
    (now) => (now.objects['site'] = null),
    'object-gone',
    { subject: 'site', severity: 'breaks', stops: 'both', touches: ['How to get in', 'Sites'] },
  ],
  [
    'the custom object was made anew',
    (now) => (now.objects['site']!.typeId = '2-9'),
    'object-moved',
    { subject: 'site', severity: 'warns' },
  ],
  [
    'the label of an audience was removed',
    (now) => delete now.labels!['91'],
    'label-gone',
    { subject: 'Portal partner', severity: 'breaks', touches: ['Partner', 'sees anything'] },
  ],
  [
    'the label of an audience was renamed',
    (now) => (now.labels!['91'] = 'Reseller'),
    'label-renamed',
    { subject: 'Portal partner', severity: 'breaks', touches: ['Partner', 'sees anything'] },
  ],
  [
    'the scope to read an object was lost',
    (now) => (now.scopes = now.scopes!.filter((scope) => scope !== 'crm.objects.deals.read')),
    'scope-lost',
    { subject: 'deal.crm.objects.deals.read', severity: 'breaks', stops: 'both', touches: ['Orders'] },
  ],
  [
    'the scope to write an object was lost',
    (now) => (now.scopes = now.scopes!.filter((scope) => scope !== 'crm.objects.deals.write')),
    'scope-lost',
    {
      subject: 'deal.crm.objects.deals.write',
      severity: 'breaks',
      stops: 'writing',
      touches: ['Your purchase order'],
    },
  ],
  [
    'the scope for files was lost',
    (now) => (now.scopes = now.scopes!.filter((scope) => scope !== 'files')),
    'scope-lost',
    { subject: 'note.files', severity: 'breaks', bars: ['uploadDocument'] },
  ],
];

describe('a schema that has changed', () => {
  it.each(rows)('%s', (_, change, code, about) => {
    const { accepted, now, findings } = after(change);
    const found = findings.find((each) => each.code === code)!;
    expect(findings.map((each) => each.code).sort()).toEqual([code, ...(about.more ?? [])].sort());
    expect(subjectOf(found)).toBe(about.subject);
    expect(found.severity).toBe(about.severity);
    if (about.stops !== undefined) expect(found.stops).toBe(about.stops);
    if (about.bars !== undefined) expect(found.bars).toEqual(about.bars);
    const impact = impactSentences(found, impactOf(ownership, found)).join(' ');
    for (const touched of about.touches ?? []) expect(impact).toContain(touched);
    for (const text of [findingSentence(found, 'Companies'), findingAdvice(found, false)])
      expect(text).toMatch(/\.$/);
    // It ends when the CRM goes back, and, where nothing is broken, when a person accepts it.
    expect(findDrift(ownership, adopted(accepted, now), fitting())).toEqual([]);
    const left = findDrift(ownership, accepting(accepted, now, found), now);
    expect(left.some((each) => each.code === code)).toBe(!isAcceptable(found));
    expect(isAcceptable(found)).toBe(about.severity !== 'breaks');
  });

  it('is named anew when its facts change, so that nobody accepts what they did not see', () => {
    const [first] = after((now) => (tier(now).label = 'Level')).findings;
    const [second] = after((now) => (tier(now).label = 'Class')).findings;
    expect(subjectOf(first!)).toBe(subjectOf(second!));
    expect(shownAs(first!)).not.toBe(shownAs(second!));
  });

  it('accepts one change of several, and leaves the others', () => {
    const { accepted, now, findings } = after((found) => {
      tier(found).label = 'Level';
      tier(found).options!.push({ value: 'gold', label: 'Gold', hidden: false });
    });
    const renamed = findings.find(({ code }) => code === 'property-renamed')!;
    const left = findDrift(ownership, accepting(accepted, now, renamed), now);
    expect(left.map(({ code }) => code)).toEqual(['option-added']);
  });

  it('holds nothing back for a scope that was never listed: HubSpot may list scopes in another way', () => {
    const accepted = { ...fitting(), scopes: ['oauth'] };
    const findings = findDrift(ownership, accepted, { ...fitting(), scopes: ['oauth'] });
    expect(findings.length).toBeGreaterThan(10);
    expect(
      findings.every(
        ({ stops, bars, severity }) => stops === 'none' && bars.length === 0 && severity === 'warns',
      ),
    ).toBe(true);
  });
});

describe('what can be made', () => {
  it('is what the file says of it: type, options that are named, uniqueness; never HubSpot’s own', () => {
    const { findings } = after((now) => {
      delete now.objects['ticket']!.properties['portal_request_key'];
      delete now.objects['quote']!.properties['customer_decision'];
      delete now.objects['company']!.properties['vat_number'];
      delete now.objects['company']!.properties['capabilities'];
      delete now.objects['ticket']!.properties['hs_ticket_priority'];
      delete now.labels!['91'];
    });
    const fixes = fixesOf(ownership, findings);
    expect(fixes.map(({ object, property: name }) => `${object}.${name}`).sort()).toEqual(
      ['company.vat_number', 'quote.customer_decision', 'ticket.portal_request_key'].sort(),
    );
    expect(fixes.find(({ property: name }) => name === 'portal_request_key')).toMatchObject({ unique: true });
    const decision = fixes.find(({ property: name }) => name === 'customer_decision');
    expect(decision?.options.map(({ value }) => value)).toEqual(
      expect.arrayContaining(['approved', 'declined', 'void']),
    );
  });

  it('includes the options that actions set, in one step a property', () => {
    const { findings } = after((now) => (property(now, 'quote', 'customer_decision').options = []));
    const fixes = fixesOf(ownership, findings);
    expect(fixes).toHaveLength(1);
    expect(fixes[0]).toMatchObject({ do: 'option', object: 'quote', property: 'customer_decision' });
  });
});
