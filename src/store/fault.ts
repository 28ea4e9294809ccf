import Database from 'better-sqlite3';
import { UNWRITABLE } from '../tokens/store.ts';

/**
 * `busy`: somebody else held the lock for too long. `cannot_open` and `unwritable`: the message says what to do. `tampered`: what
 * is stored contradicts itself. `failed`: all else.
 */
export type StoreFaultCode = 'busy' | 'cannot_open' | 'closed' | 'tampered' | 'failed' | typeof UNWRITABLE;

/**
 * The store broke. Neither message nor cause holds SQL or a parameter: the cause is SQLite's own error, which names columns
 * and constraints at most, or that of the file system, which names the path.
 */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly code: StoreFaultCode;

  constructor(code: StoreFaultCode, message: string, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The fault that keeps the store from being opened; `message` says what to do. */
export function cannotOpen(message: string, cause?: Error): StoreFault {
  return new StoreFault('cannot_open', message, cause);
}

/** `error` as it may leave the store. */
export function faultFrom(error: unknown): StoreFault {
  if (error instanceof StoreFault) return error;
  const sqliteError = sqliteErrorIn(error);
  if (sqliteError === undefined) return faultWithoutWords(error);
  if (isBusy(error)) return new StoreFault('busy', 'The database is busy.', sqliteError);
  if (/^SQLITE_(FULL|READONLY|CANTOPEN|PERM|IOERR)/.test(sqliteError.code)) {
    return new StoreFault(UNWRITABLE, unwritableSentence(sqliteError.code), sqliteError);
  }
  return new StoreFault('failed', `The database failed with ${sqliteError.code}.`, sqliteError);
}

function unwritableSentence(code: string): string {
  return code === 'SQLITE_FULL'
    ? "The database's disk is full, so nothing was changed. Make room on it, then try again."
    : `The database can't be written (${code}). Look at its disk, and let this user write the file and its folder. Then try again.`;
}

/** Whether another connection holds a lock that `error` was about, so that trying again may help. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(sqliteErrorIn(error)?.code ?? '');
}

/** SQLite's error in `error`: a `DrizzleQueryError` has it as its cause and SQL and parameters in its message. */
export function sqliteErrorIn(error: unknown): InstanceType<typeof Database.SqliteError> | undefined {
  if (error instanceof Database.SqliteError) return error;
  return error instanceof Error && error.cause !== undefined ? sqliteErrorIn(error.cause) : undefined;
}

/** Of an error that is not SQLite's only the kind and the place: `JSON.parse`, for one, quotes what it was given. */
function faultWithoutWords(error: unknown): StoreFault {
  if (!(error instanceof Error)) return new StoreFault('failed', 'The store failed.');
  const fault = new StoreFault('failed', `The store failed with a ${error.constructor.name}.`);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  fault.stack = [`${fault.name}: ${fault.message}`, ...frames].join('\n');
  return fault;
}
