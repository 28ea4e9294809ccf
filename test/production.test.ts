import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { openWorkspace, settingsFor, temporaryFolder, valueSeenBy } from './fixture.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** npm alone may take a minute on a busy machine. */
const MS_MAX = 300_000;
/** What a clone does not have. */
const NOT_CLONED = new Set(['node_modules', '.git', '.env', 'data', 'test']);
/** npm could not get at packages, neither in its cache nor in a registry. */
const UNREACHABLE = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|E5\d\d)\b/;

test('installed without development packages it starts, creates, verifies and lists, by the Node of the machine', {
  timeout: MS_MAX,
}, async (context) => {
  const clone = aClone();
  const env = anEnvironment();
  const installed = await runs('npm', ['ci', '--omit=dev', '--prefer-offline'], { cwd: clone, env });
  if (UNREACHABLE.test(installed.err)) skipsWithReason(context);
  expect(installed).toMatchObject({ code: 0 });
  expect(existsSync(join(clone, 'node_modules/node'))).toBe(false);
  expect(existsSync(join(clone, 'node_modules/vitest'))).toBe(false);

  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const settings = { ...env, ...settingsFor(workspace, folder, { LOG_LEVEL: 'info' }) };
  // As who keeps the current one of several versions by a symbolic link.
  symlinkSync(clone, `${clone}-current`);
  const app = starts(`${clone}-current`, settings);
  const port = await portOf(app);
  await workspace.waitForSockets(1);
  const alice = workspace.person('alice');
  await alice.types('#general', '/apitoken create deploy-bot');
  await expect.poll(() => alice.modal()?.title).toBe('Create API Token');
  await alice.submits();
  await alice.closes();
  await expect.poll(() => alice.reads('@apitoken')).toContain('Your token deploy-bot is ready.');
  const headers = { authorization: `Bearer ${valueSeenBy(alice)}` };
  expect((await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status).toBe(200);

  const listed = await runs('npm', ['run', '--silent', 'cli', '--', 'list'], { cwd: clone, env: settings });
  expect(listed).toMatchObject({ code: 0, err: '' });
  expect(listed.out).toContain('deploy-bot');

  const sbom = await runs('npm', ['run', '--silent', 'sbom'], { cwd: clone, env });
  expect(sbom.code).toBe(0);
  expect(installedIn(clone).filter((name) => !partsOf(sbom.out).includes(name))).toEqual([]);

  const sandbox = await runs('npm', ['run', '--silent', 'sandbox'], { cwd: clone, env });
  expect(sandbox).toMatchObject({ code: 1, out: '' });
  expect(sandbox.err).toContain('This needs the development packages, which are not installed.');
  app.kill('SIGTERM');
  expect(await once(app, 'exit')).toEqual([0, null]);
});

test('where nothing is installed at all, one sentence says so', async () => {
  const clone = aClone();
  const env = anEnvironment();

  expect(await runs('npm', ['start', '--silent'], { cwd: clone, env })).toEqual({
    code: 1,
    out: '',
    err: 'The packages of apitoken are not installed. Run "npm ci" first.\n',
  });
});

/** The files of this project in a folder where no package of it can be found by chance. */
function aClone(): string {
  const clone = join(temporaryFolder(), 'clone');
  mkdirSync(clone);
  for (const name of readdirSync(ROOT)) {
    if (!NOT_CLONED.has(name)) cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  }
  return clone;
}

/**
 * What the machine sets, with a Node as new as this one in front: neither that of the development packages nor what npm adds when
 * it runs tests.
 */
function anEnvironment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: npm looks there for its registry, cache and certificates; the app's settings are the test's own
  const { PATH = '', ...machine } = process.env;
  const ofTests = /^(npm_(?!config_)|npm_config_local_prefix$|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$|VITEST)/i;
  const kept = Object.entries(machine).filter(([name]) => !ofTests.test(name));
  const folder = temporaryFolder();
  cpSync(process.execPath, join(folder, 'node'));
  const others = PATH.split(delimiter).filter((place) => !place.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: [folder, ...others].join(delimiter) };
}

function skipsWithReason(context: TestContext): void {
  const hint = 'npm reaches neither a registry nor the packages in its cache.';
  // biome-ignore lint/style/noProcessEnv: .ci/run says by it that skipped tests are a fault; no part of the app is told.
  if (process.env.GATEWAYS_REQUIRED === 'true') throw new Error(hint);
  process.stderr.write(`Skipped: ${hint}\n`);
  context.skip(hint);
}

async function runs(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** NAME@VERSION of all that npm says it has installed there. */
function installedIn(clone: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(clone, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.entries<{ version: string }>(packages).map(
    ([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`,
  );
}

function partsOf(sbom: string): string[] {
  const { components } = JSON.parse(sbom);
  return components.map(({ name, version }: { name: string; version: string }) => `${name}@${version}`);
}

/** `npm start`, with all that it starts ended after the test. */
function starts(cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  const app = spawn('npm', ['start'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  onTestFinished(() => {
    if (app.exitCode === null && app.pid !== undefined) process.kill(-app.pid, 'SIGKILL');
  });
  return app;
}

/** The port that the ready line names. */
async function portOf(app: ChildProcess): Promise<number> {
  let output = '';
  return new Promise((found, fail) => {
    const take = (chunk: Buffer) => {
      output += chunk;
      const line = output.split('\n').find((candidate) => candidate.includes('"msg":"ready"'));
      if (line?.endsWith('}')) found(JSON.parse(line).port);
    };
    app.stdout?.on('data', take);
    app.stderr?.on('data', take);
    app.on('exit', () => fail(new Error(`it ended before it was ready:\n${output}`)));
  });
}
