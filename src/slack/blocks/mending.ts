/** For whatever ends with a new installation. */
export const INSTALL_AGAIN = "apitoken can't message you. Ask an admin to install it again.";
const ADD_TO_WORKSPACE =
  "Your organisation doesn't allow apitoken in this workspace. Ask one of its admins to add it.";
const ARCHIVED = 'This channel is archived. Unarchive it first.';
const MOVING = "Slack is moving this workspace. Try again when that's done.";
const FORBIDDEN = "A setting of this workspace blocks apitoken's messages. Ask an admin.";

const SENTENCES: Readonly<Record<string, string>> = {
  access_denied: "Slack doesn't let apitoken do that. Ask an admin.",
  accesslimited: "Slack refuses apitoken's network address. Ask an admin to allow it.",
  account_inactive: INSTALL_AGAIN,
  ekm_access_denied: 'Messages are suspended in this workspace. Ask an admin.',
  enterprise_is_restricted: ADD_TO_WORKSPACE,
  invalid_auth: INSTALL_AGAIN,
  is_archived: ARCHIVED,
  is_inactive: ARCHIVED,
  message_limit_exceeded: "This workspace has reached its plan's message limit. Ask an admin.",
  messages_tab_disabled: "Slack doesn't let apitoken message you. Ask an admin to turn on its Messages tab.",
  missing_scope: INSTALL_AGAIN,
  no_permission: INSTALL_AGAIN,
  not_allowed_token_type: INSTALL_AGAIN,
  not_authed: INSTALL_AGAIN,
  org_login_required: MOVING,
  posting_to_channel_denied: FORBIDDEN,
  restricted_action: FORBIDDEN,
  team_access_not_granted: ADD_TO_WORKSPACE,
  team_added_to_org: MOVING,
  token_expired: INSTALL_AGAIN,
  token_revoked: INSTALL_AGAIN,
  two_factor_setup_required: 'Slack wants two-factor authentication before apitoken can go on. Ask an admin.',
};

/** What is wrong where Slack refused with this code, and what mends it; undefined where that is not known. Our own words. */
export function mendingSentence(code: string): string | undefined {
  const known = code.startsWith('restricted_action') ? 'restricted_action' : code;
  return Object.hasOwn(SENTENCES, known) ? SENTENCES[known] : undefined;
}

/** Of these Slack says itself: "It's possible some aspect of the operation succeeded before the error was raised." */
const UNSURE_CODES: ReadonlySet<string> = new Set(['fatal_error', 'internal_error', 'no_answer']);

/** Whether what was asked for may have happened all the same: nobody may be told that it did not. */
export function mayHaveHappened(code: string): boolean {
  return UNSURE_CODES.has(code);
}
