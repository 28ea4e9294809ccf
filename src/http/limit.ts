import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE_MS, SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Visitors } from '../tokens/store.ts';
import { sendRefusal } from './answer.ts';
import { callerAddress } from './caller-address.ts';
import type { JudgeDeps } from './judge.ts';
import type { Figures } from './metrics.ts';

const REQUESTS_MAX = 30;
/** About 1 MB. Whoever has more networks than this within a minute is not held back by a limit an address. */
const NETWORKS_MAX = 10_000;
/** Of 16 bits. */
const NETWORK_GROUPS = 4;

/** How often each address may ask for something. */
export type Limit = {
  /** Counts one more request. Undefined when it may be served, else the seconds after which another may. */
  take(address: string): number | undefined;
};

/**
 * 30 requests an address in each minute, which begins for all of them at once. The addresses of one IPv6 network (/64) count as
 * one: that is what one customer is given. When 10,000 networks were counted, a new minute begins: memory is bounded, and
 * nobody pays for finding out which to forget.
 */
export function createLimit(clock: Clock): Limit {
  const counts = new Map<string, number>();
  let startedAt = Number.NEGATIVE_INFINITY;

  function begin(now: number): void {
    counts.clear();
    startedAt = now;
  }

  return {
    take(address) {
      const now = clock();
      if (now - startedAt >= MINUTE_MS || now < startedAt) begin(now);
      const network = networkOf(address);
      const count = (counts.get(network) ?? 0) + 1;
      if (count === 1 && counts.size >= NETWORKS_MAX) begin(now);
      counts.set(network, count);
      return count <= REQUESTS_MAX ? undefined : Math.ceil((startedAt + MINUTE_MS - now) / SECOND_MS);
    },
  };
}

/** Of one address so many are counted here before they are written: strangers decide how often this happens. */
const WRITTEN_AT_ONCE = 5;

/** How long a busy database is waited for: then this process's own count decides. */
const WRITTEN_MS_MAX = 300;

type SharedDeps = {
  readonly clock: Clock;
  readonly store: Pick<Visitors, 'countWithin'>;
  readonly log: Pick<Log, 'warn'>;
};

/**
 * The same over all processes, by the database: each five requests of an address are written there, so that a few more are served
 * than 30, four for each further process. `what` tells what is counted from other things.
 */
export function createSharedLimit(what: string, { clock, store, log }: SharedDeps) {
  const own = createLimit(clock);
  /** Those that came too often altogether, and until when. */
  const refusedUntil = new LRUCache<string, number>({ max: NETWORKS_MAX });
  const counts = new LRUCache<string, number>({ max: NETWORKS_MAX });

  async function waitMsOf(network: string): Promise<number> {
    const limit = { max: REQUESTS_MAX, windowMs: MINUTE_MS, now: clock(), times: WRITTEN_AT_ONCE };
    const counting = store.countWithin(`${what} ${network}`, limit).catch((fault: unknown) => {
      log.warn({ err: fault }, 'requests of an address are counted by this process alone');
      return 0;
    });
    return Promise.race([counting, wait(WRITTEN_MS_MAX, 0, { ref: false })]);
  }

  return {
    /** As `Limit`. */
    take: async (address: string): Promise<number | undefined> => {
      const waitSeconds = own.take(address);
      if (waitSeconds !== undefined) return waitSeconds;
      const network = networkOf(address);
      const leftMs = (refusedUntil.get(network) ?? 0) - clock();
      // A clock that was set back makes nobody wait for longer.
      if (leftMs > 0 && leftMs <= MINUTE_MS) return Math.ceil(leftMs / SECOND_MS);
      const count = (counts.get(network) ?? 0) + 1;
      counts.set(network, count % WRITTEN_AT_ONCE);
      const waitMs = count < WRITTEN_AT_ONCE ? 0 : await waitMsOf(network);
      if (waitMs === 0) return undefined;
      refusedUntil.set(network, clock() + waitMs);
      return Math.ceil(waitMs / SECOND_MS);
    },
  };
}

/**
 * Refuses what is one request too many from its address, and counts that; undefined, and nothing sent, where it may be served. What
 * is sent by `send`: 429, and after how many seconds another may come.
 */
export function createRefusal(
  path: keyof Figures['limited'],
  deps: Pick<JudgeDeps, 'isProxy' | 'metrics'> & SharedDeps,
) {
  const { isProxy, metrics } = deps;
  const limit = createSharedLimit(path, deps);
  return async (
    request: IncomingMessage,
    reply: FastifyReply,
    send = sendTooMany,
  ): Promise<FastifyReply | undefined> => {
    const waitSeconds = await limit.take(callerAddress(request, isProxy));
    if (waitSeconds === undefined) return undefined;
    metrics.figures.limited[path] += 1;
    return send(reply, waitSeconds);
  };
}

function sendTooMany(reply: FastifyReply, waitSeconds: number): FastifyReply {
  return sendRefusal(reply.header('retry-after', waitSeconds), 429);
}

/** The first 64 bits of an IPv6 address, any other address as it is. */
export function networkOf(address: string): string {
  return isIPv6(address) ? ipaddr.IPv6.parse(address).parts.slice(0, NETWORK_GROUPS).join(':') : address;
}
