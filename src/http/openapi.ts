import type { FastifyInstance } from 'fastify';
import { INTROSPECT_SCOPE } from '../tokens/policy.ts';

/** A part of the description. */
type Json = Readonly<Record<string, unknown>>;

/** Every answer has it. */
const NO_STORE: Json = { 'cache-control': required({ const: 'no-store' }) };

const RETRY_AFTER: Json = {
  'retry-after': required({ type: 'integer', minimum: 1 }, 'Seconds after which to try again.'),
};

/** The bodies, by name. */
const SCHEMAS: Json = {
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
const REFUSED: Json = {
  description: 'Not a request that is served here: too large, unreadable, or of a kind that nobody knows.',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};

/** It cannot be told just now. */
const UNAVAILABLE: Json = {
  description: 'It cannot be told just now. It says nothing of the token: try again.',
  headers: { ...NO_STORE, ...RETRY_AFTER },
  content: jsonOf(schema('Fault')),
};

/** One request too many from an address. */
const TOO_MANY: Json = {
  description: 'More than 30 a minute from this address or IPv6 network.',
  headers: { ...NO_STORE, ...RETRY_AFTER },
  content: jsonOf(schema('Refusal')),
};

/** A form without exactly one token. */
const NOT_ONE_TOKEN: Json = {
  description: 'No `token`, an empty one, or several (RFC 6749 §5.2).',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};

/** A body of another kind. */
const NO_FORM: Json = {
  description: 'The body is no form.',
  headers: NO_STORE,
  content: jsonOf(schema('Refusal')),
};

/** The body of that name. */
function schema(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** An answer with a body. */
function answer(description: string, content: Json): Json {
  return { description, headers: NO_STORE, content };
}

/** An answer that demands a credential: `pattern` is what its `WWW-Authenticate` says (RFC 6750 §3). */
function challenged(description: string, pattern: string): Json {
  return {
    description,
    headers: { ...NO_STORE, 'www-authenticate': required({ type: 'string', pattern }) },
    content: jsonOf(schema('Refusal')),
  };
}

/** A body in JSON. */
function jsonOf(body: Json): Json {
  return { 'application/json': { schema: body } };
}

/** A header that is always there. */
function required(header: Json, description?: string): Json {
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

/** OpenAPI 3.1 of everything that is served over HTTP, written by hand; a test holds it against the real answers. */
export const OPEN_API: Json = {
  openapi: '3.1.1',
  info: {
    title: 'apitoken',
    version: '1',
    description: 'Tells whoever stands in front of an API whether a presented token is good.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  paths: {
    '/verify': getAndHead('verify', verifyOperation()),
    '/introspect': { post: operation('introspect', introspectOperation()) },
    '/revoke': { post: operation('revoke', revokeOperation()) },
    '/.well-known/oauth-authorization-server': getAndHead('authorizationServer', {
      summary: 'Where to introspect and to revoke (RFC 8414). There where `PUBLIC_URL` is set.',
      responses: { 200: answer('This server.', jsonOf(schema('AuthorizationServer'))) },
    }),
    '/healthz': getAndHead('health', {
      summary: 'Whether the process answers.',
      responses: { 200: answer('It does.', jsonOf(schema('Alive'))) },
    }),
    '/readyz': getAndHead('readiness', {
      summary: 'Whether verifications can be answered.',
      responses: {
        200: answer('They can.', jsonOf(schema('Ready'))),
        503: answer('They cannot.', jsonOf({ oneOf: [schema('Ready'), schema('Fault')] })),
      },
    }),
    '/metrics': getAndHead('metrics', {
      summary: 'Figures for Prometheus. No name and no id is in them.',
      responses: {
        200: answer('The text format 0.0.4.', { 'text/plain': { schema: { type: 'string', minLength: 1 } } }),
        503: UNAVAILABLE,
      },
    }),
    '/openapi.json': getAndHead('description', {
      summary: 'This description.',
      responses: { 200: answer('It is.', jsonOf({ type: 'object', required: ['openapi', 'paths'] })) },
    }),
  },
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      token: { type: 'apiKey', in: 'header', name: 'token' },
      introspector: { type: 'http', scheme: 'bearer', description: `Has the scope \`${INTROSPECT_SCOPE}\`.` },
      client: {
        type: 'http',
        scheme: 'basic',
        description: `Any client id, and for its secret a value with the scope \`${INTROSPECT_SCOPE}\`. Both are encoded as in a form (RFC 6749 §2.3.1).`,
      },
    },
  },
};

/** `/openapi.json`. */
export function addOpenApiRoute(app: FastifyInstance): void {
  app.get('/openapi.json', () => OPEN_API);
}

function verifyOperation() {
  return {
    summary: 'Whether the presented value is good, for a reverse proxy to ask about each request.',
    security: [{ bearer: [] }, { apiKey: [] }, { token: [] }],
    parameters: [
      {
        name: 'scope',
        in: 'query',
        description:
          'Scopes that the token must have, with spaces between them. What looks like a slip of it is 400.',
        schema: { type: 'string', minLength: 1 },
      },
    ],
    responses: {
      200: {
        description: 'It is good.',
        headers: {
          ...NO_STORE,
          'x-token-id': required({ type: 'string', pattern: '^tok_' }),
          'x-token-name': required({ type: 'string' }, 'Percent-encoded UTF-8.'),
          'x-token-owner': required({ type: 'string' }, 'A Slack user id.'),
          'x-token-scopes': required(
            { type: 'string' },
            'With spaces between them, empty when there are none.',
          ),
        },
      },
      400: challenged('Two credentials, or a demand that names no scope.', 'error="invalid_request"$'),
      401: challenged(
        'No credential, or one that is not good.',
        'realm="apitoken"(, error="invalid_token")?$',
      ),
      403: challenged('It lacks a scope.', 'error="insufficient_scope", scope="[^"]+"$'),
      503: UNAVAILABLE,
    },
  };
}

function introspectOperation() {
  return {
    summary: 'What there is to know of a value (RFC 7662).',
    description:
      'A caller presents its value in exactly one way: as Bearer, by HTTP Basic, or as `client_secret` in the form.',
    security: [{ introspector: [] }, { client: [] }, {}],
    requestBody: formBody('IntrospectForm'),
    responses: {
      200: answer(
        'What there is to know; of a value that is not good nothing.',
        jsonOf(schema('Introspection')),
      ),
      400: {
        ...NOT_ONE_TOKEN,
        description: 'No `token`, an empty one, or several; or a caller by more than one way.',
        headers: { ...NO_STORE, 'www-authenticate': { schema: { type: 'string' } } },
      },
      401: challenged(
        'The caller may not ask. `invalid_client` by Basic or `client_secret` (RFC 6749 §5.2).',
        '^(Basic realm="apitoken"$|Bearer realm="apitoken"(, error="(invalid_token|insufficient_scope)"|$))',
      ),
      415: NO_FORM,
      429: TOO_MANY,
      503: UNAVAILABLE,
    },
  };
}

function revokeOperation() {
  return {
    summary: 'Ends the token of a live value for good (in the form of RFC 7009 §2). Whoever holds it may.',
    security: [],
    requestBody: formBody('RevokeForm'),
    responses: {
      200: { description: 'The value is not good any more, or never was.', headers: NO_STORE },
      400: NOT_ONE_TOKEN,
      415: NO_FORM,
      429: TOO_MANY,
      503: UNAVAILABLE,
    },
  };
}

function formBody(name: 'IntrospectForm' | 'RevokeForm'): Json {
  return {
    required: true,
    content: { 'application/x-www-form-urlencoded': { schema: schema(name) } },
  };
}

/** The same by two methods: HEAD answers as GET does, without a body. */
function getAndHead(id: string, facts: { readonly responses: Json } & Json): Json {
  return { get: operation(id, facts), head: operation(`${id}Head`, facts) };
}

function operation(operationId: string, facts: { readonly responses: Json } & Json): Json {
  return { operationId, ...facts, responses: { ...facts.responses, '4XX': REFUSED } };
}
