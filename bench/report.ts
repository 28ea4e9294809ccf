import { loadavg } from 'node:os';
import type { Options, Part } from './arguments.ts';
import type { Row } from './contest.ts';
import { type Goal, goalLine, isReached } from './goal.ts';
import { isNoisy, type Range } from './rounds.ts';
import type { Workbench } from './workbench.ts';

/** What a part found out. `facts` are figures without a goal. */
export type Findings = {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  readonly facts?: Readonly<Record<string, unknown>>;
};

export type Report = ReadonlyMap<Part, Findings>;

/** How it was measured: without that the figures say nothing. */
export function conditionsOf({ loadTool, isPinned }: Workbench, { quick }: Options) {
  return {
    node: process.version,
    load: loadTool.name,
    pinned: isPinned,
    quick,
    loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
  };
}

export type Conditions = ReturnType<typeof conditionsOf>;

/** All of it for people: conditions, one table, facts, one line a goal. */
export function reportText(conditions: Conditions, report: Report): string {
  const rows = [...report.values()].flatMap((findings) => findings.rows);
  const facts = [...report.values()].flatMap((findings) => Object.entries(findings.facts ?? {}));
  const goals = [...report.values()].flatMap((findings) => findings.goals);
  const sections = [
    conditionsText(conditions),
    rows.length === 0 ? '' : tableOf(rows),
    facts.map(([name, fact]) => `${name}: ${JSON.stringify(fact, shortNumber)}`).join('\n'),
    goals.map(goalLine).join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** All of it for programs. */
export function reportJson(conditions: Conditions, report: Report): string {
  const parts = [...report].map(([part, { rows, goals, facts }]) => [
    part,
    { rows, facts, goals: goals.map((goal) => ({ ...goal, reached: isReached(goal) })) },
  ]);
  return `${JSON.stringify({ ...conditions, parts: Object.fromEntries(parts) }, null, 2)}\n`;
}

function conditionsText({ node, load, pinned, quick, loadAverage }: Conditions): string {
  const cores = pinned ? 'server on core 0, load on core 1' : 'not pinned to cores';
  const pace = quick ? 'quick: only to see that it works' : '7 rounds of 5 s';
  return `Node ${node} · load by ${load}, 32 connections · ${cores} · ${pace} · load average at the start ${loadAverage.join(' ')}`;
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ contender, requestsPerSecond, ratio, p50Ms, p99Ms, cpuUs }) => [
    contender,
    requestsPerSecond.median.toFixed(0),
    ratio.median.toFixed(2),
    rangeText(ratio),
    `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`,
    cpuUs.toFixed(0),
  ]);
  const table = [['contender', 'req/s', 'ratio to the last', 'range', 'p50 / p99 ms', 'server µs'], ...lines];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function rangeText(range: Range): string {
  return `[${range.min.toFixed(2)}..${range.max.toFixed(2)}]${isNoisy(range) ? ' noisy' : ''}`;
}

function shortNumber(_name: string, fact: unknown): unknown {
  return typeof fact === 'number' ? Number(fact.toFixed(1)) : fact;
}
