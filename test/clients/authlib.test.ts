import { spawn } from 'node:child_process';
import { json, text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { aKnownServer, hasClient } from './a-client.ts';

/** Reads what to do from standard input, so that no value stands in a list of processes. */
const SCRIPT = `
import json, sys
from authlib.integrations.requests_client import OAuth2Session
asked = json.load(sys.stdin)
client = OAuth2Session('my api/1:2', asked['secret'], token_endpoint_auth_method=asked['method'])
do = client.introspect_token if asked['do'] == 'introspect' else client.revoke_token
answer = do(asked['url'], token=asked['token'], token_type_hint='access_token')
json.dump({'status': answer.status_code, 'body': answer.text, 'challenge': answer.headers.get('www-authenticate')}, sys.stdout)
`;

type Asked = { do: 'introspect' | 'revoke'; url: string; token: string; secret: string; method: string };

describe.for(['client_secret_basic', 'client_secret_post'])('Authlib by %s', (method) => {
  const here = test.skipIf(!hasClient('authlib'));

  here('introspects a live token, and hears of its revocation at once', async () => {
    const known = await aKnownServer();
    const asked: Asked = {
      do: 'introspect',
      url: `${known.url}/introspect`,
      token: known.live,
      secret: known.introspector,
      method,
    };

    const live = await authlib(asked);
    known.revoke();
    const revoked = await authlib(asked);

    expect(live.status).toBe(200);
    expect(JSON.parse(live.body)).toMatchObject({ active: true, scope: 'read deploy', sub: known.owner });
    expect(revoked).toMatchObject({ status: 200, body: '{"active":false}' });
  });

  here('is told that it may not ask', async () => {
    const known = await aKnownServer();
    const url = `${known.url}/introspect`;

    const denied = await authlib({
      do: 'introspect',
      url,
      token: known.live,
      secret: known.stranger,
      method,
    });

    expect(denied).toEqual({
      status: 401,
      body: '{"error":"invalid_client"}',
      challenge: 'Basic realm="apitoken"',
    });
  });

  here('revokes', async () => {
    const known = await aKnownServer();
    const url = `${known.url}/revoke`;

    const done = await authlib({ do: 'revoke', url, token: known.live, secret: 'whatever', method });

    expect(done).toMatchObject({ status: 200, body: '' });
    expect(known.isRevoked()).toBe(true);
  });
});

async function authlib(asked: Asked): Promise<{ status: number; body: string; challenge: string | null }> {
  const child = spawn('/usr/bin/python3', ['-c', SCRIPT], { env: { NO_PROXY: '*' } });
  child.stdin.end(JSON.stringify(asked));
  const [answer, complaint] = await Promise.all([
    json(child.stdout).catch(() => undefined),
    text(child.stderr),
  ]);
  if (answer === undefined) throw new Error(`python3 failed:\n${complaint}`);
  return answer as { status: number; body: string; challenge: string | null };
}
