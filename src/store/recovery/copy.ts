import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { isoTime } from '../../clock.ts';
import type { Peppers } from '../../tokens/pepper.ts';
import { cannotOpen, StoreFault, sqliteErrorIn } from '../fault.ts';
import { migrate } from '../sqlite/migrate.ts';
import { lockForApp, makeMissing, openConnection, pathOf } from '../sqlite/open.ts';
import { isPostgresUrl, MIGRATIONS_FOLDER } from '../store.ts';
import { copyIntoFile } from './between.ts';
import { MARK_KEY, UNLOGGED_KEY } from './end-again.ts';
import { givenAlike } from './given-alike.ts';
import { isUncut, type LogMark, revokedLogOf } from './revoked-log.ts';
import { flawIn, restoringOf } from './start-check.ts';

const OWNER_ONLY_FILE = 0o600;

const PARTIAL_BYTES = 4;

const HOW_INTO_POSTGRES =
  'a backup comes into PostgreSQL in two steps. "DATABASE_URL=file:fresh.db npm run cli -- restore BACKUP" expires its tokens, since nobody knows which were revoked since. Then "npm run cli -- copy --from file:fresh.db --to URL".';

/** All pages in one step: what a backup does in several begins anew whenever somebody writes between them. */
const ALL_PAGES = 2 ** 31 - 1;

/** Told how many pages are done, of how many. */
type OnProgress = (done: number, total: number) => void;

/**
 * A consistent copy of the database at `url` in the new file `target`, for its owner alone, while the app runs: SQLite's online
 * backup (https://sqlite.org/backup.html), or the same file made from PostgreSQL. What is there already is left alone. Throws a `StoreFault` that says what to do; then
 * there is no such file.
 */
export async function backUp(
  url: string,
  target: string,
  { peppers, onProgress = () => undefined }: { readonly peppers: Peppers; readonly onProgress?: OnProgress },
): Promise<string> {
  const file = resolve(target);
  if (existsSync(file)) throw cannotOpen(`${file} is there already: give the backup another name.`);
  if (isPostgresUrl(url))
    return backUpInto(file, (partial) => copyIntoFile(url, partial, { peppers, onProgress }), onProgress);
  const source = pathOf(url);
  if ((statSync(source, { throwIfNoEntry: false })?.size ?? 0) === 0)
    throw cannotOpen(`there is no database ${source} to copy: set DATABASE_URL to its path.`);
  refuseForeign(source, 'database of apitoken', 'Set DATABASE_URL to another path.');
  return backUpInto(file, (partial) => copyInto(source, partial, onProgress), onProgress);
}

async function backUpInto(
  file: string,
  fill: (partial: string) => Promise<void>,
  onProgress: OnProgress,
): Promise<string> {
  const partial = `${file}.partial-${process.pid}-${randomBytes(PARTIAL_BYTES).toString('hex')}`;
  await writing(file, async () => {
    removeLeftOver(file);
    await fill(partial);
    makeOneFile(partial);
    const flaw = flawIn(partial);
    if (flaw !== undefined) throw cannotOpen(`the database is damaged (${flaw}), so no copy of it is kept.`);
    onProgress(1, 1);
    // Unlike a renaming, a link takes nobody's place.
    linkSync(partial, file);
  }).finally(() => removeWithLogs(partial));
  syncFolder(file);
  return file;
}

/** What `restoreFrom` left behind of the database that was there before; undefined when there was none. */
export type Restored = {
  readonly path: string;
  readonly before: string | undefined;
  /** Why nobody knows what was revoked since: `revoked.log` is missing, or it is not what went on from this copy. */
  readonly unlogged: Unlogged | undefined;
};

type Unlogged = 'missing' | 'other';

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
  if (isPostgresUrl(url)) throw cannotOpen(HOW_INTO_POSTGRES);
  const path = pathOf(url);
  const source = resolve(file);
  if (!statSync(source, { throwIfNoEntry: false })?.isFile())
    throw cannotOpen(`there is no file ${source}: name the backup that is to be put back.`);
  if (realpathSync(source) === path)
    throw cannotOpen(`${source} is the database itself: name a backup of it.`);
  refuseForeign(source, 'backup of apitoken', 'Take another backup.');
  refuseDamagedCopy(source);
  await writing(path, async () => makeMissing(path));
  const lock = await lockForApp(path);
  const partial = restoringOf(path);
  try {
    const unlogged = await writing(path, async () => {
      await copyInto(source, partial, onProgress);
      upgrade(partial);
      const why = acceptRevived ? undefined : unloggedWhy(partial, path);
      if (why !== undefined) markUnlogged(partial);
      onProgress(1, 1);
      return why;
    });
    return { path, before: await writing(path, async () => putInPlace(partial, path, now)), unlogged };
  } finally {
    removeWithLogs(partial);
    // Made for the lock alone.
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path);
    lock.release();
  }
}

/** Throws a `StoreFault` unless the file is a database of ours, damaged or not. Nothing is written, and nothing of it is read but its tables. */
function refuseForeign(file: string, what: string, remedy: string): void {
  let isOurs: unknown;
  try {
    const sqlite = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      isOurs = sqlite
        .prepare("select count(*) = 3 from sqlite_schema where name in ('migrations', 'tokens', 'secrets')")
        .pluck()
        .get();
    } finally {
      sqlite.close();
    }
  } catch (error) {
    const code = sqliteErrorIn(error)?.code ?? 'no code';
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
      throw cannotOpen(`${file} is damaged, or no ${what} (${code}): nothing was changed. ${remedy}`);
    throw cannotOpen(`${file} can't be read (${code}): nothing was changed. Let this user read it.`);
  }
  if (isOurs !== 1) throw cannotOpen(`${file} is no ${what}: nothing was changed. ${remedy}`);
}

function refuseDamagedCopy(file: string): void {
  const flaw = flawIn(file);
  if (flaw === undefined) return;
  throw cannotOpen(`${file} is damaged, or no backup (${flaw}): nothing was changed. Take another backup.`);
}

/** Removes what backups into `file` left that were killed: their processes are no more. */
function removeLeftOver(file: string): void {
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(`${basename(file)}.partial-`)) continue;
    const [pid] = name.slice(basename(file).length + '.partial-'.length).split('-');
    if (!isRunning(Number(pid))) rmSync(join(dirname(file), name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Without a write-ahead log a copy is one file, also while it is read, and can be read where nothing can be written. */
function makeOneFile(file: string): void {
  const sqlite = new Database(file);
  try {
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('journal_mode = DELETE');
  } finally {
    sqlite.close();
  }
  sync(file);
}

/** Brings the copy to the newest schema while nothing is changed yet. Throws a `StoreFault` when a newer version wrote it. */
function upgrade(file: string): void {
  const { sqlite } = openConnection(file, 'migrate');
  try {
    migrate(sqlite, MIGRATIONS_FOLDER);
  } finally {
    sqlite.close();
  }
  sync(file);
}

/** What was revoked since is known where the log goes on from the one that the copy knew. */
function unloggedWhy(copy: string, path: string): Unlogged | undefined {
  const log = revokedLogOf(path);
  if (!existsSync(log)) return 'missing';
  const sqlite = new Database(copy, { readonly: true });
  try {
    const mark = sqlite.prepare('select value from settings where key = ?').pluck().get(MARK_KEY);
    return isUncut(log, mark as LogMark | undefined) ? undefined : 'other';
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

/**
 * The old one, with its write-ahead log, keeps a name of its own, which is returned; two renamings, of which a crash between
 * leaves both files. An empty one is none: it was made for the lock, or was lost.
 */
function putInPlace(partial: string, path: string, now: number): string | undefined {
  const before = `${path}.before-restore-${isoTime(now).replace(/[:.]/g, '-')}`;
  const isThere = statSync(path).size > 0;
  givenAlike(partial, path);
  if (isThere) renameSync(path, before);
  // Also one that was left over alone: beside the copy it would be taken for the copy's own.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${before}-wal`);
  rmSync(`${path}-shm`, { force: true });
  renameSync(partial, path);
  syncFolder(path);
  return isThere ? before : undefined;
}

function sync(file: string): void {
  const handle = openSync(file, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function syncFolder(file: string): void {
  sync(dirname(file));
}

/** Where a path cannot be, nothing is to be removed: whoever writes there says so. */
function removeWithLogs(file: string): void {
  try {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTDIR' && code !== 'ENAMETOOLONG') throw error;
  }
}

/** What `work` throws of the file system or SQLite as a `StoreFault` that says what to do. */
async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreFault) throw error;
    const cause = sqliteErrorIn(error) ?? error;
    if (!(cause instanceof Error && 'code' in cause)) throw error;
    const code = String(cause.code);
    throw cannotOpen(
      `${file} cannot be written (${code}): ${remedyFor(code, file)}. Nothing was changed.`,
      cause,
    );
  }
}

function remedyFor(code: string, file: string): string {
  switch (code) {
    case 'ENOENT':
      return `make the folder ${dirname(file)} first`;
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return 'name another path';
    default:
      return 'let this user write it, or make room on its disk';
  }
}
