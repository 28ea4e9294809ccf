import { expect, test } from 'vitest';
import { openWorkspace, setStage } from '../fixture.ts';
import {
  actionsOf,
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  modalSaying,
  opens,
  rowsOf,
  soon,
} from './flows.ts';

test.for([
  ['tells all sockets to go', 'refresh_requested'],
  ['warns all sockets', 'warning'],
] as const)('when Slack %s, they are replaced', async ([, reason]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  stage.workspace.sockets.disconnectAll(reason);
  await stage.workspace.waitForSockets(1);

  expect((await answerTo(alice, '/apitoken')).text).toContain('My API Tokens');
  expect(stage.app.isConnectedToSlack()).toBe(true);
});

test('sockets that are cut are opened again, and a token made before works on', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  stage.workspace.sockets.dropAll();
  await stage.workspace.waitForSockets(1);

  expect((await answerTo(alice, '/apitoken')).text).toContain('deploy-bot');
  expect((await stage.verify(value)).status).toBe(200);
});

test.for([
  ['500', { status: 500 }],
  ['429', { status: 429, retryAfter: 1 }],
  ['a cut connection', { drop: true }],
  ['internal_error', { error: 'internal_error' }],
] as const)(
  'while Slack answers apps.connections.open with %s, verifying goes on, and the sockets come back',
  async ([, fault]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const before = callsOf(stage.workspace, 'apps.connections.open').length;

    stage.workspace.sockets.refuseOpens(3, fault);
    stage.workspace.sockets.dropAll();
    await soon(() => expect(stage.app.isConnectedToSlack()).toBe(false));
    expect((await stage.verify(value)).status).toBe(200);
    await stage.workspace.waitForSockets(1);

    expect((await answerTo(alice, '/apitoken')).text).toContain('deploy-bot');
    expect(callsOf(stage.workspace, 'apps.connections.open')).toHaveLength(before + 4);
    expect(stage.log()).not.toContain('xapp-1');
    expect(stage.log()).not.toContain('ticket=');
  },
);

test('stopping finishes what is in work: the value that was on its way is shown, and works after the start', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 700 });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'The token is in your direct messages with apitoken.');

  await stage.restart();

  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
  const shown = alice.sees('@apitoken').find(({ ephemeral }) => ephemeral);
  const value = /apit_\w+/.exec(shown?.text ?? '')?.[0] ?? '';
  expect((await stage.verify(value)).status).toBe(200);
});

test('while it stops, new work is refused in words, and what was typed stays', async () => {
  const workspace = await openWorkspace({ ackTimeoutMs: 1000 });
  const stage = await setStage({ workspace });
  const alice = workspace.person('alice');
  const bob = workspace.person('bob');
  await opens(bob, '/apitoken create bobs-bot');
  workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 1500 });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  const sentence = 'apitoken is restarting. Nothing was changed. Try again in 30 seconds.';

  const restarted = stage.restart();
  await soon(async () => expect((await answerTo(bob, '/apitoken')).text).toBe(sentence));
  await bob.submits();

  expect(bob.modal()?.errors).toEqual({ 'Token Name': sentence });
  expect(bob.modal()?.inputs[0]?.value).toBe('bobs-bot');
  await restarted;
  expect(rowsOf(stage, 'select name from tokens')).toEqual([{ name: 'deploy-bot' }]);
  await bob.submits();
  await modalSaying(bob, 'The token is in your direct messages with apitoken.');
});

test('an app whose Slack comes late connects then, and works', async () => {
  const workspace = await openWorkspace();
  workspace.faults.add({ method: 'auth.test', status: 503 });
  workspace.faults.add({ method: 'auth.test', drop: true });

  const stage = await setStage({ workspace });

  const value = await createsToken(workspace.person('alice'), 'deploy-bot');
  expect((await stage.verify(value)).status).toBe(200);
  expect(callsOf(workspace, 'auth.test')).toHaveLength(3);
});
