import { randomInt } from 'node:crypto';
import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Store } from '../../src/store/store.ts';
import {
  ATTENTIONS,
  attentionOf,
  byAttention,
  isListed,
  STATUS_FILTERS,
  type StatusFilter,
} from '../../src/tokens/attention.ts';
import type { PersonId, UsedToken } from '../../src/tokens/token.ts';
import { aStore } from './fixtures/temp-store.ts';
import { ANN, aShownValue, aStoredToken, aToken, aUse, BOB, NOW, WORKSPACE } from './fixtures/tokens.ts';

const TOKENS = 600;
const GONE = 'U0GONE' as PersonId;
/** Bob is gone too, from a workspace that is not ours. */
const OWNERS = [ANN, ANN, ANN, BOB, GONE];

/** A generator of numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tokens of all kinds, many of them at the very edge between two. */
function fill(raw: Database.Database, seed: number): void {
  const random = randomFrom(seed);
  const oneOf = (...numbers: readonly number[]) => numbers[Math.floor(random() * numbers.length)] ?? 0;
  const near = (...days: readonly number[]) =>
    NOW + oneOf(...days) * DAY_MS + oneOf(-1, 0, 1, Math.floor(random() * 40 * DAY_MS));
  const maybe = (chance: number, value: () => number) => (random() < chance ? value() : null);
  const insert = raw.prepare(
    'insert into tokens (id, workspace, name, name_key, owner, created_by, scopes, created_at, expires_at, generation, claimed_at, revoked_at, quiet_since) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)',
  );
  const insertUsage = raw.prepare("insert into token_usage values (?, ?, 1, 1, ?, '[]')");
  const insertTries = raw.prepare('insert into revoked_tries values (?, 1, ?, ?, ?)');
  const insertOwner = raw.prepare(
    'insert into owners (workspace, person, look_up_at, gone_at) values (?, ?, 0, ?)',
  );
  insertOwner.run(WORKSPACE, ANN, null);
  insertOwner.run('T2', BOB, NOW);
  insertOwner.run(WORKSPACE, GONE, NOW);
  for (let number = 0; number < TOKENS; number++) {
    const { id } = aToken();
    const createdAt = near(-90, -200, -7);
    const expiresAt = maybe(0.8, () => near(0, 14, -7, -30, 60));
    const lastUsedAt = maybe(0.6, () => near(-90, -1));
    const behind = lastUsedAt === null ? 0 : Math.floor(random() * DAY_MS);
    const owner = OWNERS[Math.floor(random() * OWNERS.length)] ?? ANN;
    const revokedAt = maybe(0.2, () => near(-3));
    insert.run(
      ...[id, WORKSPACE, id, id, owner, owner, '[]', createdAt, expiresAt],
      ...[maybe(0.8, () => createdAt), revokedAt, (lastUsedAt ?? createdAt) - behind],
    );
    if (revokedAt !== null && random() < 0.5) {
      const stoppedAt = maybe(0.5, () => near(-7));
      insertTries.run(id, near(-7), stoppedAt, stoppedAt && owner);
    }
    const lastRefusedAt = maybe(0.5, () => near(-7));
    if (lastUsedAt !== null || lastRefusedAt !== null) insertUsage.run(id, lastUsedAt, lastRefusedAt);
  }
}

async function everyToken(store: Store, owner: PersonId | null = null): Promise<UsedToken[]> {
  const found: UsedToken[] = [];
  for (;;) {
    const page = await store.tokensAfter(WORKSPACE, { owner, after: found.at(-1)?.id ?? null });
    found.push(...page);
    if (page.length < 200) return found;
  }
}

async function listed(store: Store, filter: StatusFilter, owner: PersonId | null): Promise<UsedToken[]> {
  const found: UsedToken[] = [];
  for (let page = 1; ; page++) {
    const request = { filter, owner, page, pageSize: 40, now: NOW };
    const { tokens, pageCount } = await store.listByAttention(WORKSPACE, request);
    found.push(...tokens);
    if (page >= pageCount) return found;
  }
}

test('the lists of the database are those of the domain, whatever the tokens are', async () => {
  const seed = randomInt(2 ** 31);
  const { store, raw } = await aStore();
  fill(raw, seed);
  const all = await everyToken(store);

  expect(all, `seed ${seed}`).toHaveLength(TOKENS);
  for (const owner of [null, BOB, GONE]) {
    expect(await everyToken(store, owner)).toEqual(
      all.filter((token) => owner === null || token.owner === owner),
    );
    for (const filter of STATUS_FILTERS) {
      const wanted = all.filter(
        (token) => isListed(token, filter, NOW) && (owner === null || token.owner === owner),
      );
      const expected = byAttention(wanted, NOW);
      const found = await listed(store, filter, owner);
      const what = `seed ${seed}, ${filter} of ${owner ?? 'all'}`;

      expect(
        found.map((token) => attentionOf(token, NOW)),
        what,
      ).toEqual(expected.map((token) => attentionOf(token, NOW)));
      expect(orderOf(found), what).toEqual(orderOf(expected));
    }
  }
  const counts = ATTENTIONS.map((one) => [
    one,
    all.filter((token) => attentionOf(token, NOW) === one).length,
  ]);
  expect(await store.countByAttention(WORKSPACE, NOW), `seed ${seed}`).toEqual(Object.fromEntries(counts));
  for (const attention of ATTENTIONS) {
    const first = await store.firstByAttention(WORKSPACE, { attention, limit: 10, now: NOW });
    const expected = byAttention(
      all.filter((token) => attentionOf(token, NOW) === attention),
      NOW,
    );
    expect(orderOf(first), `seed ${seed}, ${attention}`).toEqual(orderOf(expected.slice(0, first.length)));
    expect(first).toHaveLength(Math.min(10, expected.length));
  }
});

/** Their ids, but for the idle ones, whose order is to the day: a sorted list of those, so that none is missing. */
function orderOf(found: readonly UsedToken[]): (string | string[])[] {
  const idle = found.filter((token) => attentionOf(token, NOW) === 'idle');
  const days = idle.map((token) => (token.lastUsedAt ?? token.createdAt) / DAY_MS);
  for (const [index, day] of days.entries()) {
    expect(day).toBeGreaterThanOrEqual((days[index - 1] ?? 0) - 1);
  }
  const others = found.filter((token) => attentionOf(token, NOW) !== 'idle').map(({ id }) => String(id));
  // Of a list that was cut, which of the same day are in it is left open.
  return found.length === 10 ? others : [...others, idle.map(({ id }) => String(id)).sort()];
}

test('a use is noted in the token once a day, and makes it idle no longer at once', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  const later = NOW + 100 * DAY_MS;
  const idleAt = async (now: number) => (await store.countByAttention(WORKSPACE, now)).idle;
  const noted = raw.prepare('select quiet_since from tokens').pluck();
  const used = (lastUsedAt: number) => store.addUses([aUse(secret, { lastUsedAt, useCount: 1 })]);

  expect([await idleAt(later), noted.get()]).toEqual([1, NOW]);
  await used(NOW + DAY_MS - 1);
  expect(noted.get()).toBe(NOW);
  expect(await idleAt(NOW + DAY_MS - 1 + 90 * DAY_MS)).toBe(1);
  expect(await idleAt(NOW + DAY_MS - 2 + 90 * DAY_MS)).toBe(0);
  await used(later);
  expect([await idleAt(later), noted.get()]).toEqual([0, later]);
  await used(later + DAY_MS);
  expect(noted.get()).toBe(later + DAY_MS);
  await used(later);

  expect(noted.get()).toBe(later + DAY_MS);
});

test('nothing of another workspace is listed or counted', async () => {
  const { store } = await aStore();
  await aStoredToken(store, { workspace: 'T2' as typeof WORKSPACE, owner: ANN });
  const request = { filter: 'all', page: 1, pageSize: 40, now: NOW } as const;

  for (const owner of [null, ANN]) {
    expect(await store.listByAttention(WORKSPACE, { ...request, owner })).toMatchObject({
      total: 0,
      tokens: [],
    });
  }
  expect(Object.values(await store.countByAttention(WORKSPACE, NOW))).toEqual(ATTENTIONS.map(() => 0));
  expect(await store.tokensAfter(WORKSPACE, { owner: null, after: null })).toEqual([]);
});
