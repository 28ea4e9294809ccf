import type { FastifyInstance } from 'fastify';

export type HealthDeps = {
  readonly store: { isReadable(): Promise<boolean>; isWritable(): Promise<boolean> };
  readonly slackConnected: () => boolean;
  /** Whether the process is about to end. */
  readonly isDraining: () => boolean;
};

/**
 * `/healthz`: the process answers. `/readyz`: 200 while verifications can be answered and it is not draining; whether
 * Slack is connected and the store takes writes is told beside that.
 */
export function addHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/healthz', () => ({ alive: true }));

  app.get('/readyz', async (_request, reply) => {
    const [readable, writable] = await Promise.all([deps.store.isReadable(), deps.store.isWritable()]);
    const draining = deps.isDraining();
    const ready = readable && !draining;
    return reply
      .code(ready ? 200 : 503)
      .send({ ready, readable, writable, slack: deps.slackConnected(), draining });
  });
}
