/** A header that may carry a value. */
export type CredentialHeader = 'authorization' | 'x-api-key' | 'token';

/** RFC 9110 §11.1: the scheme is matched in whatever case. */
const BEARER = /^bearer(?: +|$)/i;

const BASIC = /^basic(?: +|$)/i;

/** RFC 9110 §11.2, in the alphabets of RFC 4648 §4 and §5. */
const TOKEN68 = /^[A-Za-z0-9+/_-]+=*$/;

/**
 * What was presented as a credential in any of `headers`; another scheme than Bearer is none, and so is an empty one: proxies and
 * scripts with an unset variable send such headers. Undefined when one of them came twice, empty or not: what stands before us
 * might have looked at the other.
 */
export function presentedCredentials(
  rawHeaders: readonly string[],
  headers: ReadonlySet<string>,
): string[] | undefined {
  const seen: string[] = [];
  const credentials: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!headers.has(name)) continue;
    if (seen.includes(name)) return undefined;
    seen.push(name);
    const credential = credentialIn(name, rawHeaders[i + 1] ?? '');
    if (credential.trim() !== '') credentials.push(credential);
  }
  return credentials;
}

function credentialIn(name: string, text: string): string {
  if (name !== 'authorization') return text;
  return BEARER.test(text) ? text.replace(BEARER, '') : '';
}

/**
 * The secret in the `Authorization` of a client (RFC 6749 §2.3.1: id and secret, each encoded as in a form, by HTTP Basic). Any id will
 * do, also one with a colon that nobody encoded: no value has one. Undefined where it is not Basic, or empty; empty where it is
 * Basic and cannot be read.
 */
export function basicSecret(authorization: string): string | undefined {
  if (!BASIC.test(authorization)) return undefined;
  const credentials = authorization.replace(BASIC, '');
  if (credentials === '') return undefined;
  if (!TOKEN68.test(credentials)) return '';
  const pair = Buffer.from(credentials, 'base64').toString();
  return pair.includes(':') ? formDecoded(pair.slice(pair.lastIndexOf(':') + 1)) : '';
}

/** As it is, where somebody did not encode: then it may hold a percent sign of its own. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** The headers of that name, for `presentedCredentials`. */
export function credentialHeaders(...names: readonly CredentialHeader[]): ReadonlySet<string> {
  return new Set(names);
}

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
