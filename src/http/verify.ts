import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { StoredSecret } from '../tokens/store.ts';
import type { UsageRecorder } from '../tokens/usage.ts';
import { type Verdict, type VerifyDeps, verifyToken } from '../tokens/verify.ts';
import { callerAddress, type IsProxy } from './caller-address.ts';

export type VerifyDoorDeps = VerifyDeps & {
  readonly usage: Pick<UsageRecorder, 'used' | 'refused' | 'tried'>;
  /** Whose word on where a request comes from is believed. */
  readonly isProxy: IsProxy;
};

type Answer = { readonly status: number; readonly headers: OutgoingHttpHeaders };

const REALM = 'Bearer realm="apitoken"';
const NO_CREDENTIAL = refusal(401, REALM);
const INVALID_REQUEST = refusal(400, `${REALM}, error="invalid_request"`);
/** Dead, expired, unknown, wrong or malformed: all the same bytes. */
const INVALID_TOKEN = refusal(401, `${REALM}, error="invalid_token"`);
const METHOD_NOT_ALLOWED: Answer = {
  status: 405,
  headers: { allow: 'GET, HEAD', 'cache-control': 'no-store', 'content-length': 0 },
};

/** RFC 9110 §11.1: the scheme is matched in whatever case. */
const BEARER = /^bearer(?: +|$)/i;
/** RFC 6749 §3.3. No quote and no control character, so it may stand in a header. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Answers `/verify` after RFC 6750 §3, for what a reverse proxy asks about each request: 200 with the token in headers,
 * 401, 403 or 400, never with a body. A live value counts as used, also when it lacks a scope. Throws on a fault, having
 * answered nothing.
 */
export async function answerVerify(
  request: IncomingMessage,
  response: ServerResponse,
  deps: VerifyDoorDeps,
): Promise<void> {
  const { status, headers } = await answerTo(request, deps);
  response.writeHead(status, headers).end();
}

async function answerTo(request: IncomingMessage, deps: VerifyDoorDeps): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return METHOD_NOT_ALLOWED;
  const demanded = demandedScopes(request.url ?? '');
  const credentials = presentedCredentials(request.rawHeaders);
  if (demanded === undefined || credentials === undefined) return INVALID_REQUEST;
  const [credential, second] = credentials;
  if (credential === undefined) return NO_CREDENTIAL;
  if (second !== undefined) return INVALID_REQUEST;

  const verdict = await verifyToken(credential, deps);
  switch (verdict.kind) {
    case 'bad':
      countRefused(verdict, request, deps);
      return INVALID_TOKEN;
    case 'unknowable':
      throw new Error('the digest of a secret was made under a pepper that is not at hand');
    case 'good':
      deps.usage.used(verdict.secret, deps.clock(), callerAddress(request, deps.isProxy));
      return demanded.every((scope) => verdict.secret.scopes.includes(scope))
        ? allowed(verdict.secret)
        : insufficientScope(demanded);
  }
}

/** What was live once is counted; the caller hears the same of all. */
function countRefused(
  verdict: Extract<Verdict, { kind: 'bad' }>,
  request: IncomingMessage,
  { usage, clock, isProxy }: VerifyDoorDeps,
): void {
  if (verdict.why === 'ended') usage.refused(verdict.secret, clock(), callerAddress(request, isProxy));
  if (verdict.why === 'revoked') usage.tried(verdict.secret, clock());
}

function allowed(secret: StoredSecret): Answer {
  return {
    status: 200,
    headers: {
      'cache-control': 'no-store',
      'content-length': 0,
      'x-token-id': secret.tokenId,
      'x-token-name': encodeURIComponent(secret.name),
      'x-token-owner': secret.owner,
      'x-token-scopes': secret.scopes.join(' '),
    },
  };
}

/** RFC 6750 §3.1: the answer names the scopes that are needed. */
function insufficientScope(demanded: readonly string[]): Answer {
  return refusal(403, `${REALM}, error="insufficient_scope", scope="${demanded.join(' ')}"`);
}

function refusal(status: number, challenge: string): Answer {
  return {
    status,
    headers: { 'cache-control': 'no-store', 'content-length': 0, 'www-authenticate': challenge },
  };
}

/**
 * What was presented as a credential, from any of three headers. Undefined when one of them came twice: what stands
 * before us might have looked at the other.
 */
function presentedCredentials(rawHeaders: readonly string[]): string[] | undefined {
  const seen = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (name !== 'authorization' && name !== 'x-api-key' && name !== 'token') continue;
    if (seen.has(name)) return undefined;
    seen.set(name, rawHeaders[i + 1] ?? '');
  }
  return [...seen].flatMap(([name, text]) => {
    if (name !== 'authorization') return [text];
    return BEARER.test(text) ? [text.replace(BEARER, '')] : [];
  });
}

/** The scopes in the query, all that any `scope` names. Undefined when one of them can be none. */
function demandedScopes(url: string): string[] | undefined {
  const start = url.indexOf('?');
  if (start === -1) return [];
  const scopes = new URLSearchParams(url.slice(start)).getAll('scope');
  const names = scopes.flatMap((list) => list.split(' ')).filter((name) => name !== '');
  return names.every((name) => SCOPE.test(name)) ? names : undefined;
}
