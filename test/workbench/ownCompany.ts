/** The record on which the canary sings: the demo's firm itself, which has no people and so nobody in the portal. */
import { sourceOf } from '../simulator/acting.ts';
import { currentValue } from '../simulator/history.ts';
import type { World } from '../simulator/world.ts';

const DOMAIN = 'tallyheat.example';

/** Made where the stand-in's snapshot does not hold it. */
export function ownCompany(world: World): string {
  const companies = [...(world.state.data.records.get(world.type('companies').typeId)?.values() ?? [])];
  const found = companies.find((record) => currentValue(record, 'domain') === DOMAIN);
  if (found !== undefined) return found.id;
  const properties = { name: 'Tallyheat (ourselves)', domain: DOMAIN };
  return world.create('companies', properties, sourceOf('colleague', 51_446_676)).id;
}
