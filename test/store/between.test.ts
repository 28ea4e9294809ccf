import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { copyDatabase } from '../../src/store/recovery/between.ts';
import * as schema from '../../src/store/schema/sqlite.ts';
import { openStore } from '../../src/store/store.ts';
import { aDatabase } from './fixtures/a-postgres.ts';
import { rowsIn } from './fixtures/earlier.ts';
import { aKeptVersion, answersOf, keptVersions, peppersOf } from './fixtures/kept-version.ts';
import { aFolder } from './fixtures/temp-store.ts';

/** What belongs to the one file and not to what is in it. */
const OF_ONE_FILE = /^\{"key":"revoked_log"/;

test('a copy holds every row as it was, byte by byte, and gives the same answers', async () => {
  const kept = aKept();
  const to = join(aFolder(), 'copy.db');

  const report = await copied(kept, to);

  expect(report).toMatchObject({ answers: expect.any(Number), head: expect.stringMatching(/^\d+:/) });
  expect(Object.keys(report.rows).sort()).toEqual(tablesBut('leases'));
  expect(storedIn(to)).toEqual(storedIn(kept.path));
  const store = await opened(kept, to);
  expect(await answersOf(kept, store, peppersOf(kept))).toEqual(kept.answers);
  await store.close();
});

test('what goes to PostgreSQL and back is the same, byte by byte', async () => {
  const kept = aKept();
  const [over, to] = [await aDatabase(), join(aFolder(), 'copy.db')];

  const there = await copied(kept, over);
  const back = await copied({ ...kept, path: over }, to);

  expect(back).toEqual(there);
  expect(storedIn(to)).toEqual(storedIn(kept.path));
  const store = await opened(kept, over);
  expect(await answersOf(kept, store, peppersOf(kept))).toEqual(kept.answers);
  await store.close();
});

test('a target that holds something is left as it is', async () => {
  const kept = aKept();
  const other = aKept();
  await (await opened(other, other.path)).close();
  const before = storedIn(other.path);

  await expect(copied(kept, other.path)).rejects.toThrow(
    'the target holds tokens or events already, and is left as it is. Name an empty one.',
  );

  expect(storedIn(other.path)).toEqual(before);
});

test('a copy that is broken off leaves nothing in its target, and can be made again', async () => {
  const kept = aKept();
  const to = join(aFolder(), 'copy.db');
  const breakOff = () => {
    throw new Error('broken off');
  };

  await expect(copied(kept, to, breakOff)).rejects.toThrow();

  expect(new Map(storedIn(to)).get('tokens') ?? []).toEqual([]);
  await copied(kept, to);
  expect(storedIn(to)).toEqual(storedIn(kept.path));
});

test('no app opens a copy that was not compared to its end', async () => {
  const kept = aKept();
  const to = join(aFolder(), 'copy.db');
  await copied(kept, to);
  const sqlite = new Database(to);
  sqlite.exec("insert into settings values ('unproven_copy', 'true')");
  sqlite.close();

  await expect(opened(kept, to)).rejects.toThrow(/^This is a copy that was broken off, or found to differ/);
});

test('a source that an app has open is not copied', async () => {
  const kept = aKept();
  const app = await opened(kept, kept.path);
  const to = join(aFolder(), 'copy.db');

  await expect(copied(kept, to)).rejects.toThrow('another apitoken app has this database open');

  expect(existsSync(to)).toBe(false);
  await app.close();
});

test.for([
  ["update secrets set name = name || '!'", 'the answers of source and target differ'],
  [
    'delete from audit_events where sequence = (select max(sequence) from audit_events)',
    'written to meanwhile',
  ],
] as const)('a copy is refused whose source changes meanwhile: %s', async ([change, said]) => {
  const kept = aKept();
  const to = join(aFolder(), 'copy.db');
  const atTheEnd = (done: number, total: number) => {
    if (done < total) return;
    const sqlite = new Database(kept.path);
    sqlite.exec(change);
    sqlite.close();
  };

  await expect(copied(kept, to, atTheEnd)).rejects.toThrow(said);

  await expect(opened(kept, to)).rejects.toThrow('broken off, or found to differ');
});

type Kept = ReturnType<typeof aKeptVersion>;

function aKept(): Kept {
  return aKeptVersion(keptVersions()[0] ?? '');
}

function copied(kept: Kept, to: string, onProgress: (done: number, total: number) => void = () => undefined) {
  const peppers = peppersOf(kept);
  return copyDatabase({
    from: urlOf(kept.path),
    to: urlOf(to),
    peppers,
    clock: () => kept.at,
    onProgress,
  });
}

function opened(kept: Kept, path: string) {
  const peppers = peppersOf(kept);
  const clock = () => kept.at;
  return openStore({ url: urlOf(path), pepper: peppers.current, peppers, use: 'app', clock });
}

function urlOf(place: string): string {
  return place.startsWith('postgres:') ? place : `file:${place}`;
}

/** All of the schema, but what says who does something just now. */
function tablesBut(other: string): string[] {
  const tables: unknown[] = Object.values(schema);
  const names = tables.filter((table) => is(table, SQLiteTable)).map((table) => getTableName(table));
  return names.filter((name) => name !== other).sort();
}

/** All rows as they are stored; those of tokens in their order, which lists go by. */
function storedIn(path: string) {
  return [...rowsIn(path)].map(([table, rows]) => {
    const texts = rows.map((row) => JSON.stringify(row)).filter((row) => !OF_ONE_FILE.test(row));
    return [table, table === 'tokens' ? texts : texts.sort()] as const;
  });
}

test.for([
  ['without its log', (path: string) => rmSync(join(dirname(path), 'revoked.log'))],
  ['beside another log', (path: string) => writeFileSync(join(dirname(path), 'revoked.log'), '{}\n')],
] as const)('a backup %s is not copied: nobody knows what was revoked since', async ([, change]) => {
  const kept = aKept();
  await (await opened(kept, kept.path)).close();
  change(kept.path);
  const to = join(aFolder(), 'copy.db');

  await expect(copied(kept, to)).rejects.toThrow('the source is a backup, or its revoked.log is lost');

  expect(existsSync(to)).toBe(false);
});
