import { expect, test } from 'vitest';
import { HOUR_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  callsOf,
  createsToken,
  holdsToken,
  idOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  valuesSeenBy,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

const USED = 'The value of deploy-bot has been used, so it works. To replace it, choose Rotate.';
const CHANGED = 'deploy-bot was changed in the meantime, so nothing was done.';

test('a value that was lost before its first use is replaced from the receipt, again and again, and ends at once', async () => {
  const { stage, alice } = await setStill();
  const first = await createsToken(alice, 'deploy-bot');
  await settled(stage);
  alice.reloads();

  const second = await issues(stage, alice);
  const third = await issues(stage, alice);

  expect(await verdictsOf(stage, first, second, third)).toEqual([401, 401, 200]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ generation: 2, expires_at: T0 + 90 * 86_400_000 });
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'value.replaced', 'value.replaced']);
  for (const value of [first, second, third]) expectShownOnlyTo(alice, value, stage);
});

test('once the value was used it is no longer offered, and a button drawn before says what to do', async () => {
  const { stage, alice } = await setStill();
  const value = await createsToken(alice, 'deploy-bot');
  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').buttons).toContain('Issue new value');
  expect(await verdictsOf(stage, value)).toEqual([200]);

  // No flush has come by: what was used a moment ago counts.
  const answer = await answerIn(alice, '@apitoken', () =>
    alice.clicks('Issue new value', { in: '@apitoken' }),
  );
  expect(answer.text).toBe(USED);
  await alice.clicks('Refresh', { in: '@apitoken' });
  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Rotate', 'Revoke', 'Refresh']));

  expect(receiptOf(alice, 'deploy-bot').text).toContain('Last used\nJan 1, 2026 at 12:00 AM UTC');
  expect(receiptOf(alice, 'deploy-bot').text).toContain('Lost it? Choose Rotate.');
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(valuesSeenBy(alice)).toEqual([value]);
});

test('two presses at once make one new value, and the other is told kindly', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);

  await Promise.all([
    alice.clicks('Issue new value', { in: '@apitoken' }),
    alice.clicks('Issue new value', { in: '@apitoken' }),
  ]);
  await soon(() => expect(alice.reads('@apitoken')).toContain(CHANGED));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(1));
  await settled(stage);

  expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(await verdictsOf(stage, ...valuesSeenBy(alice))).toEqual([200]);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'value.replaced']);
});

test('a press that Slack delivers again makes no second value and says nothing', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  const value = await issues(stage, alice);

  await alice.redelivers();
  await opens(alice, '/apitoken rotate deploy-bot');
  await settled(stage);

  expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
  expect(alice.reads('@apitoken')).not.toContain(CHANGED);
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a button that was drawn before another new value does nothing and says so', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  const value = await issues(stage, alice);

  for (const generation of ['0', '7', '', 'x', '1e0', ' 1']) {
    if (Number(generation) === 1) continue;
    const answer = await answerIn(alice, '@apitoken', async () => {
      await alice.forges({
        type: 'block_actions',
        action_id: 'issue_new_value',
        value: `${idOf(stage, 'deploy-bot')}:${generation}`,
        from: { message: receiptOf(alice, 'deploy-bot').ts },
      });
    });
    expect(answer.text).toContain(CHANGED);
  }

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(1);
});

test('while an old value is honoured, only the one that nobody used is replaced', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const unseen = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 1 hour' });
  await clock.moveBy(1000);
  expect(await verdictsOf(stage, old)).toEqual([200]);

  const value = await issues(stage, alice);

  expect(await verdictsOf(stage, old, unseen, value)).toEqual([200, 401, 200]);
  expect(receiptOf(alice, 'deploy-bot').text).toContain(
    'The old one works until Jan 1, 2026 at 1:00 AM UTC.',
  );
  await clock.moveTo(T0 + HOUR_MS - 1);
  expect(await verdictsOf(stage, old, value)).toEqual([200, 200]);
  await clock.moveBy(1);
  expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
});

test.for([
  [
    'refuses',
    { error: 'restricted_action' },
    "A setting of this workspace blocks apitoken's messages. Ask an admin.",
  ],
  ['does not answer', { drop: 'after' }, "Slack didn't confirm that it showed the value"],
] as const)(
  'where Slack %s, the value before lives on, nothing is tried twice, and it is offered again',
  async ([, fault, sentence]) => {
    const { stage, alice, workspace } = await setStill();
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    await settled(stage);
    workspace.faults.add({ method: 'chat.postEphemeral', ...fault });

    await alice.clicks('Issue new value', { in: '@apitoken' });
    await soon(() => expect(alice.reads('@apitoken')).toContain(`Your current value still works.`));
    await settled(stage);

    expect(alice.reads('@apitoken')).toContain(sentence);
    expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1);
    const [lost = ''] =
      JSON.stringify(callsOf(workspace, 'chat.postEphemeral')).match(/apit_\w{12}_\w{38}/) ?? [];
    expect(await verdictsOf(stage, lost)).toEqual([401]);
    expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
    expect(receiptOf(alice, 'deploy-bot').buttons).toContain('Issue new value');
    const value = await issues(stage, alice);
    expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
  },
);

test('a value that is used for the first time while another is being shown lives on, and the new one is worthless', async () => {
  const { stage, alice, workspace } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 600 });
  const shown = shownBy(alice, () => alice.clicks('Issue new value', { in: '@apitoken' }));
  await soon(() => expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1));

  expect(await verdictsOf(stage, old)).toEqual([200]);

  await soon(() =>
    expect(alice.reads('@apitoken')).toContain(
      "The previous value was used meanwhile. It still works, and the one you just saw doesn't.",
    ),
  );
  await settled(stage);
  expect(await verdictsOf(stage, old, await shown)).toEqual([200, 401]);
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
});

test('a token that is revoked while its new value is being shown has none, and nothing says that one lives on', async () => {
  const { stage, alice, workspace } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 600 });
  const shown = shownBy(alice, () => alice.clicks('Issue new value', { in: '@apitoken' }));
  await soon(() => expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(1));
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');

  await soon(() => expect(alice.reads('@apitoken')).toContain('was revoked or rotated meanwhile'));
  await settled(stage);

  expect(alice.reads('@apitoken')).not.toContain('still works');
  expect(await verdictsOf(stage, old, await shown)).toEqual([401, 401]);
});

test.for([
  ['expired', 'deploy-bot has expired and no longer works. Renew it, or create a new token.'],
  ['revoked', 'deploy-bot is already revoked. Nothing more to do.'],
] as const)('of a token that is %s by then no new value is issued', async ([what, sentence]) => {
  const { stage, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1 });
  await settled(stage);
  const { ts } = receiptOf(alice, 'deploy-bot');
  if (what === 'expired') await clock.moveBy(86_400_000);
  else {
    await opens(alice, '/apitoken revoke deploy-bot');
    await alice.submits();
    await modalSaying(alice, 'deploy-bot is revoked.');
  }

  const answer = await answerIn(alice, '@apitoken', async () => {
    await alice.forges({
      type: 'block_actions',
      action_id: 'issue_new_value',
      value: `${idOf(stage, 'deploy-bot')}:0`,
      from: { message: ts },
    });
  });

  expect(answer.text).toBe(sentence);
  expect(valuesSeenBy(alice)).toEqual([]);
});

/** Presses Issue new value and waits until it is done; the new value. */
async function issues(stage: Still['stage'], person: Still['alice']): Promise<string> {
  const before = Number(tokenRow(stage, 'deploy-bot').generation);
  await settled(stage);
  const value = await shownBy(person, () => person.clicks('Issue new value', { in: '@apitoken' }));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(before + 1));
  await settled(stage);
  return value;
}

type Still = Awaited<ReturnType<typeof setStill>>;
