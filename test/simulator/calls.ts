/** The log of API calls, for tests that count them and for whoever audits a client. */
const CALLS_MAX = 20_000;

export interface LoggedCall {
  number: number;
  /** When it arrived; calls are logged when they end. */
  at: number;
  method: string;
  path: string;
  /** `batchRead:contacts` */
  operation: string;
  appId: number | null;
  /** 0: never answered. */
  status: number;
  /** How many records the call names. */
  ids: number;
}

export interface CallLog {
  add(call: Omit<LoggedCall, 'number'>): LoggedCall;
  since(number: number): LoggedCall[];
  counters(): { total: number; byOperation: Record<string, number>; byStatus: Record<string, number> };
}

export function createCallLog(): CallLog {
  let calls: LoggedCall[] = [];
  let total = 0;
  const byOperation = new Map<string, number>();
  const byStatus = new Map<string, number>();
  const count = (counters: Map<string, number>, key: string): void =>
    void counters.set(key, (counters.get(key) ?? 0) + 1);
  return {
    add: (call) => {
      total += 1;
      count(byOperation, call.operation);
      count(byStatus, String(call.status));
      const logged = { number: total, ...call };
      calls.push(logged);
      if (calls.length > CALLS_MAX * 2) calls = calls.slice(-CALLS_MAX);
      return logged;
    },
    since: (number) => calls.filter((call) => call.number > number),
    counters: () => ({
      total,
      byOperation: Object.fromEntries(byOperation),
      byStatus: Object.fromEntries(byStatus),
    }),
  };
}
