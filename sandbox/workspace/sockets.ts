import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isJson, parseJson, strangeRequest } from './http.ts';
import {
  changed,
  type DeliveryEntry,
  forgetOldest,
  type Json,
  recordRefusal,
  recordTraffic,
  type State,
} from './state.ts';

/** What the app said to a delivery. */
export type AckOutcome = { acked: true; body: unknown; ms: number } | { acked: false; why: NotAcked };

/** Why nothing was acked. The last three are of HTTP mode. */
export type NotAcked =
  | 'timed_out'
  | 'no_socket'
  | 'closed'
  | 'no_connection'
  | 'http_client_error'
  | 'http_service_error';

/** One thing that Slack delivers. */
export type Delivery = {
  type: 'slash_commands' | 'interactive' | 'events_api';
  payload: Json;
  /** The id of an envelope that was sent before and is sent again. */
  envelopeId?: string;
  retry?: { attempt: number; reason: string };
};

/** The Socket Mode side of the workspace. */
export type Sockets = {
  /** A WebSocket URL that works once; for `apps.connections.open`. */
  issueUrl(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Sends to one of the sockets, in turn, and resolves with the ack or after the time-out. Never rejects. */
  deliver(delivery: Delivery): Promise<AckOutcome>;
  /**
   * From now on delivers to the socket of this number alone, in the order of their greetings, or everything to each of them;
   * undefined: in turn.
   */
  deliverTo(sockets: number | 'each' | undefined): void;
  /** How many sockets have been greeted and are not on their way out. */
  count(): number;
  /** Resolves when there are at least `n`; rejects after 10 s. */
  waitFor(n: number): Promise<void>;
  /** Tells every socket to reconnect, as Slack does when it recycles a host. */
  disconnectAll(reason: string): void;
  /** How many are open, greeted or not, also those on their way out. */
  connections(): number;
  /** What is done to the next `n` sockets in place of keeping them. */
  mistreatNext(n: number, how: Mistreatment): void;
  /** How long sockets live from now on, in seconds, as their greeting tells; undefined: it tells nothing. */
  setLife(seconds: number | undefined): void;
  /** Sends a frame to every socket, whatever stands in it: text, or bytes for a binary one. */
  sendFrame(frame: string | Uint8Array): void;
  /** Cuts every connection without a word. */
  dropAll(): void;
  /** The same, for the one that was greeted first. */
  dropOldest(): void;
  /** Says goodbye, and cuts what has not gone 250 ms later. */
  close(): Promise<void>;
};

/** A socket is greeted and closed, or never greeted, or sent away for a reason, greeted before or not. */
export type Mistreatment = 'close' | 'silence' | { goodbye: string; greeted: boolean };

/** Source: docs.slack.dev/apis/events-api/using-socket-mode, "up to 10 open WebSocket connections". */
const SOCKETS_MAX = 10;
const PING_MS = 10_000;
/** Some five hours: docs.slack.dev/apis/events-api/using-socket-mode, the example of a hello. */
const LIFE_S = 18_060;
const WAIT_MS = 10_000;
const GOODBYE_MS = 250;

type Pending = { settle: (outcome: AckOutcome) => void; acceptsBody: boolean; type: string };

type Hub = {
  state: State;
  ackTimeoutMs: number;
  server: WebSocketServer;
  tickets: Set<string>;
  ready: WebSocket[];
  /** By envelope id, the oldest first: an envelope that is sent again is acked again. */
  pending: Map<string, Pending[]>;
  answered: Map<string, true>;
  waiting: Set<() => void>;
  turn: number;
  only: number | 'each' | undefined;
  mistreated: { left: number; how: Mistreatment };
  lifeS: number | undefined;
  /** What arrives after the end is nobody's business. */
  closed: boolean;
};

/** The sockets of one workspace; none is open yet. */
export function createSockets(state: State, ackTimeoutMs: number): Sockets {
  const hub: Hub = {
    state,
    ackTimeoutMs,
    server: new WebSocketServer({ noServer: true }),
    tickets: new Set(),
    ready: [],
    pending: new Map(),
    answered: new Map(),
    waiting: new Set(),
    turn: 0,
    only: undefined,
    mistreated: { left: 0, how: 'close' },
    lifeS: LIFE_S,
    closed: false,
  };
  const pings = setInterval(() => {
    for (const socket of hub.server.clients) socket.ping();
  }, PING_MS);
  pings.unref();
  return {
    issueUrl: () => issueUrl(hub),
    upgrade: (request, socket, head) => upgrade(hub, request, socket, head),
    deliver: (delivery) => deliver(hub, delivery),
    deliverTo(sockets) {
      hub.only = sockets;
    },
    count: () => hub.ready.length,
    waitFor: (n) => waitFor(hub, n),
    disconnectAll(reason) {
      const leaving = hub.ready;
      hub.ready = [];
      for (const socket of leaving) sendDisconnect(socket, reason);
    },
    connections: () => hub.server.clients.size,
    mistreatNext(n, how) {
      hub.mistreated = { left: n, how };
    },
    setLife(seconds) {
      hub.lifeS = seconds;
    },
    sendFrame(frame) {
      for (const socket of hub.ready) socket.send(frame);
    },
    dropAll() {
      hub.ready = [];
      for (const socket of hub.server.clients) socket.terminate();
    },
    dropOldest: () => hub.ready.shift()?.terminate(),
    close() {
      clearInterval(pings);
      return closeAll(hub);
    },
  };
}

async function closeAll(hub: Hub): Promise<void> {
  hub.closed = true;
  for (const { settle } of [...hub.pending.values()].flat()) settle({ acked: false, why: 'closed' });
  const leaving = [...hub.server.clients].map((socket) => {
    const gone = Promise.withResolvers<void>();
    const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      gone.resolve();
    });
    socket.close(1001);
    return gone.promise;
  });
  await Promise.all(leaving);
  hub.server.close();
}

function issueUrl(hub: Hub): string {
  const ticket = randomBytes(16).toString('hex');
  hub.tickets.add(ticket);
  return `${hub.state.baseUrl.replace(/^http/, 'ws')}/link/?ticket=${ticket}&app_id=${hub.state.seed.appId}`;
}

function upgrade(hub: Hub, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const url = new URL(request.url ?? '/', hub.state.baseUrl);
  const strange = strangeRequest(request);
  const known = url.pathname === '/link/' && hub.tickets.delete(url.searchParams.get('ticket') ?? '');
  if (strange !== undefined || !known) {
    const detail = strange?.why ?? 'unknown or used ticket';
    recordRefusal(hub.state, { kind: 'socket', about: url.pathname, error: 'refused', detail });
    socket.end(`HTTP/1.1 ${strange?.status ?? 403} Refused\r\nconnection: close\r\n\r\n`);
    return;
  }
  hub.server.handleUpgrade(request, socket, head, (connected) => greet(hub, connected));
}

function greet(hub: Hub, socket: WebSocket): void {
  socket.on('error', () => socket.terminate());
  if (hub.ready.length >= SOCKETS_MAX) {
    recordRefusal(hub.state, { kind: 'socket', about: 'link', error: 'too_many_websockets', detail: '' });
    sendDisconnect(socket, 'too_many_websockets');
    socket.close();
    return;
  }
  if (hub.mistreated.left > 0) {
    hub.mistreated.left -= 1;
    mistreat(hub, socket, hub.mistreated.how);
    return;
  }
  hub.ready.push(socket);
  socket.on('close', () => {
    hub.ready = hub.ready.filter((one) => one !== socket);
    changed(hub.state);
  });
  socket.on('message', (data) => receive(hub, String(data)));
  sendHello(hub, socket);
  socket.ping();
  for (const check of hub.waiting) check();
  changed(hub.state);
}

function sendHello({ ready, lifeS, state }: Hub, socket: WebSocket): void {
  const debug = { host: 'sandbox', started: null, build_number: 1 };
  const hello = {
    type: 'hello',
    num_connections: ready.length,
    debug_info: lifeS === undefined ? debug : { ...debug, approximate_connection_time: lifeS },
    connection_info: { app_id: state.seed.appId },
  };
  socket.send(JSON.stringify(hello));
}

function mistreat(hub: Hub, socket: WebSocket, how: Mistreatment): void {
  if (how === 'silence') return;
  if (how === 'close' || how.greeted) sendHello(hub, socket);
  if (how !== 'close') sendDisconnect(socket, how.goodbye);
  socket.close();
}

function sendDisconnect(socket: WebSocket, reason: string): void {
  socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
}

function deliver(hub: Hub, delivery: Delivery): Promise<AckOutcome> {
  const envelopeId = delivery.envelopeId ?? randomUUID();
  const { promise, resolve } = Promise.withResolvers<AckOutcome>();
  const started = performance.now();
  const settle = (outcome: AckOutcome): void => {
    if (!forgetPending(hub, envelopeId, pending)) return;
    clearTimeout(timer);
    entry.acked = outcome.acked;
    entry.timedOut = !outcome.acked && outcome.why === 'timed_out';
    if (outcome.acked) {
      entry.ackBody = outcome.body;
      entry.ackMs = performance.now() - started;
    }
    changed(hub.state);
    resolve(outcome.acked ? { ...outcome, ms: performance.now() - started } : outcome);
  };
  const acceptsBody = delivery.type !== 'events_api';
  const entry = deliveryEntry(hub.state, delivery, envelopeId);
  recordTraffic(hub.state, entry);
  const timer = setTimeout(() => settle({ acked: false, why: 'timed_out' }), hub.ackTimeoutMs);
  const pending: Pending = { settle, acceptsBody, type: delivery.type };
  hub.pending.set(envelopeId, [...(hub.pending.get(envelopeId) ?? []), pending]);
  hub.turn += 1;
  const sockets = socketsFor(hub);
  if (sockets.length === 0) {
    settle({ acked: false, why: 'no_socket' });
    return promise;
  }
  const envelope = {
    envelope_id: envelopeId,
    type: delivery.type,
    accepts_response_payload: acceptsBody,
    payload: delivery.payload,
    ...(delivery.type === 'events_api'
      ? { retry_attempt: delivery.retry?.attempt ?? 0, retry_reason: delivery.retry?.reason ?? '' }
      : {}),
  };
  for (const socket of sockets) socket.send(JSON.stringify(envelope));
  return promise;
}

function socketsFor({ ready, only, turn }: Hub): WebSocket[] {
  if (only === 'each') return [...ready];
  const socket = ready[only ?? turn % Math.max(1, ready.length)];
  return socket === undefined ? [] : [socket];
}

/** False when it was settled before. */
function forgetPending(hub: Hub, envelopeId: string, pending: Pending): boolean {
  const waiting = hub.pending.get(envelopeId) ?? [];
  const left = waiting.filter((one) => one !== pending);
  if (left.length === 0) hub.pending.delete(envelopeId);
  else hub.pending.set(envelopeId, left);
  return left.length < waiting.length;
}

/** A delivery in the traffic, not acked yet. */
export function deliveryEntry(state: State, delivery: Delivery, envelopeId: string): DeliveryEntry {
  return {
    at: state.clock(),
    kind: 'delivery',
    type: delivery.type,
    envelopeId,
    payload: delivery.payload,
    retryAttempt: delivery.retry?.attempt ?? 0,
    acked: false,
    timedOut: false,
    ackBody: undefined,
    ackMs: undefined,
  };
}

/** What the app sent over a socket: only acks are known. */
function receive(hub: Hub, text: string): void {
  if (hub.closed) return;
  const frame = parseJson(text);
  const envelopeId = isJson(frame) ? frame.envelope_id : undefined;
  if (!isJson(frame) || typeof envelopeId !== 'string') {
    recordRefusal(hub.state, {
      kind: 'ack',
      about: 'frame',
      error: 'not_an_ack',
      detail: text.slice(0, 200),
    });
    return;
  }
  const pending = hub.pending.get(envelopeId)?.[0];
  if (pending === undefined) {
    const error = hub.answered.has(envelopeId) ? 'acked_twice' : 'late_or_unknown_ack';
    recordRefusal(hub.state, { kind: 'ack', about: 'envelope', error, detail: envelopeId });
    return;
  }
  hub.answered.set(envelopeId, true);
  forgetOldest(hub.answered);
  const body = frame.payload;
  if (!pending.acceptsBody && !isNothing(body)) {
    recordRefusal(hub.state, {
      kind: 'ack',
      about: pending.type,
      error: 'response_payload_not_accepted',
      detail: '',
    });
  }
  pending.settle({ acked: true, body: isNothing(body) ? undefined : body, ms: 0 });
}

/** Whether an ack has no body to speak of. */
export function isNothing(body: unknown): boolean {
  return (
    body === undefined || body === null || body === '' || (isJson(body) && Object.keys(body).length === 0)
  );
}

function waitFor(hub: Hub, n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    hub.waiting.delete(check);
    reject(new Error(`waited 10 s for ${n} sockets, there are ${hub.ready.length}`));
  }, WAIT_MS);
  timer.unref();
  const check = (): void => {
    if (hub.ready.length < n) return;
    clearTimeout(timer);
    hub.waiting.delete(check);
    resolve();
  };
  hub.waiting.add(check);
  check();
  return promise;
}
