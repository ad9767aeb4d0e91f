/** The association types between standard objects. Ids: enum AssociationTypes of @hubspot/api-client 14.0.1. */
import type { LinkType, ObjectType, State } from './state.ts';

/** from, to, id seen from `from`, id seen from `to`; a second pair of ids is the primary type. */
const STANDARD: [
  from: string,
  to: string,
  there: number,
  back: number,
  primaryThere?: number,
  primaryBack?: number,
][] = [
  ['0-1', '0-2', 279, 280, 1, 2],
  ['0-3', '0-1', 3, 4],
  ['0-3', '0-2', 341, 342, 5, 6],
  ['0-5', '0-1', 16, 15],
  ['0-5', '0-2', 339, 340, 26, 25],
  ['0-3', '0-5', 27, 28],
  ['0-3', '0-8', 19, 20],
  ['0-14', '0-3', 64, 63],
  ['0-14', '0-8', 67, 68],
  ['0-14', '0-1', 69, 70],
  ['0-14', '0-2', 71, 72],
  ['0-46', '0-1', 202, 201],
  ['0-46', '0-2', 190, 189],
  ['0-46', '0-3', 214, 213],
  ['0-46', '0-5', 228, 227],
  ['0-27', '0-1', 204, 203],
  ['0-27', '0-2', 192, 191],
  ['0-27', '0-3', 216, 215],
  ['0-27', '0-5', 230, 229],
  ['0-48', '0-1', 194, 193],
  ['0-48', '0-2', 182, 181],
  ['0-48', '0-3', 206, 205],
  ['0-48', '0-5', 220, 219],
  ['0-49', '0-1', 198, 197],
  ['0-49', '0-2', 186, 185],
  ['0-49', '0-3', 210, 209],
  ['0-49', '0-5', 224, 223],
  ['0-47', '0-1', 200, 199],
  ['0-47', '0-2', 188, 187],
  ['0-47', '0-3', 212, 211],
  ['0-47', '0-5', 226, 225],
  ['0-1', '0-1', 449, 449],
  ['0-2', '0-2', 450, 450],
  ['0-3', '0-3', 451, 451],
  ['0-5', '0-5', 452, 452],
];

export function standardLinkTypes(types: ReadonlyMap<string, ObjectType>): LinkType[] {
  const all = STANDARD.flatMap(([from, to, there, back, primaryThere, primaryBack]) => {
    const names = pairNames(types.get(from)!, types.get(to)!);
    const plain = bothWays(
      { from, to, there, back, label: null, inverseLabel: null, primary: false, category: 'HUBSPOT_DEFINED' },
      names,
    );
    if (primaryThere === undefined || primaryBack === undefined) return plain;
    // From practice: the primary type carries the bare name, the plain one then ends in "_unlabeled".
    const [a, b] = names;
    return [
      ...bothWays(
        {
          from,
          to,
          there: primaryThere,
          back: primaryBack,
          label: 'Primary',
          inverseLabel: 'Primary',
          primary: true,
          category: 'HUBSPOT_DEFINED',
        },
        names,
      ),
      ...plain.map((type, index) => ({ ...type, name: `${index === 0 ? a : b}_unlabeled` })),
    ];
  });
  const family = (there: number, back: number, name: string, label: string): LinkType => ({
    ...{
      from: '0-2',
      to: '0-2',
      typeId: there,
      inverseTypeId: back,
      category: 'HUBSPOT_DEFINED',
      primary: false,
    },
    ...{ name, label },
  });
  return [
    ...all,
    family(13, 14, 'parent_to_child_company', 'Child Company'),
    family(14, 13, 'child_to_parent_company', 'Parent Company'),
  ];
}

interface NewPair {
  from: string;
  to: string;
  there: number;
  back: number;
  label: string | null;
  inverseLabel: string | null;
  primary: boolean;
  category: LinkType['category'];
}

export function bothWays(pair: NewPair, [there, back]: [string, string]): LinkType[] {
  const { category, primary } = pair;
  const forth = { from: pair.from, to: pair.to, typeId: pair.there, inverseTypeId: pair.back };
  const opposite = { from: pair.to, to: pair.from, typeId: pair.back, inverseTypeId: pair.there };
  const first: LinkType = { ...forth, category, primary, label: pair.label, name: there };
  return pair.from === pair.to && pair.there === pair.back
    ? [first]
    : [first, { ...opposite, category, primary, label: pair.inverseLabel, name: back }];
}

export function pairNames(from: ObjectType, to: ObjectType): [string, string] {
  return [`${from.singular}_to_${to.singular}`, `${to.singular}_to_${from.singular}`];
}

export function linkTypesBetween(state: State, from: string, to: string): LinkType[] {
  return state.data.linkTypes.filter((type) => type.from === from && type.to === to);
}

/** The plain type of a pair: unlabelled and not primary. */
export function plainType(state: State, from: string, to: string): LinkType | null {
  return linkTypesBetween(state, from, to).find((type) => type.label === null && !type.primary) ?? null;
}
