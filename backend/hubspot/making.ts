/** The associations of a record that is made. Type ids: enum AssociationTypes of the official client. */
import type { RecordId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';

/** By the two objects' names in the CRM; a second id is the primary type, of which a record has one. */
const TYPE_IDS: Readonly<Record<string, readonly [plain: number, primary?: number]>> = {
  'tickets:contacts': [16],
  'tickets:companies': [339, 26],
  'notes:contacts': [202],
  'notes:companies': [190],
  'notes:deals': [214],
  'notes:tickets': [228],
};

export function associationsOf(object: AppObject, on: readonly { object: AppObject; id: RecordId }[]) {
  let isFirstCompany = true;
  return on.map((end) => {
    const [plain, primary] = TYPE_IDS[`${objects[object].crm}:${objects[end.object].crm}`] ?? [];
    if (plain === undefined) throw new Error(`No association type is known from ${object} to ${end.object}.`);
    const isPrimary = primary !== undefined && end.object === 'company' && isFirstCompany;
    if (end.object === 'company') isFirstCompany = false;
    const types = [plain, ...(isPrimary ? [primary] : [])];
    return {
      to: { id: end.id },
      types: types.map((associationTypeId) => ({
        associationCategory: 'HUBSPOT_DEFINED',
        associationTypeId,
      })),
    };
  });
}
