/**
 * HubSpot's tasks, as far as alerts need them (docs: tasks guide; they are read and written with the scopes of
 * contacts). A task has no property of ours that is unique, so its subject carries a key by which it is looked for.
 */
import { z } from 'zod';
import * as answers from './answers.ts';
import type { Call } from './crm.ts';

import { mapped, type Answer } from './transport.ts';

const TASKS = '/crm/objects/2026-09/tasks';

export interface NewTask {
  subject: string;
  /** HTML. */
  body: string;
  ownerId: string;
  /** When it is due, ms. */
  at: number;
}

export interface TaskPort {
  /** Sent again after a call nobody answered it may be made twice. */
  makeTask(task: NewTask): Promise<Answer<string>>;
  /** The task with exactly this subject; null: the search, which lags by seconds, finds none. */
  findTask(subject: string): Promise<Answer<string | null>>;
  endTask(taskId: string): Promise<Answer<string>>;
}

const found = z.object({ results: z.array(answers.crmRecord) });

export function tasks(call: Call): TaskPort {
  return {
    makeTask: async ({ subject, body, ownerId, at }) => {
      const properties = {
        hs_task_subject: subject,
        hs_task_body: body,
        hs_task_status: 'NOT_STARTED',
        hs_task_priority: 'HIGH',
        hs_timestamp: new Date(at).toISOString(),
        hubspot_owner_id: ownerId,
      };
      const answer = await call({ method: 'POST', path: TASKS, body: { properties } }, answers.crmRecord);
      return mapped(answer, ({ id }) => id);
    },
    findTask: async (subject) => {
      const filters = [{ propertyName: 'hs_task_subject', operator: 'EQ', value: subject }];
      const body = { filterGroups: [{ filters }], properties: ['hs_task_subject'], limit: 1 };
      const answer = await call({ method: 'POST', path: `${TASKS}/search`, body }, found);
      return mapped(answer, ({ results }) => (results[0] === undefined ? null : results[0].id));
    },
    endTask: async (taskId) => {
      const body = { properties: { hs_task_status: 'COMPLETED' } };
      const path = `${TASKS}/${encodeURIComponent(taskId)}`;
      return mapped(await call({ method: 'PATCH', path, body }, answers.crmRecord), ({ id }) => id);
    },
  };
}
