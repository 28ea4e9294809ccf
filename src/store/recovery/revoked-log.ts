import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UNWRITABLE } from '../../tokens/store.ts';
import type { TokenId } from '../../tokens/token.ts';
import { StoreFault } from '../fault.ts';
import { givenAlike } from './given-alike.ts';

const OWNER_ONLY_FILE = 0o600;

const NEW_LINE = 0x0a;

/** What is read at once while the log is gone through. */
const CHUNK_BYTES = 1024 * 1024;

const LINES_AT_ONCE = 10_000;

/** How much before a mark must still be there for the mark to hold. */
const MARKED_BYTES = 512;

/**
 * What ended for good: a token with all its values or, where `endsAt` is given, these values no later than then. Lookup ids
 * are no secret, and no value is ever in it.
 */
export type RevokedLine = {
  readonly at: number;
  readonly token: TokenId;
  readonly values: readonly string[];
  readonly endsAt?: number;
};

/** How much of a log is known to hold in a database: its first bytes, told by their number and the last of them. */
export type LogMark = string & { readonly brand: 'LogMark' };

/**
 * `revoked.log` beside the database: every revocation, a line of JSON each, on the disk before its commit. So neither a
 * backup that was put back nor a crash between the two revives a token. Nothing is ever taken away from it but what was just
 * written for a transaction that surely came to nothing: whoever wanted it was told that nothing was changed.
 */
export type RevokedLog = {
  readonly path: string;
  readonly databasePath: string;
  exists(): boolean;
  /** To be written before the transaction that is under way commits. */
  note(line: RevokedLine): void;
  /** Writes what was noted and waits for the disk. Throws a `StoreFault`; then the transaction must not commit. */
  sync(): void;
  /** Cuts off what the last `sync` wrote, unless somebody wrote after it. For whoever holds the write lock, as all who write do. */
  takeBack(): void;
  /** Forgets what was noted and written: its transaction is over. */
  forget(): void;
  /** The lines after `mark`, or all of them where it does not hold. A line that a crash cut off is left out. */
  linesAfter(mark: LogMark | undefined): Generator<RevokedLine>;
  /** The mark of all that the log holds. */
  mark(): LogMark;
  close(): void;
};

/** Where the log of the database at `path` is. */
export function revokedLogOf(path: string): string {
  return join(dirname(path), 'revoked.log');
}

/** The log of the database at `databasePath`, which is made with the first line. */
export function createRevokedLog(databasePath: string): RevokedLog {
  const path = revokedLogOf(databasePath);
  let noted: RevokedLine[] = [];
  let file: number | undefined;
  let added: Added | undefined;

  function opened(): number {
    file ??= openToAppend(path, databasePath);
    return file;
  }

  return {
    path,
    databasePath,
    exists: () => existsSync(path),
    note: (line) => void noted.push(line),
    sync: () => {
      const lines = noted;
      noted = [];
      if (lines.length === 0) return;
      try {
        const into = opened();
        added = { from: fstatSync(into).size, to: Number.NaN };
        append(into, lines);
        added = { ...added, to: fstatSync(into).size };
      } catch (error) {
        // Some of the lines may be there, and what they tell of does not come to be.
        cutOff(file, added?.from);
        throw cannotWrite(path, error);
      }
    },
    takeBack: () => {
      // Unless somebody else wrote after it.
      if (file !== undefined && fstatSync(file).size === added?.to) cutOff(file, added.from);
    },
    forget: () => {
      noted = [];
      added = undefined;
    },
    linesAfter: (mark) => linesAfter(path, mark),
    mark: () => markOf(path),
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** Where the last lines stand: bytes from the beginning. */
type Added = { readonly from: number; readonly to: number };

/** Where that cannot be done either, what is noted as ended ends at the next start. */
function cutOff(file: number | undefined, length: number | undefined): void {
  if (file === undefined || length === undefined) return;
  try {
    ftruncateSync(file, length);
    fdatasyncSync(file);
  } catch {
    // The disk is broken: the fault that led here is the one that is told.
  }
}

/** Makes the log where there is none, with `lines`, so that a database that is lost later is known to be lost. */
export async function makeRevokedLog(log: RevokedLog, lines: AsyncIterable<RevokedLine>): Promise<void> {
  try {
    const file = openToAppend(log.path, log.databasePath);
    let batch: RevokedLine[] = [];
    for await (const line of lines) {
      batch.push(line);
      if (batch.length < LINES_AT_ONCE) continue;
      append(file, batch);
      batch = [];
    }
    append(file, batch);
    closeSync(file);
  } catch (error) {
    throw cannotWrite(log.path, error);
  }
}

/** The same in their order, `size` at most at once. */
export function* inBatches<T>(each: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const one of each) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function cannotWrite(path: string, error: unknown): StoreFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  const sentence = `${path} can't be written (${code}), so nothing was changed. Let this user write it, or make room on its disk.`;
  return new StoreFault(UNWRITABLE, sentence, error instanceof Error ? error : undefined);
}

/** Its name must be on the disk too: https://man7.org/linux/man-pages/man2/fsync.2.html */
function openToAppend(path: string, databasePath: string): number {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a+', OWNER_ONLY_FILE);
  if (isNew) givenAlike(path, databasePath);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return file;
}

function append(file: number, lines: Iterable<RevokedLine>): void {
  const text = [...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  const { size } = fstatSync(file);
  // Whoever wrote last may have stopped in the middle of a line: this one begins on its own.
  const isCutOff = size > 0 && bytesAt(file, size - 1, 1)[0] !== NEW_LINE;
  const bytes = Buffer.from(isCutOff ? `\n${text}` : text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  fdatasyncSync(file);
}

function bytesAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function markOf(path: string): LogMark {
  const file = openSync(path, 'r');
  try {
    return markAt(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

function markAt(file: number, end: number): LogMark {
  const length = Math.min(end, MARKED_BYTES);
  return `${end}:${crc32(bytesAt(file, end - length, length))}` as LogMark;
}

function* linesAfter(path: string, mark: LogMark | undefined): Generator<RevokedLine> {
  const file = openSync(path, 'r');
  try {
    const from = mark !== undefined && markHolds(file, mark) ? endOf(mark) : 0;
    for (const line of textLines(file, from)) {
      const read = lineIn(line);
      if (read !== undefined) yield read;
    }
  } finally {
    closeSync(file);
  }
}

function markHolds(file: number, mark: LogMark): boolean {
  const end = endOf(mark);
  return end <= fstatSync(file).size && markAt(file, end) === mark;
}

function endOf(mark: LogMark): number {
  return Number(mark.split(':')[0]);
}

/** Whether the log at `path`, which this user must be able to write, still begins with what `mark` says of it. Nothing is written. */
export function isUncut(path: string, mark: LogMark | undefined): boolean {
  const file = openSync(path, 'r+');
  try {
    return mark === undefined || markHolds(file, mark);
  } finally {
    closeSync(file);
  }
}

function* textLines(file: number, from: number): Generator<string> {
  let left = '';
  for (let position = from; ; ) {
    const bytes = bytesAt(file, position, CHUNK_BYTES);
    if (bytes.length === 0) break;
    position += bytes.length;
    // Only ASCII is ever written, so no character is cut in two.
    const lines = (left + bytes.toString('latin1')).split('\n');
    left = lines.pop() ?? '';
    yield* lines;
  }
  yield left;
}

/** Undefined of what is no line of ours: one that a crash cut off, or an empty one. */
function lineIn(text: string): RevokedLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isLine(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

function isLine(line: unknown): line is RevokedLine {
  if (typeof line !== 'object' || line === null) return false;
  const { at, token, values, endsAt } = line as Record<string, unknown>;
  const areIds = Array.isArray(values) && values.every((id) => typeof id === 'string');
  const isInstant = endsAt === undefined || typeof endsAt === 'number';
  return typeof at === 'number' && typeof token === 'string' && areIds && isInstant;
}
