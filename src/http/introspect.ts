import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SECOND_MS } from '../clock.ts';
import { INTROSPECT_SCOPE } from '../tokens/policy.ts';
import type { StoredSecret } from '../tokens/store.ts';
import { clientIn, FORM_TYPE, sendBusy, sendRefusal, tokenIn } from './answer.ts';
import { callerAddress } from './caller-address.ts';
import {
  BASIC_CHALLENGE,
  basicSecret,
  challenge,
  credentialHeaders,
  presentedCredentials,
} from './credentials.ts';
import { type JudgeDeps, judge } from './judge.ts';
import { createRefusal } from './limit.ts';

/** How a caller says who it is: as RFC 6750 §2.1 has it, or as a client of RFC 6749 §2.3.1. */
type Caller = { readonly way: 'bearer' | 'client'; readonly value: string };

/** Why somebody may not ask. */
type Denied = { readonly status: 400 | 401; readonly error?: string; readonly challenge: string };

const ACCEPTED = credentialHeaders('authorization');

const NOBODY: Denied = { status: 401, challenge: challenge() };

const INVALID_TOKEN: Denied = { status: 401, error: 'invalid_token', challenge: challenge('invalid_token') };

/** RFC 7662 §2.3: 401 also for a caller without the scope, in the words of RFC 6750 §3.1. */
const WITHOUT_SCOPE: Denied = {
  status: 401,
  error: 'insufficient_scope',
  challenge: challenge('insufficient_scope', INTROSPECT_SCOPE),
};

/** RFC 6749 §5.2, for whatever is wrong with a client. */
const INVALID_CLIENT: Denied = { status: 401, error: 'invalid_client', challenge: BASIC_CHALLENGE };

/** RFC 6749 §2.3: never more than one way. */
const SEVERAL_WAYS: Denied = {
  status: 400,
  error: 'invalid_request',
  challenge: challenge('invalid_request'),
};

/**
 * `/introspect` after RFC 7662, for a caller who holds a value with the scope `introspect` and presents it in one of three ways:
 * as Bearer, or, as OAuth clients do, as the secret of HTTP Basic or as `client_secret` in the body. Whoever may not ask is
 * refused, 30 times a minute an address, and before the body is read if its headers tell. Both values that are good count as used.
 */
export function addIntrospectRoute(
  app: FastifyInstance,
  deps: JudgeDeps & Parameters<typeof createRefusal>[1],
): void {
  const { figures } = deps.metrics;
  const refuseTooMany = createRefusal('introspect', deps);

  async function refuse(
    denied: Denied | 'busy',
    request: IncomingMessage,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (denied === 'busy') return sendBusy(reply);
    figures.introspections.refused += 1;
    return (await refuseTooMany(request, reply)) ?? deny(reply, denied);
  }

  app.post(
    '/introspect',
    {
      onRequest: async ({ raw }, reply) => {
        const denied = await denialByHeaders(raw, deps);
        return denied === undefined ? undefined : refuse(denied, raw, reply);
      },
      preHandler: async ({ raw, body }, reply) => {
        const denied = await denialByBody(raw, body, deps);
        return denied === undefined ? undefined : refuse(denied, raw, reply);
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

/** Undefined for a caller who may ask, or whose body may yet say who it is; `busy` while nobody can say. */
async function denialByHeaders(
  request: IncomingMessage,
  deps: JudgeDeps,
): Promise<Denied | 'busy' | undefined> {
  const caller = callerIn(request);
  if (caller === 'several') return SEVERAL_WAYS;
  if (caller !== undefined) return denialOf(caller, request, deps);
  return FORM_TYPE.test(request.headers['content-type'] ?? '') ? undefined : NOBODY;
}

/** The same once the body is there. */
async function denialByBody(
  request: IncomingMessage,
  body: unknown,
  deps: JudgeDeps,
): Promise<Denied | 'busy' | undefined> {
  const client = clientIn(body);
  if (client === 'several') return SEVERAL_WAYS;
  const isKnown = callerIn(request) !== undefined;
  if (isKnown)
    return client.secret === undefined && client.assertion === undefined ? undefined : SEVERAL_WAYS;
  if (client.secret !== undefined && client.assertion !== undefined) return SEVERAL_WAYS;
  if (client.secret !== undefined) return denialOf({ way: 'client', value: client.secret }, request, deps);
  return client.id === undefined && client.assertion === undefined ? NOBODY : INVALID_CLIENT;
}

/** Who calls, as far as the headers tell. */
function callerIn({ rawHeaders, headers }: IncomingMessage): Caller | 'several' | undefined {
  const credentials = presentedCredentials(rawHeaders, ACCEPTED);
  if (credentials === undefined) return 'several';
  const [value] = credentials;
  if (value !== undefined) return { way: 'bearer', value };
  const secret = basicSecret(headers.authorization ?? '');
  return secret === undefined ? undefined : { way: 'client', value: secret };
}

async function denialOf(
  { way, value }: Caller,
  request: IncomingMessage,
  deps: JudgeDeps,
): Promise<Denied | 'busy' | undefined> {
  const verdict = await judge(value, request, deps);
  if (verdict.kind === 'busy') return 'busy';
  if (verdict.kind === 'bad') return way === 'bearer' ? INVALID_TOKEN : INVALID_CLIENT;
  deps.usage.used(verdict.secret, deps.clock(), callerAddress(request, deps.isProxy));
  if (verdict.secret.scopes.includes(INTROSPECT_SCOPE)) return undefined;
  return way === 'bearer' ? WITHOUT_SCOPE : INVALID_CLIENT;
}

function deny(reply: FastifyReply, { status, error, challenge }: Denied): FastifyReply {
  reply.code(status).header('www-authenticate', challenge);
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
