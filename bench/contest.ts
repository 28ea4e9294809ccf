import { type Load, type Presenting, present } from './load.ts';
import { isNoisy, type Range, rangeOf, ratioOf, type Samples, turnsOf } from './rounds.ts';
import type { Workbench } from './workbench.ts';

/** Who takes part in the rounds, and what is asked of them. */
export type Contender = Omit<Presenting, 'seconds'> & { readonly name: string };

/** How long a contest lasts. */
export type Pace = { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number };

/** Two contenders whose ratio counts. */
export type Pair = readonly [of: string, to: string];

export type Contest = {
  readonly rows: readonly Row[];
  ratio(pair: Pair): Range;
};

/** What one contender did. The ratio is to the last of the contenders. */
export type Row = {
  readonly contender: string;
  readonly requestsPerSecond: Range;
  readonly ratio: Range;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export const PACE: Pace = { rounds: 7, seconds: 5, warmUpSeconds: 2 };
export const QUICK_PACE: Pace = { rounds: 3, seconds: 2, warmUpSeconds: 1 };

/**
 * Rounds in which everybody has a turn, forwards and backwards. When a ratio that counts spreads too far the whole is done
 * once more, and the second time counts.
 */
export async function holdContest(
  bench: Workbench,
  contenders: readonly Contender[],
  { pace, counting }: { readonly pace: Pace; readonly counting: readonly Pair[] },
): Promise<Contest> {
  const first = await playRounds(bench, contenders, pace);
  if (!counting.some((pair) => isNoisy(first.ratio(pair)))) return first;
  process.stderr.write('noisy: once more\n');
  return playRounds(bench, contenders, pace);
}

async function playRounds(
  bench: Workbench,
  contenders: readonly Contender[],
  { rounds, seconds, warmUpSeconds }: Pace,
): Promise<Contest> {
  const loads = new Map<string, Load[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await present(bench, { ...contender, seconds: warmUpSeconds });
  for (let round = 0; round < rounds; round++) {
    for (const contender of turnsOf(round, contenders)) {
      loads.get(contender.name)?.push(await present(bench, { ...contender, seconds }));
    }
  }
  const samples: Samples = new Map(
    [...loads].map(([name, each]) => [name, each.map(({ requestsPerSecond }) => requestsPerSecond)]),
  );
  const last = contenders.at(-1)?.name ?? '';
  return {
    ratio: ([of, to]) => ratioOf(samples, of, to),
    rows: [...loads].map(([name, each]) => ({
      contender: name,
      requestsPerSecond: rangeOf(samples.get(name) ?? []),
      ratio: ratioOf(samples, name, last),
      p50Ms: rangeOf(each.map(({ p50Ms }) => p50Ms)).median,
      p99Ms: rangeOf(each.map(({ p99Ms }) => p99Ms)).median,
    })),
  };
}
