/** The ceiling: what node:http alone does, with the four headers of an allowed verification and nothing to decide. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const HEADERS = {
  'cache-control': 'no-store',
  'content-length': 0,
  'x-token-id': 'tok_0000000000000000',
  'x-token-name': 'bench-0',
  'x-token-owner': 'U0BENCH0000',
  'x-token-scopes': 'read',
};

const server = createServer((_request, response) => {
  response.writeHead(200, HEADERS).end();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
