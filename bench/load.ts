import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const CONNECTIONS = 32;
/** Beyond the time that was asked for, a load that goes on hangs. */
const OVERTIME_MS_MAX = 30_000;
const run = promisify(execFile);

/** What came back while the load lasted. */
export type Load = {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each status came. Only filled when it was asked for. */
  readonly statuses: Readonly<Record<string, number>>;
};

/** What is presented to a server, and what it must answer: `any` leaves that to whoever counts the statuses. */
export type Presenting = {
  readonly port: number;
  /** A file of values, a line each. */
  readonly file: string;
  readonly seconds: number;
  readonly expects: 'all allowed' | 'all refused' | 'any';
  /** At once: 32. */
  readonly connections?: number;
};

/** Where a load runs: in a folder, with a tool, on its own core, until it is over. */
export type LoadPlace = {
  readonly folder: string;
  readonly loadTool: LoadTool;
  /** Aborted when the place is given up. */
  readonly ending: AbortSignal;
  /** A command that stays on its core, where the machine has two. */
  pinned(what: 'load', command: readonly string[]): readonly string[];
};

export type LoadTool = {
  readonly name: 'wrk' | 'autocannon';
  readonly argumentsFor: (what: Presenting) => string[];
};

const WRK: LoadTool = {
  name: 'wrk',
  argumentsFor: ({ port, file, seconds, expects, connections = CONNECTIONS }) => [
    'wrk',
    ...['-t1', `-c${connections}`, `-d${seconds}s`, '-s', `${import.meta.dirname}/wrk.lua`],
    ...[`http://127.0.0.1:${port}/verify`, '--', file, expects === 'any' ? 'count' : ''],
  ],
};
const AUTOCANNON: LoadTool = {
  name: 'autocannon',
  argumentsFor: ({ port, file, seconds, connections = CONNECTIONS }) => [
    process.execPath,
    `${import.meta.dirname}/autocannon-load.ts`,
    ...[String(port), file, String(connections), String(seconds)],
  ],
};

/** wrk where it is installed: it costs the machine least. */
export async function findLoadTool(): Promise<LoadTool> {
  try {
    await run('which', ['wrk']);
    return WRK;
  } catch {
    return AUTOCANNON;
  }
}

/** Writes values for `present` into a file of the workbench; returns its path. */
export function writeValues(bench: LoadPlace, name: string, values: readonly string[]): string {
  const file = `${bench.folder}/${name}.txt`;
  writeFileSync(file, `${values.join('\n')}\n`);
  return file;
}

/**
 * Presents the values of a file to `/verify` over 32 connections, one after the other, for some seconds. Throws when a
 * connection broke, or a status was not the expected one: then the figures are of something else.
 */
export async function present(bench: LoadPlace, what: Presenting): Promise<Load> {
  const [program = '', ...args] = bench.pinned('load', bench.loadTool.argumentsFor(what));
  const { stdout } = await run(program, args, {
    timeout: what.seconds * 1000 + OVERTIME_MS_MAX,
    signal: bench.ending,
  });
  const { requests, seconds, refused, broken, ...rest } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  const wrong =
    what.expects === 'all allowed' ? refused : what.expects === 'all refused' ? requests - refused : 0;
  if (broken > 0 || wrong > 0 || requests === 0) {
    throw new Error(
      `of ${requests} requests ${wrong} had an unexpected status and ${broken} broke: this run says nothing`,
    );
  }
  return { ...rest, requests, requestsPerSecond: requests / seconds };
}

/** Whether the service on `port` accepts the value just now. */
export async function isAllowed(value: string, port: number): Promise<boolean> {
  const headers = { authorization: `Bearer ${value}` };
  return (await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status === 200;
}
