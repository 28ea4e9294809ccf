import { describe, expect, test, vi } from 'vitest';
import { type AppProcess, startProcess } from '../app-process.ts';
import { type Stage, setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { freePort, startGateway } from '../gateways/a-gateway.ts';
import { ask } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { hasProgram } from '../programs.ts';
import { holdsToken } from '../slack/flows.ts';
import { type BalancerName, startBalancer } from './a-balancer.ts';
import { type Asked, keepAsking } from './a-load.ts';

/** Longer than HAProxy takes to look at `/readyz` twice. */
const DELAY_SECONDS = { nginx: 1, haproxy: 3 };

/** Verifiers, each on a port that it keeps over its restarts. */
type Verifiers = { readonly ports: readonly number[]; readonly processes: AppProcess[] };

async function threeVerifiers(stage: Stage, delaySeconds: number): Promise<Verifiers> {
  const ports = await Promise.all([1, 2, 3].map(() => freePort()));
  const processes = ports.map((port) => aVerifier(stage, port, delaySeconds));
  await Promise.all(processes.map(({ ready }) => ready));
  return { ports, processes };
}

function aVerifier(stage: Stage, port: number, delaySeconds: number): AppProcess {
  const { DATABASE_URL, TOKEN_PEPPER } = settingsFor(stage.workspace, stage.folder);
  return startProcess({
    folder: temporaryFolder(),
    script: 'verifier',
    env: {
      DATABASE_URL,
      TOKEN_PEPPER,
      HTTP_PORT: String(port),
      SHUTDOWN_DELAY_SECONDS: String(delaySeconds),
      TRUSTED_PROXIES: '127.0.0.1',
    },
  });
}

/** Ends each in turn, in order or not, starts it again, and goes on when it gets requests again. */
async function roll(
  stage: Stage,
  { ports, processes }: Verifiers,
  { signal, delaySeconds }: { readonly signal: 'SIGTERM' | 'SIGKILL'; readonly delaySeconds: number },
): Promise<void> {
  for (const [index, port] of ports.entries()) {
    const old = processes[index] as AppProcess;
    old.signal(signal);
    expect(await old.ended).toBe(signal === 'SIGTERM' ? 0 : signal);
    const next = aVerifier(stage, port, delaySeconds);
    processes[index] = next;
    await next.ready;
    await vi.waitFor(async () => expect(await allowedBy(port)).toBeGreaterThan(0), PATIENT);
  }
}

/** How many values a process has allowed. */
async function allowedBy(port: number): Promise<number> {
  const { body } = await ask(port, '/metrics');
  return Number(/^apitoken_verifications_total\{result="allowed"\} (\d+)$/m.exec(body)?.[1]);
}

/** What is asked while they are restarted: a value, and about one by POST. */
async function questions(stage: Stage): Promise<[verify: Asked, introspect: Asked]> {
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'first');
  const caller = await holdsToken(stage, alice, 'gateway', { scopes: ['introspect'] });
  return [
    { path: '/verify', options: { headers: ['Authorization', `Bearer ${value}`] }, status: 200 },
    {
      path: '/introspect',
      options: {
        method: 'POST',
        headers: [
          ...['Authorization', `Bearer ${caller.value}`],
          ...['Content-Type', 'application/x-www-form-urlencoded'],
        ],
        body: `token=${value}`,
      },
      status: 200,
    },
  ];
}

describe.for(['nginx', 'haproxy'] as const)('behind %s', (name: BalancerName) => {
  const here = test.skipIf(!hasProgram(name));
  const delaySeconds = DELAY_SECONDS[name];

  here('three verifiers are restarted in turn under 32 connections, and no request fails', async () => {
    const stage = await setStage();
    const asked = await questions(stage);
    const verifiers = await threeVerifiers(stage, delaySeconds);
    const balancer = await startBalancer(name, { verifiers: verifiers.ports, app: stage.app.port });
    const load = keepAsking(balancer.port, asked);

    await roll(stage, verifiers, { signal: 'SIGTERM', delaySeconds });
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

    await roll(stage, verifiers, { signal: 'SIGKILL', delaySeconds: 0 });
    await load.stop();

    expect(load.failed).toEqual([]);
  });
});

describe('an nginx that asks several by auth_request', () => {
  const here = test.skipIf(!hasProgram('nginx'));

  here('lets all requests pass while they are restarted in turn', async () => {
    const stage = await setStage();
    const [verify] = await questions(stage);
    const verifiers = await threeVerifiers(stage, 1);
    const servers = verifiers.ports.map((port) => `server 127.0.0.1:${port} max_fails=1 fail_timeout=2s;`);
    const gateway = await startGateway(
      'nginx',
      // A page of the app stands for the API: it answers everybody with 200.
      { apitoken: 0, api: stage.app.port },
      (recipe) => recipe.replace('server 127.0.0.1:8080;', servers.join('\n')),
    );
    const load = keepAsking(gateway.port, [{ ...verify, path: '/healthz' }]);

    await roll(stage, verifiers, { signal: 'SIGTERM', delaySeconds: 1 });
    await load.stop();

    expect(load.failed).toEqual([]);
    expect(load.answered()).toBeGreaterThan(0);
  });
});
