import { expect, test } from 'vitest';
import { SEED } from '../../sandbox/seed.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { answerTo, holdsToken, modalOf, modalSaying, opens, rowsOf, settled, verdictsOf } from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const SHORTCUT = 'Revoke token in message';
const COMMON = ['Leaked', 'No longer needed', 'Owner left', 'Security incident'];
const NEEDED = 'Choose or type a reason. The owner sees it.';
const ONCALL = { ONCALL: 'U0CAROL0001' };

/** The person, with how often they did something in Slack. */
function counting(person: Person) {
  let count = 0;
  return {
    uses: (...args: Parameters<Person['uses']>) => {
      count++;
      return person.uses(...args);
    },
    submits: () => {
      count++;
      return person.submits();
    },
    interactions: () => count,
  };
}

test.for([
  ['a member who is not on call, of a token of somebody else', 'bob'],
  ['on-call, of a token of somebody else', 'carol'],
  ['the owner', 'alice'],
] as const)('from a leaked message to 401 it is two interactions for %s', async ([, handle]) => {
  const stage = await setStage({ env: ONCALL });
  const person = stage.workspace.person(handle);
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const ts = stage.workspace.post('#general', 'alice', { text: `oops: ${value}` });
  const hand = counting(person);

  await hand.uses(SHORTCUT, ts);
  await modalOf(person);
  await hand.submits();

  await modalSaying(person, 'deploy-bot is revoked.');
  expect(hand.interactions()).toBe(2);
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(reasonsIn(stage)).toEqual(['Leaked in #general']);
});

test('several values in one message end by two interactions too', async () => {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const values = [
    (await holdsToken(stage, alice, 'first')).value,
    (await holdsToken(stage, bob, 'second')).value,
  ];
  const ts = stage.workspace.post('#oncall', 'alice', { text: values.join(' ') });
  const hand = counting(bob);

  await hand.uses(SHORTCUT, ts);
  await modalOf(bob);
  await hand.submits();

  await modalSaying(bob, '2 tokens revoked.');
  expect(hand.interactions()).toBe(2);
  expect(await verdictsOf(stage, ...values)).toEqual([401, 401]);
  expect(reasonsIn(stage)).toEqual(['Leaked in #oncall', 'Leaked in #oncall']);
});

test.for([
  [
    'a private channel',
    { id: 'C0SECRET001', name: 'layoffs', isPrivate: true },
    'Leaked in a private channel',
  ],
  ['a private channel of old', { id: 'G0SECRET001', name: 'layoffs' }, 'Leaked in a private channel'],
  [
    'a conversation of several people',
    { id: 'G0GROUP0001', name: 'mpdm-alice--bob-1' },
    'Leaked in a group direct message',
  ],
  ['a conversation of two', { id: 'D0ALICEBOB1', name: 'directmessage' }, 'Leaked in a direct message'],
  ['a public channel', { id: 'C0PUBLIC001', name: 'équipe_produit' }, 'Leaked in #équipe_produit'],
] as const)('the reason names no place that is not public: %s', async ([, place, reason]) => {
  const channels = [...SEED.channels, { ...place, members: ['alice', 'bob'], appIsMember: false }];
  const workspace = await openWorkspace({ seed: { ...SEED, channels } });
  const stage = await setStage({ workspace });
  const [alice, bob] = [workspace.person('alice'), workspace.person('bob')];
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await bob.uses(SHORTCUT, workspace.post(`#${place.name}`, 'alice', { text: value }));

  expect((await modalOf(bob)).inputs.at(-1)).toMatchObject({ label: 'Reason', value: reason });
  await bob.submits();
  await modalSaying(bob, 'deploy-bot is revoked.');
  expect(reasonsIn(stage)).toEqual([reason]);
});

test.for([
  ['chosen', { 'What happened?': 'Security incident' }, 'Security incident'],
  ['typed', { Reason: 'laptop stolen' }, 'laptop stolen'],
  [
    'chosen and typed',
    { 'What happened?': 'Security incident', Reason: 'laptop stolen' },
    'Security incident: laptop stolen',
  ],
  [
    'chosen, and typed once more',
    { 'What happened?': 'Leaked', Reason: 'leaked on GitHub' },
    'leaked on GitHub',
  ],
] as const)('a reason may be %s, and reads the same wherever it is told', async ([, filling, reason]) => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsToken(stage, alice, 'deploy-bot');

  const modal = await opens(carol, '/apitoken revoke deploy-bot');
  expect(modal.inputs).toMatchObject([
    { label: 'What happened?', kind: 'static_select', value: undefined, options: COMMON },
    { label: 'Reason', kind: 'plain_text_input', value: undefined },
  ]);
  await carol.fills(filling);
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  await settled(stage);

  expect(reasonsIn(stage)).toEqual([reason]);
  expect(alice.reads('@apitoken')).toContain(`Reason: ${reason}`);
  expect((await answerTo(carol, '/apitoken info deploy-bot')).text).toContain(`Reason: ${reason}`);
  expect((await answerTo(carol, '/apitoken history deploy-bot')).text).toContain(reason);
});

test.for([
  ['one token', '/apitoken revoke first'],
  ['all of a person', '/apitoken revoke @alice'],
] as const)('without any reason nothing ends, and with a value in it neither: %s', async ([, command]) => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  const { value } = await holdsToken(stage, alice, 'first');
  const leaked = TokenValue.generate('apit').reveal();
  await opens(carol, command);

  await carol.submits();
  expect((await modalOf(carol)).errors).toEqual({ Reason: NEEDED });
  await carol.fills({ 'What happened?': 'Leaked', Reason: `it is ${leaked}` });
  await carol.submits();
  expect((await modalOf(carol)).errors.Reason).toContain('This looks like a token value. It was not saved.');
  expect((await modalOf(carol)).inputs.slice(-2)).toMatchObject([
    { value: 'Leaked' },
    { value: `it is ${leaked}` },
  ]);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  await carol.fills({ Reason: '' });
  await carol.submits();

  await modalSaying(carol, 'first is revoked.');
  expect(reasonsIn(stage)).toEqual(['Leaked']);
  expectNeverSaid(leaked, stage);
});

test('a choice that the dialog does not offer is none', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const { id } = await opens(carol, '/apitoken revoke deploy-bot');
  const option = { text: { type: 'plain_text', text: 'x' }, value: 'because' } as const;
  const state = { common_reason: { common_reason: { type: 'static_select', selected_option: option } } };

  const outcome = await carol.forges({ type: 'view_submission', id, state });

  expect(outcome).toMatchObject({ body: { errors: { reason: NEEDED } } });
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('all tokens of somebody who is deactivated end because their owner left', async () => {
  const stage = await setStage({ env: ONCALL });
  const [carol, mia] = [stage.workspace.person('carol'), stage.workspace.person('mia')];
  await holdsToken(stage, mia, 'left-behind');

  const sheet = await opens(carol, '/apitoken revoke @mia');
  expect(sheet.inputs[1]).toMatchObject({ label: 'What happened?', value: 'Owner left' });
  await carol.submits();
  await modalSaying(carol, 'left-behind is revoked.');
  await settled(stage);
  stage.workspace.takeRefusals();

  expect(reasonsIn(stage)).toEqual(['Owner left']);
});

test('for tokens of one’s own a reason is asked in one field, and may stay empty', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'first');
  await holdsToken(stage, alice, 'second');

  const one = await opens(alice, '/apitoken revoke first');
  expect(one.inputs.map(({ label }) => label)).toEqual(['Reason']);
  await alice.closes();
  const all = await opens(alice, '/apitoken revoke @me');
  expect(all.inputs.map(({ label }) => label)).toEqual(['Tokens', 'Reason']);
  await alice.submits();

  await modalSaying(alice, '2 tokens revoked.');
  expect(reasonsIn(stage)).toEqual([null, null]);
});

function reasonsIn(stage: Stage): unknown[] {
  return rowsOf(stage, 'select revoke_reason from tokens').map(({ revoke_reason: reason }) => reason);
}

const CHANNEL = { id: 'C0PUBLIC001', name: 'team' };
const PRIVATE = { id: 'C0SECRET001', name: 'layoffs', isPrivate: true };
const GROUP = { id: 'G0GROUP0001', name: 'mpdm-alice--bob-1' };
const DIRECT = { id: 'D0ALICEBOB1', name: 'directmessage' };

test.for([
  ['somebody else’s in a channel', CHANNEL, 'alice', 'Ask @alice or a workspace admin to delete it.'],
  ['one’s own', CHANNEL, 'bob', 'You posted it, so you can delete it.'],
  ['an app’s', CHANNEL, 'buildbot', '@buildbot posted it. Ask a workspace admin to delete it.'],
  ['in a private channel', PRIVATE, 'alice', 'Ask @alice or a workspace admin in that channel to delete it.'],
  ['in a group of people', GROUP, 'alice', 'Ask @alice to delete it. Nobody else can.'],
  ['in a direct message', DIRECT, 'alice', 'Ask @alice to delete it. Nobody else can.'],
  ['one’s own in a direct message', DIRECT, 'bob', 'You posted it, so you can delete it.'],
  [
    'an app’s in a direct message',
    DIRECT,
    'buildbot',
    '@buildbot posted it. Ask whoever runs that app to delete it.',
  ],
] as const)(
  'whoever ended a value in a message hears who can delete it: %s',
  async ([, place, poster, who]) => {
    const channels = [
      ...SEED.channels,
      { ...place, members: ['alice', 'bob', 'buildbot'], appIsMember: false },
    ];
    const workspace = await openWorkspace({ seed: { ...SEED, channels } });
    const stage = await setStage({ workspace });
    const bob = workspace.person('bob');
    const { value } = await holdsToken(stage, workspace.person('alice'), 'deploy-bot');
    await bob.uses(SHORTCUT, workspace.post(`#${place.name}`, poster, { text: value }));
    await modalOf(bob);

    await bob.submits();
    const result = await modalSaying(bob, 'deploy-bot is revoked.');

    expect(result.text).toContain(`Now delete the message\n${who}`);
    await bob.clicks('Refresh', { in: 'modal' });
    await settled(stage);
    expect((await modalOf(bob)).text).toContain(`Now delete the message\n${who}`);
  },
);
