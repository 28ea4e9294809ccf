import { Agent } from 'node:http';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { parseName } from '../../src/tokens/name.ts';
import { pepperFrom } from '../../src/tokens/pepper.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import { TokenValue, toBase62 } from '../../src/tokens/token-value.ts';
import { ANN, aName, aSecret, T0 } from '../tokens/a-token.ts';
import { aServer, ask, sendRaw, withoutDate } from './a-server.ts';

const VALUE = TokenValue.generate('apit');
const OTHER_VALUE = TokenValue.generate('apit');
const GOOD = VALUE.reveal();
const BEARER = ['Authorization', `Bearer ${GOOD}`];
const REALM = 'Bearer realm="apitoken"';

describe('a live value', () => {
  test.for([
    ['Authorization: Bearer', BEARER],
    ['Authorization with the scheme in small letters (RFC 9110 §11.1)', ['Authorization', `bearer ${GOOD}`]],
    ['Authorization with the scheme in capitals and three spaces', ['authorization', `BEARER   ${GOOD}`]],
    ['X-API-Key', ['X-API-Key', GOOD]],
    ['X-API-Key in small letters', ['x-api-key', GOOD]],
    ['token', ['token', GOOD]],
    ['Token, a capital', ['Token', GOOD]],
    ['X-API-Key with spaces around it (RFC 9110 §5.5)', ['X-API-Key', `  ${GOOD}  `]],
    ['X-API-Key beside Basic, which is no credential', ['Authorization', 'Basic dTpw', 'X-API-Key', GOOD]],
    ['token beside Digest, which is no credential', ['Token', GOOD, 'Authorization', 'Digest a="b"']],
  ] as const)('is allowed in %s', async ([, headers]) => {
    const secret = aSecret(VALUE, { scopes: ['read', 'write'] });
    const server = await aServer([secret]);

    const reply = await ask(server.port, '/verify', { headers });

    expect(reply).toEqual({
      status: 200,
      body: '',
      headers: expect.objectContaining({
        'cache-control': 'no-store',
        'content-length': '0',
        'x-token-id': secret.tokenId,
        'x-token-name': 'deploy-bot',
        'x-token-owner': ANN,
        'x-token-scopes': 'read write',
      }),
    });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
    expect(server.uses).toEqual([{ tokenId: secret.tokenId, at: T0 + 1, address: '127.0.0.1' }]);
  });

  test('without scopes sends the empty header all the same', async () => {
    const server = await aServer([aSecret(VALUE)]);

    expect(await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`))).toMatch(/^x-token-scopes: \r$/m);
  });

  test.for([
    ['spaces and accents', 'Déploy bot', 'D%C3%A9ploy%20bot'],
    ['a percent sign and a plus', '100%+', '100%25%2B'],
    ['characters beyond the first plane', '🚀 ship', '%F0%9F%9A%80%20ship'],
    ['what would end a header', 'a: b; "c", \\d', 'a%3A%20b%3B%20%22c%22%2C%20%5Cd'],
  ] as const)('whose name has %s is named in percent-encoded UTF-8', async ([, name, encoded]) => {
    const server = await aServer([aSecret(VALUE, { name: aName(name) })]);

    const { headers } = await ask(server.port, '/verify', { headers: BEARER });

    expect(headers['x-token-name']).toBe(encoded);
    expect(decodeURIComponent(encoded)).toBe(name);
  });

  test('has a name of 64 astral characters sent whole', async () => {
    const name = aName('🚀'.repeat(64));
    const server = await aServer([aSecret(VALUE, { name })]);

    const { headers } = await ask(server.port, '/verify', { headers: BEARER });

    expect(decodeURIComponent(String(headers['x-token-name']))).toBe(name);
  });

  test('has any name that may be given sent whole, in ASCII (500 names; fast-check prints the seed)', async () => {
    let name = aName('x');
    const server = await aServer([], { store: { readSecret: async () => aSecret(VALUE, { name }) } });
    const agent = new Agent({ keepAlive: true });
    const anyName = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 64 })
      .filter((text) => 'name' in parseName(text));

    await fc.assert(
      fc.asyncProperty(anyName, async (text) => {
        name = aName(text);

        const { status, headers } = await ask(server.port, '/verify', { headers: BEARER, agent });

        expect(status).toBe(200);
        expect(headers['x-token-name']).toMatch(/^[\x21-\x7e]+$/);
        expect(decodeURIComponent(String(headers['x-token-name']))).toBe(name);
      }),
      { numRuns: 500 },
    );
    agent.destroy();
  });

  test('never adds a header of its own, whatever name the database holds', async () => {
    const name = 'x\r\nX-Token-Owner: U0EVE\r\n\r\nbody' as StoredSecret['name'];
    const server = await aServer([aSecret(VALUE, { name })]);

    const raw = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`));

    expect(raw.match(/^x-token-owner: .*$/gim)).toEqual([`x-token-owner: ${ANN}`]);
    expect(raw.endsWith('\r\n\r\n')).toBe(true);
  });

  test('whose scopes would break a header is a fault, not a header', async () => {
    const server = await aServer([aSecret(VALUE, { scopes: ['a\r\nX-Token-Owner: U0EVE'] })]);

    const raw = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`));

    expect(raw).toMatch(/^HTTP\/1\.1 503 /);
    expect(raw).not.toMatch(/x-token-owner/i);
  });

  test('answers HEAD as it answers GET', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const get = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`));
    const head = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`, 'HEAD'));

    expect(withoutDate(head)).toBe(withoutDate(get));
  });

  test('answers HTTP/1.0, which needs no Host', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const raw = await sendRaw(server.port, `GET /verify HTTP/1.0\r\nToken: ${GOOD}\r\n\r\n`);

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
    expect(raw).toMatch(/^connection: close\r$/im);
  });

  test('answers a target that is a whole URL (RFC 9112 §3.2.2)', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const raw = await sendRaw(
      server.port,
      `GET http://any.example/verify?x HTTP/1.1\r\nHost: any.example\r\nToken: ${GOOD}\r\nConnection: close\r\n\r\n`,
    );

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('is looked up anew by each of many requests on one connection', async () => {
    const secret = aSecret(VALUE);
    let reads = 0;
    const server = await aServer([], {
      store: {
        readSecret: async () => {
          reads += 1;
          return reads === 2 ? { ...secret, digest: null } : secret;
        },
      },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });

    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await ask(server.port, '/verify', { headers: BEARER, agent })).status);
    }
    agent.destroy();

    expect(statuses).toEqual([200, 401, 200]);
    expect(reads).toBe(3);
  });

  test('and a dead one pipelined are answered in the order in which they were asked (RFC 9112 §9.3.2)', async () => {
    const secret = aSecret(VALUE);
    const first = Promise.withResolvers<void>();
    const server = await aServer([], {
      store: {
        // The first request's read ends last.
        readSecret: async (lookupId) => {
          if (lookupId !== VALUE.lookupId) {
            first.resolve();
            return undefined;
          }
          await first.promise;
          return secret;
        },
      },
    });

    const raw = await sendRaw(
      server.port,
      `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${GOOD}\r\n\r\n${rawRequest(`Token: ${OTHER_VALUE.reveal()}\r\n`)}`,
    );

    expect(raw.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
  });
});

describe('no credential was presented (RFC 6750 §3.1: no error code)', () => {
  test.for([
    ['with no header', '/verify', []],
    ['with another scheme', '/verify', ['Authorization', 'Basic dTpw']],
    ['with a scheme that only starts like ours', '/verify', ['Authorization', `Bearerx ${GOOD}`]],
    ['with the value alone in Authorization', '/verify', ['Authorization', GOOD]],
    ['with an empty Authorization', '/verify', ['Authorization', '']],
    ['with nothing behind Bearer', '/verify', ['Authorization', 'Bearer']],
    ['with spaces behind Bearer', '/verify', ['Authorization', 'bearer    ']],
    ['with a no-break space behind Bearer', '/verify', ['Authorization', 'Bearer \xa0']],
    ['with an empty X-API-Key', '/verify', ['X-API-Key', '']],
    ['with spaces and a tab for a token', '/verify', ['Token', ' \t ']],
    ['with all three empty', '/verify', ['Authorization', 'Bearer', 'X-API-Key', '', 'Token', '']],
    ['with a value in the query', `/verify?token=${GOOD}&access_token=${GOOD}&api_key=${GOOD}`, []],
    ['with a value in a cookie', '/verify', ['Cookie', `token=${GOOD}`]],
    ['with a value in a header that resembles one of ours', '/verify', ['X-Token', GOOD, 'Api-Key', GOOD]],
    ['with a value in the header for proxies', '/verify', ['Proxy-Authorization', `Bearer ${GOOD}`]],
  ] as const)('%s', async ([, path, headers]) => {
    const server = await aServer([aSecret(VALUE)]);

    const reply = await ask(server.port, path, { headers });

    expect(reply).toMatchObject({ status: 401, body: '', headers: { 'www-authenticate': REALM } });
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(server.uses).toEqual([]);
  });
});

describe('an empty credential beside a good one is none', () => {
  test.for([
    ['Bearer beside X-API-Key', ['Authorization', 'Bearer', 'X-API-Key', GOOD]],
    ['Bearer and spaces beside X-API-Key', ['Authorization', 'Bearer   ', 'X-API-Key', GOOD]],
    ['token beside X-API-Key', ['Token', '', 'X-API-Key', GOOD]],
    ['X-API-Key beside Bearer', [...BEARER, 'X-API-Key', '']],
    ['spaces beside Bearer', [...BEARER, 'Token', ' \t ']],
    ['both others beside token', ['Token', GOOD, 'X-API-Key', '', 'Authorization', '']],
    ['another scheme beside token', ['Token', GOOD, 'Authorization', 'Basic dTpw']],
  ] as const)('%s', async ([, headers]) => {
    const secret = aSecret(VALUE);
    const server = await aServer([secret]);

    expect(await ask(server.port, '/verify', { headers })).toMatchObject({ status: 200 });
    expect(server.uses).toMatchObject([{ tokenId: secret.tokenId }]);
  });
});

describe('more than one credential is an invalid request (RFC 6750 §2, §3.1)', () => {
  test.for([
    ['in Authorization and X-API-Key', [...BEARER, 'X-API-Key', GOOD]],
    ['in X-API-Key and token', ['X-API-Key', GOOD, 'Token', GOOD]],
    ['in all three', [...BEARER, 'X-API-Key', GOOD, 'Token', GOOD]],
    ['in Authorization twice', [...BEARER, ...BEARER]],
    ['in Authorization twice, one of another scheme', [...BEARER, 'Authorization', 'Basic dTpw']],
    ['in Authorization twice, the first of another scheme', ['Authorization', 'Basic dTpw', ...BEARER]],
    ['in X-API-Key twice', ['X-API-Key', GOOD, 'x-api-key', GOOD]],
    ['in token twice', ['token', GOOD, 'TOKEN', 'x']],
    ['in one header twice, one of them empty', ['X-API-Key', GOOD, 'X-API-Key', '']],
    ['in one header twice, both empty', ['Token', '', 'Token', '']],
    ['where one of the two is bad', ['X-API-Key', 'x', 'Token', GOOD]],
  ] as const)('%s', async ([, headers]) => {
    const server = await aServer([aSecret(VALUE)]);

    const reply = await ask(server.port, '/verify', { headers });

    expect(reply).toMatchObject({
      status: 400,
      body: '',
      headers: { 'www-authenticate': `${REALM}, error="invalid_request"`, 'cache-control': 'no-store' },
    });
    expect(server.uses).toEqual([]);
  });
});

describe('a value that is not good is refused with the same bytes (RFC 6750 §3.1: invalid_token)', () => {
  const revoked = aSecret(VALUE, { digest: null });
  const expired = aSecret(VALUE, { endsAt: T0 + 1 });
  const cases: readonly (readonly [string, string, readonly StoredSecret[]])[] = [
    ['unknown', `Token: ${GOOD}`, []],
    ['revoked', `Token: ${GOOD}`, [revoked]],
    ['expired', `Token: ${GOOD}`, [expired]],
    [
      'wrong',
      `Token: ${GOOD}`,
      [aSecret(VALUE, { digest: OTHER_VALUE.digest(pepperFrom('x'.repeat(32)).key) })],
    ],
    ['never shown', `Token: ${GOOD}`, [aSecret(VALUE, { shownAt: null, createdAt: T0 - DAY_MS })]],
    [
      'with a wrong check digit',
      `Token: ${GOOD.slice(0, -1)}${GOOD.endsWith('0') ? '1' : '0'}`,
      [aSecret(VALUE)],
    ],
    ['cut', `Token: ${GOOD.slice(0, -1)}`, [aSecret(VALUE)]],
    ['with something behind it', `Token: ${GOOD}, ${GOOD}`, [aSecret(VALUE)]],
    ['with its scheme in a header that takes none', `X-API-Key: Bearer ${GOOD}`, [aSecret(VALUE)]],
    ['quoted', `Authorization: Bearer "${GOOD}"`, [aSecret(VALUE)]],
    ['of 7,000 characters', `Token: ${'x'.repeat(7000)}`, [aSecret(VALUE)]],
    ['of bytes that are no text', 'Token: \xff\xfe\x80', [aSecret(VALUE)]],
    ['like a name of an object', 'Token: __proto__', [aSecret(VALUE)]],
  ];

  test.for(cases)('%s', async ([, header, secrets]) => {
    const server = await aServer(secrets);

    const raw = await sendRaw(server.port, Buffer.from(rawRequest(`${header}\r\n`), 'latin1'));

    expect(withoutDate(raw)).toBe(
      'HTTP/1.1 401 Unauthorized\r\n' +
        'cache-control: no-store\r\n' +
        'content-length: 0\r\n' +
        `www-authenticate: ${REALM}, error="invalid_token"\r\n` +
        'Connection: close\r\n\r\n',
    );
    expect(server.uses).toEqual([]);
    expect(server.lines).toEqual([]);
  });

  test('also when scopes are demanded', async () => {
    const server = await aServer([revoked]);

    const reply = await ask(server.port, '/verify?scope=a', { headers: BEARER });

    expect(reply.headers['www-authenticate']).toBe(`${REALM}, error="invalid_token"`);
  });
});

describe('a refused value is counted for its owner', () => {
  const ended = aSecret(VALUE, { endsAt: T0 + 1 });

  test.for<readonly [string, string, readonly string[], StoredSecret, number]>([
    ['when it is presented after its end', '/verify', BEARER, ended, 1],
    ['in whatever header', '/verify', ['Token', GOOD], ended, 1],
    ['also when scopes are demanded', '/verify?scope=a', BEARER, ended, 1],
    ['not before its end', '/verify', BEARER, aSecret(VALUE, { endsAt: T0 + 2 }), 0],
    ['not when only its lookup id is right', '/verify', ['Token', withSecretOf(OTHER_VALUE)], ended, 0],
    ['not when its check digits are wrong', '/verify', ['Token', `${GOOD.slice(0, -6)}000000`], ended, 0],
    ['not when it is cut', '/verify', ['Token', GOOD.slice(0, -1)], ended, 0],
    ['not when it is one of two credentials', '/verify', [...BEARER, 'Token', GOOD], ended, 0],
    ['not when no scope can be what is demanded', '/verify?scope=%22', BEARER, ended, 0],
    ['not when it was never shown', '/verify', BEARER, aSecret(VALUE, { shownAt: null, createdAt: 0 }), 0],
    // A revocation empties the digest: nobody can tell any more whether the value is the right one.
    ['not when it was revoked', '/verify', BEARER, aSecret(VALUE, { digest: null, endsAt: T0 }), 0],
  ])('%s', async ([, path, headers, secret, count]) => {
    const server = await aServer([secret]);

    await ask(server.port, path, { headers });

    const refusal = { tokenId: secret.tokenId, at: T0 + 1, address: '127.0.0.1' };
    expect(server.refusals).toEqual(Array(count).fill(refusal));
  });

  test('once for each time, by HEAD as by GET, and never as a use', async () => {
    const server = await aServer([ended]);

    for (const method of ['GET', 'HEAD', 'GET', 'POST'])
      await ask(server.port, '/verify', { method, headers: BEARER });

    expect(server.refusals).toHaveLength(3);
    expect(server.uses).toEqual([]);
  });
});

test.for([
  ['with the lookup id of a revoked token', aSecret(VALUE, { digest: null }), 1],
  ['that has ended', aSecret(VALUE, { endsAt: T0 }), 0],
  ['that is live', aSecret(VALUE), 0],
  ['with the lookup id of a live token and another secret', aSecret(VALUE, { digest: Buffer.alloc(32) }), 0],
] as const)('a value %s is counted as tried after a revocation, or not', async ([, secret, count]) => {
  const server = await aServer([secret]);

  await ask(server.port, '/verify', { headers: BEARER });

  expect(server.tries).toEqual(Array(count).fill({ tokenId: secret.tokenId, at: T0 + 1 }));
});

describe('scopes in the query', () => {
  test.for([
    ['that the token has', '?scope=read'],
    ['in another order than the token has them', '?scope=write%20read'],
    ['with a plus for the space', '?scope=read+write'],
    ['in two parameters', '?scope=read&scope=write'],
    ['with spaces too many', '?scope=%20read%20%20write%20'],
    ['twice the same', '?scope=read%20read'],
    ['beside parameters that mean nothing here', '?x=%zz&scope=read&page=2#'],
    ['behind two question marks', '??scope=read'],
    ['with its name percent-encoded', '?%73co%70e=read'],
    ['with a plus in their name', '?scope=a%2Bb'],
  ] as const)('%s are allowed', async ([, query]) => {
    const server = await aServer([aSecret(VALUE, { scopes: ['read', 'write', 'a+b'] })]);

    expect(await ask(server.port, `/verify${query}`, { headers: BEARER })).toMatchObject({ status: 200 });
  });

  test.for([
    ['one that it lacks', '?scope=admin', 'admin'],
    ['one of two', '?scope=read%20admin', 'read admin'],
    ['one of two parameters', '?scope=read&scope=admin', 'read admin'],
    ['one that differs in case', '?scope=Read', 'Read'],
    ['one that is the start of one it has', '?scope=rea', 'rea'],
    ['two with no space between them', '?scope=read,write', 'read,write'],
  ] as const)(
    'that the token lacks, %s, are 403 with what is needed (RFC 6750 §3.1)',
    async ([, query, needed]) => {
      const secret = aSecret(VALUE, { scopes: ['read', 'write'] });
      const server = await aServer([secret]);

      const reply = await ask(server.port, `/verify${query}`, { headers: BEARER });

      expect(reply).toMatchObject({
        status: 403,
        body: '',
        headers: {
          'www-authenticate': `${REALM}, error="insufficient_scope", scope="${needed}"`,
          'cache-control': 'no-store',
        },
      });
      expect(reply.headers).not.toHaveProperty('x-token-id');
      expect(server.uses).toEqual([{ tokenId: secret.tokenId, at: T0 + 1, address: '127.0.0.1' }]);
    },
  );

  test.for([
    ['the value itself', GOOD],
    ['another value', TokenValue.generate('apit').reveal()],
    ['one behind a scope that it has', `read%20${GOOD}`],
    ['one before a scope that it has', `${GOOD}%20read`],
  ])('that hold a value, %s, are 400 and repeated nowhere: proxies log answers', async ([, scope]) => {
    const server = await aServer([aSecret(VALUE, { scopes: ['read'] })]);

    const reply = await ask(server.port, `/verify?scope=${scope}`, { headers: BEARER });

    expect(reply).toMatchObject({
      status: 400,
      headers: { 'www-authenticate': `${REALM}, error="invalid_request"`, 'cache-control': 'no-store' },
    });
    expect(JSON.stringify(reply)).not.toContain('apit_');
    expect(server.metrics.figures.refusals.invalid_scope).toBe(1);
  });

  test.for(['?page=2&q=a%20b', '?access_token=x', '?s=1&copper=2&sco=3', '?', '?&&', '?%zz=%ff'])(
    'none are demanded by %s, which may be what the client asks the API for',
    async (query) => {
      const server = await aServer([aSecret(VALUE)]);

      expect(await ask(server.port, `/verify${query}`, { headers: BEARER })).toMatchObject({ status: 200 });
    },
  );

  test.for([
    ['an empty one', '?scope='],
    ['one without a value', '?scope'],
    ['one of spaces alone', '?scope=%20+'],
    ['an empty one beside another', '?scope=read&scope='],
    ['the plural', '?scopes=read'],
    ['the plural beside the right one', '?scope=read&scopes=admin'],
    ['a capital', '?Scope=read'],
    ['capitals', '?SCOPE=read'],
    ['a percent-encoded capital', '?%53cope=read'],
    ['brackets', '?scope[]=read'],
    ['encoded brackets', '?scope%5B0%5D=read'],
    ['a letter missing', '?scop=read'],
    ['the first letter missing', '?cope=read'],
    ['a letter too many', '?sccope=read'],
    ['a wrong letter', '?skope=read'],
    ['two letters swapped', '?socpe=read'],
    ['a longer name', '?required_scope=read'],
    ['a space before it', '?+scope=read'],
    ['an invisible sign in it', '?sco%E2%80%8Bpe=read'],
    ['a full-width letter in it', '?%EF%BD%93cope=read'],
    ['a percent sign encoded twice', '?%2573cope=read'],
    ['a semicolon for the ampersand', '?x=1;scope=read'],
    ['a semicolon between two', '?scope=read;scope=write'],
    ['an ampersand for HTML', '?x=1&amp;scope=read'],
    ['a second question mark', '?x=1?scope=read'],
    ['a fragment', '?#scope=read'],
    ['no name', '?=read'],
  ] as const)('by %s are 400, not none: it was meant to keep somebody out', async ([, query]) => {
    const server = await aServer([aSecret(VALUE, { scopes: ['read', 'write'] })]);

    const raw = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`, 'GET', `/verify${query}`));

    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw).toContain(`${REALM}, error="invalid_request"`);
    expect(server.uses).toEqual([]);
    expect(server.metrics.figures.refusals.invalid_scope).toBe(1);
  });

  test.for([
    ['a quote', '%22'],
    ['a backslash', '%5C'],
    ['a line end', 'a%0D%0AX-Token-Owner:%20U0EVE'],
    ['a control character', '%00'],
    ['a letter beyond ASCII', '%C3%A9'],
    ['bytes that are no text', '%ff'],
  ] as const)('with %s can be no scope (RFC 6749 §3.3): 400', async ([, scope]) => {
    const server = await aServer([aSecret(VALUE)]);

    const raw = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`, 'GET', `/verify?scope=${scope}`));

    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw).toContain(`${REALM}, error="invalid_request"`);
    expect(raw).not.toContain('U0EVE');
  });
});

describe('other methods', () => {
  test.for(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s is 405 with Allow',
    async (method) => {
      const server = await aServer([aSecret(VALUE)]);

      const reply = await ask(server.port, '/verify', { method, headers: BEARER });

      expect(reply).toMatchObject({
        status: 405,
        body: '',
        headers: { allow: 'GET, HEAD', 'cache-control': 'no-store' },
      });
      expect(server.uses).toEqual([]);
    },
  );
});

describe('what cannot be looked up is 503, never 200 or 401', () => {
  test.for([
    [
      'when the store throws',
      { readSecret: () => Promise.reject(new Error('select hash from secrets: /data/x.db')) },
    ],
    [
      'when the store throws at once',
      {
        readSecret: () => {
          throw new Error('select hash from secrets: /data/x.db');
        },
      },
    ],
    ['when the store throws nothing useful', { readSecret: () => Promise.reject(undefined) }],
    ['when a digest is broken', { readSecret: async () => aSecret(VALUE, { digest: Buffer.alloc(3) }) }],
  ] as const)('%s', async ([, store]) => {
    const server = await aServer([], { store });

    const reply = await ask(server.port, '/verify', { headers: BEARER });

    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
    const { reference, ...rest } = JSON.parse(reply.body);
    expect(rest).toEqual({ error: 'unavailable' });
    expect(server.lines).toHaveLength(1);
    expect(JSON.parse(server.lines[0] ?? '')).toMatchObject({ level: 'error', reference });
    expect(server.lines[0]).not.toContain(GOOD);
    expect(server.uses).toEqual([]);
  });

  test('while it needs bcrypt and too much of that is under way: no body, no challenge, no log', async () => {
    const secret = aSecret(VALUE, { pepperId: 'ffffffff' });
    const server = await aServer([secret], { checkHash: async () => 'busy' });

    const raw = await sendRaw(server.port, rawRequest(`Token: ${GOOD}\r\n`));

    expect(withoutDate(raw)).toBe(
      'HTTP/1.1 503 Service Unavailable\r\n' +
        'cache-control: no-store\r\n' +
        'content-length: 0\r\n' +
        'retry-after: 5\r\n' +
        'Connection: close\r\n\r\n',
    );
    expect([server.uses, server.refusals, server.lines]).toEqual([[], [], []]);
    expect(server.metrics.figures.verifications).toEqual({ allowed: 0, refused: 0, unavailable: 1 });
  });

  test('when bcrypt itself fails', async () => {
    const checkHash = () => Promise.reject(new Error('the worker died'));
    const server = await aServer([aSecret(VALUE, { pepperId: 'ffffffff' })], { checkHash });

    expect(await ask(server.port, '/verify', { headers: BEARER })).toMatchObject({ status: 503 });
    expect(server.lines).toHaveLength(1);
  });

  test('and the server lives on', async () => {
    let isBroken = true;
    const secret = aSecret(VALUE);
    const server = await aServer([], {
      store: { readSecret: () => (isBroken ? Promise.reject(new Error('busy')) : Promise.resolve(secret)) },
    });

    const first = await ask(server.port, '/verify', { headers: BEARER });
    isBroken = false;
    const second = await ask(server.port, '/verify', { headers: BEARER });

    expect([first.status, second.status]).toEqual([503, 200]);
  });

  test('but a value that no look is needed for is 401 all the same', async () => {
    const server = await aServer([], { store: { readSecret: () => Promise.reject(new Error('busy')) } });

    expect(await ask(server.port, '/verify', { headers: ['Token', 'x'] })).toMatchObject({ status: 401 });
  });
});

/** A value with the lookup id of `VALUE`, the secret of another one, and right check digits. */
function withSecretOf(other: TokenValue): string {
  const body = `apit_${VALUE.lookupId}_${other.secretForHash()}`;
  return body + toBase62(crc32(body), 6);
}

/** A request whose connection ends with its answer. */
function rawRequest(headers: string, method = 'GET', target = '/verify'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`;
}

test('a value whose stored facts were changed is answered 503, counted, and told in the log without it', async () => {
  const secret = aSecret(VALUE);
  const server = await aServer([{ ...secret, scopes: ['admin'] }]);

  const reply = await ask(server.port, '/verify', { headers: ['authorization', `Bearer ${VALUE.reveal()}`] });

  expect(reply.status).toBe(503);
  expect(reply.headers['retry-after']).toBe('5');
  expect(server.uses).toEqual([]);
  const { figures } = server.metrics;
  expect([figures.brokenSeals, figures.verifications.unavailable, figures.verifications.allowed]).toEqual([
    1, 1, 0,
  ]);
  const line = server.lines.find((each) => each.includes('changed outside apitoken')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ level: 'error', token: secret.tokenId });
  expect(server.lines.join('')).not.toContain(VALUE.lookupId);
});
