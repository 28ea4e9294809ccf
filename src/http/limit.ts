import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { FastifyReply } from 'fastify';
import ipaddr from 'ipaddr.js';
import { type Clock, MINUTE_MS, SECOND_MS } from '../clock.ts';
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

/**
 * Refuses what is one request too many from its address, and counts that; undefined, and nothing sent, where it may be served. What
 * is sent by `send`: 429, and after how many seconds another may come.
 */
export function createRefusal(path: keyof Figures['limited'], { clock, isProxy, metrics }: JudgeDeps) {
  const limit = createLimit(clock);
  return (request: IncomingMessage, reply: FastifyReply, send = sendTooMany): FastifyReply | undefined => {
    const waitSeconds = limit.take(callerAddress(request, isProxy));
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
