import { expect, onTestFinished, test } from 'vitest';
import { StoreFault } from '../../../src/store/fault.ts';
import { createBatchedSecretRead, IDS_MAX } from '../../../src/store/postgres/verification.ts';
import { openStore } from '../../../src/store/store.ts';
import type { Token } from '../../../src/tokens/token.ts';
import type { TokenValue } from '../../../src/tokens/token-value.ts';
import { PATIENT } from '../../patience.ts';
import { aClient } from '../fixtures/a-postgres.ts';
import { aStore, PEPPER } from '../fixtures/temp-store.ts';
import { aDelivery, aShownValue, aStoredToken, BY_ANN, NOW, verdictOn } from '../fixtures/tokens.ts';

type Query = { readonly ids: readonly string[]; answer(rows: unknown[][]): void; fail(): void };

/** A read whose queries wait until the test answers them. */
function aBatchedRead(inFlightMax: number) {
  const queries: Query[] = [];
  const { readSecret } = createBatchedSecretRead(
    (_, [ids]) =>
      new Promise((answer, reject) => {
        const fail = () => reject(new StoreFault('failed', 'lost'));
        queries.push({ ids: ids as string[], answer, fail });
      }),
    { isPrepared: true, inFlightMax },
  );
  return { readSecret, queries };
}

const aRow = (lookupId: string) => [
  lookupId,
  `tok_${lookupId}`,
  null,
  'p',
  1,
  null,
  null,
  'n',
  'U',
  '["s"]',
  0,
  null,
];

const turn = () => new Promise((done) => void setImmediate(() => setImmediate(done)));

test('reads of one turn share a query, each id in it once, and each gets its own answer', async () => {
  const { readSecret, queries } = aBatchedRead(4);

  const reads = ['a', 'b', 'a', 'c'].map(readSecret);
  await turn();

  expect(queries.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
  queries[0]?.answer([aRow('c'), aRow('a')]);
  expect((await Promise.all(reads)).map((secret) => secret?.tokenId)).toEqual([
    'tok_a',
    undefined,
    'tok_a',
    'tok_c',
  ]);
});

test('a query asks for 256 ids at most, four are on their way, and what comes meanwhile waits for the next', async () => {
  const { readSecret, queries } = aBatchedRead(4);

  const reads = Array.from({ length: IDS_MAX * 5 + 1 }, (_, i) => readSecret(String(i)));
  await turn();
  expect(queries.map(({ ids }) => ids.length)).toEqual([IDS_MAX, IDS_MAX, IDS_MAX, IDS_MAX]);
  queries[2]?.answer([]);
  await turn();
  expect(queries.map(({ ids }) => ids.length).slice(4)).toEqual([IDS_MAX]);
  for (const query of queries) query.answer([]);
  await turn();
  for (const query of queries) query.answer([]);

  await Promise.all(reads);
  expect(queries.flatMap(({ ids }) => ids)).toHaveLength(IDS_MAX * 5 + 1);
});

test('none joins a query that was sent before it came, and nothing is remembered after the answer', async () => {
  const { readSecret, queries } = aBatchedRead(4);

  const first = readSecret('a');
  await turn();
  const second = readSecret('a');
  await turn();

  expect(queries.map(({ ids }) => ids)).toEqual([['a'], ['a']]);
  queries[1]?.answer([]);
  queries[0]?.answer([aRow('a')]);
  expect(await second).toBeUndefined();
  expect((await first)?.lookupId).toBe('a');
  void readSecret('a');
  await turn();
  expect(queries).toHaveLength(3);
});

test('a query that fails fails those that share it, and the next one is sent', async () => {
  const { readSecret, queries } = aBatchedRead(1);

  const failing = [readSecret('a'), readSecret('b')];
  await turn();
  const next = readSecret('c');
  queries[0]?.fail();

  for (const outcome of await Promise.allSettled(failing))
    expect(outcome).toMatchObject({ reason: { message: 'lost' } });
  await expect.poll(() => queries.length, PATIENT).toBe(2);
  queries[1]?.answer([]);
  expect(await next).toBeUndefined();
});

test('while a query is held up, a revocation is committed: it may answer as before, whoever asks anew is refused', async () => {
  const { store, url } = await aStore();
  const token = await aStoredToken(store);
  const { value } = await aShownValue(store, token);
  const other = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => other.close());
  const holder = await aClient(url);
  // The query has begun when it waits for its lock, as one may that is on its way.
  await holder.query('begin; lock table secrets in access exclusive mode');
  const sentBefore = verdictOn(store, value, NOW);
  const watch = await aClient(url);
  const held =
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await watch.query(held)).rowCount, PATIENT).toBe(1);
  await holder.query('commit');
  await other.revokeTokens([token.id], BY_ANN, aDelivery());

  const sentAfter = await Promise.all(Array.from({ length: 50 }, () => verdictOn(store, value, NOW)));

  expect(sentAfter.every((verdict) => verdict.kind !== 'good')).toBe(true);
  expect(sentAfter[0]).toMatchObject({ why: 'revoked' });
  await sentBefore;
});

test('under load from many, no verification that begins after a revocation was answered is good', async () => {
  const { store, url } = await aStore();
  const other = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => other.close());
  const values: { token: Token; value: TokenValue }[] = [];
  for (let i = 0; i < 20; i++) {
    const token = await aStoredToken(store);
    values.push({ token, value: (await aShownValue(store, token)).value });
  }
  let isOver = false;
  const load = Array.from({ length: 16 }, async (_, i) => {
    while (!isOver) await store.readSecret(values[i]?.value.lookupId ?? '');
  });

  const late: unknown[] = [];
  for (const { token, value } of values) {
    await other.revokeTokens([token.id], BY_ANN, aDelivery());
    late.push((await verdictOn(store, value, NOW)).kind);
  }
  isOver = true;
  await Promise.all(load);

  expect(late.filter((kind) => kind === 'good')).toEqual([]);
  expect(late).toHaveLength(20);
});

test('a row comes over as it was put in, its bytes included', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW + 1 });
  const { secret } = await aShownValue(store, token);

  const read = await store.readSecret(secret.lookupId);

  expect(read).toMatchObject({
    tokenId: token.id,
    createdAt: NOW,
    endsAt: NOW + 1,
    scopes: token.scopes,
    generation: 0,
  });
  expect(read?.digest?.equals(secret.digest)).toBe(true);
  expect(read?.seal).toBeInstanceOf(Buffer);
});
