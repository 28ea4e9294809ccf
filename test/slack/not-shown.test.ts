import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { type Stage, setStage, valueSeenBy } from '../fixture.ts';
import {
  actionsOf,
  answerIn,
  auditOf,
  callsOf,
  idOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
  valueIn,
} from './flows.ts';
import { expectKeptAsHash } from './leaks.ts';

const NO_WRITING = "apitoken can't message you. Ask an admin to install it again.";
const NO_CONVERSATION =
  "Slack can't find your direct messages with apitoken. Open them and send any message.";
const UNKNOWN = "Slack didn't confirm that it showed the value, so that value doesn't work.";

test.for([
  [
    'messages_tab_disabled',
    { error: 'messages_tab_disabled' },
    "Slack doesn't let apitoken message you. Ask an admin to turn on its Messages tab.",
  ],
  ['channel_not_found', { error: 'channel_not_found' }, NO_CONVERSATION],
  ['user_not_in_channel', { error: 'user_not_in_channel' }, NO_CONVERSATION],
  [
    'restricted_action',
    { error: 'restricted_action' },
    "A setting of this workspace blocks apitoken's messages. Ask an admin.",
  ],
  ['429', { status: 429, retryAfter: 30 }, 'Slack is busy. Try again in a minute.'],
  ['429 without an end', { status: 429, retryAfter: 'none' }, 'Slack is busy. Try again in a minute.'],
  ['ratelimited', { error: 'ratelimited' }, 'Slack is busy. Try again in a minute.'],
  ['missing_scope', { error: 'missing_scope' }, NO_WRITING],
  ['token_revoked', { error: 'token_revoked' }, NO_WRITING],
  ['account_inactive', { error: 'account_inactive' }, NO_WRITING],
  ['fatal_error, after which it may stand there', { error: 'fatal_error' }, UNKNOWN],
  ['fatal_error though it did', { answers: () => ({ ok: false, error: 'fatal_error' }) }, UNKNOWN],
  ['internal_error', { error: 'internal_error' }, UNKNOWN],
  ['msg_too_long', { error: 'msg_too_long' }, "Slack couldn't show the value."],
  ['an error that is no word', { error: 'Something <odd> happened' }, UNKNOWN],
  ['500', { status: 500 }, UNKNOWN],
  ['a page of a proxy', { status: 502, text: '<html>Bad gateway</html>' }, UNKNOWN],
  ['half an answer', { text: '{"ok":tr' }, UNKNOWN],
  ['an empty answer', { text: '' }, UNKNOWN],
  ['no yes and no no', { text: '{}' }, UNKNOWN],
  ['no without a why', { text: '{"ok":false}' }, UNKNOWN],
  ['null', { text: 'null' }, UNKNOWN],
  ['a connection cut before', { drop: 'before' }, UNKNOWN],
  ['a connection cut after', { drop: 'after' }, UNKNOWN],
] as const)(
  'when Slack answers chat.postEphemeral with %s, the value is dead and a fresh one is offered',
  async ([, fault, sentence]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    stage.workspace.faults.add({ method: 'chat.postEphemeral', ...fault });

    await createsInVain(alice, stage);

    const modal = await modalSaying(alice, sentence);
    expect(modal.text).toContain("deploy-bot was created, but its value couldn't be shown.");
    expect(modal.text).toContain(
      'To try again, choose Show value in its receipt, or type /apitoken info deploy-bot.',
    );
    const receipt = receiptOf(alice, 'deploy-bot');
    expect(receipt.text).toContain(`unclaimed`);
    expect(receipt.text).toContain(sentence);
    expect(receipt.buttons).toEqual(['Show value', 'Revoke']);
    const calls = callsOf(stage.workspace, 'chat.postEphemeral');
    expect(calls).toHaveLength(1);
    expect((await stage.verify(valueIn(JSON.stringify(calls[0]?.args)))).status).toBe(401);
    expect(rowsOf(stage, 'select * from secrets')).toEqual([]);
    expect(rowsOf(stage, 'select claimed_at from tokens')).toEqual([{ claimed_at: null }]);
    expect(actionsOf(stage)).toEqual(['token.created', 'value.withdrawn']);
    expect(stage.databaseBytes()).not.toContain('Something <odd> happened');
  },
);

test.for([
  ['user_disabled', { error: 'user_disabled' }, NO_CONVERSATION],
  ['a cut connection', { drop: 'after' }, UNKNOWN],
] as const)(
  'when Slack answers conversations.open with %s, nothing is posted and a fresh value is offered',
  async ([, fault, sentence]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    stage.workspace.faults.add({ method: 'conversations.open', ...fault });

    await createsInVain(alice, stage);

    await modalSaying(alice, sentence);
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toEqual([]);
    expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Revoke']);
    expect(rowsOf(stage, 'select * from secrets')).toEqual([]);
  },
);

test('a value that Slack shows after the app gave up waiting is dead on the screen, and everybody is told so', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 6000 });

  await createsInVain(alice, stage);

  const value = valueSeenBy(alice);
  expect((await stage.verify(value)).status).toBe(401);
  expect(receiptOf(alice, 'deploy-bot').text).toContain(UNKNOWN);
});

test('Show value in the receipt makes a fresh value that works, and is then no longer offered', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', drop: 'after' });
  await createsInVain(alice, stage);
  const dead = valueSeenBy(alice);
  alice.reloads();

  await answerIn(alice, '@apitoken', () => alice.clicks('Show value'));
  const value = valueSeenBy(alice);
  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('active'));

  expect(value).not.toBe(dead);
  expect([(await stage.verify(value)).status, (await stage.verify(dead)).status]).toEqual([200, 401]);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Rotate', 'Issue new value', 'Revoke', 'Refresh']);
  expect(receiptOf(alice, 'deploy-bot').text).toContain('active');
  expect(actionsOf(stage)).toEqual(['token.created', 'value.withdrawn', 'value.shown']);
  expectKeptAsHash('deploy-bot', stage);
});

test('Show value that fails again says why and is offered again', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', error: 'restricted_action' });
  stage.workspace.faults.add({ method: 'chat.postEphemeral', error: 'messages_tab_disabled' });
  await createsInVain(alice, stage);
  await alice.closes();

  const answer = await answerIn(alice, '@apitoken', () => alice.clicks('Show value', { in: '@apitoken' }));
  await settled(stage);

  expect(answer.text).toContain('Ask an admin to turn on its Messages tab');
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Ask an admin to turn on its Messages tab');
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Revoke']);
  expect(rowsOf(stage, 'select * from secrets')).toEqual([]);
});

test('two clicks on Show value make one value', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', error: 'fatal_error' });
  await createsInVain(alice, stage);
  await alice.closes();

  await Promise.all([alice.clicks('Show value'), alice.clicks('Show value')]);
  await soon(() => expect(alice.sees('@apitoken').filter(({ ephemeral }) => ephemeral)).toHaveLength(2));
  await settled(stage);

  expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(2);
  expect(alice.reads('@apitoken')).toContain(
    'The value of deploy-bot was already shown, and is shown only once',
  );
  expect(actionsOf(stage)).toEqual(['token.created', 'value.withdrawn', 'value.shown']);
  expect((await stage.verify(valueSeenBy(alice))).status).toBe(200);
});

test.for([['bob'], ['dave']] as const)(
  '%s cannot see a value of somebody else, admin or not',
  async ([handle]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const other = stage.workspace.person(handle);
    stage.workspace.faults.add({ method: 'chat.postEphemeral', error: 'fatal_error' });
    await createsInVain(alice, stage);
    const id = idOf(stage, 'deploy-bot');

    const general = stage.workspace.post('#general', 'buildbot', { text: 'anything' });
    const answer = await answerIn(other, '#general', async () => {
      await other.forges({
        type: 'block_actions',
        action_id: 'show_value',
        value: id,
        from: { message: general },
      });
    });

    expect(answer.text).toContain('No token found.');
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
    expect(auditOf(stage).at(-1)).toEqual({ actor: other.id, action: 'action.refused', tokenId: id });
    expect(rowsOf(stage, 'select claimed_at from tokens')).toEqual([{ claimed_at: null }]);
  },
);

/** Creates deploy-bot while Slack does not show its value, and waits until everything about that is said. */
async function createsInVain(person: Person, stage: Stage): Promise<void> {
  await opens(person, '/apitoken create deploy-bot');
  await person.submits();
  await soon(() => expect(actionsOf(stage)).toContain('value.withdrawn'));
  await settled(stage);
}
