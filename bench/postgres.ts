import { setTimeout as sleep } from 'node:timers/promises';
import { copyDatabase } from '../src/store/recovery/between.ts';
import { peppersFrom } from '../src/tokens/pepper.ts';
import { holdContest, type Pace } from './contest.ts';
import { once } from './goal.ts';
import { isAllowed, writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { isRevokedAt, liveValues, PEPPER, PEPPER_TEXT, valueAt } from './values.ts';
import { failOnFault } from './verify.ts';
import type { Server, Workbench } from './workbench.ts';

const TOKENS = 100_000;
const VALUES = 10_000;
const TO_RAW_MIN = 2;
const TO_RAW_ALONE_MIN = 0.8;
const TO_SQLITE_MIN = 0.5;
const COPY_S_MAX = 60;
const PRESSED_MS_MAX = 30;
const POLL_MS = 1;
const DEAD_MS_MAX = 20_000;
const PRESSES = 30;

/** Verification over PostgreSQL beside one query a request, and beside SQLite; a revocation by one process, seen by another. */
export async function measurePostgres(bench: Workbench, pace: Pace): Promise<Findings> {
  const url = await bench.startPostgres();
  const seeded = await bench.databaseOf(TOKENS);
  const copyS = await copySeconds(seeded, url);
  const file = writeValues(bench, 'good', liveValues(TOKENS, VALUES));
  const good = { file, expects: 'all allowed' } as const;
  const service = await bench.startService(url, [], { ADMINS: 'U0ALICE0001' });
  const other = await bench.startVerifier(url, 0);
  const raw = await bench.startReference('pg-reference.ts', [url, PEPPER_TEXT]);
  // No app: Slack would deliver to either.
  const onSqlite = await bench.startVerifier(seeded, 0);
  const contenders = [
    { name: 'verify, PostgreSQL', server: other, ...good },
    { name: 'verify, SQLite', server: onSqlite, ...good },
    { name: 'one query of pg a request', server: raw, ...good },
  ];
  const crowd = await holdContest(bench, contenders, {
    pace,
    counting: [['verify, PostgreSQL', 'one query of pg a request']],
  });
  const alone = await holdContest(
    bench,
    contenders.map((each) => ({ ...each, name: `${each.name}, 1 connection`, connections: 1 })),
    { pace, counting: [] },
  );
  const pressed = await pressedMs(bench, other, pace.rounds > 3 ? PRESSES : PRESSES / 3);
  for (const server of [service, other, onSqlite]) failOnFault(server);
  for (const server of [service, other, raw, onSqlite]) await server.stop();
  return {
    rows: [...crowd.rows, ...alone.rows],
    goals: [
      {
        what: '/verify on PostgreSQL / one query of pg a request, 32 connections',
        atLeast: TO_RAW_MIN,
        actual: crowd.ratio(['verify, PostgreSQL', 'one query of pg a request']),
      },
      {
        what: '/verify on PostgreSQL / on SQLite, 32 connections',
        atLeast: TO_SQLITE_MIN,
        actual: crowd.ratio(['verify, PostgreSQL', 'verify, SQLite']),
      },
      {
        what: '/verify on PostgreSQL / one query of pg a request, 1 connection',
        atLeast: TO_RAW_ALONE_MIN,
        actual: alone.ratio(['verify, PostgreSQL, 1 connection', 'one query of pg a request, 1 connection']),
      },
      {
        what: 'revoke pressed at one process → 401 at another, median',
        atMost: PRESSED_MS_MAX,
        unit: 'ms',
        actual: once(rangeOf(pressed).median),
      },
      { what: 'copy of 100,000 tokens into PostgreSQL', atMost: COPY_S_MAX, unit: 's', actual: once(copyS) },
    ],
  };
}

async function copySeconds(path: string, to: string): Promise<number> {
  const before = performance.now();
  await copyDatabase({
    from: `file:${path}`,
    to,
    peppers: peppersFrom(PEPPER),
    clock: () => Date.now(),
    onProgress: () => undefined,
  });
  return (performance.now() - before) / 1000;
}

/** From the press of *Revoke* in a dialog of the app to the first refusal by a verifier, each time of another token. */
async function pressedMs({ workspace }: Workbench, verifier: Server, count: number): Promise<number[]> {
  const alice = workspace.person('alice');
  const live = Array.from({ length: TOKENS }, (_, index) => TOKENS - 1 - index).filter(
    (index) => !isRevokedAt(index),
  );
  const took: number[] = [];
  for (const index of live.slice(0, count)) {
    await alice.types('#general', `/apitoken revoke bench-${index}`);
    const typedAt = performance.now();
    while (alice.modal() === undefined) {
      if (performance.now() - typedAt > DEAD_MS_MAX) throw new Error('no dialog opened within 20 s');
      await sleep(POLL_MS);
    }
    await alice.fills({ Reason: 'measured' });
    const pressedAt = performance.now();
    const submitted = alice.submits();
    while (await isAllowed(valueAt(index), verifier.port)) {
      if (performance.now() - pressedAt > DEAD_MS_MAX) throw new Error('a revoked value lived for 20 s');
      await sleep(POLL_MS);
    }
    took.push(performance.now() - pressedAt);
    await submitted;
    await alice.closes();
  }
  return took;
}
