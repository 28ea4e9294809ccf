import { oneLine } from '../../tokens/characters.ts';
import { holdsSecret } from '../../tokens/finder.ts';
import type { TokenId } from '../../tokens/token.ts';
import { BEGINNING, type PageOfList, parseListPage } from '../blocks/pages.ts';
import { sentenceMessage, tellingDialog } from '../blocks/text.ts';
import { createAgainAnswer } from '../create/create.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { historyAnswer, infoAnswer } from '../look/info.ts';
import { listMessageAt } from '../look/list.ts';
import { type MenuChoice, parseChoice } from '../look/list-blocks.ts';
import { placeOf } from '../look/opened-from.ts';
import { respond } from '../reply/respond.ts';
import { type Answer, answerVisit, tell, tellForged, tellRefusal, updateDialog } from '../reply/tell.ts';
import { revokeAnswer } from '../revoke/revoke.ts';
import { rotateAnswer } from '../rotate/rotate.ts';
import { showOrTell } from '../show/show.ts';
import type { KnownVisit } from '../visit.ts';

/** A page or another filter of the list: drawn in place of the one that stands there. */
export const onTurn: PressListener = (visit, value, deps) => turnTo(visit, parseListPage(value), deps);

/** Enter was pressed in the search field: what is found is drawn in place of the list; of an empty field the list itself. */
export const onSearch: PressListener = async (visit, value, deps) => {
  if (!holdsSecret(value)) {
    const search = oneLine(value).trim();
    return turnTo(visit, search === '' ? BEGINNING : { filter: 'all', page: 1, search }, deps);
  }
  // Out of the field, too: it would come back with every press.
  if (visit.responseUrl === undefined) await deps.homes.wipe(visit.actor);
  else await turnTo(visit, BEGINNING, deps);
  await tellRefusal(visit, { code: 'holds_value' }, deps);
};

async function turnTo(visit: KnownVisit, page: PageOfList, deps: ListenerDeps): Promise<void> {
  const { viewId, viewType, responseUrl, actor } = visit;
  if (viewId !== undefined && viewType !== 'home') {
    const { blocks } = await listMessageAt(actor, page, deps);
    return updateDialog(visit, tellingDialog('apitoken', blocks), deps.client);
  }
  if (responseUrl === undefined) return deps.homes.draw(actor, page);
  await respond(responseUrl, await listMessageAt(actor, page, deps), 'instead');
}

/** The menu of a row. */
export const onMenu: PressListener = async (visit, value, deps) => {
  const choice = parseChoice(value);
  if (choice === undefined) return tellForged(visit, 'see', deps);
  if (choice.verb === 'show_value') return showFromList(visit, choice.tokenId, deps);
  // So that the list that stands there is drawn again when the dialog has done its work.
  const from = choice.verb === 'revoke' ? placeOf(visit, choice.page) : undefined;
  await answerVisit(visit, await menuAnswer(visit, choice, deps), deps, from);
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
    case 'info':
      return infoAnswer(visit.actor, tokenId, deps);
    case 'create_again':
      return createAgainAnswer(visit.actor, tokenId, deps);
    default:
      return revokeAnswer(visit.actor, tokenId, deps);
  }
}
