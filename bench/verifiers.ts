import { createServer } from 'node:net';
import { holdContest, type Pace } from './contest.ts';
import { writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { liveValues } from './values.ts';
import { failOnFault } from './verify.ts';
import type { Server, Workbench } from './workbench.ts';

const TOKENS = 100_000;
const VALUES = 10_000;
const COST_MAX = 1.15;
const RSS_MB_MAX = 110;

/** Two verifiers on one port against one: what a request costs them, how many they answer, and what memory each takes. */
export async function measureVerifiers(bench: Workbench, pace: Pace): Promise<Findings> {
  const file = writeValues(bench, 'good', liveValues(TOKENS, VALUES));
  const one = await bench.startVerifier(await bench.databaseOf(TOKENS), 0);
  const [shared, port] = [await bench.databaseOf(TOKENS), await freePort()];
  const two = [await bench.startVerifier(shared, port), await bench.startVerifier(shared, port)] as const;
  const contest = await holdContest(
    bench,
    [
      { name: 'two verifiers, one port', server: together(two), file, expects: 'all allowed' },
      { name: 'one verifier', server: one, file, expects: 'all allowed' },
    ],
    { pace, counting: [] },
  );
  const memory = rangeOf([one, ...two].map((server) => server.rssMb()));
  for (const server of [one, ...two]) {
    failOnFault(server);
    await server.stop();
  }
  return {
    rows: contest.rows,
    goals: [
      {
        what: 'processor time a request, two verifiers / one',
        atMost: COST_MAX,
        actual: contest.costRatio(['two verifiers, one port', 'one verifier']),
      },
      { what: 'memory of a verifier under load (RSS)', atMost: RSS_MB_MAX, unit: 'MB', actual: memory },
    ],
  };
}

/** Two servers as one, as far as a contest asks. */
function together([first, second]: readonly [Server, Server]): Server {
  return { ...first, cpuMs: () => first.cpuMs() + second.cpuMs() };
}

/** A port where nobody listens. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((settle) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
