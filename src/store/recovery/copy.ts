import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { isoTime } from '../../clock.ts';
import { cannotOpen, StoreFault, sqliteErrorIn } from '../fault.ts';
import { lockForApp, makePrivate, pathOf } from '../open.ts';
import { UNLOGGED_KEY } from './end-again.ts';
import { revokedLogOf } from './revoked-log.ts';
import { flawIn } from './start-check.ts';

const OWNER_ONLY_FILE = 0o600;

/** All pages in one step: what a backup does in several begins anew whenever somebody writes between them. */
const ALL_PAGES = 2 ** 31 - 1;

/** Told how many pages are done, of how many. */
type OnProgress = (done: number, total: number) => void;

/**
 * A consistent copy of the database at `url` in the new file `target`, for its owner alone, while the app runs: SQLite's online
 * backup (https://sqlite.org/backup.html). What is there already is left alone. Throws a `StoreFault` that says what to do; then
 * there is no such file.
 */
export async function backUp(
  url: string,
  target: string,
  onProgress: OnProgress = () => undefined,
): Promise<string> {
  const source = pathOf(url);
  const file = resolve(target);
  if (existsSync(file)) throw cannotOpen(`${file} is there already: give the backup another name.`);
  const partial = `${file}.partial`;
  await writing(file, async () => {
    await copyInto(source, partial, onProgress);
    const flaw = flawIn(partial);
    if (flaw !== undefined) throw cannotOpen(`the database is damaged (${flaw}), so no copy of it is kept.`);
    // Unlike a renaming, a link takes nobody's place.
    linkSync(partial, file);
  }).finally(() => removeWithLogs(partial));
  syncFolder(file);
  return file;
}

/** What `restoreFrom` left behind of the database that was there before; undefined when there was none. */
export type Restored = { readonly path: string; readonly before: string | undefined };

/**
 * Puts the copy `file` in the place of the database at `url`, which is kept beside it under another name. Refuses while an app has it
 * open, and a copy that is damaged or none of ours; then nothing is changed. What was revoked since the copy is ended again by the
 * app's next start; where `revoked.log` is missing, all of it expires then, unless `acceptRevived`. Throws a `StoreFault` that says what to do.
 */
export async function restoreFrom(
  url: string,
  file: string,
  {
    now,
    acceptRevived,
    onProgress = () => undefined,
  }: { readonly now: number; readonly acceptRevived: boolean; readonly onProgress?: OnProgress },
): Promise<Restored> {
  const path = pathOf(url);
  const source = resolve(file);
  if (!existsSync(source))
    throw cannotOpen(`there is no file ${source}: name the backup that is to be put back.`);
  if (source === path) throw cannotOpen(`${source} is the database itself: name a backup of it.`);
  refuseForeign(source);
  makePrivate(path);
  const lock = await lockForApp(path);
  const partial = `${path}.restoring`;
  try {
    await writing(path, async () => {
      await copyInto(source, partial, onProgress);
      if (!acceptRevived && !existsSync(revokedLogOf(path))) markUnlogged(partial);
    });
    return { path, before: putInPlace(partial, path, now) };
  } finally {
    removeWithLogs(partial);
    // Made for the lock alone.
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path);
    lock.release();
  }
}

/** Throws unless the file is a whole database of ours. */
function refuseForeign(file: string): void {
  const flaw = flawIn(file);
  if (flaw !== undefined)
    throw cannotOpen(`${file} is damaged, or no backup (${flaw}): nothing was changed. Take another backup.`);
  const sqlite = new Database(file, { readonly: true, timeout: 0 });
  try {
    const isOurs = sqlite
      .prepare("select count(*) from sqlite_schema where name in ('migrations', 'tokens', 'secrets')")
      .pluck()
      .get();
    if (isOurs !== 3) throw cannotOpen(`${file} is no backup of apitoken: nothing was changed.`);
  } finally {
    sqlite.close();
  }
}

async function copyInto(source: string, target: string, onProgress: OnProgress): Promise<void> {
  removeWithLogs(target);
  closeSync(openSync(target, 'wx', OWNER_ONLY_FILE));
  const sqlite = new Database(source, { readonly: true, fileMustExist: true });
  try {
    await sqlite.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress(totalPages - remainingPages, totalPages);
        return ALL_PAGES;
      },
    });
  } finally {
    sqlite.close();
  }
  sync(target);
}

/** Whoever opens it next expires what it holds: nobody knows what was revoked since the copy was made. */
function markUnlogged(file: string): void {
  const sqlite = new Database(file);
  try {
    sqlite.pragma('synchronous = FULL');
    sqlite.prepare('insert or replace into settings (key, value) values (?, ?)').run(UNLOGGED_KEY, 'true');
  } finally {
    sqlite.close();
  }
  sync(file);
}

/** The old one, with its write-ahead log, keeps a name of its own; two renamings, of which a crash between leaves both files. */
function putInPlace(partial: string, path: string, now: number): string | undefined {
  const before = existsSync(path)
    ? `${path}.before-restore-${isoTime(now).replace(/[:.]/g, '-')}`
    : undefined;
  const { uid, gid } = statSync(path);
  if (process.getuid?.() === 0) chownSync(partial, uid, gid);
  for (const end of ['', '-wal']) {
    if (before !== undefined && existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${before}${end}`);
  }
  rmSync(`${path}-shm`, { force: true });
  renameSync(partial, path);
  syncFolder(path);
  return before;
}

function sync(file: string): void {
  const handle = openSync(file, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function syncFolder(file: string): void {
  sync(dirname(file));
}

function removeWithLogs(file: string): void {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreFault) throw error;
    const cause = sqliteErrorIn(error) ?? error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code';
    const sentence = `${file} cannot be written (${code}): let this user write it, or make room on its disk. Nothing was changed.`;
    throw cannotOpen(sentence, cause instanceof Error ? cause : undefined);
  }
}
