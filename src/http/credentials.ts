/** A header that may carry a value. */
export type CredentialHeader = 'authorization' | 'x-api-key' | 'token';

/** RFC 9110 §11.1: the scheme is matched in whatever case. */
const BEARER = /^bearer(?: +|$)/i;

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

/** The headers of that name, for `presentedCredentials`. */
export function credentialHeaders(...names: readonly CredentialHeader[]): ReadonlySet<string> {
  return new Set(names);
}
