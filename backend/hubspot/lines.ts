/** The lines of a quote: line items, which are records of their own (docs: line items guide). */
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { canonical, fromLines, type Line, type Value } from '@tallystick/shared/values';
import type { CrmRecord } from './answers.ts';

/** What a field of the kind `lines` is read from, by the property of the ownership file. */
export const LINE_TYPE = { crm: 'line_items', typeId: '0-8', singular: 'line_item' } as const;

const POSITION = 'hs_position_on_quote';
const PROPERTIES: Readonly<Record<keyof Line, string>> = {
  name: 'name',
  description: 'description',
  quantity: 'quantity',
  price: 'price',
  discount: 'hs_discount_percentage',
  billing: 'recurringbillingfrequency',
  amount: 'amount',
};
export const LINE_PROPERTIES: readonly string[] = [...Object.values(PROPERTIES), POSITION];

/** A line item as read, with its place on the quote. */
export interface ReadLine {
  id: RecordId;
  position: number;
  line: Line;
}

export function lineOf({ id, properties }: CrmRecord): ReadLine {
  const text = (name: keyof Line): Value => canonical('text', properties[PROPERTIES[name]]);
  const number = (name: keyof Line): Value => canonical('number', properties[PROPERTIES[name]]);
  const position = Number(properties[POSITION] ?? Infinity);
  return {
    id: recordId(id),
    position: Number.isNaN(position) ? Infinity : position,
    line: {
      ...{ name: text('name'), description: text('description'), quantity: number('quantity') },
      ...{ price: number('price'), discount: number('discount'), billing: text('billing') },
      amount: number('amount'),
    },
  };
}

/** The value of a `lines` field: in their order on the quote, then by id. */
export function valueOfLines(lines: readonly ReadLine[]): Value {
  const byId = (a: ReadLine, b: ReadLine): number => a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
  const place = (a: ReadLine, b: ReadLine): number =>
    a.position === b.position ? byId(a, b) : a.position - b.position;
  return fromLines([...lines].sort(place).map(({ line }) => line));
}
