/** A part of the description. */
export type Json = Readonly<Record<string, unknown>>;

/** Every answer has it. */
export const NO_STORE: Json = { 'cache-control': required({ const: 'no-store' }) };
const RETRY_AFTER: Json = {
  'retry-after': required({ type: 'integer', minimum: 1 }, 'Seconds after which to try again.'),
};

/** The bodies, by name. */
export const SCHEMAS: Json = {
  Alive: objectOf({ alive: { const: true } }),
  Ready: objectOf({
    ready: {
      type: 'boolean',
      description: 'Verifications can be answered and the process is not about to end.',
    },
    readable: { type: 'boolean' },
    writable: { type: 'boolean' },
    slack: { type: 'boolean', description: 'Slack can reach the app.' },
    draining: { type: 'boolean' },
  }),
  Refusal: objectOf({ error: { type: 'string', pattern: '^[a-z_]+$' } }),
  Fault: objectOf({
    error: { const: 'unavailable' },
    reference: { type: 'string', description: 'Finds the line in the log of the service.' },
  }),
  RevokeForm: formOf({
    client_id: { type: 'string', description: 'Ignored, as whatever else a client says of itself.' },
  }),
  IntrospectForm: formOf({
    client_id: { type: 'string', description: 'Whatever it is.' },
    client_secret: {
      type: 'string',
      description: 'A value with the scope `introspect`, where neither Bearer nor Basic holds one.',
    },
  }),
  AuthorizationServer: objectOf({
    issuer: {
      type: 'string',
      pattern: '^https?://',
      description: '`PUBLIC_URL`, without a slash at its end.',
    },
    introspection_endpoint: { type: 'string', pattern: '^https?://' },
    introspection_endpoint_auth_methods_supported: textsOf(
      'client_secret_basic',
      'client_secret_post',
      'Bearer',
    ),
    revocation_endpoint: { type: 'string', pattern: '^https?://' },
    revocation_endpoint_auth_methods_supported: textsOf('none', 'client_secret_basic', 'client_secret_post'),
    response_types_supported: { const: [], description: 'None: tokens are made in Slack.' },
    grant_types_supported: { const: [] },
  }),
  Introspection: { oneOf: [schema('Active'), schema('Inactive')] },
  Inactive: objectOf({ active: { const: false } }),
  Active: {
    ...objectOf({
      active: { const: true },
      scope: {
        type: 'string',
        minLength: 1,
        description: 'Scopes with spaces between them. Left out when it has none.',
      },
      client_id: { type: 'string', pattern: '^tok_', description: 'The id of the token.' },
      username: { type: 'string', description: 'The Slack user id of its owner, as `sub`.' },
      token_type: { const: 'Bearer' },
      exp: { type: 'integer', description: 'Seconds since 1970. Left out when it never expires.' },
      iat: { type: 'integer', description: 'When this value was made.' },
      sub: { type: 'string', description: 'The Slack user id of its owner.' },
      token_name: { type: 'string', description: 'As its owner typed it: never decide by it.' },
    }),
    required: ['active', 'client_id', 'username', 'token_type', 'iat', 'sub', 'token_name'],
  },
};

/** What any path may answer to what is not its own. */
export const REFUSED: Json = {
  description: 'Not a request that is served here: too large, unreadable, or of a kind that nobody knows.',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};
/** It cannot be told just now. */
export const UNAVAILABLE: Json = {
  description: 'It cannot be told just now. It says nothing of the token: try again.',
  headers: { ...NO_STORE, ...RETRY_AFTER },
  content: jsonOf(schema('Fault')),
};
/** One request too many from an address. */
export const TOO_MANY: Json = {
  description: 'More than 30 a minute from this address or IPv6 network.',
  headers: { ...NO_STORE, ...RETRY_AFTER },
  content: jsonOf(schema('Refusal')),
};
/** A form without exactly one token. */
export const NOT_ONE_TOKEN: Json = {
  description: 'No `token`, an empty one, or several (RFC 6749 §5.2).',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};
/** A body of another kind. */
export const NO_FORM: Json = {
  description: 'The body is no form.',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};

/** The body of that name. */
export function schema(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** An answer with a body. */
export function answer(description: string, content: Json): Json {
  return { description, headers: NO_STORE, content };
}

/** An answer that demands a credential: `pattern` is what its `WWW-Authenticate` says (RFC 6750 §3). */
export function challenged(description: string, pattern: string): Json {
  return {
    description,
    headers: { ...NO_STORE, 'www-authenticate': required({ type: 'string', pattern }) },
    content: jsonOf(schema('Refusal')),
  };
}

/** A body in JSON. */
export function jsonOf(body: Json): Json {
  return { 'application/json': { schema: body } };
}

/** A header that is always there. */
export function required(header: Json, description?: string): Json {
  return { required: true, schema: header, ...(description === undefined ? {} : { description }) };
}

function textsOf(...texts: readonly string[]): Json {
  return { type: 'array', items: { enum: texts } };
}

function formOf(properties: Json): Json {
  return {
    type: 'object',
    properties: {
      token: { type: 'string', minLength: 1, description: 'The value, exactly once.' },
      token_type_hint: { type: 'string', description: 'Ignored.' },
      ...properties,
    },
    required: ['token'],
  };
}

function objectOf(properties: Json): Json {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
