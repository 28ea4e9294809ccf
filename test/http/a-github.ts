import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What GitHub tells of one thing that it found. */
export type Found = { readonly token: string; readonly url?: string; readonly source?: string };

type Key = { readonly id: string; readonly secret: KeyObject; readonly pem: string; isCurrent: boolean };

/** GitHub as far as it concerns us: a list of keys on this machine, and requests that it signs. */
export type Github = {
  /** For `GITHUB_KEYS_URL`. */
  readonly keysUrl: string;
  /** The settings that turn it on. */
  readonly env: Record<string, string>;
  /** How often somebody asked for the list. */
  asked(): number;
  /** Another key, which is in the list from now on; the others are not current any more. */
  rotates(): void;
  /** How the list is answered from now on; by nothing: as it should be. */
  answers(how?: (response: ServerResponse) => void): void;
  /** Nobody listens there any more. */
  closes(): Promise<void>;
  /** The headers that belong to `body`; signed by the newest key, or the one at that place. */
  signs(body: string | Buffer, key?: number): Record<string, string>;
  /** The same of one whose key is in no list. */
  stranger(body: string): Record<string, string>;
};

/** A key list that is there until the test is over, with one key. */
export async function aGithub(curve = 'P-256'): Promise<Github> {
  const keys: Key[] = [aKey('key-1', curve)];
  let asked = 0;
  let how: ((response: ServerResponse) => void) | undefined;
  const server = createServer((_request, response) => {
    asked += 1;
    if (how !== undefined) return how(response);
    const list = keys.map(({ id, pem, isCurrent }) => ({
      key_identifier: id,
      key: pem,
      is_current: isCurrent,
    }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ public_keys: list }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closes = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise((done) => void server.close(done));
  };
  onTestFinished(closes);
  const keysUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/meta/public_keys/secret_scanning`;

  return {
    keysUrl,
    env: { GITHUB_SECRET_SCANNING: 'true', GITHUB_KEYS_URL: keysUrl },
    asked: () => asked,
    rotates: () => {
      for (const key of keys) key.isCurrent = false;
      keys.push(aKey(`key-${keys.length + 1}`, curve));
    },
    answers: (next) => {
      how = next;
    },
    closes,
    signs: (body, at = -1) => signedBy(keys.at(at), body),
    stranger: (body) => signedBy(aKey('key-of-nobody', curve), body),
  };
}

function aKey(id: string, namedCurve: string): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { id, secret: privateKey, pem, isCurrent: true };
}

function signedBy(key: Key | undefined, body: string | Buffer): Record<string, string> {
  if (key === undefined) throw new Error('there is no such key');
  return {
    'Github-Public-Key-Identifier': key.id,
    'Github-Public-Key-Signature': sign('sha256', Buffer.from(body), key.secret).toString('base64'),
  };
}

/** Where a test says that something was found. */
export const FILE_URL =
  'https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt';

/** The body in which GitHub tells of these. */
export function bodyOf(...found: readonly Found[]): string {
  return JSON.stringify(
    found.map(({ token, url = FILE_URL, source = 'content' }) => ({
      token,
      type: 'apitoken_api_token',
      url,
      source,
    })),
  );
}

/** Posts `body` as GitHub does. */
export function tells(
  port: number,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/github/secret-scanning`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}
