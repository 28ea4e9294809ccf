import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isoTime, systemClock } from './clock.ts';

const STANDARD_OUTPUT = 1;
/** What waits for a reader that stands still: some thousands of lines. */
const WAITING_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 100;
const END_MS_MAX = 300;
const END_PAUSE_MS = 10;

/** What waits to be written, and how many lines are missing from the log when it never is. */
type Entry = { readonly bytes: Buffer; readonly missing: number; readonly isLine: boolean };

/**
 * Writes lines and stops nobody: one that cannot be written (the disk is full, or a reader stands still and 1 MiB waits for it
 * already) is dropped and counted, and where lines are missing one line says how many, as soon as it can be written. After
 * EPIPE nothing is written any more: the reader is gone for good. No method throws.
 */
export class LineOutput {
  readonly #fd: number;
  readonly #waiting: Entry[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** Dropped lines that the log does not tell of yet. */
  #untold = 0;
  #isInLine = false;
  #isGone = false;
  #timer: NodeJS.Timeout | undefined;

  /** Writes to `fd`, whose writes must not wait for a reader. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** How many lines nobody will ever read. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line, with its line break. */
  write(line: string): void {
    if (this.#untold > 0) this.#work();
    const entry = { missing: 1, isLine: true };
    const isFull = this.#waitingBytes > WAITING_BYTES_MAX;
    if (this.#untold > 0 || this.#isGone || isFull) this.#drop(entry);
    else this.#add(line, entry);
    this.#work();
  }

  /** Before the process ends: waits for a reader that is merely slow, 300 ms at most. */
  end(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const deadline = performance.now() + END_MS_MAX;
    for (this.#flush(); this.#waiting.length > 0 && performance.now() < deadline; this.#flush()) {
      Atomics.wait(pause, 0, 0, END_PAUSE_MS);
    }
  }

  #work(): void {
    this.#flush();
    this.#tellDropped();
    this.#flush();
    if (this.#isGone || (this.#waiting.length === 0 && this.#untold === 0)) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, RETRY_MS).unref();
  }

  /** Writes as much as is taken just now. What waits for a reader goes on waiting; after another fault all of it is dropped. */
  #flush(): void {
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) this.#writeOf(first);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      this.#isGone = code === 'EPIPE';
      if (code === 'EAGAIN') return;
      for (const entry of this.#waiting.splice(0)) this.#drop(entry);
      this.#waitingBytes = 0;
    }
  }

  #writeOf(first: Entry): void {
    const count = writeSync(this.#fd, first.bytes);
    this.#waitingBytes -= count;
    this.#isInLine = count < first.bytes.length;
    if (this.#isInLine) this.#waiting[0] = { ...first, bytes: first.bytes.subarray(count) };
    else this.#waiting.shift();
  }

  #tellDropped(): void {
    if (this.#untold === 0 || this.#waiting.length > 0 || this.#isGone) return;
    const line = droppedLine(this.#untold);
    this.#add(this.#isInLine ? `\n${line}` : line, { missing: this.#untold, isLine: false });
    this.#untold = 0;
  }

  #add(text: string, rest: Omit<Entry, 'bytes'>): void {
    const bytes = Buffer.from(text);
    this.#waiting.push({ bytes, ...rest });
    this.#waitingBytes += bytes.length;
  }

  #drop({ missing, isLine }: Omit<Entry, 'bytes'>): void {
    this.#untold += missing;
    if (isLine) this.#dropped += 1;
  }
}

/** Standard output, for one caller in a process. */
export function standardOutput(): LineOutput {
  const output = new LineOutput(unblocked(STANDARD_OUTPUT));
  process.once('exit', () => output.end());
  return output;
}

/** In the form of the log's own lines. */
function droppedLine(dropped: number): string {
  const time = isoTime(systemClock());
  const msg = 'standard output could not be written: log lines were dropped';
  return `${JSON.stringify({ level: 'warn', time, dropped, msg })}\n`;
}

/** Kept: collected as garbage, one would close its descriptor. */
const kept: Socket[] = [];

/**
 * A descriptor for the same place whose writes fail with EAGAIN instead of waiting for a reader. A pipe or terminal is opened
 * anew, so that whoever shares it keeps theirs as it was (proc_pid_fd(5)). Where that may not be (a pipe of another user's, as
 * in a container) or cannot (a socket, as the journal's), libuv makes it non-blocking. A file never waits, and is kept as it
 * is: opened anew it would be written from its beginning.
 */
function unblocked(fd: number): number {
  const stats = fstatSync(fd);
  if (!stats.isSocket() && !stats.isFIFO() && !stats.isCharacterDevice()) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    const socket = new Socket({ fd, readable: false, writable: true }).unref();
    kept.push(socket.on('error', () => undefined));
    return fd;
  }
}
