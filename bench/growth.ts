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
  // Both databases first: making them stops the workspace, which a service that runs already would miss.
  const databases = { many: await bench.databaseOf(MANY), few: await bench.databaseOf(FEW) };
  const many = await contenderOf(bench, { count: MANY, database: databases.many, name: PAIR[0] });
  const few = await contenderOf(bench, { count: FEW, database: databases.few, name: PAIR[1] });
  const contest = await holdContest(bench, [many, few], { pace, counting: [PAIR] });
  for (const { server } of [many, few]) {
    failOnFault(server);
    await server.stop();
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

async function contenderOf(
  bench: Workbench,
  { count, database, name }: { count: number; database: string; name: string },
) {
  const server = await bench.startService(database);
  const file = writeValues(bench, `good-${count}`, liveValues(count, VALUES));
  return { name, server, file, expects: 'all allowed' } as const;
}
