import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SEED } from '../sandbox/seed.ts';
import type { Workspace } from '../sandbox/workspace/workspace.ts';
import { startProcess } from './app-process.ts';
import { openWorkspace, settingsFor, temporaryFolder, valueSeenBy } from './fixture.ts';

const NEXT_REQUEST_REFUSED = 401;

async function verify(port: number, value: string) {
  return fetch(`http://127.0.0.1:${port}/verify`, { headers: { authorization: `Bearer ${value}` } });
}

/** All that Slack was told or told us, but the one call that shows the value. */
function trafficWithoutTheShowing(workspace: Workspace): string {
  return JSON.stringify(
    workspace.traffic.filter((entry) => !('method' in entry && entry.method === 'chat.postEphemeral')),
  );
}

function bytesIn(folder: string): string {
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'latin1'))
    .join('\n');
}

test('a token is created, shown once, used, listed, revoked and refused; all of it still so after a restart', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const env = settingsFor(workspace, folder);
  const first = startProcess({ folder, env });
  const port = await first.ready;
  await workspace.waitForSockets(1);
  const alice = workspace.person('alice');

  await alice.types('#general', '/apitoken create deploy-bot');
  await expect.poll(() => alice.modal()?.title).toBe('Create API Token');
  await alice.submits();
  expect(alice.modal()?.text).toContain('The token is in your direct messages with apitoken.');
  await alice.closes();
  await expect.poll(() => alice.reads('@apitoken')).toContain('Your token deploy-bot is ready.');
  const value = valueSeenBy(alice);

  const withTheValue = alice.sees('@apitoken').filter(({ text }) => text.includes(value));
  expect(withTheValue).toMatchObject([{ ephemeral: true }]);
  expect(trafficWithoutTheShowing(workspace)).not.toContain(value);
  for (const name of ['bob', 'carol', 'dave']) {
    expect(JSON.stringify(workspace.snapshot(name))).not.toContain(value);
  }

  const good = await verify(port, value);
  expect(good.status).toBe(200);
  expect(Object.fromEntries(good.headers)).toMatchObject({
    'x-token-id': expect.stringMatching(/^tok_[0-9A-Za-z]{16}$/),
    'x-token-name': 'deploy-bot',
    'x-token-owner': alice.id,
    'x-token-scopes': '',
  });

  await alice.types('#general', '/apitoken list');
  await expect.poll(() => alice.reads('#general')).toContain('deploy-bot');
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await expect.poll(() => alice.modal()?.title).toBe('Revoke API Token');
  await alice.closes();
  expect((await verify(port, value)).status).toBe(200);
  expect(alice.reads('#general')).not.toContain('revoked');

  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await expect.poll(() => alice.modal()?.title).toBe('Revoke API Token');
  await alice.submits();
  expect((await verify(port, value)).status).toBe(NEXT_REQUEST_REFUSED);
  await alice.closes();
  await expect.poll(() => alice.reads('#general')).toMatch(/revoked[\s\S]*Date Revoked\W+[A-Z][a-z]{2} \d/);

  first.signal('SIGTERM');
  expect(await first.ended).toBe(0);
  const second = startProcess({ folder, env });
  const portAfter = await second.ready;
  await workspace.waitForSockets(1);
  expect((await verify(portAfter, value)).status).toBe(NEXT_REQUEST_REFUSED);
  await alice.types('#general', '/apitoken list revoked');
  await expect.poll(() => alice.reads('#general')).toMatch(/Date Revoked\W+[A-Z][a-z]{2} \d/);
  await alice.types('#general', '/apitoken create Deploy-Bot');
  await expect.poll(() => alice.modal()?.title).toBe('Create API Token');
  await alice.submits();
  expect(alice.modal()?.errors).toEqual({
    'Token Name': 'Deploy-Bot is already taken. Try Deploy-Bot-2.',
  });

  second.signal('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(first.output() + second.output() + bytesIn(folder)).not.toContain(value.slice(5));
});

test('wrong settings end it with one message that names every problem and no value', async () => {
  const secrets = {
    SLACK_BOT_TOKEN: 'not-a-bot-token',
    TOKEN_PEPPER: 'too-short-pepper',
    SLACK_API_URL: 'gopher://odd',
  };

  const app = startProcess({ folder: temporaryFolder(), env: { ...secrets, HTTP_PORT: '99999' } });

  expect(await app.ended).toBe(1);
  for (const name of ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'TOKEN_PEPPER', 'SLACK_API_URL', 'HTTP_PORT']) {
    expect(app.output()).toContain(name);
  }
  for (const secret of [...Object.values(secrets), '99999']) expect(app.output()).not.toContain(secret);
});

test('settings are read from .env in the folder it is started in', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const lines = Object.entries(settingsFor(workspace, folder)).map(([name, value]) => `${name}="${value}"`);
  writeFileSync(join(folder, '.env'), lines.join('\n'));

  const app = startProcess({ folder, env: {} });

  expect(await app.ready).toBeGreaterThan(0);
  await workspace.waitForSockets(1);
});

test('the ready line is one line of JSON whatever LOG_LEVEL says', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();

  const app = startProcess({ folder, env: settingsFor(workspace, folder, { LOG_LEVEL: 'error' }) });
  const port = await app.ready;

  expect(JSON.parse(app.output().trim())).toMatchObject({ level: 'info', msg: 'ready', port });
});

test('a Node below 24 ends it with one clear sentence', async () => {
  const folder = temporaryFolder();
  const preload = join(folder, 'old-node.cjs');
  writeFileSync(preload, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");

  const app = startProcess({ folder, env: {}, preload });

  expect(await app.ended).toBe(1);
  expect(app.output()).toMatch(/^apitoken needs Node 24 or newer, this is 20\.20\.2\. .*\n$/);
});

test('a bot token that Slack refuses ends it with a sentence, not a stack', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();

  const app = startProcess({
    folder,
    env: settingsFor(workspace, folder, { SLACK_BOT_TOKEN: 'xoxb-wrong' }),
  });

  expect(await app.ended).toBe(1);
  expect(app.output()).toContain('Slack refuses SLACK_BOT_TOKEN (invalid_auth).');
  expect(app.output()).not.toContain('xoxb-wrong');
  expect(app.output()).not.toMatch(/\n\s+at /);
  expect(workspace.takeRefusals()).toMatchObject([{ error: 'invalid_auth' }]);
});

test('a port that is taken ends it with a sentence that names the setting', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const first = startProcess({ folder, env: settingsFor(workspace, folder) });
  const port = String(await first.ready);

  const other = temporaryFolder();
  const second = startProcess({ folder: other, env: settingsFor(workspace, other, { HTTP_PORT: port }) });

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain("can't be used (EADDRINUSE). Set HTTP_PORT");
  expect(second.output()).not.toMatch(/\n\s+at /);
});

test('a database of another workspace is not served', async () => {
  const folder = temporaryFolder();
  const ours = await openWorkspace();
  const first = startProcess({ folder, env: settingsFor(ours, folder) });
  await first.ready;
  await ours.waitForSockets(1);
  first.signal('SIGTERM');
  await first.ended;
  const theirs = await openWorkspace({ seed: { ...SEED, teamId: 'T0OTHER0001' } });

  const second = startProcess({ folder, env: settingsFor(theirs, folder) });

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain('This database belongs to workspace');
});

test('while Slack cannot be reached it verifies all the same, and connects when Slack is back', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  workspace.faults.add({ method: 'auth.test', times: 2, status: 500 });

  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  const port = await app.ready;

  const readiness = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect([readiness.status, await readiness.json()]).toMatchObject([200, { ready: true, slack: false }]);
  await workspace.waitForSockets(1);
  workspace.takeRefusals();
});

test('a second signal ends it at once', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  await app.ready;
  await workspace.waitForSockets(1);
  workspace.faults.add({ method: 'users.info', times: 1, delayMs: 900 });
  const typing = workspace.person('alice').types('#general', '/apitoken list');
  await expect.poll(() => JSON.stringify(workspace.traffic)).toContain('users.info');

  app.signal('SIGTERM');
  await expect.poll(() => app.output()).toContain('"msg":"stopping"');
  app.signal('SIGTERM');

  expect(await app.ended).toBe(1);
  await typing;
  workspace.takeRefusals();
});

test('SIGTERM: what is in work is finished, then it exits with 0', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  const port = await app.ready;
  await workspace.waitForSockets(1);
  const alice = workspace.person('alice');
  workspace.faults.add({ method: 'users.info', times: 1, delayMs: 900 });
  await alice.types('#general', '/apitoken list');

  app.signal('SIGTERM');
  await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);

  expect(await app.ended).toBe(0);
  expect(alice.reads('#general')).toContain('My API Tokens');
});

test('values are verified before anything of Slack is loaded', async () => {
  const folder = temporaryFolder();
  const hook = join(folder, 'hook.cjs');
  writeFileSync(
    hook,
    `const { writeSync } = require('node:fs');
     const { isMainThread } = require('node:worker_threads');
     require('node:module').registerHooks({ load(url, context, next) {
       if (isMainThread && /@slack|\\/src\\/slack\\//.test(url)) writeSync(1, 'LOADED ' + url + '\\n');
       return next(url, context);
     } });`,
  );
  const workspace = await openWorkspace();

  const app = startProcess({ folder, env: settingsFor(workspace, folder), preload: hook });
  const port = await app.ready;
  await workspace.waitForSockets(1);

  expect((await verify(port, 'x')).status).toBe(NEXT_REQUEST_REFUSED);
  const [first = '', ...others] = app.output().trim().split('\n');
  expect(JSON.parse(first)).toMatchObject({ msg: 'ready', port });
  expect(others.filter((line) => /LOADED .*@slack\/bolt/.test(line)).length).toBeGreaterThan(0);
});
