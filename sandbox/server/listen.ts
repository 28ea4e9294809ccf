import type { Server } from 'node:http';

/** Listens on 127.0.0.1 at `port`, or at any free port when that one is taken; tells which it is. */
export async function listenOn(server: Server, port: number): Promise<number> {
  try {
    return await tryPort(server, port);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return tryPort(server, 0);
    throw error;
  }
}

function tryPort(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', () => {
    server.off('error', reject);
    const address = server.address();
    resolve(address === null || typeof address === 'string' ? 0 : address.port);
  });
  return promise;
}
