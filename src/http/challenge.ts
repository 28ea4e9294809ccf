/** RFC 6750 §3: what a credential is wanted for. Alone it says that none was presented. */
const REALM = 'Bearer realm="apitoken"';

/** The same for a client with an id and a secret (RFC 7617 §2). */
export const BASIC_CHALLENGE = 'Basic realm="apitoken"';

/** An error of RFC 6750 §3.1. */
export type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

/** The value of `WWW-Authenticate`; `scope` names what is needed, in characters that may stand between quotes. */
export function challenge(error?: BearerError, scope?: string): string {
  if (error === undefined) return REALM;
  return `${REALM}, error="${error}"${scope === undefined ? '' : `, scope="${scope}"`}`;
}
