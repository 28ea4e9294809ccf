import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { createGithubDoor } from '../../src/http/github.ts';
import { createGithubKeys } from '../../src/http/github-keys.ts';
import { createMetrics, type MetricSources, type Metrics } from '../../src/http/metrics.ts';
import { type HttpDeps, type HttpServer, startHttp } from '../../src/http/server.ts';
import { createLog } from '../../src/log.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { PEPPER, T0, underOnly } from '../tokens/a-token.ts';

type Presented = { readonly tokenId: TokenId; readonly at: number; readonly address: string };

/** What a server was told and what it did. */
type Seen = {
  /** Uses and refusals that were counted, each with where it came from. */
  readonly uses: Presented[];
  readonly refusals: Presented[];
  readonly tries: Omit<Presented, 'address'>[];
  /** What was logged, a line each. */
  readonly lines: string[];
  readonly metrics: Metrics;
};

export type TestServer = HttpServer & Seen;

type ServerOptions = Partial<Omit<HttpDeps, 'store' | 'metrics'>> & {
  readonly host?: string;
  readonly port?: number;
  readonly store?: Partial<HttpDeps['store']>;
  /** Where GitHub's keys are, where it may tell what it found. */
  readonly githubKeysUrl?: string;
  /** Where the metrics come from. */
  readonly sources?: Partial<MetricSources>;
};

/** What the store of a server knows beside its secrets. */
const NO_TOKENS = {
  endOldValues: async () => ({ kind: 'none' }) as const,
  standingValues: async () => new Map(),
  findTokens: async () => new Map(),
  workspace: async () => undefined,
};

/** A server on a free port, stopped when the test is over. It knows `secrets`; the time is T0 + 1. */
export async function aServer(
  secrets: readonly StoredSecret[] = [],
  { host = '127.0.0.1', port = 0, githubKeysUrl: url, ...options }: ServerOptions = {},
): Promise<TestServer> {
  const { deps, seen } = httpDeps(secrets, options);
  const store = { ...deps.store, ...NO_TOKENS };
  const github = { ...deps, store };
  const githubDoor = url && createGithubDoor({ ...github, keys: createGithubKeys({ ...deps, url }) });
  const server = await startHttp({ ...deps, host, port, ...(githubDoor && { githubDoor }) });
  onTestFinished(() => server.stop());
  return { ...server, ...seen };
}

/** What a server needs, and what can be seen of it. */
export function httpDeps(
  secrets: readonly StoredSecret[],
  { store, sources, ...deps }: Omit<ServerOptions, 'host' | 'port' | 'githubKeysUrl'> = {},
): { deps: HttpDeps; seen: Seen } {
  const uses: Presented[] = [];
  const refusals: Presented[] = [];
  const tries: Omit<Presented, 'address'>[] = [];
  const lines: string[] = [];
  const clock = deps.clock ?? (() => T0 + 1);
  const metrics = createMetrics({
    clock,
    catchUp: async () => undefined,
    countTokens: async () => ({ unclaimed: 0, active: 0, expired: 0, revoked: 0, expiringSoon: 0 }),
    waitingSayings: async () => ({ count: 0, sinceAt: null }),
    waitingHashes: () => 0,
    isChainBroken: async () => false,
    slackConnected: () => true,
    droppedLogLines: () => 0,
    ...sources,
  });
  return {
    seen: { uses, refusals, tries, lines, metrics },
    deps: {
      store: {
        readSecret: async (lookupId) => secrets.find((secret) => secret.lookupId === lookupId),
        isReadable: async () => true,
        isWritable: async () => true,
        revokeTokens: async () => ({ kind: 'already_revoked' }),
        countWithin: async () => 0,
        ...store,
      },
      clock,
      metrics,
      ...underOnly(PEPPER),
      isProxy: () => false,
      usage: {
        used: ({ tokenId }, at, address) => void uses.push({ tokenId, at, address }),
        refused: ({ tokenId }, at, address) => void refusals.push({ tokenId, at, address }),
        tried: ({ tokenId }, at) => void tries.push({ tokenId, at }),
      },
      leaks: { found: (_value, source) => metrics.leakFound(source) },
      publicUrl: undefined,
      securityContact: undefined,
      slackConnected: () => true,
      log: createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } }),
      ...deps,
    },
  };
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
