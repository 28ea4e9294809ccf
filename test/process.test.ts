import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProcess } from './app-process.ts';
import { openWorkspace, settingsFor, temporaryFolder } from './fixture.ts';
import { freePort } from './gateways/a-gateway.ts';
import { PATIENT } from './patience.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The app as a process whose standard output is `stdout`, once it answers. */
async function aProcess(stdout: number, uid?: number) {
  const workspace = await openWorkspace();
  const folder = uid === undefined ? temporaryFolder() : aFolderOf(uid);
  const port = await freePort();
  const child = spawn(process.execPath, ['--require', `${ROOT}/require-node.cjs`, `${ROOT}/src/main.ts`], {
    cwd: folder,
    env: { ...settingsFor(workspace, folder), HTTP_PORT: String(port) },
    stdio: ['ignore', stdout, 'ignore'],
    ...(uid === undefined ? {} : { uid }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await answers(port);
  await workspace.waitForSockets(1);
  return { port, child, workspace };
}

function aFolderOf(uid: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-owned-'));
  execFileSync('chown', [String(uid), folder]);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function answers(port: number): Promise<void> {
  return expect.poll(() => statusOf(port, '/healthz')).toBe(200);
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => undefined,
  );
}

async function exitOf(child: ChildProcess) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

/** Presses and verifications, each of which is logged at the level `trace` or `info`. */
async function isServed({ port, workspace }: Awaited<ReturnType<typeof aProcess>>): Promise<void> {
  expect(await statusOf(port, '/verify')).toBe(401);
  const alice = workspace.person('alice');
  await alice.types('#general', '/apitoken list');
  await expect.poll(() => alice.reads('#general')).toContain('My API Tokens');
}

test('with standard output on a full device it serves, counts what it could not log, and ends in order', async () => {
  const full = openSync('/dev/full', constants.O_WRONLY);
  onTestFinished(() => closeSync(full));
  const app = await aProcess(full);

  await isServed(app);

  const metrics = await (await fetch(`http://127.0.0.1:${app.port}/metrics`)).text();
  expect(Number(/^apitoken_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  app.child.kill('SIGTERM');
  expect(await exitOf(app.child)).toBe(0);
});

const NOBODY = 65_534;

test.for([
  ['a pipe', undefined],
  ['a pipe of another user’s, as in a container', NOBODY],
] as const)('when what reads %s stands still, it serves and ends in order', async ([, uid], context) => {
  if (uid !== undefined && process.getuid?.() !== 0)
    return context.skip('another user can be become by root alone');
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  // One end as a shell hands it over: its writes wait for the reader.
  const writing = openSync(pipe, constants.O_WRONLY);
  onTestFinished(() => {
    closeSync(reading);
    closeSync(writing);
  });
  fill(pipe);
  const app = await aProcess(writing, uid);

  await isServed(app);

  app.child.kill('SIGTERM');
  expect(await exitOf(app.child)).toBe(0);
});

/** Writes into the pipe until it takes no more. */
function fill(pipe: string): void {
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeFileSync(fd, '.');
  } catch {
    closeSync(fd);
  }
}

test.for([
  ['start', ['start']],
  ['run sandbox', ['run', 'sandbox', '--', '--port', '0']],
] as const)('SIGTERM to npm alone, of `npm %s`, ends the app and frees its port', async ([, words]) => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const port = await freePort();
  const env = { ...settingsFor(workspace, folder), HTTP_PORT: String(port) };
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // `env` becomes npm, with all that is set here beside.
  const child = spawn('env', [...settings, 'npm', '--prefix', ROOT, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  onTestFinished(() => killGroup(child));
  const listening = await Promise.race([
    once(child, 'exit').then(() => undefined),
    ...(words[0] === 'start' ? [answers(port).then(() => port)] : [portIn(child)]),
  ]);
  if (listening === undefined) throw new Error('it ended before it listened');

  process.kill(child.pid ?? 0, 'SIGTERM');

  await exitOf(child);
  await expect.poll(() => statusOf(listening, '/healthz')).toBeUndefined();
});

test.for(['SIGTERM', 'SIGINT'] as const)(
  '%s to all processes of `npm start`, as systemd and a terminal send it, is one signal: what is in work is finished',
  async (signal) => {
    const workspace = await openWorkspace();
    const folder = temporaryFolder();
    const port = await freePort();
    const env = { ...settingsFor(workspace, folder), HTTP_PORT: String(port) };
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const child = spawn('env', [...settings, 'npm', '--prefix', ROOT, 'start'], {
      stdio: 'ignore',
      detached: true,
    });
    onTestFinished(() => killGroup(child));
    await answers(port);
    await workspace.waitForSockets(1);
    const alice = workspace.person('alice');
    workspace.faults.add({ method: 'users.info', times: 1, delayMs: 900 });
    await alice.types('#general', '/apitoken list');

    process.kill(-(child.pid ?? 0), signal);

    await expect.poll(() => alice.reads('#general'), PATIENT).toContain('My API Tokens');
    await exitOf(child);
    await expect.poll(() => statusOf(port, '/healthz')).toBeUndefined();
  },
);

test('SIGHUP, as when its terminal is closed, ends it in order', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  await app.ready;

  app.signal('SIGHUP');

  expect(await app.ended).toBe(0);
});

/** Of the link that the sandbox prints. */
async function portIn(child: ChildProcess): Promise<number> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('it printed no link');
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

test('a second app on the same database refuses to start and names it; killing the first one frees it', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const env = settingsFor(workspace, folder);
  const first = startProcess({ folder, env });
  await first.ready;
  const path = join(folder, 'apitoken.db');

  const second = startProcess({ folder, env });

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(
    `${path}: another apitoken app has this database open. Stop that one first, or set DATABASE_URL to another path.`,
  );
  expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600);
  first.signal('SIGKILL');
  await first.ended;
  const third = startProcess({ folder, env });
  await third.ready;
  third.signal('SIGTERM');
  expect(await third.ended).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['apitoken.db', 'apitoken.db.lock', 'revoked.log']);
});

test.for([
  ['UTF-16, as Windows’ Notepad writes it', utf16('le'), 'UTF-16'],
  ['UTF-16 of the other byte order', utf16('be'), 'UTF-16'],
  ['UTF-16 without a mark', Buffer.from('LOG_LEVEL=info\n', 'utf16le'), 'UTF-16'],
  ['UTF-32', Buffer.from([...'LOG_LEVEL=info\n'].flatMap((sign) => [sign.charCodeAt(0), 0, 0, 0])), 'UTF-32'],
  ['Latin-1', Buffer.from('TOKEN_PEPPER=für die Prüfung von Werten, lang genug\n', 'latin1'), 'Latin-1'],
] as const)('a .env in %s is one sentence that names the encoding', async ([, bytes, encoding]) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, '.env'), bytes);

  const app = startProcess({ folder, env: {} });

  expect(await app.ended).toBe(1);
  expect(app.output()).toMatch(
    new RegExp(
      `^\\.env is encoded as .*${encoding}.*, not as UTF-8\\. Save it as UTF-8, then start again\\.\n$`,
    ),
  );
});

test('a .env that cannot be read is one sentence', async () => {
  const folder = temporaryFolder();
  execFileSync('mkdir', [join(folder, '.env')]);

  const app = startProcess({ folder, env: {} });

  expect(await app.ended).toBe(1);
  expect(app.output()).toBe(
    ".env can't be read (EISDIR). Let this user read it, or delete it and set the variables yourself.\n",
  );
});

test('a .env with a byte order mark loses no setting, and what is set outside of it wins', async () => {
  const folder = temporaryFolder();
  const workspace = await openWorkspace();
  const { LOG_LEVEL: _, HTTP_PORT, ...settings } = settingsFor(workspace, folder);
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(folder, '.env'), `\uFEFF${lines.join('\r\n')}\r\nHTTP_PORT=nonsense\r\n`);

  const app = startProcess({ folder, env: { HTTP_PORT } });

  expect(await app.ready).toBeGreaterThan(0);
  app.signal('SIGTERM');
  expect(await app.ended).toBe(0);
});

function utf16(order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from('\uFEFFLOG_LEVEL=info\n', 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}
