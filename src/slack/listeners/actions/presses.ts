import { endOldValues } from '../../../tokens/end-old-values.ts';
import { findToken } from '../../../tokens/find.ts';
import type { Action } from '../../../tokens/policy.ts';
import { parseTokenId, type TokenId } from '../../../tokens/token.ts';
import { type Answer, answerVisit, viewOf } from '../../answer.ts';
import { parseHistoryPlace } from '../../blocks/history.ts';
import {
  CREATE_ID,
  END_OLD_ID,
  HIDE_VALUE_ID,
  HISTORY_NEWER_ID,
  HISTORY_OLDER_ID,
  LIST_FILTER_ID,
  LIST_NEXT_ID,
  LIST_PREVIOUS_ID,
  NEW_VALUE_ID,
  REFRESH_ID,
  REMIND_ID,
  REVOKE_ID,
  ROTATE_ID,
  RUN_COMMAND_ID,
  SHOW_VALUE_ID,
  TOKEN_MENU_IDS,
} from '../../blocks/ids.ts';
import { type MenuChoice, parseChoice, parsePlace } from '../../blocks/list.ts';
import { createAgainAnswer, createAnswer } from '../../create-answer.ts';
import { historyAnswer } from '../../info-answer.ts';
import { listAnswer } from '../../list-answer.ts';
import type { ListenerDeps, Press, PressListener } from '../../listener.ts';
import { issueNewValue } from '../../new-value.ts';
import { rememberPlace } from '../../places.ts';
import { deleteOriginal, respond } from '../../respond.ts';
import { revokeAnswer } from '../../revoke-answer.ts';
import { rotateAnswer } from '../../rotate-answer.ts';
import { answerShowValue } from '../../show-answer.ts';
import { sentenceMessage, tell, updateDialog } from '../../tell.ts';
import { tellForged, tellRefusal } from '../../tell-refusal.ts';
import type { KnownVisit } from '../../visit.ts';
import { onCommand } from '../commands/apitoken.ts';
import { CARD_PRESSES } from './card-presses.ts';
import { onRemind, onRevoke, onRotate } from './notice-presses.ts';
import { STATUS_PRESSES } from './status-presses.ts';

/** *Create API Token*, wherever it stands, and the global shortcut. */
export const onCreate: PressListener = async (visit, _value, deps) => {
  await answerVisit(visit, createAnswer(visit.actor, {}, deps), deps);
};

/** *Hide now*, under a value. */
const onHide: PressListener = async (visit) => {
  if (visit.responseUrl !== undefined) await deleteOriginal(visit.responseUrl);
};

/** The command that *Did you mean* offers. */
const onRunCommand: PressListener = (visit, value, deps) => onCommand(visit, value, deps);

/** A page or another filter of the list: drawn in place of the one that stands there. */
const onTurn: PressListener = async (visit, value, deps) => {
  const place = parsePlace(value);
  if (visit.responseUrl === undefined) return deps.homes.draw(visit.actor, place);
  await respond(visit.responseUrl, await listAnswer(visit.actor, place, deps), 'instead');
};

/** Another page of a history, in its place; from Home, where it is a dialog, the dialog turns into it. */
const onTurnHistory: PressListener = async (visit, value, deps) => {
  const { tokenId, page } = parseHistoryPlace(value);
  const answer = await historyAnswer(visit.actor, tokenId, page, deps);
  if (visit.viewId !== undefined && visit.viewType !== 'home') {
    await updateDialog(visit.viewId, viewOf(answer, 'History'), deps);
  } else if (visit.responseUrl !== undefined && answer.kind === 'message') {
    await respond(visit.responseUrl, answer.message, 'instead');
  }
};

/** The menu of a row. */
const onMenu: PressListener = async (visit, value, deps) => {
  const choice = parseChoice(value);
  if (choice === undefined) return tellForged(visit, 'see', deps);
  if (choice.verb === 'show_value') return showFromList(visit, choice.tokenId, deps);
  const viewId = await answerVisit(visit, await menuAnswer(visit, choice, deps), deps);
  // So that the list that stands there is drawn again when the dialog has done its work.
  if (choice.verb === 'revoke') rememberPlace(visit, viewId, deps.places, choice.place);
};

/** The value comes in the DM, so somebody who stands elsewhere is told where to look. */
async function showFromList(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<void> {
  if (!(await answerShowValue(visit, tokenId, deps))) return;
  await tell(
    visit,
    sentenceMessage('The value is in your conversation with apitoken, under Messages.'),
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

/** *Issue new value*, under a receipt. */
const onNewValue = aboutSeenToken(issueNewValue);

/** *End old value now*, confirmed. */
const onEndOld = aboutSeenToken(async (visit, tokenId, generation, deps) => {
  const { actor, delivery } = visit;
  const outcome = await endOldValues({ actor, tokenId, generation, delivery }, deps);
  if (outcome.kind === 'refused') await tellRefusal(visit, outcome.refusal, deps);
});

/** *Refresh*, under a receipt: drawn with what is known at this moment. */
const onRefresh = aboutToken('see', async (visit, tokenId, deps) => {
  await deps.usage.flush();
  const found = await findToken(tokenId, 'rotate', visit.actor, deps);
  if (found.kind === 'refused') return tellRefusal(visit, found.refusal, deps);
  await deps.receipts.draw(found.token.id);
});

/** A button that carries a token's id and nothing else. */
function aboutToken(
  attempted: Action,
  listener: (visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return (visit, value, deps) => {
    const tokenId = parseTokenId(value);
    return tokenId === undefined ? tellForged(visit, attempted, deps) : listener(visit, tokenId, deps);
  };
}

/** A button that carries a token's id and the generation that the person saw. */
function aboutSeenToken(
  listener: (visit: KnownVisit, tokenId: TokenId, generation: number, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return (visit, value, deps) => {
    const [id = '', generation] = value.split(':');
    const tokenId = parseTokenId(id);
    return tokenId === undefined
      ? tellForged(visit, 'rotate', deps)
      : listener(visit, tokenId, Number(generation), deps);
  };
}

/** *Show value*, under a receipt or what is told of a token. */
const onShowValue = aboutToken('show_value', async (visit, tokenId, deps) => {
  await answerShowValue(visit, tokenId, deps);
});

/** Where there is no conversation to answer in, a message that only one person would see is a dialog. */
const LIST = ['list', 'home', 'dialog'] as const;
const HISTORY = ['history', 'dialog'] as const;
const RECEIPT = ['receipt', 'unread'] as const;

/** Every `action_id` that the app draws, with what answers it and all that it is drawn in. */
export const PRESSES: ReadonlyMap<string, Press> = new Map<string, Press>([
  [CREATE_ID, { listener: onCreate, drawnIn: [...LIST, 'unread'] }],
  [
    REVOKE_ID,
    {
      listener: onRevoke,
      drawnIn: ['receipt', 'notice', 'info', 'matches', 'checked', 'dialog', 'unread'],
    },
  ],
  [ROTATE_ID, { listener: onRotate, drawnIn: ['receipt', 'notice', 'info', 'dialog', 'unread'] }],
  [SHOW_VALUE_ID, { listener: onShowValue, drawnIn: ['receipt', 'info', 'dialog', 'unread'] }],
  [NEW_VALUE_ID, { listener: onNewValue, drawnIn: RECEIPT }],
  [END_OLD_ID, { listener: onEndOld, drawnIn: RECEIPT }],
  [REFRESH_ID, { listener: onRefresh, drawnIn: RECEIPT }],
  [REMIND_ID, { listener: onRemind, drawnIn: ['notice', 'unread'] }],
  [HIDE_VALUE_ID, { listener: onHide, drawnIn: ['value'] }],
  [RUN_COMMAND_ID, { listener: onRunCommand, drawnIn: ['unknown', 'choices', 'dialog', 'unread'] }],
  [LIST_FILTER_ID, { listener: onTurn, drawnIn: LIST }],
  [LIST_PREVIOUS_ID, { listener: onTurn, drawnIn: LIST }],
  [LIST_NEXT_ID, { listener: onTurn, drawnIn: LIST }],
  [HISTORY_NEWER_ID, { listener: onTurnHistory, drawnIn: HISTORY }],
  [HISTORY_OLDER_ID, { listener: onTurnHistory, drawnIn: HISTORY }],
  ...CARD_PRESSES,
  ...TOKEN_MENU_IDS.map((id) => [id, { listener: onMenu, drawnIn: LIST }] as const),
  ...STATUS_PRESSES,
]);
