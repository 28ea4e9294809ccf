import type { ViewOutput } from '@slack/bolt';
import { WebSocket } from 'ws';
import type { Workspace } from '../../../sandbox/workspace/workspace.ts';

type Json = { [key: string]: unknown };

/** A payload; what it really holds depends on its type, and each test asks for what it expects. */
export type Payload = Json & {
  trigger_id: string;
  response_url: string;
  text: string;
  container: Json;
  view: ViewOutput;
  event: Json;
  event_id: string;
  actions: [Json];
};

/** One envelope as it arrives at an app. */
export type Envelope = {
  envelope_id: string;
  type: string;
  accepts_response_payload: boolean;
  retry_attempt?: number;
  retry_reason?: string;
  payload: Payload;
};

/** What a Web API method answers. */
export type ApiAnswer = Json & {
  ok: boolean;
  error?: string;
  url: string;
  ts: string;
  message_ts: string;
  channel: Json & { id: string };
  view: ViewOutput;
  user: Json;
};

/** Calls a method as an app does: a form with JSON fields, the bot's token unless another is given. */
export async function call(
  workspace: Workspace,
  method: string,
  args: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const response = await post(workspace, method, args, headers);
  return (await response.json()) as ApiAnswer;
}

/** The same, with the whole response. */
export function post(
  workspace: Workspace,
  method: string,
  args: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const fields = Object.entries(args).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return fetch(`${workspace.apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${workspace.botToken}`, ...headers },
    body: new URLSearchParams(fields),
  });
}

/** Posts to a response_url. */
export async function respond(
  url: string,
  body: Record<string, unknown>,
): Promise<{ status: number; body: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.text() };
}

/** A socket of an app without Bolt: what it received, and what it says to each envelope (undefined: a bare ack). */
export type TinyApp = {
  socket: WebSocket;
  frames: Json[];
  envelopes: Envelope[];
  closed: Promise<void>;
};

/** Connects and acks everything with what `answer` returns; `'silence'` leaves it unacked. */
export async function connect(
  workspace: Workspace,
  answer: (envelope: Envelope) => unknown = () => undefined,
): Promise<TinyApp> {
  const { url } = await call(
    workspace,
    'apps.connections.open',
    {},
    { authorization: `Bearer ${workspace.appToken}` },
  );
  const socket = new WebSocket(url);
  const greeted = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const app: TinyApp = { socket, frames: [], envelopes: [], closed: closed.promise };
  socket.on('close', () => closed.resolve());
  socket.on('error', greeted.reject);
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    app.frames.push(frame);
    if (frame.type === 'hello' || frame.type === 'disconnect') greeted.resolve();
    if (frame.envelope_id === undefined) return;
    app.envelopes.push(frame);
    const payload = answer(frame);
    if (payload === 'silence') return;
    socket.send(
      JSON.stringify({ envelope_id: frame.envelope_id, ...(payload === undefined ? {} : { payload }) }),
    );
  });
  await greeted.promise;
  return app;
}

/** The payload that was delivered last. */
export function lastPayload(workspace: Workspace): Payload {
  const entry = workspace.traffic.findLast((one) => one.kind === 'delivery');
  if (entry === undefined) throw new Error('nothing was delivered');
  return entry.payload as Payload;
}
