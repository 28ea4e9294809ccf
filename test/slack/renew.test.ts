import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

const A_DAY = { createdAt: T0, lifetimeDays: 1 };

test('the receipt of a token that expires says so at that moment, and offers to renew it', async () => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_DAY);
  await settled(stage);
  await clock.moveBy(DAY_MS - 1);
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nactive');

  await clock.moveBy(1);

  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nexpired'));
  expect(receiptOf(alice, 'deploy-bot').text).toContain(
    'It expired, so requests are refused. Choose Renew to get a new value.',
  );
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Renew', 'Revoke', 'Refresh']);
});

test('the receipt of a token that nobody claimed says it too when it expires', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { ...A_DAY, by: workspace.person('dave'), shown: false });
  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Decline']);

  await clock.moveBy(DAY_MS);

  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nexpired'));
  expect(receiptOf(alice, 'deploy-bot').buttons).not.toContain('Show value');
});

test.for([
  [
    'the command',
    async (alice: Person) => {
      await opens(alice, '/apitoken rotate deploy-bot');
    },
  ],
  [
    'the receipt',
    async (alice: Person) => {
      await alice.clicks('Renew', { in: '@apitoken' });
    },
  ],
  [
    'the list',
    async (alice: Person) => {
      await answerTo(alice, '/apitoken list expired');
      await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Renew');
    },
  ],
  [
    'its info',
    async (alice: Person) => {
      await answerTo(alice, '/apitoken info deploy-bot');
      await alice.clicks('Renew', { in: '#general' });
    },
  ],
] as const)(
  'from %s an expired token is renewed: a new value, a new date, and no grace',
  async ([, open]) => {
    const { stage, alice, clock } = await setStill();
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot', A_DAY);
    await settled(stage);
    await clock.moveBy(2 * DAY_MS);
    await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toContain('Renew'));

    await open(alice);
    const modal = await modalOf(alice);
    expect(modal).toMatchObject({ title: 'Renew API Token', submit: 'Renew', close: 'Cancel' });
    expect(modal.inputs.map(({ label }) => label)).toEqual(['Expires', 'Expiry date']);
    expect(modal.inputs[0]).toMatchObject({
      value: '90 days',
      options: ['7 days', '30 days', '90 days', '1 year', 'On a date'],
    });
    await alice.fills({ Expires: '7 days' });
    const value = await shownBy(alice, () => alice.submits());
    await modalSaying(alice, 'Expires: Jan 10, 2026 at 12:00 AM UTC');
    await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nactive'));

    expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ generation: 1, expires_at: T0 + 9 * DAY_MS });
    expect(receiptOf(alice, 'deploy-bot').text).not.toContain('Old value');
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.renewed']);
    await clock.moveTo(T0 + 9 * DAY_MS);
    expect(await verdictsOf(stage, value)).toEqual([401]);
    expectShownOnlyTo(alice, value, stage);
  },
);

test('a renewal is held to the policy of now', async () => {
  const { stage, alice, clock } = await setStill({ MAX_LIFETIME_DAYS: '30' });
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 365 });
  await clock.moveBy(365 * DAY_MS);

  const { inputs } = await opens(alice, '/apitoken rotate deploy-bot');
  expect(inputs[0]).toMatchObject({ value: '30 days', options: ['7 days', '30 days', 'On a date'] });
  await alice.fills({ Expires: 'On a date', 'Expiry date': '2027-03-01' });
  await alice.submits();

  expect((await modalOf(alice)).errors['Expiry date']).toContain('Choose a date from today to Jan 30, 2027.');
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
});

test('a renewal that is one live token too many is refused, all stays, and it works when one was revoked', async () => {
  const { stage, alice, clock } = await setStill({ TOKENS_PER_PERSON_MAX: '1' });
  await holdsToken(stage, alice, 'deploy-bot', A_DAY);
  await clock.moveBy(DAY_MS);
  await holdsToken(stage, alice, 'other-bot', { createdAt: clock() });

  await opens(alice, '/apitoken rotate deploy-bot');
  await alice.fills({ Expires: '7 days' });
  await alice.submits();
  const modal = await modalOf(alice);
  expect(modal.errors).toEqual({
    Expires: "You have 1 live token, the limit here. Revoke one you don't need, then try again.",
  });
  expect(modal.inputs[0]?.value).toBe('7 days');
  await alice.closes();
  await opens(alice, '/apitoken revoke other-bot');
  await alice.submits();
  await modalSaying(alice, 'other-bot is revoked.');
  await alice.closes();

  const value = await rotates(stage, alice, 'deploy-bot', { Expires: '7 days' });
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a rotation of a live token does not count against the limit', async () => {
  const { stage, alice } = await setStill({ TOKENS_PER_PERSON_MAX: '1' });
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

  const value = await rotates(stage, alice, 'deploy-bot');

  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a renewal that Slack does not show leaves the token expired, says so, and Renew is still there', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', A_DAY);
  await settled(stage);
  await clock.moveBy(DAY_MS);
  workspace.faults.add({ method: 'chat.postEphemeral', drop: 'after' });

  await opens(alice, '/apitoken rotate deploy-bot');
  await alice.submits();

  await modalSaying(alice, 'deploy-bot has no new value. It is still expired.');
  await settled(stage);
  const [lost = ''] =
    JSON.stringify(callsOf(workspace, 'chat.postEphemeral')).match(/apit_\w{12}_\w{38}/) ?? [];
  expect(await verdictsOf(stage, old, lost)).toEqual([401, 401]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ generation: 0, expires_at: T0 + DAY_MS });
  expect(receiptOf(alice, 'deploy-bot').text).toContain('It is still expired.');
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Renew', 'Revoke', 'Refresh']);
});

test('a dialog to renew that was sent off twice renews once, and one that was opened before another did says so', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_DAY);
  await clock.moveBy(DAY_MS + HOUR_MS);
  await opens(alice, '/apitoken rotate deploy-bot');
  await Promise.all([alice.submits(), alice.submits()]);
  await soon(() => expect(actionsOf(stage)).toContain('token.renewed'));

  await settled(stage);

  expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
  expect(alice.modal()?.text).toContain('New value for deploy-bot.');
});
