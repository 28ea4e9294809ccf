import type { ModalView } from '@slack/types';
import { MINUTE_MS } from '../../clock.ts';
import { type Actor, may } from '../../tokens/policy.ts';
import { type Refused, refuseByPolicy, refused, sentenceFor } from '../../tokens/refusal.ts';
import type { PersonId, UsedToken } from '../../tokens/token.ts';
import { sentenceMessage, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps } from '../listener.ts';
import { redrawOrigin, tellBehind } from '../look/redraw.ts';
import type { Chronicle } from '../look/timeline-blocks.ts';
import { type AckSubmission, ackInTime, type RefusalFields } from '../reply/submission.ts';
import type { KnownVisit } from '../visit.ts';
import {
  type CardSubject,
  type KillCard,
  killCardBlocks,
  killCardMessage,
  othersLeftBlocks,
  type Sharing,
} from './card-blocks.ts';
import { beingRevokedDialog, REVOKE_TITLE } from './revoke-dialog.ts';

/** How long a card is there for whoever ended its tokens and may not see them otherwise: as its message can be answered. */
const ENDED_MS_MAX = 30 * MINUTE_MS;

/** The card about tokens that were revoked, as they are by now; of a person's sheet with how many of theirs are left. */
export async function cardOf(
  actor: Actor,
  about: Pick<KillCard, 'tokens' | 'inMessage'> & { readonly person?: PersonId | undefined },
  deps: ListenerDeps,
): Promise<KillCard> {
  const { tokens, inMessage, person } = about;
  const now = deps.clock();
  const [tries, others] = await Promise.all([
    deps.store.triesOf(tokens.map(({ id }) => id)),
    person && othersOf(actor, person, now, deps),
  ]);
  const mayClose = tokens.every((token) => may(actor, 'revoke', token, deps.policy));
  return { tokens, tries, inMessage, reader: actor.id, mayClose, others, now };
}

/** The card that a button belongs to, for whoever may see its tokens or ended them just now; else a refusal. */
export async function findCard(
  actor: Actor,
  { tokenIds, inMessage, person }: CardSubject,
  deps: ListenerDeps,
): Promise<{ kind: 'found'; card: KillCard } | Refused> {
  const tokens: UsedToken[] = [];
  const there = await deps.store.findTokens(actor.workspace, tokenIds);
  for (const id of tokenIds) {
    const token = await revokedToken(actor, there.get(id), deps);
    if ('kind' in token) return token;
    tokens.push(token);
  }
  return { kind: 'found', card: await cardOf(actor, { tokens, inMessage, person }, deps) };
}

async function revokedToken(
  actor: Actor,
  token: UsedToken | undefined,
  deps: ListenerDeps,
): Promise<UsedToken | Refused> {
  const refusal = { code: 'token_not_found' } as const;
  if (token === undefined) return refused(refusal);
  const { revokedAt } = token;
  const endedIt =
    revokedAt !== null && token.revokedBy === actor.id && deps.clock() - revokedAt < ENDED_MS_MAX;
  if (!endedIt && !may(actor, 'see', token, deps.policy)) {
    return refuseByPolicy({ actor, attempted: 'see', tokenId: token.id, refusal }, deps);
  }
  return revokedAt === null ? refused(refusal) : token;
}

/** What is known of the card's tokens. Whoever may not see one hears of it from its revocation on, as on the card. */
export function chroniclesOf(actor: Actor, card: KillCard, deps: ListenerDeps): Promise<Chronicle[]> {
  return Promise.all(
    card.tokens.map(async (token) => {
      const { events } = await deps.store.listEvents(token.id, { page: 1, pageSize: EVENTS_MAX });
      const tries = card.tries.get(token.id);
      if (may(actor, 'see', token, deps.policy)) return { token, tries, events };
      const end = events.findIndex(({ action }) => action === 'token.revoked');
      return { token, tries, events: events.slice(0, end + 1) };
    }),
  );
}

/** How many tokens of the person are live: for themselves, and for whoever may end them. */
async function othersOf(
  actor: Actor,
  person: PersonId,
  now: number,
  deps: ListenerDeps,
): Promise<KillCard['others']> {
  if (person !== actor.id && !may(actor, 'revoke', undefined, deps.policy)) return undefined;
  const rest = { owner: person, filter: 'active', page: 1, pageSize: 1, now } as const;
  const { total } = await deps.store.listTokens(actor.workspace, rest);
  return { person, count: total };
}

/** A place that a card can be shared to. */
export type SharePlace = {
  readonly responseUrl: string;
  readonly channel: string | undefined;
  readonly channelName: string | undefined;
};

/**
 * Where the card that was pressed stands, or where its dialog was opened: not Home or a notice, which nobody else reads.
 * Undefined where it cannot be shared.
 */
export function sharePlaceOf(visit: KnownVisit, { openedFrom }: ListenerDeps): SharePlace | undefined {
  const { responseUrl, channelId: channel, channelName } = visit;
  if (responseUrl !== undefined) return { responseUrl, channel, channelName };
  const from = openedFrom.find(visit);
  return from === undefined || from.kind === 'notice' ? undefined : from;
}

/** Events of a token that are looked at, as for whether its card was shared: the latest. */
const EVENTS_MAX = 100;

/** What an event tells of a card that was shared to `place`. */
export function shareDetail({ tokens }: Pick<KillCard, 'tokens'>, { channel }: SharePlace) {
  return { channel: channel ?? null, tokens: tokens.length, ids: tokens.map(({ id }) => id).join(' ') };
}

/** How the card stands towards everybody in the place that it can be shared to: as the record of what was done tells it. */
export async function sharingOf(visit: KnownVisit, card: KillCard, deps: ListenerDeps): Promise<Sharing> {
  const place = sharePlaceOf(visit, deps);
  const [first] = card.tokens;
  if (place === undefined || first === undefined) return { kind: 'none' };
  const { channel, ids } = shareDetail(card, place);
  const { events } = await deps.store.listEvents(first.id, { page: 1, pageSize: EVENTS_MAX });
  const isShared = events.some(
    ({ action, detail }) => action === 'card.shared' && detail.channel === channel && detail.ids === ids,
  );
  return isShared ? { kind: 'done', channelName: place.channelName } : { kind: 'offered' };
}

/** The card in a dialog. */
export async function cardDialog(visit: KnownVisit, card: KillCard, deps: ListenerDeps): Promise<ModalView> {
  const sharing = await sharingOf(visit, card, deps);
  return tellingDialog(REVOKE_TITLE, [...killCardBlocks(card, sharing), ...othersLeftBlocks(card)]);
}

/** A revocation as its dialog shows it: the card that it turns into. */
export type Answered = {
  readonly kind: 'answered';
  readonly view: ModalView;
  readonly card: KillCard;
  /** Whether this delivery ended the tokens, and not one before it. */
  readonly isNew: boolean;
};

/**
 * Answers the dialog by what `work` comes to: there, or, where it was closed before that was known, where it was opened; never
 * in both. What it was opened from is drawn again.
 */
export async function ackRevocation(
  visit: KnownVisit,
  work: Promise<Answered | Refused>,
  { count, ...rest }: { readonly ack: AckSubmission; readonly fields: RefusalFields; readonly count: number },
  deps: ListenerDeps,
): Promise<void> {
  const waiting = beingRevokedDialog(count);
  const whenClosed = async (late: Answered | Refused) => {
    if (late.kind === 'refused') return tellBehind(visit, sentenceMessage(sentenceFor(late.refusal)), deps);
    await tellBehind(visit, killCardMessage(late.card, await sharingOf(visit, late.card, deps)), deps);
  };
  const outcome = await ackInTime(visit, work, { ...rest, waiting, whenClosed }, deps);
  if (outcome.kind === 'answered' && outcome.isNew) await redrawOrigin(visit, deps);
}
