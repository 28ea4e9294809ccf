import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { measureAcks } from './acks.ts';
import { type Options, type Part, parseArguments, UsageError } from './arguments.ts';
import { measureCommands } from './commands.ts';
import { PACE, type Pace, QUICK_PACE } from './contest.ts';
import { failsGate } from './goal.ts';
import { measureGrowth } from './growth.ts';
import { measureGuard } from './guard.ts';
import { measureHostile } from './hostile.ts';
import { measureJunk } from './junk.ts';
import { measureMicro } from './micro.ts';
import { measurePostgres } from './postgres.ts';
import { conditionsOf, type Findings, type Report, reportJson, reportText } from './report.ts';
import { measureStart } from './start.ts';
import { measureVerifiers } from './verifiers.ts';
import { measureVerify } from './verify.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

const JUNK_REQUESTS = 1_000_000;
const QUICK_JUNK_REQUESTS = 100_000;

const COMMANDS = { events: 100_000, megabytes: 200, rounds: 3 };
const QUICK_COMMANDS = { events: 10_000, megabytes: 20, rounds: 1 };

const MEASURES: Readonly<Record<Part, (bench: Workbench, pace: Pace) => Promise<Findings>>> = {
  micro: measureMicro,
  verify: measureVerify,
  growth: measureGrowth,
  verifiers: measureVerifiers,
  postgres: measurePostgres,
  start: measureStart,
  acks: measureAcks,
  junk: (bench, pace) => measureJunk(bench, pace === QUICK_PACE ? QUICK_JUNK_REQUESTS : JUNK_REQUESTS),
  hostile: measureHostile,
  guard: measureGuard,
  commands: (bench, pace) => measureCommands(bench, pace === QUICK_PACE ? QUICK_COMMANDS : COMMANDS),
};

await run();

async function run(): Promise<void> {
  try {
    const options = parseArguments(process.argv.slice(2));
    process.exitCode = await measure(options);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`${isUsage ? error.message : inspect(error)}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** Measures, reports, leaves nothing behind; returns the exit code. */
async function measure(options: Options): Promise<number> {
  const bench = await openWorkbench();
  endOnSignal(bench);
  const conditions = conditionsOf(bench, options);
  const report = new Map<Part, Findings>();
  try {
    for (const part of options.parts) {
      process.stderr.write(`measuring ${part} …\n`);
      report.set(part, await MEASURES[part](bench, options.quick ? QUICK_PACE : PACE));
    }
  } finally {
    await bench.close();
  }
  write(options, reportText(conditions, report), reportJson(conditions, report));
  return options.gate && failsAnyGate(report) ? 1 : 0;
}

function write({ json }: Options, text: string, jsonText: string): void {
  (json === '-' ? process.stderr : process.stdout).write(text);
  if (json === '-') process.stdout.write(jsonText);
  else if (json !== undefined) writeFileSync(json, jsonText);
}

function failsAnyGate(report: Report): boolean {
  return [...report.values()].some(({ goals }) => goals.some(failsGate));
}

/**
 * Ctrl-C ends every process that was started and removes what was written. Under npm the signal comes twice, so a second one
 * changes nothing; the closing takes no longer than a server may take to stop.
 */
function endOnSignal(bench: Workbench): void {
  const end = () => void bench.close().finally(() => process.exit(1));
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}
