import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import description from '../../docs/openapi.json' with { type: 'json' };
import { buildRoutes } from '../../src/http/routes.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret } from '../tokens/a-token.ts';
import { aGithub, bodyOf, type Github } from './a-github.ts';
import { aServer, ask, httpDeps, type Reply } from './a-server.ts';
import { basic, bearer } from './a-service.ts';

type Schema = Record<string, unknown>;
type Header = { required?: boolean; schema: Schema };
type Answer = { headers: Record<string, Header>; content?: Record<string, { schema: Schema }> };
type Operation = { operationId: string; responses: Record<string, Answer> };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** As whoever asks for it gets it: JSON and nothing else. */
const DOCUMENT: Document = JSON.parse(JSON.stringify(description));
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(DOCUMENT, 'api');

const VALUE = TokenValue.generate('apit');
const CALLER = TokenValue.generate('apit');
const SECRETS = [
  aSecret(VALUE, { scopes: ['read'], endsAt: null }),
  aSecret(CALLER, { scopes: ['introspect'] }),
];
const GOOD = bearer(VALUE.reveal());
const ASKER = bearer(CALLER.reveal());
const LIVE = `token=${VALUE.reveal()}`;
const PUBLIC = { publicUrl: 'https://tokens.example', securityContact: 'mailto:security@example.com' };
const TOO_LARGE = 'x'.repeat(16 * 1024 + 1);

/** What an answer is to be provoked with. `times`: so often, and the last answer counts. */
type Provoked = {
  path?: string;
  headers?: readonly string[];
  form?: string;
  /** What GitHub says that it found, signed. */
  found?: string;
  isGithubAway?: true;
  broken?: true;
  times?: number;
};

/** Each documented answer of each operation, with what provokes it. */
const CASES: Readonly<Record<string, Readonly<Record<string, readonly Provoked[]>>>> = {
  '/verify': {
    200: [
      { headers: GOOD },
      { path: '/verify?scope=read', headers: GOOD },
      { headers: ['Token', VALUE.reveal()] },
    ],
    400: [
      { headers: [...GOOD, ...GOOD] },
      { path: '/verify?scope=%22', headers: GOOD },
      { path: '/verify?scopes=read', headers: GOOD },
    ],
    401: [{}, { headers: bearer('x') }, { headers: bearer(TokenValue.generate('apit').reveal()) }],
    403: [{ path: '/verify?scope=read%20write', headers: GOOD }],
    503: [{ headers: GOOD, broken: true }],
    '4XX': [{ form: TOO_LARGE }],
  },
  '/introspect': {
    200: [
      { headers: ASKER, form: LIVE },
      { headers: ASKER, form: `token=${CALLER.reveal()}` },
      { headers: ASKER, form: 'token=x' },
      { headers: basic(CALLER.reveal()), form: LIVE },
      { form: `${LIVE}&client_id=api&client_secret=${CALLER.reveal()}` },
    ],
    400: [
      { headers: ASKER, form: '' },
      { headers: [...ASKER, ...ASKER], form: LIVE },
      { headers: ASKER, form: `${LIVE}&client_secret=${CALLER.reveal()}` },
    ],
    401: [
      { form: LIVE },
      { headers: bearer('x'), form: LIVE },
      { headers: GOOD, form: LIVE },
      { headers: basic(VALUE.reveal()), form: LIVE },
      { form: `${LIVE}&client_secret=x` },
    ],
    415: [{ headers: [...ASKER, 'Content-Type', 'text/plain'], form: LIVE }],
    429: [{ form: LIVE, times: 31 }],
    503: [{ headers: ASKER, form: LIVE, broken: true }],
    '4XX': [{ headers: ASKER, form: TOO_LARGE }],
  },
  '/revoke': {
    200: [
      { form: 'token=x' },
      { form: LIVE },
      { headers: basic('x'), form: 'token=x&client_id=a&client_secret=b' },
    ],
    400: [{ form: '' }, { form: 'token=a&token=b' }],
    415: [{ headers: ['Content-Type', 'application/json'], form: '{}' }],
    429: [{ form: 'token=x', times: 31 }],
    503: [{ form: LIVE, broken: true }],
    '4XX': [{ form: TOO_LARGE }],
  },
  'get /revoke': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
  'head /revoke': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
  '/.well-known/security.txt': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
  '/github/secret-scanning': {
    200: [{ found: bodyOf({ token: VALUE.reveal() }, { token: 'x' }) }],
    400: [{ found: '[]' }, { found: 'x' }],
    401: [{}, { headers: ['Github-Public-Key-Identifier', 'a', 'Github-Public-Key-Signature', 'AAAA'] }],
    413: [{ found: bodyOf(...Array(101).fill({ token: 'x' })) }],
    503: [
      { found: bodyOf({ token: VALUE.reveal() }), broken: true },
      { found: bodyOf({ token: 'x' }), isGithubAway: true },
    ],
    '4XX': [{ form: 'x'.repeat(1024 * 1024 + 1) }],
  },
  '/.well-known/oauth-authorization-server': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
  '/healthz': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
  '/readyz': { 200: [{}], 503: [{ broken: true }], '4XX': [{ form: TOO_LARGE }] },
  '/metrics': { 200: [{}], 503: [{ broken: true }], '4XX': [{ form: TOO_LARGE }] },
  '/openapi.json': { 200: [{}], '4XX': [{ form: TOO_LARGE }] },
};

test('the description is served as JSON', async () => {
  const server = await aServer();

  const reply = await ask(server.port, '/openapi.json');

  expect(reply).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
  expect(JSON.parse(reply.body)).toEqual(DOCUMENT);
});

test('every route of the server is described, and nothing else', async () => {
  const { deps } = httpDeps([], PUBLIC);
  const app = buildRoutes({ ...deps, isDraining: () => false }, {});
  await app.ready();

  const served = [...app.printRoutes({ commonPrefix: false }).matchAll(/(\/\S+) \(([^)]+)\)/g)].flatMap(
    ([, path, methods]) =>
      String(methods)
        .split(', ')
        .map((method) => `${method.toLowerCase()} ${path}`),
  );

  expect([...served, 'get /verify', 'head /verify', 'post /github/secret-scanning'].sort()).toEqual(
    OPERATIONS.map(({ path, method }) => `${method} ${path}`).sort(),
  );
});

test('each operation has an id of its own, and what is referred to is there', () => {
  const ids = OPERATIONS.map(({ operation }) => operation.operationId);
  const refs = [...JSON.stringify(DOCUMENT).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );

  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(refs)).toEqual(new Set(Object.keys(DOCUMENT.components.schemas)));
});

describe.for(OPERATIONS)('$method $path', ({ path, method, operation }) => {
  test('has a case here for each answer that is described', () => {
    expect(Object.keys(operation.responses).sort()).toEqual(
      Object.keys(CASES[`${method} ${path}`] ?? CASES[path] ?? {}).sort(),
    );
  });

  const cases = Object.entries(CASES[`${method} ${path}`] ?? CASES[path] ?? {}).flatMap(
    ([status, provoked]) => provoked.map((one) => [status, one] as const),
  );
  test.for(cases)('answers %s as described', async ([status, provoked]) => {
    const reply = await provoke(method, path, provoked);

    expect(String(reply.status)).toMatch(new RegExp(`^${status.replaceAll('X', '\\d')}$`));
    const answer = operation.responses[String(reply.status)] ?? operation.responses['4XX'];
    expect(flawsOf(reply, answer, method === 'head')).toEqual([]);
  });
});

test('an answer that is not as described is found by these tests', () => {
  const answer = DOCUMENT.paths['/introspect']?.post?.responses['200'];
  const headers = { 'cache-control': 'no-store', 'content-type': 'application/json' };

  expect(flawsOf({ status: 200, headers, body: '{"active":false}' }, answer, false)).toEqual([]);
  expect(
    flawsOf({ status: 200, headers, body: '{"active":false,"why":"revoked"}' }, answer, false),
  ).not.toEqual([]);
  expect(flawsOf({ status: 200, headers, body: '{"active":true}' }, answer, false)).not.toEqual([]);
  expect(flawsOf({ status: 200, headers: {}, body: '{"active":false}' }, answer, false)).not.toEqual([]);
  expect(
    flawsOf(
      { status: 200, headers: { ...headers, 'retry-after': '1' }, body: '{"active":false}' },
      answer,
      false,
    ),
  ).not.toEqual([]);
});

function sentBy({ form, found, headers = [] }: Provoked, github: Github) {
  return found === undefined
    ? { form, headers }
    : { form: found, headers: [...headers, ...Object.entries(github.signs(found)).flat()] };
}

async function provoke(method: string, path: string, provoked: Provoked): Promise<Reply> {
  const broken = () => Promise.reject(new Error('broken'));
  const github = await aGithub();
  if (provoked.isGithubAway === true) await github.closes();
  const server = await aServer(SECRETS, {
    ...PUBLIC,
    githubKeysUrl: github.keysUrl,
    ...(provoked.broken === true && {
      store: { readSecret: broken, isReadable: async () => false },
      sources: { countTokens: broken },
    }),
  });
  const { times = 1 } = provoked;
  const { form, headers } = sentBy(provoked, github);
  const type = headers.includes('Content-Type') ? [] : ['Content-Type', 'application/x-www-form-urlencoded'];
  let reply: Reply | undefined;
  for (let i = 0; i < times; i++) {
    reply = await ask(server.port, provoked.path ?? path, {
      method: method.toUpperCase(),
      headers: [...headers, ...(form === undefined ? [] : type)],
      ...(form === undefined ? {} : { body: form }),
    });
  }
  if (reply === undefined) throw new Error('nothing was asked');
  return reply;
}

/** Where an answer differs from what is described. */
function flawsOf(reply: Reply, answer: Answer | undefined, isHead: boolean): string[] {
  if (answer === undefined) return [`${reply.status} is not described`];
  return [...headerFlaws(reply, answer), ...(isHead ? [] : bodyFlaws(reply, answer))];
}

function headerFlaws({ headers }: Reply, answer: Answer): string[] {
  const described = Object.entries(answer.headers).flatMap(([name, { required, schema }]) => {
    const text = headers[name];
    if (text === undefined) return required === true ? [`${name} is missing`] : [];
    return flawsBy(schema, schema.type === 'integer' ? Number(text) : text);
  });
  const meaning = Object.keys(headers).filter((name) => /^(x-|www-|retry-|cache-)/.test(name));
  return [
    ...described,
    ...meaning.filter((name) => !(name in answer.headers)).map((name) => `${name} is not described`),
  ];
}

function bodyFlaws({ body, headers }: Reply, answer: Answer): string[] {
  if (body === '') {
    const mayBeEmpty = answer.content === undefined || 'www-authenticate' in answer.headers;
    return mayBeEmpty ? [] : ['the body is missing'];
  }
  const [type = ''] = String(headers['content-type']).split(';');
  const described = answer.content?.[type];
  if (described === undefined) return [`a body of ${type} is not described`];
  return flawsBy(described.schema, type === 'application/json' ? JSON.parse(body) : body);
}

function flawsBy(schema: Schema, given: unknown): string[] {
  const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/'));
  return ajv.validate(resolved, given) ? [] : (ajv.errors ?? []).map((error) => JSON.stringify(error));
}
