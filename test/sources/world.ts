/** A billing database of its own for a test file, and a source over it. */
import { sources } from '@tallystick/shared/ownership';
import { openSqlSource } from '../../backend/sources/sql.ts';
import type { Source } from '../../backend/sources/source.ts';
import { createTestDatabase } from '../harness/postgres.ts';
import { startBilling, type Billing } from '../workbench/billing.ts';

export interface BillingWorld {
  billing: Billing;
  /** Leads to the server as its administrator. */
  adminUrl: string;
  /** A source over this address; the reader's where none is given. */
  open(url?: string, now?: () => number): Source;
  close(): Promise<void>;
}

export async function startBillingWorld(): Promise<BillingWorld> {
  const database = await createTestDatabase();
  const billing = await startBilling(database.url);
  const opened: Source[] = [];
  return {
    billing,
    adminUrl: database.url,
    open: (url = billing.url, now = Date.now) => {
      const source = openSqlSource({
        name: 'billing',
        spec: sources.billing!,
        url,
        now,
        onError: () => undefined,
      });
      opened.push(source);
      return source;
    },
    close: async () => {
      await Promise.all(opened.map((source) => source.close()));
      await billing.close();
      await database.drop();
    },
  };
}
