import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type Connections, openDatabase } from '../../src/store/sqlite/open.ts';
import { openStore } from '../../src/store/store.ts';
import { aFolder, aRawConnection, aStore, PEPPER } from './fixtures/temp-store.ts';

const MIGRATIONS = fileURLToPath(new URL('../../drizzle', import.meta.url));
const USES = ['write', 'verify', 'read'] as const;

async function opened(path: string): Promise<Connections> {
  const { connections } = await openDatabase({ url: `file:${path}` }, MIGRATIONS);
  onTestFinished(() => close(connections));
  return connections;
}

function close(connections: Connections): void {
  for (const use of USES) connections[use].sqlite.close();
}

test.for([
  ['journal_mode', 'wal'],
  ['synchronous', 2],
  ['foreign_keys', 1],
  ['trusted_schema', 0],
  ['mmap_size', 0],
  ['secure_delete', 1],
] as const)(
  '%s is %s on all three connections, on the first start and on the second',
  async ([name, value]) => {
    const path = join(aFolder(), 'apitoken.db');

    for (const _start of ['first', 'second']) {
      const connections = await opened(path);
      expect(USES.map((use) => connections[use].sqlite.pragma(name, { simple: true }))).toEqual([
        value,
        value,
        value,
      ]);
      close(connections);
    }
  },
);

test('only the write connection can change anything, and it never waits inside SQLite', async () => {
  const { write, verify, read } = await opened(join(aFolder(), 'apitoken.db'));

  expect(write.sqlite.pragma('busy_timeout', { simple: true })).toBe(0);
  expect(write.sqlite.pragma('query_only', { simple: true })).toBe(0);
  for (const { sqlite } of [verify, read]) {
    expect(() => sqlite.exec("insert into settings values ('workspace', 'T1')")).toThrow(/readonly/);
  }
  expect(verify.sqlite.pragma('cache_size', { simple: true })).toBe(-65_536);
});

test('the files are for their owner alone, and so is the folder that was made for them', async () => {
  const folder = join(aFolder(), 'new', 'data');
  const path = join(folder, 'apitoken.db');

  const { write } = await opened(path);
  write.sqlite.exec("insert into settings values ('workspace', 'T1')");

  expect(modeOf(folder)).toBe(0o700);
  expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual([0o600, 0o600, 0o600]);
});

test('a file that others could read is closed to them', async () => {
  const path = join(aFolder(), 'apitoken.db');
  close(await opened(path));
  chmodSync(path, 0o644);

  await opened(path);

  expect(modeOf(path)).toBe(0o600);
});

test('a relative path counts from the working directory', async () => {
  const path = join(aFolder(), 'apitoken.db');

  const store = await openStore({ url: `file:${relative(process.cwd(), path)}`, pepper: PEPPER });
  onTestFinished(() => store.close());

  expect(existsSync(path)).toBe(true);
});

test.for([
  ['of another engine', () => 'mysql://user:sesame@host/db', 'DATABASE_URL must be file:PATH'],
  ['of a PostgreSQL that is not there', () => 'postgres://user:sesame@127.0.0.1:1/db', '127.0.0.1:1'],
  ['in memory', () => 'file::memory:', 'DATABASE_URL must be file:PATH'],
  ['with a query', () => 'file:a.db?mode=ro', 'DATABASE_URL must be file:PATH'],
  ['without a path', () => 'file:', 'DATABASE_URL must be file:PATH'],
  ['of a folder', (folder: string) => `file:${folder}`, "can't be written (EISDIR). Let this user write it"],
  ['below a file', (folder: string) => `file:${aTextFile(folder)}/x.db`, "can't be written ("],
  ['of a text file', (folder: string) => `file:${aTextFile(folder)}`, 'is not a SQLite database'],
  ['of another program', (folder: string) => `file:${anotherProgram(folder)}`, 'belongs to another program'],
] as const)('a URL %s is refused with a sentence that says what to do', async ([, urlIn, sentence]) => {
  const url = urlIn(aFolder());

  const opening = openStore({ url, pepper: PEPPER });

  await expect(opening).rejects.toMatchObject({ name: 'StoreFault', code: 'cannot_open' });
  await expect(opening).rejects.toThrow(sentence);
  await expect(opening).rejects.not.toThrow('sesame');
});

test('an app refuses a file with a second name, by which another app could open it, and takes it without', async () => {
  const folder = aFolder();
  const path = join(folder, 'apitoken.db');
  close(await opened(path));
  linkSync(path, join(folder, 'second.db'));

  const opening = openStore({ url: `file:${path}`, pepper: PEPPER, use: 'app' });

  await expect(opening).rejects.toMatchObject({ name: 'StoreFault', code: 'cannot_open' });
  await expect(opening).rejects.toThrow(
    `${path}: this file has a second name (a hard link). Another app could open it by that name. Remove the link, or copy the file.`,
  );
});

test.for([
  ['a folder', (lock: string) => mkdirSync(lock)],
  ['something else', (lock: string) => writeFileSync(lock, 'held by process 4711, '.repeat(100))],
  ['a link to something else', (lock: string) => symlinkSync(aTextFile(aFolder()), lock)],
] as const)(
  'where %s stands in the place of the lock, the sentence names that and not the database',
  async ([, put]) => {
    const path = join(aFolder(), 'apitoken.db');
    close(await opened(path));
    put(`${path}.lock`);
    const mode = modeOf(`${path}.lock`);

    const opening = openStore({ url: `file:${path}`, pepper: PEPPER, use: 'app' });

    await expect(opening).rejects.toThrow(
      /The lock file .*apitoken\.db\.lock can't be used \(SQLITE_[A-Z]+\)\. Remove it, then start again\.$/,
    );
    expect(modeOf(`${path}.lock`)).toBe(mode);
  },
);

test.for([
  ['removed', (path: string) => unlinkSync(path)],
  [
    'replaced',
    (path: string) => {
      copyFileSync(path, `${path}.backup`);
      renameSync(`${path}.backup`, path);
    },
  ],
] as const)(
  'a file that was %s under the store is not writable: what is written there is lost',
  async ([, change]) => {
    const { store, path } = await aStore();
    expect(await store.isWritable()).toBe(true);

    change(path);

    expect(await store.isWritable()).toBe(false);
  },
);

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function aTextFile(folder: string): string {
  const path = join(folder, 'notes.txt');
  writeFileSync(path, 'These are notes and no database, as long as a header is or longer. '.repeat(20));
  return path;
}

function anotherProgram(folder: string): string {
  const path = join(folder, 'other.db');
  aRawConnection(path).exec('create table customers (id)');
  return path;
}
