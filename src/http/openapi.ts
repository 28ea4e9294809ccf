import type { FastifyInstance } from 'fastify';
import { INTROSPECT_SCOPE } from '../tokens/scope.ts';
import {
  answer,
  challenged,
  type Json,
  jsonOf,
  NO_FORM,
  NO_STORE,
  NOT_ONE_TOKEN,
  REFUSED,
  required,
  SCHEMAS,
  schema,
  TOO_MANY,
  UNAVAILABLE,
} from './openapi-answers.ts';

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
