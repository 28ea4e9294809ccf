import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log.ts';
import { findValues } from '../tokens/finder.ts';
import type { Leaks } from '../tokens/held.ts';
import { revokeHeld } from '../tokens/revoke.ts';
import type { TokenStore, Visitors } from '../tokens/store.ts';
import type { Verdict } from '../tokens/verify.ts';
import {
  answerFault,
  RETRY_AFTER_SECONDS,
  reportFault,
  sendBusy,
  sendRefusal,
  statusOf,
  tokenIn,
} from './answer.ts';
import { type JudgeDeps, judge, judgeValue } from './judge.ts';
import { createRefusal } from './limit.ts';
import { sendAskPage, sendDonePage, sendLaterPage, showsPages } from './revoke-page.ts';

export type RevokeDeps = JudgeDeps & {
  readonly store: Pick<TokenStore, 'revokeTokens'> & Pick<Visitors, 'countWithin'>;
  readonly leaks: Leaks;
  readonly log: Log;
};

const UNAVAILABLE = {
  status: 503,
  why: "That isn't possible right now.",
  seconds: RETRY_AFTER_SECONDS,
} as const;

/**
 * `/revoke` in the form of RFC 7009 §2, without client authentication: whoever holds a live value ends its token. 200 also
 * when it was not live, so that the answer tells nothing (§2.2). What a client sends of itself is ignored, right or wrong. A value that a rotation retired, or that expired, ends nothing.
 *
 * To browsers it is a page to paste values into, in whatever form they stand, which says the same of all. No other site can do by
 * its visitors what it cannot do by itself, since nobody is logged in: whoever posts a value has it.
 */
export function addRevokeRoute(app: FastifyInstance, deps: RevokeDeps): void {
  const refuseTooMany = createRefusal('revoke', deps);

  app.get('/revoke', (_request, reply) => sendAskPage(reply));
  app.post(
    '/revoke',
    {
      onRequest: async ({ raw }, reply) =>
        refuseTooMany(raw, reply, showsPages(raw.headers) ? sendTooManyPage : undefined),
      errorHandler: (fault, request, reply) => answerOddPost(fault, request, reply, deps),
    },
    async ({ body, raw }, reply) => {
      if (showsPages(raw.headers)) return answerPage(body, raw, reply, deps);
      const token = tokenIn(body);
      if (token === undefined) return sendRefusal(reply, 400);
      const isDone = await endOne(() => judge(token, raw, deps), deps);
      return isDone ? reply.code(200).send() : sendBusy(reply);
    },
  );
}

function sendTooManyPage(reply: FastifyReply, seconds: number): FastifyReply {
  return sendLaterPage(reply, {
    status: 429,
    why: 'Too many tries from your address. Nothing was revoked.',
    seconds,
  });
}

/** Ends whatever is live in the fields of the form. */
async function answerPage(
  body: unknown,
  request: IncomingMessage,
  reply: FastifyReply,
  deps: RevokeDeps,
): Promise<FastifyReply> {
  const texts = body instanceof URLSearchParams ? body.getAll('token') : [];
  const values = findValues(texts);
  if (values.length === 0) deps.metrics.figures.revocations.not_live += 1;
  let areDone = true;
  for (const value of values) {
    if (!(await endOne(() => judgeValue(value, request, deps), deps))) areDone = false;
  }
  return areDone ? sendDonePage(reply) : sendLaterPage(reply, UNAVAILABLE);
}

/** Ends the token of a value that is judged good. False where nobody can say just now. */
async function endOne(judged: () => Promise<Verdict>, deps: RevokeDeps): Promise<boolean> {
  const seenAt = deps.clock();
  const verdict = await judged();
  if (verdict.kind === 'busy') return false;
  if (verdict.kind === 'good') {
    deps.leaks.found(verdict.secret, 'http', seenAt);
    await revokeHeld(verdict.secret, deps);
  }
  deps.metrics.figures.revocations[verdict.kind === 'good' ? 'revoked' : 'not_live'] += 1;
  return true;
}

/** A body that is none of a form, or too long, is to a browser one like any other. */
function answerOddPost(
  fault: unknown,
  { raw }: FastifyRequest,
  reply: FastifyReply,
  deps: RevokeDeps,
): FastifyReply {
  if (!showsPages(raw.headers)) return answerFault(fault, reply, deps.log);
  if (statusOf(fault) < 500) return sendDonePage(reply);
  reportFault(fault, deps.log);
  return sendLaterPage(reply, UNAVAILABLE);
}
