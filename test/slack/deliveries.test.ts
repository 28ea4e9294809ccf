import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { parseVisit } from '../../src/slack/visit.ts';
import { type Stage, setStage } from '../fixture.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  callsOf,
  createsToken,
  deliveriesIn,
  holdsToken,
  modalSaying,
  opens,
  receiptsOf,
  rowsOf,
  settled,
  soon,
  toldTo,
} from './flows.ts';

const HOWS = [
  ['in the same envelope', { sameEnvelope: true }],
  ['in another envelope', { sameEnvelope: false }],
] as const;

test.for(HOWS)(
  'a submission that Slack delivers again %s makes one token and gets the first answer',
  async ([, how]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    await createsToken(alice, 'deploy-bot');
    await settled(stage);

    const again = await alice.redelivers(how);

    expect(again).toMatchObject({ acked: true, body: { response_action: 'update' } });
    expect(JSON.stringify(again)).toContain('The token is in your direct messages with apitoken.');
    await expectOnce(stage, alice);
  },
);

test('a second press on Create Token, before the first is answered, makes one token', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');

  await Promise.all([alice.submits(), alice.submits()]);

  await soon(() => expect(actionsOf(stage)).toContain('value.shown'));
  await settled(stage);
  expect(alice.modal()?.text).toContain('The token is in your direct messages with apitoken.');
  expect(alice.modal()?.trouble).toBeUndefined();
  await expectOnce(stage, alice);
});

test.for(HOWS)(
  'a submission that Slack delivers again %s after a restart makes one token',
  async ([, how]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    await createsToken(alice, 'deploy-bot');
    await settled(stage);
    await stage.restart();

    const again = await alice.redelivers(how);

    expect(JSON.stringify(again)).toContain('The token is in your direct messages with apitoken.');
    await expectOnce(stage, alice);
  },
);

test.for(HOWS)('a revocation that Slack delivers again %s is one, with the first answer', async ([, how]) => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, 'deploy-bot is revoked.');
  await settled(stage);

  const again = await dave.redelivers(how);
  await settled(stage);

  expect(JSON.stringify(again)).toContain('deploy-bot is revoked.');
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.revoked']);
  expect(toldTo(alice)).toHaveLength(1);
});

test.for(HOWS)('Show value that Slack delivers again %s shows one value', async ([, how]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { shown: false });
  await answerTo(alice, '/apitoken info deploy-bot', '@apitoken');
  await answerIn(alice, '@apitoken', () => alice.clicks('Show value'));
  await settled(stage);

  await alice.redelivers(how);
  // A whole turn later: what the second delivery leads to has been done.
  await answerTo(alice, '/apitoken list', '@apitoken');

  expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(alice.reads('@apitoken')).not.toContain('already shown');
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
});

test('a field error is no effect: the same dialog is sent off again and counts', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'taken');
  await opens(alice, '/apitoken create taken');
  await alice.submits();
  expect(alice.modal()?.errors['Token Name']).toContain('taken is already taken.');
  expect(rowsOf(stage, 'select key from deliveries')).toEqual([]);

  await alice.fills({ 'Token Name': 'free' });
  await alice.submits();

  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
  expect(rowsOf(stage, 'select name from tokens order by name')).toEqual([
    { name: 'free' },
    { name: 'taken' },
  ]);
});

test('a command that Slack delivers again opens no second dialog, and nobody is told of a fault twice', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken create');

  await alice.redelivers();
  await settled(stage);

  expect(callsOf(stage.workspace, 'views.open')).toHaveLength(1);
  expect(alice.modal()?.title).toBe('Create API Token');
  expect(alice.sees('#general')).toEqual([]);
});

test('an event that was not heard is delivered again, and drops what was known', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await answerTo(alice, '/apitoken');
  stage.workspace.sockets.refuseOpens(2);
  stage.workspace.sockets.dropAll();

  await stage.workspace.setPerson('alice', { is_restricted: true });
  await stage.workspace.waitForSockets(1);
  await soon(() =>
    expect(deliveriesIn(stage.workspace).at(-1)).toMatchObject({ acked: true, retryAttempt: 1 }),
  );

  expect((await answerTo(alice, '/apitoken')).text).toContain('apitoken is only for full members');
  stage.workspace.takeRefusals();
});

async function expectOnce(stage: Stage, person: Person): Promise<void> {
  expect(rowsOf(stage, 'select name from tokens')).toEqual([{ name: 'deploy-bot' }]);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
  expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(receiptsOf(person, 'deploy-bot')).toHaveLength(1);
}

describe('a delivery is known by', () => {
  const who = { user: { id: 'U1', team_id: 'T1' } };

  test.for([
    ['its trigger, a command', { command: '/apitoken', user_id: 'U1', trigger_id: '1.2' }, ['U1 1.2']],
    [
      'its trigger, a shortcut',
      { type: 'shortcut', ...who, trigger_id: '1.2', action_ts: '3.4' },
      ['U1 1.2'],
    ],
    [
      'its trigger, a press',
      { type: 'block_actions', ...who, trigger_id: '1.2', actions: [{ action_ts: '3.4' }] },
      ['U1 1.2'],
    ],
    [
      'when it was pressed, a press without a trigger',
      { type: 'block_actions', ...who, trigger_id: null, actions: [{ action_ts: '3.4' }] },
      ['U1 3.4'],
    ],
    [
      'its trigger and its view, a submission',
      { type: 'view_submission', ...who, trigger_id: '1.2', view: { id: 'V1' } },
      ['U1 1.2', 'U1 V1'],
    ],
    [
      'its view, a submission without a trigger',
      { type: 'view_submission', ...who, view: { id: 'V1' } },
      ['U1 V1'],
    ],
    ['nothing, a search', { type: 'block_suggestion', ...who, view: { id: 'V1' } }, []],
  ] as const)('%s', ([, body, keys]) => {
    expect(parseVisit(body).delivery.keys).toEqual(keys);
  });
});
