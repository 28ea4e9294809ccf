import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { holdsSecret } from '../tokens/finder.ts';
import type { StoredSecret } from '../tokens/store.ts';
import type { Verdict } from '../tokens/verify.ts';
import { RETRY_AFTER_SECONDS } from './answer.ts';
import { callerAddress } from './caller-address.ts';
import { challenge, credentialHeaders, presentedCredentials } from './credentials.ts';
import { demandedScopes } from './demand.ts';
import { type JudgeDeps, judge } from './judge.ts';
import type { RefusalReason, VerificationResult } from './metrics.ts';

type Question = { readonly credential: string; readonly demanded: readonly string[] };

/** What is sent, and as what it counts: not at all where nothing was asked. */
type Answer = {
  readonly result?: VerificationResult;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
};

const NO_CREDENTIAL = refusal(401, challenge());

const INVALID_REQUEST = refusal(400, challenge('invalid_request'));

/** Dead, expired, unknown, wrong or malformed: all the same bytes. */
const INVALID_TOKEN = refusal(401, challenge('invalid_token'));

/** RFC 9110 §15.6.4: it may be good or not, and a moment later we can tell. */
const BUSY: Answer = {
  result: 'unavailable',
  status: 503,
  headers: { 'cache-control': 'no-store', 'content-length': 0, 'retry-after': String(RETRY_AFTER_SECONDS) },
};

const METHOD_NOT_ALLOWED: Answer = {
  status: 405,
  headers: { allow: 'GET, HEAD', 'cache-control': 'no-store', 'content-length': 0 },
};

const ACCEPTED = credentialHeaders('authorization', 'x-api-key', 'token');

/**
 * Answers `/verify` after RFC 6750 §3, for what a reverse proxy asks about each request: 200 with the token in headers,
 * 401, 403, 400, or 503 where nobody can say just now, never with a body. A live value counts as used, also when it lacks
 * a scope. Resolves to what was answered; throws on a fault, having answered nothing.
 */
export async function answerVerify(
  request: IncomingMessage,
  response: ServerResponse,
  deps: JudgeDeps,
): Promise<VerificationResult | undefined> {
  const question = questionIn(request, deps);
  // Never before Node has read on: where the rest of the request turns out to be unreadable, that is answered.
  const { result, status, headers } =
    'status' in question
      ? await question
      : answerTo(question, await judge(question.credential, request, deps), request, deps);
  response.writeHead(status, headers).end();
  return result;
}

/** What is asked, or the answer to what is no question. */
function questionIn(request: IncomingMessage, deps: JudgeDeps): Question | Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return METHOD_NOT_ALLOWED;
  const demanded = demandedScopes(request.url ?? '');
  if (demanded === undefined) return refuse(INVALID_REQUEST, 'invalid_scope', deps);
  const credentials = presentedCredentials(request.rawHeaders, ACCEPTED);
  const [credential, second] = credentials ?? [];
  if (credentials === undefined || second !== undefined)
    return refuse(INVALID_REQUEST, 'several_credentials', deps);
  return credential === undefined ? refuse(NO_CREDENTIAL, 'no_credential', deps) : { credential, demanded };
}

function answerTo(
  { demanded }: Question,
  verdict: Verdict,
  request: IncomingMessage,
  deps: JudgeDeps,
): Answer {
  if (verdict.kind === 'bad') return refuse(INVALID_TOKEN, verdict.why, deps);
  if (verdict.kind === 'busy') return BUSY;
  const { secret } = verdict;
  deps.usage.used(secret, deps.clock(), callerAddress(request, deps.isProxy));
  if (!demanded.every((scope) => secret.scopes.includes(scope))) {
    // The answer names what is needed, and proxies log answers. Looked for only now: nobody makes us search without a value.
    if (holdsSecret(demanded.join(' '))) return refuse(INVALID_REQUEST, 'invalid_scope', deps);
    return refuse(insufficientScope(demanded), 'insufficient_scope', deps);
  }
  return allowed(secret);
}

function refuse(answer: Answer, why: RefusalReason, { metrics }: JudgeDeps): Answer {
  metrics.figures.refusals[why] += 1;
  return answer;
}

function allowed(secret: StoredSecret): Answer {
  return {
    result: 'allowed',
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
  return refusal(403, challenge('insufficient_scope', demanded.join(' ')));
}

function refusal(status: number, demand: string): Answer {
  return {
    result: 'refused',
    status,
    headers: { 'cache-control': 'no-store', 'content-length': 0, 'www-authenticate': demand },
  };
}
