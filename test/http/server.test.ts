import { once } from 'node:events';
import { Agent } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret } from '../tokens/a-token.ts';
import { aServer, ask, dial, sendRaw } from './a-server.ts';

const VALUE = TokenValue.generate('apit');
const BEARER = ['Authorization', `Bearer ${VALUE.reveal()}`];
const BODY_BYTES_MAX = 16 * 1024;

describe('what is not there', () => {
  test.for([
    '/',
    '/nope',
    '/verify/',
    '/verify/x',
    '/Verify',
    '//verify',
    '/verifyx',
    '/%76erify',
    '/healthz/',
    '/../verify',
    '/__proto__',
    '/constructor',
    '/:a(b',
    '/*',
    '/?scope=a',
  ])('%s is 404, also for POST, and is not repeated', async (path) => {
    const server = await aServer([aSecret(VALUE)]);

    for (const method of ['GET', 'POST', 'DELETE', 'PROPFIND']) {
      const reply = await ask(server.port, path, { method, headers: BEARER });

      expect(reply).toMatchObject({ status: 404, body: '{"error":"not_found"}' });
      expect(reply.headers['cache-control']).toBe('no-store');
    }
    expect(server.uses).toEqual([]);
  });

  test('a body does not matter to a path that is not there', async () => {
    const server = await aServer();

    const headers = ['Content-Type', 'application/json'];
    const reply = await ask(server.port, '/nope', { method: 'POST', headers, body: '{"a":' });

    expect(reply).toMatchObject({ status: 404, body: '{"error":"not_found"}' });
  });

  test.for(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    '%s on a known path is 405 with Allow',
    async (method) => {
      const server = await aServer();

      for (const path of ['/healthz', '/readyz', '/readyz?x']) {
        const headers = ['Content-Type', 'text/odd'];
        const reply = await ask(server.port, path, { method, headers, body: 'x' });

        expect(reply).toMatchObject({ status: 405, body: '{"error":"method_not_allowed"}' });
        expect(reply.headers).toMatchObject({ allow: 'GET, HEAD', 'cache-control': 'no-store' });
      }
    },
  );
});

describe('odd bytes are answered with a bare 4xx', () => {
  test.for([
    ['a path that decodes to nothing', 'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['a path with half a character', 'GET /%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['no host in HTTP/1.1 (RFC 9112 §3.2)', 'GET /verify HTTP/1.1\r\n\r\n', 400],
    ['an unknown method', 'GETT /verify HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404],
    ['two lengths', 'GET /verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks (RFC 9112 §6.1)',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a folded header (RFC 9112 §5.2)', `GET /verify HTTP/1.1\r\nHost: a\r\nToken: a\r\n b\r\n\r\n`, 400],
    ['a space before a colon (RFC 9112 §5.1)', 'GET /verify HTTP/1.1\r\nHost: a\r\nToken : a\r\n\r\n', 400],
    ['a NUL in a header', 'GET /verify HTTP/1.1\r\nHost: a\r\nToken: a\0b\r\n\r\n', 400],
    ['a lone line feed in a header', 'GET /verify HTTP/1.1\r\nHost: a\r\nToken: a\rb\r\n\r\n', 400],
  ] as const)('%s', async ([, bytes, status]) => {
    const server = await aServer();

    const raw = await sendRaw(server.port, bytes);

    expect(raw).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(raw).toMatch(/^cache-control: no-store\r$/m);
    expect(raw).toMatch(/^connection: close\r$/im);
    expect(raw).not.toMatch(/node:|\.ts|Error|stack/);
    expect(await ask(server.port, '/healthz')).toMatchObject({ status: 200 });
    expect(server.lines).toEqual([]);
  });

  test('and hold up nobody, also when the other side leaves its half of the connection open', async () => {
    const server = await aServer();
    const socket = await dial(server.port, { allowHalfOpen: true });
    socket.write('GETT / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'end');

    await expect(server.stop()).resolves.toBeUndefined();
  });

  test('an expectation that nobody knows is ignored (RFC 9110 §10.1.1)', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const reply = await ask(server.port, '/verify', { headers: [...BEARER, 'Expect', 'wonders'] });

    expect(reply).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  });

  test('a wish to speak another protocol is ignored (RFC 9110 §7.8)', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const headers = [...BEARER, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
    const reply = await ask(server.port, '/verify', { headers });

    expect(reply).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  });

  test('a connection that breaks off in the middle of a request harms nobody', async () => {
    const server = await aServer();

    const socket = await dial(server.port);
    socket.write('GET /verify HTTP/1.1\r\nHost: a\r\nTok');
    socket.resetAndDestroy();
    await once(socket, 'close');

    expect(await ask(server.port, '/healthz')).toMatchObject({ status: 200 });
    expect(server.lines).toEqual([]);
  });
});

describe('limits', () => {
  test('headers of nearly 8 KiB are read', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const reply = await ask(server.port, '/verify', { headers: [...BEARER, 'X-Filling', 'x'.repeat(7500)] });

    expect(reply.status).toBe(200);
  });

  test.for([
    ['headers', `GET /verify HTTP/1.1\r\nHost: a\r\nX-Filling: ${'x'.repeat(8192)}\r\n\r\n`],
    ['many headers', `GET /verify HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(2000)}\r\n`],
    ['a target', `GET /verify?scope=${'x'.repeat(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ] as const)('more than 8 KiB of %s are 431', async ([, bytes]) => {
    const server = await aServer();

    const raw = await sendRaw(server.port, bytes);

    expect(raw).toMatch(/^HTTP\/1\.1 431 /);
    expect(raw).toMatch(/^cache-control: no-store\r$/m);
  });

  test.for(['/verify', '/healthz', '/nope'])(
    'a body announced as larger than 16 KiB is 413 at %s',
    async (path) => {
      const server = await aServer();

      const raw = await sendRaw(
        server.port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`,
      );

      expect(raw).toMatch(/^HTTP\/1\.1 413 /);
      expect(raw).toMatch(/^cache-control: no-store\r$/m);
      expect(raw).toMatch(/\{"error":"too_large"\}$/);
    },
  );

  test('a body of 16 KiB is not too large', async () => {
    const server = await aServer([aSecret(VALUE)]);

    const reply = await ask(server.port, '/verify', { headers: BEARER, body: 'x'.repeat(BODY_BYTES_MAX) });

    expect(reply.status).toBe(200);
  });

  test.for(['/verify', '/nope'])('a body without an end does not hold up the answer of %s', async (path) => {
    const server = await aServer([aSecret(VALUE)]);

    const raw = await sendRaw(
      server.port,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    );

    expect(raw).toMatch(path === '/verify' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 404 /);
    expect(raw).toMatch(/^connection: close\r$/im);
  });

  test('headers take 5 s at most, a whole request 8 s, and so does stopping', {
    timeout: 180_000,
  }, async () => {
    const reading = Promise.withResolvers<undefined>();
    const server = await aServer([], { store: { readSecret: () => reading.promise } });
    const stopping = await aServer();
    const unfinished = await dial(stopping.port);
    unfinished.write('GET /verify HTTP/1.1\r\nHost: a\r\n');
    await ask(stopping.port, '/healthz');
    const started = performance.now();
    const timed = async <T>(work: Promise<T>) => [await work, (performance.now() - started) / 1000] as const;

    const [slowHeaders, slowBody, stopped] = await Promise.all([
      timed(sendRaw(server.port, 'GET /verify HTTP/1.1\r\nHost: a\r\n')),
      timed(
        sendRaw(
          server.port,
          `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${VALUE.reveal()}\r\nContent-Length: 5\r\n\r\nx`,
        ),
      ),
      timed(stopping.stop()),
    ]);
    reading.resolve(undefined);

    expect(slowHeaders).toEqual([expect.stringMatching(/^HTTP\/1\.1 408 /), secondsFrom(5)]);
    expect(slowBody).toEqual([expect.stringMatching(/^HTTP\/1\.1 408 /), secondsFrom(8)]);
    expect(stopped).toEqual([undefined, secondsFrom(8)]);
    expect(slowHeaders[0]).toContain('cache-control: no-store');
  });
});

describe('draining', () => {
  test('turns /readyz 503 and leaves the rest as it is', async () => {
    const server = await aServer([aSecret(VALUE)]);

    server.drain();
    const ready = await ask(server.port, '/readyz');
    const alive = await ask(server.port, '/healthz');
    const verified = await ask(server.port, '/verify', { headers: BEARER });

    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.body)).toMatchObject({ ready: false, draining: true, readable: true });
    expect([alive.status, verified.status]).toEqual([200, 200]);
  });

  test.for(['/verify', '/healthz'])('ends each connection with its next answer, %s', async (path) => {
    const server = await aServer([aSecret(VALUE)]);
    const agent = new Agent({ keepAlive: true });
    const before = await ask(server.port, path, { headers: BEARER, agent });

    server.drain();
    const after = await ask(server.port, path, { headers: BEARER, agent: new Agent({ keepAlive: true }) });
    agent.destroy();

    expect(before.headers.connection).toBe('keep-alive');
    expect(after.headers.connection).toBe('close');
  });

  test('closes connections on which nothing is going on', async () => {
    const server = await aServer();
    const socket = await dial(server.port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');

    server.drain();
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');

    // It may be reset: the server had closed it when the second request came.
    expect(await text(socket).catch(() => '')).toBe('');
  });
});

describe('stopping', () => {
  test('waits for the answer in flight, then ends its connection', async () => {
    const reading = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const secret = aSecret(VALUE);
    const server = await aServer([], {
      store: {
        readSecret: async () => {
          looked.resolve();
          await reading.promise;
          return secret;
        },
      },
    });
    const agent = new Agent({ keepAlive: true });
    const asked = ask(server.port, '/verify', { headers: BEARER, agent });
    await looked.promise;

    const order: string[] = [];
    const started = performance.now();
    const stopped = server.stop().then(() => order.push('stopped'));
    const answered = asked.then(({ status }) => order.push(`answered ${status}`));
    reading.resolve();
    await Promise.all([stopped, answered]);
    agent.destroy();

    expect(order).toEqual(['answered 200', 'stopped']);
    // Not after the five seconds that Node keeps a connection alive.
    expect(performance.now() - started).toBeLessThan(4000);
  });

  test('refuses new connections, and stopping twice is once', async () => {
    const server = await aServer();

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    await expect(ask(server.port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});

test('a port that is taken is a fault at once', async () => {
  const server = await aServer();

  await expect(aServer([], { port: server.port })).rejects.toThrow('EADDRINUSE');
});

test('port 0 is any free one', async () => {
  const [one, other] = [await aServer(), await aServer()];

  expect(one.port).toBeGreaterThan(0);
  expect(other.port).not.toBe(one.port);
});

/** At least `seconds`, and not minutes: the machine may be busy. */
function secondsFrom(seconds: number): unknown {
  return expect.toSatisfy((elapsed: number) => elapsed > seconds - 0.1 && elapsed < seconds + 5);
}
