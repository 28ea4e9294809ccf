import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** `npm start`, or `npm run verifier`, as a process of its own, in a folder and with settings of the test's own. */
export type AppProcess = {
  readonly pid: number;
  /** All that it wrote to standard output and standard error so far. */
  output(): string;
  /** Resolves to the port that the ready line names; rejects when the process ends before. */
  readonly ready: Promise<number>;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  signal(name: NodeJS.Signals): void;
};

/** Starts `src/main.ts`, or what else is named, by Node itself, as npm's script does. It is ended with the test, when it has not ended before. */
export function startProcess(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The app, unless it is named. */
  readonly script?: 'main' | 'verifier';
  /** A script that Node loads first. */
  readonly preload?: string;
}): AppProcess {
  const preloads = options.preload === undefined ? [] : ['--require', options.preload];
  const child = spawn(
    process.execPath,
    [...preloads, '--require', `${ROOT}/require-node.cjs`, `${ROOT}/src/${options.script ?? 'main'}.ts`],
    {
      cwd: options.folder,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const ready = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<number | NodeJS.Signals | null>();
  ready.promise.catch(() => undefined);
  const take = (chunk: Buffer) => {
    output += chunk.toString();
    const line = output.split('\n').find((candidate) => candidate.includes('"msg":"ready"'));
    if (line !== undefined) ready.resolve(JSON.parse(line).port);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.on('close', (code, signal) => {
    ready.reject(new Error(`the process ended before it was ready:\n${output}`));
    ended.resolve(code ?? signal);
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended.promise;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ready: ready.promise,
    ended: ended.promise,
    signal: (name) => child.kill(name),
  };
}
