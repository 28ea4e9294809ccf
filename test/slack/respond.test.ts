import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { respond } from '../../src/slack/reply/respond.ts';

test.for([
  ['yes', 'ok', true],
  ['no', '{"ok":false}', false],
] as const)('an answer that never ends is read as far as its %s', async ([, beginning, isTaken]) => {
  const server = createServer((_, answer) => {
    answer.write(beginning.padEnd(100_000));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const responded = respond(`http://127.0.0.1:${port}`, { text: 'x', blocks: [] });

  if (isTaken) await responded;
  else await expect(responded).rejects.toThrow('Slack answered 200 to a response_url');
});

test.for([
  ['its code', 404, '{"ok":false,"error":"channel_not_found"}', 'channel_not_found'],
  ['its code with a 200', 200, '{"ok": false, "error": "invalid_blocks"}', 'invalid_blocks'],
  ['words', 404, 'Expired url\n', 'expired_url'],
  ['a page of a proxy', 502, '<html><title>Bad gateway</title></html>', 'http_502'],
  ['nothing', 500, '', 'http_500'],
  ['no code but a sentence', 400, '{"ok":false,"error":"<!channel> look!"}', 'http_400'],
] as const)('where Slack refuses with %s, that is what is known of it', async ([, status, body, code]) => {
  const server = createServer((_, answer) => answer.writeHead(status).end(body));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const responded = respond(`http://127.0.0.1:${port}`, { text: 'x', blocks: [] });

  await expect(responded).rejects.toMatchObject({
    status,
    code,
    message: `Slack answered ${status} to a response_url`,
  });
});
