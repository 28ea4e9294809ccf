import { asSeen } from '../../tokens/characters.ts';
import { lookUpToken } from '../../tokens/find.ts';
import { holdsSecret } from '../../tokens/finder.ts';
import { formOf, formOfKey, TYPED_LENGTH_MAX } from '../../tokens/name.ts';
import type { Actor } from '../../tokens/policy.ts';
import { refuseByPolicy } from '../../tokens/refusal.ts';
import type { SearchedTokens } from '../../tokens/store.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { PICK_TOKEN_ID } from '../blocks/ids.ts';
import { sentenceMessage } from '../blocks/text.ts';
import type { ListenerDeps, SubmissionListener } from '../listener.ts';
import { historyAnswer, infoAnswer } from '../look/info.ts';
import { confirmedActor } from '../people/actor.ts';
import { errorAt } from '../reply/submission.ts';
import { type Answer, viewOf } from '../reply/tell.ts';
import { revokeAnswer } from '../revoke/revoke.ts';
import { rotateAnswer } from '../rotate/rotate.ts';
import { type PickVerb, parsePickVerb, pickDialog, pickTitle, tokenOptions } from './pick-dialog.ts';

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
  if (total === 0) return 'You have no tokens yet. Type /apitoken create to create one.';
  return `You have no token to ${verb}. Type /apitoken list all to see yours.`;
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

const ACTIONS = { info: 'see', history: 'see', rotate: 'rotate', revoke: 'revoke' } as const;

/** *Continue* was pressed: the dialog turns into what the token was picked for. */
export const onPickSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const verb = parsePickVerb(metadata);
  if (verb === undefined) {
    const refusal = { code: 'press_unknown' } as const;
    await refuseByPolicy({ actor: visit.actor, attempted: 'unknown_press', tokenId: null, refusal }, deps);
    return ack(errorAt(PICK_TOKEN_ID, refusal));
  }
  const picked = fields[PICK_TOKEN_ID] ?? '';
  // Our dialog offers one's own alone. Whoever names another in it, as only a forged one does, sees it by a right of now.
  const token = await lookUpToken(picked, visit.actor, deps.store);
  const actor = await confirmedActor(visit, ACTIONS[verb], token === undefined ? [] : [token], deps);
  if (actor === undefined) return ack(errorAt(PICK_TOKEN_ID, { code: 'person_unknown' }));
  const answer = await pickedAnswer(actor, verb, picked, deps);
  await ack({ response_action: 'update', view: viewOf(answer, pickTitle(verb)) });
};
