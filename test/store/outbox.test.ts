import type Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import type { Saying } from '../../src/tokens/telling.ts';
import type { PersonId } from '../../src/tokens/token.ts';
import { sqliteTest } from './fixtures/engines.ts';
import { aStore, PEPPER } from './fixtures/temp-store.ts';
import { ANN, anEffect, aToken, BOB, LIMITS, NOW } from './fixtures/tokens.ts';

const HOME: Saying = { kind: 'home', person: ANN };

async function say(store: Store, ...sayings: { saying: Saying; dueAt: number }[]): Promise<void> {
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id, { sayings }));
}

test('each kind of saying has a key of its own and comes back as it was asked for', async () => {
  const { store } = await aStore();
  const { id: tokenId } = aToken();
  const sayings: readonly (readonly [key: string, saying: Saying])[] = [
    [`receipt:${tokenId}`, { kind: 'receipt', tokenId }],
    [`home:${ANN}`, HOME],
    [`revoked_by_other:${tokenId}`, { kind: 'revoked_by_other', tokenId }],
    [`never_claimed:${tokenId}`, { kind: 'never_claimed', tokenId }],
    [`claimed:${tokenId}`, { kind: 'claimed', tokenId }],
    [`owner_left:${tokenId}`, { kind: 'owner_left', tokenId }],
    [`notice:reminder:${tokenId}`, { kind: 'notice', notice: 'reminder', tokenId }],
    [`notice:expires_tomorrow:${tokenId}`, { kind: 'notice', notice: 'expires_tomorrow', tokenId }],
  ];

  await say(store, ...sayings.map(([, saying], i) => ({ saying, dueAt: NOW + i })));

  expect(await store.takeDue(NOW + 9, 10)).toEqual(
    sayings.map(([key, saying]) => ({ key, version: 1, attempts: 0, saying })),
  );
});

test.for([
  ['one millisecond before it is due', NOW - 1, 0],
  ['at the very instant it is due', NOW, 1],
] as const)('a saying %s', async ([, now, count]) => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });

  expect(await store.takeDue(now, 10)).toHaveLength(count);
});

test('the longest due come first, and no more than were asked for', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW }, { saying: { kind: 'home', person: BOB }, dueAt: NOW - 1 });

  expect((await store.takeDue(NOW, 1)).map(({ key }) => key)).toEqual([`home:${BOB}`]);
});

test.for([
  ['earlier', -5, NOW - 5],
  ['later', 5, NOW],
] as const)(
  'a saying that is asked for again, %s, is one saying at the earlier time',
  async ([, delta, due]) => {
    const { store } = await aStore();
    await say(store, { saying: HOME, dueAt: NOW });
    await say(store, { saying: HOME, dueAt: NOW + delta });

    expect(await store.takeDue(due - 1, 10)).toEqual([]);
    expect(await store.takeDue(due, 10)).toMatchObject([{ version: 2 }]);
  },
);

test('what was said is dropped', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  const [due] = await store.takeDue(NOW, 10);
  if (due === undefined) throw new Error('nothing is due');

  await store.settle(due);

  expect(await store.takeDue(NOW, 10)).toEqual([]);
});

test('what was asked for again while it was being said is said again', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  const [due] = await store.takeDue(NOW, 10);
  if (due === undefined) throw new Error('nothing is due');
  await say(store, { saying: HOME, dueAt: NOW });

  await store.settle(due);
  await store.postpone(due, NOW + 1000);

  expect(await store.takeDue(NOW, 10)).toMatchObject([{ version: 2, attempts: 0 }]);
});

test('what could not be said is due later, with its attempts counted until it is asked for again', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  for (const attempts of [0, 1]) {
    const [due] = await store.takeDue(NOW + 10 * attempts, 10);
    if (due === undefined) throw new Error('nothing is due');
    expect(due.attempts).toBe(attempts);
    await store.postpone(due, NOW + 10 * (attempts + 1));
  }

  expect(await store.takeDue(NOW + 19, 10)).toEqual([]);
  expect(await store.takeDue(NOW + 20, 10)).toMatchObject([{ attempts: 2 }]);

  await say(store, { saying: HOME, dueAt: NOW + 30 });
  expect(await store.takeDue(NOW + 20, 10)).toMatchObject([{ version: 2, attempts: 0 }]);
});

test('what is to be said again later without having failed begins anew, and waits for nothing until then', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  const [first] = await store.takeDue(NOW, 10);
  if (first === undefined) throw new Error('nothing is due');
  await store.postpone(first, NOW + 10);

  await store.sayAgain(first, NOW + 20);

  expect(await store.takeDue(NOW + 19, 10)).toEqual([]);
  expect(await store.takeDue(NOW + 20, 10)).toMatchObject([{ version: 1, attempts: 0 }]);
  expect(await store.waitingSayings(NOW + 19)).toEqual({ count: 0, sinceAt: null });
  expect(await store.waitingSayings(NOW + 20)).toEqual({ count: 1, sinceAt: NOW + 20 });
});

test('what was asked for again while it was being said is not put off', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  const [due] = await store.takeDue(NOW, 10);
  if (due === undefined) throw new Error('nothing is due');
  await say(store, { saying: HOME, dueAt: NOW });

  await store.sayAgain(due, NOW + 1000);

  expect(await store.takeDue(NOW, 10)).toMatchObject([{ version: 2, attempts: 0 }]);
});

test('what Slack does not take waits since it was first due, however often it is tried', async () => {
  const { store } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW }, { saying: { kind: 'home', person: BOB }, dueAt: NOW + 5 });
  for (const at of [NOW, NOW + 1000]) {
    const [due] = await store.takeDue(at, 1);
    if (due === undefined) throw new Error('nothing is due');
    await store.postpone(due, at + 1000);
  }

  await say(store, { saying: HOME, dueAt: NOW + 50 });

  expect(await store.waitingSayings(NOW - 1)).toEqual({ count: 0, sinceAt: null });
  expect(await store.waitingSayings(NOW + 4)).toEqual({ count: 1, sinceAt: NOW });
  expect(await store.waitingSayings(NOW + 60)).toEqual({ count: 2, sinceAt: NOW });
});

describe('of two processes on one database', () => {
  test('one takes what is due, and the other gets nothing of it until it is told what became of that', async () => {
    const { one, other } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });

    const [due] = await one.takeDue(NOW, 10);

    expect(due).toMatchObject({ saying: HOME });
    expect(await other.takeDue(NOW, 10)).toEqual([]);
    if (due === undefined) throw new Error('nothing is due');
    await one.postpone(due, NOW + 1);
    expect(await other.takeDue(NOW + 1, 10)).toMatchObject([{ saying: HOME, attempts: 1 }]);
  });

  test('both at once take each saying once', async () => {
    const { one, other } = await aPair();
    const people = Array.from({ length: 30 }, (_, index) => `U${index}` as PersonId);
    await say(one, ...people.map((person) => ({ saying: { kind: 'home', person } as const, dueAt: NOW })));

    const taken = await Promise.all([one, other, one, other].map((store) => store.takeDue(NOW, 20)));

    // Whoever comes again gets once more what it is at.
    const [ofOne, ofOther] = [
      [...(taken[0] ?? []), ...(taken[2] ?? [])],
      [...(taken[1] ?? []), ...(taken[3] ?? [])],
    ].map((sayings) => new Set(sayings.map(({ key }) => key)));
    expect([...(ofOne ?? [])].filter((key) => ofOther?.has(key))).toEqual([]);
    expect(new Set([...(ofOne ?? []), ...(ofOther ?? [])]).size).toBe(30);
  });

  test('what is asked for again while one is at it is the next thing that either says', async () => {
    const { one, other } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    const [due] = await one.takeDue(NOW, 10);
    if (due === undefined) throw new Error('nothing is due');
    await say(other, { saying: HOME, dueAt: NOW });
    expect(await other.takeDue(NOW, 10)).toEqual([]);

    expect(await one.settle(due)).toBe(true);

    expect(await other.takeDue(NOW, 10)).toMatchObject([{ version: 2 }]);
  });

  test.for([
    ['is taken over when its time is over', false, 1],
    ['stays with a process that says it is still at it', true, 0],
  ] as const)('what one took %s', async ([, isKept, count]) => {
    const { one, other, raw } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    const taken = await one.takeDue(NOW, 10);
    passes(raw, 15_000);

    if (isKept) await one.keepTaken(taken);

    expect(await other.takeDue(NOW, 10)).toHaveLength(count);
  });

  test('nothing is taken over a moment before its time is over, whatever the clock of the other says', async () => {
    const { one, other, raw } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    await one.takeDue(NOW, 10);
    passes(raw, 5_000);

    expect(await other.takeDue(NOW + DAY_MS, 10)).toEqual([]);
  });

  test('what is taken for longer than anything can be was so before the clock of the database was set back: it is free', async () => {
    const { one, other, raw } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    await one.takeDue(NOW, 10);
    await one.takeLease('board C1', 15_000);

    passes(raw, -HOUR_MS);

    expect(await other.takeDue(NOW, 10)).toHaveLength(1);
    expect(await other.takeLease('board C1', 15_000)).toBe(true);
  });

  test('whoever comes too late hears that another one was at it, and drops nothing that is asked for since', async () => {
    const { one, other, raw } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    const [late] = await one.takeDue(NOW, 10);
    passes(raw, 15_000);
    const [due] = await other.takeDue(NOW, 10);
    if (late === undefined || due === undefined) throw new Error('nothing is due');
    await say(other, { saying: HOME, dueAt: NOW });

    expect(await one.settle(late)).toBe(false);
    expect(await other.settle(due)).toBe(true);

    expect(await one.takeDue(NOW, 10)).toMatchObject([{ version: 2 }]);
  });

  test('what Slack wants to be left alone with waits for both, also where it is asked for anew', async () => {
    const { one, other } = await aPair();
    await say(one, { saying: HOME, dueAt: NOW });
    const [due] = await one.takeDue(NOW, 10);
    if (due === undefined) throw new Error('nothing is due');
    await say(other, { saying: HOME, dueAt: NOW });
    await one.postpone(due, NOW + 500, NOW + 500);
    await say(other, { saying: HOME, dueAt: NOW });

    expect(await other.takeDue(NOW + 499, 10)).toEqual([]);
    expect(await one.takeDue(NOW + 499, 10)).toEqual([]);
    expect(await other.takeDue(NOW + 500, 10)).toHaveLength(1);
  });

  test('a lease is one process’s until it leaves it or its time is over, and it may take it anew', async () => {
    const { one, other, raw } = await aPair();

    expect(await one.takeLease('board C1', 10_000)).toBe(true);
    expect(await one.takeLease('board C1', 10_000)).toBe(true);
    expect(await other.takeLease('board C1', 10_000)).toBe(false);
    expect(await other.takeLease('board C2', 10_000)).toBe(true);
    await other.leaveLease('board C1');
    expect(await other.takeLease('board C1', 10_000)).toBe(false);
    await one.leaveLease('board C1');
    expect(await other.takeLease('board C1', 10_000)).toBe(true);
    passes(raw, 10_000);
    expect(await one.takeLease('board C1', 10_000)).toBe(true);
  });

  test('a lease that is left for later is nobody’s until then, not even of whoever had it', async () => {
    const { one, other, raw } = await aPair();
    await one.takeLease('owner look-up', 10_000);

    await one.leaveLease('owner look-up', 10_000);

    expect(await one.takeLease('owner look-up', 10_000)).toBe(false);
    expect(await other.takeLease('owner look-up', 10_000)).toBe(false);
    passes(raw, 10_000);
    expect(await other.takeLease('owner look-up', 10_000)).toBe(true);
  });
});

sqliteTest(
  'what a killed app had taken is free at once for the next one, where no other can be at it',
  async () => {
    const { store, path } = await aStore({ use: 'app' });
    await say(store, { saying: HOME, dueAt: NOW });
    await store.takeDue(NOW, 10);
    await store.takeLease('board C1', 10_000);
    await store.close();

    const again = await openStore({ url: `file:${path}`, pepper: PEPPER, use: 'app' });

    expect(await again.takeDue(NOW, 10)).toHaveLength(1);
    expect(await again.takeLease('board C1', 10_000)).toBe(true);
    await again.close();
  },
);

/** Two processes' stores of one file. */
async function aPair() {
  const { store: one, url, raw } = await aStore();
  const other = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => other.close());
  return { one, other, raw };
}

/** So much time passes for all that is taken. */
function passes(raw: Database.Database, ms: number): void {
  raw.prepare('update outbox set taken_until = taken_until - ?').run(ms);
  raw.prepare('update leases set taken_until = taken_until - ?').run(ms);
}

test('the place of a receipt is kept, and a new one takes its place', async () => {
  const { store, raw } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id));

  expect(await store.findReceipt(token.id)).toBeUndefined();
  await store.keepReceipt(token.id, { channel: 'D1', ts: '1.1' });
  await store.keepReceipt(token.id, { channel: 'D2', ts: '2.2' });

  expect(await store.findReceipt(token.id)).toEqual({ channel: 'D2', ts: '2.2' });
  expect(raw.prepare('select count(*) from messages').pluck().get()).toBe(1);
});

test('what is to be said survives a restart', async () => {
  const { store, url } = await aStore();
  await say(store, { saying: HOME, dueAt: NOW });
  await store.close();

  const again = await openStore({ url, pepper: PEPPER });

  expect(await again.takeDue(NOW, 10)).toMatchObject([{ saying: HOME }]);
  await again.close();
});
