import type { ModalView } from '@slack/types';
import { type Actor, may } from '../tokens/policy.ts';
import { type Refused, refused } from '../tokens/refusal.ts';
import { refuseByPolicy } from '../tokens/refuse.ts';
import type { TokenId, UsedToken } from '../tokens/token.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { type CardSubject, type KillCard, killCardBlocks, killCardMessage } from './blocks/kill-card.ts';
import { REVOKE_TITLE } from './blocks/revoke-dialog.ts';
import { listAnswer } from './list-answer.ts';
import type { ListenerDeps } from './listener.ts';
import { respond } from './respond.ts';
import type { KnownVisit } from './visit.ts';

/** The card about tokens that were just revoked, as they are by now. */
export async function cardOf(
  tokens: readonly UsedToken[],
  inMessage: boolean,
  deps: ListenerDeps,
): Promise<KillCard> {
  const tries = await deps.store.triesOf(tokens.map(({ id }) => id));
  return { tokens, tries, inMessage, now: deps.clock() };
}

/** The card that a button belongs to, for whoever may see its tokens or ended them; else a refusal. */
export async function findCard(
  actor: Actor,
  { tokenIds, inMessage }: CardSubject,
  deps: ListenerDeps,
): Promise<{ kind: 'found'; card: KillCard } | Refused> {
  const tokens: UsedToken[] = [];
  for (const id of tokenIds) {
    const token = await revokedToken(actor, id, deps);
    if ('kind' in token) return token;
    tokens.push(token);
  }
  return { kind: 'found', card: await cardOf(tokens, inMessage, deps) };
}

async function revokedToken(actor: Actor, id: TokenId, deps: ListenerDeps): Promise<UsedToken | Refused> {
  const refusal = { code: 'token_not_found' } as const;
  const token = await deps.store.findToken(actor.workspace, id);
  if (token === undefined) return refused(refusal);
  if (token.revokedBy !== actor.id && !may(actor, 'see', token, deps.policy)) {
    return refuseByPolicy({ actor, attempted: 'see', tokenId: id, refusal }, deps);
  }
  return token.revokedAt === null ? refused(refusal) : token;
}

/** The card in a dialog. It is shared where the dialog was opened, so not from Home, where nobody else would see it. */
export function cardDialog(visit: KnownVisit, card: KillCard, deps: ListenerDeps): ModalView {
  const canShare = visit.viewId !== undefined && deps.places.find(visit.viewId) !== undefined;
  return tellingDialog(REVOKE_TITLE, killCardBlocks(card, { canShare }));
}

/**
 * Tells it where the dialog was opened too: by the card, or in a list that stood there by drawing it anew. The revocation
 * stands, and the dialog says so, whether or not that works.
 */
export async function tellWhereOpened(visit: KnownVisit, card: KillCard, deps: ListenerDeps): Promise<void> {
  const from = visit.viewId === undefined ? undefined : deps.places.find(visit.viewId);
  if (from === undefined) return;
  try {
    if (from.place === undefined) return await respond(from.responseUrl, killCardMessage(card));
    // The row stays in sight with its date revoked: a list of the active ones becomes one of all.
    const place = from.place.filter === 'active' ? ({ filter: 'all', page: 1 } as const) : from.place;
    await respond(from.responseUrl, await listAnswer(visit.actor, place, deps), 'instead');
  } catch (error) {
    deps.log.warn({ err: error }, 'what a token was revoked from could not be brought up to date');
  }
}
