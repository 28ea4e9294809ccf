import type { TokenId } from '../../tokens/token.ts';
import { parseListPage } from '../blocks/pages.ts';
import { sentenceMessage } from '../blocks/text.ts';
import { createAgainAnswer } from '../create/create.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { historyAnswer } from '../look/info.ts';
import { ownListMessage } from '../look/list.ts';
import { type MenuChoice, parseChoice } from '../look/list-blocks.ts';
import { rememberOpening } from '../look/opened-from.ts';
import { respond } from '../reply/respond.ts';
import { type Answer, answerVisit, tell, tellForged } from '../reply/tell.ts';
import { revokeAnswer } from '../revoke/revoke.ts';
import { rotateAnswer } from '../rotate/rotate.ts';
import { showOrTell } from '../show/show.ts';
import type { KnownVisit } from '../visit.ts';

/** A page or another filter of the list: drawn in place of the one that stands there. */
export const onTurn: PressListener = async (visit, value, deps) => {
  const page = parseListPage(value);
  if (visit.responseUrl === undefined) return deps.homes.draw(visit.actor, page);
  await respond(visit.responseUrl, await ownListMessage(visit.actor, page, deps), 'instead');
};

/** The menu of a row. */
export const onMenu: PressListener = async (visit, value, deps) => {
  const choice = parseChoice(value);
  if (choice === undefined) return tellForged(visit, 'see', deps);
  if (choice.verb === 'show_value') return showFromList(visit, choice.tokenId, deps);
  const viewId = await answerVisit(visit, await menuAnswer(visit, choice, deps), deps);
  // So that the list that stands there is drawn again when the dialog has done its work.
  if (choice.verb === 'revoke') rememberOpening(visit, viewId, deps.openedFrom, choice.page);
};

/** The value comes in the DM, so somebody who stands elsewhere is told where to look. */
async function showFromList(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<void> {
  if (!(await showOrTell(visit, tokenId, deps))) return;
  await tell(
    visit,
    sentenceMessage('The value is in your direct messages with apitoken. Only you can see it.'),
    deps.client,
  );
}

async function menuAnswer(
  visit: KnownVisit,
  { verb, tokenId }: MenuChoice,
  deps: ListenerDeps,
): Promise<Answer> {
  switch (verb) {
    case 'rotate':
      return rotateAnswer(visit.actor, tokenId, deps);
    case 'history':
      return historyAnswer(visit.actor, tokenId, 1, deps);
    case 'create_again':
      return createAgainAnswer(visit.actor, tokenId, deps);
    default:
      return revokeAnswer(visit.actor, tokenId, deps);
  }
}
