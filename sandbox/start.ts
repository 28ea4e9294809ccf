import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RunningApp, startAppFrom } from '../src/app.ts';
import { SEED } from './seed.ts';
import { buildAssets } from './server/assets.ts';
import { startDemoApi } from './server/demo-api.ts';
import { startPageServer } from './server/page-server.ts';
import { startWorkspace, type Workspace } from './workspace/workspace.ts';

/** The whole sandbox while it runs. */
export type Sandbox = {
  /** Another one after it started over. */
  readonly workspace: Workspace;
  /** Opens the page; holds the launch key. */
  readonly link: string;
  /** Where the page is served, also when the port that was asked for was taken. */
  readonly port: number;
  /** Where the demo API answers. */
  readonly demoUrl: string;
  /** Rejects when the app cannot go on. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
};

/** How a sandbox is started. */
export type SandboxOptions = {
  /** Of the page; 0 for any free one. */
  port: number;
  /** Keeps the tokens in this folder; without it they are gone at the end. */
  data?: string | undefined;
  /** Where the app's warnings go. */
  log: { write(line: string): void };
  ackTimeoutMs?: number;
};

const DATABASE = 'apitoken.db';
const HOME_ZONE = 'Europe/Berlin';

/** The roles that are set by the app's settings; the others follow from what the people are. */
const ROLES = { bob: 'on-call', carol: 'manager' };

/** Whoever is on call sees another time of day than the others: theirs is what counts for them. */
const ZONES: Readonly<Record<string, string>> = { bob: 'America/New_York' };

/** A workspace with the app in it. */
type World = { readonly workspace: Workspace; readonly app: RunningApp; close(): Promise<void> };

/** Starts the workspace, the app in it, the demo API and the page; resolves when the app is connected. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const endings: (() => unknown)[] = [];
  async function close(): Promise<void> {
    for (const ending of endings.splice(0).reverse()) await ending();
  }
  try {
    return await start(options, endings, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: SandboxOptions,
  endings: (() => unknown)[],
  close: () => Promise<void>,
): Promise<Sandbox> {
  const building = buildAssets();
  // Awaited below; until then it must not count as unhandled.
  building.catch(() => undefined);
  const place = prepareFolder(options.data, endings);
  const ended = Promise.withResolvers<never>();
  // Whoever started the sandbox awaits it, or ends without.
  ended.promise.catch(() => undefined);
  const begin = async (): Promise<World> => {
    const begun = await startWorld(options, place);
    begun.app.ended.catch(ended.reject);
    return begun;
  };
  let world = await begin();
  endings.push(() => world.close());
  const demo = await startDemoApi(() => `http://127.0.0.1:${world.app.port}/verify`);
  endings.push(() => demo.close());
  const page = await startPageServer({
    workspace: world.workspace,
    assets: await building,
    demoUrl: demo.url,
    roles: ROLES,
    port: options.port,
    isKept: options.data !== undefined,
    async startOver() {
      try {
        await world.close();
        removeDatabase(place.folder);
        world = await begin();
        return world.workspace;
      } catch (error) {
        ended.reject(error);
        throw error;
      }
    },
  });
  endings.push(() => page.close());
  return {
    get workspace() {
      return world.workspace;
    },
    link: page.link,
    port: page.port,
    demoUrl: demo.url,
    ended: ended.promise,
    close,
  };
}

/** Resolves when the app is connected. Closes what it began when it throws. */
async function startWorld({ ackTimeoutMs, log }: SandboxOptions, { folder, pepper }: Place): Promise<World> {
  const people = SEED.people.map((person) => ({ ...person, zone: ZONES[person.handle] ?? HOME_ZONE }));
  const seed = { ...SEED, people };
  const options = { seed, withCommented: true };
  const workspace = await startWorkspace(ackTimeoutMs === undefined ? options : { ...options, ackTimeoutMs });
  let app: RunningApp | undefined;
  async function close(): Promise<void> {
    await app?.stop();
    await workspace.close();
  }
  try {
    app = await startAppFrom(settingsFor(workspace, folder, pepper), log);
    await Promise.race([workspace.waitForSockets(1), app.ended]);
    return { workspace, app, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where the database is, and the pepper that goes with it. */
type Place = { readonly folder: string; readonly pepper: string };

/** Without `data` both are gone at the end. */
function prepareFolder(data: string | undefined, endings: (() => unknown)[]): Place {
  const fresh = randomBytes(32).toString('hex');
  if (data === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'apitoken-sandbox-'));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    return { folder, pepper: fresh };
  }
  const folder = resolve(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'pepper');
  if (!existsSync(file)) writeFileSync(file, fresh, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { folder, pepper: readFileSync(file, 'utf8') };
}

/** The database and what SQLite and the app put beside it, and nothing else that may lie in this folder. */
function removeDatabase(folder: string): void {
  const beside = ['', '-wal', '-shm', '.lock', '.lock-journal'].map((ending) => `${DATABASE}${ending}`);
  // Without it the app starts with a new database, and does not ask for a backup of the old one.
  for (const file of [...beside, 'revoked.log']) rmSync(join(folder, file), { force: true });
}

/** As a real workspace's app is set up; only warnings are logged. */
function settingsFor(workspace: Workspace, folder: string, pepper: string): Record<string, string> {
  const { people, groups, channels } = workspace.ids;
  return {
    SLACK_BOT_TOKEN: workspace.botToken,
    SLACK_APP_TOKEN: workspace.appToken,
    SLACK_API_URL: workspace.apiUrl,
    DATABASE_URL: `file:${join(folder, DATABASE)}`,
    TOKEN_PEPPER: pepper,
    MANAGERS: people.carol ?? '',
    ONCALL: groups.oncall ?? '',
    // With revoke no value would live until somebody uses the shortcut on its message.
    LEAK_GUARD: 'warn',
    LEAK_CHANNEL: channels.oncall ?? '',
    HTTP_PORT: '0',
    LOG_LEVEL: 'warn',
  };
}
