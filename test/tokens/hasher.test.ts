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

    const hash = await hasher.hash(value);

    expect(BCRYPT_COST).toBe(10);
    expect(hash).toMatch(/^\$2[aby]\$10\$[./0-9A-Za-z]{53}$/);
    expect(await compare(value.secretForHash(), hash)).toBe(true);
    expect(await compare(other.secretForHash(), hash)).toBe(false);
    expect(await compare(value.reveal(), hash)).toBe(false);
  });

  test('of the same value is another each time: it is salted', async () => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');

    const [one, other] = await Promise.all([hasher.hash(value), hasher.hash(value)]);

    expect(one).not.toBe(other);
  });

  test('is made outside the main thread, which goes on while 20 of them are made', async () => {
    const hasher = aHasher(2);
    let done = 0;
    const hashes = Array.from({ length: 20 }, async () => {
      await hasher.hash(TokenValue.generate('apit'));
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

    const hash = await hasher.hash(value);

    expect(await hasher.matches(value, hash)).toBe(true);
    expect(await hasher.matches(withPrefix(value, 'other'), hash)).toBe(true);
    expect(await hasher.matches(TokenValue.generate('apit'), hash)).toBe(false);
  });

  test('nothing that is no hash', async () => {
    const hasher = aHasher(1);

    expect(await hasher.matches(TokenValue.generate('apit'), 'no hash at all')).toBe(false);
  });
});

describe('a hasher', () => {
  test.for([
    ['matches a value while 256 hashes wait', 'matches', 'hash'],
    ['makes a hash while 256 values wait to be matched', 'hash', 'matches'],
  ] as const)('%s', async ([, one, many]) => {
    const hasher = aHasher(1);
    const value = TokenValue.generate('apit');
    const hash = await hasher.hash(value);
    const work = { hash: () => hasher.hash(value), matches: () => hasher.matches(value, hash) };
    let done = 0;
    const waiting = Array.from({ length: 256 }, () => work[many]().then(() => (done += 1)));
    const outcomes = Promise.allSettled(waiting);

    await work[one]();

    expect(done).toBeLessThan(128);
    await hasher.stop();
    await outcomes;
  });

  test('refuses more than 256 that wait', async () => {
    const hasher = aHasher(1);

    const hashes = Array.from({ length: 300 }, () => hasher.hash(TokenValue.generate('apit')));
    const outcomes = Promise.allSettled(hashes);
    await expect(hashes.at(-1)).rejects.toThrow(/queue/i);
    await hasher.stop();

    const refusals = (await outcomes).filter(
      (outcome) => outcome.status === 'rejected' && /queue/i.test(String(outcome.reason)),
    );
    expect(refusals).toHaveLength(300 - 256 - 1);
  });

  test('tells how many values wait, until none does', async () => {
    const hasher = aHasher(1);

    const hashing = Array.from({ length: 4 }, () => hasher.hash(TokenValue.generate('apit')));

    expect(hasher.waiting()).toBeGreaterThan(0);
    await Promise.all(hashing);
    expect(hasher.waiting()).toBe(0);
  });
});

/** A hasher that is stopped when the test is over. */
function aHasher(threads: number): Hasher {
  const hasher = startHasher(threads);
  onTestFinished(() => hasher.stop());
  return hasher;
}
