import { createHash, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { createBodyReader, type UnreadStatus } from '../body-reader.ts';
import { SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';
import { findValues } from '../tokens/finder.ts';
import { type Leaks, recogniseValue } from '../tokens/held.ts';
import { parseNote } from '../tokens/note.ts';
import { REASON_LENGTH_MAX } from '../tokens/refusal.ts';
import { type EndLeakedDeps, endLeaked } from '../tokens/revoke.ts';
import { REVOKED_AT_ONCE_MAX, type StoredSecret } from '../tokens/store.ts';
import type { VerifyDeps } from '../tokens/verify.ts';
import { RETRY_AFTER_SECONDS, reportFault, sendError } from './answer.ts';
import type { GithubKeys } from './github-keys.ts';
import type { Figures } from './metrics.ts';

const BODY_BYTES_MAX = 1024 * 1024;

/** Many times what GitHub sends at once. */
const HELD_BYTES_MAX = 16 * BODY_BYTES_MAX;

/** GitHub itself waits for 30 s. */
const READ_MS_MAX = 8 * SECOND_MS;

const MATCHES_MAX = 100;

/** Values in one match, which is what GitHub takes for one. */
const VALUES_MAX = 10;

const TYPE_LENGTH_MAX = 200;

const URL_LENGTH_MAX = 4096;

/** What GitHub found. It may leave the address empty; whatever is odd about it keeps no token alive. */
const matches = z
  .array(
    z.object({
      token: z.string(),
      type: z.string().max(TYPE_LENGTH_MAX),
      url: z.string().max(URL_LENGTH_MAX).catch(''),
      source: z.string().catch(''),
    }),
  )
  .min(1);

type Match = z.infer<typeof matches>[number];

/** What a match turned out to be: a live value, one that worked once, or none of ours. */
type Outcome = keyof Figures['githubMatches'];

/** As GitHub wants to hear of a match, but never with the value: its SHA-256, in hex. */
type Feedback = {
  readonly token_hash: string;
  readonly token_type: string;
  readonly label: 'true_positive' | 'false_positive';
};

export type GithubDeps = VerifyDeps &
  EndLeakedDeps & {
    readonly store: VerifyDeps['store'] & EndLeakedDeps['store'];
    readonly leaks: Leaks;
    readonly keys: GithubKeys;
    readonly metrics: { readonly figures: Figures };
    readonly log: Log;
  };

type Answered = { readonly status: 200; readonly body: readonly Feedback[] };

type Unanswered = {
  readonly status: UnreadStatus | 401;
  readonly error: string;
};

const UNSIGNED: Unanswered = { status: 401, error: 'invalid_signature' };

const UNAVAILABLE: Unanswered = { status: 503, error: 'unavailable' };

/**
 * `POST /github/secret-scanning`, for GitHub's secret scanning partner program: what it found in public and is live is revoked.
 * Nothing of a request is looked at before its signature over the raw body was verified by a current key of GitHub's.
 * https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
 */
export function createGithubDoor(deps: GithubDeps) {
  const readBody = createBodyReader({ heldBytesMax: HELD_BYTES_MAX, msMax: READ_MS_MAX });
  const { github } = deps.metrics.figures;

  async function answer(request: IncomingMessage, peer: string): Promise<Answered | Unanswered> {
    const signed = signatureOf(request.headersDistinct);
    if (signed === undefined) return UNSIGNED;
    const key = await deps.keys.find(signed.keyId);
    if (key === 'unreachable') return UNAVAILABLE;
    if (key === 'unknown') return UNSIGNED;
    const body = await readBody(request, BODY_BYTES_MAX, peer);
    if (!Buffer.isBuffer(body)) return { status: body, error: UNREAD_ERRORS[body] };
    if (!verify('sha256', body, { key, dsaEncoding: 'der' }, signed.signature)) return UNSIGNED;
    return answerMatches(body, deps);
  }

  return {
    path: '/github/secret-scanning',
    bodyBytesMax: BODY_BYTES_MAX,
    listener: (request: IncomingMessage, response: ServerResponse, peer: string): void => {
      answer(request, peer).then(
        (answered) => {
          github[RESULTS[answered.status]] += 1;
          send(response, answered);
        },
        (fault: unknown) => {
          github.unavailable += 1;
          sendError(response, 503, reportFault(fault, deps.log), { 'retry-after': RETRY_AFTER_SECONDS });
        },
      );
    },
  };
}

const UNREAD_ERRORS: Readonly<Record<UnreadStatus, string>> = {
  400: 'invalid_request',
  408: 'timeout',
  413: 'too_large',
  503: 'unavailable',
};

const RESULTS: Readonly<Record<(Answered | Unanswered)['status'], keyof Figures['github']>> = {
  200: 'answered',
  400: 'invalid',
  401: 'refused',
  408: 'invalid',
  413: 'invalid',
  503: 'unavailable',
};

function send(response: ServerResponse, answered: Answered | Unanswered): void {
  if (answered.status !== 200) {
    // Whoever is refused must not send the rest of its body.
    response.shouldKeepAlive = false;
    const again = answered.status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
    sendError(response, answered.status, { error: answered.error }, again);
    return;
  }
  const body = JSON.stringify(answered.body);
  response
    .writeHead(200, {
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}

/** What the request says of its signature, each header once. */
function signatureOf(
  headers: Readonly<NodeJS.Dict<readonly string[]>>,
): { readonly keyId: string; readonly signature: Buffer } | undefined {
  const [keyId = '', ...moreIds] = headers['github-public-key-identifier'] ?? [];
  const [text = '', ...moreSignatures] = headers['github-public-key-signature'] ?? [];
  const isOneOfEach = moreIds.length + moreSignatures.length === 0;
  const isWritten = /^[\w-]{1,200}$/.test(keyId) && /^[0-9A-Za-z+/]{1,200}={0,2}$/.test(text);
  return isOneOfEach && isWritten ? { keyId, signature: Buffer.from(text, 'base64') } : undefined;
}

async function answerMatches(body: Buffer, deps: GithubDeps): Promise<Answered | Unanswered> {
  const found = parseMatches(body);
  if (found === undefined) return { status: 400, error: 'invalid_request' };
  if (found.length > MATCHES_MAX) return { status: 413, error: 'too_large' };
  const live = new Map<string, StoredSecret[]>();
  const outcomes: Outcome[] = [];
  let isBusy = false;
  for (const match of found) {
    const looked = await lookAt(match, deps);
    isBusy ||= looked.isBusy;
    outcomes.push(looked.outcome);
    const reason = reasonOf(match);
    if (looked.live.length > 0) live.set(reason, [...(live.get(reason) ?? []), ...looked.live]);
  }
  for (const [reason, secrets] of live) {
    for (let start = 0; start < secrets.length; start += REVOKED_AT_ONCE_MAX) {
      const some = secrets.slice(start, start + REVOKED_AT_ONCE_MAX);
      await endLeaked(some, { actor: 'github', reason }, deps);
    }
  }
  // What could not be checked is asked about once more; what has ended by then stays so.
  if (isBusy) return UNAVAILABLE;
  for (const outcome of outcomes) deps.metrics.figures.githubMatches[outcome] += 1;
  return { status: 200, body: found.map((match, at) => feedbackOn(match, outcomes[at] ?? 'unknown')) };
}

function parseMatches(body: Buffer): readonly Match[] | undefined {
  try {
    return matches.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Of these no digest is kept. */
const HASHLESS: ReadonlySet<string> = new Set(['unknown', 'revoked']);

/** One read and one digest a value, whatever it turns out to be. */
async function lookAt(
  { token }: Match,
  deps: GithubDeps,
): Promise<{ readonly outcome: Outcome; readonly live: readonly StoredSecret[]; readonly isBusy: boolean }> {
  const live: StoredSecret[] = [];
  let [outcome, isBusy]: [Outcome, boolean] = ['unknown', false];
  for (const value of findValues(token).slice(0, VALUES_MAX)) {
    const verdict = await recogniseValue(value, 'github', deps);
    // Where there was none to compare it with, it is made for the time it takes.
    if (verdict.kind === 'bad' && HASHLESS.has(verdict.why)) value.digest(deps.peppers.current.key);
    if (verdict.kind === 'good') live.push(verdict.secret);
    else if (verdict.kind === 'busy') isBusy = true;
    else if ('secret' in verdict) outcome = 'ended';
  }
  return { outcome: live.length > 0 ? 'live' : outcome, live, isBusy };
}

function feedbackOn({ token, type }: Match, outcome: Outcome): Feedback {
  return {
    token_hash: createHash('sha256').update(token).digest('hex'),
    token_type: type,
    label: outcome === 'unknown' ? 'false_positive' : 'true_positive',
  };
}

/** Why a token ends: *Leaked on GitHub: https://github.com/octocat/Hello-World*. */
function reasonOf({ url, source }: Match): string {
  const bare = `Leaked on ${source.toLowerCase() === 'npm' ? 'npm' : 'GitHub'}`;
  const address = repositoryOf(url);
  if (address === undefined) return bare;
  const parsed = parseNote(`${bare}: ${address}`, REASON_LENGTH_MAX);
  return ('note' in parsed ? parsed.note : null) ?? bare;
}

/** The address of the repository, gist or package in which `url` lies; undefined when that is no https:// address of one. */
function repositoryOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'https:' || parsed.username + parsed.password !== '') return undefined;
  const [first, second, third] = parsed.pathname.split('/').filter((name) => name !== '');
  if (first === undefined || second === undefined) return undefined;
  const names =
    first === 'package' && second.startsWith('@') ? [first, second, third ?? ''] : [first, second];
  return `https://${parsed.host}/${names.join('/')}`;
}
