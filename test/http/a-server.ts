import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type HttpDeps, type HttpServer, startHttp } from '../../src/http/server.ts';
import { createLog } from '../../src/log.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { PEPPER, T0 } from '../tokens/a-token.ts';

type Presented = { readonly tokenId: TokenId; readonly at: number; readonly address: string };

export type TestServer = HttpServer & {
  /** Uses and refusals that were counted, each with where it came from. */
  readonly uses: Presented[];
  readonly refusals: Presented[];
  readonly tries: Omit<Presented, 'address'>[];
  /** What was logged, a line each. */
  readonly lines: string[];
};

/** A server on a free port, stopped when the test is over. It knows `secrets`; the time is T0 + 1. */
export async function aServer(
  secrets: readonly StoredSecret[] = [],
  {
    store,
    ...deps
  }: Partial<Omit<HttpDeps, 'store'>> & {
    host?: string;
    port?: number;
    store?: Partial<HttpDeps['store']>;
  } = {},
): Promise<TestServer> {
  const uses: Presented[] = [];
  const refusals: Presented[] = [];
  const tries: Omit<Presented, 'address'>[] = [];
  const lines: string[] = [];
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    store: {
      readSecret: async (lookupId) => secrets.find((secret) => secret.lookupId === lookupId),
      isReadable: async () => true,
      isWritable: async () => true,
      ...store,
    },
    clock: () => T0 + 1,
    pepper: PEPPER,
    isProxy: () => false,
    usage: {
      used: ({ tokenId }, at, address) => void uses.push({ tokenId, at, address }),
      refused: ({ tokenId }, at, address) => void refusals.push({ tokenId, at, address }),
      tried: ({ tokenId }, at) => void tries.push({ tokenId, at }),
    },
    slackConnected: () => true,
    log: createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } }),
    ...deps,
  });
  onTestFinished(() => server.stop());
  return { ...server, uses, refusals, tries, lines };
}

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string };

/** One request by Node's client. Headers are a flat list, so that one can come twice. */
export async function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: readonly string[]; body?: string; agent?: Agent } = {},
): Promise<Reply> {
  const { method = 'GET', headers = [], body, agent = new Agent() } = options;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent,
    headers: [
      'Host',
      'localhost',
      ...headers,
      ...(body === undefined ? [] : ['Content-Length', `${body.length}`]),
    ],
  });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) };
}

/** A connection of one's own, for bytes that no client would send. Closed when the test is over. */
export async function dial(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes back on a connection of its own until the server closes it. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await dial(port);
  socket.write(bytes);
  return text(socket);
}

/** The status, headers without `date`, and body of a raw answer: what is compared to the byte. */
export function withoutDate(raw: string): string {
  return raw.replace(/^date: .*\r\n/im, '');
}
