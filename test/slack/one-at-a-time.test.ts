import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createOneAtATime } from '../../src/slack/turns.ts';
import { aStore } from '../store/fixtures/temp-store.ts';

const log = createLog({ level: 'trace', stream: { write: () => undefined } });

test('what is asked for while it is being done is not done twice, but for somebody else it is', async () => {
  const oneAtATime = createOneAtATime('export', await aDatabase());
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = oneAtATime('U1', () => promise);

  expect(await oneAtATime('U1', async () => 'second')).toBeUndefined();
  expect(await oneAtATime('U2', async () => 'of another')).toBe('of another');
  resolve('first');

  expect(await first).toBe('first');
  expect(await oneAtATime('U1', async () => 'third')).toBe('third');
});

test('what failed may be done again', async () => {
  const oneAtATime = createOneAtATime('export', await aDatabase());

  await expect(oneAtATime('U1', () => Promise.reject(new Error('no')))).rejects.toThrow('no');

  expect(await oneAtATime('U1', async () => 'again')).toBe('again');
});

async function aDatabase() {
  const { store } = await aStore();
  return { store, log };
}
