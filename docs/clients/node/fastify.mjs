// An API on Fastify 5. A live token for everything, one with the scope `deploy` for /deploy.
import { fastify } from 'fastify';
import { verify } from './apitoken.mjs';

const mayPass = (scope) => async (request, reply) => {
  const { token, refusal } = await verify(request.raw, scope);
  if (refusal) return reply.code(refusal.status).headers(refusal.headers).send();
  request.token = token;
};

const app = fastify();
app.decorateRequest('token', null);
// Before any body is read.
app.all('/deploy', { onRequest: mayPass('deploy') }, async (request) => request.token);
app.all('/*', { onRequest: mayPass() }, async (request) => request.token);
await app.listen({ port: 3000, host: '127.0.0.1' });
