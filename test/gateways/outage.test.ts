import { describe, expect, test } from 'vitest';
import { ask } from '../http/a-server.ts';
import { freePort, hasGateway, startApi, startGateway, startOracle } from './a-gateway.ts';
import { BEARER, GOOD, theWay } from './the-way.ts';

describe.for(['nginx', 'caddy'] as const)('behind %s', (name) => {
  const here = test.skipIf(!hasGateway(name));

  here('a fault in apitoken is 503, and the API hears nothing', async () => {
    const readSecret = async () => {
      throw new Error('the disk is gone');
    };
    const { gateway, api } = await theWay(name, {}, { store: { readSecret } });

    const reply = await ask(gateway.port, '/', { headers: BEARER });

    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
    expect(api.passed).toEqual([]);
  });

  here('too many questions are 429, and the client learns when to come back', async () => {
    const api = await startApi();
    const apitoken = await startOracle(429, { 'retry-after': '7' });
    const gateway = await startGateway(name, { apitoken, api: api.port });

    const reply = await ask(gateway.port, '/', { headers: BEARER });

    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '7']);
    expect(api.passed).toEqual([]);
  });

  here.for([302, 404, 405, 500, 502])(
    '%d from apitoken, which it never says, lets nothing pass',
    async (status) => {
      const api = await startApi();
      const apitoken = await startOracle(status, { location: 'http://127.0.0.1/', 'x-token-id': 'tok_x' });
      const gateway = await startGateway(name, { apitoken, api: api.port });

      expect((await ask(gateway.port, '/', { headers: BEARER })).status).toBeGreaterThanOrEqual(300);
      expect(api.passed).toEqual([]);
    },
  );

  here('an apitoken that is gone is 503, the API hears nothing, and no value is logged', async () => {
    const api = await startApi();
    const gateway = await startGateway(name, { apitoken: await freePort(), api: api.port });

    for (const headers of [BEARER, ['X-API-Key', GOOD], ['Token', GOOD], [], []]) {
      expect((await ask(gateway.port, '/', { headers })).status).toBe(503);
    }

    expect(api.passed).toEqual([]);
    expect(gateway.output()).not.toContain(GOOD);
  });

  here.for([401, 403, 404, 500, 503])('%d of the API itself comes out as it is', async (status) => {
    const { gateway } = await theWay(name);

    const reply = await ask(gateway.port, `/answers/${status}`, { headers: BEARER });

    expect(reply).toMatchObject({ status, body: 'the API' });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  });

  here('an API that is gone is 502, so that one knows who is missing', async () => {
    const { gateway, api } = await theWay(name);
    await api.close();

    expect((await ask(gateway.port, '/', { headers: BEARER })).status).toBe(502);
    expect(gateway.output()).not.toContain(GOOD);
  });
});
