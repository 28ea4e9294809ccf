import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { aServer, type TestServer } from '../http/a-server.ts';
import { ANN, aSecret } from '../tokens/a-token.ts';

/** What Debian has each client in. */
const PROGRAMS = {
  authlib: {
    packages: 'python3-authlib python3-requests',
    isHere: () => spawnSync('/usr/bin/python3', ['-c', 'import authlib, requests']).status === 0,
  },
  apache: {
    packages: 'apache2 libapache2-mod-auth-openidc',
    isHere: () =>
      ['/usr/sbin/apache2', '/usr/lib/apache2/modules/mod_auth_openidc.so'].every((place) =>
        existsSync(place),
      ),
  },
} as const;

/** Whether a client that is no library of Node can run here. Says why not when it cannot; where CI runs, it throws instead. */
export function hasClient(name: keyof typeof PROGRAMS): boolean {
  const { packages, isHere } = PROGRAMS[name];
  const has = isHere();
  const hint = `There is no ${name} here. apt-get install ${packages} brings one.`;
  // biome-ignore lint/style/noProcessEnv: .ci/run says by it that skipped tests are a fault; no part of the app is told.
  if (!has && process.env.GATEWAYS_REQUIRED === 'true') throw new Error(hint);
  if (!has) process.stderr.write(`Skipped: ${hint}\n`);
  return has;
}

/** A server that knows a caller who may introspect, one who may not, and a live token with the scopes `read` and `deploy`. */
export type Known = {
  readonly server: TestServer;
  readonly url: string;
  readonly introspector: string;
  readonly stranger: string;
  readonly live: string;
  readonly owner: string;
  /** From now on the live token is revoked, or has been by `/revoke`. */
  revoke(): void;
  readonly isRevoked: () => boolean;
};

/** Starts such a server; `PUBLIC_URL` is where it listens. */
export async function aKnownServer(): Promise<Known> {
  const [introspector, stranger, live] = [0, 1, 2].map(() => TokenValue.generate('apit')) as [
    TokenValue,
    TokenValue,
    TokenValue,
  ];
  let revoked = false;
  const subject = aSecret(live, { scopes: ['read', 'deploy'] });
  const secrets = [aSecret(introspector, { scopes: ['introspect'] }), aSecret(stranger)];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await aServer([], {
    port,
    publicUrl: url,
    store: {
      readSecret: async (lookupId) => {
        if (lookupId === live.lookupId) return revoked ? { ...subject, digest: null } : subject;
        return secrets.find((secret) => secret.lookupId === lookupId);
      },
      revokeTokens: async () => {
        revoked = true;
        return { kind: 'already_revoked' };
      },
    },
  });
  return {
    server,
    url,
    introspector: introspector.reveal(),
    stranger: stranger.reveal(),
    live: live.reveal(),
    owner: ANN,
    revoke: () => {
      revoked = true;
    },
    isRevoked: () => revoked,
  };
}
