import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Who may talk to the page's server, which shows values: only the browser that opened the printed link. */
export type Guard = {
  /** Stands in the printed link. */
  readonly key: string;
  /** The `Set-Cookie` that the link is exchanged for. */
  readonly setCookie: string;
  /** Why this request is not answered; undefined when it may pass. The link itself passes without the cookie. */
  refuse(request: IncomingMessage, url: URL): { status: number; why: string } | undefined;
  /** Whether the request is the printed link. */
  isLaunch(url: URL): boolean;
};

/** A guard with a key and a cookie of its own, both random. Cookies ignore ports, so this one is named after its port. */
export function createGuard(port: number): Guard {
  const key = randomBytes(24).toString('base64url');
  const session = randomBytes(24).toString('base64url');
  const name = `sandbox_${port}`;
  const isLaunch = (url: URL): boolean =>
    url.pathname === '/' && isSame(url.searchParams.get('key') ?? '', key);
  return {
    key,
    setCookie: `${name}=${session}; Path=/; HttpOnly; SameSite=Strict`,
    isLaunch,
    refuse: (request, url) =>
      refuseStranger(request, port) ??
      (request.method === 'GET' && isLaunch(url) ? undefined : refuseGuest(request, name, session)),
  };
}

type Refused = { status: number; why: string };

/** A name that is not this machine's own is DNS rebinding; a foreign Origin is another page. */
function refuseStranger({ headers }: IncomingMessage, port: number): Refused | undefined {
  const { host = '', origin } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return {
      status: 421,
      why: 'This is not the address of the sandbox. Open the link that npm run sandbox printed.',
    };
  }
  if (origin === undefined || origin === `http://${host}`) return undefined;
  return { status: 403, why: 'Another page may not call the sandbox.' };
}

/** JSON alone is read: a form of another page cannot send that. */
function refuseGuest(request: IncomingMessage, name: string, session: string): Refused | undefined {
  if (!isSame(cookieOf(request, name), session)) {
    return { status: 403, why: 'Open the link that npm run sandbox printed.' };
  }
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' || /^application\/json(;|$)/.test(type)) return undefined;
  return { status: 415, why: 'Send application/json.' };
}

function cookieOf(request: IncomingMessage, name: string): string {
  const cookies = (request.headers.cookie ?? '').split(/;\s*/);
  return cookies.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
