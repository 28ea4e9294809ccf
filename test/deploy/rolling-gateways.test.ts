import { describe, expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import { type Edit, type GatewayName, startGateway } from '../gateways/a-gateway.ts';
import { hasProgram } from '../programs.ts';
import { keepAsking } from './a-load.ts';
import { questions, roll, threeVerifiers } from './some-verifiers.ts';

/** What docs/gateways says to write where there are several verifiers. */
const SEVERAL: Readonly<Record<GatewayName, (ports: readonly number[]) => Edit>> = {
  nginx: (ports) => (recipe) =>
    recipe.replace(
      'server 127.0.0.1:8080;',
      ports.map((port) => `server 127.0.0.1:${port} max_fails=1 fail_timeout=2s;`).join('\n'),
    ),
  caddy: (ports) => (recipe) =>
    recipe
      .replace('{$APITOKEN:127.0.0.1:8080}', ports.map((port) => `127.0.0.1:${port}`).join(' '))
      .replace('copy_headers', 'lb_policy round_robin\nlb_try_duration 2s\nfail_duration 2s\ncopy_headers'),
};

describe.for(['nginx', 'caddy'] as const)('%s as a gateway that asks several verifiers', (name) => {
  const here = test.skipIf(!hasProgram(name));

  here('lets all requests pass while they are restarted in turn', async () => {
    const stage = await setStage();
    const [verify] = await questions(stage);
    const verifiers = await threeVerifiers(stage, 1);
    // A page of the app stands for the API: it answers everybody with 200.
    const ports = { apitoken: 1, api: stage.app.port };
    const gateway = await startGateway(name, ports, SEVERAL[name](verifiers.ports));
    const load = keepAsking(gateway.port, [{ ...verify, path: '/healthz' }]);

    await roll(verifiers, 'SIGTERM');
    await load.stop();

    expect(load.failed).toEqual([]);
    expect(load.answered()).toBeGreaterThan(0);
  });
});
