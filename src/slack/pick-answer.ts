import type { Actor } from '../tokens/policy.ts';
import type { UsedToken } from '../tokens/token.ts';
import type { Answer } from './answer.ts';
import { type PickVerb, pickDialog, tokenOptions } from './blocks/pick-dialog.ts';
import { historyAnswer, infoAnswer } from './info-answer.ts';
import type { ListenerDeps } from './listener.ts';
import { revokeAnswer } from './revoke-answer.ts';
import { rotateAnswer } from './rotate-answer.ts';
import { sentenceMessage } from './tell.ts';

/** What Slack draws in a list of options; somebody with more tokens searches. */
const OFFERED_MAX = 100;

/** The dialog in which the actor picks the token that `verb` is for. */
export async function pickAnswer(actor: Actor, verb: PickVerb, deps: ListenerDeps): Promise<Answer> {
  const now = deps.clock();
  const all = { owner: actor.id, filter: 'all', page: 1, pageSize: 1, now } as const;
  const { total } = await deps.store.listTokens(actor.workspace, all);
  if (total === 0) {
    return {
      kind: 'message',
      message: sentenceMessage('You have no tokens yet. /apitoken create makes the first.'),
    };
  }
  const tokens = total > OFFERED_MAX ? undefined : await searchTokens(actor, '', deps);
  return { kind: 'dialog', view: pickDialog(verb, tokens, now) };
}

/** What follows when a token was picked. */
export function pickedAnswer(
  actor: Actor,
  verb: PickVerb,
  tokenId: string,
  deps: ListenerDeps,
): Promise<Answer> {
  switch (verb) {
    case 'info':
      return infoAnswer(actor, tokenId, deps);
    case 'revoke':
      return revokeAnswer(actor, tokenId, deps);
    case 'rotate':
      return rotateAnswer(actor, tokenId, deps);
    case 'history':
      return historyAnswer(actor, tokenId, 1, deps);
  }
}

/** The options for what was typed into a dialog that searches. */
export async function pickOptions(actor: Actor, text: string, deps: ListenerDeps) {
  return tokenOptions(await searchTokens(actor, text, deps), deps.clock());
}

function searchTokens(actor: Actor, text: string, deps: ListenerDeps): Promise<readonly UsedToken[]> {
  return deps.store.searchTokens(actor.workspace, { owner: actor.id, text, now: deps.clock() });
}
