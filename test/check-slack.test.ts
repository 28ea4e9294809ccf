import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkMessageBlocks, checkView } from '../sandbox/workspace/blocks.ts';

const ROOT = resolve(import.meta.dirname, '..');
let server: Server | undefined;

afterEach(() => server?.close());

/** Somebody who answers as Slack does, with this verdict. */
async function listen(verdict: (kind: string, content: unknown) => boolean): Promise<string> {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const [[kind = '', text = ''] = []] = [...new URLSearchParams(Buffer.concat(chunks).toString())];
    const asked = JSON.parse(text);
    const ok = kind === 'view' ? verdict(kind, asked) : kind === 'message' && verdict(kind, asked.blocks);
    response.end(JSON.stringify(ok ? { ok } : { ok, error: 'invalid_blocks', errors: [] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

async function check(url: string): Promise<{ code: unknown; output: string }> {
  const child = spawn(
    process.execPath,
    ['--require', './require-node.cjs', 'test/check-slack.ts', '--url', url],
    {
      cwd: ROOT,
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

test('is content when Slack says the same of everything', async () => {
  const url = await listen((kind, content) => {
    const found = kind === 'view' ? checkView(content) : checkMessageBlocks(content);
    return found.length === 0;
  });

  const { code, output } = await check(url);

  expect(output).toMatch(/^\d+ compared, 0 different\.\n$/);
  expect(code).toBe(0);
});

test('tells each thing of which Slack says otherwise', async () => {
  const url = await listen(() => true);

  const { code, output } = await check(url);

  expect(output).toContain('a section of 3,001 characters: the sandbox says');
  expect(output).toMatch(/compared, 8 different\.\n$/);
  expect(code).toBe(1);
});

test('says that nothing was compared where there is no network', async () => {
  const { code, output } = await check('http://127.0.0.1:9/');

  expect(output).toContain('This check needs a network: nothing was compared.');
  expect(code).toBe(2);
});
