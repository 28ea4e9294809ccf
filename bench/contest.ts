import { type Load, type Presenting, present } from './load.ts';
import { isNoisy, type Range, rangeOf, ratioOf, type Samples, turnsOf } from './rounds.ts';
import type { Server, Workbench } from './workbench.ts';

/** Who takes part in the rounds, and what is asked of them. */
export type Contender = Omit<Presenting, 'seconds' | 'port'> & {
  readonly name: string;
  readonly server: Server;
};

/** How long a contest lasts. */
export type Pace = { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number };

/** Two contenders whose ratio counts. */
export type Pair = readonly [of: string, to: string];

export type Contest = {
  readonly rows: readonly Row[];
  ratio(pair: Pair): Range;
  /** The same of the processor time a request. */
  costRatio(pair: Pair): Range;
};

/** What one contender did. The ratio is to the last of the contenders. */
export type Row = {
  readonly contender: string;
  readonly requestsPerSecond: Range;
  readonly ratio: Range;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server a request: on a busy machine it moves less than the rest. */
  readonly cpuUs: number;
};

const US_PER_MS = 1000;

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
  const turns = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await playTurn(bench, contender, warmUpSeconds);
  for (let round = 0; round < rounds; round++) {
    for (const contender of turnsOf(round, contenders)) {
      turns.get(contender.name)?.push(await playTurn(bench, contender, seconds));
    }
  }
  const samplesOf = (figure: 'requestsPerSecond' | 'cpuUs'): Samples =>
    new Map([...turns].map(([name, each]) => [name, each.map((turn) => turn[figure])]));
  const [samples, costs] = [samplesOf('requestsPerSecond'), samplesOf('cpuUs')];
  const last = contenders.at(-1)?.name ?? '';
  return {
    ratio: ([of, to]) => ratioOf(samples, of, to),
    costRatio: ([of, to]) => ratioOf(costs, of, to),
    rows: [...turns].map(([name, each]) => ({
      contender: name,
      requestsPerSecond: rangeOf(samples.get(name) ?? []),
      ratio: ratioOf(samples, name, last),
      p50Ms: rangeOf(each.map(({ p50Ms }) => p50Ms)).median,
      p99Ms: rangeOf(each.map(({ p99Ms }) => p99Ms)).median,
      cpuUs: rangeOf(each.map(({ cpuUs }) => cpuUs)).median,
    })),
  };
}

type Turn = Load & { readonly cpuUs: number };

async function playTurn(bench: Workbench, { server, ...what }: Contender, seconds: number): Promise<Turn> {
  const cpuMsBefore = server.cpuMs();
  const load = await present(bench, { ...what, port: server.port, seconds });
  return { ...load, cpuUs: ((server.cpuMs() - cpuMsBefore) * US_PER_MS) / load.requests };
}
