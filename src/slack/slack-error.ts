import { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { SECOND_MS } from '../clock.ts';

/** What Slack answered to a call that failed, without anything of what was sent. */
export type SlackError = {
  /** Slack's own code (`channel_not_found`), `ratelimited`, or `no_answer` when nobody knows whether the call had its effect. */
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly isPassing: boolean;
  readonly retryAfterMs: number | undefined;
  /** Whether the call may have had its effect: its connection was made, and ended without an answer. */
  readonly isLost: boolean;
};

const CODE_PATTERN = /^[a-z][a-z0-9_]{1,60}$/;
const PASSING_CODES = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'ratelimited',
  'rate_limited',
]);

/** What an admin can mend: then the same call succeeds later. */
const MENDABLE_CODES: ReadonlySet<string> = new Set([
  'messages_tab_disabled',
  'missing_scope',
  'restricted_action',
  'token_revoked',
  'token_expired',
  'invalid_auth',
  'account_inactive',
]);

/** Slack's clear word that the id is nobody's, or of nobody whom we may see. Whatever else goes wrong says nothing of a person. */
const UNKNOWN_PERSON_CODES: ReadonlySet<string> = new Set(['user_not_found', 'user_not_visible']);

/** Whether the same call may succeed later, by itself or when an admin has mended what is wrong. */
export function mayStillSucceed({ code, isPassing }: SlackError): boolean {
  return isPassing || MENDABLE_CODES.has(code);
}

/** Whether Slack knows nobody of the id that it was asked about. */
export function isUnknownPerson({ code }: SlackError): boolean {
  return UNKNOWN_PERSON_CODES.has(code);
}

/**
 * What `thrown` by a `WebClient` means. Whatever is no clear answer of Slack's (a cut connection, a page of a proxy) is
 * `no_answer`: nobody knows whether the call had its effect.
 */
export function slackErrorOf(thrown: unknown): SlackError {
  if (thrown instanceof WebAPIPlatformError && CODE_PATTERN.test(thrown.data.error)) {
    const { error } = thrown.data;
    return { code: error, isPassing: PASSING_CODES.has(error), retryAfterMs: undefined, isLost: false };
  }
  if (thrown instanceof WebAPIRateLimitedError) {
    return {
      code: 'ratelimited',
      isPassing: true,
      retryAfterMs: thrown.retryAfter * SECOND_MS,
      isLost: false,
    };
  }
  const isLost = thrown instanceof WebAPIRequestError && !isUnconnected(thrown.original);
  return { code: 'no_answer', isPassing: true, retryAfterMs: undefined, isLost };
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
