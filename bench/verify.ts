import { holdContest, type Pace } from './contest.ts';
import { writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { liveValues, PEPPER_TEXT, withWrongCheck } from './values.ts';
import type { Server, Workbench } from './workbench.ts';

const TOKENS = 100_000;
const VALUES = 10_000;
const TO_RAW_MIN = 0.85;
const TO_CONSTANT_MIN = 0.3;
const WRONG_TO_GOOD_MIN = 1;

/** The service against the fastest that could be written by hand, and against a server that decides nothing. */
export async function measureVerify(bench: Workbench, pace: Pace): Promise<Findings> {
  const values = liveValues(TOKENS, VALUES);
  const good = { file: writeValues(bench, 'good', values), expects: 'all allowed' } as const;
  const wrong = {
    file: writeValues(bench, 'wrong', values.map(withWrongCheck)),
    expects: 'all refused',
  } as const;
  const service = await bench.startService(await bench.databaseOf(TOKENS));
  const raw = await bench.startReference('raw-reference.ts', [await bench.databaseOf(TOKENS), PEPPER_TEXT]);
  const constant = await bench.startReference('constant-server.ts');
  const contenders = [
    { name: 'verify', server: service, ...good },
    { name: 'verify, wrong check digits', server: service, ...wrong },
    { name: 'raw reference', server: raw, ...good },
    { name: 'constant node:http', server: constant, ...good },
  ];
  const contest = await holdContest(bench, contenders, { pace, counting: [['verify', 'raw reference']] });
  failOnFault(service);
  for (const server of [service, raw, constant]) await server.stop();

  return {
    rows: contest.rows,
    goals: [
      {
        what: 'verify / raw reference',
        atLeast: TO_RAW_MIN,
        actual: contest.ratio(['verify', 'raw reference']),
        gates: true,
      },
      {
        what: 'verify / constant node:http',
        atLeast: TO_CONSTANT_MIN,
        actual: contest.ratio(['verify', 'constant node:http']),
      },
      {
        what: 'wrong check digits / good value',
        atLeast: WRONG_TO_GOOD_MIN,
        actual: contest.ratio(['verify, wrong check digits', 'verify']),
      },
    ],
  };
}

/** Throws when the service logged that it could not answer something: a 503 is no refusal. */
export function failOnFault(service: Server): void {
  const line = service.output().match(/^.*a request could not be answered.*$/m)?.[0];
  if (line !== undefined) throw new Error(`the service had a fault while it was measured: ${line}`);
}
