import { expect, vi } from 'vitest';
import { type AppProcess, startProcess } from '../app-process.ts';
import { type Stage, settingsFor, temporaryFolder } from '../fixture.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { ask } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { holdsToken } from '../slack/flows.ts';
import type { Asked } from './a-load.ts';

/** Verifiers, each on a port that it keeps over its restarts. */
export type Verifiers = {
  readonly ports: readonly number[];
  readonly processes: AppProcess[];
  /** Starts the one of a port again. */
  readonly start: (port: number) => AppProcess;
};

/** A verifier on each of the ports, all of them ready. */
export async function verifiersOn(ports: readonly number[], start: Verifiers['start']): Promise<Verifiers> {
  const processes = ports.map(start);
  await Promise.all(processes.map(({ ready }) => ready));
  return { ports, processes, start };
}

/** Three of them on the database of the stage. */
export async function threeVerifiers(stage: Stage, delaySeconds: number): Promise<Verifiers> {
  const { DATABASE_URL, TOKEN_PEPPER } = settingsFor(stage.workspace, stage.folder);
  const ports = await Promise.all([1, 2, 3].map(() => freePort()));
  return verifiersOn(ports, (port) =>
    startProcess({
      folder: temporaryFolder(),
      script: 'verifier',
      env: {
        DATABASE_URL,
        TOKEN_PEPPER,
        HTTP_PORT: String(port),
        SHUTDOWN_DELAY_SECONDS: String(delaySeconds),
        TRUSTED_PROXIES: '127.0.0.1',
      },
    }),
  );
}

/** Ends each in turn, in order or not, starts it again, and goes on when it gets requests again. */
export async function roll(
  { ports, processes, start }: Verifiers,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  for (const [index, port] of ports.entries()) {
    const old = processes[index] as AppProcess;
    old.signal(signal);
    expect(await old.ended).toBe(signal === 'SIGTERM' ? 0 : signal);
    const next = start(port);
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
export async function questions(stage: Stage): Promise<[verify: Asked, introspect: Asked]> {
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
