/** For whatever ends with a new installation. */
export const INSTALL_AGAIN = 'This app may not write to you: an admin must install it again.';
const ADD_TO_WORKSPACE =
  'Your organisation does not let this app into this workspace: an admin of the organisation must add it.';
const ARCHIVED = 'This channel is archived: open it again first.';
const MOVING = 'This workspace is being moved by Slack just now: try again when that is done.';
const FORBIDDEN = "A setting of this workspace forbids this app's messages: ask an admin.";

const SENTENCES: Readonly<Record<string, string>> = {
  access_denied: 'Slack denies this app what it needs for that: ask an admin.',
  accesslimited: 'Slack takes no calls from where this app runs: an admin must allow its network address.',
  account_inactive: INSTALL_AGAIN,
  ekm_access_denied: 'Administrators have suspended messages in this workspace: ask an admin.',
  enterprise_is_restricted: ADD_TO_WORKSPACE,
  invalid_auth: INSTALL_AGAIN,
  is_archived: ARCHIVED,
  is_inactive: ARCHIVED,
  message_limit_exceeded: 'This workspace has sent as many messages as its plan allows: ask an admin.',
  messages_tab_disabled:
    'Slack does not let this app write to you: an admin must switch on its Messages tab.',
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
  two_factor_setup_required: 'Slack wants two-factor authentication before this app may go on: ask an admin.',
};

/** What is wrong where Slack refused with this code, and what mends it; undefined where that is not known. Our own words. */
export function mendingSentence(code: string): string | undefined {
  const known = code.startsWith('restricted_action') ? 'restricted_action' : code;
  return Object.hasOwn(SENTENCES, known) ? SENTENCES[known] : undefined;
}
