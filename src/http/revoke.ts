import type { FastifyInstance } from 'fastify';
import type { Leaks } from '../tokens/held.ts';
import { revokeHeld } from '../tokens/revoke.ts';
import type { TokenStore } from '../tokens/store.ts';
import { sendBusy, sendRefusal, tokenIn } from './answer.ts';
import { type JudgeDeps, judge } from './judge.ts';
import { createRefusal } from './limit.ts';

export type RevokeDeps = JudgeDeps & {
  readonly store: Pick<TokenStore, 'revokeTokens'>;
  readonly leaks: Leaks;
};

/**
 * `/revoke` in the form of RFC 7009 §2, without client authentication: whoever holds a live value ends its token. 200 also
 * when it was not live, so that the answer tells nothing (§2.2). What a client sends of itself is ignored, right or wrong. A value that a rotation retired, or that expired, ends nothing.
 */
export function addRevokeRoute(app: FastifyInstance, deps: RevokeDeps): void {
  const { figures } = deps.metrics;
  const refuseTooMany = createRefusal('revoke', deps);

  app.post(
    '/revoke',
    { onRequest: async ({ raw }, reply) => refuseTooMany(raw, reply) },
    async ({ body, raw }, reply) => {
      const token = tokenIn(body);
      if (token === undefined) return sendRefusal(reply, 400);
      const seenAt = deps.clock();
      const verdict = await judge(token, raw, deps);
      if (verdict.kind === 'busy') return sendBusy(reply);
      if (verdict.kind === 'good') {
        deps.leaks.found(verdict.secret, 'http', seenAt);
        await revokeHeld(verdict.secret, deps);
      }
      figures.revocations[verdict.kind === 'good' ? 'revoked' : 'not_live'] += 1;
      return reply.code(200).send();
    },
  );
}
