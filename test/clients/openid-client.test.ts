import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  None,
  tokenIntrospection,
  tokenRevocation,
} from 'openid-client';
import { describe, expect, test } from 'vitest';
import { aKnownServer, type Known } from './a-client.ts';

const WAYS: readonly (readonly [string, (secret: string) => ClientAuth])[] = [
  ['client_secret_basic', ClientSecretBasic],
  ['client_secret_post', ClientSecretPost],
];

describe.for(WAYS)('openid-client by %s', ([, way]) => {
  test('finds the endpoints and introspects a live token', async () => {
    const known = await aKnownServer();
    const client = await discovered(known, way(known.introspector));

    expect(await tokenIntrospection(client, known.live)).toMatchObject({
      active: true,
      scope: 'read deploy',
      sub: known.owner,
      token_type: 'Bearer',
    });
    expect(client.serverMetadata()).toMatchObject({
      issuer: known.url,
      introspection_endpoint: `${known.url}/introspect`,
    });
  });

  test('hears that a token is not active, and of a revocation at once', async () => {
    const known = await aKnownServer();
    const client = await discovered(known, way(known.introspector));

    expect(await tokenIntrospection(client, 'x')).toEqual({ active: false });
    known.revoke();
    expect(await tokenIntrospection(client, known.live)).toEqual({ active: false });
  });

  test('is told that it may not ask', async () => {
    const known = await aKnownServer();

    for (const secret of [known.stranger, 'x']) {
      const asking = tokenIntrospection(await discovered(known, way(secret)), known.live);
      await expect(asking).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        status: 401,
        cause: [{ scheme: 'basic', parameters: { realm: 'apitoken' } }],
      });
    }
  });

  test('revokes, also with a secret that is not good', async () => {
    const known = await aKnownServer();

    await tokenRevocation(await discovered(known, way('x')), known.live, { token_type_hint: 'access_token' });

    expect(known.isRevoked()).toBe(true);
  });
});

test('openid-client without a secret revokes, and may not introspect', async () => {
  const known = await aKnownServer();
  const client = await discovered(known, None());

  await expect(tokenIntrospection(client, known.live)).rejects.toMatchObject({ status: 401 });
  await tokenRevocation(client, known.live);

  expect(known.isRevoked()).toBe(true);
});

/** A client with an id that must be encoded. */
async function discovered({ url }: Known, way: ClientAuth): Promise<Configuration> {
  return discovery(new URL(url), 'https://api.example/?a=1&b', undefined, way, {
    algorithm: 'oauth2',
    execute: [allowInsecureRequests],
  });
}
