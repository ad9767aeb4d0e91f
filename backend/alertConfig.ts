/** The settings of alerts, parsed once; each mistake is one sentence. */
import { z } from 'zod';
import type { AlertSettings } from './alerts/channels.ts';
import { parseHooks, type Hook } from './hooks/hook.ts';

const RECIPIENTS_MAX = 20;

export const alertEnvironment = {
  ALERT_MAIL_TO: z
    .string()
    .regex(
      /^([^\s@,<>]+@[^\s@,<>]+)(\s*,\s*[^\s@,<>]+@[^\s@,<>]+)*$/,
      'ALERT_MAIL_TO is not a list of addresses',
    )
    .refine(
      (text) => text.split(',').length <= RECIPIENTS_MAX,
      `ALERT_MAIL_TO names more than ${RECIPIENTS_MAX} addresses`,
    )
    .optional(),
  ALERT_WEBHOOK: z.string().transform(webhookOf).optional(),
  ALERT_TASK_OWNER: z
    .string()
    .regex(/^\d{1,18}$/, 'ALERT_TASK_OWNER is not an owner id: it has only digits')
    .optional(),
};
type Environment = z.infer<z.ZodObject<typeof alertEnvironment>> & {
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
};

export function mistakesInAlerts({ ALERT_MAIL_TO: to, SMTP_URL: smtpUrl }: Environment): string[] {
  return to !== undefined && smtpUrl === undefined
    ? ['ALERT_MAIL_TO is set, SMTP_URL and MAIL_FROM are missing']
    : [];
}

export function alertSettingsOf(env: Environment): AlertSettings {
  const { ALERT_MAIL_TO: to, SMTP_URL: smtpUrl, MAIL_FROM: from } = env;
  return {
    mail:
      to === undefined || smtpUrl === undefined || from === undefined
        ? null
        : { to: to.split(',').map((each) => each.trim()), smtpUrl, from },
    webhook: env.ALERT_WEBHOOK ?? null,
    taskOwner: env.ALERT_TASK_OWNER ?? null,
  };
}

/** `{"url", "secret"}`: held to the same rules as HOOKS. Where it may lead is the operator's own choice. */
function webhookOf(text: string, ctx: z.RefinementCtx<string>): Hook {
  try {
    const [hook] = parseHooks(`[${text}]`, true);
    if (hook !== undefined) return hook;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'HOOKS is wrong';
    ctx.addIssue({ code: 'custom', message: message.replace(/HOOKS(\[0\])?/, 'ALERT_WEBHOOK') });
    return z.NEVER;
  }
  ctx.addIssue({ code: 'custom', message: 'ALERT_WEBHOOK is not {"url", "secret"}' });
  return z.NEVER;
}
