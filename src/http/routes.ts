import { type FastifyInstance, type FastifyReply, type FastifyServerOptions, fastify } from 'fastify';
import type { Log } from '../log.ts';
import { RETRY_AFTER_SECONDS, reportFault } from './answer.ts';
import { addHealthRoutes, type HealthDeps } from './health.ts';

/** What an error is called, by its status. Anything else in 400…499 is an `invalid_request` too. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
};

/**
 * The routes where microseconds do not matter. An unknown path is 404, an unknown method on a known path 405, and a fault
 * 503 with a reference; every error has the same shape.
 */
export function buildRoutes(
  deps: HealthDeps & { readonly log: Log },
  options: Pick<FastifyServerOptions, 'serverFactory' | 'bodyLimit' | 'clientErrorHandler'>,
): FastifyInstance {
  const app = fastify({
    ...options,
    frameworkErrors: (_error, _request, reply) => sendRefusal(reply, 400),
  });
  app.setErrorHandler((fault, _request, reply) => {
    const status = statusOf(fault);
    if (status >= 400 && status < 500) return sendRefusal(reply, status);
    return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(reportFault(fault, deps.log));
  });
  refuseUnknown(app);
  addHealthRoutes(app, deps);
  return app;
}

/** Before any body is read: whatever it says, there is nobody to read it. */
function refuseUnknown(app: FastifyInstance): void {
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const allowed = methods.get(request.url.replace(/\?.*/s, ''));
    if (allowed === undefined) return sendRefusal(reply, 404);
    return sendRefusal(reply.header('allow', allowed.join(', ')), 405);
  });
}

function sendRefusal(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send({ error: ERROR_NAMES[status] ?? 'invalid_request' });
}

function statusOf(fault: unknown): number {
  return fault instanceof Error && 'statusCode' in fault ? Number(fault.statusCode) : 500;
}
