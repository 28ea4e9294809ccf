import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Log, newReference } from '../log.ts';

/** For whom could not be answered: in so many seconds it may be worth another try. */
export const RETRY_AFTER_SECONDS = 5;

/** The body of every answer that is an error and has one. `reference` finds a fault's log line. */
export type ErrorBody = { readonly error: string; readonly reference?: string };

/** What an error is called, by its status. Anything else in 400…499 is an `invalid_request`, as RFC 6749 §5.2 names it. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  429: 'too_many_requests',
};

/** Logs a fault, once, and gives the body that tells of it: nothing but the reference. */
export function reportFault(fault: unknown, log: Log): ErrorBody {
  const reference = newReference();
  log.error({ err: fault, reference }, 'a request could not be answered');
  return { error: 'unavailable', reference };
}

/** Sends an error without the help of a framework. */
export function sendError(
  response: ServerResponse,
  status: number,
  error: ErrorBody,
  headers: Readonly<Record<string, string | number>> = {},
): void {
  const body = JSON.stringify(error);
  response
    .writeHead(status, {
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    .end(body);
}

/** Refuses a request by its status alone. */
export function sendRefusal(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send({ error: ERROR_NAMES[status] ?? 'invalid_request' });
}

/** What a fault means to the caller: one of theirs has a status in 400…499, any other is ours. */
export function statusOf(fault: unknown): number {
  return fault instanceof Error && 'statusCode' in fault ? Number(fault.statusCode) : 500;
}

/** Answers a fault: one of the caller by its status, one of ours with a reference. */
export function answerFault(fault: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const status = statusOf(fault);
  if (status >= 400 && status < 500) return sendRefusal(reply, status);
  return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(reportFault(fault, log));
}

/** Says that a value may be good or not, and that we can tell in a moment. */
export function sendBusy(reply: FastifyReply): FastifyReply {
  return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send({ error: 'unavailable' });
}

/** The type of a form's body, with whatever parameters. */
export const FORM_TYPE = /^application\/x-www-form-urlencoded *(?:;|$)/i;

/** Lets the routes of `app` take what a form sends, and nothing else: another body is 415. */
export function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => done(null, new URLSearchParams(String(text))),
  );
}

/**
 * The one `token` in a form. Undefined when there is none or several; an empty one is none (RFC 6749 §3.1: a parameter without
 * a value is as if it were left out, and none may come twice).
 */
export function tokenIn(body: unknown): string | undefined {
  if (!(body instanceof URLSearchParams)) return undefined;
  const [token, second] = body.getAll('token');
  return token === '' || second !== undefined ? undefined : token;
}

/** What a client says of itself in a form: RFC 6749 §2.3.1, RFC 7521 §4.2. */
export type ClientParameters = {
  readonly id: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
};

/** Who sends a form, as far as it tells; `several` when it says one thing twice. An empty parameter is none, as above. */
export function clientIn(body: unknown): ClientParameters | 'several' {
  const form = body instanceof URLSearchParams ? body : new URLSearchParams();
  const names = ['client_id', 'client_secret', 'client_assertion'];
  if (names.some((name) => form.getAll(name).length > 1)) return 'several';
  const [id, secret, assertion] = names.map((name) => form.get(name)?.trim() || undefined);
  return { id, secret, assertion };
}
