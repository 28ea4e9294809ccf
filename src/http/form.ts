import type { FastifyInstance } from 'fastify';

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
