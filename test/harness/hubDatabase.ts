/** A database of a test file's own, reached as one hub with the service's own role. */
import type { HubId } from '@tallystick/shared/ids';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { createTestDatabase } from './postgres.ts';

export async function openHubDatabase(hubId: HubId): Promise<{ db: Db; close: () => Promise<void> }> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, hubId, () => undefined);
  return {
    db,
    close: async () => {
      await db.destroy();
      await database.drop();
    },
  };
}
