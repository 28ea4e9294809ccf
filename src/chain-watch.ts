import { type Clock, DAY_MS } from './clock.ts';
import type { Log } from './log.ts';
import { headText, lookAtChain } from './tokens/audit.ts';
import type { Peppers } from './tokens/pepper.ts';
import type { TokenStore } from './tokens/store.ts';

/** A head is told after so many events: what is cut off after it shows. */
const TOLD_EVERY = 100;

/** Looks after the audit chain while the app runs. */
export type ChainWatch = {
  /** Checks the last events at the first call and once a day, and tells the head when it is due. */
  look(): Promise<void>;
  /** Tells the head of the chain in the log, if it is another one than was told. */
  tellHead(): Promise<void>;
};

/** The watch of one app. A break is told in the log, kept for boards and histories, and stops nothing. */
export function createChainWatch(deps: {
  readonly store: TokenStore;
  readonly peppers: Peppers;
  readonly clock: Clock;
  readonly log: Log;
}): ChainWatch {
  const { store, clock, log } = deps;
  let checkedAt: number | undefined;
  let told = { sequence: 0, at: 0 };

  async function check(): Promise<void> {
    checkedAt = clock();
    const alarm = await lookAtChain(deps);
    if (alarm === undefined) return;
    const { sequence, flaw, tokenId } = alarm;
    log.error(
      { sequence, flaw, token: tokenId },
      'the audit chain is broken: an event was changed outside apitoken',
    );
  }

  async function tellHead(): Promise<void> {
    const head = await store.chainHead();
    if (head === undefined || head.sequence === told.sequence) return;
    told = { sequence: head.sequence, at: clock() };
    log.info({ head: headText(head) }, 'head of the audit chain');
  }

  return {
    look: async () => {
      if (checkedAt === undefined || Math.abs(clock() - checkedAt) >= DAY_MS) await check();
      const head = await store.chainHead();
      const isDue = (head?.sequence ?? 0) - told.sequence >= TOLD_EVERY || clock() - told.at >= DAY_MS;
      if (isDue) await tellHead();
    },
    tellHead,
  };
}
