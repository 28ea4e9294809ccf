import { describe, expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret, T0, withAnotherSecret } from '../tokens/a-token.ts';
import { aServer, ask } from './a-server.ts';
import { aService, basic, bearer, post, type Service } from './a-service.ts';

const VALUE = TokenValue.generate('apit');

/** The events of a token, with who did it. */
function deedsOf({ house }: Service, id: TokenId): unknown[] {
  return house.raw
    .prepare("select actor || ' ' || action from audit_events where token_id = ? order by sequence")
    .pluck()
    .all(id);
}

describe('RFC 7009 §2.1: the request', () => {
  test.for([
    ['the token alone', 'token=VALUE'],
    ['the hint access_token', 'token=VALUE&token_type_hint=access_token'],
    ['a hint that is wrong, as it may be (§2.1)', 'token=VALUE&token_type_hint=refresh_token'],
    ['a hint that nobody knows', 'token_type_hint=pat&token=VALUE'],
    ['parameters that mean nothing here', 'client_id=x&token=VALUE&client_secret=y'],
  ])('is a form with %s, and kills a live token at once', async ([, form]) => {
    const service = await aService();
    const { token, value } = await service.house.holds();
    expect(await service.verifies(value.reveal())).toBe(200);

    const reply = await service.posts('/revoke', String(form).replace('VALUE', value.reveal()));

    expect(reply).toMatchObject({
      status: 200,
      body: '',
      headers: { 'cache-control': 'no-store', 'content-length': '0' },
    });
    expect(await service.verifies(value.reveal())).toBe(401);
    expect(await service.house.read(token.id)).toMatchObject({
      revokedAt: T0,
      revokedBy: 'holder',
      revokeReason: null,
    });
  });

  test.for([
    ['no token', 'token_type_hint=access_token'],
    ['nothing in it', ''],
    ['an empty token', 'token='],
    ['two tokens', `token=${VALUE.reveal()}&token=x`],
    ['the same token twice', `token=${VALUE.reveal()}&token=${VALUE.reveal()}`],
    ['the token by another name', `access_token=${VALUE.reveal()}`],
  ])('with %s is 400 invalid_request (§2.2.1, RFC 6749 §5.2), and kills nothing', async ([, form]) => {
    const server = await aServer([aSecret(VALUE)], { store: { revokeTokens: neverRevokes } });

    const reply = await post(server.port, '/revoke', String(form));

    expect(reply).toMatchObject({ status: 400, body: '{"error":"invalid_request"}' });
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  test.for([
    ['in the URL', `/revoke?token=${VALUE.reveal()}`, []],
    ['as a Bearer value', '/revoke', bearer(VALUE.reveal())],
    ['in a header of /verify', '/revoke', ['Token', VALUE.reveal()]],
  ] as const)('with the value %s alone is 400, and kills nothing', async ([, path, headers]) => {
    const server = await aServer([aSecret(VALUE)], { store: { revokeTokens: neverRevokes } });

    const reply = await post(server.port, path, 'x=1', headers);

    expect(reply).toMatchObject({ status: 400, body: '{"error":"invalid_request"}' });
  });

  test('with JSON is 415', async () => {
    const server = await aServer([aSecret(VALUE)], { store: { revokeTokens: neverRevokes } });

    const headers = ['Content-Type', 'application/json'];
    const body = JSON.stringify({ token: VALUE.reveal() });
    const reply = await ask(server.port, '/revoke', { method: 'POST', headers, body });

    expect(reply).toMatchObject({ status: 415, body: '{"error":"invalid_request"}' });
  });

  test.for(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s is 405', async (method) => {
    const server = await aServer([aSecret(VALUE)], { store: { revokeTokens: neverRevokes } });

    const reply = await ask(server.port, `/revoke?token=${VALUE.reveal()}`, { method });

    expect(reply).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, POST', 'cache-control': 'no-store' },
    });
  });

  test.for(['GET', 'HEAD'])('by %s is a page, and kills nothing', async (method) => {
    const server = await aServer([aSecret(VALUE)], { store: { revokeTokens: neverRevokes } });

    const reply = await ask(server.port, `/revoke?token=${VALUE.reveal()}`, { method });

    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  });

  test.for<readonly [string, readonly string[], string]>([
    ['Basic and another header', ['Authorization', 'Basic dTpw', 'X-API-Key', 'x'], ''],
    ['Basic with a secret that is not good', basic('x'), ''],
    ['Basic that cannot be read', ['Authorization', 'Basic %%%'], ''],
    ['Bearer', bearer('x'), ''],
    ['two of them', [...basic('x'), ...bearer('y')], ''],
    ['an id and a secret in the form', [], '&client_id=api&client_secret=x'],
    ['an id alone', [], '&client_id=api'],
    ['an id twice', [], '&client_id=api&client_id=other'],
    ['an assertion', [], '&client_assertion=a.b.c&client_assertion_type=x'],
    ['all at once', basic('x'), '&client_id=api&client_secret=y'],
  ])('needs no client authentication, and takes none amiss: %s', async ([, headers, more]) => {
    const service = await aService();
    const { value } = await service.house.holds();

    const reply = await service.posts('/revoke', `token=${value.reveal()}${more}`, headers);

    expect(reply).toMatchObject({ status: 200, body: '' });
    expect(await service.verifies(value.reveal())).toBe(401);
  });

  test('leaves the value that a client presents as its secret alone', async () => {
    const service = await aService();
    const { value } = await service.house.holds();
    const own = (await service.house.holds()).value.reveal();

    await service.posts('/revoke', `token=${value.reveal()}`, basic(own));
    await service.posts('/revoke', `token=x&client_id=api&client_secret=${own}`);

    expect(await service.verifies(own)).toBe(200);
  });
});

describe('RFC 7009 §2.2: the answer', () => {
  test('is 200 with nothing in it for any value, so that it tells nothing', async () => {
    const service = await aService();
    const { value } = await service.house.holds();
    const forms = [
      `token=${value.reveal()}`,
      `token=${value.reveal()}`,
      `token=${TokenValue.generate('apit').reveal()}`,
      'token=x',
      `token=${value.reveal().slice(0, -6)}000000`,
      'token=%00%0D%0A',
      `token=${'x'.repeat(10_000)}`,
    ];

    const replies = [];
    for (const form of forms) {
      const { headers, ...rest } = await service.posts('/revoke', form);
      replies.push({ ...rest, headers: { ...headers, date: '' } });
    }

    expect(new Set(replies.map((reply) => JSON.stringify(reply)))).toHaveLength(1);
    expect(replies[0]).toMatchObject({ status: 200, body: '' });
  });

  test('is the same for a value that is already dead: one event, one message, however often', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    for (let i = 0; i < 3; i++) await service.posts('/revoke', `token=${value.reveal()}`);

    expect(deedsOf(service, token.id).filter((deed) => String(deed).endsWith('token.revoked'))).toEqual([
      'holder token.revoked',
    ]);
    const told = (await service.house.due()).filter(({ kind }) => kind === 'revoked_by_other');
    expect(told).toEqual([{ kind: 'revoked_by_other', tokenId: token.id }]);
  });

  test('and two at once are one event', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    const replies = await Promise.all(
      Array.from({ length: 10 }, () => service.posts('/revoke', `token=${value.reveal()}`)),
    );

    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(deedsOf(service, token.id)).toEqual([
      'U0ANN token.created',
      'U0ANN value.shown',
      'holder token.revoked',
    ]);
  });

  test('of 503 says that the token still lives and when to come again (§2.2.1)', async () => {
    const server = await aServer([aSecret(VALUE)], {
      store: { revokeTokens: () => Promise.reject(new Error('update tokens: SQLITE_FULL /data/x.db')) },
    });

    const reply = await post(server.port, '/revoke', `token=${VALUE.reveal()}`);

    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(Object.keys(JSON.parse(reply.body))).toEqual(['error', 'reference']);
    expect(server.lines[0]).not.toContain(VALUE.reveal());
  });
});

describe('RFC 7009 §2.2.1: nobody can say just now', () => {
  test('while the value needs bcrypt and too much of that is under way: 503, and nothing is revoked', async () => {
    const server = await aServer([aSecret(VALUE, { pepperId: 'ffffffff' })], {
      checkHash: async () => 'busy',
      store: { revokeTokens: () => Promise.reject(new Error('nothing may be revoked')) },
    });

    const reply = await post(server.port, '/revoke', `token=${VALUE.reveal()}`);

    expect(reply).toMatchObject({
      status: 503,
      body: '{"error":"unavailable"}',
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(server.lines).toEqual([]);
    expect(server.metrics.figures.revocations).toEqual({ revoked: 0, not_live: 0 });
  });
});

describe('holding a value means the whole of it', () => {
  test.for([
    ['its lookup id with another secret', (value: TokenValue) => withAnotherSecret(value).reveal()],
    ['all but its last character', (value: TokenValue) => value.reveal().slice(0, -1)],
    ['it with something behind it', (value: TokenValue) => `${value.reveal()}x`],
    ['it with a space before it', (value: TokenValue) => ` ${value.reveal()}`],
    ['it in quotes', (value: TokenValue) => `"${value.reveal()}"`],
    ['its lookup id', (value: TokenValue) => value.lookupId],
  ] as const)('%s kills nothing', async ([, textOf]) => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    const reply = await service.posts('/revoke', `token=${encodeURIComponent(textOf(value))}`);

    expect(reply.status).toBe(200);
    expect(await service.verifies(value.reveal())).toBe(200);
    expect(service.house.actions(token.id)).not.toContain('token.revoked');
  });

  test('its token’s id kills nothing', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    await service.posts('/revoke', `token=${token.id}`);

    expect(await service.verifies(value.reveal())).toBe(200);
  });

  test('an old value in its grace is live, and kills its token with the new value', async () => {
    const service = await aService();
    const { token, value: old } = await service.house.holds();
    await service.house.rotates(token, { grace: 'day' });
    const [, fresh] = service.house.shown;

    await service.posts('/revoke', `token=${old.reveal()}`);

    expect(await service.verifies(old.reveal())).toBe(401);
    expect(await service.verifies(String(fresh?.reveal()))).toBe(401);
    expect(await service.house.read(token.id)).toMatchObject({ revokedBy: 'holder' });
  });

  test('a value that a rotation retired kills nothing, and is counted for its owner', async () => {
    const service = await aService();
    const { token, value: old } = await service.house.holds();
    await service.house.rotates(token, { grace: 'now' });
    const [, fresh] = service.house.shown;

    const reply = await service.posts('/revoke', `token=${old.reveal()}`);

    expect(reply.status).toBe(200);
    expect(await service.verifies(String(fresh?.reveal()))).toBe(200);
    expect(service.refusals).toMatchObject([{ tokenId: token.id }]);
    expect(service.uses).toHaveLength(1);
  });

  test('an expired value kills nothing: its owner may still renew', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds({ expiry: { kind: 'days', days: 1 } });
    service.house.moveBy(DAY_MS);

    const reply = await service.posts('/revoke', `token=${value.reveal()}`);

    expect(reply.status).toBe(200);
    expect(await service.house.read(token.id)).toMatchObject({ revokedAt: null });
    expect(service.refusals).toMatchObject([{ tokenId: token.id }]);
  });

  test('a value that is killed twice is counted as tried once after its end', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    await service.posts('/revoke', `token=${value.reveal()}`);
    await service.posts('/revoke', `token=${value.reveal()}`);

    expect(service.tries).toMatchObject([{ tokenId: token.id }]);
    expect(service.refusals).toEqual([]);
  });

  test('killing is no use of the token', async () => {
    const service = await aService();
    const { value } = await service.house.holds();

    await service.posts('/revoke', `token=${value.reveal()}`);

    expect(service.uses).toEqual([]);
  });
});

test('what came of a value is counted, by machines and in a browser', async () => {
  const revokeTokens = async () => ({ kind: 'already_revoked' }) as const;
  const server = await aServer([aSecret(VALUE)], { store: { revokeTokens } });
  const { revocations } = server.metrics.figures;
  const counts: unknown[] = [];
  const page = ['Accept', 'text/html'];

  for (const [form, headers] of [
    ['token=x', []],
    [`token=${VALUE.reveal()}`, []],
    [`token=${withAnotherSecret(VALUE).reveal()}`, []],
    ['token=rubbish', page],
    [`token=${VALUE.reveal()}`, page],
  ] as const) {
    await post(server.port, '/revoke', form, headers);
    counts.push({ ...revocations });
  }

  expect(counts).toEqual([
    { revoked: 0, not_live: 1 },
    { revoked: 1, not_live: 1 },
    { revoked: 1, not_live: 2 },
    { revoked: 1, not_live: 3 },
    { revoked: 2, not_live: 3 },
  ]);
});

describe('30 a minute an address', () => {
  test('then 429 with when to come again, and a value is not looked at', async () => {
    let now = T0;
    const server = await aServer([aSecret(VALUE)], {
      clock: () => now,
      store: { revokeTokens: neverRevokes },
    });

    for (let i = 0; i < 30; i++)
      expect(await post(server.port, '/revoke', 'token=x')).toMatchObject({ status: 200 });
    now += 1;
    const limited = await post(server.port, '/revoke', `token=${VALUE.reveal()}`);
    now = T0 + MINUTE_MS;
    const later = await post(server.port, '/revoke', 'token=x');

    expect(server.metrics.figures.limited).toMatchObject({ revoke: 1, introspect: 0 });
    expect(limited).toMatchObject({
      status: 429,
      body: '{"error":"too_many_requests"}',
      headers: { 'retry-after': '60', 'cache-control': 'no-store' },
    });
    expect(later.status).toBe(200);
  });

  test('counts the address that a proxy of ours names, and nobody else’s word', async () => {
    const behind = await aServer([], { isProxy: (address) => address === '127.0.0.1' });
    const open = await aServer([]);
    const statusesOf = async (port: number) => {
      const statuses: number[] = [];
      for (let i = 0; i < 31; i++) {
        const reply = await post(port, '/revoke', 'token=x', ['X-Forwarded-For', `192.0.2.${i}`]);
        statuses.push(reply.status);
      }
      return statuses;
    };

    expect(await statusesOf(behind.port)).toEqual(Array(31).fill(200));
    expect((await statusesOf(open.port)).at(-1)).toBe(429);
  });

  test('is not used up by introspection', async () => {
    const server = await aServer([]);
    for (let i = 0; i < 31; i++) await post(server.port, '/introspect', 'token=x');

    expect(await post(server.port, '/revoke', 'token=x')).toMatchObject({ status: 200 });
  });
});

async function neverRevokes(): Promise<never> {
  throw new Error('a token was to be revoked');
}
