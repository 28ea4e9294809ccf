import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startAppFrom } from '../src/app.ts';
import { buildAssets } from './server/assets.ts';
import { startDemoApi } from './server/demo-api.ts';
import { startPageServer } from './server/page-server.ts';
import { startWorkspace, type Workspace } from './workspace/workspace.ts';

/** The whole sandbox while it runs. */
export type Sandbox = {
  readonly workspace: Workspace;
  /** Opens the page; holds the launch key. */
  readonly link: string;
  /** Where the page is served, also when the port that was asked for was taken. */
  readonly port: number;
  /** Where the demo API answers. */
  readonly demoUrl: string;
  /** Rejects when the app cannot go on. */
  readonly ended: Promise<void>;
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

/** The roles that are set by the app's settings; the others follow from what the people are. */
const ROLES = { bob: 'on-call', carol: 'manager' };

/** Starts the workspace, the app in it, the demo API and the page; resolves when the app is connected. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const endings: (() => unknown)[] = [];
  async function close(): Promise<void> {
    for (const ending of endings.splice(0).reverse()) await ending();
  }
  try {
    return { ...(await start(options, endings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: SandboxOptions, endings: (() => unknown)[]): Promise<Omit<Sandbox, 'close'>> {
  const building = buildAssets();
  // Awaited below; until then it must not count as unhandled.
  building.catch(() => undefined);
  const { ackTimeoutMs } = options;
  const workspace = await startWorkspace(ackTimeoutMs === undefined ? {} : { ackTimeoutMs });
  endings.push(() => workspace.close());
  const { folder, pepper } = prepareFolder(options.data, endings);
  const app = await startAppFrom(settingsFor(workspace, folder, pepper), options.log);
  endings.push(() => app.stop());
  const demo = await startDemoApi(`http://127.0.0.1:${app.port}/verify`);
  endings.push(() => demo.close());
  const { port } = options;
  const page = await startPageServer({
    workspace,
    assets: await building,
    demoUrl: demo.url,
    roles: ROLES,
    port,
  });
  endings.push(() => page.close());
  await Promise.race([workspace.waitForSockets(1), app.ended]);
  return { workspace, link: page.link, port: page.port, demoUrl: demo.url, ended: app.ended };
}

/** The database's folder and the pepper that goes with it; without `data` both are gone at the end. */
function prepareFolder(
  data: string | undefined,
  endings: (() => unknown)[],
): { folder: string; pepper: string } {
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

/** As a real workspace's app is set up; only warnings are logged. */
function settingsFor(workspace: Workspace, folder: string, pepper: string): Record<string, string> {
  const { people, groups } = workspace.ids;
  return {
    SLACK_BOT_TOKEN: workspace.botToken,
    SLACK_APP_TOKEN: workspace.appToken,
    SLACK_API_URL: workspace.apiUrl,
    DATABASE_URL: `file:${join(folder, 'apitoken.db')}`,
    TOKEN_PEPPER: pepper,
    MANAGERS: people.carol ?? '',
    ONCALL: groups.oncall ?? '',
    HTTP_PORT: '0',
    LOG_LEVEL: 'warn',
  };
}
