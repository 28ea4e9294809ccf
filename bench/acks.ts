/**
 * How long people wait while values are being made: 20 dialogs are submitted at once, and while their bcrypt hashes are
 * computed 50 commands are typed. The app is a process of its own; the workspace runs in this one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorkspace, type Workspace } from '../sandbox/workspace/workspace.ts';

const VALUES = 20;
const COMMANDS = 50;
const WAIT_MS_MAX = 20_000;
const POLL_MS = 20;
const ROOT = resolve(import.meta.dirname, '..');

const folder = mkdtempSync(join(tmpdir(), 'apitoken-bench-'));
const workspace = await startWorkspace();
const app = startApp(workspace);
try {
  await workspace.waitForSockets(2);
  app.child.kill('SIGUSR2');
  await measure(workspace);
} finally {
  app.child.kill('SIGTERM');
  await app.ended;
  await workspace.close();
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${app.lastLine()}\n`);

function startApp({ botToken, appToken, apiUrl }: Workspace) {
  const env = {
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_API_URL: apiUrl,
    DATABASE_URL: `file:${folder}/apitoken.db`,
    TOKEN_PEPPER: 'a pepper for measuring that nobody uses elsewhere',
    HTTP_PORT: '0',
  };
  const child = spawn(
    process.execPath,
    ['--require', `${ROOT}/bench/loop-delay.cjs`, `${ROOT}/src/main.ts`],
    {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise((done) => child.on('close', done));
  return { child, ended, lastLine: () => errors.trim().split('\n').at(-1) };
}

async function measure(workspace: Workspace): Promise<void> {
  const alice = workspace.person('alice');
  const submissions = Array.from({ length: VALUES }, (_, index) =>
    alice.forges({
      type: 'view_submission',
      id: `V0BENCH${index}`,
      callback_id: 'create_dialog',
      private_metadata: '',
      state: {
        name: { name: { type: 'plain_text_input', value: `bench-${index}` } },
        lifetime: { lifetime: { type: 'static_select', selected_option: { value: '30' } } },
      },
    }),
  );
  const typed = Array.from({ length: COMMANDS }, () =>
    workspace.person('bob').types('#general', '/apitoken list'),
  );
  await Promise.all([...submissions, ...typed]);
  await waitUntil(() => shown(workspace) === VALUES);

  for (const type of ['slash_commands', 'interactive']) {
    const acks = workspace.traffic.flatMap((entry) =>
      entry.kind === 'delivery' && entry.type === type
        ? [entry.timedOut ? Number.POSITIVE_INFINITY : (entry.ackMs ?? 0)]
        : [],
    );
    process.stdout.write(
      `${JSON.stringify({ acked: type, count: acks.length, longestMs: Math.max(...acks) })}\n`,
    );
  }
}

function shown(workspace: Workspace): number {
  return workspace.traffic.filter((entry) => 'method' in entry && entry.method === 'chat.postEphemeral')
    .length;
}

async function waitUntil(isDone: () => boolean): Promise<void> {
  for (let waited = 0; !isDone(); waited += POLL_MS) {
    if (waited > WAIT_MS_MAX) throw new Error('the values were not all shown within 20 s');
    await sleep(POLL_MS);
  }
}
