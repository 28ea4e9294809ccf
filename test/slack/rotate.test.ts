import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { ROTATE_DIALOG_ID } from '../../src/slack/blocks/ids.ts';
import { metadataText } from '../../src/slack/dialog-metadata.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  chores,
  createsToken,
  holdsToken,
  idOf,
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
  tokenRow,
  valuesSeenBy,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

const HELD = { createdAt: T0 };

test.for([['rotate'], ['roll'], ['regenerate']] as const)(
  '"/apitoken %s deploy-bot" asks when the old value ends and when the token expires',
  async ([verb]) => {
    const { stage, alice } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', HELD);

    const modal = await opens(alice, `/apitoken ${verb} deploy-bot`);

    expect(modal).toMatchObject({ title: 'Rotate API Token', submit: 'Rotate', close: 'Cancel' });
    expect(modal.inputs).toMatchObject([
      {
        label: 'Old value ends',
        value: 'In 24 hours',
        options: ['Now', 'In 1 hour', 'In 24 hours', 'In 7 days'],
      },
      {
        label: 'Expires',
        value: 'Keep the date',
        options: ['Keep the date', '7 days', '30 days', '90 days', '1 year', 'On a date'],
      },
      { label: 'Expiry date', value: undefined, optional: true },
    ]);
    expect(modal.text).not.toContain('two working values');
  },
);

test.for([
  ['Now', 0],
  ['In 1 hour', HOUR_MS],
  ['In 24 hours', DAY_MS],
  ['In 7 days', 7 * DAY_MS],
] as const)(
  'the old value that ends %s is honoured until that very moment, the new one from the first',
  async ([grace, graceMs]) => {
    const { stage, alice, clock } = await setStill();
    const old = await createsToken(alice, 'deploy-bot');
    await settled(stage);
    await clock.moveBy(HOUR_MS);

    const value = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': grace });

    const end = T0 + HOUR_MS + graceMs;
    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ generation: 1, expires_at: T0 + 90 * DAY_MS });
    expect(endsOf(stage)).toEqual([end, T0 + 90 * DAY_MS]);
    if (graceMs > 0) {
      await clock.moveTo(end - 1);
      expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
    }
    await clock.moveTo(end);
    expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.rotated']);
    for (const one of [old, value]) expectShownOnlyTo(alice, one, stage);
  },
);

test('the receipt tells of both values, until the old one has ended, and is then drawn anew by itself', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  const value = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 1 hour' });

  expect(receiptOf(alice, 'deploy-bot').text).toContain(
    'New value last used\nnever\nOld value last used\nnever\n',
  );
  expect(receiptOf(alice, 'deploy-bot').text).toContain(
    'New value for deploy-bot. The old one works until Jan 1, 2026 at 1:00 AM UTC.',
  );
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([
    'Rotate',
    'Issue new value',
    'End old value now',
    'Revoke',
    'Refresh',
  ]);
  await clock.moveBy(60_000);
  expect(await verdictsOf(stage, old)).toEqual([200]);
  await clock.moveBy(60_000);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  await alice.clicks('Refresh', { in: '@apitoken' });
  await soon(() =>
    expect(receiptOf(alice, 'deploy-bot').text).toContain(
      'New value last used\nJan 1, 2026 at 12:02 AM UTC\nOld value last used\nJan 1, 2026 at 12:01 AM UTC\n',
    ),
  );
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([
    'End old value now',
    'Rotate',
    'Revoke',
    'Refresh',
  ]);
  await clock.moveTo(T0 + HOUR_MS);

  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Rotate', 'Revoke', 'Refresh']));
  expect(receiptOf(alice, 'deploy-bot').text).not.toContain('Old value');
  expect(receiptOf(alice, 'deploy-bot').text).toContain(
    'New value for deploy-bot. The old one no longer works.',
  );
});

test.for([
  [
    'its own expiry',
    { 'Old value ends': 'In 7 days', Expires: '90 days' },
    T0 + DAY_MS,
    T0 + 23 * HOUR_MS + 90 * DAY_MS,
  ],
  [
    'the earlier expiry that was chosen',
    { 'Old value ends': 'In 7 days', Expires: 'On a date', 'Expiry date': '2026-01-01' },
    Date.UTC(2026, 0, 1, 23, 0) - 1,
    Date.UTC(2026, 0, 1, 23, 0) - 1,
  ],
] as const)('no grace outlives %s', async ([, fields, oldEnd, newEnd]) => {
  const { stage, alice, clock } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1 });
  await clock.moveBy(oldEnd === newEnd ? 0 : 23 * HOUR_MS);

  const value = await rotates(stage, alice, 'deploy-bot', fields);

  expect(endsOf(stage)).toEqual([oldEnd, newEnd]);
  await clock.moveTo(oldEnd - 1);
  expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
  await clock.moveTo(oldEnd);
  expect(await verdictsOf(stage, old, value)).toEqual([401, oldEnd === newEnd ? 401 : 200]);
});

test('two values at most are honoured: a third ends the oldest, and the dialog says so before', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: first } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  const second = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 7 days' });
  await clock.moveBy(1000);
  expect((await opens(alice, '/apitoken rotate deploy-bot')).text).toContain(
    'This token has two working values. Rotating ends the older one immediately.',
  );
  await alice.closes();
  expect(await verdictsOf(stage, first, second)).toEqual([200, 200]);

  const third = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 7 days' });

  expect(await verdictsOf(stage, first, second, third)).toEqual([401, 200, 200]);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(2);
  expectShownOnlyTo(alice, second, stage);
  expectShownOnlyTo(alice, third, stage);
});

test('End old value now asks first, ends the old value at once, and is then no longer offered', async () => {
  const { stage, alice } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  const value = await rotates(stage, alice, 'deploy-bot');
  expect(alice.confirmation('End old value now', { in: '@apitoken' })).toEqual({
    title: 'End the old value?',
    text: 'Anything that still uses it stops working immediately. The new value keeps working.',
    confirm: 'End it',
    deny: 'Keep it',
  });

  await alice.clicks('End old value now', { in: '@apitoken', confirm: 'deny' });
  expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
  const { ts } = receiptOf(alice, 'deploy-bot');
  await alice.clicks('End old value now', { in: '@apitoken', confirm: true });
  await soon(async () => expect(await verdictsOf(stage, old, value)).toEqual([401, 200]));
  await settled(stage);

  expect(receiptOf(alice, 'deploy-bot').buttons).not.toContain('End old value now');
  const answer = await answerIn(alice, '@apitoken', () => pressesEndOld(stage, alice, ts, 1));
  expect(answer.text).toBe('The old value of deploy-bot no longer works. Nothing more to do.');
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.rotated', 'old_value.ended']);
});

test('End old value now, confirmed after another rotation, does not end what that one left honoured', async () => {
  const { stage, alice } = await setStill();
  const { value: first } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  const second = await rotates(stage, alice, 'deploy-bot');
  const { ts } = receiptOf(alice, 'deploy-bot');
  const third = await rotates(stage, alice, 'deploy-bot');

  const answer = await answerIn(alice, '@apitoken', () => pressesEndOld(stage, alice, ts, 1));

  expect(answer.text).toContain('deploy-bot was changed in the meantime');
  expect(await verdictsOf(stage, first, second, third)).toEqual([401, 200, 200]);
  expect(actionsOf(stage)).not.toContain('old_value.ended');
});

test('of two dialogs that are sent off at once one rotates, and the other is told kindly', async () => {
  const { stage, alice, workspace } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', HELD);

  const answers = await Promise.all([rotatesByHand(stage, alice, 0), rotatesByHand(stage, alice, 0)]);
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(1));
  await settled(stage);

  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.rotated']);
  expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
  await soon(() => {
    const updates = callsOf(workspace, 'views.update').map(({ args }) => JSON.stringify(args));
    const told = [...answers.map((answer) => JSON.stringify(answer)), ...updates].filter((text) =>
      text.includes('deploy-bot was changed in the meantime, so nothing was done.'),
    );
    expect(told).toHaveLength(1);
  });
  // A dialog that was made up cannot be updated.
  workspace.takeRefusals();
  const [value = ''] = valuesSeenBy(alice);
  expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
});

test('a dialog that was opened before another rotation changes nothing and says so', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', HELD);
  const value = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });

  const answer = await rotatesByHand(stage, alice, 0);

  expect(JSON.stringify(answer)).toContain('deploy-bot was changed in the meantime');
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
});

test('a second press on Rotate, before the first is answered, rotates once', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', HELD);
  await opens(alice, '/apitoken rotate deploy-bot');

  await Promise.all([alice.submits(), alice.submits()]);
  await soon(() => expect(actionsOf(stage)).toContain('token.rotated'));
  await settled(stage);

  expect(alice.modal()?.text).toContain('New value for deploy-bot.');
  expect(alice.modal()?.trouble).toBeUndefined();
  expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
});

test.for([
  ['in the same envelope', { sameEnvelope: true }, false],
  ['in another envelope', { sameEnvelope: false }, false],
  ['in another envelope, after a restart', { sameEnvelope: false }, true],
] as const)(
  'a rotation that Slack delivers again %s is one, with the first answer',
  async ([, how, restarts]) => {
    const { stage, alice, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', HELD);
    await opens(alice, '/apitoken rotate deploy-bot');
    const value = await shownBy(alice, () => alice.submits());
    await soon(() => expect(actionsOf(stage)).toContain('token.rotated'));
    if (restarts) await stage.restart();

    const again = await alice.redelivers(how);
    await settled(stage);

    expect(JSON.stringify(again)).toContain('New value for deploy-bot.');
    expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
    expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
    expect(await verdictsOf(stage, value)).toEqual([200]);
  },
);

test.for([
  ['messages_tab_disabled', { error: 'messages_tab_disabled' }, 'turn on its Messages tab'],
  // The first time, the conversation is asked for anew.
  ['channel_not_found', { error: 'channel_not_found', times: 2 }, 'Open them and send any message.'],
  ['user_not_in_channel', { error: 'user_not_in_channel' }, 'Open them and send any message.'],
  ['restricted_action', { error: 'restricted_action' }, 'Ask an admin.'],
  ['429', { status: 429, retryAfter: 30 }, 'Try again in a minute.'],
  ['missing_scope', { error: 'missing_scope' }, 'install it again'],
  ['token_revoked', { error: 'token_revoked' }, 'install it again'],
  ['account_inactive', { error: 'account_inactive' }, 'install it again'],
  ['msg_too_long', { error: 'msg_too_long' }, "Slack couldn't show the value."],
  ['invalid_blocks', { error: 'invalid_blocks' }, "Slack couldn't show the value."],
  ['fatal_error', { error: 'fatal_error' }, "Slack didn't confirm that it showed the value"],
  ['500', { status: 500 }, "Slack didn't confirm that it showed the value"],
  ['a connection cut before', { drop: 'before' }, "Slack didn't confirm that it showed the value"],
  ['a connection cut after', { drop: 'after' }, "Slack didn't confirm that it showed the value"],
] as const)(
  'when Slack answers a rotation with %s nothing is changed, and it can be done again',
  async ([, fault, sentence]) => {
    const { stage, alice, workspace } = await setStill();
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot', HELD);
    await settled(stage);
    const before = tokenRow(stage, 'deploy-bot');
    workspace.faults.add({ method: 'chat.postEphemeral', ...fault });

    await opens(alice, '/apitoken rotate deploy-bot');
    await alice.fills({ 'Old value ends': 'Now', Expires: '7 days' });
    await alice.submits();

    const modal = await modalSaying(alice, sentence);
    expect(modal.text).toContain('deploy-bot has no new value. Your current value still works.');
    await settled(stage);
    expect(tokenRow(stage, 'deploy-bot')).toEqual(before);
    expect(endsOf(stage)).toEqual([T0 + 90 * DAY_MS]);
    const lost = JSON.stringify(callsOf(workspace, 'chat.postEphemeral')[0]?.args).match(
      /apit_\w{12}_\w{38}/,
    )?.[0];
    expect(await verdictsOf(stage, old, lost ?? '')).toEqual([200, 401]);
    const receipt = receiptOf(alice, 'deploy-bot');
    expect(receipt.text).toContain(`${sentence}`);
    expect(receipt.text).toContain('Your current value still works.');
    expect(receipt.buttons).toContain('Rotate');
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'value.withdrawn']);
    await alice.closes();

    const value = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });
    expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
    expect(receiptOf(alice, 'deploy-bot').text).not.toContain('still works');
  },
);

test('a token that is revoked while its new value is being shown has no value left, and the dialog says so', async () => {
  const { stage, alice, workspace } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 600 });
  await opens(alice, '/apitoken rotate deploy-bot');
  const shown = shownBy(alice, () => alice.submits());
  await soon(() => expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1));
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, 'deploy-bot is revoked.');

  const modal = await modalSaying(alice, 'was revoked');
  await settled(stage);

  expect(modal.text).not.toContain('still works');
  expect(await verdictsOf(stage, old, await shown)).toEqual([401, 401]);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
  expect(receiptOf(alice, 'deploy-bot').text).not.toContain('still works');
});

test('a dialog that was open for an hour rotates, and what it promised counts from its sending off', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', HELD);
  await opens(alice, '/apitoken rotate deploy-bot');
  await alice.fills({ 'Old value ends': 'In 1 hour', Expires: '7 days' });
  await clock.moveBy(HOUR_MS);

  await alice.submits();

  await modalSaying(alice, 'Expires: Jan 8, 2026 at 1:00 AM UTC');
  await soon(() => expect(endsOf(stage)).toEqual([T0 + 2 * HOUR_MS, T0 + HOUR_MS + 7 * DAY_MS]));
});

test('a dialog that was open until the token had expired does nothing, and says that it can be renewed', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1 });
  await opens(alice, '/apitoken rotate deploy-bot');
  await clock.moveBy(DAY_MS);

  await alice.submits();

  await modalSaying(alice, 'deploy-bot has expired and no longer works. Renew it, or create a new token.');
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
  expect(valuesSeenBy(alice)).toEqual([]);
});

test.for([
  ['a day that is over', '2025-12-31', 'That date is in the past.'],
  ['a day beyond policy', '2027-06-01', 'That date is too far away.'],
  ['no day', '', 'Choose a date from today to'],
] as const)(
  '%s is refused under its field, all that was chosen stays, and nothing is changed',
  async ([, date, sentence]) => {
    const { stage, alice } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', HELD);
    await opens(alice, '/apitoken rotate deploy-bot');
    await alice.fills({ 'Old value ends': 'Now', Expires: 'On a date', 'Expiry date': date });

    await alice.submits();

    const modal = await modalOf(alice);
    expect(Object.keys(modal.errors)).toEqual(['Expiry date']);
    expect(modal.errors['Expiry date']).toContain(sentence);
    expect(modal.inputs.map(({ value }) => value ?? '')).toEqual(['Now', 'On a date', date]);
    expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
  },
);

test.for([
  [
    'never used',
    'unclaimed',
    'deploy-bot has no value yet, so there is nothing to rotate. Choose Show value first.',
  ],
  ['revoked', 'revoked', 'deploy-bot is already revoked. Nothing more to do.'],
] as const)(
  'a token that was %s is not rotated, and the answer says what to do',
  async ([, state, sentence]) => {
    const { stage, alice } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, shown: state !== 'unclaimed' });
    if (state === 'revoked') {
      await opens(alice, '/apitoken revoke deploy-bot');
      await alice.submits();
      await modalSaying(alice, 'is revoked');
      await alice.closes();
    }

    expect((await answerTo(alice, '/apitoken rotate deploy-bot')).text).toBe(sentence);
  },
);

test.for([
  ['a member', {}, 'bob'],
  ['on-call', { ONCALL: 'U0BOB000001' }, 'bob'],
  ['an admin', {}, 'dave'],
] as const)('%s does not rotate what is somebody else’s, by command or by hand', async ([, env, handle]) => {
  const { stage, alice, workspace } = await setStill(env);
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  const other = workspace.person(handle);

  expect((await answerTo(other, '/apitoken rotate deploy-bot')).text).toContain('No token found');
  const answer = await rotatesByHand(stage, other, 0);

  expect(JSON.stringify(answer)).toContain('No token found');
  expect(auditOf(stage).slice(2)).toEqual([
    { actor: other.id, action: 'action.refused', tokenId: id },
    { actor: other.id, action: 'action.refused', tokenId: id },
  ]);
  expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test.for([
  ['a grace that is none', { grace: 'forever', lifetime: 'keep' }],
  ['an expiry that is none', { grace: 'now', lifetime: 'nonsense' }],
  ['no generation', { grace: 'now', lifetime: 'keep', metadata: '{"token":"ID"}' }],
  [
    'a generation that is none',
    { grace: 'now', lifetime: 'keep', metadata: '{"token":"ID","generation":"0"}' },
  ],
  ['a generation to come', { grace: 'now', lifetime: 'keep', metadata: '{"token":"ID","generation":7}' }],
  ['no metadata', { grace: 'now', lifetime: 'keep', metadata: '' }],
  ['the wish to renew what lives', { lifetime: '7' }],
  ['the wish to keep the date of what it renews', { lifetime: 'keep' }],
] as const)('a dialog with %s changes nothing', async ([, forged]) => {
  const { stage, alice } = await setStill();
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', HELD);

  const outcome = await rotatesByHand(stage, alice, 0, forged);

  expect(outcome).toMatchObject({ acked: true, body: { response_action: 'update' } });
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ id, generation: 0 });
  expect(stage.log()).not.toContain('"level":"error"');
});

test('a rotation is kept like any value: a hash and a digest, and its expiry notices are those of the new date', async () => {
  const { stage, alice, clock } = await setStill();
  await createsToken(alice, 'deploy-bot', { Expires: '30 days' });
  await settled(stage);
  await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now', Expires: '90 days' });

  const hashes = rowsOf(stage, 'select hash from secrets order by generation');
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(2);
  await clock.moveTo(T0 + 29 * DAY_MS);
  await chores(stage);
  expect(alice.reads('@apitoken')).not.toContain('expires in');
  await clock.moveTo(T0 + 76 * DAY_MS);
  await chores(stage);

  expect(alice.reads('@apitoken')).toContain('Your token deploy-bot expires in 14 days.');
});

/** When the values of deploy-bot end, the oldest first. */
function endsOf(stage: Stage): unknown[] {
  return rowsOf(stage, 'select ends_at from secrets order by generation').map((row) => row.ends_at);
}

/** Sends off a rotation of deploy-bot that was opened when it had this generation. */
function rotatesByHand(
  stage: Stage,
  person: Parameters<typeof answerIn>[0],
  generation: number,
  forged: { grace?: string; lifetime?: string; metadata?: string } = { grace: 'day', lifetime: 'keep' },
) {
  const id = idOf(stage, 'deploy-bot') as TokenId;
  const select = (field: string, value: string | undefined) =>
    value === undefined
      ? {}
      : { [field]: { [field]: { type: 'static_select', selected_option: { value } } } };
  return person.forges({
    type: 'view_submission',
    callback_id: ROTATE_DIALOG_ID,
    private_metadata: forged.metadata?.replace('ID', id) ?? metadataText({ tokenId: id, generation }),
    state: { ...select('grace', forged.grace), ...select('lifetime', forged.lifetime) },
  });
}

/** Presses End old value now in a receipt as it was drawn when the token had this generation. */
async function pressesEndOld(
  stage: Stage,
  person: Parameters<typeof answerIn>[0],
  ts: string,
  generation: number,
): Promise<void> {
  await person.forges({
    type: 'block_actions',
    action_id: 'end_old_value',
    value: `${idOf(stage, 'deploy-bot')}:${generation}`,
    from: { message: ts },
  });
}
