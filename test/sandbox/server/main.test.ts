import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../fixture.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

type Started = {
  child: ChildProcess;
  output: () => string;
  errors: () => string;
  until(text: RegExp): Promise<string>;
};

/** `npm run sandbox` with these arguments. */
function run(args: string[], env: Record<string, string> = {}): Started {
  const child = spawn(
    process.execPath,
    ['--require', './require-node.cjs', 'sandbox/main.ts', ...args],
    // biome-ignore lint/style/noProcessEnv: a child process needs PATH and the like.
    { cwd: ROOT, env: { ...process.env, NODE_ENV: '', TMPDIR: temporaryFolder(), ...env } },
  );
  running.push(child);
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  async function until(text: RegExp): Promise<string> {
    for (;;) {
      const found = text.exec(output)?.[0];
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`it ended: ${errors}`);
      await once(child.stdout ?? child, 'data');
    }
  }
  return { child, output: () => output, errors: () => errors, until };
}

test.for(['SIGINT', 'SIGTERM'] as const)(
  'prints one link, and %s ends it leaving nothing behind',
  async (signal) => {
    const folder = temporaryFolder();
    const sandbox = run(['--port', '0'], { TMPDIR: folder });
    const link = await sandbox.until(/http:\/\/127\.0\.0\.1:\d+\/\?key=[\w-]+/);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(303);

    sandbox.child.kill(signal);
    const [code] = await once(sandbox.child, 'exit');

    expect(code).toBe(0);
    expect(sandbox.output().match(/http/g)).toHaveLength(1);
    expect(sandbox.errors()).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('says so when the port is taken, and takes another one', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  const sandbox = run(['--port', String(port)]);
  const link = await sandbox.until(/http:\/\/127\.0\.0\.1:\d+/);

  expect(sandbox.output()).toContain(`Port ${port} is taken`);
  expect(link).not.toContain(`:${port}`);
  holder.close();
});

test('keeps the tokens where --data says', async () => {
  const folder = join(temporaryFolder(), 'kept');

  const sandbox = run(['--port', '0', '--data', folder]);
  await sandbox.until(/key=/);
  sandbox.child.kill('SIGINT');
  await once(sandbox.child, 'exit');

  expect(existsSync(join(folder, 'apitoken.db'))).toBe(true);
  const again = run(['--port', '0', '--data', folder]);
  await again.until(/key=/);
});

test.for([
  ['in production', [], { NODE_ENV: 'production' }, 'does not run with NODE_ENV=production'],
  ['with a port that is none', ['--port', '70000'], {}, '--port N'],
  ['with an option that it does not know', ['--hurry'], {}, "Unknown option '--hurry'"],
] as const)('does not start %s', async ([, args, env, sentence]) => {
  const sandbox = run([...args], env);
  const [code] = await once(sandbox.child, 'exit');

  expect(code).toBe(1);
  expect(sandbox.errors()).toContain(sentence);
  expect(sandbox.output()).toBe('');
});
