import { setTimeout as sleep } from 'node:timers/promises';
import { once } from './goal.ts';
import { present, writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { JUNK_KINDS, junkAt, liveValues, revokedValues } from './values.ts';
import { failOnFault } from './verify.ts';
import type { Server, Workbench } from './workbench.ts';

const TOKENS = 100_000;
const DIFFERENT = 100_000;
const SLICE_SECONDS = 5;
/** Enough for a million at 1,000 requests a second. */
const SLICES_MAX = 200;
const WARM_UP_SHARE = 0.2;
const WATCH_MS = 100;
const WATCHED = 100;
const HEAP_GROWTH_MB_MAX = 5;
const RSS_GROWTH_MAX = 1.1;
const POLL_MS = 20;
const HEAP_MS_MAX = 10_000;

/**
 * Junk of every kind, mixed, while good and revoked values go on being presented: each must have its right answer
 * throughout, and memory must not grow once the process is warm.
 */
export async function measureJunk(bench: Workbench, requests: number): Promise<Findings> {
  const service = await bench.startService(await bench.databaseOf(TOKENS), [
    `${import.meta.dirname}/heap.cjs`,
  ]);
  const junk = Array.from({ length: DIFFERENT }, (_, index) =>
    junkAt(JUNK_KINDS[index % JUNK_KINDS.length] ?? 'bad shape', index, TOKENS),
  );
  const file = writeValues(bench, 'junk', junk);

  const warmUp = await presentJunk(bench, service, file, requests * WARM_UP_SHARE);
  const heapBefore = await heapMb(service);
  const watch = watchValues(service.port);
  const main = await presentJunk(bench, service, file, requests * (1 - WARM_UP_SHARE)).finally(watch.end);
  const watched = await watch.ended;
  const heapAfter = await heapMb(service);
  failOnFault(service);
  await service.stop();

  const half = Math.ceil(main.rssMb.length / 2);
  const [early, late] = [main.rssMb.slice(0, half), main.rssMb.slice(-half)].map(rangeOf);
  return {
    rows: [],
    facts: {
      junkRequests: warmUp.requests + main.requests,
      statuses: main.statuses,
      watched,
      rssMb: [...warmUp.rssMb, ...main.rssMb].map(Math.round),
      heapMb: [heapBefore, heapAfter],
    },
    goals: [
      {
        what: 'junk answered with anything but 401',
        atMost: 0,
        actual: once(notRefused(main) + notRefused(warmUp)),
      },
      { what: 'live or revoked values answered wrongly meanwhile', atMost: 0, actual: once(watched.wrong) },
      {
        what: 'heap that junk leaves behind',
        atMost: HEAP_GROWTH_MB_MAX,
        unit: 'MB',
        actual: once(heapAfter - heapBefore),
      },
      {
        what: 'memory (RSS) of the later half / the earlier half',
        atMost: RSS_GROWTH_MAX,
        actual: once((late?.median ?? Number.NaN) / (early?.median ?? Number.NaN)),
      },
    ],
  };
}

type Junk = { requests: number; statuses: Record<string, number>; rssMb: number[] };

async function presentJunk(bench: Workbench, service: Server, file: string, wanted: number): Promise<Junk> {
  const junk: Junk = { requests: 0, statuses: {}, rssMb: [] };
  for (let slice = 0; slice < SLICES_MAX && junk.requests < wanted; slice++) {
    const load = await present(bench, { port: service.port, file, seconds: SLICE_SECONDS, expects: 'any' });
    junk.requests += load.requests;
    junk.rssMb.push(service.rssMb());
    for (const [status, count] of Object.entries(load.statuses)) {
      junk.statuses[status] = (junk.statuses[status] ?? 0) + count;
    }
  }
  return junk;
}

/** 5xx would be our fault, 200 the end of it all. */
function notRefused({ statuses }: Junk): number {
  const counts = Object.entries(statuses).filter(([status]) => status !== '401');
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

/** Presents good and revoked values by turns until it is ended, and counts the wrong answers. */
function watchValues(port: number) {
  const good = liveValues(TOKENS, WATCHED).map((value) => ({ value, status: 200 }));
  const revoked = revokedValues(TOKENS, WATCHED).map((value) => ({ value, status: 401 }));
  const expectations = good.flatMap((each, index) => [each, revoked[index] ?? each]);
  const ending = new AbortController();

  async function watch() {
    const counts = { asked: 0, wrong: 0 };
    for (let turn = 0; !ending.signal.aborted; turn++) {
      const { value, status } = expectations[turn % expectations.length] ?? { value: '', status: 401 };
      const answer = await fetch(`http://127.0.0.1:${port}/verify`, { headers: { token: value } });
      counts.asked += 1;
      if (answer.status !== status) counts.wrong += 1;
      await sleep(WATCH_MS);
    }
    return counts;
  }

  return { ended: watch(), end: () => ending.abort() };
}

async function heapMb(service: Server): Promise<number> {
  const already = heapLines(service).length;
  service.child.kill('SIGUSR2');
  for (let waited = 0; waited < HEAP_MS_MAX; waited += POLL_MS) {
    const line = heapLines(service)[already];
    if (line !== undefined) return JSON.parse(line).heapMb;
    await sleep(POLL_MS);
  }
  throw new Error('the service did not tell its heap within 10 s');
}

function heapLines(service: Server): string[] {
  return service.output().match(/^\{"heapMb":.*\}$/gm) ?? [];
}
