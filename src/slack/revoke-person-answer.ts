import { type Actor, may } from '../tokens/policy.ts';
import { refuseByPolicy } from '../tokens/refuse.ts';
import type { PersonId } from '../tokens/token.ts';
import { type Answer, refusalAnswer } from './answer.ts';
import { personPicker } from './blocks/person-picker.ts';
import { SHEET_TOKENS_MAX, severalDialog } from './blocks/several-dialog.ts';
import { mention, mrkdwn } from './blocks/text.ts';
import type { ListenerDeps } from './listener.ts';
import { nameOf } from './person-name.ts';
import { profileInTime } from './profile-in-time.ts';
import { revokeAnswer } from './revoke-answer.ts';
import { sentenceMessage } from './tell.ts';

/** The sheet of a person's live tokens, to be ended at once: one's own, or anybody's for on-call and admins. */
export async function revokePersonAnswer(
  actor: Actor,
  person: PersonId,
  deps: ListenerDeps,
): Promise<Answer> {
  const byOwner = person === actor.id;
  if (!byOwner && !may(actor, 'revoke', undefined, deps.policy)) {
    const refusal = { code: 'token_not_found' } as const;
    await refuseByPolicy({ actor, attempted: 'revoke', tokenId: null, refusal }, deps);
    return refusalAnswer(refusal);
  }
  const now = deps.clock();
  const { tokens, total } = await deps.store.listTokens(actor.workspace, {
    owner: person,
    filter: 'active',
    page: 1,
    pageSize: SHEET_TOKENS_MAX,
    now,
  });
  if (total === 0) return noLiveTokens(person, byOwner);
  const nameToType = nameOf(person, await profileInTime(person, deps));
  const view = severalDialog(tokens, { metadata: { person }, byOwner, now, total, nameToType });
  return { kind: 'dialog', view };
}

/** A bare `@ann` is never guessed: whoever may end anybody's tokens picks the person. For anybody else it is a name. */
export async function unclearPersonAnswer(actor: Actor, typed: string, deps: ListenerDeps): Promise<Answer> {
  return may(actor, 'revoke', undefined, deps.policy)
    ? { kind: 'dialog', view: personPicker() }
    : revokeAnswer(actor, typed, deps);
}

function noLiveTokens(person: PersonId, byOwner: boolean): Answer {
  if (byOwner) {
    return {
      kind: 'message',
      message: sentenceMessage('You have no live tokens: there is nothing to revoke.'),
    };
  }
  const text = `${mention(person)} has no live tokens: there is nothing to revoke.`;
  return { kind: 'message', message: { text, blocks: [{ type: 'section', text: mrkdwn(text) }] } };
}
