import { MINUTE_MS, SECOND_MS } from '../clock.ts';
import { every } from '../every.ts';
import type { AuditEvent } from '../tokens/audit.ts';
import { BARRED_MS_MAX, type LeaverPolicy } from '../tokens/leavers.ts';
import { isStillDue } from '../tokens/notices.ts';
import type { DueSaying } from '../tokens/outbox.ts';
import { mayUseApp } from '../tokens/policy.ts';
import type { NoticeKind, Saying } from '../tokens/telling.ts';
import type { PersonId, TokenId, UsedToken } from '../tokens/token.ts';
import { foundInPublicMessage } from './guard/leak-blocks.ts';
import { type LeakCardDeps, sayLeak, tellOnCallOnce } from './guard/leak-card.ts';
import type { Homes } from './look/list.ts';
import {
  barredMessage,
  claimedMessage,
  neverClaimedMessage,
  oldValueEndedMessage,
  ownerLeftMessage,
  revokedByOtherMessage,
  revokedOfCreatedMessage,
  severalRevokedMessage,
} from './notices/news-blocks.ts';
import { noticeMessage } from './notices/notice-blocks.ts';
import type { Receipts } from './notices/receipts.ts';
import type { Actors } from './people/actor.ts';
import { postAtMostOnce, postDirectMessage } from './reply/direct-message.ts';
import { pause } from './reply/pause.ts';
import { fateOf, slackErrorOf } from './reply/slack-error.ts';
import { drawBoard } from './status/board.ts';
import type { TakeTurn } from './turns.ts';

const POLL_MS = 200;

/** Names in one text, which holds 3,000 characters. */
const NAMES_MAX = 20;

const BATCH_MAX = 10;

/** Events that one is looked for among. */
const EVENTS_MAX = 50;

/**
 * Where Slack's answer is lost, nobody knows whether a message was posted. A receipt, a revocation by somebody else and the
 * last warning are then rather said twice than never, everything else rather never than twice.
 */
const MUST_ARRIVE: ReadonlySet<NoticeKind> = new Set(['expires_tomorrow']);

const BACK_OFF_MS_MIN = 1 * SECOND_MS;

const BACK_OFF_MS_MAX = 10 * MINUTE_MS;

/** With the back-off above this is about a week: what Slack does not take over a long weekend may be mended after it. */
const ATTEMPTS_MAX = 1000;

/** About half a day, where nobody can tell whether it ever succeeds. */
const UNCLEAR_ATTEMPTS_MAX = 80;

export type OutboxDeps = LeakCardDeps & {
  readonly homes: Homes;
  readonly receipts: Receipts;
  readonly actors: Actors;
  readonly takeBoardTurn: TakeTurn;
  readonly leavers: LeaverPolicy;
};

/** What is being said stays this process's so long as that goes on: a third of how long it is taken for. */
const KEEP_MS = 5 * SECOND_MS;

/**
 * Which version of a saying was said though that could not be written, by its key, and when: it is not said twice for want of a disk.
 * Good while nobody else can have taken it; later another one may have settled it, and what has the same key is new.
 */
type Said = Map<string, { readonly version: number; readonly at: number }>;

const SAID_MS_MAX = 10 * SECOND_MS;

/** What is drawn from the state of the moment, over what stands there. */
const DRAWN: ReadonlySet<Saying['kind']> = new Set(['receipt', 'home', 'board', 'leak']);

/**
 * Says what is due, from the state of the moment, until it is stopped; then it finishes what it is at. Several processes share the
 * outbox: each takes what it says, and what one that died was at another says when its time is over.
 */
export function startOutbox(deps: OutboxDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const said: Said = new Map();
  let hasFailed = false;

  async function work(): Promise<void> {
    while (!signal.aborted) {
      const count = await sayDue(deps, said).then(
        (done) => {
          hasFailed = false;
          return done;
        },
        (fault: unknown) => {
          if (!hasFailed)
            deps.log.error({ err: fault }, 'the outbox cannot be read or written; trying again');
          hasFailed = true;
          return 0;
        },
      );
      if (count < BATCH_MAX) await pause(hasFailed ? SECOND_MS : POLL_MS, signal);
    }
  }

  const working = work();
  return {
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}

/** Says what is due, once, and returns how much that was. */
async function sayDue(deps: OutboxDeps, said: Said): Promise<number> {
  const due = await deps.store.takeDue(deps.clock(), BATCH_MAX);
  if (due.length === 0) return 0;
  const working = new Set(due);
  const keeping = every(
    KEEP_MS,
    'keeping what is being said',
    () => deps.store.keepTaken([...working]),
    deps.log,
  );
  try {
    // Beside each other: one that Slack leaves hanging must not hold up the others.
    await Promise.all(due.map((one) => sayOne(one, deps, said).finally(() => working.delete(one))));
  } finally {
    await keeping.stop();
  }
  return due.length;
}

async function sayOne(due: DueSaying, deps: OutboxDeps, said: Said): Promise<void> {
  const outcome = isSaid(due, said) ? SAID : await outcomeOf(due, deps);
  if (outcome.kind === 'said') said.set(due.key, { version: due.version, at: performance.now() });
  const isOurs = await note(due, outcome, deps);
  said.delete(due.key);
  // Drawn by another one, too, and nobody knows by whom last.
  if (!isOurs && DRAWN.has(due.saying.kind)) await deps.store.sayAnew(due.saying, deps.clock());
}

function isSaid({ key, version }: DueSaying, said: Said): boolean {
  const known = said.get(key);
  said.delete(key);
  return known?.version === version && performance.now() - known.at < SAID_MS_MAX;
}

type Outcome =
  /** Or it never can be. `againAt`: when it must be said once more although nothing will have happened. */
  | { readonly kind: 'said'; readonly againAt: number | undefined }
  | { readonly kind: 'not_said'; readonly at: number; readonly quietUntil: number };

const SAID: Outcome = { kind: 'said', againAt: undefined };

async function outcomeOf(due: DueSaying, deps: OutboxDeps): Promise<Outcome> {
  try {
    return { kind: 'said', againAt: await say(due.saying, deps) };
  } catch (error) {
    return retryOf(due, error, deps) ?? SAID;
  }
}

/** False where another process has taken it meanwhile. */
function note(due: DueSaying, outcome: Outcome, { store }: OutboxDeps): Promise<boolean> {
  if (outcome.kind === 'not_said') return store.postpone(due, outcome.at, outcome.quietUntil);
  return outcome.againAt === undefined ? store.settle(due) : store.sayAgain(due, outcome.againAt);
}

/** When what Slack did not take is to be tried again, and not before; undefined: never. */
function retryOf(due: DueSaying, error: unknown, deps: OutboxDeps): Outcome | undefined {
  const { key, attempts } = due;
  const { code, retryAfterMs } = slackErrorOf(error);
  const attemptsMax = attemptsMaxOf(code);
  if (attemptsMax === 0) {
    deps.log.info({ key, code }, 'a message was dropped: nobody is left to read it');
    return undefined;
  }
  if (attempts >= attemptsMax) {
    deps.log.error({ key, code, attempts }, 'a message was given up: Slack refused it for too long');
    return undefined;
  }
  deps.log.warn({ key, code, attempts }, 'Slack refused a message; trying again');
  const at = deps.clock() + (retryAfterMs ?? backOff(attempts));
  return { kind: 'not_said', at, quietUntil: retryAfterMs === undefined ? 0 : at };
}

function attemptsMaxOf(code: string): number {
  switch (fateOf(code)) {
    case 'nobody_there':
      return 0;
    case 'passes':
    case 'mendable':
      return ATTEMPTS_MAX;
    // The short form was not taken either.
    case 'not_taken':
    case 'unclear':
      return UNCLEAR_ATTEMPTS_MAX;
  }
}

function backOff(attempts: number): number {
  return Math.min(BACK_OFF_MS_MIN * 2 ** Math.min(attempts, 20), BACK_OFF_MS_MAX);
}

/** Resolves to the instant at which it must be said again without anything happening; mostly to none. */
async function say(saying: Saying, deps: OutboxDeps): Promise<number | undefined> {
  if (saying.kind === 'home') {
    await drawHome(saying.person, deps);
    return undefined;
  }
  if (saying.kind === 'barred') {
    await sayBarred(saying.person, deps);
    return undefined;
  }
  if (saying.kind === 'receipt') return deps.receipts.draw(saying.tokenId);
  if (saying.kind === 'board') return drawBoard(saying.channel, deps);
  if (saying.kind === 'leak') return sayLeak(saying, deps);
  if (saying.kind === 'found_in_public') {
    const found = await Promise.all(saying.tokenIds.map((id) => foundOf(id, deps)));
    await tellOnCallOnce(foundInPublicMessage(found), deps);
    return undefined;
  }
  if (saying.kind === 'several_revoked') {
    const tokens = await Promise.all(saying.tokenIds.map((id) => tokenOf(id, deps)));
    await postDirectMessage(deps, saying.person, severalRevokedMessage(tokens, saying.person));
    return undefined;
  }
  const token = await tokenOf(saying.tokenId, deps);
  switch (saying.kind) {
    case 'revoked_by_other':
      await postDirectMessage(deps, token.owner, revokedByOtherMessage(token));
      return undefined;
    case 'old_value_ended':
      await postDirectMessage(deps, token.owner, oldValueEndedMessage(token, await endingOf(token, deps)));
      return undefined;
    case 'revoked_of_created':
      await postDirectMessage(deps, token.createdBy, revokedOfCreatedMessage(token));
      return undefined;
    case 'claimed':
      await postAtMostOnce(deps, token.createdBy, claimedMessage(token));
      return undefined;
    case 'never_claimed':
      await postAtMostOnce(deps, token.createdBy, neverClaimedMessage(token));
      return undefined;
    case 'owner_left':
      await postDirectMessage(deps, token.createdBy, ownerLeftMessage(token));
      return undefined;
    case 'notice': {
      const now = deps.clock();
      if (!isStillDue(saying.notice, token, now)) return undefined;
      const post = MUST_ARRIVE.has(saying.notice) ? postDirectMessage : postAtMostOnce;
      await post(deps, token.owner, noticeMessage(saying.notice, token, now));
      return undefined;
    }
  }
}

/** A token of which a value was found in public, and the end that this came to. */
async function foundOf(id: TokenId, deps: OutboxDeps) {
  const token = await tokenOf(id, deps);
  const ending = token.revokedAt === null ? await endingOf(token, deps) : undefined;
  return { token, reason: token.revokedAt === null ? ending?.detail.reason : token.revokeReason };
}

/** The latest end of an old value of the token; undefined where much has happened since. */
async function endingOf({ id }: UsedToken, { store }: OutboxDeps): Promise<AuditEvent | undefined> {
  const { events } = await store.listEvents(id, { page: 1, pageSize: EVENTS_MAX });
  return events.find(({ action }) => action === 'old_value.ended');
}

async function tokenOf(id: TokenId, deps: OutboxDeps): Promise<UsedToken> {
  const token = await deps.store.findToken(deps.workspace, id);
  if (token === undefined) throw new Error('the outbox names a token that is not there');
  return token;
}

/** What becomes of their tokens. Nothing where they may use the app again by now, nor to whom no app may write. */
async function sayBarred(person: PersonId, deps: OutboxDeps): Promise<void> {
  const { store, workspace, clock } = deps;
  if ((await deps.actors.standing(person)) !== 'guest') return;
  const live = { owner: person, filter: 'active', page: 1, pageSize: NAMES_MAX, now: clock() } as const;
  const list = await store.listTokens(workspace, live);
  const [first] = list.tokens;
  if (first === undefined || !first.ownerIsBarred || first.ownerGoneAt === null) return;
  const endsAt = deps.leavers === 'revoke' ? first.ownerGoneAt + BARRED_MS_MAX : null;
  await postAtMostOnce(deps, person, barredMessage(list, endsAt));
}

/**
 * Their Home tab was drawn at their own wish before: what they may do decides what it offers and, where they searched, what it shows.
 * To who may not use the app it says so; of who left nobody reads it.
 */
async function drawHome(person: PersonId, { actors, homes, policy }: OutboxDeps): Promise<void> {
  const standing = await actors.standing(person);
  if (mayUseApp({ standing }, policy)) {
    const actor = await actors.find(person, undefined);
    if (actor === undefined) throw new Error('Slack did not tell what somebody may do');
    return homes.draw(actor);
  }
  if (standing !== 'deactivated' && standing !== 'bot') await homes.drawRefusal(person);
}
