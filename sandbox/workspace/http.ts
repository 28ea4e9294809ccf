import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from './state.ts';

const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** What the fake answers to one request. */
export type Answer = { status: number; body: string; headers?: Record<string, string> };

/** A JSON answer. */
export function jsonAnswer(body: Json, headers: Record<string, string> = {}): Answer {
  return {
    status: 200,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
}

/** A text answer. */
export function textAnswer(status: number, body: string): Answer {
  return { status, body, headers: { 'content-type': 'text/plain' } };
}

/**
 * Why a request is not from the app: a page in a browser sends `Origin`, and a name other than this machine's means DNS
 * rebinding. Undefined when it may pass.
 */
export function strangeRequest(request: IncomingMessage): { status: number; why: string } | undefined {
  if (request.headers.origin !== undefined) return { status: 403, why: `Origin ${request.headers.origin}` };
  const host = request.headers.host ?? '';
  const port = request.socket.localPort;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return { status: 421, why: `Host ${host}` };
  return undefined;
}

/** The whole body, or undefined when it is larger than any that Slack would take. */
export async function readBody(
  request: IncomingMessage,
  bytesMax = BODY_BYTES_MAX,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > bytesMax) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The fields of a form or of a JSON object; undefined when it is neither. */
export function parseBody(body: string, contentType: string): { fields: Json; isForm: boolean } | undefined {
  if (contentType.startsWith('application/x-www-form-urlencoded') || body === '') {
    return { fields: Object.fromEntries(new URLSearchParams(body)), isForm: true };
  }
  const fields = parseJson(body);
  return contentType.startsWith('application/json') && isJson(fields) ? { fields, isForm: false } : undefined;
}

/** The JSON in a text, or undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether this is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What goes wrong on the way of an answer: it comes late, or not at all. */
export type Mishap = {
  delayMs?: number;
  drop?: boolean | 'before' | 'after';
  headers?: Record<string, string>;
};

/** Sends the answer, late or not at all when the mishap says so. */
export function send(response: ServerResponse, answer: Answer, mishap: Mishap | undefined): void {
  if (mishap?.drop) {
    response.socket?.destroy();
    return;
  }
  const write = (): void => {
    if (response.destroyed) return;
    response.writeHead(answer.status, { ...answer.headers, ...mishap?.headers });
    response.end(answer.body);
  };
  if (mishap?.delayMs === undefined) write();
  else setTimeout(write, mishap.delayMs).unref();
}
