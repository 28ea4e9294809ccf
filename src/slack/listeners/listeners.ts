import {
  CREATE_DIALOG_ID,
  CREATE_ID,
  DECLINE_ID,
  END_HELD_ID,
  END_OLD_ID,
  HIDE_VALUE_ID,
  HISTORY_NEWER_ID,
  HISTORY_OLDER_ID,
  LEAKED_DIALOG_ID,
  LIST_CLEAR_ID,
  LIST_FILTER_ID,
  LIST_NEXT_ID,
  LIST_PREVIOUS_ID,
  LIST_SEARCH_ID,
  NEW_VALUE_ID,
  PICK_DIALOG_ID,
  PICK_PERSON_DIALOG_ID,
  REFRESH_ID,
  REMIND_ID,
  REVOKE_DIALOG_ID,
  REVOKE_HELD_ID,
  REVOKE_ID,
  REVOKE_LEAK_ID,
  REVOKE_LEAKED_ID,
  ROTATE_DIALOG_ID,
  ROTATE_ID,
  RUN_COMMAND_ID,
  SEVERAL_DIALOG_ID,
  SHOW_VALUE_ID,
  TOKEN_MENU_IDS,
} from '../blocks/ids.ts';
import { onCreate, onCreateSubmitted } from '../create/create.ts';
import { onRevokeLeak } from '../guard/leak-press.ts';
import type { Press, SubmissionListener } from '../listener.ts';
import { onTurnHistory } from '../look/info.ts';
import { CARD_PRESSES } from '../revoke/card-presses.ts';
import { onEndHeld, onRevokeSubmitted } from '../revoke/revoke.ts';
import { onRevokeHeld } from '../revoke/revoke-in-message.ts';
import { onPersonPicked, onSeveralSubmitted } from '../revoke/revoke-several.ts';
import { onRotateSubmitted } from '../rotate/rotate.ts';
import { onHide } from '../show/show.ts';
import { STATUS_PRESSES } from '../status/status.ts';
import { onRunCommand } from './command.ts';
import { onLeakedSubmitted, onRevokeLeaked } from './leaked.ts';
import { onMenu, onSearch, onTurn } from './list-presses.ts';
import { onPickSubmitted } from './pick.ts';
import {
  onDecline,
  onEndOld,
  onNewValue,
  onRefresh,
  onRemind,
  onRevoke,
  onRotate,
  onShowValue,
} from './token-presses.ts';

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
  [ROTATE_ID, { listener: onRotate, drawnIn: ['receipt', 'notice', 'leak', 'info', 'dialog', 'unread'] }],
  [SHOW_VALUE_ID, { listener: onShowValue, drawnIn: ['receipt', 'info', 'dialog', 'unread'] }],
  [DECLINE_ID, { listener: onDecline, drawnIn: RECEIPT }],
  [NEW_VALUE_ID, { listener: onNewValue, drawnIn: RECEIPT }],
  [END_OLD_ID, { listener: onEndOld, drawnIn: RECEIPT }],
  [REVOKE_HELD_ID, { listener: onRevokeHeld, drawnIn: ['held', 'dialog'] }],
  [REVOKE_LEAK_ID, { listener: onRevokeLeak, drawnIn: ['leak'] }],
  [END_HELD_ID, { listener: onEndHeld, drawnIn: ['dialog'] }],
  [REFRESH_ID, { listener: onRefresh, drawnIn: RECEIPT }],
  [REMIND_ID, { listener: onRemind, drawnIn: ['notice', 'unread'] }],
  [HIDE_VALUE_ID, { listener: onHide, drawnIn: ['value'] }],
  [RUN_COMMAND_ID, { listener: onRunCommand, drawnIn: ['unknown', 'choices', 'dialog', 'unread'] }],
  [REVOKE_LEAKED_ID, { listener: onRevokeLeaked, drawnIn: ['home'] }],
  [LIST_FILTER_ID, { listener: onTurn, drawnIn: LIST }],
  [LIST_SEARCH_ID, { listener: onSearch, drawnIn: ['list', 'home'] }],
  [LIST_CLEAR_ID, { listener: onTurn, drawnIn: LIST }],
  [LIST_PREVIOUS_ID, { listener: onTurn, drawnIn: LIST }],
  [LIST_NEXT_ID, { listener: onTurn, drawnIn: LIST }],
  [HISTORY_NEWER_ID, { listener: onTurnHistory, drawnIn: HISTORY }],
  [HISTORY_OLDER_ID, { listener: onTurnHistory, drawnIn: HISTORY }],
  ...CARD_PRESSES,
  ...TOKEN_MENU_IDS.map((id) => [id, { listener: onMenu, drawnIn: LIST }] as const),
  ...STATUS_PRESSES,
]);

/** Every `callback_id` that the app draws, with what answers it. */
export const SUBMISSIONS: ReadonlyMap<string, SubmissionListener> = new Map([
  [CREATE_DIALOG_ID, onCreateSubmitted],
  [REVOKE_DIALOG_ID, onRevokeSubmitted],
  [ROTATE_DIALOG_ID, onRotateSubmitted],
  [LEAKED_DIALOG_ID, onLeakedSubmitted],
  [PICK_DIALOG_ID, onPickSubmitted],
  [SEVERAL_DIALOG_ID, onSeveralSubmitted],
  [PICK_PERSON_DIALOG_ID, onPersonPicked],
]);
