import { describe, expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import { ask } from '../http/a-server.ts';
import { createsToken } from '../slack/flows.ts';
import { hasGateway, startApi, startGateway } from './a-gateway.ts';
import { REALM } from './the-way.ts';

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here('a revocation in Slack counts on the next request', async () => {
    const stage = await setStage({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
    const api = await startApi();
    const gateway = await startGateway(name, { apitoken: stage.app.port, api: api.port });
    const alice = stage.workspace.person('alice');
    const value = await createsToken(alice, 'deploy-bot');
    const headers = ['Authorization', `Bearer ${value}`];
    expect((await ask(gateway.port, '/orders', { headers })).status).toBe(200);

    await alice.types('#general', '/apitoken revoke deploy-bot');
    await expect.poll(() => alice.modal()?.title).toBe('Revoke API Token');
    expect((await ask(gateway.port, '/orders', { headers })).status).toBe(200);
    await alice.submits();
    const refused = await ask(gateway.port, '/orders', { headers });

    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      `${REALM}, error="invalid_token"`,
    ]);
    expect(api.passed).toHaveLength(2);
    expect(api.passed[0]?.headers).toMatchObject({ 'x-token-name': 'deploy-bot', 'x-token-owner': alice.id });
  });
});
