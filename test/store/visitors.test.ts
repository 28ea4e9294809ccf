import { describe, expect, onTestFinished, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { openStore } from '../../src/store/store.ts';
import { aStore, PEPPER } from './fixtures/temp-store.ts';
import { ANN, BOB, NOW } from './fixtures/tokens.ts';

const THREE = { max: 3, windowMs: MINUTE_MS };

describe('what may come so often', () => {
  test.for([
    ['waits until the first of them is a minute old', [0, 10, 20], 30, MINUTE_MS - 30],
    ['may come when it is', [0, 10, 20], MINUTE_MS, 0],
    ['waits a last millisecond', [0, 10, 20], MINUTE_MS - 1, 1],
    ['may come while there is room', [0, 10], 20, 0],
    [
      'waits no longer for what another machine, whose clock is ahead, counted',
      [50, 60, 70],
      0,
      MINUTE_MS + 50,
    ],
  ] as const)('%s', async ([, before, at, waitMs]) => {
    const { one, other } = await aPair();
    for (const [index, ms] of before.entries()) {
      await (index % 2 === 0 ? one : other).countWithin('check U1', { ...THREE, now: NOW + ms });
    }

    for (const store of [other, one]) {
      const limit = { ...THREE, now: NOW + at };
      // What is one too many is not counted, so that whoever goes on asking waits no longer.
      if (waitMs > 0) expect(await store.countWithin('check U1', limit)).toBe(waitMs);
    }
    if (waitMs === 0) expect(await one.countWithin('check U1', { ...THREE, now: NOW + at })).toBe(0);
    expect(await one.countWithin('check U2', { ...THREE, now: NOW + at })).toBe(0);
  });

  test('is counted once each, however many come at once to both', async () => {
    const { one, other } = await aPair();
    const asked = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : other).countWithin('check U1', { ...THREE, now: NOW }),
    );

    expect((await Promise.all(asked)).filter((waitMs) => waitMs === 0)).toHaveLength(3);
  });

  test('is forgotten some minutes later', async () => {
    const { one, raw } = await aPair();
    await one.countWithin('check U1', { ...THREE, now: NOW });
    await one.countWithin('check U2', { ...THREE, now: NOW + 1 });

    await one.tidy(NOW + 10 * MINUTE_MS);

    expect(raw.prepare('select key from limits').pluck().all()).toEqual(['check U2']);
  });
});

test('the page of a Home tab is the one that was turned to last, by whichever process', async () => {
  const { one, other } = await aPair();
  expect(await other.homePageOf(ANN)).toBeUndefined();

  await one.keepHomePage(ANN, { filter: 'all', page: 2, search: 'bot', wipes: 1 });
  await other.keepHomePage(BOB, { filter: 'active', page: 1, wipes: 0 });
  expect(await other.homePageOf(ANN)).toEqual({ filter: 'all', page: 2, search: 'bot', wipes: 1 });
  await other.keepHomePage(ANN, { filter: 'active', page: 1, wipes: 1 });

  expect(await one.homePageOf(ANN)).toEqual({ filter: 'active', page: 1, wipes: 1 });
});

describe('what Slack told that it changed', () => {
  test('is told to each process once, the latest last, each subject at its last change alone', async () => {
    const { one, other } = await aPair();
    expect(await other.lastChange()).toBe(0);

    const numbers = [
      await one.noteChange('U1'),
      await other.noteChange('groups'),
      await one.noteChange('U1'),
    ];

    expect(numbers).toEqual([1, 2, 3]);
    expect(await other.changesAfter(0)).toEqual([
      { subject: 'groups', number: 2 },
      { subject: 'U1', number: 3 },
    ]);
    expect(await one.changesAfter(3)).toEqual([]);
    expect(await one.lastChange()).toBe(3);
  });

  test('is told as too many where somebody missed more than two hundred', async () => {
    const { one } = await aPair();
    for (let person = 0; person < 201; person++) await one.noteChange(`U${person}`);

    expect(await one.changesAfter(0)).toBe('too_many');
    expect(await one.changesAfter(1)).toHaveLength(200);
  });
});

/** Two processes' stores of one file. */
async function aPair() {
  const { store: one, url, raw } = await aStore();
  const other = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => other.close());
  return { one, other, raw };
}
