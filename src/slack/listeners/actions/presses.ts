import { sentenceFor } from '../../../tokens/refusal.ts';
import { refuseByPolicy } from '../../../tokens/refuse.ts';
import { parseTokenId } from '../../../tokens/token.ts';
import {
  CREATE_ID,
  HIDE_VALUE_ID,
  LIST_FILTER_ID,
  LIST_NEXT_ID,
  LIST_PREVIOUS_ID,
  REVOKE_ID,
  RUN_COMMAND_ID,
  SHOW_VALUE_ID,
  TOKEN_MENU_IDS,
} from '../../blocks/ids.ts';
import { parseChoice, parsePlace } from '../../blocks/list.ts';
import { publishHome } from '../../home.ts';
import { listAnswer } from '../../list-answer.ts';
import type { PressListener } from '../../listener.ts';
import { openRevokeDialog } from '../../open-revoke-dialog.ts';
import { deleteOriginal, respond } from '../../respond.ts';
import { answerShowValue } from '../../show-answer.ts';
import { sentenceMessage, tell } from '../../tell.ts';
import { onCommand, openCreateDialog } from '../commands/apitoken.ts';

/** *Create API Token*, wherever it stands. */
const onCreate: PressListener = (visit, _value, deps) => openCreateDialog(visit, { verb: 'create' }, deps);

/** *Revoke* on a receipt or on what `info` told. */
const onRevoke: PressListener = (visit, value, deps) => openRevokeDialog(visit, value, deps);

/** *Show value*. No button of ours carries anything but a token's id. */
const onShowValue: PressListener = async (visit, value, deps) => {
  const tokenId = parseTokenId(value);
  if (tokenId !== undefined) return answerShowValue(visit, tokenId, deps);
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted: 'show_value', tokenId: null, refusal }, deps);
  return tell(visit, sentenceMessage(sentenceFor(refusal)), deps.client);
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
  if (visit.responseUrl === undefined) return publishHome(visit.actor, place, deps);
  await respond(visit.responseUrl, await listAnswer(visit.actor, place, deps), 'instead');
};

/** The menu of a row. */
const onMenu: PressListener = async (visit, value, deps) => {
  const choice = parseChoice(value);
  if (choice?.verb === 'revoke') return openRevokeDialog(visit, choice.tokenId, deps, choice.place);
  return onShowValue(visit, choice?.tokenId ?? '', deps);
};

/** Every `action_id` that the app draws, with what answers it. */
export const PRESSES: ReadonlyMap<string, PressListener> = new Map([
  [CREATE_ID, onCreate],
  [REVOKE_ID, onRevoke],
  [SHOW_VALUE_ID, onShowValue],
  [HIDE_VALUE_ID, onHide],
  [RUN_COMMAND_ID, onRunCommand],
  [LIST_FILTER_ID, onTurn],
  [LIST_PREVIOUS_ID, onTurn],
  [LIST_NEXT_ID, onTurn],
  ...TOKEN_MENU_IDS.map((id) => [id, onMenu] as const),
]);
