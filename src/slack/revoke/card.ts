import type { ModalView } from '@slack/types';
import { MINUTE_MS } from '../../clock.ts';
import { type Actor, may } from '../../tokens/policy.ts';
import { type Refused, refuseByPolicy, refused } from '../../tokens/refusal.ts';
import type { PersonId, UsedToken } from '../../tokens/token.ts';
import { tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps } from '../listener.ts';
import { redrawOrigin } from '../look/redraw.ts';
import { type AckSubmission, ackInTime, type RefusalFields } from '../reply/submission.ts';
import type { KnownVisit } from '../visit.ts';
import {
  type CardSubject,
  type KillCard,
  killCardBlocks,
  killCardMessage,
  othersLeftBlocks,
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
  return { tokens, tries, inMessage, reader: actor.id, others, now };
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

/** The card in a dialog. It is shared where the dialog was opened: not from Home or a notice, which nobody else reads. */
export function cardDialog(visit: KnownVisit, card: KillCard, deps: ListenerDeps): ModalView {
  const from = deps.openedFrom.find(visit);
  const canShare = from !== undefined && from.kind !== 'notice';
  return tellingDialog(REVOKE_TITLE, [...killCardBlocks(card, { canShare }), ...othersLeftBlocks(card)]);
}

/** A revocation as its dialog shows it: the card that it turns into. */
export type Answered = {
  readonly kind: 'answered';
  readonly view: ModalView;
  readonly card: KillCard;
  /** Whether this delivery ended the tokens, and not one before it. */
  readonly isNew: boolean;
};

/** Answers the dialog by what `work` comes to, and tells a new revocation where the dialog was opened too. */
export async function ackRevocation(
  visit: KnownVisit,
  work: Promise<Answered | Refused>,
  { count, ...rest }: { readonly ack: AckSubmission; readonly fields: RefusalFields; readonly count: number },
  deps: ListenerDeps,
): Promise<void> {
  const outcome = await ackInTime(visit, work, { ...rest, waiting: beingRevokedDialog(count) }, deps);
  if (outcome.kind === 'answered' && outcome.isNew)
    await redrawOrigin(visit, deps, killCardMessage(outcome.card));
}
