import { setImmediate as nextTick } from 'node:timers/promises';
import { compare } from 'bcryptjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BCRYPT_COST, type Hasher, startHasher } from '../../src/tokens/hasher.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { withPrefix } from './a-token.ts';

describe('a hash', () => {
  test('is bcrypt of cost 10 over the secret of the value, and of no other', async () => {
    const hasher = aHasher(1);
    const [value, other] = [TokenValue.generate('apit'), TokenValue.generate('apit')];

    const hash = await hashOf(hasher, value);

    expect(BCRYPT_COST).toBe(10);
    expect(hash).toMatch(/^\$2[aby]\$10\$[./0-9A-Za-z]{53}$/);
    expect(await compare(value.secretForHash(), hash)).toBe(true);
    expect(await compare(other.secretForHash(), hash)).toBe(false);
    expect(await compare(value.reveal(), hash)).toBe(false);
  });

  test('of the same value is another each time: it is salted', async () => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');

    const [one, other] = await Promise.all([hashOf(hasher, value), hashOf(hasher, value)]);

    expect(one).not.toBe(other);
  });

  test('is made outside the main thread, which goes on while 20 of them are made', async () => {
    const hasher = aHasher(2);
    let done = 0;
    const hashes = Array.from({ length: 20 }, async () => {
      await hashOf(hasher, TokenValue.generate('apit'));
      done += 1;
    });

    // Made here, a hash would stop this loop for all its 70 ms: there would be a turn or two for each.
    let turns = 0;
    for (; done < 20; turns++) await nextTick();
    await Promise.all(hashes);

    expect(turns).toBeGreaterThan(20 * 50);
  });
});

describe('a value matches', () => {
  test('the hash that was made of its secret, whatever its prefix, and no other', async () => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');

    const hash = await hashOf(hasher, value);

    expect(await hasher.matches(value, hash, 'U0ANN')).toBe(true);
    expect(await hasher.matches(withPrefix(value, 'other'), hash, 'U0ANN')).toBe(true);
    expect(await hasher.matches(TokenValue.generate('apit'), hash, 'U0ANN')).toBe(false);
  });

  test('nothing that is no hash', async () => {
    const hasher = aHasher(1);

    expect(await hasher.matches(TokenValue.generate('apit'), 'no hash at all', 'U0ANN')).toBe(false);
  });
});

describe('a hasher', () => {
  test.for([
    ['matches a value while 256 hashes wait', 'matches', 'hash', 256],
    ['makes a hash while 64 values wait to be matched', 'hash', 'matches', 64],
  ] as const)('%s', async ([, one, many, count]) => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');
    const hash = await hashOf(hasher, value);
    const work = { hash: () => hashOf(hasher, value), matches: () => hasher.matches(value, hash, 'U0ANN') };
    let done = 0;
    const waiting = Array.from({ length: count }, () => work[many]().then(() => (done += 1)));
    const outcomes = Promise.allSettled(waiting);

    await work[one]();

    expect(done).toBeLessThan(count / 2);
    await hasher.stop();
    await outcomes;
  });

  test('refuses more than 256 that wait', async () => {
    const hasher = aHasher(1);

    const hashes = Array.from({ length: 300 }, () => hasher.hash(TokenValue.generate('apit'), 'U0ANN'));
    const outcomes = Promise.allSettled(hashes);
    expect(await hashes.at(-1)).toBeUndefined();
    await hasher.stop();

    const refusals = (await outcomes).filter(
      (outcome) => outcome.status === 'fulfilled' && outcome.value === undefined,
    );
    expect(refusals).toHaveLength(300 - 256 - 1);
  });

  test.for([
    ['300 hashes of one person wait', 1],
    ['300 hashes of 10 people wait', 10],
  ] as const)('makes a hash for somebody else while %s, after one of each', async ([, people]) => {
    const hasher = aHasher(1);
    let done = 0;
    const flood = Array.from({ length: 300 }, async (_, number) => {
      const by = `U0BOB${number % people}`;
      if ((await hasher.hash(TokenValue.generate('apit'), by)) !== undefined) done += 1;
    });
    const outcomes = Promise.allSettled(flood);

    const hash = await hasher.hash(TokenValue.generate('apit'), 'U0ANN');

    expect(hash).toMatch(/^\$2/);
    expect(done).toBeLessThanOrEqual(people + 1);
    await hasher.stop();
    await outcomes;
  });

  test('matches a value of somebody else while one person’s 300 wait, after one of each, and has room for 64', async () => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');
    const hash = await hashOf(hasher, value);
    let done = 0;
    const flood = Array.from({ length: 300 }, async () => {
      const isRight = await hasher.matches(value, hash, 'U0BOB');
      if (isRight !== undefined) done += 1;
      return isRight;
    });
    const outcomes = Promise.allSettled(flood);

    expect(await hasher.matches(value, hash, 'U0ANN')).toBe(true);
    expect(done).toBeLessThanOrEqual(2);
    await hasher.stop();

    const refused = (await outcomes).filter((one) => one.status === 'fulfilled' && one.value === undefined);
    expect(refused).toHaveLength(300 - 1 - 64 + 1);
  });

  test('tells how many values wait, until none does', async () => {
    const hasher = aHasher(1);

    const hashing = Array.from({ length: 4 }, () => hashOf(hasher, TokenValue.generate('apit')));

    expect(hasher.waiting()).toBeGreaterThan(0);
    await Promise.all(hashing);
    expect(hasher.waiting()).toBe(0);
  });
});

/** The hash that one person has made of a value. */
async function hashOf(hasher: Hasher, value: TokenValue): Promise<string> {
  const hash = await hasher.hash(value, 'U0ANN');
  if (hash === undefined) throw new Error('too many wait');
  return hash;
}

/** A hasher that is stopped when the test is over. */
function aHasher(threads: number): Hasher {
  const hasher = startHasher(threads);
  onTestFinished(() => hasher.stop());
  return hasher;
}
