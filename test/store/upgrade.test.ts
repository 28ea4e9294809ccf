import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { createChainCheck, eventsAfter, parseHead } from '../../src/tokens/audit.ts';
import { type Peppers, pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { lostRows, makeEarlier, migrationCount, type Rows, rowsIn } from './fixtures/earlier.ts';
import {
  aKeptVersion,
  answersOf,
  type KeptVersion,
  keptVersions,
  peppersOf,
} from './fixtures/kept-version.ts';
import { aFolder } from './fixtures/temp-store.ts';

/**
 * What every later version owes to the databases of earlier ones. `test/store/versions/` holds one of each release that people may
 * still run, written by that release itself and never changed since: a version that does not bring each of them to its own schema
 * with the same answers must not be released. `fixtures/make-version.ts` makes the next one.
 */

/** Tables that a migration fills from others. */
const FILLED_BY_MIGRATIONS = ['notices', 'owners'];

test.for(keptVersions())(
  'a database of %s answers each value as it did, and keeps every row',
  async (name) => {
    const kept = aKeptVersion(name);
    const before = rowsIn(kept.path);

    const store = await opened(kept.path, peppersOf(kept), kept.at);

    expect(await answersOf(kept, store, peppersOf(kept))).toEqual(kept.answers);
    expect(store.endedAgain).toEqual({ tokens: 0, values: 0, expired: 0 });
    await expectChain(store, kept);
    await store.close();
    expectKept(before, rowsIn(kept.path));
    expectWhole(kept.path);
  },
);

test.for(keptVersions())('a database of %s answers the same once its peppers are lost', async (name) => {
  const kept = aKeptVersion(name);
  const peppers = peppersFrom(pepperFrom('a pepper that is neither of the two'));

  const store = await opened(kept.path, peppers, kept.at);

  expect(await answersOf(kept, store, peppers)).toEqual(kept.answers);
});

test.for(keptVersions())(
  'what was revoked in a database of %s is so without its revoked.log, too',
  async (name) => {
    const kept = aKeptVersion(name);
    const path = join(aFolder(), 'apitoken.db');
    const sqlite = new Database(kept.path);
    await sqlite.backup(path);
    sqlite.close();

    const store = await opened(path, peppersOf(kept), kept.at);

    const revoked = kept.answers.filter(({ answer }) => answer.why === 'revoked');
    expect(revoked.length).toBeGreaterThan(4);
    expect(await answersOf({ ...kept, answers: revoked }, store, peppersOf(kept))).toEqual(revoked);
  },
);

/** The first one that was kept came after ten migrations: before that there was no release, but there were databases. */
test.for(Array.from({ length: 9 }, (_, number) => number + 1))(
  'a database of the first %i migrations gets the others, with the same answers and every row',
  async (count) => {
    const [first = ''] = keptVersions();
    const kept = aKeptVersion(first);
    const path = join(aFolder(), 'apitoken.db');
    makeEarlier(path, count, rowsIn(kept.path));
    const before = rowsIn(path);
    expect([...before.values()].flat().length).toBeGreaterThan(150);

    const store = await opened(path, peppersOf(kept), kept.at);

    expect(await answersOf(kept, store, peppersOf(kept))).toEqual(kept.answers);
    await expectChain(store, kept);
    await store.close();
    expectKept(before, rowsIn(path));
    expectWhole(path);
  },
);

async function opened(path: string, peppers: Peppers, at: number): Promise<Store> {
  const store = await openStore({
    url: `file:${path}`,
    pepper: peppers.current,
    peppers,
    use: 'app',
    clock: () => at,
  });
  onTestFinished(() => store.close());
  return store;
}

/** All of it verifies, up to where it ended before. */
async function expectChain(store: Store, kept: KeptVersion): Promise<void> {
  const check = createChainCheck(peppersOf(kept), { known: parseHead(kept.head) });
  for await (const event of eventsAfter(0, store)) if (!check.add(event)) break;
  const { flaw, unprovable, events } = check.report();
  expect({ flaw, unprovable, events }).toEqual({
    flaw: undefined,
    unprovable: 0,
    // One event more: the values that were there were sealed.
    events: Number(kept.head.split(':')[0]) + 1,
  });
}

function expectKept(before: Rows, after: Rows): void {
  expect(lostRows(before, after)).toEqual([]);
  for (const [table, rows] of before) {
    // How far `revoked.log` was read is noted anew.
    if (table === 'settings') continue;
    // And one event of the seals.
    const added = table === 'audit_events' ? 1 : 0;
    expect(after.get(table), table).toHaveLength(added + rows.length);
  }
  for (const table of after.keys()) {
    const isNew = !before.has(table) && !FILLED_BY_MIGRATIONS.includes(table);
    if (isNew) expect(after.get(table), table).toEqual([]);
  }
}

function expectWhole(path: string): void {
  const sqlite = new Database(path, { readonly: true });
  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(sqlite.pragma('foreign_key_check')).toEqual([]);
  expect(sqlite.prepare('select count(*) from migrations').pluck().get()).toBe(migrationCount());
  sqlite.close();
}
