import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerTo,
  auditOf,
  callsOf,
  createsToken,
  deliveriesIn,
  holdsToken,
  modalOf,
  opens,
  rowsOf,
  soon,
} from './flows.ts';

const MEMBERS_ONLY =
  'apitoken is only for full members of this workspace. If you need a token, ask an admin.';
const NOT_TOLD =
  "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";
const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';

test.for([
  ['a guest', 'gus'],
  ['a stranger of a shared channel', 'sam'],
  ['somebody who was deactivated', 'mia'],
  ['a bot', 'buildbot'],
] as const)('%s is refused, kindly and with an audit event, and no dialog opens', async ([, handle]) => {
  const stage = await setStage();
  const person = stage.workspace.person(handle);
  const message = stage.workspace.post('#general', 'alice', { text: 'anything' });

  await person.forges({ type: 'block_actions', action_id: 'create_token', from: { message } });

  await soon(() => expect(saidByResponseUrl(stage)).toEqual([MEMBERS_ONLY]));
  expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
  expect(auditOf(stage)).toEqual([{ actor: person.id, action: 'action.refused', tokenId: null }]);
});

test.for([['gus'], ['sam'], ['mia'], ['buildbot']] as const)(
  'a dialog that %s submits is answered in the dialog, and makes nothing',
  async ([handle]) => {
    const stage = await setStage();
    const { id } = await opens(stage.workspace.person('alice'), '/apitoken create');

    const outcome = await stage.workspace.person(handle).forges({
      type: 'view_submission',
      id,
      state: { name: { name: { type: 'plain_text_input', value: 'deploy-bot' } } },
    });

    expect(outcome).toMatchObject({
      body: { response_action: 'errors', errors: { name: MEMBERS_ONLY } },
    });
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
    expect(actionsOf(stage)).toEqual(['action.refused']);
  },
);

test('a guest who types the command is refused, and sees no list in the Home tab', async () => {
  const stage = await setStage();
  const gus = stage.workspace.person('gus');

  expect((await answerTo(gus, '/apitoken create')).text).toBe(MEMBERS_ONLY);
  await gus.opensHome();

  await soon(() => expect(gus.home()).toMatchObject({ text: MEMBERS_ONLY, buttons: [] }));
});

test('a guest is let in where the company says so', async () => {
  const stage = await setStage({ env: { ALLOW_GUESTS: 'true' } });
  const gus = stage.workspace.person('gus');

  const value = await createsToken(gus, 'guest-bot');

  expect((await stage.verify(value)).status).toBe(200);
});

test('who comes from another workspace is a stranger, whatever their id says', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await answerTo(alice, '/apitoken');
  await alice.clicks('Create API Token', { in: '#general' });
  await modalOf(alice);
  const payload = deliveriesIn(stage.workspace).at(-1)?.payload ?? {};
  const opened = callsOf(stage.workspace, 'views.open').length;

  await alice.forges({
    type: 'raw',
    envelope: 'interactive',
    payload: { ...payload, user: { id: alice.id, team_id: 'T0STRANGER1' } },
  });

  await soon(() => expect(saidByResponseUrl(stage)).toContain(MEMBERS_ONLY));
  expect(callsOf(stage.workspace, 'views.open')).toHaveLength(opened);
  expect(actionsOf(stage)).toEqual(['action.refused']);
});

test.for([
  ['breaks', { status: 500 }],
  ['is cut off', { drop: true }],
  ['takes too long', { delayMs: 1500 }],
] as const)(
  'when users.info %s, the person is told so, nothing happens, and the next try works',
  async ([, fault]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    stage.workspace.faults.add({ method: 'users.info', ...fault });

    expect((await answerTo(alice, '/apitoken create')).text).toBe(NOT_TOLD);
    expect(callsOf(stage.workspace, 'views.open')).toEqual([]);

    expect((await opens(alice, '/apitoken create')).title).toBe('Create API Token');
    expect(actionsOf(stage)).toEqual([]);
  },
);

test('somebody whom Slack does not know is a stranger, until it does', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'users.info', error: 'user_not_found' });

  expect((await answerTo(alice, '/apitoken create')).text).toBe(MEMBERS_ONLY);
  expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
  expect(actionsOf(stage)).toEqual(['action.refused']);

  expect((await opens(alice, '/apitoken create')).title).toBe('Create API Token');
});

test('a submission of somebody whom Slack does not tell about keeps all that was typed', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  await alice.fills({ Purpose: 'the nightly build' });
  await clock.moveBy(MINUTE_MS);
  stage.workspace.faults.add({ method: 'users.info', status: 500 });

  await alice.submits();

  expect(alice.modal()?.errors).toEqual({ 'Token Name': NOT_TOLD });
  expect(alice.modal()?.inputs.map(({ value }) => value)).toEqual([
    'deploy-bot',
    'the nightly build',
    '90 days',
    undefined,
  ]);
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
});

test('a person is asked about once a minute, and at once when Slack tells of a change', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  const asked = () => callsOf(stage.workspace, 'users.info').length;

  await answerTo(alice, '/apitoken');
  await answerTo(alice, '/apitoken');
  expect(asked()).toBe(1);
  await clock.moveBy(MINUTE_MS - 1);
  await answerTo(alice, '/apitoken');
  expect(asked()).toBe(1);
  await clock.moveBy(1);
  await answerTo(alice, '/apitoken');
  expect(asked()).toBe(2);
  await stage.workspace.setPerson('alice', { is_restricted: true });

  expect((await answerTo(alice, '/apitoken')).text).toBe(MEMBERS_ONLY);
  expect(asked()).toBe(3);
});

test('a group is asked about once in five minutes, and at once when Slack tells of a change', async () => {
  const clock = aClock();
  const stage = await setStage({
    clock,
    workspace: await openWorkspace({ clock }),
    env: { ONCALL: 'S0ONCALL001' },
  });
  const { workspace } = stage;
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  await holdsToken(stage, workspace.person('alice'), 'alices-bot', { createdAt: T0 });
  const asked = () => callsOf(workspace, 'usergroups.users.list').length;
  const sees = async (person: typeof bob) =>
    (await answerTo(person, '/apitoken info alices-bot')).text !== NOT_FOUND;

  expect([await sees(bob), await sees(carol), asked()]).toEqual([true, false, 1]);
  await clock.moveBy(5 * MINUTE_MS - 1);
  expect([await sees(bob), asked()]).toEqual([true, 1]);
  await clock.moveBy(1);
  expect([await sees(bob), asked()]).toEqual([true, 2]);
  await workspace.setGroupMembers('oncall', ['carol']);
  expect([await sees(bob), await sees(carol), asked()]).toEqual([false, true, 3]);
  await workspace.setGroupDisabled('oncall', true);

  expect([await sees(bob), await sees(carol), asked()]).toEqual([false, false, 4]);
  workspace.expectRefusal('no_such_subteam');
});

test('on a plan without groups a group has nobody in it, and people who are named keep their role', async () => {
  const stage = await setStage({ env: { ONCALL: 'S0ONCALL001,U0CAROL0001' } });
  const { workspace } = stage;
  workspace.setFreePlan(true);
  await holdsToken(stage, workspace.person('alice'), 'alices-bot');

  expect((await answerTo(workspace.person('bob'), '/apitoken info alices-bot')).text).toBe(NOT_FOUND);
  expect((await answerTo(workspace.person('carol'), '/apitoken info alices-bot')).buttons).toEqual([
    'Revoke',
  ]);

  expect(callsOf(workspace, 'usergroups.users.list')).toHaveLength(1);
  workspace.expectRefusal('plan_upgrade_required');
});

test.for([
  ['a moment of trouble', { status: 500 }],
  ['a cut connection', { drop: true }],
  ['a limit', { status: 429, retryAfter: 1 }],
] as const)('on-call by a group is not shut out for five minutes by %s at Slack', async ([, fault]) => {
  const stage = await setStage({ env: { ONCALL: 'S0ONCALL001' } });
  const bob = stage.workspace.person('bob');
  await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
  stage.workspace.faults.add({ method: 'usergroups.users.list', ...fault });

  expect((await answerTo(bob, '/apitoken info alices-bot')).text).toBe(NOT_FOUND);

  expect((await answerTo(bob, '/apitoken info alices-bot')).buttons).toEqual(['Revoke']);
});

test('ten refusals of a person and hour are events, the others one count', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const gus = stage.workspace.person('gus');

  for (let attempt = 1; attempt <= 12; attempt++) await answerTo(gus, '/apitoken');
  expect(actionsOf(stage)).toEqual(Array.from({ length: 10 }, () => 'action.refused'));
  await clock.moveBy(HOUR_MS + SECOND_MS);
  await answerTo(gus, '/apitoken');

  expect(actionsOf(stage).slice(10)).toEqual(['refusals.counted', 'action.refused']);
});

function saidByResponseUrl(stage: Stage): string[] {
  return stage.workspace.traffic.flatMap((entry) =>
    entry.kind === 'response-url' ? [String(entry.args.text)] : [],
  );
}
