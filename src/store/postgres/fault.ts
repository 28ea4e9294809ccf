import { UNWRITABLE } from '../../tokens/store.ts';
import { cannotOpen, StoreFault } from '../fault.ts';

/** The code of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html), of Node or of TLS in `error`; none: ''. */
export function codeIn(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeIn(error.errors[0]);
  return codeIn(error.cause);
}

/** Whether trying the same transaction again may help: it lost against another one, and nothing of it is left. */
export function isConflict(error: unknown): boolean {
  return /^40(001|P01)$/.test(codeIn(error));
}

/**
 * Whether a named statement is known no more, or means something else since a newer version changed the tables: a new connection
 * parses it anew.
 */
export function isStale(error: unknown): boolean {
  return /^(0A000|26000)$/.test(codeIn(error));
}

/** Whether PostgreSQL itself refused it, so that it surely came to nothing. Else the connection was lost. */
export function isRefused(error: unknown): boolean {
  const code = codeIn(error);
  return isSqlState(code) && !isLostCode(code);
}

/** Each has a digit in it, unlike EPIPE. */
function isSqlState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

/** Shutting down, starting, connection exceptions, and 40003: completion unknown. */
function isLostCode(code: string): boolean {
  return /^(57P0|08|40003)/.test(code);
}

const BUSY = 'The database is busy. Nothing was changed. Try again in 10 seconds.';

/**
 * `error` as it may leave the store. Its cause has the code alone: what `pg` throws holds parts of statements and rows, and what
 * Drizzle makes of it all parameters.
 */
export function postgresFault(error: unknown): StoreFault {
  const fault = faultIn(error);
  if (fault !== undefined) return fault;
  const code = codeIn(error);
  const cause = causeOf(error, code);
  if (/^(55P03|57014|53300|40001|40P01)$/.test(code) || isTimeout(error))
    return new StoreFault('busy', BUSY, cause);
  if (code === '53100') {
    const sentence = "The database's disk is full, so nothing was changed. Make room on it, then try again.";
    return new StoreFault(UNWRITABLE, sentence, cause);
  }
  if (/^(25006|42501|58030)$/.test(code)) {
    const sentence = `The database can't be written (${code}), so nothing was changed. Let this user write it. Then try again.`;
    return new StoreFault(UNWRITABLE, sentence, cause);
  }
  if (isRefused(error)) return new StoreFault('failed', `The database failed with ${code}.`, cause);
  if (isLost(error))
    return new StoreFault('failed', `The database can't be reached (${code || 'connection lost'}).`, cause);
  const kind = error instanceof Error ? ` with a ${error.constructor.name}` : '';
  return new StoreFault('failed', `The store failed${kind}.`, cause);
}

/** A fault that was made before, which Drizzle may have wrapped. */
function faultIn(error: unknown): StoreFault | undefined {
  if (error instanceof StoreFault) return error;
  return error instanceof Error ? faultIn(error.cause) : undefined;
}

/** That no answer came in time, as `pg` and its pool say it, which have no codes for it. */
export function isTimeout(error: unknown): boolean {
  return /timeout exceeded|Query read timeout/.test(messageIn(error));
}

/** Whether the connection was lost, or there was none. */
export function isLost(error: unknown): boolean {
  const code = codeIn(error);
  return (
    isLostCode(code) ||
    /^(E[A-Z]+|ERR_[A-Z_]+)$/.test(code) ||
    /^(Connection terminated|Client has encountered a connection error|Cannot use a pool)/.test(
      messageIn(error),
    )
  );
}

/** Of the innermost error: Drizzle's own holds the statement. */
function messageIn(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return error.cause instanceof Error ? messageIn(error.cause) : error.message;
}

function causeOf(error: unknown, code: string): Error {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  const cause = new Error(code === '' ? `${name} without a code` : `PostgreSQL or its connection: ${code}`);
  cause.stack = `${cause.message}\n${framesOf(error)}`;
  return Object.assign(cause, { code });
}

function framesOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^ {4}at /.test(line)).join('\n');
}

/** A connection was lost while PostgreSQL was to commit. */
export function unknownOutcome(error: unknown): StoreFault {
  return new StoreFault(
    'failed',
    'The connection to the database was lost at the last moment: the change may or may not have been made. Look before you try again.',
    causeOf(error, codeIn(error)),
  );
}

/** `error`, which kept the database at `place` from being opened, with what to do. */
export function openingFault(error: unknown, place: string): StoreFault {
  const fault = faultIn(error);
  if (fault !== undefined) return fault.code === 'cannot_open' ? fault : cannotOpen(fault.message, fault);
  const code = codeIn(error);
  return cannotOpen(openingSentence(code, messageIn(error), place), causeOf(error, code));
}

function openingSentence(code: string, message: string, place: string): string {
  const database = `The database at ${place}`;
  if (/^28/.test(code))
    return `${database} doesn't let this user in (${code}). Check user, password and sslmode in DATABASE_URL.`;
  if (code === '3D000')
    return `${database} isn't there (${code}). Create it first, or name another one in DATABASE_URL.`;
  if (code === '42501')
    return `${database} doesn't let this user make tables (${code}). Let the user create in its schema, then start again.`;
  if (code === '53300')
    return `${database} has no connection left (${code}). Lower DATABASE_POOL_MAX, or allow more there.`;
  if (code === '08P01')
    return `${database} is behind a pooler that takes no settings (${code}). Add prepare=false to DATABASE_URL.`;
  if (/CERT|SIGNATURE|^ERR_TLS|ISSUER/.test(code))
    return `${database} has a certificate that isn't trusted (${code}). Name its authority by sslrootcert=FILE in DATABASE_URL.`;
  if (/does not support SSL/.test(message))
    return `${database} speaks no TLS. Turn it on there, or set sslmode=disable in DATABASE_URL on a network you trust.`;
  if (isLostCode(code) || !isSqlState(code))
    return `${database} can't be reached (${code || 'no answer'}). Start it, or name another one in DATABASE_URL.`;
  return `${database} can't be opened (${code}).`;
}
