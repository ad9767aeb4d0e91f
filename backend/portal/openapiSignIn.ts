/** The OpenAPI document's part on signing in and out. */
import { answer, body, inPath, operation } from './openapiParts.ts';

type Paths = Record<string, Record<string, unknown>>;

export function signInPaths(): Paths {
  return { ...byMail(), ...byProvider(), ...sessions() };
}

const open = { security: [] };
const cookie = { security: [{ session: [] }] };
const nothing = (status: number, description: string) => ({ [status]: { description } });

function byMail(): Paths {
  return {
    '/sign-in': {
      get: { ...operation('Which ways in are there?', [], answer(200, 'SignInWays', 'The ways.')), ...open },
    },
    '/sign-in/mail': {
      post: {
        ...operation(
          'Ask for a link by e-mail. The answer is the same for every address.',
          [],
          nothing(
            202,
            'If mails reach this address, one is on its way. A cookie binds the link to this browser.',
          ),
        ),
        requestBody: body('MailRequest'),
        ...open,
      },
    },
    '/sign-in/mail/confirm': {
      post: {
        ...operation(
          'Use the link: sent by the page at /sign-in/confirm with what stands behind the # of its address.',
          [],
          answer(200, 'SessionInfo', 'Signed in; the session’s cookie is set.'),
        ),
        requestBody: body('ConfirmRequest'),
        ...open,
      },
    },
  };
}

function byProvider(): Paths {
  const name = inPath('name', { type: 'string' });
  return {
    '/sign-in/with/{name}': {
      get: {
        ...operation(
          'Sign in with an identity provider: open it as a page.',
          [name],
          nothing(303, 'To the provider; or to /sign-in?problem=provider-away.'),
        ),
        ...open,
      },
    },
    '/sign-in/with/{name}/callback': {
      get: {
        ...operation(
          'Where the provider sends the browser back to.',
          [name],
          nothing(
            303,
            'To /, signed in; or to /sign-in?problem= link-over, other-browser or sign-in-failed.',
          ),
        ),
        ...open,
      },
    },
  };
}

function sessions(): Paths {
  return {
    '/session': {
      get: {
        ...operation('Whose browser is this?', [], answer(200, 'SessionInfo', 'Answered to everybody.')),
        ...open,
      },
    },
    '/sign-out': {
      post: {
        ...operation('Sign out, here or everywhere.', [], nothing(204, 'Signed out.')),
        requestBody: { ...body('SignOutRequest'), required: false },
        ...open,
      },
    },
    '/sessions': {
      get: {
        ...operation('The person’s own sessions.', [], answer(200, 'SessionList', 'Newest first.')),
        ...cookie,
      },
    },
    '/sessions/{sessionId}': {
      delete: {
        ...operation(
          'End one of the person’s own sessions.',
          [inPath('sessionId', { type: 'string', format: 'uuid' })],
          nothing(204, 'It has ended.'),
        ),
        ...cookie,
      },
    },
  };
}
