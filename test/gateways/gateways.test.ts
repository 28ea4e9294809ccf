import { describe, expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { setStage } from '../fixture.ts';
import { aServer, ask, sendRaw, type TestServer } from '../http/a-server.ts';
import { createsToken } from '../slack/flows.ts';
import { ANN, aName, aSecret, T0 } from '../tokens/a-token.ts';
import {
  type Api,
  freePort,
  type Gateway,
  type GatewayName,
  hasGateway,
  startApi,
  startGateway,
  startOracle,
} from './a-gateway.ts';

const VALUE = TokenValue.generate('apit');
const GOOD = VALUE.reveal();
const BEARER = ['Authorization', `Bearer ${GOOD}`];
const NEVER_MADE = TokenValue.generate('apit').reveal();
const REALM = 'Bearer realm="apitoken"';
const BODY_BYTES = 200_000;

type Way = { readonly gateway: Gateway; readonly api: Api; readonly apitoken: TestServer };

/** An API behind a gateway behind which `apitoken` knows one token. */
async function theWay(
  name: GatewayName,
  fields: Parameters<typeof aSecret>[1] = {},
  deps: Parameters<typeof aServer>[1] = {},
): Promise<Way> {
  const secret = aSecret(VALUE, fields);
  const apitoken = await aServer([secret], { isProxy: (address) => address === '127.0.0.1', ...deps });
  const api = await startApi();
  const gateway = await startGateway(name, { apitoken: apitoken.port, api: api.port });
  return { gateway, api, apitoken };
}

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here.for([
    ['Authorization: Bearer', BEARER],
    ['X-API-Key', ['X-API-Key', GOOD]],
    ['token', ['token', GOOD]],
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

  here('headers that are too much for apitoken are 431, and the API hears nothing', async () => {
    const { gateway, api } = await theWay(name);
    const headers = [1, 2, 3].flatMap((n) => [`X-Long-${n}`, 'x'.repeat(4000)]);

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...headers] })).status).toBe(431);
    expect(api.passed).toEqual([]);
  });

  here('a fault in apitoken is 503, and the API hears nothing', async () => {
    const readSecret = async () => {
      throw new Error('the disk is gone');
    };
    const { gateway, api } = await theWay(name, {}, { store: { readSecret } });

    const reply = await ask(gateway.port, '/', { headers: BEARER });

    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
    expect(api.passed).toEqual([]);
  });

  here('too many questions are 429, and the client learns when to come back', async () => {
    const api = await startApi();
    const apitoken = await startOracle(429, { 'retry-after': '7' });
    const gateway = await startGateway(name, { apitoken, api: api.port });

    const reply = await ask(gateway.port, '/', { headers: BEARER });

    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '7']);
    expect(api.passed).toEqual([]);
  });

  here.for([302, 404, 405, 500, 502])(
    '%d from apitoken, which it never says, lets nothing pass',
    async (status) => {
      const api = await startApi();
      const apitoken = await startOracle(status, { location: 'http://127.0.0.1/', 'x-token-id': 'tok_x' });
      const gateway = await startGateway(name, { apitoken, api: api.port });

      expect((await ask(gateway.port, '/', { headers: BEARER })).status).toBeGreaterThanOrEqual(300);
      expect(api.passed).toEqual([]);
    },
  );

  here('an apitoken that is gone is 503, the API hears nothing, and no value is logged', async () => {
    const api = await startApi();
    const gateway = await startGateway(name, { apitoken: await freePort(), api: api.port });

    for (const headers of [BEARER, ['X-API-Key', GOOD], ['Token', GOOD], [], []]) {
      expect((await ask(gateway.port, '/', { headers })).status).toBe(503);
    }

    expect(api.passed).toEqual([]);
    expect(gateway.output()).not.toContain(GOOD);
  });

  here.for([401, 403, 404, 500, 503])('%d of the API itself comes out as it is', async (status) => {
    const { gateway } = await theWay(name);

    const reply = await ask(gateway.port, `/answers/${status}`, { headers: BEARER });

    expect(reply).toMatchObject({ status, body: 'the API' });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  });

  here('an API that is gone is 502, so that one knows who is missing', async () => {
    const { gateway, api } = await theWay(name);
    await api.close();

    expect((await ask(gateway.port, '/', { headers: BEARER })).status).toBe(502);
    expect(gateway.output()).not.toContain(GOOD);
  });

  here('a revocation in Slack counts on the next request', async () => {
    const stage = await setStage({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
    const api = await startApi();
    const gateway = await startGateway(name, { apitoken: stage.app.port, api: api.port });
    const alice = stage.workspace.person('alice');
    const value = await createsToken(alice, 'deploy-bot');
    const headers = ['Authorization', `Bearer ${value}`];
    expect((await ask(gateway.port, '/orders', { headers })).status).toBe(200);

    await alice.types('#general', '/apitoken revoke deploy-bot');
    await expect.poll(() => alice.modal()?.title).toBe('Revoke API Token');
    expect((await ask(gateway.port, '/orders', { headers })).status).toBe(200);
    await alice.submits();
    const refused = await ask(gateway.port, '/orders', { headers });

    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      `${REALM}, error="invalid_token"`,
    ]);
    expect(api.passed).toHaveLength(2);
    expect(api.passed[0]?.headers).toMatchObject({ 'x-token-name': 'deploy-bot', 'x-token-owner': alice.id });
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
