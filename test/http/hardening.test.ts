import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { ANN, aSecret } from '../tokens/a-token.ts';
import { aServer, ask, dial, sendRaw } from './a-server.ts';
import { bearer, post } from './a-service.ts';

const VALUE = TokenValue.generate('apit');
const CALLER = TokenValue.generate('apit');
const GOOD = bearer(VALUE.reveal());
const SECRETS = [aSecret(VALUE), aSecret(CALLER, { scopes: ['introspect'] })];
const EVERY_PATH = [
  '/verify',
  '/introspect',
  '/revoke',
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/.well-known/oauth-authorization-server',
  '/nope',
];
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';

describe('what is smuggled past a proxy by its framing', () => {
  test.for([
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['the same length twice', 'Content-Length: 1\r\nContent-Length: 1\r\n\r\nx'],
    ['two lengths in one header', 'Content-Length: 1, 2\r\n\r\n'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a length with a sign', 'Content-Length: +1\r\n\r\nx'],
    ['a length in hexadecimal', 'Content-Length: 0x1\r\n\r\nx'],
    ['a length beyond all numbers', `Content-Length: ${'9'.repeat(40)}\r\n\r\n`],
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n'],
    ['an encoding that nobody knows', 'Transfer-Encoding: x\r\n\r\n'],
    ['chunks that are encoded again', 'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['a chunk whose size is no number', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an obsolete fold', 'Content-Length: 1\r\n 2\r\n\r\n'],
    ['a line end that is half a one', 'X: a\rContent-Length: 1\r\n\r\n'],
  ] as const)('%s: refused, and the connection ends', async ([, framing]) => {
    for (const path of ['/verify', '/revoke', '/introspect']) {
      const server = await aServer(SECRETS);

      const raw = await sendRaw(
        server.port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\n${FORM_TYPE}\r\n${framing}`,
      );

      expect(raw).toMatch(/HTTP\/1\.1 4\d\d [A-Z]/);
      expect(raw.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
      expect(raw).toMatch(/^connection: close\r$/im);
      expect(await ask(server.port, '/verify', { headers: GOOD })).toMatchObject({ status: 200 });
    }
  });

  test('a body that holds a request is a body', async () => {
    const server = await aServer(SECRETS);
    const inner = `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\n\r\n`;

    const raw = await sendRaw(
      server.port,
      `POST /revoke HTTP/1.1\r\nHost: a\r\n${FORM_TYPE}\r\nConnection: close\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );

    expect(raw.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400']);
    expect(server.uses).toEqual([]);
  });

  test.for(['/verify', '/nope', '/introspect'])(
    'a body that %s did not want is not taken for the next request',
    async (path) => {
      const server = await aServer(SECRETS);
      const inner = `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\n\r\n`;

      const raw = await sendRaw(
        server.port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );

      expect(raw.match(/HTTP\/1\.1 \d+ [A-Z]/g)).toEqual([
        expect.stringMatching(/ 4\d\d /),
        'HTTP/1.1 200 O',
      ]);
      expect(server.uses).toEqual([]);
    },
  );
});

describe('a host (RFC 9110 §7.2)', () => {
  test.for([
    ...[
      'a',
      'tokens.example:8080',
      '127.0.0.1:1',
      '[::1]:8080',
      '[2001:db8::7]',
      'xn--bcher-kva.example',
      'a_b',
      'a:',
    ],
  ])('%s is one', async (host) => {
    const server = await aServer(SECRETS);

    const raw = await sendRaw(
      server.port,
      `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.for(['a, b', 'a,b', 'a b', 'a/b', 'http://a', 'u@a', 'a:b', '::1', '[a', 'a?b', 'a#b', '"a"'])(
    '%s is none: 400',
    async (host) => {
      const server = await aServer(SECRETS);

      const raw = await sendRaw(
        server.port,
        `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );

      expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
});

describe('old and odd requests', () => {
  test.for([
    ['HTTP/0.9', 'GET /verify\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['HTTP/0.9 of a path that is there', 'GET /healthz\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['HTTP/1.0 without a host', 'GET /healthz HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200 /],
    ['HTTP/1.0 that wants to stay', 'GET /nope HTTP/1.0\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 404 /],
    ['HTTP/1.2', 'GET /verify HTTP/1.2\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['HTTP/3.0', 'GET /verify HTTP/3.0\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a method in small letters', 'get /verify HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', /^(?!HTTP\/1\.1 [123])/],
    [
      'a line end before all else',
      '\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 200 /,
    ],
    [
      'two hosts',
      'GET /verify HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'the same host twice, in other letters',
      'GET /healthz HTTP/1.1\r\nhost: a\r\nX: 1\r\nHOST: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    ['two hosts in HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'two hosts beside a target that is a whole URL',
      'GET http://a/verify HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    ['an empty host', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 200 /],
    [
      'a second type of the body',
      `POST /revoke HTTP/1.1\r\nHost: a\r\n${FORM_TYPE}\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoken=x`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a second credential behind 2,000 headers',
      `GET /verify HTTP/1.1\r\nHost: a\r\nToken: x\r\n${'a:\r\n'.repeat(2020)}Token: y\r\nConnection: close\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ['a NUL in the target', 'GET /verify\0 HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a space in the target', 'GET /verify x HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no target', 'GET  HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
  ] as const)('%s', async ([, bytes, expected]) => {
    const server = await aServer(SECRETS);

    const raw = await sendRaw(server.port, bytes);

    expect(raw).toMatch(expected);
    expect(raw).not.toMatch(/node:|\.ts|\bat |stack/);
    expect(await ask(server.port, '/healthz')).toMatchObject({ status: 200 });
  });

  test.for([
    ['http://any.example/healthz', 200],
    ['https://any.example:443/readyz?x', 200],
    ['http://any.example/openapi.json', 200],
    ['http://any.example/introspect', 405],
    ['http://any.example', 404],
    ['http://any.example?x', 404],
    ['http://any.example//verify', 404],
    ['http://any.example/%76erify', 404],
    ['/http://any.example/verify', 404],
    ['ftp://any.example/verify', 404],
    ['http:///verify', 400],
    ['http://any.example/verify/', 404],
    ['http://any.example/verify?scopes=x', 400],
  ] as const)('a target that is a whole URL, %s, is %i (RFC 9112 §3.2.2)', async ([target, status]) => {
    const server = await aServer(SECRETS);

    const raw = await sendRaw(
      server.port,
      `GET ${target} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\nToken: ${VALUE.reveal()}\r\n\r\n`,
    );

    expect(raw).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(server.uses).toEqual([]);
  });

  test('HEAD is as GET, without a body, wherever there is a GET', async () => {
    const server = await aServer(SECRETS);

    for (const path of ['/healthz', '/readyz', '/openapi.json', '/nope']) {
      const get = await ask(server.port, path);
      const head = await ask(server.port, path, { method: 'HEAD' });
      const { date: _, ...headersOfGet } = get.headers;
      const { date: __, ...headersOfHead } = head.headers;

      expect(head).toMatchObject({ status: get.status, body: '' });
      expect(headersOfHead).toEqual(headersOfGet);
    }
  });

  test('500 requests sent at once on one connection are answered in their order', async () => {
    const server = await aServer(SECRETS);
    const asked = Array.from({ length: 500 }, (_, i) => i % 3);
    const requests = asked.map((kind) =>
      kind === 0
        ? `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\n\r\n`
        : `GET ${kind === 1 ? '/verify' : '/nope'} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );

    const raw = await sendRaw(
      server.port,
      `${requests.join('')}GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );

    const statuses = [...raw.matchAll(/^(?:\{.*\})?HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
    expect(statuses).toEqual([...asked.map((kind) => [200, 401, 404][kind]), 200]);
  });
});

describe('a body', () => {
  test.for(['/introspect', '/revoke'])('of more than 16 KiB in chunks is 413 at %s', async (path) => {
    const server = await aServer(SECRETS);

    const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
    const raw = await sendRaw(
      server.port,
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${CALLER.reveal()}\r\n${FORM_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`,
    );

    expect(raw).toMatch(/^HTTP\/1\.1 413 /);
    expect(raw).toMatch(/\{"error":"too_large"\}/);
  });

  test('of 16 KiB is read', async () => {
    const server = await aServer(SECRETS);

    const reply = await post(server.port, '/revoke', `token=${'x'.repeat(16 * 1024 - 6)}`);

    expect(reply.status).toBe(200);
  });

  test('and headers that come too slowly end in 408, and so does a connection that says nothing', {
    timeout: 180_000,
  }, async () => {
    const server = await aServer(SECRETS);
    const slow = `POST /revoke HTTP/1.1\r\nHost: a\r\n${FORM_TYPE}\r\nContent-Length: 99\r\n\r\n`;
    const silent = await dial(server.port);
    const body = await dial(server.port);
    body.write(slow);
    const drip = setInterval(() => body.writable && body.write('x'), 500);
    onTestFinished(() => clearInterval(drip));

    const [saidNothing, dripped] = await Promise.all([text(silent), text(body)]);

    expect(saidNothing).toMatch(/^HTTP\/1\.1 408 /);
    expect(dripped).toMatch(/^HTTP\/1\.1 408 /);
    expect(await ask(server.port, '/verify', { headers: GOOD })).toMatchObject({ status: 200 });
  });
});

describe('what a client says of itself', () => {
  const FORGED = [
    'X-Token-Id',
    'tok_0000000000000000',
    'X-Token-Name',
    'root',
    'X-Token-Owner',
    'U0EVE',
    'X-Token-Scopes',
    'admin introspect',
  ];

  test.for(EVERY_PATH)('is not echoed by %s, whoever presents what', async (path) => {
    const server = await aServer(SECRETS);

    for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
      for (const credential of [[], bearer('x'), GOOD, bearer(CALLER.reveal())]) {
        const reply = await ask(server.port, path, { method, headers: [...FORGED, ...credential] });

        expect(JSON.stringify([reply.headers, reply.body])).not.toMatch(/root|U0EVE|admin|tok_0000/);
      }
    }
  });

  test('does not stand in the place of what is true', async () => {
    const server = await aServer(SECRETS);

    const { headers } = await ask(server.port, '/verify', { headers: [...FORGED, ...GOOD] });

    expect(headers).toMatchObject({
      'x-token-owner': ANN,
      'x-token-name': 'deploy-bot',
      'x-token-scopes': '',
    });
  });
});

describe('no answer has a stack, a path or SQL in it', () => {
  const fault = Object.assign(new Error('select hash from secrets where x = 1: /data/apitoken.db'), {
    code: 'SQLITE_IOERR',
    statusCode: 200,
  });
  const fails = () => Promise.reject(fault);

  test.for(EVERY_PATH)('when everything behind %s fails', async (path) => {
    const server = await aServer(SECRETS, {
      store: { readSecret: fails, isReadable: fails, isWritable: fails, revokeTokens: fails },
      sources: { countTokens: fails, waitingSayings: fails },
    });

    for (const method of ['GET', 'POST', 'HEAD']) {
      const headers = ['Content-Type', 'application/x-www-form-urlencoded', ...GOOD];
      const body = method === 'POST' ? { body: `token=${VALUE.reveal()}` } : {};
      const reply = await ask(server.port, path, { method, headers, ...body });

      const told = JSON.stringify([reply.headers, path === '/openapi.json' ? '' : reply.body]);
      expect(told).not.toMatch(/select|secrets|\/data|SQLITE|\.ts|node:|Error|stack/);
      expect(reply.status === 200 || reply.status >= 400).toBe(true);
      // What it answers to GET is a page that asks nobody.
      const isPage = path === '/revoke' && method !== 'POST';
      const isJudged = ['/verify', '/introspect', '/revoke'].includes(path) && !isPage;
      expect(reply.status === 200 && isJudged).toBe(false);
    }
    expect(server.lines.join('')).not.toContain(VALUE.reveal());
  });
});

describe('many connections', () => {
  test('2,000 idle ones hold up no verification', { timeout: 60_000 }, async () => {
    const server = await aServer(SECRETS);
    await openMany(server.port, 2000);

    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ask(server.port, '/verify', { headers: GOOD })),
    );

    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('more than 4,000 at once are refused and counted, and there is room again when some are gone', {
    timeout: 180_000,
  }, async () => {
    const reading = Promise.withResolvers<undefined>();
    const server = await aServer([], { store: { readSecret: () => reading.promise } });
    // In work, each of them: an idle connection would be ended after 5 s, and this may take longer.
    const request = `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\n\r\n`;
    const busy = await openMany(server.port, 4000, request);

    const refused = await dial(server.port);
    expect(await text(refused).catch(() => '')).toBe('');
    expect(server.metrics.figures.connectionsDropped).toBe(1);

    for (const socket of busy.slice(0, 100)) socket.destroy();
    const healthy = () =>
      ask(server.port, '/healthz').then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(healthy).toBe(200);
    reading.resolve(undefined);
  });
});

/** So many connections, on each of which `bytes` are sent. Closed when the test is over. */
async function openMany(port: number, count: number, bytes = ''): Promise<Socket[]> {
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.length < count) {
    const some = Array.from({ length: 100 }, () => connect({ port, host: '127.0.0.1' }));
    for (const socket of some) socket.on('error', () => undefined);
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    for (const socket of some) socket.write(bytes);
    sockets.push(...some);
  }
  return sockets;
}
