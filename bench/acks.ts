import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from '../sandbox/workspace/workspace.ts';
import { once } from './goal.ts';
import type { Findings } from './report.ts';
import type { Workbench } from './workbench.ts';

const VALUES = 20;
const COMMANDS = 50;
const WAIT_MS_MAX = 20_000;
const POLL_MS = 20;
const ACK_MS_MAX = 2500;
const LOOP_DELAY_MS_MAX = 50;

/**
 * How long people wait while values are being made: 20 dialogs are submitted at once, and while their bcrypt hashes are
 * computed 50 commands are typed. Slack gives an app 3 s.
 */
export async function measureAcks(bench: Workbench): Promise<Findings> {
  const { workspace } = bench;
  const service = await bench.startService(`${bench.folder}/acks.db`, [
    `${import.meta.dirname}/loop-delay.cjs`,
  ]);
  const before = shown(workspace);
  await workspace.waitForSockets(1);
  service.child.kill('SIGUSR2');
  await submitAndType(workspace);
  await waitUntil(() => shown(workspace) - before === VALUES);
  await service.stop();

  return {
    rows: [],
    facts: { loopDelayMs: loopDelayIn(service.output()) },
    goals: [
      {
        what: 'main-loop delay while bcrypt works',
        atMost: LOOP_DELAY_MS_MAX,
        unit: 'ms',
        actual: once(loopDelayIn(service.output()).max),
      },
      ...(['slash_commands', 'interactive'] as const).map((type) => ({
        what: `longest ack of ${type}`,
        atMost: ACK_MS_MAX,
        unit: 'ms',
        actual: once(longestAckMs(workspace, type)),
      })),
    ],
  };
}

async function submitAndType(workspace: Workspace): Promise<void> {
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
}

/** `loop-delay.cjs` writes its line when the process ends. */
function loopDelayIn(output: string): { max: number; p99: number } {
  const line = /^\{"loopDelayMs":.*\}$/m.exec(output)?.[0];
  if (line === undefined) throw new Error('the service did not tell its loop delay');
  return JSON.parse(line).loopDelayMs;
}

function longestAckMs(workspace: Workspace, wanted: 'slash_commands' | 'interactive'): number {
  const acks = workspace.traffic.flatMap((entry) =>
    entry.kind === 'delivery' && entry.type === wanted
      ? [entry.timedOut ? Number.POSITIVE_INFINITY : (entry.ackMs ?? 0)]
      : [],
  );
  return Math.max(...acks);
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
