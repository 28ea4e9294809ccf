// Asks apitoken whether a request may pass. Node 18 or later, no package. Two lines are yours to change.
const VERIFY_URL = 'http://127.0.0.1:8080/verify';
const TIMEOUT_MS = 10_000;

const CREDENTIALS = ['authorization', 'x-api-key', 'token'];
/** What apitoken says to the caller. Anything else is no answer. */
const REFUSALS = [400, 401, 403, 429, 431];
const UNKNOWN = { status: 503, headers: { 'retry-after': '5' } };

/**
 * Resolves to `{ token }`, or to `{ refusal }`: the status and headers to answer with. Never rejects, and remembers nothing: a
 * revocation counts on the next request. `request` is one of node:http, or of whatever builds on it.
 */
export async function verify(request, scope) {
  const headers = { 'x-forwarded-for': request.socket.remoteAddress };
  for (const name of CREDENTIALS) {
    if (request.headers[name] !== undefined) headers[name] = request.headers[name];
  }
  const url = scope === undefined ? VERIFY_URL : `${VERIFY_URL}?scope=${encodeURIComponent(scope)}`;
  try {
    // By hand: a redirect would carry the credential somewhere else.
    const answer = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.arrayBuffer();
    return verdictOf(answer);
  } catch {
    return { refusal: UNKNOWN };
  }
}

function verdictOf({ status, headers }) {
  const id = headers.get('x-token-id');
  if (status === 200 && id !== null) {
    const name = decodeURIComponent(headers.get('x-token-name'));
    const scopes = (headers.get('x-token-scopes') ?? '').split(' ').filter(Boolean);
    return { token: { id, name, owner: headers.get('x-token-owner'), scopes } };
  }
  if (!REFUSALS.includes(status)) return { refusal: UNKNOWN };
  const passedOn = ['www-authenticate', 'retry-after'].filter((name) => headers.has(name));
  return {
    refusal: { status, headers: Object.fromEntries(passedOn.map((name) => [name, headers.get(name)])) },
  };
}
