import { describe, expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import { hasProgram } from '../programs.ts';
import { type BalancerName, startBalancer } from './a-balancer.ts';
import { keepAsking } from './a-load.ts';
import { questions, roll, threeVerifiers } from './some-verifiers.ts';

/** Longer than HAProxy takes to look at `/readyz` twice. */
const DELAY_SECONDS = { nginx: 1, haproxy: 3 };

describe.for(['nginx', 'haproxy'] as const)('behind %s', (name: BalancerName) => {
  const here = test.skipIf(!hasProgram(name));
  const delaySeconds = DELAY_SECONDS[name];

  here('three verifiers are restarted in turn under 32 connections, and no request fails', async () => {
    const stage = await setStage();
    const asked = await questions(stage);
    const verifiers = await threeVerifiers(stage, delaySeconds);
    const balancer = await startBalancer(name, { verifiers: verifiers.ports, app: stage.app.port });
    const load = keepAsking(balancer.port, asked);

    await roll(verifiers, 'SIGTERM');
    await load.stop();

    expect(load.failed).toEqual([]);
    expect(load.answered()).toBeGreaterThan(0);
  });

  here('a verifier that is killed costs no request either', async () => {
    const stage = await setStage();
    const asked = await questions(stage);
    const verifiers = await threeVerifiers(stage, 0);
    const balancer = await startBalancer(name, { verifiers: verifiers.ports, app: stage.app.port });
    const load = keepAsking(balancer.port, asked);

    await roll(verifiers, 'SIGKILL');
    await load.stop();

    expect(load.failed).toEqual([]);
  });
});
