import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEED } from '../sandbox/seed.ts';
import { startWorkspace, type Workspace } from '../sandbox/workspace/workspace.ts';
import { findLoadTool, type LoadTool } from './load.ts';
import { seedDatabase } from './seed.ts';
import { PEPPER_TEXT } from './values.ts';

const ROOT = resolve(import.meta.dirname, '..');
const VERIFIER = ['--require', `${ROOT}/require-node.cjs`, `${ROOT}/src/verifier.ts`];
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;
const KIB_PER_MB = 1024;
const NS_PER_MS = 1e6;

/** The server has one core for itself and its database, the load another. */
const CORES = { server: '0', load: '1' } as const;

/** Those who press all at once. */
export const MEMBERS = Array.from({ length: 20 }, (_, index) => ({
  handle: `member-${index}`,
  id: `U0MEMBER${String(index).padStart(3, '0')}`,
  name: `Member ${index}`,
}));

/** A server in a process of its own. */
export type Server = {
  readonly port: number;
  /** From the start of its process until it said that it is ready. */
  readonly startMs: number;
  readonly child: ChildProcess;
  /** What it wrote so far: its log. */
  output(): string;
  /** Memory that it holds just now. */
  rssMb(): number;
  /** Processor time that it has used so far, all its threads together. */
  cpuMs(): number;
  /** Ends it in order; at once when that takes too long. */
  stop(): Promise<void>;
};

/** A place for one run: a temporary folder, a Slack workspace, databases, and every process that was started. */
export type Workbench = {
  readonly folder: string;
  readonly workspace: Workspace;
  readonly loadTool: LoadTool;
  readonly isPinned: boolean;
  /** Aborted when the workbench is closed. */
  readonly ending: AbortSignal;
  /** A command that stays on its core, where the machine has two. */
  pinned(what: keyof typeof CORES, command: readonly string[]): readonly string[];
  /** The path of a fresh copy of a database of so many tokens. */
  databaseOf(count: number): Promise<string>;
  /** The service itself, over a database. `preloads` are scripts that Node loads first; `env` comes on top of its settings. */
  startService(
    database: string,
    preloads?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Server>;
  /** A verifier over a database, on a port that it may share with others. */
  startVerifier(database: string, port: number): Promise<Server>;
  /** A PostgreSQL with an empty database, whose URL this is. */
  startPostgres(): Promise<string>;
  /** One of the servers in this folder that it is compared with. */
  startReference(file: string, args?: readonly string[]): Promise<Server>;
  /** Ends every process and removes the folder. */
  close(): Promise<void>;
};

/** Opens a workbench. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = aFolder();
  const [workspace, loadTool] = await Promise.all([
    startWorkspace({ seed: seedWithMembers(), withCommented: true }),
    findLoadTool(),
  ]);
  const isPinned = availableParallelism() >= 2 && hasTaskset();
  const servers = new Set<Server>();
  const children = new Set<ChildProcess>();
  const ending = new AbortController();
  let copies = 0;
  let closing: Promise<void> | undefined;

  const pinned: Workbench['pinned'] = (what, command) =>
    isPinned ? ['taskset', '-c', CORES[what], ...command] : command;

  async function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Server> {
    const server = await startServer(pinned('server', [process.execPath, ...args]), {
      env,
      folder,
      children,
    });
    servers.add(server);
    return server;
  }

  async function databaseOf(count: number): Promise<string> {
    const seeded = `${folder}/seeded-${count}.db`;
    if (!existsSync(seeded)) await seedDatabase(seeded, count);
    copies += 1;
    const copy = `${folder}/copy-${copies}.db`;
    copyFileSync(seeded, copy);
    return copy;
  }

  async function close(): Promise<void> {
    ending.abort();
    await Promise.all([...servers].map((server) => server.stop()));
    for (const child of children)
      child.kill(child.spawnargs.includes(`${folder}/postgres`) ? 'SIGTERM' : 'SIGKILL');
    await workspace.close();
    rmSync(folder, { recursive: true, force: true });
  }

  return {
    folder,
    workspace,
    loadTool,
    isPinned,
    ending: ending.signal,
    pinned,
    databaseOf,
    startService: (database, preloads = [], env = {}) =>
      start(
        [...preloads, `${ROOT}/require-node.cjs`]
          .flatMap((file) => ['--require', file])
          .concat(`${ROOT}/src/main.ts`),
        { ...settingsFor(workspace, database), ...env },
      ),
    startVerifier: (database, port) => start(VERIFIER, verifierSettings(database, port)),
    startPostgres: () => startPostgres(folder, children),
    startReference: (file, args = []) => start([`${ROOT}/bench/${file}`, ...args], {}),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Where root measures, another user runs PostgreSQL in it. */
function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-bench-'));
  chmodSync(folder, 0o711);
  return folder;
}

function seedWithMembers() {
  const handles = MEMBERS.map(({ handle }) => handle);
  const channels = SEED.channels.map((channel) => ({
    ...channel,
    members: [...channel.members, ...handles],
  }));
  return { ...SEED, people: [...SEED.people, ...MEMBERS], channels };
}

function settingsFor({ botToken, appToken, apiUrl }: Workspace, database: string) {
  return {
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_API_URL: apiUrl,
    DATABASE_URL: urlOf(database),
    TOKEN_PEPPER: PEPPER_TEXT,
    HTTP_PORT: '0',
  };
}

function verifierSettings(database: string, port: number) {
  return {
    DATABASE_URL: urlOf(database),
    TOKEN_PEPPER: PEPPER_TEXT,
    HTTP_PORT: String(port),
    HTTP_REUSE_PORT: 'true',
  };
}

/** A path is that of a SQLite database. */
function urlOf(database: string): string {
  return database.startsWith('postgres:') ? database : `file:${database}`;
}

/** A PostgreSQL of the package that the tests start, too, on no core of its own; the URL of its empty database. */
async function startPostgres(folder: string, children: Set<ChildProcess>): Promise<string> {
  const place = `${folder}/postgres`;
  mkdirSync(place);
  const program = `${ROOT}/test/store/fixtures/postgres-server.ts`;
  const child = spawn(process.execPath, [program, place, String(process.pid)], { stdio: 'ignore' });
  children.add(child);
  const deadline = performance.now() + READY_MS_MAX;
  while (!existsSync(`${place}/server.json`)) {
    if (performance.now() > deadline) throw new Error('PostgreSQL did not start within a minute');
    await sleep(50);
  }
  const { url, reason } = JSON.parse(readFileSync(`${place}/server.json`, 'utf8'));
  if (url === undefined) throw new Error(`PostgreSQL can't start here: ${reason}`);
  return url;
}

async function startServer(
  [program = '', ...args]: readonly string[],
  place: { env: Readonly<Record<string, string>>; folder: string; children: Set<ChildProcess> },
): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: place.folder,
    env: place.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  place.children.add(child);
  let output = '';
  const ready = Promise.withResolvers<{ port: number; startMs: number }>();
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const take = (chunk: Buffer) => {
    output += chunk.toString();
    const line = output.split('\n').find((each) => each.includes('"msg":"ready"'));
    if (line !== undefined) ready.resolve({ ...JSON.parse(line), startMs: performance.now() - startedAt });
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.on('error', (fault) => ready.reject(fault));
  child.on('close', () => {
    place.children.delete(child);
    ready.reject(new Error(`a server ended before it was ready:\n${output}`));
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
  const { port, startMs } = await ready.promise;
  clearTimeout(limit);
  return {
    port,
    startMs,
    child,
    output: () => output,
    rssMb: () => rssMbOf(child),
    cpuMs: () => cpuMsOf(child),
    stop: async () => {
      const overtime = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(overtime);
    },
  };
}

/** taskset becomes the program that it starts, so the process is the server itself. */
function rssMbOf({ pid }: ChildProcess): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / KIB_PER_MB;
}

/** In nanoseconds there, of each thread (docs.kernel.org/scheduler/sched-stats.html). */
function cpuMsOf({ pid }: ChildProcess): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, each) => sum + each, 0) / NS_PER_MS;
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
