import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  rowsOf,
  setStill,
  settled,
  shownBy,
  soon,
} from './flows.ts';
import { expectNotKept } from './leaks.ts';

const LAPSED =
  'Nothing was changed. That value no longer works, or you entered it over 30 minutes ago. Enter it again.';
const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const WHY = 'Choose or type a reason. The owner sees it.';

test.for([
  ['on-call, by name', { ONCALL: 'U0CAROL0001' }, 'carol', 'NAME'],
  ['on-call, by id', { ONCALL: 'U0CAROL0001' }, 'carol', 'ID'],
  ['a member of the on-call group', { ONCALL: 'S0ONCALL001' }, 'bob', 'NAME'],
  ['a workspace admin', {}, 'dave', 'NAME'],
  ['an admin by ADMINS', { ADMINS: 'U0CAROL0001' }, 'carol', 'NAME'],
  ['an admin by a group in ADMINS', { ADMINS: 'S0ONCALL001' }, 'bob', 'NAME'],
  ['any member who holds the value', {}, 'carol', 'VALUE'],
] as const)(
  '%s revokes a token of somebody else, with a reason that its owner is told',
  async ([, env, handle, by]) => {
    const clock = aClock();
    const stage = await setStage({ env, clock, workspace: await openWorkspace({ clock }) });
    const alice = stage.workspace.person('alice');
    const other = stage.workspace.person(handle);
    const { id, value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    const typed = { NAME: 'deploy-bot', ID: id, VALUE: value }[by];

    const modal = await opens(other, `/apitoken revoke ${typed}`);
    expect(modal.text).toContain("Revoke @alice's deploy-bot? Never used.");
    expect(modal.inputs).toMatchObject([{ label: 'What happened?' }, { label: 'Reason', value: undefined }]);
    await other.fills({ Reason: 'it is in a public <repository>' });
    await other.submits();
    await modalSaying(other, 'deploy-bot is revoked.');

    expect((await stage.verify(value)).status).toBe(401);
    await settled(stage);
    const told = alice.sees('@apitoken').find(({ text }) => text.includes('revoked your token'));
    expect(told?.text).toBe(
      [
        `@${handle} revoked your token deploy-bot.`,
        'Anything using it has stopped working.',
        'Date Revoked: Jan 1, 2026 at 12:00 AM UTC',
        'Reason: it is in a public <repository>',
      ].join('\n'),
    );
    expect(told?.raw.text).toBe(`<@${other.id}> revoked your token deploy-bot.`);
    expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
    expect(auditOf(stage).at(-1)).toEqual({ actor: other.id, action: 'token.revoked', tokenId: id });
    expectNotKept(value, stage);
  },
);

test.for([
  ['only spaces', '  ', WHY],
  ['blank Braille cells', '\u2800\u2800', WHY],
  ['a Hangul filler', '\u3164', WHY],
  ['a zero-width space', '\u200b', WHY],
  ['marks on no letter', '\u0301', WHY],
  [
    'text that is turned around',
    'kaelno \u202ereason',
    'This contains U+202E RIGHT-TO-LEFT OVERRIDE, which can hide or change other text. Remove it.',
  ],
] as const)('a reason of %s is none, and nothing is revoked', async ([, reason, sentence]) => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: reason });
  await dave.submits();

  expect((await modalOf(dave)).errors).toEqual({ Reason: sentence });
  expect((await stage.verify(value)).status).toBe(200);
});

test('a reason is required also from a client that does not ask for one', async () => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const { id } = await opens(dave, '/apitoken revoke deploy-bot');

  const outcome = await dave.forges({ type: 'view_submission', id, state: {} });

  expect(outcome).toMatchObject({ body: { response_action: 'errors', errors: { reason: WHY } } });
  expect((await stage.verify(value)).status).toBe(200);
});

test.for([
  ['a member', {}, 'bob'],
  ['a manager', { MANAGERS: 'U0BOB000001' }, 'bob'],
  ['a workspace admin where ADMINS names others', { ADMINS: 'U0CAROL0001' }, 'dave'],
] as const)(
  '%s cannot revoke a token of somebody else, and hears what they would of one that does not exist',
  async ([, env, handle]) => {
    const stage = await setStage({ env });
    const other = stage.workspace.person(handle);
    const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

    for (const typed of ['deploy-bot', id, 'no-such-bot', 'tok_0000000000000000']) {
      expect((await answerTo(other, `/apitoken revoke ${typed}`)).text, typed).toBe(NOT_FOUND);
    }

    expect((await stage.verify(value)).status).toBe(200);
    expect(auditOf(stage).slice(2)).toEqual([
      { actor: other.id, action: 'action.refused', tokenId: id },
      { actor: other.id, action: 'action.refused', tokenId: id },
    ]);
  },
);

test('the value is proof for half an hour, for who presented it', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const bob = stage.workspace.person('bob');
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot', { createdAt: T0 });
  const earlier = await opens(carol, `/apitoken revoke ${value}`);
  await clock.moveBy(1);
  const { id, blocks } = await opens(bob, `/apitoken revoke ${value}`);
  expect(JSON.stringify(blocks)).not.toContain(value);
  const reason = { reason: { reason: { type: 'plain_text_input', value: 'leaked' } } };

  const byCarol = await carol.forges({ type: 'view_submission', id, state: reason });
  expect(JSON.stringify(byCarol)).toContain(LAPSED);
  // The app's time never goes back: her half hour is over by a millisecond, and his is just not.
  await clock.moveBy(30 * MINUTE_MS);
  const tooLate = await carol.forges({ type: 'view_submission', id: earlier.id, state: reason });
  expect(JSON.stringify(tooLate)).toContain(LAPSED);
  expect((await stage.verify(value)).status).toBe(200);
  await bob.fills({ Reason: 'leaked' });
  await bob.submits();

  await modalSaying(bob, 'deploy-bot is revoked.');
  expect((await stage.verify(value)).status).toBe(401);
});

test.for([
  ['rotated, and it ended with that', { 'Old value ends': 'Now' }],
  ['rotated, and its grace was ended before its time', { 'Old value ends': 'In 1 hour' }],
  ['replaced, since it was never used', 'Issue new value'],
] as const)('a value proves nothing any more once its token was %s', async ([, how]) => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  await opens(bob, `/apitoken revoke ${old}`);
  await bob.fills({ Reason: 'leaked' });
  const fresh =
    how === 'Issue new value'
      ? await shownBy(alice, () => alice.clicks(how, { in: '@apitoken' }))
      : await rotates(stage, alice, 'deploy-bot', how);
  await settled(stage);
  const end = 'End old value now';
  if (receiptOf(alice, 'deploy-bot').buttons.includes(end)) await alice.clicks(end, { in: '@apitoken' });
  await soon(async () => expect((await stage.verify(old)).status).toBe(401));

  await bob.submits();

  await modalSaying(bob, LAPSED);
  expect((await stage.verify(fresh)).status).toBe(200);
  expect(auditOf(stage).at(-1)).toMatchObject({ actor: bob.id, action: 'action.refused' });
});

test('an old value whose grace still runs is proof, and so is the new one', async () => {
  const { stage, alice, workspace } = await setStill();
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(bob, `/apitoken revoke ${old}`);
  const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 1 hour' });
  await opens(carol, `/apitoken revoke ${fresh}`);
  await bob.fills({ Reason: 'leaked' });
  await carol.fills({ Reason: 'leaked' });

  await bob.submits();

  await modalSaying(bob, 'deploy-bot is revoked.');
  // There is nothing left to end, and that is what the other one is told.
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is already revoked.');
});

test('of two people who revoke at once one does it, and the other is told that it is done', async () => {
  const stage = await setStage({ env: { ONCALL: 'U0CAROL0001' } });
  const dave = stage.workspace.person('dave');
  const carol = stage.workspace.person('carol');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  for (const person of [dave, carol]) {
    await opens(person, '/apitoken revoke deploy-bot');
    await person.fills({ Reason: `${person.handle} saw it leak` });
  }

  await Promise.all([dave.submits(), carol.submits()]);
  await settled(stage);

  const texts = [dave, carol].map((person) => person.modal()?.text.split('\n')[0]).sort();
  expect(texts).toEqual([
    'deploy-bot is already revoked. Nothing more to do.',
    'deploy-bot is revoked. Anything using it has stopped working.',
  ]);
  expect(actionsOf(stage).filter((action) => action === 'token.revoked')).toHaveLength(1);
  const alice = stage.workspace.person('alice');
  expect(alice.sees('@apitoken').filter(({ text }) => text.includes('revoked your token'))).toHaveLength(1);
});

test('who loses the role between opening the dialog and submitting it revokes nothing', async () => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'leaked' });

  await stage.workspace.setPerson('dave', { is_admin: false });
  await dave.submits();

  expect((await modalSaying(dave, 'No token found')).title).toBe('Revoke API Token');
  expect((await stage.verify(value)).status).toBe(200);
  expect(actionsOf(stage).at(-1)).toBe('action.refused');
});

test('who revokes a token of somebody else is asked about anew at that moment, and for their own is not', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const dave = stage.workspace.person('dave');
  await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot', { createdAt: T0 });
  await holdsToken(stage, dave, 'daves-bot', { createdAt: T0 });
  const asked = () =>
    callsOf(stage.workspace, 'users.info').filter(({ args }) => args.user === dave.id).length;

  await opens(dave, '/apitoken revoke daves-bot');
  await dave.submits();
  await modalSaying(dave, 'daves-bot is revoked.');
  expect(asked()).toBe(1);
  await dave.closes();
  await opens(dave, '/apitoken revoke alices-bot');
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, 'alices-bot is revoked.');

  expect(asked()).toBe(2);
});

test('when Slack does not say who somebody is, nothing of somebody else is changed, and all that was typed stays sendable', async () => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'leaked' });
  stage.workspace.faults.add({ method: 'users.info', status: 500 });

  await dave.submits();

  const sentence =
    "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";
  await soon(() => expect(JSON.stringify(dave.modal())).toContain(sentence));
  expect((await stage.verify(value)).status).toBe(200);
  expect(dave.modal()?.inputs[1]).toMatchObject({ label: 'Reason', value: 'leaked', error: sentence });
  await dave.submits();
  await modalSaying(dave, 'deploy-bot is revoked.');
  expect(rowsOf(stage, 'select revoke_reason from tokens')).toEqual([{ revoke_reason: 'leaked' }]);
});
