import { describe, expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret } from '../tokens/a-token.ts';
import { aServer, ask, sendRaw, type TestServer } from './a-server.ts';

const PATH = '/slack/events';

/** A server with a door for posts that takes bodies of up to 20 KiB and answers with what it was asked. */
function aServerWithDoor(): Promise<TestServer> {
  return aServer([], {
    slackDoor: {
      path: PATH,
      bodyBytesMax: 20 * 1024,
      listener: (request, response) => {
        request.resume();
        response.end(`the door: ${request.method}`);
      },
    },
  });
}

describe('the door for posts', () => {
  test.for([PATH, `${PATH}?a=b`, `https://apitoken.example${PATH}`])('is at %s', async (path) => {
    const { port } = await aServerWithDoor();

    expect(await ask(port, path, { method: 'POST' })).toMatchObject({ status: 200, body: 'the door: POST' });
  });

  test.for([
    `${PATH}/`,
    '/slack',
    '/SLACK/events',
    `/${PATH}`,
    '/slack%2Fevents',
    `/verify/..${PATH}`,
    `/?${PATH}`,
  ])('is not at %s', async (path) => {
    const { port } = await aServerWithDoor();

    expect(await ask(port, path, { method: 'POST' })).toMatchObject({
      status: 404,
      body: '{"error":"not_found"}',
    });
  });

  test.for(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])('takes no %s', async (method) => {
    const { port } = await aServerWithDoor();

    const reply = await ask(port, PATH, { method });

    expect(reply).toMatchObject({ status: 405, body: '{"error":"method_not_allowed"}' });
    expect(reply.headers).toMatchObject({ allow: 'POST', 'cache-control': 'no-store' });
  });

  test('has a limit of its own for bodies, and leaves that of the others alone', async () => {
    const { port } = await aServerWithDoor();
    const announced = (path: string, bytes: number): Promise<string> =>
      sendRaw(
        port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
      );

    expect(await announced(PATH, 20 * 1024)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await announced(PATH, 20 * 1024 + 1)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await announced('/nope', 16 * 1024 + 1)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('needs a Host as all others do (RFC 9112 §3.2), and closes its connections while the server stops', async () => {
    const server = await aServerWithDoor();

    expect(await sendRaw(server.port, `POST ${PATH} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    server.drain();

    const reply = await ask(server.port, PATH, { method: 'POST' });
    expect(reply).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  test('is not there where there is none', async () => {
    const { port } = await aServer([aSecret(TokenValue.generate('apit'))]);

    expect(await ask(port, PATH, { method: 'POST' })).toMatchObject({ status: 404 });
  });
});
