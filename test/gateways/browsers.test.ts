import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ask } from '../http/a-server.ts';
import { ANN } from '../tokens/a-token.ts';
import { hasGateway } from './a-gateway.ts';
import { BEARER, GOOD, REALM, theWay, theWayTo } from './the-way.ts';

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch */
const PREFLIGHT = [
  'Origin',
  'https://app.example',
  'Access-Control-Request-Method',
  'PUT',
  'Access-Control-Request-Headers',
  'authorization',
];

describe.for(['nginx', 'caddy'] as const)('a preflight behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here('passes unasked, and what the API says of it comes out', async () => {
    const { gateway, api, apitoken } = await theWay(name);

    const reply = await ask(gateway.port, '/deploy/now', { method: 'OPTIONS', headers: PREFLIGHT });

    expect(reply).toMatchObject({ status: 200, body: 'the API' });
    expect(api.passed).toMatchObject([
      { method: 'OPTIONS', path: '/deploy/now', headers: { origin: 'https://app.example' } },
    ]);
    expect(apitoken.uses).toEqual([]);
    expect(apitoken.metrics.figures.verifications).toEqual({ allowed: 0, refused: 0, unavailable: 0 });
  });

  here('makes the API believe nothing, and hands it no credential', async () => {
    const { gateway, api } = await theWay(name);
    const lies = [
      'X-Token-Id',
      'tok_x',
      'X-Token-Owner',
      'U0EVE',
      'X_Token_Owner',
      'U0EVE',
      'X-API-Key',
      'k',
    ];

    const headers = [...PREFLIGHT, ...lies, ...BEARER, 'Token', GOOD];
    expect((await ask(gateway.port, '/', { method: 'OPTIONS', headers })).status).toBe(200);

    expect(api.passed).toHaveLength(1);
    expect(Object.keys(api.passed[0]?.headers ?? {}).filter((one) => /token|api|author/.test(one))).toEqual(
      [],
    );
    expect(JSON.stringify(api.passed)).not.toMatch(/U0EVE|tok_x/);
    expect(JSON.stringify(api.passed)).not.toContain(GOOD);
  });

  here('passes while apitoken is down: it is not asked', async () => {
    const { gateway } = await theWay(
      name,
      {},
      { store: { readSecret: () => Promise.reject(new Error('x')) } },
    );

    expect((await ask(gateway.port, '/', { method: 'OPTIONS', headers: PREFLIGHT })).status).toBe(200);
  });

  here.for([
    ['OPTIONS alone', 'OPTIONS', []],
    ['OPTIONS with an origin alone', 'OPTIONS', ['Origin', 'https://app.example']],
    ['OPTIONS without an origin', 'OPTIONS', ['Access-Control-Request-Method', 'PUT']],
    ['OPTIONS with an empty origin', 'OPTIONS', ['Origin', '', 'Access-Control-Request-Method', 'PUT']],
    ['another method with the headers of a preflight', 'GET', PREFLIGHT],
    ['a write with the headers of a preflight', 'DELETE', PREFLIGHT],
    [
      'a write that says it is one',
      'POST',
      [...PREFLIGHT, 'X-HTTP-Method-Override', 'OPTIONS', 'X-Forwarded-Method', 'OPTIONS'],
    ],
  ] as const)('is nothing else: %s without a credential is 401', async ([, method, headers]) => {
    const { gateway, api } = await theWay(name);

    const reply = await ask(gateway.port, '/', { method, headers });

    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, REALM]);
    expect(api.passed).toEqual([]);
  });

  here('lets the request that it was for pass with its credential alone', async () => {
    const { gateway, api } = await theWay(name);
    const headers = ['Origin', 'https://app.example'];

    expect((await ask(gateway.port, '/', { method: 'PUT', headers, body: '{}' })).status).toBe(401);
    expect((await ask(gateway.port, '/', { method: 'PUT', headers: [...headers, ...BEARER] })).status).toBe(
      200,
    );
    expect(api.passed).toMatchObject([{ method: 'PUT', headers: { 'x-token-owner': ANN } }]);
  });
});

describe.for(['nginx', 'caddy'] as const)('a WebSocket behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here('opens with a live value, both sides are heard, and the API learns whose it is', async () => {
    const { gateway, api } = await theWayTo(await startEcho(), name, (recipe) => recipe);

    const socket = dialWebSocket(gateway.port, { Authorization: `Bearer ${GOOD}`, 'X-Token-Owner': 'U0EVE' });
    await once(socket, 'open');
    socket.send('hello');
    const [heard] = await once(socket, 'message');

    expect(String(heard)).toBe('hello');
    expect(api.opened).toMatchObject([{ 'x-token-owner': ANN, 'x-token-name': 'deploy-bot' }]);
    expect(JSON.stringify(api.opened)).not.toContain(GOOD);
    expect(JSON.stringify(api.opened)).not.toContain('U0EVE');
  });

  here.for([
    ['without a value', '/', {}, 401],
    ['with two', '/', { Authorization: `Bearer ${GOOD}`, Token: GOOD }, 400],
    ['without the scope', '/deploy/now', { Token: GOOD }, 403],
  ] as const)('does not open %s', async ([, path, headers, status]) => {
    const { gateway, api } = await theWayTo(await startEcho(), name, (recipe) => recipe);

    const socket = dialWebSocket(gateway.port, headers, path);
    const [, refusal] = await once(socket, 'unexpected-response');

    expect(refusal.statusCode).toBe(status);
    expect(api.opened).toEqual([]);
  });

  here('does not open while apitoken cannot know', async () => {
    const { gateway, api } = await theWayTo(
      await startEcho(),
      name,
      (recipe) => recipe,
      {},
      {
        store: { readSecret: () => Promise.reject(new Error('x')) },
      },
    );

    const [, refusal] = await once(dialWebSocket(gateway.port, { Token: GOOD }), 'unexpected-response');

    expect(refusal.statusCode).toBe(503);
    expect(api.opened).toEqual([]);
  });
});

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  test.skipIf(!hasGateway(name)).for(['h2c', 'websocket, h2c', 'h2c, websocket', 'TLS/1.0'])(
    'no protocol but a WebSocket is switched to: %s is an ordinary request',
    async (protocol) => {
      const { gateway, api } = await theWay(name);

      const headers = [...BEARER, 'Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', protocol];
      expect((await ask(gateway.port, '/', { headers })).status).toBe(200);

      expect(api.passed).toHaveLength(1);
      expect(api.passed[0]?.headers).not.toHaveProperty('upgrade');
    },
  );
});

describe.for(['nginx', 'caddy'] as const)('the question that %s asks', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here.for(['?scope=admin', '?scopes=x', '?Scope=', '?scope', '?scope[]=a', '?page=2&token=x'])(
    'holds nothing of the client’s own query, %s',
    async (query) => {
      const { gateway, api } = await theWay(name, { scopes: ['deploy'] });

      for (const path of ['/orders', '/deploy/now']) {
        expect((await ask(gateway.port, path + query, { headers: BEARER })).status).toBe(200);
      }

      expect(api.passed).toMatchObject([{ path: `/orders${query}` }, { path: `/deploy/now${query}` }]);
    },
  );

  here('is not answered 200 for a client that adds its own demand to a lacking one', async () => {
    const { gateway, api } = await theWay(name, { scopes: ['read'] });

    const reply = await ask(gateway.port, '/deploy/now?scope=read', { headers: BEARER });

    expect(reply.status).toBe(403);
    expect(api.passed).toEqual([]);
  });
});

type Echo = { readonly port: number; readonly opened: IncomingHttpHeaders[] };

/** An API that says on each WebSocket what it hears. Closed with the test. */
async function startEcho(): Promise<Echo> {
  const opened: IncomingHttpHeaders[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { headers }) => {
    opened.push(headers);
    socket.on('message', (heard) => socket.send(String(heard)));
  });
  await new Promise<void>((settle) => void server.listen(0, '127.0.0.1', settle));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, opened };
}

function dialWebSocket(port: number, headers: Readonly<Record<string, string>>, path = '/'): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}
