import type { FastifyInstance } from 'fastify';

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
