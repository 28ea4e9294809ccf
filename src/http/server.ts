import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SECOND_MS } from '../clock.ts';
import { RETRY_AFTER_SECONDS, reportFault, sendError } from './answer.ts';
import { callerAddress } from './caller-address.ts';
import { networkOf } from './limit.ts';
import { countVerification, type VerificationResult } from './metrics.ts';
import { showsPages } from './revoke-page.ts';
import { buildRoutes, type RoutesDeps } from './routes.ts';
import { answerVerify } from './verify.ts';

const BODY_BYTES_MAX = 16 * 1024;

const REQUEST_MS_MAX = 8 * SECOND_MS;

const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5 * SECOND_MS,
  requestTimeout: REQUEST_MS_MAX,
  /** How often Node looks for requests that take too long: they end this much later at most. */
  connectionsCheckingInterval: SECOND_MS / 2,
  /** We refuse such requests ourselves, in the shape of our other answers. */
  requireHostHeader: false,
};

/** Faults in reading a request that are not simply a bad one. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Below 4,096, which is all the files that many machines let a process open. A connection that sends nothing is ended after 5 s,
 * so a flood of them holds up others no longer than it lasts.
 */
const CONNECTIONS_MAX = 4000;

/** How often a stopping server looks for connections whose last request was answered. */
const CLOSE_EVERY_MS = 50;

/** RFC 9112 §3.2.2: the target is a whole URL when the caller takes us for a proxy. */
const ORIGIN = /^https?:\/\/[^/?#]+\/?/;

/** RFC 9110 §7.2, without the comma that nobody's name has: it is how some join two. Empty where the target names no host. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+;=%-]*)(?::\d*)?$/i;

const VERIFY_TARGET = /^\/verify(?:\?|$)/;

/** A door for bodies of a size of its own. */
type SizedDoor = { readonly bodyBytesMax: number; readonly listener: Door };

/** A door that takes POSTs at one path, whose bodies it reads itself; the peer is one network, or all that is behind one proxy. */
type PostDoor = {
  readonly bodyBytesMax: number;
  readonly path: string;
  readonly listener: (request: IncomingMessage, response: ServerResponse, peer: string) => void;
};

export type HttpDeps = Omit<RoutesDeps, 'isDraining'> & {
  /** Where Slack delivers, when it delivers over HTTP. */
  readonly slackDoor?: PostDoor | undefined;
  /** Where GitHub tells of what it found, when it is to. */
  readonly githubDoor?: PostDoor | undefined;
};

export type HttpOptions = HttpDeps & {
  readonly host: string;
  readonly port: number;
  /** Others may listen on the same port, where the system shares connections out among them (`SO_REUSEPORT`). */
  readonly reusePort?: boolean;
};

export type HttpServer = {
  readonly port: number;
  /** From now on `/readyz` answers 503, and nothing else changes. */
  announceStop(): void;
  /** From now on `/readyz` answers 503 and a connection ends with its next answer. Everything is still answered. */
  drain(): void;
  /** Takes no new connections. Resolves when all requests in flight were answered, after 8 s at most. */
  stop(): Promise<void>;
};

type Door = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * One server, some doors: `/verify` with no framework between the socket and the decision, Slack's and GitHub's where there is one,
 * Fastify for everything else. Port 0 is any free one. Throws when it cannot listen.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, reusePort = false, log } = options;
  let announced = false;
  let draining = false;
  const isDraining = () => draining;
  const routes = buildRoutes(
    { ...options, isDraining: () => announced || draining },
    {
      serverFactory: (others) => createServerOf(doorTo(others, { ...options, isDraining })),
      bodyLimit: BODY_BYTES_MAX,
      clientErrorHandler: refuseUnreadable,
    },
  );
  const { server } = routes;
  server.maxConnections = CONNECTIONS_MAX;
  server.on('drop', () => {
    options.metrics.figures.connectionsDropped += 1;
  });
  await routes.ready();
  server.listen({ host, port, reusePort });
  await once(server, 'listening');
  server.on('error', (fault) => log.error({ err: fault }, 'a connection could not be accepted'));
  return {
    port: (server.address() as AddressInfo).port,
    announceStop: () => {
      announced = true;
    },
    drain: () => {
      draining = true;
      server.closeIdleConnections();
    },
    stop: async () => {
      draining = true;
      await close(server);
      await routes.close();
    },
  };
}

function createServerOf(door: Door): Server {
  // An expectation that we do not know is ignored, which RFC 9110 §10.1.1 allows; Node itself would answer 417.
  return createServer(LIMITS, door).on('checkExpectation', door);
}

function doorTo(others: Door, deps: HttpDeps & Pick<RoutesDeps, 'isDraining'>): Door {
  const doorFor = doorsBy(others, deps);
  return (request, response) => {
    const url = (request.url ?? '').replace(ORIGIN, '/');
    request.url = url;
    // A body of unknown length may go on for seconds after its answer: it must not hold up the connection.
    if (deps.isDraining() || 'transfer-encoding' in request.headers) response.shouldKeepAlive = false;
    const { listener, bodyBytesMax } = doorFor(url, request.headers);
    const refusal = refusalOf(request, bodyBytesMax);
    if (refusal === undefined) return listener(request, response);
    response.shouldKeepAlive = false;
    sendError(response, refusal.status, { error: refusal.error });
  };
}

function doorsBy(others: Door, deps: HttpDeps): (url: string, headers: IncomingHttpHeaders) => SizedDoor {
  const verify = { bodyBytesMax: BODY_BYTES_MAX, listener: verifyDoor(deps) };
  const rest = { bodyBytesMax: BODY_BYTES_MAX, listener: restDoor(others) };
  const posts = [deps.slackDoor, deps.githubDoor].flatMap((door) =>
    door === undefined ? [] : [[door.path, { ...door, listener: postsAlone(door, deps) }] as const],
  );
  const doors = new Map(posts);
  // Fastify refuses what is too long itself, with a page.
  const page = { ...rest, bodyBytesMax: Number.POSITIVE_INFINITY };
  return (url, headers) => {
    if (VERIFY_TARGET.test(url)) return verify;
    const path = url.replace(/\?.*/s, '');
    return doors.get(path) ?? (path === '/revoke' && showsPages(headers) ? page : rest);
  };
}

function verifyDoor(deps: HttpDeps): Door {
  const { figures } = deps.metrics;
  return (request, response) => {
    const startedAt = performance.now();
    const count = (result: VerificationResult | undefined) => {
      if (result !== undefined)
        countVerification(figures, result, (performance.now() - startedAt) / SECOND_MS);
    };
    answerVerify(request, response, deps).then(count, (fault: unknown) => {
      sendError(response, 503, reportFault(fault, deps.log), { 'retry-after': RETRY_AFTER_SECONDS });
      count('unavailable');
    });
  };
}

function postsAlone({ listener }: PostDoor, { isProxy }: Pick<HttpDeps, 'isProxy'>): Door {
  return (request, response) => {
    if (request.method === 'POST') listener(request, response, networkOf(callerAddress(request, isProxy)));
    else sendError(response, 405, { error: 'method_not_allowed' }, { allow: 'POST' });
  };
}

function restDoor(others: Door): Door {
  return (request, response) => {
    response.setHeader('cache-control', 'no-store');
    others(request, response);
  };
}

/**
 * What no door takes. RFC 9112 §3.2: a bad request is one with two Hosts or with what can be none, and HTTP/1.1 without one. Node
 * still reads HTTP/0.9, which has no status.
 */
function refusalOf(
  request: IncomingMessage,
  bodyBytesMax: number,
): { status: number; error: string } | undefined {
  const { host, 'content-length': length } = request.headers;
  const { httpVersion } = request;
  const isRequest = httpVersion === '1.1' ? host !== undefined : httpVersion === '1.0';
  const isOdd =
    !HOST.test(host ?? '') ||
    comesTwice('host', request.rawHeaders) ||
    // Node itself refuses a second Content-Length.
    comesTwice('content-type', request.rawHeaders);
  if (!isRequest || isOdd) return { status: 400, error: 'invalid_request' };
  if (Number(length) > bodyBytesMax) return { status: 413, error: 'too_large' };
  return undefined;
}

/** Node takes the first of them, and what stands before us might have looked at the other. */
function comesTwice(name: string, rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const other = rawHeaders[i] ?? '';
    // By length first: this is in the way of every verification.
    if (other.length === name.length && other.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

/** Answers what Node could not read as a request, or not in time. */
function refuseUnreadable(fault: Error & { readonly code?: string }, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = UNREADABLE[fault.code ?? ''] ?? '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}

/** Node looks after its time limits no more once a server is closing, so this has one of its own. */
async function close(server: Server): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_EVERY_MS);
  const limit = setTimeout(() => server.closeAllConnections(), REQUEST_MS_MAX);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clearInterval(sweep);
  clearTimeout(limit);
}
