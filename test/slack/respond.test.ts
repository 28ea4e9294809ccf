import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { respond } from '../../src/slack/respond.ts';

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
