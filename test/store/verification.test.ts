import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { sqliteTest } from './fixtures/engines.ts';
import { aStore } from './fixtures/temp-store.ts';
import { aShownValue, aStoredToken, NOW } from './fixtures/tokens.ts';

const REVOKE = 'update secrets set hash = null, digest = null, seal = null where lookup_id = ?';

async function lookupIdsIn(store: Store, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let each = 0; each < count; each++) {
    const token = await aStoredToken(store, { expiresAt: NOW + DAY_MS });
    ids.push((await aShownValue(store, token)).value.lookupId);
  }
  return ids;
}

function readAll(store: Store, ids: readonly string[]) {
  return Promise.all(ids.map((id) => store.readSecret(id)));
}

test('reads of one turn each get what they asked for', async () => {
  const { store } = await aStore();
  const [first = '', second = '', third = ''] = await lookupIdsIn(store, 3);

  const read = await readAll(store, [first, '000000000000', second, first, '', third]);

  expect(read.map((secret) => secret?.lookupId)).toEqual([first, undefined, second, first, undefined, third]);
});

test('a read sees what was committed before it, by whatever process, also beside one that waits already', async () => {
  const { store, raw } = await aStore();
  const [first = '', second = ''] = await lookupIdsIn(store, 2);
  const revoke = raw.prepare(REVOKE);

  const waiting = store.readSecret(first);
  revoke.run(second);
  const later = await Promise.all([store.readSecret(second), waiting]);

  expect(later.map((secret) => secret?.digest === null)).toEqual([true, false]);
});

test.for([1, 2, 50])('after %i reads of one turn a connection shows the present', async (count) => {
  const { store, raw } = await aStore();
  const [one = '', ...others] = await lookupIdsIn(store, count);

  expect((await readAll(store, [one, ...others])).every((secret) => secret?.digest)).toBe(true);
  raw.prepare(REVOKE).run(one);

  expect((await store.readSecret(one))?.digest).toBeNull();
  expect((await readAll(store, [one, ...others])).map((secret) => secret?.digest === null)).toEqual([
    true,
    ...others.map(() => false),
  ]);
});

test('a row that cannot be read fails its own read alone', async () => {
  const { store, raw } = await aStore();
  const [first = '', broken = '', third = ''] = await lookupIdsIn(store, 3);
  raw.prepare("update secrets set scopes = '[' where lookup_id = ?").run(broken);

  const outcomes = await Promise.allSettled([first, broken, third].map((id) => store.readSecret(id)));

  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: { name: 'StoreFault' } });
  raw.prepare(REVOKE).run(first);
  expect((await readAll(store, [first, third])).map((secret) => secret?.digest === null)).toEqual([
    true,
    false,
  ]);
});

test('a digest without bytes is none that a revocation left', async () => {
  const { store, raw } = await aStore();
  const [id = ''] = await lookupIdsIn(store, 1);
  const none = Buffer.alloc(0);
  raw.prepare('update secrets set digest = ?, seal = ? where lookup_id = ?').run(none, none, id);

  expect(await store.readSecret(id)).toMatchObject({ digest: Buffer.alloc(0), seal: Buffer.alloc(0) });
});

test.for([1, 2])('%i reads that wait while the store closes are told so', async (count) => {
  const { store } = await aStore();
  const ids = await lookupIdsIn(store, count);
  await store.close();

  const outcomes = await Promise.allSettled(ids.map((id) => store.readSecret(id)));

  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'closed' } });
});

sqliteTest('where a transaction does not end, nothing is read any more: it would show the past', async () => {
  const { prepare } = Database.prototype;
  const commits: Database.Statement[] = [];
  const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (
    this: Database.Database,
    sql: string,
  ) {
    const statement = prepare.call(this, sql);
    if (sql === 'COMMIT' && this.pragma('query_only', { simple: true }) === 1) commits.push(statement);
    return statement;
  });
  onTestFinished(() => spy.mockRestore());
  const { store } = await aStore();
  const ids = await lookupIdsIn(store, 2);
  for (const commit of commits) {
    vi.spyOn(commit, 'run').mockImplementation(() => {
      throw new Error('stuck');
    });
  }

  expect((await readAll(store, ids)).map((secret) => secret?.lookupId)).toEqual(ids);

  expect(commits.length).toBeGreaterThan(0);
  await expect(store.readSecret(ids[0] ?? '')).rejects.toMatchObject({ code: 'closed' });
  expect(await store.isReadable()).toBe(false);
});
