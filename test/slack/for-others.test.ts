import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  chores,
  holdsToken,
  idOf,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  toldTo,
  valuesSeenBy,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

const NOT_AN_OWNER = "This person can't own a token. Choose a full member of this workspace.";
const NOT_TOLD =
  "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";

test.for([
  ['a member', {}, 'alice', false],
  ['a manager', { MANAGERS: 'U0ALICE0001' }, 'alice', false],
  ['on-call', { ONCALL: 'U0ALICE0001' }, 'alice', false],
  ['a workspace admin', {}, 'dave', true],
  ['an admin by ADMINS', { ADMINS: 'U0ALICE0001' }, 'alice', true],
  ['a workspace admin where ADMINS names others', { ADMINS: 'U0ALICE0001' }, 'dave', false],
] as const)('the field Owner, for %s with %o and as %s, is there: %s', async ([, env, handle, isThere]) => {
  const { workspace } = await setStill(env);
  const person = workspace.person(handle);

  const { inputs } = await opens(person, '/apitoken create');

  const owner = inputs.find(({ label }) => label === 'Owner');
  expect(owner?.kind).toBe(isThere ? 'users_select' : undefined);
  if (isThere) expect(owner).toMatchObject({ value: `@${handle}`, optional: true });
});

test('a token for another waits for its owner, whose click alone makes a value, and the admin hears of it', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const dave = workspace.person('dave');

  const modal = await createsFor(dave, 'alice', 'deploy-bot');
  await settled(stage);

  expect(modal.title).toBe('Token created');
  expect(modal.text).toContain('deploy-bot');
  expect(modal.text).toContain("Only @alice can reveal its value. You'll hear when it's claimed.");
  expect(modal.text).toContain("If it isn't claimed within 7 days, it's revoked.");
  expect(modal.text).toContain('Expires: Apr 1, 2026 at 12:00 AM UTC');
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({
    owner: alice.id,
    created_by: dave.id,
    claimed_at: null,
  });
  expect(rowsOf(stage, 'select * from secrets')).toEqual([]);
  expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
  expect(dave.sees('@apitoken')).toEqual([]);
  const receipt = receiptOf(alice, 'deploy-bot');
  expect(receipt.text).toContain('Status\nunclaimed');
  expect(receipt.text).toContain("If you don't, it's revoked Jan 8, 2026.");
  expect(receipt.raw.text).toBe(
    `<@${dave.id}> created an API token for you. Choose Show value within 7 days.`,
  );
  expect(receipt.text).toContain('@dave created an API token for you. Choose Show value within 7 days.');
  expect(receipt.buttons).toEqual(['Show value', 'Decline']);

  await clock.moveBy(DAY_MS);
  const value = await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));
  await soon(() => expect(toldTo(dave)).toHaveLength(1));
  await settled(stage);

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(toldTo(dave)[0]?.text).toBe(
    '@alice claimed deploy-bot.\nOnly @alice can reveal its value. Expires: Apr 1, 2026 at 12:00 AM UTC',
  );
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nactive');
  expect(auditOf(stage).map(({ actor, action }) => [actor, action])).toEqual([
    [dave.id, 'token.created'],
    [alice.id, 'value.shown'],
  ]);
  expectShownOnlyTo(alice, value, stage);
  expect(JSON.stringify(workspace.snapshot('dave'))).not.toContain(value);
});

test('the admin may see the token and revoke it, but nothing of theirs makes a value', async () => {
  const { stage, workspace, alice } = await setStill();
  const dave = workspace.person('dave');
  await createsFor(dave, 'alice', 'deploy-bot');
  await dave.closes();
  const id = idOf(stage, 'deploy-bot');

  const info = await answerTo(dave, '/apitoken info deploy-bot');
  expect(info.buttons).toEqual(['Revoke']);
  const message = stage.workspace.post('#general', 'buildbot', { text: 'anything' });
  for (const actionId of [
    'show_value',
    'rotate_token',
    'issue_new_value',
    'refresh_receipt',
    'end_old_value',
  ]) {
    const answer = await answerIn(dave, '#general', async () => {
      await dave.forges({
        type: 'block_actions',
        action_id: actionId,
        value: id,
        from: { message },
      });
    });
    expect(answer.text, actionId).toContain('No token found.');
  }
  expect((await answerTo(dave, '/apitoken rotate deploy-bot')).text).toContain('No token found');

  expect(rowsOf(stage, 'select * from secrets')).toEqual([]);
  expect(valuesSeenBy(alice)).toEqual([]);
  expect(auditOf(stage).filter(({ action }) => action === 'action.refused')).toHaveLength(6);
});

test('choosing oneself, or nobody, is a token of one’s own', async () => {
  const { stage, workspace } = await setStill();
  const dave = workspace.person('dave');

  for (const [name, owner] of [
    ['chosen', 'dave'],
    ['emptied', ''],
  ] as const) {
    await opens(dave, `/apitoken create ${name}`);
    await dave.fills({ Owner: owner });
    await shownBy(dave, () => dave.submits());
    await dave.closes();
    expect(tokenRow(stage, name)).toMatchObject({ owner: dave.id, created_by: dave.id });
  }
});

test.for([
  ['a bot', 'buildbot', {}],
  ['Slackbot', 'slackbot', {}],
  ['a guest', 'gus', {}],
  ['a stranger of another workspace', 'sam', {}],
  ['somebody deactivated', 'mia', {}],
] as const)(
  '%s cannot be made an owner: refused under the field, and all that was typed stays',
  async ([, handle]) => {
    const { stage, workspace } = await setStill();
    const dave = workspace.person('dave');
    await opens(dave, '/apitoken create deploy-bot 7d');
    await dave.fills({ Purpose: 'nightly', Owner: handle });

    await dave.submits();

    const modal = await modalOf(dave);
    expect(modal.errors).toEqual({ Owner: NOT_AN_OWNER });
    expect(modal.inputs.map(({ value }) => value)).toEqual([
      'deploy-bot',
      'nightly',
      '7 days',
      undefined,
      [],
      `@${handle}`,
    ]);
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
    expect(callsOf(workspace, 'chat.postMessage')).toEqual([]);
  },
);

test('a guest can be made an owner where guests may use the app', async () => {
  const { stage, workspace } = await setStill({ ALLOW_GUESTS: 'true' });

  await createsFor(workspace.person('dave'), 'gus', 'deploy-bot');
  await settled(stage);

  expect(receiptOf(workspace.person('gus'), 'deploy-bot').buttons).toEqual(['Show value', 'Decline']);
});

test.for([
  ['Slackbot', 'USLACKBOT'],
  ['a person that is none', 'U0NOBODY001'],
  ['what is no id', '<!channel>'],
] as const)(
  '%s as an owner, from a client that offers it, is refused and changes nothing',
  async ([, ownerId]) => {
    const { stage, workspace } = await setStill();
    const dave = workspace.person('dave');
    const { id } = await opens(dave, '/apitoken create');

    const outcome = await dave.forges({ type: 'view_submission', id, state: stateFor(ownerId) });
    workspace.takeRefusals();

    expect(outcome).toMatchObject({ body: { response_action: 'errors', errors: { owner: NOT_AN_OWNER } } });
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
  },
);

test.for([
  ['a member', {}],
  ['a manager', { MANAGERS: 'U0BOB000001' }],
  ['on-call', { ONCALL: 'U0BOB000001' }],
] as const)(
  '%s who forges the field is refused, with an audit event, and nothing is changed',
  async ([, env]) => {
    const { stage, workspace, alice } = await setStill(env);
    const bob = workspace.person('bob');
    const { id } = await opens(bob, '/apitoken create');

    const outcome = await bob.forges({ type: 'view_submission', id, state: stateFor(alice.id) });

    expect(outcome).toMatchObject({ acked: true, body: { response_action: 'errors' } });
    expect(auditOf(stage)).toEqual([{ actor: bob.id, action: 'action.refused', tokenId: null }]);
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
    expect(alice.sees('@apitoken')).toEqual([]);
  },
);

test('who creates it and whose it shall be are both asked about anew when it is sent off', async () => {
  const { workspace, alice } = await setStill();
  const dave = workspace.person('dave');
  await answerTo(alice, '/apitoken list');
  await opens(dave, '/apitoken create deploy-bot');
  await dave.fills({ Owner: 'alice' });
  const before = callsOf(workspace, 'users.info').length;

  await dave.submits();

  await modalSaying(dave, 'can reveal its value.');
  const asked = callsOf(workspace, 'users.info')
    .slice(before)
    .map(({ args }) => args.user);
  expect(asked.sort()).toEqual([alice.id, dave.id].sort());
});

test.for([
  ['about one of both', 1],
  ['about either', 2],
] as const)(
  'where Slack does not tell %s, nothing is changed and all that was typed stays',
  async ([, times]) => {
    const { stage, workspace } = await setStill();
    const dave = workspace.person('dave');
    await opens(dave, '/apitoken create deploy-bot');
    await dave.fills({ Owner: 'alice' });
    workspace.faults.add({ method: 'users.info', status: 500, times });

    await dave.submits();

    expect((await modalOf(dave)).errors).toEqual({ Owner: NOT_TOLD });
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
    await dave.submits();
    await modalSaying(dave, 'can reveal its value.');
  },
);

test('the limit of live tokens is the owner’s, and the one of a day the admin’s', async () => {
  const { stage, workspace, alice, clock } = await setStill({
    TOKENS_PER_PERSON_MAX: '1',
    CREATIONS_PER_DAY_MAX: '2',
  });
  const dave = workspace.person('dave');
  await holdsToken(stage, dave, 'daves', { createdAt: clock() - 2 * DAY_MS });
  await createsFor(dave, 'alice', 'first');
  await dave.closes();

  await opens(dave, '/apitoken create second');
  await dave.fills({ Owner: 'alice' });
  await dave.submits();
  expect((await modalOf(dave)).errors).toEqual({
    Owner: 'This person has 1 live token, the limit here. One must be revoked first.',
  });
  await dave.fills({ Owner: 'bob' });
  await dave.submits();
  await modalSaying(dave, 'can reveal its value.');
  await dave.closes();
  await opens(dave, '/apitoken create third');
  await dave.fills({ Owner: 'carol' });
  await dave.submits();

  expect(Object.values((await modalOf(dave)).errors)).toEqual([
    "You've created 2 tokens in 24 hours, the limit here. Try again later.",
  ]);
  expect(alice.sees('@apitoken').length).toBeLessThanOrEqual(1);
});

test('what nobody took after 7 days the app revokes, and the owner and the admin are told', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const dave = workspace.person('dave');
  await createsFor(dave, 'alice', 'deploy-bot');
  await settled(stage);

  await clock.moveBy(7 * DAY_MS - 1);
  await chores(stage);
  expect(tokenRow(stage, 'deploy-bot').revoked_at).toBeNull();
  await clock.moveBy(1);
  await chores(stage);
  await chores(stage);

  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({
    revoked_at: T0 + 7 * DAY_MS,
    revoked_by: 'system',
    revoke_reason: 'never claimed',
  });
  expect(toldTo(alice).map(({ text }) => text)).toEqual([
    [
      "Your token deploy-bot was revoked: you didn't claim it within 7 days.",
      'Date Revoked: Jan 8, 2026 at 12:00 AM UTC',
    ].join('\n'),
  ]);
  expect(toldTo(dave).map(({ text }) => text)).toEqual([
    [
      "@alice didn't claim deploy-bot within 7 days, so it was revoked.",
      "It never had a value. If it's still needed, create it again.",
      'Date Revoked: Jan 8, 2026 at 12:00 AM UTC',
    ].join('\n'),
  ]);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Revoked by apitoken.');
  expect((await answerTo(alice, '/apitoken history deploy-bot')).text).toContain(
    'apitoken revoked it “never claimed”',
  );
  expect(actionsOf(stage)).toEqual(['token.created', 'token.revoked']);
});

test.for([
  ['Decline', async (alice: Person) => alice.clicks('Decline', { in: '@apitoken' })],
  [
    'revokes it by command',
    async (alice: Person) => {
      await opens(alice, '/apitoken revoke deploy-bot');
      await alice.submits();
      await modalSaying(alice, 'deploy-bot is revoked.');
    },
  ],
] as const)(
  'the admin hears that its owner declines a token (%s), and its owner, who did, is told nothing',
  async ([, declines]) => {
    const { stage, workspace, alice } = await setStill();
    const dave = workspace.person('dave');
    await createsFor(dave, 'alice', 'deploy-bot');
    await settled(stage);
    const claim = receiptOf(alice, 'deploy-bot');
    expect(claim.text).toContain('@dave created an API token for you. Choose Show value within 7 days.');
    expect(claim.raw.text).toBe(
      `<@${dave.id}> created an API token for you. Choose Show value within 7 days.`,
    );
    expect(claim.buttons).toEqual(['Show value', 'Decline']);

    await declines(alice);
    await soon(() => expect(toldTo(dave)).toHaveLength(1));
    await alice.redelivers();
    await settled(stage);

    expect(toldTo(dave).map(({ text }) => text)).toEqual([
      [
        '@alice declined deploy-bot.',
        "It's revoked. It never had a value.",
        'Date Revoked: Jan 1, 2026 at 12:00 AM UTC',
      ].join('\n'),
    ]);
    expect(alice.sees('@apitoken')).toHaveLength(1);
    expect(receiptOf(alice, 'deploy-bot')).toMatchObject({ buttons: [] });
    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoked_by: alice.id });
    expect(actionsOf(stage)).toEqual(['token.created', 'token.revoked']);
  },
);

test('a token that its owner claimed cannot be declined, though a receipt of before still offers it', async () => {
  const { stage, workspace, alice } = await setStill();
  await createsFor(workspace.person('dave'), 'alice', 'deploy-bot');
  await settled(stage);
  const { ts } = receiptOf(alice, 'deploy-bot');
  const value = await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));
  await settled(stage);

  const answer = await answerIn(alice, '@apitoken', async () => {
    await alice.forges({
      type: 'block_actions',
      action_id: 'decline_token',
      block_id: 'receipt:0',
      value: idOf(stage, 'deploy-bot'),
      from: { message: ts },
    });
  });

  expect(answer.text).toContain('was changed in the meantime, so nothing was done.');
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a token that was taken is not revoked for being old', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  await createsFor(workspace.person('dave'), 'alice', 'deploy-bot');
  await settled(stage);
  await clock.moveBy(7 * DAY_MS - 1);
  const value = await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').claimed_at).not.toBeNull());

  await clock.moveBy(DAY_MS);
  await chores(stage);

  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a token for another that is never shown, since Slack refuses, stays unclaimed and offers its value again', async () => {
  const { stage, workspace, alice } = await setStill();
  await createsFor(workspace.person('dave'), 'alice', 'deploy-bot');
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', error: 'user_not_in_channel' });

  const answer = await answerIn(alice, '@apitoken', () => alice.clicks('Show value', { in: '@apitoken' }));
  await settled(stage);

  expect(answer.text).toBe(
    "Slack can't find your direct messages with apitoken. Open them and send any message.",
  );
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Choose Show value to try again.');
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Decline']);
  expect(toldTo(workspace.person('dave'))).toEqual([]);
});

test('the redelivered submission of an admin makes one token and gets the first answer', async () => {
  const { stage, workspace } = await setStill();
  const dave = workspace.person('dave');
  await createsFor(dave, 'alice', 'deploy-bot');

  const again = await dave.redelivers();

  expect(JSON.stringify(again)).toContain('can reveal its value.');
  expect(actionsOf(stage)).toEqual(['token.created']);
});

/** Creates a token for somebody else, and returns what the dialog turned into. */
async function createsFor(admin: Person, owner: string, name: string) {
  await opens(admin, `/apitoken create ${name}`);
  await admin.fills({ Owner: owner });
  await admin.submits();
  return modalSaying(admin, 'can reveal its value.');
}

/** What a client sends for deploy-bot with this owner. */
function stateFor(ownerId: string) {
  return {
    name: { name: { type: 'plain_text_input', value: 'deploy-bot' } },
    lifetime: { lifetime: { type: 'static_select', selected_option: { value: '7' } } },
    owner: { owner: { type: 'users_select', selected_user: ownerId } },
  };
}
