import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AppProcess, startProcess } from '../app-process.ts';
import { besides, type Ran, runs } from '../cli/a-command.ts';
import { setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { ask } from '../http/a-server.ts';
import { hasProgram } from '../programs.ts';
import { holdsToken } from '../slack/flows.ts';
import { aDatabase } from '../store/fixtures/a-postgres.ts';
import { startBalancer } from './a-balancer.ts';
import { keepAsking } from './a-load.ts';
import { questions, roll, verifiersOn } from './some-verifiers.ts';

const { TOKEN_PEPPER = '' } = besides({ folder: '' });

/** The command line as an operator types it, with the settings that it needs. */
function types(DATABASE_URL: string, ...args: readonly string[]): Promise<Ran> {
  return runs(args, { env: { DATABASE_URL, TOKEN_PEPPER }, folder: temporaryFolder() });
}

function aVerifier(DATABASE_URL: string, port: number): AppProcess {
  return startProcess({
    folder: temporaryFolder(),
    script: 'verifier',
    env: { DATABASE_URL, TOKEN_PEPPER, HTTP_PORT: String(port), TRUSTED_PROXIES: '127.0.0.1' },
  });
}

async function statusOf(port: number, value: string): Promise<number> {
  const { status } = await ask(port, '/verify', { headers: ['Authorization', `Bearer ${value}`] });
  return status;
}

/** Revokes by a value, as whoever found it does. */
async function revokes(port: number, value: string): Promise<void> {
  const headers = ['Content-Type', 'application/x-www-form-urlencoded'];
  const { status } = await ask(port, '/revoke', { method: 'POST', headers, body: `token=${value}` });
  expect(status).toBe(200);
}

const here = test.skipIf(!hasProgram('nginx'));

here(
  'from one machine to many, as README tells: copied, shared out, revoked by one for all, restarted in turn',
  async () => {
    const stage = await setStage();
    const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'second');
    const asked = await questions(stage);
    const { DATABASE_URL: file } = settingsFor(stage.workspace, stage.folder);
    await stage.app.stop();
    const url = await aDatabase();

    expect(await types(file, 'copy', '--from', file, '--to', url)).toMatchObject({ code: 0 });
    const env = settingsFor(stage.workspace, stage.folder, { DATABASE_URL: url, LOG_LEVEL: 'info' });
    const apps = [1, 2].map(() => startProcess({ folder: temporaryFolder(), env }));
    const [app, other] = (await Promise.all(apps.map(({ ready }) => ready))) as [number, number];
    const ports = await Promise.all([1, 2, 3].map(() => freePort()));
    const verifiers = await verifiersOn(ports, (port) => aVerifier(url, port));
    const balancer = await startBalancer('nginx', { verifiers: ports, app });
    expect(await statusOf(balancer.port, value)).toBe(200);

    await revokes(other, value);
    for (const port of [app, other, ...ports]) expect(await statusOf(port, value)).toBe(401);

    const load = keepAsking(balancer.port, asked);
    await roll(verifiers, 'SIGTERM');
    await load.stop();
    expect(load.failed).toEqual([]);
    expect(load.answered()).toBeGreaterThan(0);
    for (const each of apps) each.signal('SIGTERM');
    expect(await Promise.all(apps.map(({ ended }) => ended))).toEqual([0, 0]);
  },
);

test('a PostgreSQL that is put back to an earlier moment, as operations.md tells, revives nothing', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const [revoked, live] = [await holdsToken(stage, alice, 'first'), await holdsToken(stage, alice, 'second')];
  const { DATABASE_URL: file } = settingsFor(stage.workspace, stage.folder);
  await stage.app.stop();
  const lost = await aDatabase();
  await types(file, 'copy', '--from', file, '--to', lost);
  const folder = temporaryFolder();
  const backup = join(folder, 'old.db');
  expect(await types(lost, 'backup', backup)).toMatchObject({ code: 0 });
  const verifier = aVerifier(lost, 0);
  await revokes(await verifier.ready, revoked.value);
  const { out: whole } = await types(lost, 'audit', 'verify');
  const [head = ''] = /\d+:[0-9a-f]+/.exec(whole) ?? [];

  const straight = await types(lost, 'copy', '--from', `file:${backup}`, '--to', await aDatabase());
  expect(straight).toMatchObject({ code: 1 });
  expect(straight.err).toContain('the source is a backup, or its revoked.log is lost');
  // Nor does a log help that is of another database.
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other/revoked.log'), '');
  const beside = await types(`file:${folder}/other/apitoken.db`, 'restore', backup);
  expect(beside.out).toContain('2 tokens expired now');
  mkdirSync(join(folder, 'fresh'));
  const fresh = `file:${folder}/fresh/apitoken.db`;
  const restored = await types(fresh, 'restore', backup);
  const put = await aDatabase();
  const copied = await types(fresh, 'copy', '--from', fresh, '--to', put);

  expect([restored.code, copied.code]).toEqual([0, 0]);
  expect(restored.out).toContain('2 tokens expired now');
  const port = await aVerifier(put, 0).ready;
  expect([await statusOf(port, revoked.value), await statusOf(port, live.value)]).toEqual([401, 401]);
  // What is missing is seen by the head that the app's log told.
  expect(await types(lost, 'audit', 'verify', '--head', head)).toMatchObject({ code: 0 });
  expect(await types(put, 'audit', 'verify', '--head', head)).toMatchObject({ code: 1 });
});
