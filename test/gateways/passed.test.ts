import { describe, expect, test } from 'vitest';
import { ask, sendRaw } from '../http/a-server.ts';
import { ANN, aName, T0 } from '../tokens/a-token.ts';
import { hasGateway } from './a-gateway.ts';
import { BEARER, GOOD, theWay } from './the-way.ts';

const BODY_BYTES = 200_000;

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here.for([
    ['Authorization: Bearer', BEARER],
    ['X-API-Key', ['X-API-Key', GOOD]],
    ['token', ['token', GOOD]],
    ['X-API-Key beside an empty Bearer', ['Authorization', 'Bearer ', 'X-API-Key', GOOD]],
    ['token beside an empty X-API-Key', ['X-API-Key', '', 'token', GOOD]],
  ] as const)(
    'a live value in %s passes, and the API learns whose it is but not the value',
    async ([, headers]) => {
      const { gateway, api } = await theWay(name, {
        name: aName('Déploy, 🚀 100%'),
        scopes: ['read', 'write'],
      });

      const reply = await ask(gateway.port, '/orders?page=2', { headers });

      expect(reply).toMatchObject({ status: 200, body: 'the API' });
      expect(api.passed).toMatchObject([
        {
          method: 'GET',
          path: '/orders?page=2',
          headers: {
            'x-token-id': expect.stringMatching(/^tok_\w{16}$/),
            'x-token-name': encodeURIComponent('Déploy, 🚀 100%'),
            'x-token-owner': ANN,
            'x-token-scopes': 'read write',
          },
        },
      ]);
      expect(JSON.stringify(api.passed)).not.toContain(GOOD);
      expect(gateway.output()).not.toContain(GOOD);
    },
  );

  here('a name of 64 characters beyond the first plane arrives whole', async () => {
    const { gateway, api } = await theWay(name, { name: aName('🚀'.repeat(64)) });

    await ask(gateway.port, '/', { headers: BEARER });

    expect(decodeURIComponent(String(api.passed[0]?.headers['x-token-name']))).toBe('🚀'.repeat(64));
  });

  here.for(['POST', 'PUT', 'DELETE', 'PATCH'])('%s passes with its body', async (method) => {
    const { gateway, api } = await theWay(name);
    const body = 'x'.repeat(BODY_BYTES);

    const reply = await ask(gateway.port, '/orders', { method, headers: BEARER, body });

    expect(reply.status).toBe(200);
    expect(api.passed).toMatchObject([{ method, path: '/orders', body }]);
  });

  here('a body in chunks passes', async () => {
    const { gateway, api } = await theWay(name);
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nToken: ${GOOD}\r\nTransfer-Encoding: chunked`;

    const raw = await sendRaw(gateway.port, `${head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
    expect(api.passed).toMatchObject([{ method: 'POST', body: 'hello' }]);
  });

  here('what a client says in X-Token headers never reaches the API, in whatever letters', async () => {
    const { gateway, api } = await theWay(name);
    const lies = ['X-Token-Id', 'x-token-name', 'X-TOKEN-OWNER', 'X-Token-Scopes', 'x-token-scopes'];

    const reply = await ask(gateway.port, '/', {
      headers: [...BEARER, ...lies.flatMap((lie) => [lie, 'admin'])],
    });

    expect(reply.status).toBe(200);
    expect(JSON.stringify(api.passed)).not.toContain('admin');
    expect(api.passed[0]?.headers).toMatchObject({ 'x-token-name': 'deploy-bot', 'x-token-owner': ANN });
    expect(api.passed[0]?.headers['x-token-scopes'] ?? '').toBe('');
  });

  here('naming them in Connection does not take them off', async () => {
    const { gateway, api } = await theWay(name);
    const named = ['Connection', 'close, X-Token-Id, x-token-name, X-TOKEN-OWNER'];

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...named] })).status).toBe(200);
    expect(api.passed[0]?.headers).toMatchObject({
      'x-token-id': expect.stringMatching(/^tok_/),
      'x-token-name': 'deploy-bot',
      'x-token-owner': ANN,
    });
  });

  // CGI, and what follows it, makes HTTP_X_TOKEN_ID of all of these. The characters are those of RFC 9110 §5.6.2.
  here.for([..."_.!#$%&'*+^`|~"])('nor does it with %s for a dash', async (sign) => {
    const { gateway, api } = await theWay(name);
    const lies = [`X${sign}Token${sign}Owner`, `X-Token${sign}Owner`, `X${sign}Token-Owner`];

    const reply = await ask(gateway.port, '/', {
      headers: [...BEARER, ...lies.flatMap((lie) => [lie, 'admin'])],
    });

    expect(reply.status).toBe(200);
    expect(JSON.stringify(api.passed)).not.toContain('admin');
  });

  here('the address that is counted is the one the client comes from, not the one it claims', async () => {
    const { gateway, apitoken } = await theWay(name);

    await ask(gateway.port, '/', { headers: [...BEARER, 'X-Forwarded-For', '203.0.113.9'] });

    expect(apitoken.uses).toMatchObject([{ at: T0 + 1, address: '127.0.0.1' }]);
  });

  here('long cookies do not get in the way', async () => {
    const { gateway, api } = await theWay(name);
    const cookies = [1, 2, 3].flatMap((n) => ['Cookie', `c${n}=${'x'.repeat(4000)}`]);

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...cookies] })).status).toBe(200);
    expect(String(api.passed[0]?.headers.cookie).length).toBeGreaterThan(12_000);
  });
});
