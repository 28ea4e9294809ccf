import { asSeen } from '../tokens/characters.ts';
import { holdsSecret } from '../tokens/finder.ts';
import { TYPED_LENGTH_MAX } from '../tokens/name.ts';
import type { Actor } from '../tokens/policy.ts';
import { formOf, formOfKey } from '../tokens/resemblance.ts';
import type { SearchedTokens } from '../tokens/store.ts';
import type { UsedToken } from '../tokens/token.ts';
import type { Answer } from './answer.ts';
import { type PickVerb, parsePickVerb, pickDialog, tokenOptions } from './blocks/pick-dialog.ts';
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
  const found = await searchTokens(actor, '', verb, deps);
  if (found.length === 0) return { kind: 'message', message: sentenceMessage(nothingToPick(verb, total)) };
  const areAll = found.length < OFFERED_MAX || total <= OFFERED_MAX;
  return { kind: 'dialog', view: pickDialog(verb, areAll ? found : undefined, now) };
}

function nothingToPick(verb: PickVerb, total: number): string {
  if (total === 0) return 'You have no tokens yet. /apitoken create makes the first.';
  return `You have no token to ${verb}. /apitoken list all shows yours.`;
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

/** The options for what was typed into a dialog that searches; none when that is no part of a name, or the dialog is none of ours. */
export async function pickOptions(
  actor: Actor,
  { text, metadata }: { readonly text: string; readonly metadata: string },
  deps: ListenerDeps,
) {
  const verb = parsePickVerb(metadata);
  if (text.length > TYPED_LENGTH_MAX || holdsSecret(text)) return [];
  return verb === undefined ? [] : tokenOptions(await searchTokens(actor, text, verb, deps), deps.clock());
}

/** What the verb can be done with; to be looked at, or read of in the history, are all. */
const AMONG: Readonly<Record<PickVerb, SearchedTokens>> = {
  info: 'all',
  history: 'all',
  revoke: 'not_revoked',
  rotate: 'rotatable',
};

/** As names are looked up: what was typed as it is or, where nothing has it, whatever quotes and dashes it has. */
async function searchTokens(
  actor: Actor,
  typed: string,
  verb: PickVerb,
  deps: ListenerDeps,
): Promise<readonly UsedToken[]> {
  const search = (text: string) =>
    deps.store.searchTokens(actor.workspace, {
      owner: actor.id,
      text,
      among: AMONG[verb],
      now: deps.clock(),
    });
  const found = await search(asSeen(typed));
  const form = formOf(typed);
  if (found.length > 0 || form === '') return found;
  const [longest = ''] = form.split(/[-']/).sort((a, b) => b.length - a.length);
  return (await search(longest.trim())).filter(({ nameKey }) => formOfKey(nameKey).includes(form));
}
