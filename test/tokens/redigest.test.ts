import { expect, test } from 'vitest';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { createRedigests } from '../../src/tokens/redigest.ts';
import type { FreshDigest } from '../../src/tokens/store.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret, PEPPER } from './a-token.ts';

const NEXT = pepperFrom('the pepper after that one, long enough');
const peppers = peppersFrom(NEXT, [PEPPER]);

test('what was noted is written once, under the current pepper, with the prefix of its value', async () => {
  const { written, redigests } = aRecorder();
  const value = TokenValue.generate('older');
  const secret = aSecret(value);

  redigests.note(value, secret);
  redigests.note(value, secret);
  await redigests.flush();
  await redigests.flush();

  expect(written).toEqual([
    [
      {
        lookupId: value.lookupId,
        replaces: secret.digest,
        digest: value.digest(NEXT.key),
        pepperId: NEXT.id,
        prefix: 'older',
      },
    ],
  ]);
});

test('a secret of a revoked token has no digest to replace', async () => {
  const { written, redigests } = aRecorder();
  const value = TokenValue.generate('apit');

  redigests.note(value, aSecret(value, { digest: null }));
  await redigests.flush();

  expect(written).toEqual([]);
});

test('450 are written 200 at a time', async () => {
  const { written, redigests } = aRecorder();
  for (let i = 0; i < 450; i++) noteOne(redigests);

  await redigests.flush();

  expect(written.map((chunk) => chunk.length)).toEqual([200, 200, 50]);
});

test('10,000 are remembered at most, and there is room again after they were written', async () => {
  const { written, redigests } = aRecorder();
  for (let i = 0; i < 10_050; i++) noteOne(redigests);

  await redigests.flush();
  expect(written.flat()).toHaveLength(10_000);
  noteOne(redigests);
  await redigests.flush();

  expect(written.flat()).toHaveLength(10_001);
});

test('what could not be written is written the next time, and the fault is told', async () => {
  let isBusy = true;
  const { written, redigests } = aRecorder(() => isBusy);
  for (let i = 0; i < 201; i++) noteOne(redigests);

  await expect(redigests.flush()).rejects.toThrow('busy');
  isBusy = false;
  await redigests.flush();

  expect(new Set(written.flat().map(({ lookupId }) => lookupId)).size).toBe(201);
  expect(written.flat()).toHaveLength(201);
});

test('what is noted while others are written is left for the next time', async () => {
  const { written, redigests } = aRecorder();
  noteOne(redigests);

  const flushing = redigests.flush();
  noteOne(redigests);
  await flushing;

  expect(written.flat()).toHaveLength(1);
  await redigests.flush();
  expect(written.flat()).toHaveLength(2);
});

/** A recorder, and what it wrote: a transaction each. */
function aRecorder(isBusy = () => false) {
  const written: (readonly FreshDigest[])[] = [];
  const store = {
    replaceDigests: async (fresh: readonly FreshDigest[]) => {
      if (isBusy()) throw new Error('busy');
      written.push(fresh);
    },
  };
  return { written, redigests: createRedigests({ store, peppers }) };
}

function noteOne(redigests: ReturnType<typeof createRedigests>): void {
  const value = TokenValue.generate('apit');
  redigests.note(value, aSecret(value));
}
