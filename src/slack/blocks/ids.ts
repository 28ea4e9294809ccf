/** How many tokens one page of the list draws: each takes two blocks of the 50 that a message may have. */
export const LIST_PAGE_SIZE = 10;

/** A row's menu. Ids are unique in a message, so each row of a page has its own. */
export const TOKEN_MENU_IDS: readonly string[] = Array.from(
  { length: LIST_PAGE_SIZE },
  (_, row) => `token_menu_${row}`,
);
export const LIST_FILTER_ID = 'list_filter';
export const LIST_PREVIOUS_ID = 'list_previous';
export const LIST_NEXT_ID = 'list_next';
export const CREATE_ID = 'create_token';
export const REVOKE_ID = 'revoke_token';
export const SHOW_VALUE_ID = 'show_value';
export const HIDE_VALUE_ID = 'hide_value';
export const RUN_COMMAND_ID = 'run_command';

export const CREATE_DIALOG_ID = 'create_dialog';
export const REVOKE_DIALOG_ID = 'revoke_dialog';
