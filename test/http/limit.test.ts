import { describe, expect, onTestFinished, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { createLimit, createSharedLimit, networkOf } from '../../src/http/limit.ts';
import { openStore } from '../../src/store/store.ts';
import { aStore, PEPPER } from '../store/fixtures/temp-store.ts';
import { T0 } from '../tokens/a-token.ts';

/** A limit, a clock that can be moved, and as many takes as one likes. */
function aLimit() {
  let now = T0;
  const limit = createLimit(() => now);
  return {
    moveTo: (instant: number) => {
      now = instant;
    },
    take: (address: string, times = 1) => Array.from({ length: times }, () => limit.take(address)).at(-1),
  };
}

describe('a limit', () => {
  test('lets 30 through and not the 31st', () => {
    const limit = aLimit();

    expect(limit.take('192.0.2.1', 30)).toBeUndefined();
    expect(limit.take('192.0.2.1')).toBe(60);
    expect(limit.take('192.0.2.2')).toBeUndefined();
  });

  test.for([
    ['right after the first request', 0, 60],
    ['after a second', 1000, 59],
    ['a millisecond later', 1001, 59],
    ['in the last millisecond', MINUTE_MS - 1, 1],
    ['when the minute is over', MINUTE_MS, undefined],
    ['when the clock was set back: the minute begins anew', -5 * MINUTE_MS, undefined],
  ] as const)('says how long to wait %s', ([, ms, seconds]) => {
    const limit = aLimit();
    limit.take('192.0.2.1', 30);

    limit.moveTo(T0 + ms);

    expect(limit.take('192.0.2.1')).toBe(seconds);
  });

  test('is not made longer by those who go on asking', () => {
    const limit = aLimit();
    limit.take('192.0.2.1', 1000);

    limit.moveTo(T0 + MINUTE_MS);

    expect(limit.take('192.0.2.1', 30)).toBeUndefined();
  });

  test('begins anew for everybody when 10,000 networks were counted: memory is bounded', () => {
    const limit = aLimit();
    limit.take('192.0.2.1', 31);
    for (let i = 0; i < 9999; i++) limit.take(`other ${i}`);
    expect(limit.take('192.0.2.1')).toBe(60);

    limit.take('one more');

    expect(limit.take('192.0.2.1', 30)).toBeUndefined();
    expect(limit.take('192.0.2.1')).toBe(60);
  });

  test('counts each minute for all at once', () => {
    const limit = aLimit();
    limit.take('192.0.2.1');
    limit.moveTo(T0 + MINUTE_MS - 1);
    expect(limit.take('192.0.2.2', 31)).toBe(1);

    limit.moveTo(T0 + MINUTE_MS);

    expect(limit.take('192.0.2.2')).toBeUndefined();
  });
});

describe('the network that is counted', () => {
  test.for([
    ['of an IPv4 address is the address', '192.0.2.1', '192.0.2.1'],
    [
      'of an IPv6 address is its first 64 bits',
      '2001:db8:1:2:3:4:5:6',
      networkOf('2001:db8:1:2:ffff:ffff:ffff:ffff'),
    ],
    ['is the same however it is written', '2001:0DB8:0001:0002::', networkOf('2001:db8:1:2:3:4:5:6')],
    ['has its zeros where they are left out', '2001:db8::1', networkOf('2001:db8:0:0:ffff::')],
    ['has its zeros where they are at the start', '::1', networkOf('0:0:0:0:1:2:3:4')],
    ['has its zeros before an IPv4 address', '64:ff9b::192.0.2.1', networkOf('64:ff9b:0:0::')],
    ['of what is no address is that', 'nowhere', 'nowhere'],
    ['of nothing is nothing', '', ''],
  ])('%s', ([, address, network]) => {
    expect(networkOf(String(address))).toBe(network);
  });

  test.for([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['2001:db8::1:0:0:1', '2001:db8:0:1::1'],
    ['::1', '1::'],
    ['1:2:3::4', '1:2:3:4::'],
  ])('of %s is not that of %s', ([one, other]) => {
    expect(networkOf(String(one))).not.toBe(networkOf(String(other)));
  });
});

describe('a limit that processes share', () => {
  test('lets an address make 30 requests at both together, and a few that are not written yet', async () => {
    const { one, other } = await twoLimits();
    let served = 0;
    for (let asked = 0; asked < 60; asked++) {
      const isServed = (await (asked % 2 === 0 ? one : other).take('192.0.2.1')) === undefined;
      if (isServed) served += 1;
    }

    expect(served).toBeGreaterThanOrEqual(30);
    expect(served).toBeLessThanOrEqual(38);
    expect(await one.take('192.0.2.1')).toBe(60);
    expect(await other.take('192.0.2.2')).toBeUndefined();
  });

  test('lets it come again a minute later', async () => {
    const { one, other, clock } = await twoLimits();
    for (let asked = 0; asked < 60; asked++) await (asked % 2 === 0 ? one : other).take('192.0.2.1');
    clock.now += MINUTE_MS;

    expect(await one.take('192.0.2.1')).toBeUndefined();
    expect(await other.take('192.0.2.1')).toBeUndefined();
  });

  test('writes nothing of an address that asks four times, and counts alone where nothing can be written', async () => {
    let written = 0;
    const countWithin = async () => {
      written += 1;
      throw new Error('the disk is full');
    };
    const limit = createSharedLimit('revoke', {
      clock: () => T0,
      store: { countWithin },
      log: { warn: () => undefined },
    });

    for (let asked = 0; asked < 4; asked++) expect(await limit.take('192.0.2.1')).toBeUndefined();
    expect(written).toBe(0);
    for (let asked = 4; asked < 30; asked++) expect(await limit.take('192.0.2.1')).toBeUndefined();
    expect(written).toBe(6);
    expect(await limit.take('192.0.2.1')).toBe(60);
  });

  test('keeps nobody waiting for a database that is busy', async () => {
    const countWithin = () => new Promise<number>(() => undefined);
    const limit = createSharedLimit('revoke', {
      clock: () => T0,
      store: { countWithin },
      log: { warn: () => undefined },
    });
    for (let asked = 0; asked < 5; asked++) expect(await limit.take('192.0.2.1')).toBeUndefined();
  });
});

/** The limits of two processes on one database. */
async function twoLimits() {
  const clock = { now: T0 };
  const { store, url } = await aStore();
  const beside = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => beside.close());
  const deps = { clock: () => clock.now, log: { warn: () => undefined } };
  return {
    clock,
    one: createSharedLimit('revoke', { ...deps, store }),
    other: createSharedLimit('revoke', { ...deps, store: beside }),
  };
}
