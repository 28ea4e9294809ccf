import type { Pace } from './contest.ts';
import { present, writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { liveValues } from './values.ts';
import type { Workbench } from './workbench.ts';

const TOKENS = 100_000;
const VALUES = 10_000;
const START_MS_MAX = 600;
const RSS_MB_MAX = 130;

/** From nothing to the ready line, as often as there are rounds; and the memory after each round of load. */
export async function measureStart(bench: Workbench, { rounds, seconds }: Pace): Promise<Findings> {
  const database = await bench.databaseOf(TOKENS);
  const file = writeValues(bench, 'good', liveValues(TOKENS, VALUES));
  const starts: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const service = await bench.startService(database);
    starts.push(service.startMs);
    await present(bench, { port: service.port, file, seconds, expects: 'all allowed' });
    memory.push(service.rssMb());
    await service.stop();
  }
  return {
    rows: [],
    goals: [
      {
        what: 'start to the ready line, 100,000 tokens',
        atMost: START_MS_MAX,
        unit: 'ms',
        actual: rangeOf(starts),
      },
      { what: 'memory under load (RSS)', atMost: RSS_MB_MAX, unit: 'MB', actual: rangeOf(memory) },
    ],
  };
}
