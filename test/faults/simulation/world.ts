import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Person } from '../../../sandbox/workspace/person.ts';
import type { CallEntry, DeliveryEntry } from '../../../sandbox/workspace/state.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { type RunningApp, startApp } from '../../../src/app.ts';
import { createInterruption } from '../../../src/cli/interruption.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import { createTerminal } from '../../../src/cli/terminal.ts';
import { parseConfig } from '../../../src/config.ts';
import { createLog } from '../../../src/log.ts';
import { drizzleSqlite } from '../../../src/store/drizzle.ts';
import { createSecretRead } from '../../../src/store/sqlite/verification.ts';
import { verifyToken } from '../../../src/tokens/verify.ts';
import { settingsFor } from '../../fixture.ts';
import { T0, underOnly } from '../../tokens/a-token.ts';
import type { Instant } from './model.ts';
import { isResting, wakes } from './scheduler.ts';

/** What may be asked of Slack while somebody waits, or by the outbox. */
const METHODS = [
  'views.open',
  'views.update',
  'views.publish',
  'chat.postEphemeral',
  'chat.postMessage',
  'chat.update',
  'users.info',
  'conversations.open',
  'usergroups.users.list',
] as const;

const DATABASE = ['apitoken.db', 'apitoken.db-wal'];

/** Nobody waits for so long: the app hangs. */
const STUCK_MS = 30_000;

/** The outbox takes ten sayings a round. */
const ROUNDS_MAX = 200;

const ENV = {
  ONCALL: 'S0ONCALL001',
  MANAGERS: 'U0CAROL0001',
  TOKENS_PER_PERSON_MAX: '10000',
  CREATIONS_PER_DAY_MAX: '10000',
  DRAIN_SECONDS: '5',
  LOG_LEVEL: 'error',
};

/** Bcrypt costs 70 ms a value, and decides nothing while the pepper is at hand. */
const HASHER = {
  hash: async () => 'no bcrypt here',
  matches: async () => false,
  waiting: () => 0,
  stop: async () => undefined,
};

export type Row = {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly generation: number;
  readonly claimedAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  readonly reason: string | null;
};

export type Event = {
  readonly sequence: number;
  readonly at: number;
  readonly action: string;
  readonly actor: string;
  readonly tokenId: string | null;
};

/** People, Slack, the app on a file, a second store on the same, and a clock: all of it in this process, and real. */
export type World = Awaited<ReturnType<typeof createWorld>>;

/** A new workspace with an app that has no tokens. */
export async function createWorld() {
  const machine = createMachine();
  const workspace = await startWorkspace({ clock: machine.now, ackTimeoutMs: 2 * STUCK_MS });
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'apitoken-simulation-'));
  const logged: string[] = [];
  const log = createLog({ level: 'error', stream: { write: (line) => void logged.push(line) } });
  let lives = 0;
  let folder = join(root, '0');
  mkdirSync(folder);

  async function start() {
    const config = parseConfig(settingsFor(workspace, folder, ENV));
    const app = await startApp(config, { log, clock: machine.now, hasher: HASHER });
    await workspace.waitForSockets(1);
    return { app, peppers: config.peppers, ...createRaw(folder) };
  }

  let life = await start();
  let crashed = Promise.withResolvers<void>();
  let isDown = false;

  /** All that the disk would have is put aside, and from now on nobody hears of this app. */
  function crashNow(): void {
    if (isDown) return;
    isDown = true;
    lives += 1;
    const next = join(root, String(lives));
    mkdirSync(next);
    copyFiles([...DATABASE, 'revoked.log'], folder, next);
    workspace.sockets.dropAll();
    for (const url of ['/api/', '/actions/', '/commands/', '/upload/'])
      workspace.faults.add({ url, drop: 'before', times: Number.MAX_SAFE_INTEGER });
    crashed.resolve();
  }

  async function stop(): Promise<void> {
    life.raw.close();
    await life.app.stop();
    await until(() => workspace.sockets.connections() === 0, 'the sockets are closed');
  }

  async function rise(): Promise<void> {
    await stop();
    folder = join(root, String(lives));
    workspace.faults.clear();
    isDown = false;
    crashed = Promise.withResolvers<void>();
    life = await start();
  }

  const copy = join(root, 'copy');

  return {
    workspace,
    machine,
    get hasCopy() {
      return existsSync(copy);
    },
    /** A copy of the database as it is now, without `revoked.log`. */
    keepCopy: () => {
      mkdirSync(copy, { recursive: true });
      copyFiles(DATABASE, folder, copy);
    },
    /** That copy takes the place of the database, while the app is down. */
    putBack: async () => {
      await stop();
      copyFiles(DATABASE, copy, folder);
      life = await start();
    },
    crashNow,
    rise,
    logged,
    get isDown() {
      return isDown;
    },
    get crashed() {
      return crashed.promise;
    },
    rows: () => life.rows(),
    eventsAfter: (sequence: number) => life.eventsAfter(sequence),
    lastSequence: () => life.lastSequence(),
    waiting: (until: number) => life.waiting(until),
    unsaid: () => life.unsaid(),
    kept: () => life.kept(),
    revokedLog: () => {
      const path = join(folder, 'revoked.log');
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    },
    restart: async () => {
      await stop();
      life = await start();
    },
    /** Waits until all that was delivered is done and all that is due is said. */
    settle: () => settle(life, machine),
    /** `GET /verify`. */
    verify: async (value: string) => {
      const headers = { authorization: `Bearer ${value}` };
      const answer = await fetch(`http://127.0.0.1:${life.app.port}/verify`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    },
    /** `POST /revoke`. */
    postRevoke: async (value: string) => {
      const body = new URLSearchParams({ token: value });
      const answer = await fetch(`http://127.0.0.1:${life.app.port}/revoke`, { method: 'POST', body });
      await answer.arrayBuffer();
      return answer.status;
    },
    /** What a process that only verifies says of it, on a connection of its own. */
    judge: async (value: string) => {
      const { store, peppers } = life;
      const clock = () => machine.appTime().hi;
      return (await verifyToken(value, { store, clock, ...underOnly(peppers.current) })).kind === 'good';
    },
    /** A command of the command line: a store of its own on the same file, as a process beside the app has. */
    commands: async (...args: string[]) => {
      let out = '';
      const sink = new Writable({
        write: (text, _encoding, done) => {
          out += String(text);
          done();
        },
      });
      const streams = { stdin: Readable.from([]), stdout: sink, stderr: sink };
      const env = settingsFor(workspace, folder, ENV);
      const terminal = createTerminal(streams);
      const interruption = createInterruption(() => undefined);
      const surroundings = { env, user: 'ops', clock: machine.now, streams, terminal, interruption };
      const code = await runCommandLine(args, surroundings);
      return { code, out };
    },
    end: async () => {
      await stop();
      await workspace.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Those of the files that are there; of those that are not none is left in `to`. */
function copyFiles(files: readonly string[], from: string, to: string): void {
  for (const file of files) {
    rmSync(join(to, file), { force: true });
    if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
  }
}

type Life = { readonly app: RunningApp } & ReturnType<typeof createRaw>;

async function settle({ app, waiting, unsaid }: Life, machine: Machine): Promise<void> {
  for (let round = 0; ; round++) {
    await until(() => app.inWork() === 0 && isResting(), 'the app is at rest');
    if (waiting(machine.appTime().lo) === 0) return;
    if (round > ROUNDS_MAX) throw new Error(`due, and not said: ${unsaid().join(', ')}`);
    wakes();
    await turn();
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const started = performance.now();
  while (!isSo()) {
    await turn();
    if (performance.now() - started > STUCK_MS) throw new Error(`waited in vain until ${what}`);
  }
}

type Machine = ReturnType<typeof createMachine>;

/** The machine's clock, and between which instants the app's own time is, which never goes back. */
function createMachine() {
  let [now, lo, hi] = [T0, T0, T0];
  function moveBy(ms: number): void {
    now += ms;
    lo = Math.max(lo, now);
    // While it is ahead, the app's time goes on at half the pace.
    if (ms > 0 && ms <= 60_000) hi += Math.ceil(ms / 2);
    hi = Math.max(hi, now);
  }

  return {
    now: () => now,
    appTime: (): Instant => ({ lo, hi }),
    moveBy,
    /** The machine's clock is put right. */
    catchUp: () => moveBy(hi - now),
  };
}

/** Another program's look at the file. */
function createRaw(folder: string) {
  const raw = new Database(join(folder, 'apitoken.db'), { readonly: true });
  const rows = raw.prepare<[], Row>(
    `select id, name, owner, created_by as createdBy, expires_at as expiresAt, generation, claimed_at as claimedAt,
     revoked_at as revokedAt, revoked_by as revokedBy, revoke_reason as reason from tokens order by rowid`,
  );
  const events = raw.prepare<[number], Event>(
    'select sequence, at, action, actor, token_id as tokenId from audit_events where sequence > ? order by sequence',
  );
  const lastSequence = raw.prepare<[], number | null>('select max(sequence) from audit_events').pluck();
  const waiting = raw.prepare<[number], number>('select count(*) from outbox where due_at <= ?').pluck();
  const unsaid = raw
    .prepare<[], string>("select key || ' at ' || due_at || ' after ' || attempts from outbox")
    .pluck();
  const kept = raw
    .prepare<[], string>(
      `select token_id from secrets where (digest is not null or hash is not null)
       and token_id in (select id from tokens where revoked_at is not null)`,
    )
    .pluck();
  const store = createSecretRead({ db: drizzleSqlite(raw), sqlite: raw }, async (work) => work());
  return {
    raw,
    store,
    rows: () => rows.all(),
    eventsAfter: (sequence: number) => events.all(sequence),
    lastSequence: () => lastSequence.get() ?? 0,
    waiting: (until: number) => waiting.get(until) ?? 0,
    /** What is due, or will be. */
    unsaid: () => unsaid.all(),
    /** Tokens that are revoked and have something left to be verified by. */
    kept: () => kept.all(),
  };
}

/** What goes wrong with the next call of a method. */
export type Trouble = { readonly what: string; arm(world: World): void };

/** Slack fails, or the app crashes, at one of the next calls. */
export function troubleFrom(chance: {
  between(from: number, to: number): number;
  oneOf<T>(choices: readonly T[]): T;
}): Trouble {
  if (chance.between(0, 14) === 0) {
    const at = chance.between(1, 5);
    const drop = chance.oneOf(['before', 'after'] as const);
    return {
      what: `crash ${drop} call ${at}`,
      arm: (world) => {
        let left = at;
        const when = () => {
          left -= 1;
          if (left === 0) world.crashNow();
          return left === 0;
        };
        for (const method of METHODS) world.workspace.faults.add({ method, when, drop });
      },
    };
  }
  const method = chance.oneOf([
    ...METHODS,
    'chat.postEphemeral',
    'chat.postMessage',
    'response_url',
  ] as const);
  const [what, fault] = chance.oneOf([
    ['500', { status: 500 }],
    ['429', { status: 429, retryAfter: 3 }],
    ['internal_error', { error: 'internal_error' }],
    ['request_timeout', { error: 'request_timeout' }],
    ['reset before', { drop: 'before' }],
    ['reset after', { drop: 'after' }],
    ...(method === 'chat.postEphemeral' ? [['lost', { lose: true }] as const] : []),
  ] as const);
  const times = chance.between(1, 3);
  const where = method === 'response_url' ? { url: method } : { method };
  return {
    what: `${method} ${what} ${times}×`,
    arm: ({ workspace }) => workspace.faults.add({ ...where, ...fault, times }),
  };
}

/** The calls that the app made from the entry numbered `from` on. */
export function callsFrom({ workspace }: World, from: number): CallEntry[] {
  return workspace.traffic.slice(from).filter((entry): entry is CallEntry => entry.kind === 'call');
}

/** What Slack delivered from the entry numbered `from` on. */
export function deliveriesFrom({ workspace }: World, from: number): DeliveryEntry[] {
  return workspace.traffic.slice(from).filter((entry): entry is DeliveryEntry => entry.kind === 'delivery');
}

/** Those who are there from the beginning and may use the app. */
export const HANDLES = ['alice', 'bob', 'carol', 'dave'] as const;

export type Handle = (typeof HANDLES)[number];

export function personOf(world: { readonly workspace: Workspace }, handle: string): Person {
  return world.workspace.person(handle);
}
