import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { SECOND_MS } from '../../clock.ts';

/** What Slack answered to a call that failed, without anything of what was sent. */
export type SlackError = {
  /** Slack's own code (`channel_not_found`), `ratelimited`, or `no_answer` when nobody knows whether the call had its effect. */
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly isPassing: boolean;
  readonly retryAfterMs: number | undefined;
  /** Whether the call may have had its effect: it was made, and what came back is no answer of Slack's. */
  readonly isLost: boolean;
};

const CODE_PATTERN = /^[a-z][a-z0-9_]{1,60}$/;

/** What a code tells of the same call later: what the code is about. */
export type Fate =
  /** It succeeds by itself. */
  | 'passes'
  /** It succeeds once somebody has mended what is wrong. */
  | 'mendable'
  /** It never succeeds: the person left, or cannot be written to by any app. */
  | 'nobody_there'
  /** It never succeeds as it is: what was sent is too long, or Slack does not take it. */
  | 'not_taken'
  /** Nobody can tell. */
  | 'unclear';

/**
 * The codes that Slack documents for the methods that the app calls (docs.slack.dev/reference/methods, the errors of
 * `chat.postMessage`, `.update`, `.postEphemeral`, `conversations.open`, `views.publish`, `users.info`, `usergroups.users.list`
 * and `files.*`), and `msg_blocks_too_long`, which it answers without documenting it (github.com/slackapi/bolt-js/issues/2509).
 * What is not here is unclear.
 */
const FATES: Readonly<Record<Exclude<Fate, 'unclear'>, ReadonlySet<string>>> = {
  passes: new Set([
    'external_channel_migrating',
    'fatal_error',
    'internal_error',
    'no_answer',
    'org_login_required',
    'rate_limited',
    'ratelimited',
    'request_timeout',
    'service_unavailable',
    'team_added_to_org',
    'update_failed',
  ]),
  mendable: new Set([
    'access_denied',
    'accesslimited',
    'account_inactive',
    'edit_window_closed',
    'ekm_access_denied',
    'enterprise_is_restricted',
    'invalid_auth',
    'is_archived',
    'is_inactive',
    'message_limit_exceeded',
    'messages_tab_disabled',
    'missing_scope',
    'no_permission',
    'not_allowed_token_type',
    'not_authed',
    'not_enabled',
    'not_in_channel',
    'posting_to_channel_denied',
    'team_access_not_granted',
    'token_expired',
    'token_revoked',
    'two_factor_setup_required',
    'user_is_restricted',
  ]),
  nobody_there: new Set(['user_disabled', 'user_not_found', 'user_not_visible', 'cannot_dm_bot']),
  not_taken: new Set([
    'attachment_payload_limit_exceeded',
    'block_mismatch',
    'invalid_arguments',
    'invalid_attachments',
    'invalid_blocks',
    'invalid_blocks_format',
    'msg_blocks_too_long',
    'msg_too_long',
    'no_text',
    'view_too_large',
  ]),
};

/** A family: `restricted_action_read_only_channel`, `restricted_action_thread_only_channel` and what may come. */
const RESTRICTED = /^restricted_action(_|$)/;

/** Slack's clear word that the id is nobody's, or of nobody whom we may see. Whatever else goes wrong says nothing of a person. */
const UNKNOWN_PERSON_CODES: ReadonlySet<string> = new Set(['user_not_found', 'user_not_visible']);

/** Slack's clear word on a group that it knows nothing of: plans without groups have none. Whatever else goes wrong says nothing of it. */
const NO_GROUP_CODES: ReadonlySet<string> = new Set(['no_such_subteam', 'plan_upgrade_required']);

/** What becomes of a call that Slack refused with this code. */
export function fateOf(code: string): Fate {
  if (RESTRICTED.test(code)) return 'mendable';
  const fates = ['passes', 'mendable', 'nobody_there', 'not_taken'] as const;
  return fates.find((fate) => FATES[fate].has(code)) ?? 'unclear';
}

/** Whether Slack knows nobody of the id that it was asked about. */
export function isUnknownPerson({ code }: SlackError): boolean {
  return UNKNOWN_PERSON_CODES.has(code);
}

/** Whether Slack knows of no group of the id that it was asked about. */
export function isUnknownGroup({ code }: SlackError): boolean {
  return NO_GROUP_CODES.has(code);
}

/** What Slack answers once a url was used five times or is older than 30 minutes. */
const SPENT_CODES: ReadonlySet<string> = new Set(['expired_url', 'used_url']);

/** Slack's no to a message sent to a `response_url`, without anything of what was sent. */
export class ResponseRefused extends Error {
  readonly status: number;
  /** Slack's own code (`channel_not_found`), else `http_404`. */
  readonly code: string;

  constructor(status: number, code = `http_${status}`) {
    super(`Slack answered ${status} to a response_url`);
    this.name = 'ResponseRefused';
    this.status = status;
    this.code = code;
  }

  /** Nothing that is sent there is taken any more. */
  get isUrlSpent(): boolean {
    return SPENT_CODES.has(this.code);
  }
}

/**
 * What `thrown` by a `WebClient` or by `respond` means. Whatever is no clear answer of Slack's (a cut connection, a page of a proxy) is
 * `no_answer`: nobody knows whether the call had its effect.
 */
export function slackErrorOf(thrown: unknown): SlackError {
  const refused = { isPassing: true, retryAfterMs: undefined, isLost: false };
  if (thrown instanceof WebAPIPlatformError) {
    const code = codeOf(thrown.data);
    if (code !== undefined) return { ...refused, code, isPassing: fateOf(code) === 'passes' };
  }
  if (thrown instanceof WebAPIRateLimitedError) {
    return { ...refused, code: 'ratelimited', retryAfterMs: thrown.retryAfter * SECOND_MS };
  }
  if (isLimitWithoutEnd(thrown)) return { ...refused, code: 'ratelimited' };
  if (thrown instanceof ResponseRefused) {
    const { code, status } = thrown;
    return { ...refused, code, isPassing: status >= 500 || status === 429 };
  }
  return { ...refused, code: 'no_answer', isLost: !isUndone(thrown) };
}

/** Of an answer that is not JSON, web-api makes the error out of its text; of `{}` there is none. */
function codeOf({ error }: { readonly error?: unknown }): string | undefined {
  return typeof error === 'string' && CODE_PATTERN.test(error) ? error : undefined;
}

/** A 429 that does not say for how long: web-api 8.2 has no class for it (`makeRequest` in its WebClient). */
function isLimitWithoutEnd(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('Retry header did not contain a valid timeout');
}

/** Somebody before Slack did not wait for its answer, which may have been a yes. */
const GATEWAY_TIMEOUT = 504;

/** Whether it is as good as certain that the call had no effect. */
function isUndone(thrown: unknown): boolean {
  if (thrown instanceof WebAPIHTTPError) return thrown.statusCode !== GATEWAY_TIMEOUT;
  return thrown instanceof WebAPIRequestError && isUnconnected(thrown.original);
}

/** Nothing can have been sent. */
const UNCONNECTED_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function isUnconnected(error: Error): boolean {
  const reason = error.cause instanceof Error ? error.cause : error;
  return 'code' in reason && UNCONNECTED_CODES.has(reason.code);
}
