import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, onTestFinished, vi } from 'vitest';
import { startWorkspace, type Workspace } from '../sandbox/workspace/workspace.ts';
import { type RunningApp, startApp } from '../src/app.ts';
import type { Clock } from '../src/clock.ts';
import { parseConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import type { Hasher } from '../src/tokens/hasher.ts';
import { PATIENT } from './patience.ts';
import { aLook } from './store/fixtures/a-look.ts';
import { aDatabaseWithTables } from './store/fixtures/a-postgres.ts';
import { isOnPostgres } from './store/fixtures/engines.ts';

/** The app as it runs for a test: against a workspace of its own, with a database file and a log of its own. */
export type Stage = {
  readonly workspace: Workspace;
  readonly app: RunningApp;
  readonly folder: string;
  /** Where its database is: in the folder or, where `TEST_DATABASE` says so, on the run's PostgreSQL. */
  readonly databaseUrl: string;
  /** What time it is for the app. */
  now(): number;
  /** Every line that was logged so far. */
  log(): string;
  /** All bytes of the database, its write-ahead log included; on PostgreSQL all rows. */
  databaseBytes(): string;
  /** Another program's connection with the database, ended after the test. */
  look(): Database.Database;
  /** `GET /verify` with `value` as Bearer. */
  verify(value: string): Promise<Response>;
  /**
   * Starts one more app on the same database and workspace, whose socket comes after those that are there. On SQLite a lock keeps
   * a second app from the file: it is taken away before, so that this tells what two apps do to each other.
   */
  replica(): Promise<RunningApp>;
  /** Stops the app and starts it again on the same database and workspace, with `env` on top of its first settings. */
  restart(env?: Record<string, string>): Promise<void>;
};

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The settings of an app in `workspace`, with `env` on top. */
export function settingsFor(workspace: Workspace, folder: string, env: Record<string, string> = {}) {
  return {
    SLACK_BOT_TOKEN: workspace.botToken,
    SLACK_APP_TOKEN: workspace.appToken,
    SLACK_API_URL: workspace.apiUrl,
    DATABASE_URL: `file:${folder}/apitoken.db`,
    TOKEN_PEPPER: 'a pepper for tests that nobody uses elsewhere',
    HTTP_PORT: '0',
    LOG_LEVEL: 'trace',
    ...env,
  };
}

/** What differs in the settings of an app that Slack delivers to over HTTP. */
export function overHttp(workspace: Workspace) {
  return { SLACK_APP_TOKEN: '', SLACK_SIGNING_SECRET: workspace.signingSecret };
}

/** Lets the workspace deliver over HTTP to the app that listens on `port`, as soon as it takes deliveries. */
export async function deliverTo(port: number, workspace: Workspace): Promise<void> {
  const base = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => {
    const readiness = await fetch(`${base}/readyz`);
    expect(await readiness.json()).toMatchObject({ slack: true });
  }, PATIENT);
  await workspace.http.deliverTo(`${base}/slack/events`);
}

/** A folder of the test's own, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-test-'));
  cleanUps.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A workspace, closed after the test, which fails when the workspace refused anything that the test did not take. */
export async function openWorkspace(options?: Parameters<typeof startWorkspace>[0]): Promise<Workspace> {
  const workspace = await startWorkspace(options);
  cleanUps.push(async () => {
    await workspace.close();
    expect(workspace.refusals, 'what the workspace refused').toEqual([]);
  });
  return workspace;
}

/** The app in a workspace, connected by sockets or as `deliverBy` says. Everything is stopped and removed after the test. */
export async function setStage(
  options: {
    env?: Record<string, string>;
    /** What time it is, told of the stage that it moves. */
    clock?: Clock & { attach?(stage: Stage): void };
    workspace?: Workspace;
    /** What does the bcrypt of each start, in place of the app's own. */
    startHasher?: () => Hasher;
    deliverBy?: 'sockets' | 'http';
  } = {},
): Promise<Stage> {
  const folder = temporaryFolder();
  const workspace = options.workspace ?? (await openWorkspace());
  const lines: string[] = [];
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } });
  const isOverHttp = options.deliverBy === 'http';
  const databaseUrl = isOnPostgres ? await aDatabaseWithTables() : `file:${folder}/apitoken.db`;
  const firstEnv = { DATABASE_URL: databaseUrl, ...(isOverHttp ? overHttp(workspace) : {}), ...options.env };

  async function start(env: Record<string, string> = {}, socketsBefore = 0): Promise<RunningApp> {
    const config = parseConfig(settingsFor(workspace, folder, { ...firstEnv, ...env }));
    const started = await startApp(config, {
      log,
      ...(options.clock ? { clock: options.clock } : {}),
      ...(options.startHasher ? { hasher: options.startHasher() } : {}),
    });
    if (isOverHttp) await deliverTo(started.port, workspace);
    else await workspace.waitForSockets(socketsBefore + 1);
    return started;
  }

  let app = await start();
  cleanUps.push(() => app.stop());
  const stage: Stage = {
    workspace,
    folder,
    databaseUrl,
    now: options.clock ?? Date.now,
    get app() {
      return app;
    },
    log: () => lines.join(''),
    databaseBytes: () => (isOnPostgres ? rowsAsText(stage.look()) : bytesIn(folder)),
    look: () => (isOnPostgres ? aLook(databaseUrl) : aSqlite(join(folder, 'apitoken.db'))),
    verify: (value) =>
      fetch(`http://127.0.0.1:${app.port}/verify`, { headers: { authorization: `Bearer ${value}` } }),
    replica: async () => {
      rmSync(join(folder, 'apitoken.db.lock'), { force: true });
      const replica = await start({}, workspace.sockets.count());
      cleanUps.push(() => replica.stop());
      return replica;
    },
    restart: async (env) => {
      await app.stop();
      // The workspace hears of the closed sockets a moment later, and until then would deliver to them.
      await vi.waitUntil(() => workspace.sockets.count() === 0, PATIENT);
      app = await start(env);
    },
  };
  options.clock?.attach?.(stage);
  return stage;
}

/** The value that `person` sees in the app's conversation: the newest one. */
export function valueSeenBy(person: ReturnType<Workspace['person']>): string {
  const texts = person.sees('@apitoken').map((message) => message.text);
  const value = texts.map((text) => /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/.exec(text)?.[0]).findLast(Boolean);
  if (value === undefined) throw new Error(`${person.id} sees no value`);
  return value;
}

function aSqlite(path: string): Database.Database {
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  return sqlite;
}

function rowsAsText(look: Database.Database): string {
  const tables = look
    .prepare<[], string>("select tablename from pg_tables where schemaname = 'public'")
    .pluck()
    .all();
  const rows = tables.flatMap((table) => look.prepare(`select * from ${table}`).all());
  // As the bytes of a file are read.
  return Buffer.from(JSON.stringify(rows)).toString('latin1');
}

function bytesIn(folder: string): string {
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'latin1'))
    .join('\n');
}
