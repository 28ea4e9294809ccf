import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** A database that is busy for longer counts as not writable just now: a probe must not time out over that. */
const WRITABLE_MS_MAX = 500;
/** Anybody may ask, and each time a write is tried: one a second at most. */
const TRIAL_MS_MIN = 1000;

export type HealthDeps = {
  readonly store: { isReadable(): Promise<boolean>; isWritable(): Promise<boolean> };
  /** Left out by a process that never speaks to Slack, which then says nothing of it. */
  readonly slackConnected?: (() => boolean) | undefined;
  /** Whether the process is about to end. */
  readonly isDraining: () => boolean;
};

/**
 * `/healthz`: the process answers. `/readyz`: 200 while verifications can be answered and it is not draining; whether
 * Slack is connected and the store takes writes is told beside that.
 */
export function addHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/healthz', () => ({ alive: true }));

  let trial: { readonly at: number; readonly isWritable: Promise<boolean> } | undefined;

  function isWritableLately(): Promise<boolean> {
    const at = performance.now();
    if (trial === undefined || at - trial.at >= TRIAL_MS_MIN) {
      trial = { at, isWritable: deps.store.isWritable() };
    }
    return trial.isWritable;
  }

  app.get('/readyz', async (_request, reply) => {
    const isWritableSoon = Promise.race([isWritableLately(), wait(WRITABLE_MS_MAX, false, { ref: false })]);
    const [readable, writable] = await Promise.all([deps.store.isReadable(), isWritableSoon]);
    const draining = deps.isDraining();
    const ready = readable && !draining;
    return reply
      .code(ready ? 200 : 503)
      .send({ ready, readable, writable, slack: deps.slackConnected?.(), draining });
  });
}
