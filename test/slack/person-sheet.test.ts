import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { splitMetadata } from '../../src/slack/dialog-metadata.ts';
import { setStage } from '../fixture.ts';
import {
  actionsOf,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  holdsTokens,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  settled,
  soon,
  toldTo,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const PERSON_ONLY = 'Only on-call and admins can use /apitoken revoke @person.';
const ONCALL = { ONCALL: 'U0CAROL0001', TOKENS_PER_PERSON_MAX: '10000' };
/** Names that would mean something to Slack, if they were not only text. */
const HOSTILE = [
  '<!channel> now',
  '*bold* _it_ `code`',
  '<https://evil.example|click>',
  '<@U0BOB000001>',
  'a & b < c',
];

test('on-call ends all live tokens of a person at once: one reason, one message to the owner', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  const values: string[] = [];
  for (const name of HOSTILE) values.push((await holdsToken(stage, alice, name)).value);
  await settled(stage);

  const sheet = await opens(carol, '/apitoken revoke @alice', '#oncall');
  expect(sheet).toMatchObject({ title: 'Revoke API Token', submit: 'Revoke 5 tokens', close: 'Keep it' });
  expect(sheet.text).toContain(
    "Revoke @alice's 5 live tokens? Anything using the selected tokens stops working immediately. This can't be undone.",
  );
  expect(sheet.inputs).toMatchObject([
    { label: 'Tokens', kind: 'checkboxes', optional: true },
    { label: 'What happened?' },
    { label: 'Reason' },
  ]);
  expect(sheet.inputs[0]?.options.toSorted()).toEqual(HOSTILE.toSorted());
  expect(sheet.inputs[0]?.value).toEqual(sheet.inputs[0]?.options);
  await carol.fills({ Reason: 'laptop stolen' });
  await carol.submits();

  const card = await modalSaying(carol, '5 tokens revoked.');
  expect(await verdictsOf(stage, ...values)).toEqual([401, 401, 401, 401, 401]);
  await settled(stage);
  const [told, ...more] = toldTo(alice);
  expect(more).toEqual([]);
  expect(told?.raw.text).toBe(`<@${carol.id}> revoked 5 of your tokens.`);
  for (const name of HOSTILE) {
    expect(told?.text).toContain(name);
    expect(card.text).toContain(`${name} of @alice, never used`);
  }
  expect(told?.text).toContain('Reason: laptop stolen');
  expect(actionsOf(stage).filter((action) => action === 'token.revoked')).toHaveLength(5);
  for (const value of values) expectNeverSaid(value, stage);
});

test('what is not ticked stays live, and nothing ticked is an error at the field', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  const first = await holdsToken(stage, alice, 'first');
  const second = await holdsToken(stage, alice, 'second');
  await opens(carol, '/apitoken revoke @alice');

  await carol.fills({ Tokens: [], Reason: 'leaked' });
  await carol.submits();
  expect((await modalOf(carol)).errors).toEqual({ Tokens: 'Select at least one token, or choose Keep it.' });
  await carol.fills({ Tokens: ['second'] });
  await carol.submits();

  const card = await modalSaying(carol, 'second is revoked.');
  expect(card.text).toContain('@alice has 1 more live token.');
  expect(card.buttons).toContain('Show the other 1');
  expect(await verdictsOf(stage, first.value, second.value)).toEqual([200, 401]);
  await settled(stage);
  expect(toldTo(alice).map(({ raw }) => raw.text)).toEqual([`<@${carol.id}> revoked your token second.`]);
  await carol.clicks('Refresh', { in: 'modal' });
  await soon(() => expect(callsOf(stage.workspace, 'views.update')).toHaveLength(1));
  await carol.clicks('Show the other 1', { in: 'modal' });
  await modalSaying(carol, "Revoke @alice's");
});

test.for([['alice'], ['ALICE'], [' @Alice '], ['U0ALICE0001']] as const)(
  'ending more than ten takes the name of the person typed: "%s"',
  async ([typed]) => {
    const stage = await setStage({ env: ONCALL });
    const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
    await holdsTokens(stage, alice, 12, (number) => `bot ${number}`);
    const sheet = await opens(carol, '/apitoken revoke @alice');
    expect(sheet.inputs.map(({ label }) => label)).toEqual([
      'Tokens 1 to 10',
      'Tokens 11 to 12',
      'What happened?',
      'Reason',
      'Name of the person',
    ]);
    expect(sheet.inputs[4]?.hint).toBe('To revoke more than 10 tokens, type "alice".');

    await carol.fills({ Reason: 'left', 'Name of the person': 'bob' });
    await carol.submits();
    expect((await modalOf(carol)).errors).toEqual({
      'Name of the person': 'That isn\'t the name. To revoke more than 10 tokens, type "alice".',
    });
    expect(actionsOf(stage)).not.toContain('token.revoked');
    await carol.fills({ 'Name of the person': typed });
    await carol.submits();

    await modalSaying(carol, '12 tokens revoked.');
    expect(rowsOf(stage, 'select count(*) as live from tokens where revoked_at is null')).toEqual([
      { live: 0 },
    ]);
  },
);

test('the name is asked for also of a client that draws no field for it', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsTokens(stage, alice, 11, (number) => `bot ${number}`);
  const { id, values } = await opens(carol, '/apitoken revoke @alice');
  const state = { ...values, reason: { reason: { type: 'plain_text_input', value: 'x' } }, person_name: {} };

  const outcome = await carol.forges({ type: 'view_submission', id, state });

  expect(JSON.stringify(outcome)).toContain("That isn't the name.");
  expect(actionsOf(stage)).not.toContain('token.revoked');
});

test('of very many tokens the sheet takes the first 90, says how many there are and offers the others afterwards', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsTokens(stage, alice, 95, (number) => `bot ${number}`);

  const sheet = await opens(carol, '/apitoken revoke @alice');
  expect(sheet.text).toContain("Revoke 90 of @alice's 95 live tokens?");
  await carol.fills({ Reason: 'left', 'Name of the person': 'alice' });
  await carol.submits();
  const card = await modalSaying(carol, '90 tokens revoked.');
  expect(card.text).toContain('@alice has 5 more live tokens.');
  await carol.clicks('Show the other 5');
  await modalSaying(carol, "Revoke @alice's");
  await carol.fills({ Reason: 'left' });
  await carol.submits();

  await modalSaying(carol, '5 tokens revoked.');
  await settled(stage);
  expect(toldTo(alice)).toHaveLength(2);
  expect(rowsOf(stage, 'select count(*) as live from tokens where revoked_at is null')).toEqual([
    { live: 0 },
  ]);
});

test.for([
  ['@me', '/apitoken revoke @me'],
  ['a mention of oneself', '/apitoken revoke @bob'],
] as const)(
  'everybody ends several of their own tokens by %s, without a reason and told to nobody',
  async ([, typed]) => {
    const stage = await setStage();
    const bob = stage.workspace.person('bob');
    const { value } = await holdsToken(stage, bob, 'one');
    await holdsToken(stage, bob, 'two');

    const sheet = await opens(bob, typed);
    expect(sheet.inputs[1]).toMatchObject({ label: 'Reason', optional: true });
    await bob.submits();
    await modalSaying(bob, '2 tokens revoked.');
    await settled(stage);

    expect(await verdictsOf(stage, value)).toEqual([401]);
    expect(toldTo(bob)).toEqual([]);
  },
);

test.for([
  ['a member', {}, 'bob'],
  ['a manager', { MANAGERS: 'U0BOB000001' }, 'bob'],
] as const)('%s gets no sheet of somebody else, and it is noted', async ([, env, handle]) => {
  const stage = await setStage({ env });
  const other = stage.workspace.person(handle);
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  expect((await answerTo(other, '/apitoken revoke @alice')).text).toBe(PERSON_ONLY);
  expect((await answerTo(other, '/apitoken revoke @carol')).text).toBe(PERSON_ONLY);

  expect(actionsOf(stage).slice(2)).toEqual(['action.refused', 'action.refused']);
  expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
});

test.for([
  ['somebody without tokens', 'bob', "@bob has no live tokens, so there's nothing to revoke."],
  ['a bot', 'buildbot', "@buildbot has no live tokens, so there's nothing to revoke."],
  ['a stranger', 'sam', "@sam has no live tokens, so there's nothing to revoke."],
  ['oneself without tokens', 'carol', "You have no live tokens, so there's nothing to revoke."],
] as const)('revoking the tokens of %s says that there are none', async ([, handle, sentence]) => {
  const stage = await setStage({ env: ONCALL });

  expect((await answerTo(stage.workspace.person('carol'), `/apitoken revoke @${handle}`)).text).toBe(
    sentence,
  );
});

test('the tokens of somebody who is deactivated can be ended', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('mia'), 'left-behind');

  await opens(carol, '/apitoken revoke @mia');
  await carol.fills({ Reason: 'has left' });
  await carol.submits();
  await modalSaying(carol, 'left-behind is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
  await settled(stage);
  // Nobody is there to be told.
  expect(new Set(stage.workspace.takeRefusals().map(({ error }) => error))).toEqual(
    new Set(['user_disabled']),
  );
});

test('a sheet that is sent twice ends the tokens once and is answered alike', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsTokens(stage, alice, 3, (number) => `bot ${number}`);
  await opens(carol, '/apitoken revoke @alice', '#oncall');
  await carol.fills({ Reason: 'left' });
  await carol.submits();
  await modalSaying(carol, '3 tokens revoked.');

  const again = await carol.redelivers();
  await settled(stage);

  expect(JSON.stringify(again)).toContain('3 tokens revoked.');
  expect(actionsOf(stage).filter((action) => action === 'token.revoked')).toHaveLength(3);
  expect(toldTo(alice)).toHaveLength(1);
  expect(carol.sees('#oncall')).toEqual([]);
});

test('who loses the role between the sheet and its submission ends nothing', async () => {
  const stage = await setStage();
  const dave = stage.workspace.person('dave');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await opens(dave, '/apitoken revoke @alice');
  await dave.fills({ Reason: 'leaked' });

  await stage.workspace.setPerson('dave', { is_admin: false });
  await dave.submits();
  await modalSaying(dave, 'No token found');

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(auditOf(stage).at(-1)).toMatchObject({ actor: dave.id, action: 'action.refused' });
});

test('when Slack does not say who somebody is, nothing of the sheet is ended, and it can be sent again', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await opens(carol, '/apitoken revoke @alice');
  await carol.fills({ Reason: 'leaked' });
  stage.workspace.faults.add({ method: 'users.info', status: 500 });

  await carol.submits();
  await soon(() => expect(carol.modal()?.errors.Reason).toContain('Nothing was changed'));
  expect(await verdictsOf(stage, value)).toEqual([200]);
  await carol.submits();

  await modalSaying(carol, 'deploy-bot is revoked.');
});

test.for([
  ['the token of a third person', 'BOBS'],
  ['an id that no token has', 'tok_0000000000000000'],
  ['garbage', 'rm -rf'],
  ['a token of another workspace', 'ELSEWHERE'],
] as const)('a sheet that carries %s is refused as a whole', async ([, forged]) => {
  const stage = await setStage();
  const elsewhere = await setStage();
  const bob = stage.workspace.person('bob');
  const own = await holdsToken(stage, bob, 'bobs-own');
  const others = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
  const foreign = await holdsToken(elsewhere, elsewhere.workspace.person('bob'), 'elsewhere');
  const { id } = await opens(bob, '/apitoken revoke @me');
  const value = { BOBS: others.id, ELSEWHERE: foreign.id }[forged as string] ?? forged;
  const selected_options = [own.id, value].map((one) => ({
    text: { type: 'plain_text', text: 'x' },
    value: one,
  }));

  const outcome = await bob.forges({
    type: 'view_submission',
    id,
    state: { tokens_0: { tokens_0: { type: 'checkboxes', selected_options } } },
  });

  expect(JSON.stringify(outcome)).toContain('No token found');
  expect(await verdictsOf(stage, own.value, others.value)).toEqual([200, 200]);
  expect(actionsOf(stage).at(-1)).toBe('action.refused');
});

test('a forged sheet without a person ends nothing that the sender may not end', async () => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  const others = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
  await holdsToken(stage, bob, 'bobs-own');
  const { id } = await opens(bob, '/apitoken revoke @me');
  const selected_options = [{ text: { type: 'plain_text', text: 'x' }, value: others.id }];
  const held = `${Date.now()}.${'A'.repeat(22)}`;

  for (const metadata of ['{}', JSON.stringify({ held }), 'null', '{"person":5}']) {
    const outcome = await bob.forges({
      type: 'view_submission',
      id,
      private_metadata: metadata,
      state: {
        tokens_0: { tokens_0: { type: 'checkboxes', selected_options } },
        reason: { reason: { type: 'plain_text_input', value: 'forged' } },
      },
    });
    expect(JSON.stringify(outcome)).toMatch(/No token found|That value no longer works, or you entered it/);
  }
  expect(await verdictsOf(stage, others.value)).toEqual([200]);
});

test('the card stands in the dialog alone, and is shared where the sheet was asked for', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsTokens(stage, alice, 2, (number) => `bot ${number}`);
  await opens(carol, '/apitoken revoke @alice', '#no-app');
  await carol.fills({ Reason: 'left' });
  await carol.submits();

  const card = await modalSaying(carol, '2 tokens revoked.');
  expect(card.buttons).toEqual(['Refresh', 'It has stopped', 'Copy timeline', 'Share to channel']);
  await settled(stage);
  expect(carol.sees('#no-app')).toEqual([]);
  await carol.clicks('Share to channel', { in: 'modal' });
  await soon(() => expect(alice.sees('#no-app')).toHaveLength(1));
  await soon(() => expect(carol.modal()?.buttons).toContain('Shared to #no-app'));
});

test('other ticks in the same dialog are another wish: what the card says is revoked is revoked', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  const first = await holdsToken(stage, alice, 'first');
  const second = await holdsToken(stage, alice, 'second');
  const [low = '', high = ''] = [first.id, second.id].toSorted();
  const { id } = await opens(carol, '/apitoken revoke @alice');

  expect(await ticks(carol, id, low)).toContain(' is revoked.');
  expect(await ticks(carol, id, low, high)).toContain('2 tokens revoked.');

  expect(await verdictsOf(stage, first.value, second.value)).toEqual([401, 401]);
  expect(actionsOf(stage).filter((action) => action === 'token.revoked')).toHaveLength(2);
});

test('having values of a person tells nobody how many more tokens that person has', async () => {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const first = await holdsToken(stage, alice, 'first');
  const second = await holdsToken(stage, alice, 'second');
  await holdsToken(stage, alice, 'third');
  const ts = stage.workspace.post('#general', 'alice', { text: `${first.value} ${second.value}` });
  await bob.uses('Revoke token in message', ts);
  const { id } = await modalSaying(bob, 'first of @alice');
  const [opened] = callsOf(stage.workspace, 'views.open');
  const { private_metadata: drawn } = JSON.parse(String(opened?.args.view));
  const { own, origin } = splitMetadata(drawn);
  const private_metadata = `${JSON.stringify({ ...JSON.parse(own), person: alice.id })}#${origin}`;

  const outcome = await ticks(bob, id, first.id, { private_metadata });

  expect(outcome).toContain('first is revoked.');
  expect(outcome).not.toContain('more live token');
});

test('more than ten may be drawn: where ten stay ticked, no name is asked for', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsTokens(stage, alice, 11, (number) => `bot ${number}`);
  await opens(carol, '/apitoken revoke @alice');

  await carol.fills({ 'Tokens 11 to 11': [], Reason: 'leaked' });
  await carol.submits();

  await modalSaying(carol, '10 tokens revoked.');
});

test('the sheet of a person tells of each token what breaks with it', async () => {
  const stage = await setStage({ env: ONCALL });
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot', {
    purpose: 'deploys',
  });
  await verdictsOf(stage, value, value);
  await stage.restart();

  await opens(stage.workspace.person('carol'), '/apitoken revoke @alice');

  const [opened] = callsOf(stage.workspace, 'views.open');
  expect(JSON.stringify(opened?.args)).toContain(
    'last used moments ago · 2 uses in 24 h · deploys · from 127.0.0.1',
  );
});

test.for([
  ['one token', '/apitoken revoke first', 'The token is being revoked.', 'first is revoked.'],
  ['several', '/apitoken revoke @alice', '2 tokens are being revoked.', '2 tokens revoked.'],
] as const)(
  'where the database keeps the end of %s, the dialog says so and then what came of it',
  async ([, command, waiting, done]) => {
    const stage = await setStage({ env: ONCALL });
    const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
    await holdsToken(stage, alice, 'first');
    await holdsToken(stage, alice, 'second');
    await opens(carol, command, '#oncall');
    await carol.fills({ Reason: 'leaked' });
    const other = stage.look();
    other.exec('begin immediate');

    await carol.submits();
    expect(carol.modal()?.text).toContain(waiting);
    other.exec('rollback');

    await modalSaying(carol, done);
    await settled(stage);
    expect(carol.sees('#oncall')).toEqual([]);
    expect(stage.workspace.takeRefusals()).toEqual([]);
  },
);

test('what was refused only after a long wait is told in the dialog too', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsToken(stage, alice, 'first');
  await opens(carol, '/apitoken revoke first');
  await carol.fills({ Reason: 'leaked' });
  const other = stage.look();
  other.exec("begin immediate; update tokens set revoked_at = created_at, revoked_by = 'system'");

  await carol.submits();
  expect(carol.modal()?.text).toContain('The token is being revoked.');
  other.exec('commit');

  await modalSaying(carol, 'first is already revoked.');
});

/** Submits the dialog with these tokens ticked, whatever it draws; returns what it turns into. */
async function ticks(person: Person, id: string, ...given: (string | { private_metadata: string })[]) {
  const [ids, [carried = {}]] = [
    given.filter((one) => typeof one === 'string'),
    given.filter((one) => typeof one !== 'string'),
  ];
  const selected_options = ids.map((value) => ({ text: { type: 'plain_text', text: 'x' }, value }));
  const state = {
    tokens_0: { tokens_0: { type: 'checkboxes', selected_options } },
    reason: { reason: { type: 'plain_text_input', value: 'leaked' } },
  };
  return JSON.stringify(await person.forges({ type: 'view_submission', id, ...carried, state }));
}
