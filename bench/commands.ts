import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { SEED } from '../sandbox/seed.ts';
import { systemClock } from '../src/clock.ts';
import { macOf } from '../src/tokens/audit.ts';
import { once } from './goal.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { liveValues, PEPPER, PEPPER_TEXT } from './values.ts';
import type { Workbench } from './workbench.ts';

const ROOT = resolve(import.meta.dirname, '..');
const TOKENS = 1000;
const AUDIT_S_MAX = 5;
const FIND_S_MAX = 60;
const FIND_MEMORY_MB_MAX = 200;
const LINES = 20_000;
/** A tenth of the plain log. */
const DENSE_PART = 10;
const POLL_MS = 20;
const BYTES_PER_MB = 1e6;
const KIB_PER_MB = 1024;
const MS_PER_S = 1000;

/** How much there is to go through, and how often. */
type Size = { readonly events: number; readonly megabytes: number; readonly rounds: number };

type Ran = { readonly seconds: number; readonly peakMb: number; readonly out: string };

/** What somebody waits for at the command line. */
export async function measureCommands(
  bench: Workbench,
  { events, megabytes, rounds }: Size,
): Promise<Findings> {
  const database = await bench.databaseOf(TOKENS);
  addEvents(database, events);
  const values = liveValues(TOKENS, TOKENS);
  const plain = writeLog(bench, { name: 'plain.log', megabytes, tokens: ['none'] });
  const dense = writeLog(bench, { name: 'dense.log', megabytes: megabytes / DENSE_PART, tokens: values });
  const runsOf = (args: readonly string[], expects: RegExp) =>
    repeated(bench, database, { args, expects, rounds });

  const audit = await runsOf(['audit', 'verify'], new RegExp(`^${events} events hold\\.`));
  const find = await runsOf(['find', plain.path], /^None of our values stands in it\.$/m);
  const findDense = await runsOf(['find', dense.path], /^1 +\d+ +bench-/m);
  for (const { path } of [plain, dense]) rmSync(path);
  const secondsOf = (runs: readonly Ran[]) => rangeOf(runs.map(({ seconds }) => seconds));
  const speedOf = (runs: readonly Ran[], mb: number) => rangeOf(runs.map(({ seconds }) => mb / seconds));
  return {
    rows: [],
    facts: {
      'find, MB/s': speedOf(find, plain.megabytes).median,
      'find with a value on every line, MB/s': speedOf(findDense, dense.megabytes).median,
    },
    goals: [
      {
        what: `audit verify, ${events.toLocaleString('en')} events`,
        atMost: AUDIT_S_MAX,
        unit: 's',
        actual: secondsOf(audit),
      },
      {
        what: `find, ${megabytes} MB of a log`,
        atMost: FIND_S_MAX,
        unit: 's',
        actual: secondsOf(find),
      },
      {
        what: 'find, the most memory (RSS)',
        atMost: FIND_MEMORY_MB_MAX,
        unit: 'MB',
        actual: once(Math.max(...[...find, ...findDense].map(({ peakMb }) => peakMb))),
      },
    ],
  };
}

/** Events of a chain that holds, and the workspace that the app would have bound. */
function addEvents(path: string, count: number): void {
  const sqlite = new Database(path);
  const insert = sqlite.prepare(
    'insert into audit_events (sequence, at, actor, action, token_id, detail, pepper_id, mac) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const at = systemClock();
  const actor = 'system' as const;
  const action = 'token.created' as const;
  const detail = { name: 'a token for measuring', owner: 'U0BENCH0001' };
  sqlite.transaction(() => {
    let mac: Buffer | undefined;
    for (let sequence = 1; sequence <= count; sequence++) {
      mac = macOf({ sequence, at, actor, action, tokenId: null, detail }, mac, PEPPER);
      insert.run(sequence, at, actor, action, null, JSON.stringify(detail), PEPPER.id, mac);
    }
    sqlite.prepare("insert or replace into settings (key, value) values ('workspace', ?)").run(SEED.teamId);
  })();
  sqlite.close();
}

/** A log of a web server with one of `tokens` in each line. */
function writeLog(
  { folder }: Workbench,
  { name, megabytes, tokens }: { name: string; megabytes: number; tokens: readonly string[] },
): { path: string; megabytes: number } {
  const path = join(folder, name);
  const lines = Array.from({ length: LINES }, (_, line) => {
    const token = tokens[line % tokens.length];
    const time = new Date(line * MS_PER_S).toISOString();
    return `{"time":"${time}","ip":"192.0.2.${line % 256}","url":"/things/${line.toString(36)}?token=${token}&q=a%20b","msg":"GET \\"done\\" in ${line % 97} ms"}\n`;
  });
  const bytes = Buffer.from(lines.join(''));
  const file = openSync(path, 'w');
  while (statSync(path).size < megabytes * BYTES_PER_MB) writeSync(file, bytes);
  closeSync(file);
  return { path, megabytes: statSync(path).size / BYTES_PER_MB };
}

async function repeated(
  bench: Workbench,
  database: string,
  { args, expects, rounds }: { args: readonly string[]; expects: RegExp; rounds: number },
): Promise<Ran[]> {
  const ran: Ran[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await runCommand(bench, database, args);
    if (!expects.test(one.out))
      throw new Error(`${args.join(' ')} answered otherwise:\n${one.out.slice(0, 500)}`);
    ran.push(one);
  }
  return ran;
}

/** As `npm run cli -- ARGS`, without npm itself. */
async function runCommand(bench: Workbench, database: string, args: readonly string[]): Promise<Ran> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const own = String(scripts.cli)
    .replace(/^exec node /, '')
    .split(' ');
  const [program = '', ...rest] = bench.pinned('server', [process.execPath, ...own, ...args]);
  const startedAt = performance.now();
  const child = spawn(program, rest, {
    cwd: ROOT,
    env: { DATABASE_URL: `file:${database}`, TOKEN_PEPPER: PEPPER_TEXT },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: bench.ending,
  });
  let [out, peakMb] = ['', 0];
  child.stdout.on('data', (chunk) => {
    out = `${out}${chunk}`.slice(0, 10_000);
  });
  const poll = setInterval(() => {
    peakMb = Math.max(peakMb, peakMbOf(child.pid));
  }, POLL_MS);
  await new Promise((ended, failed) => child.on('close', ended).on('error', failed));
  clearInterval(poll);
  return { seconds: (performance.now() - startedAt) / MS_PER_S, peakMb, out };
}

/** The most memory that the process has had so far; 0 when it is gone. */
function peakMbOf(pid: number | undefined): number {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / KIB_PER_MB;
  } catch {
    return 0;
  }
}
