import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createBodyReader, type UnreadStatus } from '../src/body-reader.ts';
import { PATIENT } from './patience.ts';

const BYTES_MAX = 8;

/** A server that reads bodies of 8 bytes, 10 bytes at a time altogether, and keeps what came of each. A path is a peer. */
async function aReader(): Promise<{ port: number; results: (string | UnreadStatus)[] }> {
  const read = createBodyReader({ heldBytesMax: 10, msMax: 10_000 });
  const results: (string | UnreadStatus)[] = [];
  const server = createServer(async (request, response) => {
    const body = await read(request, BYTES_MAX, request.url ?? '');
    results.push(Buffer.isBuffer(body) ? body.toString() : body);
    response.shouldKeepAlive = false;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, results };
}

/** Sends the beginning of a request whose body is to have `length` bytes. */
async function begins(port: number, length: number, part: string, peer = '/'): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(`POST ${peer} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${part}`);
  return socket;
}

test.for([
  ['of no bytes', '', ''],
  ['of as many bytes as it may have', '12345678', '12345678'],
  ['of one more', '123456789', 413],
] as const)('a body %s', async ([, body, result]) => {
  const { port, results } = await aReader();

  await text(await begins(port, body.length, body));

  expect(results).toEqual([result]);
});

test('where too much is being read at one time, what was begun first gives way', async () => {
  const { port, results } = await aReader();
  const slow = await begins(port, 8, '1234567');

  await text(await begins(port, 4, 'abcd'));
  await text(slow);

  expect(results.toSorted()).toEqual([503, 'abcd']);
});

test('and of a peer that holds more than others, whoever began', async () => {
  const { port, results } = await aReader();
  const ours = await begins(port, 4, '123', '/slack');
  const stranger = await begins(port, 8, 'abcdef', '/stranger');

  const another = await begins(port, 8, 'ABCDE', '/stranger');
  await text(stranger);
  expect(results).toEqual([503]);
  ours.write('4');
  await text(ours);
  another.write('FGH');
  await text(another);

  expect(results).toEqual([503, '1234', 'ABCDEFGH']);
});

test('bodies that end or break off give back what they held', async () => {
  const { port, results } = await aReader();
  const slow = await begins(port, 8, '1234567');
  const broken = await begins(port, 8, '123');

  broken.resetAndDestroy();
  await vi.waitFor(() => expect(results).toEqual([400]), PATIENT);
  await text(await begins(port, 3, 'abc'));
  slow.write('8');
  await text(slow);

  expect(results).toEqual([400, 'abc', '12345678']);
});
