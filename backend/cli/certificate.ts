/** The equality certificate: what was compared, what was found, and a digest of both sides. */
import { createHash } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Comparison, NamedDifference, Unreadable } from '../store/layerTables.ts';

const NAMED_SHOWN = 50;

/** `object` could not be compared; the reason may lie in another one that it hangs on. */
export interface NotCompared extends Pick<Unreadable, 'code' | 'object' | 'scope'> {
  sentence: string;
}

export interface Certificate {
  hubId: HubId;
  /** ISO instant. */
  at: string;
  /** Everything that was asked for was compared, and nothing differed. */
  equal: boolean;
  /** Hex; of all objects that were compared together. Equal digests mean equal data. */
  mirror: string;
  crm: string;
  calls: number;
  objects: {
    object: AppObject;
    records: number;
    fields: number;
    associations: number;
    calls: number;
    tookMs: number;
    mirror: string;
    crm: string;
    /** In all; the first of them by name. */
    differences: number;
    named: readonly NamedDifference[];
    /** Never stood still, so they are in neither digest. */
    moving: number;
    /** Fields that staff paused or that the CRM's schema no longer fits, and that were not compared. */
    paused: readonly string[];
  }[];
  notCompared: readonly NotCompared[];
}

export function certificateOf(
  hubId: HubId,
  found: readonly { object: AppObject; comparison: Comparison; tookMs: number }[],
  now: number,
  notCompared: readonly NotCompared[] = [],
): Certificate {
  const objects = found.map(({ object, comparison, tookMs }) => {
    const { records, fields, associations, calls, mirror, crm } = comparison;
    const { differences, named, moving, paused } = comparison;
    const counted = { object, records, fields, associations, calls, tookMs };
    return { ...counted, mirror, crm, differences, named, moving, paused };
  });
  return {
    hubId,
    at: new Date(now).toISOString(),
    equal: notCompared.length === 0 && objects.every(isEqual),
    mirror: digestOf(objects.map((each) => [each.object, each.mirror])),
    crm: digestOf(objects.map((each) => [each.object, each.crm])),
    calls: objects.reduce((sum, each) => sum + each.calls, 0),
    objects,
    notCompared,
  };
}

const isEqual = (each: Pick<Certificate['objects'][number], 'differences' | 'mirror' | 'crm'>): boolean =>
  each.differences === 0 && each.mirror === each.crm;

const digestOf = (parts: readonly (readonly [string, string])[]): string =>
  createHash('sha256')
    .update(JSON.stringify([...parts].sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

export const notComparedLine = ({ object, code, sentence }: NotCompared): string =>
  `  ${object.padEnd(8)} not compared (${code}): ${sentence}`;

export function certificateLines(certificate: Certificate): string[] {
  const { hubId, at, mirror, crm, objects, notCompared } = certificate;
  const lines = [`Equality certificate of hub ${hubId}, ${at}`];
  for (const each of objects) {
    const { object, records, fields, associations, differences, moving, paused, tookMs } = each;
    const said = differences === 0 ? 'equal' : `${differences} differences`;
    lines.push(
      `  ${object.padEnd(8)} ${records} records, ${fields} fields, ${associations} associations: ${said} (${each.calls} calls, ${(tookMs / 1_000).toFixed(1)} s)`,
    );
    if (moving > 0) lines.push(`           ${moving} changed all the time and were left out`);
    if (paused.length > 0)
      lines.push(
        `           paused or no longer fitting the CRM’s schema, so not compared: ${paused.join(', ')}`,
      );
    for (const { recordId, field, ...sides } of each.named.slice(0, NAMED_SHOWN))
      lines.push(
        `           ${object} ${recordId} ${field}: mirror ${sides.mirror ?? 'absent'}, CRM ${sides.crm ?? 'absent'}; made due for repair`,
      );
    if (differences > NAMED_SHOWN) lines.push(`           … ${differences} in all`);
  }
  lines.push(...notCompared.map(notComparedLine));
  lines.push(`  mirror   ${mirror}`, `  CRM      ${crm}`, ...verdictOf(certificate));
  return lines;
}

function verdictOf({ equal, calls, objects, notCompared }: Certificate): string[] {
  if (equal) return [`Equal, by ${calls} calls.`];
  const names = notCompared.map(({ object }) => object).join(', ');
  const left = notCompared.length === 0 ? [] : [`Not compared: ${names}. “tally doctor” says what to do.`];
  if (objects.length === 0) return left;
  return objects.every(isEqual)
    ? [`What was compared is equal, by ${calls} calls.`, ...left]
    : [`Not equal, by ${calls} calls. What differs is read anew and repaired; run it again to see.`, ...left];
}
