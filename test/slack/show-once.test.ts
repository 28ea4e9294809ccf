import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { openWorkspace, setStage, valueSeenBy } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerIn,
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
} from './flows.ts';
import { expectKeptAsHash, expectNotKept, expectShownOnlyTo } from './leaks.ts';

test('a new value stands in one message that only its owner sees, works at once, and is nowhere else', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const value = await createsToken(alice, 'deploy-bot', { Purpose: 'the nightly build' });
  await settled(stage);
  await alice.opensHome();
  await answerTo(alice, '/apitoken list');
  await answerTo(alice, '/apitoken info deploy-bot');

  const verified = await stage.verify(value);
  expect(verified.status).toBe(200);
  expect(verified.headers.get('x-token-name')).toBe('deploy-bot');
  expect(verified.headers.get('x-token-owner')).toBe(alice.id);
  expect(value).toMatch(/^apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
  expect(valueSeenBy(alice)).toBe(value);
  expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
  expectShownOnlyTo(alice, value, stage);
  expectKeptAsHash('deploy-bot', stage);
});

test('the message says what to do, keeps the value in a block of its own, and has the one button Hide now', async () => {
  const stage = await setStage({ env: { TOKEN_PREFIX: 'acme' } });
  const alice = stage.workspace.person('alice');

  await opens(alice, '/apitoken create <!channel> & *co*');
  await alice.submits();

  const shown = await soon(() => {
    const message = alice.sees('@apitoken').find(({ ephemeral }) => ephemeral);
    if (message === undefined) throw new Error('nothing is shown');
    return message;
  });
  expect(shown.text).toMatch(
    /^Your token <!channel> & \*co\* is ready\. Copy it now: it is shown only once\.\nacme_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\n/,
  );
  expect(shown.text).toContain('curl -H "Authorization: Bearer $APITOKEN" https://api.example.com/');
  expect(shown.raw.text).toBe(
    'Your token &lt;!channel&gt; &amp; *co* is ready. Copy it now: it is shown only once.',
  );
  expect(shown.buttons).toEqual(['Hide now']);
  const holding = shown.blocks.filter((block) => JSON.stringify(block).includes('acme_'));
  expect(holding).toMatchObject([
    {
      type: 'rich_text',
      elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: expect.any(String) }] }],
    },
  ]);
});

test('Hide now takes the value away, and it goes on working', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const value = await createsToken(alice, 'deploy-bot');
  await settled(stage);

  await alice.clicks('Hide now');

  await soon(() => expect(alice.reads('@apitoken')).not.toContain(value));
  expect(receiptOf(alice, 'deploy-bot').text).toContain("can't be shown again");
  expect((await stage.verify(value)).status).toBe(200);
  expectShownOnlyTo(alice, value, stage);
});

test('reloading Slack loses the value, and nothing brings it back', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const value = await createsToken(alice, 'deploy-bot');
  await settled(stage);

  alice.reloads();
  await answerTo(alice, '/apitoken info deploy-bot', '@apitoken');

  expect(alice.reads('@apitoken')).not.toContain(value);
  expect(alice.sees('@apitoken').flatMap(({ buttons }) => buttons)).not.toContain('Show value');
  expect((await stage.verify(value)).status).toBe(200);
});

test('what Slack says it showed counts as shown, though nobody saw it', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', lose: true });

  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await settled(stage);
  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain('active'));

  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Rotate', 'Issue new value', 'Revoke', 'Refresh']);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
});

test('an unclaimed token offers its value in the list, and it comes once', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { shown: false });
  await answerTo(alice, '/apitoken list');

  const message = await answerIn(alice, '#general', () =>
    alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Show value'),
  );

  expect(message.text).toBe('The value is in your direct messages with apitoken. Only you can see it.');
  expect(alice.reads('@apitoken')).toContain('Your token deploy-bot is ready.');
  const value = valueSeenBy(alice);
  expect((await stage.verify(value)).status).toBe(200);
  await settled(stage);
  expectShownOnlyTo(alice, value, stage);
});

test('a value whose token is revoked while it is being shown is dead, and the dialog offers no other', async () => {
  const stage = await setStage();
  const [alice, dave] = [stage.workspace.person('alice'), stage.workspace.person('dave')];
  stage.workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 600 });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await soon(() => expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1));

  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'not wanted' });
  await dave.submits();

  const modal = await modalSaying(alice, 'was revoked while its value was being shown');
  expect(modal.text).not.toContain('Show value');
  expect((await stage.verify(valueSeenBy(alice))).status).toBe(401);
  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
});

test.for([
  ['expired', 'deploy-bot has expired and no longer works. Renew it, or create a new token.'],
  ['revoked', 'deploy-bot is already revoked. Nothing more to do.'],
  [
    'shown',
    'The value of deploy-bot was already shown, and is shown only once. If you lost it, choose Rotate.',
  ],
] as const)(
  'Show value on a button that was drawn before the token was %s makes none',
  async ([what, sentence]) => {
    const clock = aClock();
    const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
    const alice = stage.workspace.person('alice');
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1, shown: false });
    await answerTo(alice, '/apitoken info deploy-bot');
    if (what === 'expired') await clock.moveBy(DAY_MS);
    if (what === 'shown')
      await answerIn(alice, '@apitoken', () => alice.clicks('Show value', { in: '#general' }));
    if (what === 'revoked') {
      await opens(alice, '/apitoken revoke deploy-bot');
      await alice.submits();
      await modalSaying(alice, 'deploy-bot is revoked.');
    }
    const shown = callsOf(stage.workspace, 'chat.postEphemeral').length;

    const answer = await answerIn(alice, '#general', () => alice.clicks('Show value', { in: '#general' }));

    expect(answer.text).toBe(sentence);
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(shown);
  },
);

test.for([
  ['name', { 'Token Name': 'VALUE', Purpose: 'the nightly build' }, 'Token Name'],
  ['name, among other words', { 'Token Name': 'my VALUE', Purpose: 'the nightly build' }, 'Token Name'],
  ['purpose', { 'Token Name': 'deploy-bot', Purpose: 'replaces `VALUE`' }, 'Purpose'],
] as const)('a value typed as %s is not saved, and is not said again', async ([, filledIn, field]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'leaked-bot');
  const typed = Object.entries(filledIn).map(([label, text]) => [label, text.replace('VALUE', value)]);

  await opens(alice, '/apitoken create');
  await alice.fills(Object.fromEntries(typed));
  await alice.submits();

  const modal = await modalOf(alice);
  expect(modal.errors).toEqual({
    [field]: 'This looks like a token value. It was not saved. If it leaked, revoke it.',
  });
  expect(rowsOf(stage, 'select name from tokens')).toEqual([{ name: 'leaked-bot' }]);
  expectNotKept(value, stage);
});

test('a value typed as the reason of a revocation is not saved, and nothing is revoked', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.fills({ Reason: `leaked: ${value}` });
  await alice.submits();

  expect((await modalOf(alice)).errors).toEqual({
    Reason: 'This looks like a token value. It was not saved. If it leaked, revoke it.',
  });
  expect((await stage.verify(value)).status).toBe(200);
  expectNotKept(value, stage);
});

test.for([['VALUE'], ['create VALUE'], ['info VALUE'], ['list VALUE'], ['frobnicate “VALUE”']] as const)(
  'a value in "/apitoken %s" is not said again',
  async ([typed]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    const answer = await answerTo(alice, `/apitoken ${typed.replace('VALUE', value)}`);

    expect(answer.text).toBe('This looks like a token value. It was not saved. If it leaked, revoke it.');
    expect(answer.buttons).toEqual(['Revoke it']);
    expectNotKept(value, stage);
  },
);
