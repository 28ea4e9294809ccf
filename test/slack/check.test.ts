import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import { TokenValue, toBase62 } from '../../src/tokens/token-value.ts';
import { setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  auditOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  rowsOf,
  setStill,
  settled,
  soon,
  tokenRow,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const NOTHING_TOLD =
  'Only its owner, on-call and admins can check a value. If it leaked, type /apitoken revoke VALUE.';
const USAGE = "Type /apitoken check VALUE with the whole value. It isn't saved.";
const UNKNOWN = "This value doesn't belong to any token here, so it doesn't work.";
const ONCALL = { ONCALL: 'U0CAROL0001' };

test('on-call, admins and the owner are told what a value is, each time with an audit event', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const values = await oneOfEach();
  const sentences = {
    valid: 'This value belongs to in-use and works.',
    grace: "This value belongs to rotated and works. It's the old value.",
    expired: 'This value belongs to over, which has expired. It no longer works.',
    retired: 'This is an old value of changed. It no longer works.',
    revoked: 'Looks like ended, already revoked. It no longer works.',
  };
  const asked = actionsOf(stage).length;

  for (const [kind, sentence] of Object.entries(sentences)) {
    for (const handle of ['carol', 'dave', 'alice']) {
      const answer = await answerTo(workspace.person(handle), `/apitoken check ${values[kind]}`);
      expect(answer.text.split('\n')[0], `${kind} to ${handle}`).toBe(sentence);
      expect(answer.text).toContain('Owner\n@alice');
      expect(answer.ephemeral).toBe(true);
    }
  }

  expect(actionsOf(stage).slice(asked)).toEqual(Array.from({ length: 15 }, () => 'value.checked'));
  for (const value of Object.values(values)) expectNeverSaid(value ?? '', stage);

  async function oneOfEach(): Promise<Record<string, string>> {
    const hold = (name: string, fields = {}) => holdsToken(stage, alice, name, { createdAt: T0, ...fields });
    const valid = await hold('in-use');
    const grace = await hold('rotated');
    const expired = await hold('over', { lifetimeDays: 1 });
    const retired = await hold('changed');
    const revoked = await hold('ended');
    await rotates(stage, alice, 'changed', { 'Old value ends': 'In 1 hour' });
    await opens(alice, '/apitoken revoke ended');
    await alice.submits();
    await modalSaying(alice, 'ended is revoked.');
    await alice.closes();
    await clock.moveBy(24 * HOUR_MS);
    await rotates(stage, alice, 'rotated', { 'Old value ends': 'In 1 hour' });
    await settled(stage);
    return {
      valid: valid.value,
      grace: grace.value,
      expired: expired.value,
      retired: retired.value,
      revoked: revoked.value,
    };
  }
});

test('a revoked value is told of with who revoked it and when, and a live one can be revoked at once', async () => {
  const { stage, alice, workspace } = await setStill(ONCALL);
  const carol = workspace.person('carol');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

  expect((await answerTo(carol, `/apitoken check ${value}`)).buttons).toEqual(['Revoke']);
  await carol.clicks('Revoke', { in: '#general' });
  await modalOf(carol);
  await carol.fills({ Reason: 'leaked' });
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  const after = await answerTo(carol, `/apitoken check ${value}`);

  expect(after.text).toContain('Revoked by @carol Jan 1, 2026 at 12:00 AM UTC.');
  expect(after.buttons).toEqual([]);
});

test('anybody else hears the same of every value, and each attempt is noted', async () => {
  const { stage, clock, alice, workspace } = await setStill({ MANAGERS: 'U0BOB000001' });
  const live = await holdsToken(stage, alice, 'in-use', { createdAt: T0 });
  const expired = await holdsToken(stage, alice, 'over', { createdAt: T0, lifetimeDays: 1 });
  const revoked = await holdsToken(stage, alice, 'ended', { createdAt: T0 });
  await opens(alice, '/apitoken revoke ended');
  await alice.submits();
  await modalSaying(alice, 'ended is revoked.');
  await clock.moveBy(24 * HOUR_MS);
  const bob = workspace.person('bob');
  const unknown = TokenValue.generate('apit').reveal();
  const otherPrefix = TokenValue.generate('ghp').reveal();

  const answers = [];
  for (const value of [live.value, expired.value, revoked.value, unknown, otherPrefix]) {
    answers.push(await answerTo(bob, `/apitoken check ${value}`));
  }

  expect(answers.map(({ text }) => text)).toEqual(answers.map(() => NOTHING_TOLD));
  const bodies = workspace.traffic.flatMap((entry) =>
    entry.kind === 'response-url' && JSON.stringify(entry.args).includes('can check a value')
      ? [JSON.stringify(entry.args)]
      : [],
  );
  expect(new Set(bodies).size).toBe(1);
  expect(bodies).toHaveLength(5);
  expect(auditOf(stage).slice(-5)).toEqual(
    [tokenRow(stage, 'in-use').id, tokenRow(stage, 'over').id, tokenRow(stage, 'ended').id, null, null].map(
      (tokenId) => ({ actor: bob.id, action: 'action.refused', tokenId }),
    ),
  );
});

test.for([
  ['a value of nobody', () => TokenValue.generate('apit').reveal(), UNKNOWN],
  ['a value of another prefix', () => TokenValue.generate('ghp').reveal(), UNKNOWN],
  ['a lookup id with another secret', (value: string) => withOtherSecret(value), UNKNOWN],
  ['nothing', () => '', USAGE],
  ['a name', () => 'deploy-bot', USAGE],
  ['a value that is cut', (value: string) => value.slice(0, -1), USAGE],
  ['40,000 characters', () => 'x'.repeat(40_000), USAGE],
  ['two values', (value: string) => `${value} ${value}`, 'This looks like a token value. It was not saved.'],
] as const)('checking %s is answered clearly', async ([, typed, sentence]) => {
  const stage = await setStage({ env: ONCALL });
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  const answer = await answerTo(stage.workspace.person('carol'), `/apitoken check ${typed(value)}`);

  expect(answer.text).toContain(sentence);
  expect(answer.text).not.toContain('deploy-bot');
});

test('a person may check ten values a minute, whatever comes of it, and others go on', async () => {
  const { clock, workspace } = await setStill(ONCALL);
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  const value = TokenValue.generate('apit').reveal();
  const check = async (person: typeof bob) => (await answerTo(person, `/apitoken check ${value}`)).text;

  for (let count = 1; count <= 10; count++) {
    expect(await check(carol), `${count}`).toBe(UNKNOWN);
    expect(await check(bob), `${count}`).toBe(NOTHING_TOLD);
  }
  const tooMany = (wait: string) =>
    `You've checked 10 values in a minute, the limit here. Try again in ${wait}.`;
  expect([await check(carol), await check(bob)]).toEqual([tooMany('60 seconds'), tooMany('60 seconds')]);
  expect(await check(workspace.person('dave'))).toBe(UNKNOWN);
  await clock.moveBy(MINUTE_MS - 1);
  expect(await check(carol)).toBe(tooMany('1 second'));
  await clock.moveBy(1);

  expect(await check(carol)).toBe(UNKNOWN);
});

test('checking a value is no use of it', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  await answerTo(alice, `/apitoken check ${value}`);

  // What was counted by then is written before a receipt is drawn anew.
  await alice.clicks('Refresh', { in: '@apitoken' });
  await soon(() => expect(receiptOf(alice, 'deploy-bot').edited).toBe(true));

  expect(rowsOf(stage, 'select * from token_usage')).toEqual([]);
});

/** The public part of `value` with a secret of its own and right check digits. */
function withOtherSecret(value: string): string {
  const body = `${value.slice(0, 18)}${'x'.repeat(32)}`;
  return body + toBase62(crc32(body), 6);
}
