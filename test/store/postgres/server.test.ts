import { expect, test } from 'vitest';
import { aClient, aDatabase } from '../fixtures/a-postgres.ts';

test('a test gets an empty database of its own, whose own order of texts is not that of bytes', async () => {
  const client = await aClient(await aDatabase());

  const { rows } = await client.query(
    "select (select count(*)::int from pg_tables where schemaname = 'public') as tables, 'a' < 'B' as is_linguistic",
  );

  expect(rows).toEqual([{ tables: 0, is_linguistic: true }]);
});
