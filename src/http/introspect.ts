import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SECOND_MS } from '../clock.ts';
import { INTROSPECT_SCOPE } from '../tokens/scope.ts';
import type { StoredSecret } from '../tokens/store.ts';
import { sendBusy, sendRefusal, sendTooMany } from './answer.ts';
import { callerAddress } from './caller-address.ts';
import { type BearerError, challenge } from './challenge.ts';
import { credentialHeaders, presentedCredentials } from './credentials.ts';
import type { Figures } from './figures.ts';
import { tokenIn } from './form.ts';
import { type JudgeDeps, judge } from './judge.ts';
import { createLimit } from './limit.ts';

export type IntrospectDeps = JudgeDeps & { readonly metrics: { readonly figures: Figures } };

/** Why somebody may not ask. */
type Denied = { readonly status: 400 | 401; readonly error?: BearerError; readonly scope?: string };

/** RFC 6750 §2.1 alone: a value in a body or URL ends up in places that keep it. */
const ACCEPTED = credentialHeaders('authorization');
/** RFC 7662 §2.3: 401 also for a caller without the scope, in the words of RFC 6750 §3.1. */
const WITHOUT_SCOPE: Denied = { status: 401, error: 'insufficient_scope', scope: INTROSPECT_SCOPE };

/**
 * `/introspect` after RFC 7662, for a caller whose Bearer value has the scope `introspect`; all others are refused before their
 * body is read, 30 a minute an address. Both values that are good count as used.
 */
export function addIntrospectRoute(app: FastifyInstance, deps: IntrospectDeps): void {
  const { figures } = deps.metrics;
  const limit = createLimit(deps.clock);

  app.post(
    '/introspect',
    {
      onRequest: async ({ raw }, reply) => {
        const denied = await denialOf(raw, deps);
        if (denied === undefined) return;
        if (denied === 'busy') return sendBusy(reply);
        figures.introspections.refused += 1;
        const waitSeconds = limit.take(callerAddress(raw, deps.isProxy));
        if (waitSeconds === undefined) return deny(reply, denied);
        figures.limited.introspect += 1;
        return sendTooMany(reply, waitSeconds);
      },
    },
    async ({ body, raw }, reply) => {
      const token = tokenIn(body);
      if (token === undefined) return sendRefusal(reply, 400);
      const verdict = await judge(token, raw, deps);
      if (verdict.kind === 'busy') return sendBusy(reply);
      figures.introspections[verdict.kind === 'good' ? 'active' : 'inactive'] += 1;
      // RFC 7662 §2.2: nothing is said of why.
      if (verdict.kind === 'bad') return { active: false };
      deps.usage.used(verdict.secret, deps.clock(), callerAddress(raw, deps.isProxy));
      return factsOf(verdict.secret);
    },
  );
}

/** Undefined for a caller who may ask; `busy` while nobody can say. */
async function denialOf(
  request: IncomingMessage,
  deps: IntrospectDeps,
): Promise<Denied | 'busy' | undefined> {
  const credentials = presentedCredentials(request.rawHeaders, ACCEPTED);
  if (credentials === undefined) return { status: 400, error: 'invalid_request' };
  const [credential] = credentials;
  if (credential === undefined) return { status: 401 };
  const verdict = await judge(credential, request, deps);
  if (verdict.kind === 'busy') return 'busy';
  if (verdict.kind === 'bad') return { status: 401, error: 'invalid_token' };
  deps.usage.used(verdict.secret, deps.clock(), callerAddress(request, deps.isProxy));
  return verdict.secret.scopes.includes(INTROSPECT_SCOPE) ? undefined : WITHOUT_SCOPE;
}

function deny(reply: FastifyReply, { status, error, scope }: Denied): FastifyReply {
  reply.code(status).header('www-authenticate', challenge(error, scope));
  return error === undefined ? reply.send() : reply.send({ error });
}

/**
 * RFC 7662 §2.2; a member that has nothing to say is left out. `username` is the owner as nobody but Slack can choose it: whoever
 * decides by it must not be deceived by a token's name, which is in `token_name`.
 */
function factsOf({ scopes, tokenId, owner, name, createdAt, endsAt }: StoredSecret) {
  return {
    active: true,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    client_id: tokenId,
    username: owner,
    token_type: 'Bearer',
    ...(endsAt === null ? {} : { exp: Math.floor(endsAt / SECOND_MS) }),
    iat: Math.floor(createdAt / SECOND_MS),
    sub: owner,
    token_name: name,
  };
}
