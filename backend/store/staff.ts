/** Who works at the desk, and what each may do there. */
import type { HubId } from '@tallystick/shared/ids';
import type { Db, DeskSettings, Role } from './database.ts';

export interface StaffRow {
  userId: string;
  name: string;
  email: string;
  /** Null: as everybody. */
  role: Role | null;
  seenAt: number | null;
}

export async function staffOf(db: Db, hubId: HubId): Promise<StaffRow[]> {
  const rows = await db
    .selectFrom('staff')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('name')
    .orderBy('email')
    .execute();
  return rows.map((row) => ({
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role: row.role,
    seenAt: row.seen_at?.getTime() ?? null,
  }));
}

export async function roleOf(
  db: Db,
  hubId: HubId,
  userId: string,
): Promise<{ own: Role | null; desk: DeskSettings }> {
  const row = await db
    .selectFrom('hubs as h')
    .leftJoin('staff as s', (join) => join.onRef('s.hub_id', '=', 'h.hub_id').on('s.user_id', '=', userId))
    .select(['s.role', 'h.desk'])
    .where('h.hub_id', '=', hubId)
    .executeTakeFirst();
  return { own: row?.role ?? null, desk: row?.desk ?? {} };
}

/** Somebody was at the desk: their address is kept, so that the journal's user ids have names. */
export async function noteSeen(
  db: Db,
  hubId: HubId,
  person: { userId: string; email: string; now: number },
): Promise<void> {
  const { userId, email, now } = person;
  await db
    .insertInto('staff')
    .values({ hub_id: hubId, user_id: userId, email, role: null, seen_at: new Date(now) })
    .onConflict((conflict) =>
      conflict.columns(['hub_id', 'user_id']).doUpdateSet({ email, seen_at: new Date(now) }),
    )
    .execute();
}

/** The CRM's own list of colleagues: it knows their names. */
export async function saveColleagues(
  db: Db,
  hubId: HubId,
  colleagues: readonly { userId: string | null; name: string; email: string }[],
): Promise<void> {
  const rows = colleagues.flatMap(({ userId, name, email }) =>
    userId === null ? [] : [{ hub_id: hubId, user_id: userId, name, email, role: null }],
  );
  if (rows.length === 0) return;
  await db
    .insertInto('staff')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['hub_id', 'user_id'])
        .doUpdateSet((eb) => ({ name: eb.ref('excluded.name'), email: eb.ref('excluded.email') })),
    )
    .execute();
}

/** Null takes the colleague's own role away. */
export async function setRole(db: Db, hubId: HubId, userId: string, role: Role | null): Promise<void> {
  await db
    .insertInto('staff')
    .values({ hub_id: hubId, user_id: userId, email: '', role })
    .onConflict((conflict) => conflict.columns(['hub_id', 'user_id']).doUpdateSet({ role }))
    .execute();
}

export async function saveDesk(db: Db, hubId: HubId, change: Partial<DeskSettings>): Promise<void> {
  const row = await db
    .selectFrom('hubs')
    .select('desk')
    .where('hub_id', '=', hubId)
    .executeTakeFirstOrThrow();
  await db
    .updateTable('hubs')
    .set({ desk: JSON.stringify({ ...row.desk, ...change }) })
    .where('hub_id', '=', hubId)
    .execute();
}
