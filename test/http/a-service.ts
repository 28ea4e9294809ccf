import { INTROSPECT_SCOPE } from '../../src/tokens/policy.ts';
import { aHouse, type House } from '../tokens/a-house.ts';
import { aServer, ask, type Reply, type TestServer } from './a-server.ts';

/** The server before a real store, with whoever holds tokens in it. */
export type Service = TestServer & {
  readonly house: House;
  /** The header of a new caller who may introspect. */
  introspector(): Promise<readonly string[]>;
  /** A form to `path`. */
  posts(path: string, form: string, headers?: readonly string[]): Promise<Reply>;
  /** The status that `/verify` answers for a value. */
  verifies(text: string): Promise<number>;
};

/** A service on a file of the test's own, at T0 until its house's time is moved. */
export async function aService(): Promise<Service> {
  const house = await aHouse({ scopes: ['read', 'write', INTROSPECT_SCOPE] });
  const { store, deps } = house;
  const server = await aServer([], {
    store: {
      readSecret: store.readSecret,
      revokeTokens: store.revokeTokens,
    },
    clock: house.now,
    peppers: deps.peppers,
    redigests: deps.redigests,
    checkHash: deps.checkHash,
  });
  return {
    ...server,
    house,
    introspector: async () => bearer((await house.holds({ scopes: [INTROSPECT_SCOPE] })).value.reveal()),
    posts: (path, form, headers = []) => post(server.port, path, form, headers),
    verifies: async (text) => (await ask(server.port, '/verify', { headers: bearer(text) })).status,
  };
}

/** The header that presents `text` as a Bearer value. */
export function bearer(text: string): readonly string[] {
  return ['Authorization', `Bearer ${text}`];
}

/** The header of a client that presents `text` as its secret, both encoded as RFC 6749 §2.3.1 asks for. */
export function basic(text: string, id = 'api'): readonly string[] {
  return basicOf(`${encodeURIComponent(id)}:${encodeURIComponent(text)}`);
}

/** The header of HTTP Basic with `pair` in it, as it is. */
export function basicOf(pair: string): readonly string[] {
  return ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];
}

/** One form to a server. */
export function post(
  port: number,
  path: string,
  form: string,
  headers: readonly string[] = [],
): Promise<Reply> {
  return ask(port, path, {
    method: 'POST',
    headers: ['Content-Type', 'application/x-www-form-urlencoded', ...headers],
    body: form,
  });
}
