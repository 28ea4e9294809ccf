import { expect, test } from 'vitest';
import { DAY_MS, SECOND_MS } from '../../src/clock.ts';
import { openWorkspace, setStage, valueSeenBy } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  answerIn,
  callsOf,
  createsToken,
  holdsToken,
  modalSaying,
  opens,
  receiptOf,
  receiptsOf,
  rotates,
  rowsOf,
  setStill,
  settled,
  soon,
  toldTo,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

test('the receipt tells name, purpose, status and dates, stays when Slack reloads, and offers to revoke', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');

  await createsToken(alice, 'deploy-bot', { Purpose: 'the *nightly* build' });
  await settled(stage);
  alice.reloads();

  const receipt = receiptOf(alice, 'deploy-bot');
  expect(receipt.text).toBe(
    [
      'deploy-bot',
      'Status\nactive',
      'Last used\nnever',
      'Expires\nApr 1, 2026 at 12:00 AM UTC',
      'Purpose: the *nightly* build',
      "Its value was shown Jan 1, 2026 and can't be shown again. Lost it? Choose Issue new value.",
    ].join('\n'),
  );
  expect(receipt.buttons).toEqual(['Rotate', 'Issue new value', 'Revoke', 'Refresh']);
  expect(receipt.raw.text).toBe('API token deploy-bot: active');
  expect(callsOf(stage.workspace, 'chat.postMessage')).toMatchObject([
    { args: { unfurl_links: 'false', unfurl_media: 'false' } },
  ]);
});

test('a revocation changes the receipt that is there, and takes its buttons away', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  const { ts } = await soon(() => receiptOf(alice, 'deploy-bot'));

  await alice.clicks('Revoke', { in: '@apitoken' });
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();
  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]));

  const receipt = receiptOf(alice, 'deploy-bot');
  expect(receipt).toMatchObject({ ts, edited: true });
  expect(receipt.text).toContain('Status\nrevoked');
  expect(receipt.text).toContain('Date Revoked\nJan 1, 2026 at 12:00 AM UTC');
  expect(receipt.text).toContain('Revoked by @alice.');
  expect(callsOf(stage.workspace, 'chat.postMessage')).toHaveLength(1);
});

test('a receipt that Slack does not take yet comes when Slack said, also after a restart', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 30 });

  await createsToken(alice, 'deploy-bot');
  await soon(() =>
    expect(rowsOf(stage, 'select due_at, attempts from outbox')).toEqual([
      { due_at: T0 + 30 * SECOND_MS, attempts: 1 },
    ]),
  );
  await stage.restart();
  expect(receiptsOf(alice, 'deploy-bot')).toEqual([]);
  await clock.moveBy(30 * SECOND_MS);

  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nactive');
  expect(callsOf(stage.workspace, 'chat.postMessage')).toHaveLength(2);
});

test('a receipt that was deleted is posted anew, once', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await settled(stage);
  stage.workspace.faults.add({ method: 'chat.update', error: 'message_not_found' });

  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await settled(stage);

  const [, anew] = receiptsOf(alice, 'deploy-bot');
  expect(anew?.text).toContain('revoked');
  expect(callsOf(stage.workspace, 'chat.postMessage')).toHaveLength(2);
  expect(rowsOf(stage, 'select ts from messages')).toEqual([{ ts: anew?.ts }]);
});

test('what Slack will never take is given up, and logged without a word of it', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postMessage', error: 'user_disabled' });

  await holdsToken(stage, alice, 'deploy-bot');
  await soon(() => expect(callsOf(stage.workspace, 'chat.postMessage')).toHaveLength(1));
  await settled(stage);

  expect(receiptsOf(alice, 'deploy-bot')).toEqual([]);
  const lines = stage
    .log()
    .split('\n')
    .filter((line) => line.includes('user_disabled'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('deploy-bot');
});

test('one message that Slack does not take holds up no other', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const { workspace } = stage;
  workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 3600 });

  await holdsToken(stage, workspace.person('alice'), 'alices-bot', { createdAt: T0 });
  await soon(() => expect(callsOf(workspace, 'chat.postMessage')).toHaveLength(1));
  await holdsToken(stage, workspace.person('bob'), 'bobs-bot', { createdAt: T0 });

  await soon(() => receiptOf(workspace.person('bob'), 'bobs-bot'));
  expect(receiptsOf(workspace.person('alice'), 'alices-bot')).toEqual([]);
});

test('after a crash in the middle of showing, the receipt comes to offer a fresh value', async () => {
  const clock = aClock();
  const stage = await setStage({
    clock,
    workspace: await openWorkspace({ clock }),
    env: { DRAIN_SECONDS: '0' },
  });
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 2500 });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await soon(() => expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1));

  await stage.restart();
  const lost = valueSeenBy(alice);
  await clock.moveBy(2 * SECOND_MS);
  await soon(() => receiptOf(alice, 'deploy-bot'));
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Revoke']);
  await clock.moveBy(60 * SECOND_MS);

  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Revoke']));
  await alice.closes();
  await answerIn(alice, '@apitoken', () => alice.clicks('Show value'));
  const value = valueSeenBy(alice);
  expect([(await stage.verify(lost)).status, (await stage.verify(value)).status]).toEqual([401, 200]);
});

test.for([
  [
    'was never shown',
    { shown: false },
    0,
    '@dave created an API token for you. Choose Show value within 7 days.',
    ['Show value', 'Decline'],
    '@dave created an API token for you. Choose Show value within 7 days.',
  ],
  [
    'was shown',
    {},
    0,
    "Its value was shown Jan 1, 2026 and can't be shown again. Lost it? Choose Issue new value.",
    ['Rotate', 'Issue new value', 'Revoke', 'Refresh'],
    'Created for you by @dave.',
  ],
  [
    'never expires',
    { lifetimeDays: null },
    0,
    'Expires\nnever',
    ['Rotate', 'Issue new value', 'Revoke', 'Refresh'],
    'Created for you by @dave.',
  ],
  [
    'has expired',
    { lifetimeDays: 1 },
    DAY_MS,
    'It expired, so requests are refused. Choose Renew to get a new value.',
    ['Renew', 'Revoke', 'Refresh'],
    'Created for you by @dave.',
  ],
  [
    'expired before it was ever shown',
    { lifetimeDays: 1, shown: false },
    DAY_MS,
    'Status\nexpired',
    ['Renew', 'Revoke', 'Refresh'],
    'Created for you by @dave.',
  ],
] as const)(
  'the receipt of a token that %s tells the truth and offers what can be done',
  async ([, held, laterMs, text, buttons, by]) => {
    const { stage, alice, clock, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, ...held, by: workspace.person('dave') });
    await settled(stage);
    await clock.moveBy(laterMs);

    await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain(text));
    expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(buttons);
    const lines = receiptOf(alice, 'deploy-bot').text.split('\n');
    expect(lines.filter((line) => line.includes('@dave'))).toEqual([by]);
  },
);

test('a token that expired before it was ever shown is renewed, which shows its first value', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', {
    createdAt: T0,
    lifetimeDays: 1,
    shown: false,
    by: workspace.person('dave'),
  });
  await clock.moveBy(DAY_MS);

  const value = await rotates(stage, alice, 'deploy-bot', { Expires: '7 days' });

  expect(await verdictsOf(stage, value)).toEqual([200]);
  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('Status\nactive'));
  expect(toldTo(workspace.person('dave'))).toMatchObject([
    { text: expect.stringContaining('@alice claimed deploy-bot.') },
  ]);
  expectShownOnlyTo(alice, value, stage);
});

test('Refresh draws what is known at that moment, and posts the receipt anew where it was deleted', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  const { ts } = receiptOf(alice, 'deploy-bot');
  await clock.moveBy(DAY_MS);
  expect(await verdictsOf(stage, value)).toEqual([200]);

  await alice.clicks('Refresh', { in: '@apitoken' });
  await soon(() =>
    expect(receiptOf(alice, 'deploy-bot')).toMatchObject({
      ts,
      text: expect.stringContaining('Last used\nJan 2, 2026 at 12:00 AM UTC'),
    }),
  );
  workspace.faults.add({ method: 'chat.update', error: 'message_not_found' });
  await alice.clicks('Refresh', { in: '@apitoken' });

  await soon(() => expect(receiptsOf(alice, 'deploy-bot')).toHaveLength(2));
});

test('Refresh that Slack refuses is told of, with a reference', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  workspace.faults.add({ method: 'chat.update', error: 'cant_update_message' });

  const answer = await answerIn(alice, '@apitoken', () => alice.clicks('Refresh', { in: '@apitoken' }));

  const [, reference = ''] = /Reference (\w+)$/.exec(answer.text) ?? [];
  expect(stage.log()).toContain(reference);
});
