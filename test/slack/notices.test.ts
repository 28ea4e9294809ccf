import { expect, test, vi } from 'vitest';
import type { CallEntry } from '../../sandbox/workspace/state.ts';
import type { VisibleMessage } from '../../sandbox/workspace/visible.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { REVOKE_DIALOG_ID } from '../../src/slack/blocks/ids.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  callsOf,
  chores,
  createsToken,
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
  tokenRow,
  toldTo,
  verdictsOf,
  withStore,
} from './flows.ts';

/** 30 days from T0. */
const END = T0 + 30 * DAY_MS;
const A_MONTH = { createdAt: T0, lifetimeDays: 30 };

test.for([
  [14, 'Your token deploy-bot expires in 14 days.'],
  [7, 'Your token deploy-bot expires in 7 days.'],
  [1, 'Your token deploy-bot expires tomorrow.'],
] as const)(
  '%i days before its end the owner is told, once, not a millisecond earlier',
  async ([days, sentence]) => {
    const { stage, alice, clock } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await settled(stage);
    for (const earlier of [14, 7].filter((other) => other > days)) {
      await clock.moveTo(END - earlier * DAY_MS);
      await chores(stage);
    }
    await clock.moveTo(END - days * DAY_MS - 1);
    await chores(stage);
    expect(sentencesTo(alice)).not.toContain(sentence);

    await clock.moveBy(1);
    await chores(stage);
    await chores(stage);
    await clock.moveBy(HOUR_MS);
    await chores(stage);

    expect(sentencesTo(alice).filter((one) => one === sentence)).toHaveLength(1);
    const notice = toldTo(alice).at(-1);
    expect(notice?.text).toContain('Expires: Jan 31, 2026 at 12:00 AM UTC · Last used: never');
    expect(notice?.buttons).toEqual(['Rotate', 'Revoke, not needed', 'Remind me tomorrow']);
    expect(notice?.raw.text).toBe(sentence);
  },
);

test('a whole life brings three notices, and then nothing more', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);

  for (let day = 0; day <= 40; day++) {
    await clock.moveTo(T0 + day * DAY_MS);
    await chores(stage);
  }

  expect(sentencesTo(alice)).toEqual([
    'Your token deploy-bot expires in 14 days.',
    'Your token deploy-bot expires in 7 days.',
    'Your token deploy-bot expires tomorrow.',
  ]);
});

test.for([
  [14, ['Your token deploy-bot expires in 7 days.', 'Your token deploy-bot expires tomorrow.']],
  [7, ['Your token deploy-bot expires tomorrow.']],
  [1, []],
] as const)(
  'a token made for %i days is told of only what is still to come',
  async ([lifetimeDays, told]) => {
    const { stage, alice, clock } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays });

    for (let hour = 0; hour <= lifetimeDays * 24; hour += 12) {
      await clock.moveTo(T0 + hour * HOUR_MS);
      await chores(stage);
    }

    expect(sentencesTo(alice)).toEqual(told);
  },
);

test.for([
  ['never expires', { createdAt: T0, lifetimeDays: null }],
  ['nobody has claimed', { createdAt: T0, lifetimeDays: 5, shown: false }],
] as const)('a token that %s brings no notice of its expiry', async ([, held]) => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { ...held, by: workspace.person('dave') });

  for (const days of [1, 4, 5, 6]) {
    await clock.moveTo(T0 + days * DAY_MS);
    await chores(stage);
  }

  expect(sentencesTo(alice)).toEqual([]);
});

test('after a time in which the app was down only the most urgent is told, and how long is left in truth', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await settled(stage);

  await clock.moveTo(END - 4 * DAY_MS - HOUR_MS);
  await chores(stage);

  expect(sentencesTo(alice)).toEqual(['Your token deploy-bot expires in 4 days.']);
  await clock.moveTo(END - 3 * HOUR_MS);
  await chores(stage);
  expect(sentencesTo(alice).at(-1)).toBe('Your token deploy-bot expires in 3 hours.');
  expect(sentencesTo(alice)).toHaveLength(2);
});

test.for([
  ['was revoked', 'revoked'],
  ['was rotated for longer', 'rotated'],
  ['has expired', 'expired'],
] as const)('a token that %s before its notice is due brings none', async ([, what]) => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await settled(stage);
  if (what === 'revoked') await revokes(alice);
  if (what === 'rotated') await rotates(stage, alice, 'deploy-bot', { Expires: '90 days' });

  await clock.moveTo(what === 'expired' ? END : END - DAY_MS);
  await chores(stage);

  expect(sentencesTo(alice)).toEqual([]);
});

test('a token that was rotated and kept its date brings the notices that are still to come', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await clock.moveTo(END - 10 * DAY_MS);
  await chores(stage);
  await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });
  await chores(stage);
  await clock.moveTo(END - 7 * DAY_MS);
  await chores(stage);

  expect(sentencesTo(alice)).toEqual([
    'Your token deploy-bot expires in 10 days.',
    'Your token deploy-bot expires in 7 days.',
  ]);
});

test.for([
  ['revoked', undefined],
  ['renewed for longer', undefined],
] as const)(
  'a notice that Slack did not take before the token was %s is not said any more',
  async ([what]) => {
    const { stage, alice, clock, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await settled(stage);
    await clock.moveTo(END - 7 * DAY_MS);
    workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 3600 });
    await chores(stage);
    await soon(() =>
      expect(rowsOf(stage, "select * from outbox where key like 'notice:%' and attempts = 1")).toHaveLength(
        1,
      ),
    );
    if (what === 'revoked') await revokes(alice);
    else await rotates(stage, alice, 'deploy-bot', { Expires: '90 days' });

    await clock.moveBy(HOUR_MS);
    await settled(stage);

    expect(sentencesTo(alice)).toEqual([]);
  },
);

test.for([
  [14, 'is told once all the same', 1],
  [7, 'is told once all the same', 1],
  [1, 'is told again: rather twice than never', 2],
] as const)(
  'where Slack’s answer to a notice is lost, with %i left of the days, the owner %s',
  async ([days, , times]) => {
    const { stage, alice, clock, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: days + 1 });
    await settled(stage);
    await clock.moveBy(DAY_MS);
    workspace.faults.add({ method: 'chat.postMessage', drop: 'after' });

    await triesNotices(stage);
    await clock.moveBy(HOUR_MS);
    await settled(stage);

    expect(toldTo(alice)).toHaveLength(times);
  },
);

test.for([
  ['refuses it for now', { method: 'chat.postMessage', status: 500 }],
  ['does not open the conversation', { method: 'conversations.open', drop: 'after' }],
] as const)('where Slack %s, a notice is said later', async ([, fault]) => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await settled(stage);
  await clock.moveTo(END - 7 * DAY_MS);
  workspace.faults.add(fault);

  await triesNotices(stage);
  await clock.moveBy(HOUR_MS);
  await settled(stage);

  expect(sentencesTo(alice)).toEqual(['Your token deploy-bot expires in 7 days.']);
});

test('what is asked for anew while Slack wants to be left alone waits for it, and nothing else does', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  workspace.faults.add({ method: 'chat.update', status: 429, retryAfter: 60 });
  const before = callsOf(workspace, 'chat.update').length;
  await rotates(stage, alice, 'deploy-bot');
  const receiptRow = "select due_at, attempts from outbox where key like 'receipt:%'";
  expect(rowsOf(stage, receiptRow)).toEqual([{ due_at: T0 + 60_000, attempts: 1 }]);

  await rotates(stage, alice, 'deploy-bot');

  // Asked for anew, it was not tried yet.
  expect(rowsOf(stage, receiptRow)).toEqual([{ due_at: T0 + 60_000, attempts: 0 }]);
  expect(callsOf(workspace, 'chat.update')).toHaveLength(before + 1);
  await clock.moveBy(60_000);
  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Old value');
});

test('Rotate under a notice opens the dialog and rotates', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await toNotice(stage, clock);

  await pressesUnderNotice(alice, 'Rotate');
  expect(await modalOf(alice)).toMatchObject({ title: 'Rotate API Token' });
  await alice.fills({ Expires: '90 days', 'Old value ends': 'Now' });
  const value = await shownBy(alice, () => alice.submits());
  await soon(() => expect(actionsOf(stage)).toContain('token.rotated'));
  await alice.redelivers();

  expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
  await noticeSays(alice, 'Your token deploy-bot is rotated and has a new value.', []);
  expect(toldTo(alice)[0]?.text).toContain('Expires: Apr 24, 2026 at 12:00 AM UTC');
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
});

test('Revoke, not needed under a notice asks and revokes', async () => {
  const { stage, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await toNotice(stage, clock);

  await pressesUnderNotice(alice, 'Revoke, not needed');
  await modalSaying(alice, 'Revoke your deploy-bot? Never used.');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
  await noticeSays(alice, 'Your token deploy-bot is revoked.', []);
  expect(toldTo(alice)[0]?.text).toContain('Revoked by @alice');
});

test('a notice keeps its buttons while nothing has come of the dialog', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await toNotice(stage, clock);

  await pressesUnderNotice(alice, 'Rotate');
  await modalOf(alice);
  await alice.fills({ Expires: 'On a date' });
  await alice.submits();
  await soon(() => expect(Object.keys(alice.modal()?.errors ?? {})).not.toEqual([]));
  await alice.closes();

  expect(toldTo(alice)[0]?.buttons).toEqual(['Rotate', 'Revoke, not needed', 'Remind me tomorrow']);
  expect(toldTo(alice)[0]?.edited).toBe(false);
});

test.for([
  ['is no longer remembered', 0, ({ clock }: Still) => clock.moveBy(30 * MINUTE_MS)],
  [
    'is not taken by Slack',
    1,
    async ({ workspace }: Still) => workspace.faults.add({ url: 'response_url', status: 500 }),
  ],
] as const)(
  'where the response_url of the notice %s, its dialog does its work all the same',
  async ([, tries, upset]) => {
    const still = await setStill();
    const { stage, alice, clock, workspace } = still;
    const { value } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await toNotice(stage, clock);
    await pressesUnderNotice(alice, 'Revoke, not needed');
    await modalOf(alice);
    // Also a way to the app and back: by then it knows that the dialog is open.
    expect(await verdictsOf(stage, value)).toEqual([200]);

    await upset(still);
    await alice.submits();
    await modalSaying(alice, 'deploy-bot is revoked.');
    await settled(stage);
    await soon(() => expect(answersBy(workspace)).toHaveLength(tries));

    expect(await verdictsOf(stage, value)).toEqual([401]);
    expect(toldTo(alice)).toMatchObject([{ edited: false }]);
    expect(stage.log()).not.toContain('"level":"error"');
  },
);

test('a dialog of somebody else under the id of this one leaves the notice as it is', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  const dave = workspace.person('dave');
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  const { id: daves, value } = await holdsToken(stage, dave, 'daves-bot', { createdAt: T0 });
  await toNotice(stage, clock);
  await pressesUnderNotice(alice, 'Revoke, not needed');
  const { id } = await modalOf(alice);

  const outcome = await dave.forges({
    type: 'view_submission',
    id,
    callback_id: REVOKE_DIALOG_ID,
    private_metadata: JSON.stringify({ token: daves }),
    state: { reason: { reason: { type: 'plain_text_input', value: '' } } },
  });
  await settled(stage);

  expect(JSON.stringify(outcome)).toContain('daves-bot is revoked.');
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(answersBy(workspace)).toEqual([]);
});

const CHANGED =
  'deploy-bot was changed in the meantime, so nothing was done. Its receipt shows how it stands.';
const REVOKED = 'deploy-bot is already revoked. Nothing more to do.';
const EXPIRED = 'deploy-bot has expired and no longer works. Renew it, or create a new token.';

test.for([
  ['Rotate', 'revoked', REVOKED],
  ['Revoke, not needed', 'revoked', REVOKED],
  ['Remind me tomorrow', 'revoked', REVOKED],
  ['Rotate', 'rotated', CHANGED],
  ['Revoke, not needed', 'rotated', CHANGED],
  ['Remind me tomorrow', 'rotated', CHANGED],
  ['Remind me tomorrow', 'expired', EXPIRED],
] as const)(
  '%s under the notice of a token that was %s meanwhile is refused, and offers it no more',
  async ([button, what, sentence]) => {
    const { stage, alice, clock } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await toNotice(stage, clock);
    if (what === 'revoked') await revokes(alice);
    if (what === 'rotated') await rotates(stage, alice, 'deploy-bot');
    if (what === 'expired') await clock.moveTo(END);
    const before = actionsOf(stage);

    const answer = await answerIn(alice, '@apitoken', () => pressesUnderNotice(alice, button));

    expect(answer).toMatchObject({ text: sentence, ephemeral: true });
    const standing = {
      revoked: ['Your token deploy-bot is revoked.', []],
      rotated: ['Your token deploy-bot is rotated and has a new value.', []],
      expired: ['Your token deploy-bot has expired.', ['Renew', 'Revoke']],
    } as const;
    const [first, buttons] = standing[what];
    await noticeSays(alice, first, buttons);
    expect(alice.modal()).toBeUndefined();
    expect(actionsOf(stage)).toEqual(before);
  },
);

test('Rotate under the notice of a token that has expired meanwhile renews, and the notice says how it stands', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await toNotice(stage, clock);
  await clock.moveTo(END);

  await pressesUnderNotice(alice, 'Rotate');
  expect(await modalOf(alice)).toMatchObject({ title: 'Renew API Token' });
  await noticeSays(alice, 'Your token deploy-bot has expired.', ['Renew', 'Revoke']);
  await shownBy(alice, () => alice.submits());

  await noticeSays(alice, 'Your token deploy-bot is rotated and has a new value.', []);
});

test('Remind me tomorrow tells once more in 24 hours, and each time it is pressed', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await toNotice(stage, clock);

  await pressesUnderNotice(alice, 'Remind me tomorrow');
  const reminded = await noticeSays(alice, 'Your token deploy-bot expires in 7 days.', []);
  expect(reminded.text).toContain("You'll be reminded Jan 25, 2026 at 12:00 AM UTC.");
  expect(reminded).toMatchObject({ ephemeral: false, edited: true });
  // So late that it is known by its key alone.
  await clock.moveBy(20 * MINUTE_MS);
  await alice.redelivers();
  await soon(() => expect(answersBy(workspace)).toHaveLength(2));
  await clock.moveBy(-20 * MINUTE_MS);
  // Slack documents no change of who sees a message that is there already.
  expect(answersBy(workspace).filter(({ args }) => 'response_type' in args)).toEqual([]);
  expect(toldTo(alice)).toMatchObject([{ text: reminded.text, buttons: [] }]);
  await clock.moveBy(DAY_MS - 1);
  await chores(stage);
  expect(sentencesTo(alice)).toHaveLength(1);
  await clock.moveBy(1);
  await chores(stage);
  await chores(stage);

  expect(sentencesTo(alice)).toEqual([
    'Your token deploy-bot expires in 7 days.',
    'Reminder: your token deploy-bot expires in 6 days.',
  ]);
  await pressesUnderNotice(alice, 'Remind me tomorrow');
  await noticeSays(alice, 'Reminder: your token deploy-bot expires in 6 days.', [], 1);
  await clock.moveBy(DAY_MS);
  await chores(stage);
  expect(sentencesTo(alice)).toHaveLength(3);
});

test('Remind me tomorrow on the last day tells an hour before the end', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await clock.moveTo(END - DAY_MS + 20 * SECOND_MS);
  await chores(stage);

  await pressesUnderNotice(alice, 'Remind me tomorrow');
  const reminded = await noticeSays(alice, 'Your token deploy-bot expires tomorrow.', []);
  expect(reminded.text).toContain("You'll be reminded Jan 30, 2026 at 11:00 PM UTC.");
  await clock.moveTo(END - HOUR_MS - 1);
  await chores(stage);
  expect(sentencesTo(alice)).toHaveLength(1);
  await clock.moveBy(1);
  await chores(stage);

  expect(sentencesTo(alice).at(-1)).toBe('Reminder: your token deploy-bot expires in 1 hour.');
});

test('nobody is reminded of somebody else’s token', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  const dave = workspace.person('dave');
  const { id } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  const message = workspace.post('#general', 'buildbot', { text: 'anything' });

  const answer = await answerIn(dave, '#general', async () => {
    await dave.forges({ type: 'block_actions', action_id: 'remind_tomorrow', value: id, from: { message } });
  });
  await clock.moveBy(2 * DAY_MS);
  await chores(stage);

  expect(answer.text).toContain('No token found');
  expect(sentencesTo(alice)).toEqual([]);
});

test.for([
  ['no notice at all', 'ID:no_such_notice:0'],
  ['no generation', 'ID:expires_in_7_days'],
  ['a generation that is no number', 'ID:expires_in_7_days:one'],
  ['a generation below zero', 'ID:expires_in_7_days:-1'],
  ['more than there is', 'ID:expires_in_7_days:0:0'],
  ['somebody else’s token', 'OTHER:expires_in_7_days:0'],
] as const)(
  'a button that carries %s is refused with an audit event, and the notice stays',
  async ([, text]) => {
    const { stage, alice, clock, workspace } = await setStill();
    const { id } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    const { id: other } = await holdsToken(stage, workspace.person('dave'), 'daves-bot', { createdAt: T0 });
    await toNotice(stage, clock);
    const value = text.replace('ID', id).replace('OTHER', other);

    for (const actionId of ['rotate_token', 'revoke_token', 'remind_tomorrow']) {
      const answer = await answerIn(alice, '@apitoken', () => forgesUnderNotice(alice, actionId, value));
      expect(answer.text).toContain('No token found');
    }

    expect(toldTo(alice)).toMatchObject([{ edited: false }]);
    expect(callsOf(workspace, 'views.open')).toEqual([]);
    expect(actionsOf(stage).filter((action) => action === 'action.refused')).toHaveLength(3);
  },
);

test.for([
  ['from before its buttons carried it', '@apitoken', 'ID'],
  ['made up in a channel that others read', '#general', 'ID:expires_in_7_days:0'],
] as const)(
  'a notice %s is answered beside it, and does not take the place of anything',
  async ([, place, text]) => {
    const { stage, alice, clock, workspace } = await setStill();
    const { id, value } = await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await toNotice(stage, clock);
    const message = workspace.post('#general', 'buildbot', { text: 'anything' });
    const under = place === '#general' ? message : undefined;
    const carried = text.replace('ID', id);

    const answer = await answerIn(alice, place, () =>
      forgesUnderNotice(alice, 'remind_tomorrow', carried, under),
    );
    await forgesUnderNotice(alice, 'revoke_token', carried, under);
    await modalOf(alice);
    await alice.submits();
    await modalSaying(alice, 'deploy-bot is revoked.');

    expect(answer).toMatchObject({
      text: "You'll be reminded of deploy-bot tomorrow, or an hour before it expires.",
      ephemeral: true,
    });
    expect(await verdictsOf(stage, value)).toEqual([401]);
    expect(toldTo(alice)[0]).toMatchObject({ edited: false });
    expect(alice.sees('#general').find(({ ts }) => ts === message)).toMatchObject({
      text: 'anything',
      edited: false,
    });
  },
);

test('an expired token that is still presented is told of once a day, with the count and Renew', async () => {
  const { stage, alice, clock } = await setStill();
  const value = await createsToken(alice, 'deploy-bot', { Expires: '7 days' });
  await settled(stage);
  await clock.moveTo(T0 + 8 * DAY_MS);

  for (let time = 0; time < 41; time++) expect(await verdictsOf(stage, value)).toEqual([401]);
  await flushed(stage);
  await flushed(stage);

  const [notice] = toldTo(alice);
  expect(notice?.text).toContain(
    'Your token deploy-bot has expired, but something still uses it: refused 41 times.',
  );
  expect(notice?.buttons).toEqual(['Renew', 'Revoke']);
  await clock.moveBy(DAY_MS - 1);
  await verdictsOf(stage, value);
  await flushed(stage);
  expect(toldTo(alice)).toHaveLength(1);
  await clock.moveBy(1);
  await verdictsOf(stage, value);
  await flushed(stage);
  expect(toldTo(alice).at(-1)?.text).toContain('refused 43 times.');
  expect(toldTo(alice)).toHaveLength(2);

  await alice.clicks('Renew', { in: '@apitoken', near: 'refused 43 times' });
  expect(await modalOf(alice)).toMatchObject({ title: 'Renew API Token' });
  await shownBy(alice, () => alice.submits());
  await noticeSays(alice, 'Your token deploy-bot is renewed and has a new value.', [], 1);
});

test('a retired value that is presented again alarms once a day, and nothing is killed', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const value = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 1 hour' });
  await clock.moveBy(HOUR_MS);

  for (let time = 0; time < 3; time++) expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
  await flushed(stage);
  await verdictsOf(stage, old);
  await flushed(stage);

  expect(toldTo(alice).map(({ text }) => text.split('\n')[0])).toEqual([
    'Something still uses an old value of your token deploy-bot, and is refused.',
  ]);
  expect(toldTo(alice)[0]?.buttons).toEqual(['Rotate', 'Revoke']);
  await clock.moveBy(DAY_MS);
  await verdictsOf(stage, old);
  await flushed(stage);
  expect(toldTo(alice)).toHaveLength(2);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoked_at: null, generation: 1 });
});

test('a revoked token that is still presented is told of once a day, with the count and what to do', async () => {
  const { stage, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  await verdictsOf(stage, value);
  await flushed(stage);
  await clock.moveBy(HOUR_MS);
  await revokes(alice);
  await clock.moveBy(HOUR_MS);

  for (let time = 0; time < 41; time++) expect(await verdictsOf(stage, value)).toEqual([401]);
  await flushed(stage);
  await verdictsOf(stage, value);
  await flushed(stage);

  const [notice, ...more] = toldTo(alice);
  expect(more).toEqual([]);
  expect(notice?.text.split('\n')).toEqual([
    'Your token deploy-bot is revoked, but something still uses it: refused 41 times since Jan 1, 2026 at 1:00 AM UTC.',
    'Last refused Jan 1, 2026 at 2:00 AM UTC. Before that it was used from 127.0.0.1.',
    'Find what still uses it and give it another token. You get this message at most once a day.',
  ]);
  expect(notice?.buttons).toEqual([]);
  expect(notice?.raw.text).toBe(
    'Your token deploy-bot is revoked, but something still uses it: refused 41 times.',
  );
  await clock.moveBy(DAY_MS);
  await verdictsOf(stage, value);
  await flushed(stage);
  expect(sentencesTo(alice).slice(1)).toEqual([expect.stringContaining('refused 43 times since')]);
});

test('of a revoked token of somebody who left nobody else is told', async () => {
  const { stage, alice, workspace } = await setStill({ ONCALL: 'U0CAROL0001' });
  const { value } = await holdsToken(stage, alice, 'deploy-bot', {
    createdAt: T0,
    by: workspace.person('dave'),
  });
  await settled(stage);
  await workspace.setPerson('alice', { deleted: true });
  await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
  await settled(stage);
  const people = ['bob', 'carol', 'dave'].map((handle) => workspace.person(handle));
  const before = people.map((person) => toldTo(person).length);

  await verdictsOf(stage, value);
  await stage.restart();
  await settled(stage);

  expect(people.map((person) => toldTo(person).length)).toEqual(before);
  expect(toldTo(alice)).toEqual([]);
  workspace.expectRefusal('user_disabled');
});

test('a value that never was alarms nobody', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);

  const another = value.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(await verdictsOf(stage, another)).toEqual([401]);
  await flushed(stage);

  expect(sentencesTo(alice)).toEqual([]);
});

test('the app itself looks for what is due every 20 seconds', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  try {
    const { stage, alice, clock, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
    await holdsToken(stage, alice, 'unseen-bot', {
      createdAt: T0,
      shown: false,
      by: workspace.person('dave'),
    });
    await clock.moveTo(END - 14 * DAY_MS);

    await vi.advanceTimersByTimeAsync(20 * SECOND_MS);

    await soon(() => expect(sentencesTo(alice)).toContain('Your token deploy-bot expires in 14 days.'));
    await soon(() => expect(tokenRow(stage, 'unseen-bot').revoked_by).toBe('system'));
    await soon(() => expect(receiptOf(alice, 'unseen-bot').text).toContain('Status\nrevoked'));
    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

/** The first lines of what the person was told. */
function sentencesTo(person: Still['alice']): string[] {
  return toldTo(person).map(({ text }) => text.split('\n')[0] ?? '');
}

/** Brings about the notice of 7 days. */
async function toNotice(stage: Still['stage'], clock: Still['clock']): Promise<void> {
  await settled(stage);
  await clock.moveTo(END - 7 * DAY_MS);
  await chores(stage);
}

/** Sends the notices that are due, and waits until each was tried once. */
async function triesNotices(stage: Still['stage']): Promise<void> {
  await withStore(stage, (store) => store.sendNotices(stage.now()));
  const untried = "select key from outbox where key like 'notice:%' and attempts = 0";
  await soon(() => expect(rowsOf(stage, untried)).toEqual([]));
}

function pressesUnderNotice(person: Still['alice'], button: string): Promise<void> {
  return person.clicks(button, { in: '@apitoken', near: 'Expires: ' });
}

/** What was said through a response_url so far. */
function answersBy(workspace: Still['workspace']): CallEntry[] {
  return workspace.traffic.filter((entry): entry is CallEntry => entry.kind === 'response-url');
}

/** Presses a button that carries what none of the notice does, under the notice or under another message. */
async function forgesUnderNotice(
  person: Still['alice'],
  actionId: string,
  value: string,
  message = toldTo(person)[0]?.ts ?? '',
): Promise<void> {
  await person.forges({ type: 'block_actions', action_id: actionId, value, from: { message } });
}

/** The notice with this number, as soon as it begins with `sentence` and offers `buttons`. */
function noticeSays(
  person: Still['alice'],
  sentence: string,
  buttons: readonly string[],
  number = 0,
): Promise<VisibleMessage> {
  return soon(() => {
    const notice = toldTo(person)[number];
    if (notice === undefined) throw new Error(`there is no notice ${number}`);
    expect([notice.text.split('\n')[0], notice.buttons, notice.raw.text]).toEqual([
      sentence,
      buttons,
      sentence,
    ]);
    return notice;
  });
}

async function revokes(person: Still['alice']): Promise<void> {
  await opens(person, '/apitoken revoke deploy-bot');
  await person.submits();
  await modalSaying(person, 'deploy-bot is revoked.');
  await person.closes();
}

/** Brings what verifying counted into the store, as the app does every 5 s, by a press of Refresh; and waits until all is said. */
async function flushed(stage: Still['stage']): Promise<void> {
  const alice = stage.workspace.person('alice');
  const name = 'deploy-bot';
  const { ts } = receiptOf(alice, name);
  const { id } = tokenRow(stage, name);
  await alice.forges({
    type: 'block_actions',
    action_id: 'refresh_receipt',
    value: String(id),
    from: { message: ts },
  });
  await answerIn(alice, '#general', () => alice.types('#general', '/apitoken help'));
  await settled(stage);
}

type Still = Awaited<ReturnType<typeof setStill>>;
