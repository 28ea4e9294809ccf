import { holdContest, type Pace, type Pair } from './contest.ts';
import { writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { liveValues } from './values.ts';
import { failOnFault } from './verify.ts';
import type { Workbench } from './workbench.ts';

const FEW = 1000;
const MANY = 1_000_000;
const VALUES = 10_000;
const MANY_TO_FEW_MIN = 0.75;
const PAIR: Pair = ['verify at 1,000,000', 'verify at 1,000'];

/** What a thousand times the tokens cost a verification. */
export async function measureGrowth(bench: Workbench, pace: Pace): Promise<Findings> {
  const [many, few] = await Promise.all([
    contenderOf(bench, MANY, PAIR[0]),
    contenderOf(bench, FEW, PAIR[1]),
  ]);
  const contest = await holdContest(bench, [many, few], { pace, counting: [PAIR] });
  for (const { service } of [many, few]) {
    failOnFault(service);
    await service.stop();
  }
  return {
    rows: contest.rows,
    goals: [
      {
        what: 'verify at 1,000,000 / at 1,000 tokens',
        atLeast: MANY_TO_FEW_MIN,
        actual: contest.ratio(PAIR),
      },
    ],
  };
}

async function contenderOf(bench: Workbench, count: number, name: string) {
  const service = await bench.startService(await bench.databaseOf(count));
  const file = writeValues(bench, `good-${count}`, liveValues(count, VALUES));
  return { name, service, port: service.port, file, expects: 'all allowed' } as const;
}
