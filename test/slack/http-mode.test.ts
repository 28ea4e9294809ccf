import { describe, expect, test } from 'vitest';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { startProcess } from '../app-process.ts';
import {
  deliverTo,
  openWorkspace,
  overHttp,
  type Stage,
  setStage,
  settingsFor,
  temporaryFolder,
} from '../fixture.ts';
import {
  actionsOf,
  answerTo,
  callsOf,
  createsToken,
  deliveriesIn,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  receiptsOf,
  rotates,
  rowsOf,
  settled,
  soon,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

function setOverHttp(options: Parameters<typeof setStage>[0] = {}): Promise<Stage> {
  return setStage({ ...options, deliverBy: 'http' });
}

describe('over HTTP', () => {
  test('a token is created, shown once, used, listed, revoked and refused, by a process that is told to end after that', async () => {
    const workspace = await openWorkspace();
    const folder = temporaryFolder();
    const app = startProcess({ folder, env: settingsFor(workspace, folder, overHttp(workspace)) });
    const port = await app.ready;
    await deliverTo(port, workspace);
    const verify = async (value: string) =>
      (await fetch(`http://127.0.0.1:${port}/verify`, { headers: { token: value } })).status;
    const alice = workspace.person('alice');

    const value = await createsToken(alice, 'deploy-bot');
    expect(await verify(value)).toBe(200);
    expect((await answerTo(alice, '/apitoken list')).text).toContain('deploy-bot');
    await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
    await soon(() => expect(alice.modal()?.title).toBe('Revoke API Token'));
    await alice.submits();
    expect(await verify(value)).toBe(401);
    await modalSaying(alice, 'deploy-bot is revoked.');

    expect(workspace.sockets.count()).toBe(0);
    expect(callsOf(workspace, 'apps.connections.open')).toEqual([]);
    app.signal('SIGTERM');
    expect(await app.ended).toBe(0);
    for (const secret of [value.slice(5), workspace.signingSecret])
      expect(app.output()).not.toContain(secret);
  });

  test('the value is shown to its owner alone, and stands in no log, acknowledgement or other message', async () => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');

    const value = await createsToken(alice, 'deploy-bot');
    await settled(stage);

    expectShownOnlyTo(alice, value, stage);
    expect(receiptsOf(alice, 'deploy-bot')).toHaveLength(1);
    expect(stage.log()).not.toContain(stage.workspace.signingSecret);
  });

  test('a token is rotated: both values work until the grace period is ended by a press', async () => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');
    const old = await createsToken(alice, 'deploy-bot');
    await settled(stage);

    const value = await rotates(stage, alice, 'deploy-bot');
    expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
    await alice.clicks('End old value now', { in: '@apitoken' });

    await soon(async () => expect(await verdictsOf(stage, old, value)).toEqual([401, 200]));
  });

  test('an error stands under its field, and all that was typed stays', async () => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');
    await holdsToken(stage, alice, 'taken');
    await opens(alice, '/apitoken create taken');
    await alice.fills({ Purpose: 'for the nightly build' });

    await alice.submits();

    expect(alice.modal()?.errors['Token Name']).toContain('taken is already taken.');
    expect(alice.modal()?.inputs.map(({ value }) => value)).toContain('for the nightly build');
    expect(deliveriesIn(stage.workspace).at(-1)).toMatchObject({
      acked: true,
      ackBody: { response_action: 'errors' },
    });
  });

  test('what a search finds comes as its answer, the Home tab as an event, a shortcut opens the dialog', async () => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');
    await holdsTokens(stage, alice, 120, (number) => `bot-${number}`);

    await opens(alice, '/apitoken info');
    await alice.searches('Token', 'bot-119', 'bot-119 (unclaimed)');
    await alice.submits();
    await modalSaying(alice, 'bot-119');
    await alice.closes();
    await alice.opensHome();
    await soon(() => expect(alice.home()?.text).toContain('My API Tokens'));
    await alice.uses('Create API Token');

    await soon(() => expect(alice.modal()?.title).toBe('Create API Token'));
    expect(deliveriesIn(stage.workspace).every(({ acked }) => acked)).toBe(true);
  });

  test('a change of a person counts at once', async () => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');
    await answerTo(alice, '/apitoken');

    await stage.workspace.setPerson('alice', { is_restricted: true });

    expect((await answerTo(alice, '/apitoken')).text).toContain('apitoken is only for full members');
  });

  test('nobody of another workspace is let in', async () => {
    const stage = await setOverHttp();
    const { workspace } = stage;
    const message = workspace.post('#general', 'buildbot', { text: 'anything' });
    const { id } = await holdsToken(stage, workspace.person('alice'), 'deploy-bot');

    const { acked } = await workspace.person('sam').forges({
      type: 'block_actions',
      action_id: 'revoke_token',
      value: id,
      from: { message },
    });
    await soon(() => expect(actionsOf(stage)).toContain('action.refused'));

    expect(acked).toBe(true);
    expect(callsOf(workspace, 'views.open')).toEqual([]);
    workspace.takeRefusals();
  });
});

describe('what is delivered again', () => {
  test.for([
    ['as the same signed request', { sameEnvelope: true }],
    ['signed anew', { sameEnvelope: false }],
  ] as const)('%s within five minutes has one effect and gets the first answer', async ([, how]) => {
    const stage = await setOverHttp();
    const alice = stage.workspace.person('alice');
    await createsToken(alice, 'deploy-bot');
    await settled(stage);

    const again = await alice.redelivers(how);

    expect(again).toMatchObject({ acked: true, body: { response_action: 'update' } });
    expect(JSON.stringify(again)).toContain('The token is in your direct messages with apitoken.');
    expect(rowsOf(stage, 'select name from tokens')).toEqual([{ name: 'deploy-bot' }]);
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
  });

  test('a retry that was not seen before counts', async () => {
    const stage = await setOverHttp();
    const { workspace } = stage;
    const alice = workspace.person('alice');
    await answerTo(alice, '/apitoken');
    const body = eventBody(workspace, { type: 'user_change', user: { id: alice.id } });
    const before = callsOf(workspace, 'users.info').length;

    const headers = { 'x-slack-retry-num': '3', 'x-slack-retry-reason': 'http_timeout' };
    expect(await workspace.http.posts({ body, headers })).toMatchObject({ status: 200, body: '' });

    await answerTo(alice, '/apitoken');
    expect(callsOf(workspace, 'users.info')).toHaveLength(before + 1);
  });
});

test('while Slack was not asked yet who we are, deliveries are refused with 503, and taken after that', async () => {
  const workspace = await openWorkspace();
  workspace.faults.add({ method: 'auth.test', times: 2, status: 503 });
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder, overHttp(workspace)) });
  const port = await app.ready;
  await workspace.http.deliverTo(`http://127.0.0.1:${port}/slack/events`);
  const alice = workspace.person('alice');

  await alice.types('#general', '/apitoken list');
  expect(alice.reads('#general')).toContain('http_service_error');
  await deliverTo(port, workspace);

  expect((await answerTo(alice, '/apitoken list')).text).toContain('My API Tokens');
  workspace.takeRefusals();
});

test('an acknowledgement that does not come within 3 s is 503, and the dialog tells what became of it after all', async () => {
  const workspace = await openWorkspace({ ackTimeoutMs: 10_000 });
  const stage = await setOverHttp({ workspace });
  const alice = workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  const release = holdsDatabase(stage);

  await alice.submits();

  expect(alice.modal()?.trouble).toContain('trouble connecting');
  expect(alice.modal()?.inputs[0]?.value).toBe('deploy-bot');
  workspace.expectRefusal('http_service_error');
  await modalSaying(alice, 'Something went wrong before this was done');
  release();
  expect(rowsOf(stage, 'select name from tokens')).toEqual([]);
  expect(stage.log()).toContain('Slack waited 3 seconds and got no acknowledgement');
});

test('a submission that Slack has stopped waiting for is done all the same', async () => {
  const workspace = await openWorkspace({ ackTimeoutMs: 300 });
  const stage = await setOverHttp({ workspace });
  const alice = workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  await stage.workspace.setPerson('alice', {});
  workspace.faults.add({ method: 'users.info', delayMs: 700 });

  await alice.submits();

  expect(alice.modal()?.trouble).toContain('trouble connecting');
  workspace.expectRefusal('operation_timeout');
  await soon(() => expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']));
  expect(stage.log()).not.toContain('could not be answered');
});

test('stopping finishes what is in work and refuses the rest, in words where there is a place for them', async () => {
  const workspace = await openWorkspace();
  const stage = await setOverHttp({ workspace });
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
  const event = await workspace.http.posts({ body: eventBody(workspace, { type: 'user_change' }) });
  const forged = await workspace.http.posts({ body: '{}', secret: 'f'.repeat(32) });

  expect(bob.modal()?.errors).toEqual({ 'Token Name': sentence });
  expect(bob.modal()?.inputs[0]?.value).toBe('bobs-bot');
  expect(event).toMatchObject({ status: 503, body: '', headers: { connection: 'close' } });
  expect(forged).toMatchObject({ status: 401, body: '' });
  await restarted;
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
  const shown = alice.sees('@apitoken').find(({ ephemeral }) => ephemeral);
  expect(await verdictsOf(stage, /apit_\w+/.exec(shown?.text ?? '')?.[0] ?? '')).toEqual([200]);
});

function eventBody({ teamId, appId }: Workspace, event: object): string {
  return JSON.stringify({
    type: 'event_callback',
    team_id: teamId,
    api_app_id: appId,
    event_id: 'Ev1',
    event,
  });
}

/** Keeps every writer out of the stage's database until what is returned is called. */
function holdsDatabase(stage: Stage): () => void {
  const sqlite = stage.look();
  sqlite.exec('begin immediate');
  return () => sqlite.close();
}
