import Database from 'better-sqlite3';
import { systemClock } from '../src/clock.ts';
import { openStore } from '../src/store/store.ts';
import { peppersFrom } from '../src/tokens/pepper.ts';
import { TokenValue } from '../src/tokens/token-value.ts';
import { verifyToken } from '../src/tokens/verify.ts';
import type { Findings } from './report.ts';
import { rangeOf, turnsOf } from './rounds.ts';
import { liveValues, PEPPER } from './values.ts';
import type { Workbench } from './workbench.ts';

const TOKENS = 100_000;
const VALUES = 10_000;
const ROUNDS = 5;
const US_PER_MS = 1000;
const TO_BARE_JOIN_MAX = 0.6;
/** So near to the cast form the bare one is as good: then SQLite plans it once, and our casts may go. */
const BARE_IS_FAST_MAX = 1.3;

type Step = { readonly name: string; readonly run: (value: string) => unknown };

function fail(): never {
  throw new Error('all digests of the bench are under one pepper');
}

/** What a verification is made of, without HTTP, in microseconds. */
export async function measureMicro(bench: Workbench): Promise<Findings> {
  const path = await bench.databaseOf(TOKENS);
  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  const sqlite = new Database(path, { readonly: true });
  sqlite.pragma('cache_size = -65536');
  try {
    const values = liveValues(TOKENS, VALUES);
    const bare = joinQuery(sqlite, '?');
    const cast = joinQuery(sqlite, 'cast(? as text)');
    const deps = {
      store,
      clock: systemClock,
      peppers: peppersFrom(PEPPER),
      redigests: { note: fail },
      checkHash: fail,
    };
    const times = await timesOf(values, [
      { name: 'shape and check digits', run: (value) => TokenValue.parse(value) },
      { name: 'digest', run: (value) => parsed(value).digest(PEPPER.key) },
      { name: 'verify query', run: (value) => store.readSecret(parsed(value).lookupId) },
      { name: 'whole decision', run: (value) => verifyToken(value, deps) },
      { name: 'join, bare parameter', run: (value) => bare.get(parsed(value).lookupId) },
      { name: 'join, cast parameter', run: (value) => cast.get(parsed(value).lookupId) },
    ]);
    return { rows: [], facts: { microseconds: Object.fromEntries(times) }, goals: [queryGoal(times)] };
  } finally {
    sqlite.close();
    await store.close();
  }
}

function parsed(value: string): TokenValue {
  const parsed = TokenValue.parse(value);
  if (parsed === undefined) throw new Error('a value for measuring is not one of the app');
  return parsed;
}

function joinQuery(sqlite: Database.Database, parameter: string) {
  return sqlite.prepare<[string]>(
    `select secrets.*, tokens.revoked_at from secrets join tokens on tokens.id = secrets.token_id where secrets.lookup_id = ${parameter}`,
  );
}

async function timesOf(values: readonly string[], steps: readonly Step[]) {
  const times = new Map<string, number[]>(steps.map(({ name }) => [name, []]));
  // The first round is for warming up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, run } of turnsOf(round, steps)) {
      const startedAt = performance.now();
      for (const value of values) await run(value);
      const us = ((performance.now() - startedAt) * US_PER_MS) / values.length;
      if (round > 0) times.get(name)?.push(us);
    }
  }
  return new Map([...times].map(([name, each]) => [name, rangeOf(each).median]));
}

function queryGoal(times: ReadonlyMap<string, number>) {
  const at = (name: string) => times.get(name) ?? Number.NaN;
  const ratio = at('verify query') / at('join, bare parameter');
  const bareToCast = at('join, bare parameter') / at('join, cast parameter');
  const actual = { median: ratio, min: ratio, max: ratio };
  if (bareToCast > BARE_IS_FAST_MAX) {
    return { what: 'verify query / join with a bare parameter', atMost: TO_BARE_JOIN_MAX, actual };
  }
  return {
    what: 'join with a bare parameter / with a cast one: SQLite plans it once now, the casts may go',
    atMost: BARE_IS_FAST_MAX,
    actual: { median: bareToCast, min: bareToCast, max: bareToCast },
  };
}
