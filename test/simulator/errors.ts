/**
 * HubSpot's error bodies. The envelope `{status, message, correlationId, category, …}`: docs "error handling"; the
 * server adds the correlationId. Texts: recorded 2022–2026 where not marked otherwise.
 */
export interface ErrorBody {
  status?: 'error';
  message: string;
  category?: string;
  subCategory?: string;
  errors?: { message: string; code?: string; context?: Record<string, string[]> }[];
  context?: Record<string, string[]>;
  links?: Record<string, string>;
  [other: string]: unknown;
}

/** An answer that is not the one hoped for; the server turns it into HTTP. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.body = { status: 'error', ...body };
  }
}

export interface PropertyProblem {
  name: string;
  code: string;
  message: string;
}

/** 400 for values that do not fit: the JSON inside the message is real (docs "error handling"). */
export function invalidProperties(hubId: number, problems: readonly PropertyProblem[]): ApiError {
  const inner = problems.map(({ name, code, message }) => ({
    isValid: false,
    message,
    error: code,
    name,
    localizedErrorMessage: message,
    portalId: hubId,
  }));
  return new ApiError(400, {
    message: `Property values were not valid: ${JSON.stringify(inner)}`,
    errors: problems.map(({ name, code, message }) => ({ message, code, context: { propertyName: [name] } })),
    category: 'VALIDATION_ERROR',
  });
}

export const validationError = (message: string, more: Partial<ErrorBody> = {}): ApiError =>
  new ApiError(400, { message, category: 'VALIDATION_ERROR', ...more });

export const objectNotFound = (id: string): ApiError =>
  new ApiError(404, {
    message: 'Object not found. objectId is usually positive.',
    context: { id: [id] },
    category: 'OBJECT_NOT_FOUND',
  });

export const notFound = (message: string): ApiError =>
  new ApiError(404, { message, category: 'OBJECT_NOT_FOUND' });

/** Docs and recorded 2026: the id must be parsed out of the text. */
export const contactExists = (id: string): ApiError =>
  new ApiError(409, { message: `Contact already exists. Existing ID: ${id}`, category: 'CONFLICT' });

/** Recorded 2026-09: the first id is a half-made record, the second is the owner of the value. */
export const valueTaken = (
  at: { hubId: number; constant: string; property: string; value: string },
  half: string,
  owner: string,
): ApiError =>
  validationError(
    `Cannot set PropertyValueCoordinates{portalId=${at.hubId}, objectTypeId=ObjectTypeId{legacyObjectType=${at.constant}}, ` +
      `propertyName=${at.property}, value=${at.value}} on ${half}. ${owner} already has that value.`,
  );

/** Wording from practice; code and context of the docs' changelog on write validation. */
export const missingProperties = (constant: string, names: readonly string[]): ApiError =>
  validationError(`Error creating ${constant}. Some required properties were not set.`, {
    errors: names.map((name) => ({
      message: `Required property "${name}" was not set`,
      code: 'MISSING_REQUIRED_PROPERTY',
      context: { properties: [name] },
    })),
  });

export const invalidJson = (what: string): ApiError =>
  validationError(`Invalid input JSON on line 1, column 2: ${what}`);

export const noCredentials = (): ApiError =>
  new ApiError(401, {
    message:
      'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
    category: 'INVALID_AUTHENTICATION',
  });

/** GUESS at the words; status and categories: docs "error handling". */
export const badToken = (expired: boolean): ApiError =>
  new ApiError(401, {
    message: expired
      ? 'The OAuth token used to make this call expired.'
      : 'The access token is invalid, expired or was revoked.',
    category: expired ? 'EXPIRED_AUTHENTICATION' : 'INVALID_AUTHENTICATION',
  });

export const missingScopes = (scopes: readonly string[]): ApiError =>
  new ApiError(403, {
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: [...scopes] },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
    category: 'MISSING_SCOPES',
  });

/** Docs "usage guidelines" for the daily one; production logs 2026-08 for the burst; recorded 2022 and 2026 for search. */
export function rateLimited(policy: 'burst' | 'daily' | 'search', requestId: string): ApiError {
  const words = {
    burst: {
      message: 'You have reached your ten_secondly_rolling limit.',
      policyName: 'TEN_SECONDLY_ROLLING',
    },
    daily: { message: 'You have reached your daily limit.', policyName: 'DAILY' },
    search: { message: 'You have reached your secondly limit.' },
  };
  return new ApiError(429, { ...words[policy], errorType: 'RATE_LIMIT', requestId });
}

/** Docs "error handling": status only. GUESS at the words. */
export const locked = (): ApiError =>
  new ApiError(423, {
    message: 'The record is locked by another write. Wait at least 2 seconds.',
    category: 'LOCKED',
  });

/** GUESS at the words. */
export const internalError = (): ApiError =>
  new ApiError(500, { message: 'internal error', category: 'INTERNAL_ERROR' });
