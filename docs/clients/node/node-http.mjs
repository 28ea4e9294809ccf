// An API on node:http. A live token for everything, one with the scope `deploy` for /deploy.
import { createServer } from 'node:http';
import { verify } from './apitoken.mjs';

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const { token, refusal } = await verify(request, pathname === '/deploy' ? 'deploy' : undefined);
  if (refusal) return response.writeHead(refusal.status, refusal.headers).end();
  response.setHeader('content-type', 'application/json');
  return response.end(JSON.stringify(token));
}).listen(3000, '127.0.0.1');
