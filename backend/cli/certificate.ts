/** The equality certificate: what was compared, what was found, and a digest of both sides. */
import { createHash } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Comparison, NamedDifference } from '../store/layerTables.ts';

const NAMED_SHOWN = 50;

export interface Certificate {
  hubId: HubId;
  /** ISO instant. */
  at: string;
  equal: boolean;
  /** Hex; of all objects together. Equal digests mean equal data. */
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
}

export function certificateOf(
  hubId: HubId,
  found: readonly { object: AppObject; comparison: Comparison; tookMs: number }[],
  now: number,
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
    equal: objects.every((each) => each.differences === 0 && each.mirror === each.crm),
    mirror: digestOf(objects.map((each) => [each.object, each.mirror])),
    crm: digestOf(objects.map((each) => [each.object, each.crm])),
    calls: objects.reduce((sum, each) => sum + each.calls, 0),
    objects,
  };
}

const digestOf = (parts: readonly (readonly [string, string])[]): string =>
  createHash('sha256')
    .update(JSON.stringify([...parts].sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

export function certificateLines(certificate: Certificate): string[] {
  const { hubId, at, equal, mirror, crm, calls, objects } = certificate;
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
  lines.push(`  mirror   ${mirror}`, `  CRM      ${crm}`);
  lines.push(
    equal
      ? `Equal, by ${calls} calls.`
      : `Not equal, by ${calls} calls. What differs is read anew and repaired; run it again to see.`,
  );
  return lines;
}
