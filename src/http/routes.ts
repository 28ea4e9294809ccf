import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import description from '../../docs/openapi.json' with { type: 'json' };
import type { Log } from '../log.ts';
import { answerFault, sendRefusal, takeForms } from './answer.ts';
import { addHealthRoutes, type HealthDeps } from './health.ts';
import { addIntrospectRoute } from './introspect.ts';
import { addMetricsRoute, type Metrics } from './metrics.ts';
import { addRevokeRoute, type RevokeDeps } from './revoke.ts';
import { addSecurityTxtRoute, type SecurityTxtDeps } from './security-txt.ts';
import { addMetadataRoute, type MetadataDeps } from './server-metadata.ts';

export type RoutesDeps = HealthDeps &
  RevokeDeps &
  SecurityTxtDeps &
  MetadataDeps & { readonly metrics: Metrics; readonly log: Log };

/**
 * The routes where microseconds do not matter. An unknown path is 404, an unknown method on a known path 405, and a fault
 * 503 with a reference; every error has the same shape.
 */
export function buildRoutes(
  deps: RoutesDeps,
  options: Pick<FastifyServerOptions, 'serverFactory' | 'bodyLimit' | 'clientErrorHandler'>,
): FastifyInstance {
  const app = fastify({
    ...options,
    frameworkErrors: (_error, _request, reply) => sendRefusal(reply, 400),
  });
  app.setErrorHandler((fault, _request, reply) => answerFault(fault, reply, deps.log));
  refuseUnknown(app);
  takeForms(app);
  addHealthRoutes(app, deps);
  addMetricsRoute(app, deps);
  app.get('/openapi.json', () => description);
  addIntrospectRoute(app, deps);
  addRevokeRoute(app, deps);
  addMetadataRoute(app, deps);
  addSecurityTxtRoute(app, deps);
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
