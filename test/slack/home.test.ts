import { expect, test } from 'vitest';
import { checkView } from '../../sandbox/workspace/blocks.ts';
import { DAY_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  holdsTokens,
  modalOf,
  modalSaying,
  opens,
  rotates,
  rowsOf,
  setStill,
  settled,
  shownBy,
  soon,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

// 200 receipts are posted beside it.
test('200 tokens open, page and filter in the Home tab and in the list, within the limits of Slack', {
  timeout: 180_000,
}, async () => {
  const { stage, alice, clock } = await setStill();
  const name = (number: number) => `${String(number).padStart(3, '0')} ${'🗝'.repeat(60)}`;
  await holdsTokens(stage, alice, 200, name, (number) => ({
    createdAt: T0,
    lifetimeDays: number <= 120 ? 90 : 1,
    purpose: '🗝'.repeat(200),
  }));
  await clock.moveBy(DAY_MS);

  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 6 · 120 tokens'));
  for (let page = 2; page <= 6; page++) {
    await alice.clicks('Next', { in: 'home' });
    await soon(() => expect(alice.home()?.text).toContain(`Page ${page} of 6`));
    expect(alice.home()?.menus).toHaveLength(20);
  }
  expect(alice.home()?.buttons).toEqual(['Create API Token', 'Previous']);
  await alice.selects('Show', 'All', { in: 'home' });
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 10 · 200 tokens'));
  await alice.selects('Show', 'Expired', { in: 'home' });
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 4 · 80 tokens'));
  await alice.selects('Show', 'Revoked', { in: 'home' });
  await soon(() => expect(alice.home()?.text).toContain('No tokens match.'));

  const list = await answerTo(alice, '/apitoken list all');
  expect(list.text).toContain('Page 1 of 10 · 200 tokens');
  for (const { args } of callsOf(stage.workspace, 'views.publish')) {
    const view = typeof args.view === 'string' ? JSON.parse(args.view) : args.view;
    expect(checkView(view)).toEqual([]);
  }
  expect(stage.workspace.refusals).toEqual([]);
});

test('everything that happens to a token is drawn in the Home tab without its being opened again', async () => {
  const { stage, alice, clock } = await setStill();
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('You have no tokens yet.'));

  await createsToken(alice, 'deploy-bot', { Expires: '7 days' });
  await settled(stage);
  expect(alice.home()?.text).toContain('deploy-bot · 🟡 expiring soon · Never used');
  expect(alice.home()?.text).toContain('Expires Jan 8, 2026');
  await rotates(stage, alice, 'deploy-bot', { Expires: '30 days' });
  expect(alice.home()?.text).toContain('Expires Jan 31, 2026');
  await clock.moveTo(T0 + 30 * DAY_MS);
  await rotates(stage, alice, 'deploy-bot', { Expires: '7 days' });
  expect(alice.home()?.text).toContain('Expires Feb 7, 2026');
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await settled(stage);
  expect(alice.home()?.text).toContain('No tokens match.');
  await alice.closes();
  await alice.selects('Show', 'Revoked', { in: 'home' });

  await soon(() => expect(alice.home()?.text).toContain('Date Revoked: Jan 31, 2026'));
  expect(alice.home()?.menus).toEqual([['Create again', 'History']]);
});

test('a token is created, rotated and revoked from the Home tab alone', async () => {
  const { stage, alice } = await setStill();
  await alice.opensHome();
  await soon(() => expect(alice.home()).toBeDefined());

  await alice.clicks('Create API Token', { in: 'home' });
  await modalOf(alice);
  await alice.fills({ 'Token Name': 'deploy-bot' });
  const first = await shownBy(alice, () => alice.submits());
  await alice.closes();
  await soon(() => expect(alice.home()?.menus).toEqual([['Rotate', 'Revoke API Token', 'History']]));
  await alice.choosesFrom({ in: 'home', near: 'deploy-bot' }, 'Rotate');
  await modalSaying(alice, 'gets a new value');
  await alice.fills({ 'Old value ends': 'Now' });
  const second = await shownBy(alice, () => alice.submits());
  await modalSaying(alice, 'New value for deploy-bot.');
  await alice.closes();
  await alice.choosesFrom({ in: 'home', near: 'deploy-bot' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await settled(stage);

  for (const value of [first, second]) {
    expect((await stage.verify(value)).status).toBe(401);
    expectShownOnlyTo(alice, value, stage);
  }
  expect(alice.sees('#general')).toEqual([]);
});

test('what changes is drawn where the person has turned to, and they are not sent back to the beginning', async () => {
  const { stage, alice } = await setStill();
  await holdsTokens(
    stage,
    alice,
    25,
    (number) => `bot-${number}`,
    (number) => ({ createdAt: T0, lifetimeDays: number }),
  );
  await settled(stage);
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 2'));
  await alice.clicks('Next', { in: 'home' });
  await soon(() => expect(alice.home()?.text).toContain('Page 2 of 2 · 25 tokens'));

  await alice.choosesFrom({ in: 'home', near: 'bot-3' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your bot-3?');
  await alice.submits();
  await soon(() => expect(alice.home()?.text).toContain('Page 2 of 2 · 24 tokens'));
  await alice.closes();
  await alice.selects('Show', 'Revoked', { in: 'home' });
  await soon(() => expect(alice.home()?.text).toContain('\n1 token\n'));
  await opens(alice, '/apitoken revoke bot-20');
  await alice.submits();

  await soon(() => expect(alice.home()?.text).toContain('\n2 tokens\n'));
  expect(alice.home()?.text).toContain('bot-20 · ⚫ revoked');
  await alice.closes();
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 2 · 23 tokens'));
});

test('a change of somebody’s tokens is not drawn in anybody else’s Home tab', async () => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  await bob.opensHome();
  await soon(() => expect(bob.home()).toBeDefined());
  const before = callsOf(workspace, 'views.publish').length;

  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);

  const drawn = callsOf(workspace, 'views.publish').slice(before);
  expect(drawn.map(({ args }) => args.user_id)).toEqual([alice.id]);
  expect(bob.home()?.text).not.toContain('deploy-bot');
});

test('a Home tab that Slack does not take yet is drawn as soon as Slack said', async () => {
  const { stage, alice, workspace, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  const before = callsOf(workspace, 'views.publish').length;
  workspace.faults.add({ method: 'views.publish', status: 429, retryAfter: 30 });

  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await soon(() =>
    expect(rowsOf(stage, "select attempts from outbox where key like 'home:%'")).toEqual([{ attempts: 1 }]),
  );
  expect(alice.home()?.text).toContain('deploy-bot · Never used');
  await clock.moveBy(30_000);

  await soon(() => expect(alice.home()?.text).toContain('No tokens match.'));
  expect(callsOf(workspace, 'views.publish')).toHaveLength(before + 2);
});
