import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Stage } from '../fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a command printed, and how it ended. */
export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** What is set for commands beside the app of `stage`: nothing of Slack. */
export function besides({
  folder,
  databaseUrl = `file:${folder}/apitoken.db`,
}: Pick<Stage, 'folder'> & Partial<Pick<Stage, 'databaseUrl'>>): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    TOKEN_PEPPER: 'a pepper for tests that nobody uses elsewhere',
  };
}

/** Runs the real command line as a process of its own, in `folder`, where no `.env` lies. */
export async function runs(
  args: readonly string[],
  options: {
    readonly env: Record<string, string>;
    readonly folder: string;
    readonly stdin?: string | Buffer;
    /** Told what it wrote to standard error so far, each time that there is more. */
    readonly onNote?: (err: string, child: { kill(signal: NodeJS.Signals): unknown }) => void;
    /** Typed as soon as the question is asked. */
    readonly answer?: { readonly question: string; readonly with: () => string };
    /** Closes its end of the pipe after the first of what is printed, as `head` does. */
    readonly hears?: 'hears one line';
  },
): Promise<Ran> {
  const child = spawn(
    process.execPath,
    ['--require', join(ROOT, 'require-node.cjs'), join(ROOT, 'src/cli.ts'), ...args],
    {
      cwd: options.folder,
      env: options.env,
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (options.hears) child.stdout.destroy();
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
    options.onNote?.(err, child);
    if (options.answer !== undefined && !child.stdin.writableEnded && err.includes(options.answer.question))
      child.stdin.end(options.answer.with());
  });
  child.stdin.on('error', () => undefined);
  if (options.answer === undefined) child.stdin.end(options.stdin ?? '');
  const code = await new Promise<number | null>((done) => void child.on('close', done));
  return { code, out, err };
}
