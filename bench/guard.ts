import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../sandbox/workspace/state.ts';
import type { Workspace } from '../sandbox/workspace/workspace.ts';
import { type GuardDeps, onOverheard } from '../src/slack/guard/guard.ts';
import { createTurns } from '../src/slack/turns.ts';
import type { Pace } from './contest.ts';
import { once } from './goal.ts';
import { isAllowed, present, writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { liveValues } from './values.ts';
import { failOnFault } from './verify.ts';
import type { Server, Workbench } from './workbench.ts';

const TOKENS = 1000;
const US_MAX = 50;
const MESSAGES_PER_ROUND = 20_000;
const PER_SECOND = 1000;
const BATCH_MS = 10;
const TO_USUAL_MAX = 1.2;
const FLOOD_MS = 2000;
const LEAKS = 100;
const MEDIAN_MS_MAX = 300;
const P99_MS_MAX = 2000;
const DEAD_MS_MAX = 20_000;
const POLL_MS = 2;

const CHANNEL = 'C0GENERAL01';
/** What people write: some sentences, an address, an id, and the same once more in blocks. */
const CHATTER =
  'The deploy of billing_service is done, please look at https://ci.example.com/jobs/1234/builds/99?x=1 and tell me whether the ' +
  'error rate went down since then. The commit is 4f1c9aa0d1e2b3c4d5e6f708192a3b4c5d6e7f80; thanks a lot, see you at three!';

/**
 * What the leak guard costs: a message in which nothing looks like a value, in microseconds of the processor; `/verify` while 1,000
 * of them come each second; and how soon a value that is posted is refused, with LEAK_GUARD=revoke.
 */
export async function measureGuard(bench: Workbench, pace: Pace): Promise<Findings> {
  const us = await microsecondsOf(pace.rounds);
  const { workspace } = bench;
  const service = await bench.startService(await bench.databaseOf(TOKENS), [], { LEAK_GUARD: 'revoke' });
  await workspace.waitForSockets(1);
  const values = liveValues(TOKENS, TOKENS);
  const file = writeValues(bench, 'guarded', values.slice(LEAKS));
  const asked = { port: service.port, file, seconds: pace.seconds, expects: 'all allowed' } as const;
  await present(bench, { ...asked, seconds: pace.warmUpSeconds });

  const ratios: number[] = [];
  let heard = 0;
  for (let round = 0; round < pace.rounds; round++) {
    const usual = await present(bench, asked);
    const flood = floodOf(workspace);
    const beside = await present(bench, asked).finally(flood.end);
    heard += (await flood.ended) / pace.seconds;
    ratios.push(beside.p99Ms / usual.p99Ms);
  }
  const serverUs = await serverUsOf(service, workspace);
  const lived = await livesOf(values.slice(0, LEAKS), workspace, service.port);
  failOnFault(service);
  await service.stop();
  const p99 = lived.toSorted((a, b) => a - b)[Math.ceil(lived.length * 0.99) - 1] ?? Number.NaN;
  return {
    rows: [],
    facts: {
      'messages a second that were acknowledged': heard / pace.rounds,
      'server µs a message, acknowledgement and all': serverUs,
    },
    goals: [
      { what: 'a message without a value', atMost: US_MAX, unit: 'µs', actual: rangeOf(us) },
      {
        what: `p99 of /verify beside ${PER_SECOND} messages a second / usual`,
        atMost: TO_USUAL_MAX,
        actual: rangeOf(ratios),
      },
      {
        what: 'posted → 401, median',
        atMost: MEDIAN_MS_MAX,
        unit: 'ms',
        actual: once(rangeOf(lived).median),
      },
      { what: 'posted → 401, p99', atMost: P99_MS_MAX, unit: 'ms', actual: once(p99) },
    ],
  };
}

/** By the processor's time: others use the machine, too. */
async function microsecondsOf(rounds: number): Promise<number[]> {
  const deps = unasking({
    guard: { policy: 'revoke', channel: undefined },
    identity: { botId: 'B0BENCH0001', botUserId: 'U0BENCH0001' },
    takeLeakTurn: createTurns(),
  });
  const us: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage();
    for (let index = 0; index < MESSAGES_PER_ROUND; index++) await onOverheard(messageAt(index), deps);
    const { user, system } = process.cpuUsage(before);
    // The first round is for warming up.
    if (round > 0) us.push((user + system) / MESSAGES_PER_ROUND);
  }
  return us;
}

/** Whatever else it would ask for, the database above all, it is not to ask for. */
function unasking(given: Pick<GuardDeps, 'guard' | 'identity' | 'takeLeakTurn'>): GuardDeps {
  const asked = new Proxy(given, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key);
      throw new Error(`a message without a value asks for ${String(key)}`);
    },
  });
  // A proxy has every property, and throws.
  return asked as GuardDeps;
}

function messageAt(index: number): Json {
  const text = `${CHATTER} (${index})`;
  const ts = `${1_700_000_000 + index}.000100`;
  return {
    type: 'event_callback',
    team_id: 'T0SANDBOX01',
    event_id: `Ev0BENCH${index}`,
    event: {
      client_msg_id: `bench-${index}`,
      type: 'message',
      user: 'U0ALICE0001',
      ts,
      text,
      team: 'T0SANDBOX01',
      blocks: [
        {
          type: 'rich_text',
          block_id: 'typed',
          elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
        },
      ],
      channel: CHANNEL,
      event_ts: ts,
      channel_type: 'channel',
    },
  };
}

/** Messages without a value, so many a second; `ended` is how many were acknowledged. */
function floodOf(workspace: Workspace) {
  const ending = new AbortController();
  let next = 0;
  let acked = 0;

  async function flood(): Promise<number> {
    const startedAt = performance.now();
    const waiting: Promise<void>[] = [];
    while (!ending.signal.aborted) {
      const due = ((performance.now() - startedAt) * PER_SECOND) / 1000;
      for (; next < due; next++) {
        const sent = workspace.delivers({ type: 'events_api', payload: messageAt(next) });
        waiting.push(
          sent.then((outcome) => {
            if (outcome.acked) acked += 1;
          }),
        );
      }
      await sleep(BATCH_MS);
    }
    await Promise.all(waiting);
    return acked;
  }

  return { ended: flood(), end: () => ending.abort() };
}

/** What the process spends on one, while nobody verifies. */
async function serverUsOf(service: Server, workspace: Workspace): Promise<number> {
  const before = service.cpuMs();
  const flood = floodOf(workspace);
  await sleep(FLOOD_MS);
  flood.end();
  const heard = await flood.ended;
  return ((service.cpuMs() - before) * 1000) / heard;
}

/** How long each value lived after it was posted, one after the other, in milliseconds. */
async function livesOf(values: readonly string[], workspace: Workspace, port: number): Promise<number[]> {
  const lives: number[] = [];
  for (const value of values) {
    const postedAt = performance.now();
    workspace.post('#general', 'alice', { text: `${CHATTER} ${value}` });
    while (await isAllowed(value, port)) {
      if (performance.now() - postedAt > DEAD_MS_MAX)
        throw new Error('a value that was posted lived for 20 s');
      await sleep(POLL_MS);
    }
    lives.push(performance.now() - postedAt);
  }
  return lives;
}
