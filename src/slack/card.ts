import type { ModalView } from '@slack/types';
import { type Actor, may } from '../tokens/policy.ts';
import { type Refused, refused } from '../tokens/refusal.ts';
import { refuseByPolicy } from '../tokens/refuse.ts';
import type { TokenId, UsedToken } from '../tokens/token.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { type CardSubject, type KillCard, killCardBlocks } from './blocks/kill-card.ts';
import { REVOKE_TITLE } from './blocks/revoke-dialog.ts';
import type { ListenerDeps } from './listener.ts';
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
  if (token === undefined || token.revokedAt === null) return refused(refusal);
  if (token.revokedBy === actor.id || may(actor, 'see', token, deps.policy)) return token;
  return refuseByPolicy({ actor, attempted: 'see', tokenId: id, refusal }, deps);
}

/** The card in a dialog. It is shared where the dialog was opened: not from Home or a notice, which nobody else reads. */
export function cardDialog(visit: KnownVisit, card: KillCard, deps: ListenerDeps): ModalView {
  const from = visit.viewId === undefined ? undefined : deps.places.find(visit.viewId);
  const canShare = from !== undefined && from.kind !== 'notice';
  return tellingDialog(REVOKE_TITLE, killCardBlocks(card, { canShare }));
}
