import { describe, expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret, sealed, T0 } from '../tokens/a-token.ts';
import { aServer, ask, type Reply, sendRaw } from './a-server.ts';
import { bearer, post } from './a-service.ts';

const VALUE = TokenValue.generate('apit');
const GOOD = VALUE.reveal();
const secret = aSecret(VALUE, { scopes: ['read'] });

/** RFC 9110 §5.6.2 and §5.6.4, as far as RFC 6750 §3 lets them into a challenge. */
const CHALLENGE =
  /^Bearer( [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*)$/;

/** The attributes of a challenge in their order. Throws when it is none, or has one of them twice. */
function attributesOf({ headers }: Pick<Reply, 'headers'>): Record<string, string> {
  const text = String(headers['www-authenticate']);
  if (!CHALLENGE.test(text)) throw new Error(`this is no challenge: ${text}`);
  const pairs = [...text.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]);
  const attributes = Object.fromEntries(pairs);
  if (Object.keys(attributes).length !== pairs.length) throw new Error(`an attribute comes twice: ${text}`);
  return attributes;
}

describe('RFC 6750 §2: one way to send a token', () => {
  test.for([
    ['§2.1: in Authorization', '/verify', bearer(GOOD), 200],
    ['§2.1: with the scheme in whatever case', '/verify', ['Authorization', `bEARER ${GOOD}`], 200],
    [
      '§2.1: with no space behind the scheme: another scheme',
      '/verify',
      ['Authorization', `Bearer${GOOD}`],
      401,
    ],
    [
      '§2.1: with a tab behind the scheme: another scheme',
      '/verify',
      ['Authorization', `Bearer\t${GOOD}`],
      401,
    ],
    ['§2.1: with a comma and something behind it', '/verify', ['Authorization', `Bearer ${GOOD}, x`], 401],
    ['§2.1: as an attribute', '/verify', ['Authorization', `Bearer token="${GOOD}"`], 401],
    ['§2.3: in the URL, which is not taken', `/verify?access_token=${GOOD}`, [], 401],
    [
      '§2.3: in the URL beside Authorization, where it means nothing',
      `/verify?access_token=x`,
      bearer(GOOD),
      200,
    ],
    ['§2: twice in one way', '/verify', [...bearer(GOOD), ...bearer(GOOD)], 400],
    ['§2: in two ways', '/verify', [...bearer(GOOD), 'X-API-Key', GOOD], 400],
  ] as const)('%s', async ([, path, headers, status]) => {
    const server = await aServer([secret]);

    expect(await ask(server.port, path, { headers })).toMatchObject({ status, body: '' });
  });

  test.for(['/verify', '/introspect'])('§2.2: in a form to %s it is not taken', async (path) => {
    const server = await aServer([sealed({ ...secret, scopes: ['introspect'] })]);

    const reply = await post(server.port, path, `access_token=${GOOD}&token=${GOOD}`);

    expect(reply.status).toBe(path === '/verify' ? 405 : 401);
    expect(server.uses).toEqual([]);
  });

  test('§2.1: two headers of that name that a proxy would join are 400, whatever they hold', async () => {
    const server = await aServer([secret]);

    const raw = await sendRaw(
      server.port,
      `GET /verify HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Basic dTpw\r\nauthorization: Bearer ${GOOD}\r\n\r\n`,
    );

    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
  });
});

type Asked = readonly [
  what: string,
  path: string,
  headers: readonly string[],
  status: number,
  attributes: Readonly<Record<string, string>>,
];

/** RFC 6750 §3.1, at both doors that want a credential. */
const REFUSED: readonly Asked[] = [
  ['no credential', '/verify', [], 401, {}],
  ['another scheme', '/verify', ['Authorization', 'Basic dTpw'], 401, {}],
  ['a bad value', '/verify', bearer('x'), 401, { error: 'invalid_token' }],
  [
    'an unknown value',
    '/verify',
    bearer(TokenValue.generate('apit').reveal()),
    401,
    { error: 'invalid_token' },
  ],
  ['two credentials', '/verify', [...bearer(GOOD), 'Token', GOOD], 400, { error: 'invalid_request' }],
  ['a scope that can be none', '/verify?scope=%22', bearer(GOOD), 400, { error: 'invalid_request' }],
  [
    'scopes that are lacking',
    '/verify?scope=read%20write%20!%23%5b%5d~',
    bearer(GOOD),
    403,
    { error: 'insufficient_scope', scope: 'read write !#[]~' },
  ],
  ['no credential', '/introspect', [], 401, {}],
  ['a bad value', '/introspect', bearer('x'), 401, { error: 'invalid_token' }],
  ['two credentials', '/introspect', [...bearer(GOOD), ...bearer(GOOD)], 400, { error: 'invalid_request' }],
  [
    'no right to ask (RFC 7662 §2.3: 401)',
    '/introspect',
    bearer(GOOD),
    401,
    { error: 'insufficient_scope', scope: 'introspect' },
  ],
];

describe('RFC 6750 §3: the challenge', () => {
  test.for(REFUSED)(
    '§3.1: %s at %s is told as it must be, in the characters that §3 allows',
    async ([, path, headers, status, attributes]) => {
      const server = await aServer([secret]);

      const method = path.startsWith('/verify') ? 'GET' : 'POST';
      const reply = await ask(server.port, path, { method, headers });

      expect(reply.status).toBe(status);
      expect(attributesOf(reply)).toEqual({ realm: 'apitoken', ...attributes });
    },
  );

  test('§3: what is good carries no challenge', async () => {
    const server = await aServer([secret]);

    const reply = await ask(server.port, '/verify', { headers: bearer(GOOD) });

    expect(reply.status).toBe(200);
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  });

  test.for([
    ['unknown', []],
    ['revoked', [aSecret(VALUE, { digest: null })]],
    ['expired', [aSecret(VALUE, { endsAt: T0 })]],
    ['wrong', [aSecret(VALUE, { digest: Buffer.alloc(32) })]],
  ] as const)('§3.1: a value that is %s is invalid_token and nothing more', async ([, secrets]) => {
    const server = await aServer(secrets);

    const reply = await ask(server.port, '/verify', { headers: bearer(GOOD) });

    expect(attributesOf(reply)).toEqual({ realm: 'apitoken', error: 'invalid_token' });
  });

  test('§5.3: nothing of an answer may be kept', async () => {
    const server = await aServer([secret]);

    for (const [, path, headers] of REFUSED) {
      const reply = await ask(server.port, path, { headers });
      expect(reply.headers['cache-control']).toBe('no-store');
    }
  });
});
