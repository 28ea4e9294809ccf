/** How many tokens one page of the list draws: each takes one block of the 50 that a message may have. */
export const LIST_PAGE_SIZE = 20;

/** A row's menu. Ids are unique in a message, so each row of a page has its own. */
export const TOKEN_MENU_IDS: readonly string[] = Array.from(
  { length: LIST_PAGE_SIZE },
  (_, row) => `token_menu_${row}`,
);
export const LIST_FILTER_ID = 'list_filter';
export const LIST_SEARCH_ID = 'list_search';
export const LIST_CLEAR_ID = 'list_clear';
export const ALL_TOKENS_ID = 'all_tokens';
export const REVOKE_LEAKED_ID = 'revoke_leaked';
export const LEAKED_INPUT_ID = 'leaked';
export const LEAKED_DIALOG_ID = 'revoke_leaked_dialog';
export const LIST_PREVIOUS_ID = 'list_previous';
export const LIST_NEXT_ID = 'list_next';
export const CREATE_ID = 'create_token';
export const REVOKE_ID = 'revoke_token';
export const SHOW_VALUE_ID = 'show_value';
export const DECLINE_ID = 'decline_token';
export const HIDE_VALUE_ID = 'hide_value';
export const ROTATE_ID = 'rotate_token';
export const NEW_VALUE_ID = 'issue_new_value';
export const END_OLD_ID = 'end_old_value';
export const REVOKE_HELD_ID = 'revoke_held';
export const END_HELD_ID = 'end_held_old_value';
export const REFRESH_ID = 'refresh_receipt';
export const REMIND_ID = 'remind_tomorrow';
export const HISTORY_NEWER_ID = 'history_newer';
export const HISTORY_OLDER_ID = 'history_older';
export const PICK_TOKEN_ID = 'picked_token';
export const RUN_COMMAND_ID = 'run_command';

export const REVOKE_PERSON_ID = 'revoke_person';
export const PICK_PERSON_ID = 'picked_person';
export const CARD_REFRESH_ID = 'refresh_card';
export const CARD_SHARE_ID = 'share_card';
export const CARD_STOPPED_ID = 'card_stopped';
export const CARD_TIMELINE_ID = 'card_timeline';
export const REVOKE_LEAK_ID = 'revoke_in_leak';

export const STATUS_FILTER_ID = 'status_filter';
export const STATUS_OWNER_ID = 'status_owner';
export const STATUS_SEARCH_ID = 'status_search';
export const STATUS_OPEN_ID = 'status_open';
export const STATUS_EVERYBODY_ID = 'status_everybody';
export const STATUS_PREVIOUS_ID = 'status_previous';
export const STATUS_NEXT_ID = 'status_next';
export const STATUS_SHARE_ID = 'status_share';
export const STATUS_CSV_ID = 'status_csv';
export const BOARD_STOP_ID = 'board_stop';

export const CREATE_DIALOG_ID = 'create_dialog';
export const REVOKE_DIALOG_ID = 'revoke_dialog';
export const ROTATE_DIALOG_ID = 'rotate_dialog';
export const PICK_DIALOG_ID = 'pick_dialog';
export const SEVERAL_DIALOG_ID = 'revoke_several_dialog';
export const PICK_PERSON_DIALOG_ID = 'pick_person_dialog';

/** Of the global shortcut *Create API Token* in manifest.yml. */
export const CREATE_SHORTCUT_ID = 'create_api_token';
/** Of the message shortcut *Revoke token in message* there. */
export const MESSAGE_SHORTCUT_ID = 'revoke_in_message';
