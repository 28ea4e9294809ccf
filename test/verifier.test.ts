import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { type AppProcess, startProcess } from './app-process.ts';
import { type Stage, setStage, settingsFor, temporaryFolder } from './fixture.ts';
import { freePort } from './gateways/a-gateway.ts';
import { PATIENT } from './patience.ts';
import { holdsToken, modalSaying, opens, toldTo, verdictsOf } from './slack/flows.ts';

/** So many that each of two gets 35 to 65 % of them, where each connection comes to either by chance: six standard deviations. */
const CONNECTIONS = 400;

/** A verifier on the database of the stage, given nothing of Slack. */
function aVerifier(stage: Stage, env: Record<string, string> = {}, preload?: string): AppProcess {
  const { DATABASE_URL, TOKEN_PEPPER, HTTP_PORT } = settingsFor(stage.workspace, stage.folder);
  return startProcess({
    folder: temporaryFolder(),
    script: 'verifier',
    env: { DATABASE_URL, TOKEN_PEPPER, HTTP_PORT, ...env },
    ...(preload === undefined ? {} : { preload }),
  });
}

/** The answer of a verifier, on a connection of its own. */
async function answerAt(port: number, path: string, value?: string): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: false });
  const headers = value === undefined ? {} : { authorization: `Bearer ${value}` };
  const asked = request({ host: '127.0.0.1', port, path, agent, headers }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

async function statusAt(port: number, path: string, value?: string): Promise<number | undefined> {
  const answer = await answerAt(port, path, value);
  answer.resume();
  return answer.statusCode;
}

test('what the app revokes the verifier refuses by its next answer, and the other way round; the owner is told', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const first = await holdsToken(stage, alice, 'first');
  const second = await holdsToken(stage, alice, 'second');
  const verifier = aVerifier(stage);
  const port = await verifier.ready;
  expect(await statusAt(port, '/verify', first.value)).toBe(200);

  await opens(alice, '/apitoken revoke first');
  await alice.submits();
  await modalSaying(alice, 'first is revoked.');
  expect(await statusAt(port, '/verify', first.value)).toBe(401);

  const revoked = await fetch(`http://127.0.0.1:${port}/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: second.value }),
  });
  expect(revoked.status).toBe(200);
  expect(await verdictsOf(stage, second.value)).toEqual([401]);
  await vi.waitFor(
    () =>
      expect(
        toldTo(alice)
          .map(({ text }) => text)
          .join(),
      ).toContain('second'),
    PATIENT,
  );
});

test('what a verifier counted is kept, and it ends in order', async () => {
  const stage = await setStage();
  const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'first');
  const verifier = aVerifier(stage);
  const port = await verifier.ready;
  for (let use = 0; use < 3; use++) expect(await statusAt(port, '/verify', value)).toBe(200);

  verifier.signal('SIGTERM');
  expect(await verifier.ended).toBe(0);

  const raw = new Database(`${stage.folder}/apitoken.db`, { readonly: true });
  const counted = raw.prepare('select use_count from token_usage where token_id = ?').pluck().get(id);
  raw.close();
  expect(counted).toBe(3);
});

test('a verifier loads nothing of Slack and says nothing of it', async () => {
  const stage = await setStage();
  const loaded = join(temporaryFolder(), 'loaded');
  const hook = join(temporaryFolder(), 'hook.cjs');
  writeFileSync(
    hook,
    `const { appendFileSync } = require('node:fs');
     require('node:module').registerHooks({ load(url, context, next) {
       appendFileSync(${JSON.stringify(loaded)}, url + '\\n');
       return next(url, context);
     } });`,
  );
  const verifier = aVerifier(stage, {}, hook);
  const port = await verifier.ready;

  const urls = readFileSync(loaded, 'utf8').split('\n');
  expect(urls.filter((url) => url.endsWith('/src/store/store.ts'))).toHaveLength(1);
  expect(urls.filter((url) => /@slack|\/src\/slack\/|\/src\/app\.ts/.test(url))).toEqual([]);
  const readiness = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(await readiness.json()).toEqual({ ready: true, readable: true, writable: true, draining: false });
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toContain('apitoken_verifications_total');
  expect(metrics).not.toContain('apitoken_slack_connected');
});

test('a verifier makes no database', async () => {
  const folder = temporaryFolder();
  const verifier = startProcess({
    folder,
    script: 'verifier',
    env: { DATABASE_URL: `file:${folder}/apitoken.db`, TOKEN_PEPPER: 'p'.repeat(32), HTTP_PORT: '0' },
  });

  expect(await verifier.ended).toBe(1);
  expect(verifier.output()).toContain('there is no database');
});

test('a verifier on a database that was put back ends first what ended before', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'first');
  const raw = new Database(`${stage.folder}/apitoken.db`);
  const copy = join(stage.folder, 'copy.db');
  await raw.backup(copy);
  raw.close();
  await opens(alice, '/apitoken revoke first');
  await alice.submits();
  await modalSaying(alice, 'first is revoked.');
  await stage.app.stop();
  for (const end of ['-wal', '-shm']) rmSync(`${stage.folder}/apitoken.db${end}`, { force: true });
  renameSync(copy, `${stage.folder}/apitoken.db`);

  const verifier = aVerifier(stage);

  expect(await statusAt(await verifier.ready, '/verify', value)).toBe(401);
  expect(verifier.output()).toContain('was ended again');
});

test('of two verifiers that share a port each gets its part of the connections, and one may end while the other goes on', async () => {
  const stage = await setStage();
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'first');
  const env = { HTTP_PORT: String(await freePort()), HTTP_REUSE_PORT: 'true' };
  const [one, other] = [aVerifier(stage, env), aVerifier(stage, env)];
  const port = await one.ready;
  expect(await other.ready).toBe(port);

  const statuses = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => statusAt(port, '/verify', value)),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  const counts = new Set<string>();
  // Each answers of itself alone what it counted. Which one a connection comes to is the system's choice.
  await vi.waitFor(async () => {
    const metrics = await (
      await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } })
    ).text();
    const [, started] = /^process_start_time_seconds (\S+)$/m.exec(metrics) ?? [];
    const [, count] = /^apitoken_verifications_total\{result="allowed"\} (\d+)$/m.exec(metrics) ?? [];
    counts.add(`${started}:${count}`);
    expect(counts.size).toBe(2);
  }, PATIENT);
  const shares = [...counts].map((each) => Number(each.split(':')[1]));
  expect(shares.reduce((sum, share) => sum + share)).toBe(CONNECTIONS);
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.35 * CONNECTIONS);

  one.signal('SIGTERM');
  expect(await one.ended).toBe(0);
  expect(await statusAt(port, '/verify', value)).toBe(200);
});

test('without that, a second process on the port does not start and says so', async () => {
  const stage = await setStage();
  const env = { HTTP_PORT: String(await freePort()) };
  await aVerifier(stage, env).ready;
  const second = aVerifier(stage, env);

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain("can't be used (EADDRINUSE). Set HTTP_PORT or HTTP_HOST");
});

test('while the stop is announced, /readyz is 503 and everything is still answered on new connections', async () => {
  const stage = await setStage();
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'first');
  const verifier = aVerifier(stage, { SHUTDOWN_DELAY_SECONDS: '2' });
  const port = await verifier.ready;
  expect(await statusAt(port, '/readyz')).toBe(200);

  const signalled = performance.now();
  verifier.signal('SIGTERM');
  await vi.waitFor(async () => expect(await statusAt(port, '/readyz')).toBe(503), PATIENT);
  expect(await statusAt(port, '/verify', value)).toBe(200);
  await sleep(100);
  const kept = await fetch(`http://127.0.0.1:${port}/verify`, {
    headers: { authorization: `Bearer ${value}` },
  });
  expect([kept.status, kept.headers.get('connection')]).toEqual([200, 'keep-alive']);

  expect(await verifier.ended).toBe(0);
  expect(performance.now() - signalled).toBeGreaterThanOrEqual(2000);
});

test('a second signal does not wait for the announced stop', async () => {
  const stage = await setStage();
  const verifier = aVerifier(stage, { SHUTDOWN_DELAY_SECONDS: '300' });
  const port = await verifier.ready;
  verifier.signal('SIGTERM');
  await vi.waitFor(async () => expect(await statusAt(port, '/readyz')).toBe(503), PATIENT);

  verifier.signal('SIGTERM');

  expect(await verifier.ended).toBe(1);
});
