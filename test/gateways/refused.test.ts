import { describe, expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { ask, sendRaw } from '../http/a-server.ts';
import { hasGateway } from './a-gateway.ts';
import { BEARER, GOOD, REALM, theWay } from './the-way.ts';

const NEVER_MADE = TokenValue.generate('apit').reveal();
const BODY_BYTES = 200_000;

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here.for([
    ['no credential is 401', [], 401, REALM],
    ['an unknown value is 401', ['X-API-Key', NEVER_MADE], 401, `${REALM}, error="invalid_token"`],
    ['Basic, which is no credential, is 401', ['Authorization', 'Basic dTpw'], 401, REALM],
    [
      'two headers with a value are 400',
      [...BEARER, 'X-API-Key', GOOD],
      400,
      `${REALM}, error="invalid_request"`,
    ],
    ['one header twice is 400', ['Token', GOOD, 'Token', GOOD], 400, `${REALM}, error="invalid_request"`],
  ] as const)('%s, and the API hears nothing', async ([, headers, status, challenge]) => {
    const { gateway, api } = await theWay(name);

    const reply = await ask(gateway.port, '/orders', { headers });

    expect([reply.status, reply.headers['www-authenticate']]).toEqual([status, challenge]);
    expect(reply.headers).not.toHaveProperty('x-token-id');
    expect(api.passed).toEqual([]);
  });

  here.for([
    ['POST with a body', { method: 'POST', body: 'x'.repeat(BODY_BYTES) }],
    ['HEAD', { method: 'HEAD' }],
    ['DELETE', { method: 'DELETE' }],
  ] as const)('%s without a credential is 401, and the API hears nothing', async ([, options]) => {
    const { gateway, api } = await theWay(name);

    expect((await ask(gateway.port, '/orders', options)).status).toBe(401);
    expect(api.passed).toEqual([]);
  });

  here('Authorization twice is 400, whether the gateway or apitoken says so', async () => {
    const { gateway, api } = await theWay(name);

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...BEARER] })).status).toBe(400);
    expect(api.passed).toEqual([]);
  });

  here('a scope that is missing is 403 and named, one that is there lets pass', async () => {
    const { gateway, api } = await theWay(name, { scopes: ['read'] });

    const reply = await ask(gateway.port, '/deploy/now', { method: 'POST', headers: BEARER, body: '{}' });

    expect(reply.status).toBe(403);
    expect(reply.headers['www-authenticate']).toBe(`${REALM}, error="insufficient_scope", scope="deploy"`);
    expect(api.passed).toEqual([]);
    expect((await ask(gateway.port, '/', { headers: BEARER })).status).toBe(200);

    const other = await theWay(name, { scopes: ['read', 'deploy'] });
    expect((await ask(other.gateway.port, '/deploy/now', { headers: BEARER })).status).toBe(200);
  });

  here('headers that are too much for apitoken are 431, and the API hears nothing', async () => {
    const { gateway, api } = await theWay(name);
    const headers = [1, 2, 3].flatMap((n) => [`X-Long-${n}`, 'x'.repeat(4000)]);

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...headers] })).status).toBe(431);
    expect(api.passed).toEqual([]);
  });
});

describe('behind nginx', () => {
  const here = test.skipIf(!hasGateway('nginx'));

  here.for(['/_apitoken/any', '/_apitoken/deploy', '/_apitoken/other', '/_apitoken/'])(
    '%s is not there for a client',
    async (path) => {
      const { gateway, api, apitoken } = await theWay('nginx');

      const raw = await sendRaw(
        gateway.port,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nToken: ${GOOD}\r\n\r\n`,
      );

      expect(raw).toMatch(/^HTTP\/1\.1 404 /);
      expect([api.passed, apitoken.uses]).toEqual([[], []]);
    },
  );
});
