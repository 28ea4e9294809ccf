import { request as httpRequest } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPageServer } from '../../../sandbox/server/page-server.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';

const ASSETS = { html: '<p>page</p>', script: 'script', style: 'style', icon: '<svg/>' };

let workspace: Workspace;
let server: Awaited<ReturnType<typeof startPageServer>>;
let cookie: string;

beforeAll(async () => {
  workspace = await startWorkspace();
  server = await start();
  const launched = await ask('GET', new URL(server.link).pathname + new URL(server.link).search);
  cookie = launched.cookie.split(';')[0] ?? '';
});

afterAll(async () => {
  await server.close();
  await workspace.close();
});

function start(): ReturnType<typeof startPageServer> {
  const demoUrl = 'http://127.0.0.1:9/hello';
  return startPageServer({ workspace, assets: ASSETS, demoUrl, roles: {}, port: 0 });
}

type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; cookie: string; body: string };

/** By node:http, which sends `Host` and `Origin` as it is told. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = httpRequest({ port: server.port, host: '127.0.0.1', method, path, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        cookie: String(response.headers['set-cookie'] ?? ''),
        body: text,
      }),
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

test('the printed link is exchanged for a cookie that scripts and other sites never get', async () => {
  const { pathname, search } = new URL(server.link);

  const launched = await ask('GET', `${pathname}${search}&as=bob`);

  expect(launched).toMatchObject({ status: 303, headers: { location: '/?as=bob' } });
  expect(launched.cookie).toMatch(
    new RegExp(`^sandbox_${server.port}=[\\w-]{32}; Path=/; HttpOnly; SameSite=Strict$`),
  );
});

test.for([
  ['another name for this machine', 'GET', '/', { host: 'evil.example:80' }, 421],
  ['its name with another port', 'GET', '/', { host: '127.0.0.1:1' }, 421],
  ['a foreign Origin', 'POST', '/do', { origin: 'https://evil.example' }, 403],
  ['the Origin of another port', 'GET', '/live?as=alice', { origin: 'http://127.0.0.1:1' }, 403],
  ['no Origin to speak of', 'POST', '/do', { origin: 'null' }, 403],
  ['no cookie', 'GET', '/', { cookie: '' }, 403],
  ['no cookie, for the stream', 'GET', '/live?as=alice', { cookie: '' }, 403],
  ['a made-up cookie', 'POST', '/do', { cookie: 'sandbox_1=x' }, 403],
  ['a made-up key', 'GET', '/?key=x', { cookie: '' }, 403],
  ['a form', 'POST', '/do', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['a text', 'POST', '/do', { 'content-type': 'text/plain' }, 415],
  ['no type at all', 'POST', '/do', {}, 415],
  ['another method', 'PUT', '/do', {}, 405],
  ['a path that is none', 'GET', '/etc/passwd', {}, 404],
  ['a stream as nobody', 'GET', '/live?as=mia', {}, 404],
] as const)('%s is refused', async ([, method, path, headers, status]) => {
  const answer = await ask(method, path, { cookie, ...headers });

  expect(answer.status).toBe(status);
});

test.for([
  ['what is no JSON', '{'],
  ['an unknown act', JSON.stringify({ as: 'alice', act: { act: 'burns' } })],
  ['an act as somebody who has no client', JSON.stringify({ as: 'mia', act: { act: 'reloads' } })],
] as const)('%s is not understood', async ([, body]) => {
  const answer = await ask('POST', '/do', { cookie, 'content-type': 'application/json' }, body);

  expect(answer.status).toBe(400);
});

test.for(['/', '/page.js', '/page.css', '/icon.svg', '/nothing'])(
  '%s loads, sends, frames and keeps nothing from or for elsewhere',
  async (path) => {
    const { headers } = await ask('GET', path, { cookie });

    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy.join()).not.toContain('unsafe');
  },
);

test('what a client would not let a person do is told, and not done', async () => {
  const act = {
    act: 'clicks',
    text: 'Revoke',
    aim: { in: 'home', exactly: { blockId: 'b', actionId: 'a' } },
  };

  const answer = await ask(
    'POST',
    '/do',
    { cookie, 'content-type': 'application/json' },
    JSON.stringify({ as: 'alice', act }),
  );

  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ problem: 'Alice sees no button "Revoke"' });
});

test('a shortcut is used on the message that is meant, and on none that is not there', async () => {
  const ts = workspace.post('#general', 'bob', { text: 'a message' });
  const use = async (message: string) => {
    const act = { act: 'uses', shortcut: 'Revoke token in message', ts: message };
    const headers = { cookie, 'content-type': 'application/json' };
    const { body } = await ask('POST', '/do', headers, JSON.stringify({ as: 'alice', act }));
    return JSON.parse(body);
  };

  expect(await use('1.2')).toEqual({ problem: 'Alice sees no message 1.2' });
  expect(await use(ts)).toEqual({ late: false });

  // No app is connected here: the delivery was made, and found nobody.
  workspace.expectRefusal('dispatch_failed');
  expect(workspace.traffic.at(-1)).toMatchObject({
    kind: 'delivery',
    payload: { type: 'message_action', callback_id: 'revoke_in_message', message_ts: ts },
  });
});

test('keys, cookies and the tokens of the app are new at every start', async () => {
  const [otherServer, otherWorkspace] = [await start(), await startWorkspace()];

  expect(new URL(otherServer.link).search).not.toBe(new URL(server.link).search);
  expect(otherWorkspace.botToken).not.toBe(workspace.botToken);
  expect(otherWorkspace.appToken).not.toBe(workspace.appToken);
  await otherServer.close();
  await otherWorkspace.close();
});

test('nobody but this machine reaches it', async () => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const others = addresses.filter(({ internal, family }) => !internal && family === 'IPv4');

  for (const { address } of others) {
    await expect(fetch(`http://${address}:${server.port}/`)).rejects.toThrow('fetch failed');
  }
  expect(new URL(server.link).hostname).toBe('127.0.0.1');
});

test('a taken port is left to whoever has it', async () => {
  const other = await startPageServer({
    workspace,
    assets: ASSETS,
    demoUrl: '',
    roles: {},
    port: server.port,
  });

  expect(other.port).not.toBe(server.port);
  await other.close();
});
