import { CONFLICT_RULES } from '@tallystick/shared/decide';
import { defineOwnership, ruleOf, type FieldSpec, type PortalEdit } from '@tallystick/shared/defineOwnership';
import {
  fieldOf,
  isAudience,
  isObject,
  objects,
  OBJECTS,
  ownership,
  type AppOwnership,
} from '@tallystick/shared/ownership';
import { KINDS } from '@tallystick/shared/values';
import { describe, expect, expectTypeOf, it } from 'vitest';

const allFields = OBJECTS.flatMap((object) => Object.values<FieldSpec<string>>(objects[object].fields));

describe('the ownership file of the demo business', () => {
  it('uses every owner, every conflict rule and every kind', () => {
    expect(new Set(allFields.map((field) => field.owner))).toEqual(
      new Set(['crm', 'customer', 'both', 'source']),
    );
    expect(new Set(allFields.map((field) => ruleOf(field).conflict))).toEqual(new Set(CONFLICT_RULES));
    expect(new Set(allFields.map((field) => field.kind))).toEqual(new Set(KINDS));
  });

  it('has an action that is guarded, sets fields only an action may set, and a field that wants approval', () => {
    const action = ownership.actions.approveQuote!;
    expect(action.guards.length).toBeGreaterThan(0);
    for (const name of Object.keys(action.sets))
      expect(fieldOf(action.object, name)).toMatchObject({ byActionOnly: true });
    expect(allFields.some((field) => ruleOf(field).approval)).toBe(true);
  });

  it('is found by name, and nothing else is', () => {
    expect(isObject('company')).toBe(true);
    expect(isObject('toString')).toBe(false);
    expect(isAudience('partner')).toBe(true);
    expect(isAudience('constructor')).toBe(false);
    expect(fieldOf('contact', 'email')?.property).toBe('email');
    expect(fieldOf('contact', 'valueOf')).toBeUndefined();
  });
});

describe("the law's view of a field", () => {
  const base = { property: 'p', label: 'P', kind: 'text', see: ['direct', 'partner'] } as const;

  it('D2: nobody writes what the CRM owns', () => {
    expect(ruleOf({ ...base, owner: 'crm' })).toEqual({
      kind: 'text',
      conflict: 'crm',
      writers: [],
      approval: false,
      required: false,
    });
  });

  it("D6: what the customer owns is the customer's word", () => {
    expect(ruleOf({ ...base, owner: 'customer', edit: ['direct'] })).toEqual({
      kind: 'text',
      conflict: 'customer',
      writers: ['direct'],
      approval: false,
      required: false,
    });
  });

  it('D10: what both own has the rule that was declared, and says whether it is required and wants approval', () => {
    const field = {
      ...base,
      owner: 'both',
      conflict: 'newest',
      edit: ['direct'],
      required: true,
      approval: true,
    } as const;
    expect(ruleOf(field)).toEqual({
      kind: 'text',
      conflict: 'newest',
      writers: ['direct'],
      approval: true,
      required: true,
    });
  });
});

const audiences = {
  direct: { label: 'Customer', reaches: { company: 'primary' } },
  partner: { label: 'Partner', reaches: { company: 'primary' } },
} as const;
const object = {
  crm: 'companies',
  typeId: '0-2',
  label: { one: 'C', many: 'Cs' },
  title: 'name',
  scope: { direct: 'self', partner: 'none' },
} as const;
const name = { property: 'name', label: 'Name', kind: 'text', owner: 'crm', see: ['direct'] } as const;
const city = {
  property: 'city',
  label: 'City',
  kind: 'text',
  owner: 'customer',
  see: ['direct'],
  edit: ['direct'],
} as const;

describe('mistakes in the ownership file that only show when it is loaded', () => {
  it('returns a right one as it is', () => {
    const right = {
      version: '1',
      audiences,
      objects: { company: { ...object, fields: { name, city } } },
      actions: {},
      creations: {},
    };
    expect(defineOwnership(right)).toBe(right);
  });

  it('names every mistake in one sentence', () => {
    const broken = () =>
      defineOwnership({
        version: '1',
        audiences,
        objects: {
          company: {
            ...object,
            title: 'nom',
            fields: {
              name,
              city,
              town: { ...city, edit: ['direct', 'partner'] },
              quiet: { ...city, property: 'quiet', see: [] },
            },
          },
        },
        actions: {
          rename: {
            object: 'company',
            label: 'Rename',
            sets: { name: 'x' },
            guards: [],
            audiences: ['direct'],
          },
          move: {
            object: 'company',
            label: 'Move',
            sets: { city: 'x' },
            guards: [],
            audiences: ['direct', 'partner'],
          },
        },
        creations: {},
      });
    expect(broken).toThrow(
      'ownership.ts cannot be used: company: the title field "nom" does not exist; company: two fields map the property "city"; company.town: the audience "partner" may edit but not see it; company.quiet: the audience "direct" may edit but not see it; action rename: "name" is not a field a customer may write; action move: the audience "partner" may not write "city".',
    );
  });

  it("names an action's field that does not exist", () => {
    const sets: Record<string, string> = { nowhere: 'x' };
    const fields: Record<string, FieldSpec<'direct' | 'partner'>> = { name };
    expect(() =>
      defineOwnership({
        version: '1',
        audiences,
        objects: { company: { ...object, fields } },
        actions: { lose: { object: 'company', label: 'Lose', sets, guards: [], audiences: ['direct'] } },
        creations: {},
      }),
    ).toThrow('ownership.ts cannot be used: action lose: "nowhere" is not a field a customer may write.');
  });
});

describe('mistakes about other systems in the ownership file', () => {
  const account = { property: 'account', label: 'Account', kind: 'text', owner: 'crm', see: [] } as const;
  const balance = {
    property: 'balance',
    label: 'Balance',
    kind: 'currency',
    owner: 'source',
    source: 'billing',
    from: 'balance',
    see: ['direct'],
  } as const;
  const number = { column: 'number', label: 'No.', kind: 'text', see: ['direct'] } as const;
  const invoice = {
    label: { one: 'Invoice', many: 'Invoices' },
    view: 'billing.invoice',
    see: ['direct'],
    newestBy: 'number',
    fields: { number },
  } as const;
  const billing = {
    label: 'Billing',
    key: { object: 'company', field: 'account' },
    view: 'customer',
    lists: { invoice },
  } as const;
  const define = { version: '1', audiences, actions: {}, creations: {} } as const;
  const objectsHere = { company: { ...object, fields: { name, account, balance } } } as const;

  it('returns a right one as it is', () => {
    const right = { ...define, objects: objectsHere, sources: { billing } };
    expect(defineOwnership(right)).toBe(right);
  });

  it('names every mistake in one sentence', () => {
    const lost = { ...balance, property: 'lost', source: 'nowhere' } as const;
    const odd = { ...balance, property: 'odd', from: 'a; drop table' } as const;
    const deal = { ...object, fields: { name, misplaced: { ...balance, property: 'm' } } } as const;
    const ofCustomer: string = 'city';
    const broken = () =>
      defineOwnership({
        ...define,
        audiences: { ...audiences, 'source:billing': audiences.direct },
        objects: {
          company: {
            ...object,
            scope: { ...object.scope, 'source:billing': 'none' },
            fields: { name, city, lost, odd },
          },
          deal: { ...deal, scope: { ...object.scope, 'source:billing': 'none' } },
        },
        sources: {
          billing: {
            ...billing,
            key: { object: 'company', field: ofCustomer as 'city' },
            view: 'Customers',
            lists: {
              invoice: {
                ...invoice,
                newestBy: 'date',
                fields: { number: { ...number, column: 'N', see: ['direct', 'partner'] } },
              },
            },
          },
          'b-2': { ...billing, key: { object: 'company', field: 'gone' as 'city' }, lists: {} },
        },
      });
    expect(broken).toThrow(
      'ownership.ts cannot be used: "source:billing" is not an audience of customers; source billing: its key company.city is not owned by the CRM; source billing: "Customers" is not the name of a view; source billing.invoice: it is ordered by "date", which does not exist; source billing.invoice.number: "N" is not the name of a column; source billing.invoice.number: the audience "partner" sees the field but not the list; source b-2: its name is not of up to 30 letters and digits; source b-2: its key company.gone does not exist; company.lost: it is owned by the source "nowhere", which does not exist; company.odd: "a; drop table" is not the name of a column; deal.misplaced: the source "billing" knows records of "company" only.',
    );
  });

  it('B1: the law gives such a field the rule `customer`, with the source as its only writer', () => {
    expect(ruleOf(balance)).toEqual({
      kind: 'currency',
      conflict: 'customer',
      writers: ['source:billing'],
      approval: false,
      required: false,
    });
  });

  it('does not compile where a portal edits it', () => {
    // @ts-expect-error the billing system owns the balance
    const owned: PortalEdit<AppOwnership, 'company'> = { openBalance: '0' };
    expect(Object.keys(owned)).toEqual(['openBalance']);
  });
});

describe('mistakes in the ownership file that do not compile', () => {
  it('lets a portal edit what the customer or both own', () => {
    const edit: PortalEdit<AppOwnership, 'company'> = { phone: '+44 20 7946 0000', billingEmail: null };
    expect(Object.keys(edit)).toHaveLength(2);
    expectTypeOf<keyof PortalEdit<AppOwnership, 'quote'>>().toEqualTypeOf<'decisionNote'>();
  });

  it('refuses a portal edit of a field that the CRM owns, that only an action sets, or that does not exist', () => {
    // @ts-expect-error the CRM owns the credit limit
    const owned: PortalEdit<AppOwnership, 'company'> = { creditLimit: '1' };
    // @ts-expect-error only an action sets the decision
    const byAction: PortalEdit<AppOwnership, 'quote'> = { decision: 'approved' };
    // @ts-expect-error there is no such field
    const unknown: PortalEdit<AppOwnership, 'company'> = { shoeSize: '44' };
    expect([owned, byAction, unknown]).toHaveLength(3);
  });

  it('refuses rules that do not fit their field', () => {
    const text = { property: 'p', label: 'P', kind: 'text', see: ['direct'], edit: ['direct'] } as const;
    // @ts-expect-error a union is for choices only
    const union: FieldSpec<'direct'> = { ...text, owner: 'both', conflict: 'union' };
    // @ts-expect-error what both own needs a conflict rule
    const ruleless: FieldSpec<'direct'> = { ...text, owner: 'both' };
    const customers = ['direct'] as const;
    // @ts-expect-error nobody edits what the CRM owns
    const edited: FieldSpec<'direct'> = { ...text, owner: 'crm', edit: customers };
    // @ts-expect-error there is no such audience
    const strangers: FieldSpec<'direct'> = { ...text, owner: 'customer', edit: ['stranger'] };
    const set: FieldSpec<'direct'> = { ...text, kind: 'choices', owner: 'both', conflict: 'union' };
    expect([union, ruleless, edited, strangers, set]).toHaveLength(5);
  });

  it('refuses an action that names a guard, a field or an object that does not exist', () => {
    const objectsHere = { company: { ...object, fields: { name, city } } } as const;
    const right = {
      object: 'company',
      label: 'Move',
      sets: { city: 'x' },
      guards: ['name'],
      audiences: ['direct'],
    } as const;
    const define = { version: '1', audiences, objects: objectsHere, creations: {} } as const;
    // @ts-expect-error there is no field "nome" to guard
    defineOwnership({ ...define, actions: { move: { ...right, guards: ['nome'] } } });
    // @ts-expect-error there is no object "firm"
    defineOwnership({ ...define, actions: { move: { ...right, object: 'firm', sets: {} } } });
    const strange = { ...right, audiences: ['stranger'] } as const;
    // @ts-expect-error there is no audience "stranger"
    expect(() => defineOwnership({ ...define, actions: { move: strange } })).toThrow();
    expect(defineOwnership({ ...define, actions: { move: right } }).actions.move).toBe(right);
  });
});
