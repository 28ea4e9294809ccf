import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';

const LOG_EVERY_MS = 1 * MINUTE_MS;

/** Warns of something; `factsOf` is given how often it came since it was last logged. */
export type RareWarning = (factsOf: (times: number) => Readonly<Record<string, unknown>>) => void;

/** A warning of what others decide how often to cause: logged at once, and then once a minute at most. */
export function createRareWarning(
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  text: string,
): RareWarning {
  let times = 0;
  let quietUntil = 0;
  return (factsOf) => {
    times += 1;
    const now = clock();
    if (now < quietUntil) return;
    log.warn(factsOf(times), text);
    quietUntil = now + LOG_EVERY_MS;
    times = 0;
  };
}
