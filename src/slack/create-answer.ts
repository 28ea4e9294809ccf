import { asSeen } from '../tokens/characters.ts';
import { freeName, offeredScopes } from '../tokens/create.ts';
import { findToken } from '../tokens/find.ts';
import { type Actor, may } from '../tokens/policy.ts';
import type { TokenId } from '../tokens/token.ts';
import { type Answer, refusalAnswer } from './answer.ts';
import { createDialog, type FilledIn } from './blocks/create-dialog.ts';
import type { ListenerDeps } from './listener.ts';

/** The dialog *Create API Token*, filled in with what is already known. */
export function createAnswer(actor: Actor, filledIn: FilledIn, deps: ListenerDeps): Answer {
  const mayChooseOwner = may(actor, 'create_for_others', undefined, deps.policy);
  const scopes = offeredScopes(actor, deps.policy);
  const asker = { id: actor.id, zone: actor.zone, mayChooseOwner, scopes };
  return { kind: 'dialog', view: createDialog(filledIn, asker, deps.policy) };
}

/** The same, filled in after a token that has ended, with a free name like its own: names are never used twice. */
export async function createAgainAnswer(actor: Actor, tokenId: TokenId, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(tokenId, 'rotate', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const { token } = found;
  const name = await freeName(actor, token.name, deps.store);
  const purpose = asSeen(token.purpose ?? '');
  const filledIn = {
    ...(name === null ? {} : { name }),
    ...(purpose === '' ? {} : { purpose }),
    scopes: token.scopes,
    leftOut: token.scopes.filter((scope) => !offeredScopes(actor, deps.policy).includes(scope)),
  };
  return createAnswer(actor, filledIn, deps);
}
