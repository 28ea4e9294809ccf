import { SECOND_MS, systemClock } from './clock.ts';
import { parseVerifierConfig, type VerifierConfig } from './config.ts';
import type { Log } from './log.ts';
import { runProcess, type Served } from './process.ts';
import { openServing } from './serving.ts';
import { startHasher } from './tokens/hasher.ts';

/** What it counted is unknown to the app until it is written. */
const FLUSH_MS = 1 * SECOND_MS;

await runProcess(parseVerifierConfig, startVerifier);

/**
 * The process that answers over HTTP and never speaks to Slack: `/verify`, `/introspect`, `/revoke`, health and metrics. As many as
 * are wanted share a database; what they end, the app tells. It makes no database.
 */
async function startVerifier(
  config: VerifierConfig,
  { log, droppedLogLines }: { readonly log: Log; readonly droppedLogLines: () => number },
): Promise<Served> {
  const hasher = startHasher(1);
  const serving = await openServing({
    ...{ config, log, hasher, droppedLogLines, machineClock: systemClock },
    store: { use: 'verifier', presence: 'must' },
    flushMs: FLUSH_MS,
  });
  const http = await serving.listen();
  const chores = serving.startChores();
  return {
    port: http.port,
    announceStop: http.announceStop,
    stop: async () => {
      http.drain();
      await http.stop();
      await chores.stop();
      await hasher.stop();
      await serving.store.close();
    },
  };
}
