import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tidyDatabase } from '../../src/app.ts';
import { createLog } from '../../src/log.ts';
import { aStore } from '../store/fixtures/temp-store.ts';
import { aDelivery, aShownValue, aStoredToken, BY_ANN, NOW } from '../store/fixtures/tokens.ts';

test('a foreign read that holds the write-ahead log is said, and what a revocation emptied is gone once it ends', async () => {
  const { store, path, raw } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  const lines: string[] = [];
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } });
  const tidies = () => tidyDatabase({ store, clock: () => NOW, log });
  const isThere = () => [path, `${path}-wal`].some((file) => readFileSync(file).includes(secret.digest));
  expect(isThere()).toBe(true);

  raw.exec('begin');
  raw.prepare('select count(*) from secrets').get();
  await store.revokeTokens([token.id], { ...BY_ANN, reason: 'leaked' }, aDelivery());
  await tidies();
  expect(isThere()).toBe(true);
  expect(lines.join('')).toContain(
    'another process reads the database and keeps its -wal from being emptied',
  );

  raw.exec('commit');
  lines.length = 0;
  await tidies();
  expect(isThere()).toBe(false);
  expect(lines).toEqual([]);
});
