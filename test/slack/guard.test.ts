import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { DAY_MS } from '../../src/clock.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import { hears, leakCards, posterTold, setGuard } from './a-guard.ts';
import {
  aClock,
  actionsOf,
  auditOf,
  callsOf,
  holdsToken,
  rotates,
  rowsOf,
  settled,
  soon,
  tokenRow,
  toldTo,
  verdictsOf,
  withStore,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

describe('with LEAK_GUARD=revoke', () => {
  test.for(['sockets', 'http'] as const)(
    'a value in a channel is dead at once, over %s',
    async (deliverBy) => {
      const { stage, alice, bob, carol } = await setGuard('revoke', { deliverBy });
      const { value } = await holdsToken(stage, alice, 'deploy-bot');

      await carol.types('#general', `does this work? ${value}`);
      await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
      await settled(stage);

      expect(tokenRow(stage, 'deploy-bot')).toMatchObject({
        revoked_by: 'guard',
        revoke_reason: 'Leaked in #general',
      });
      expect(auditOf(stage).at(-1)).toMatchObject({ actor: 'guard', action: 'token.revoked' });
      const [card, ...more] = leakCards(bob);
      expect(more).toEqual([]);
      expect(card?.text.split('\n').slice(0, 5)).toEqual([
        'deploy-bot of @alice leaked in #general.',
        "It's revoked. Anything using it has stopped working.",
        'Create a new token, and use it where this one was used.',
        'Now delete the message',
        'Ask @carol or a workspace admin to delete it.',
      ]);
      expect(card?.text).toContain("By: apitoken's leak guard");
      expect(card?.buttons).toEqual([]);
      const [told, ...others] = toldTo(alice);
      expect(others).toEqual([]);
      expect(told?.text).toContain('Your token deploy-bot leaked in #general.');
      expect(told?.buttons).toEqual([]);
      const [note] = posterTold(carol);
      expect(note?.text).toContain(
        'Your message holds a token value. It leaked here, so it no longer works.',
      );
      expect(note?.text).toContain('You posted it, so you can delete it.');
      expectNeverSaid(value, stage);
    },
  );

  test('a private channel is named nowhere', async () => {
    const { stage, workspace, alice, bob, carol } = await setGuard('revoke');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    await carol.types('#secret', value);
    await settled(stage);

    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoke_reason: 'Leaked in a private channel' });
    expect(leakCards(bob)[0]?.text).toContain('deploy-bot of @alice leaked in a private channel.');
    expect(callsOf(workspace, 'conversations.info')).toEqual([]);
    for (const { method, args } of callsOf(workspace, 'chat.postMessage')) {
      expect(JSON.stringify(args), method).not.toMatch(/secret|<#/);
    }
    expect(posterTold(carol, '#secret')).toHaveLength(1);
  });

  test('an old value in its grace ends alone, and the card says so', async () => {
    const { stage, alice, bob, carol } = await setGuard('revoke');
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot');
    const fresh = await rotates(stage, alice, 'deploy-bot');

    await carol.types('#general', old);
    await soon(async () => expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]));
    await settled(stage);

    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoked_at: null });
    expect(auditOf(stage).at(-1)).toMatchObject({ actor: 'guard', action: 'old_value.ended' });
    expect(leakCards(bob).map(({ text }) => text.split('\n')[1])).toEqual([
      'The leaked value no longer works. The new value still works.',
    ]);
    expect(toldTo(alice)).toHaveLength(1);
  });

  test('both values of a token in one message end the token', async () => {
    const { stage, alice, carol } = await setGuard('revoke');
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot');
    const fresh = await rotates(stage, alice, 'deploy-bot');

    await carol.types('#general', `${old} ${fresh}`);

    await soon(async () => expect(await verdictsOf(stage, old, fresh)).toEqual([401, 401]));
  });

  test('of several owners each is told of theirs, and on-call of all in one card', async () => {
    const { stage, alice, bob, carol } = await setGuard('revoke');
    const ofAlice = await holdsToken(stage, alice, 'alices-bot');
    const ofBob = await holdsToken(stage, bob, 'bobs-bot');

    await carol.types('#general', `${ofAlice.value} and ${ofBob.value}`);
    await settled(stage);

    expect(await verdictsOf(stage, ofAlice.value, ofBob.value)).toEqual([401, 401]);
    const [card, ...more] = leakCards(carol);
    expect(more).toEqual([]);
    expect(card?.text).toContain('2 tokens leaked in #general.');
    expect(card?.text).toContain('alices-bot of @alice: revoked');
    expect(card?.text).toContain('bobs-bot of @bob: revoked');
    expect(toldTo(alice).map(({ text }) => text.includes('bobs-bot'))).toEqual([false]);
    expect(toldTo(bob).map(({ text }) => text.includes('alices-bot'))).toEqual([false]);
  });

  test('more live values than one dialog takes end all', async () => {
    const { stage, workspace, alice } = await setGuard('revoke', { env: { TOKENS_PER_PERSON_MAX: '200' } });
    const values: string[] = [];
    for (let number = 1; number <= 101; number++)
      values.push((await holdsToken(stage, alice, `bot ${number}`)).value);

    workspace.post('#general', 'buildbot', { text: values.join(' ') });

    await soon(async () => expect(new Set(await verdictsOf(stage, ...values))).toEqual(new Set([401])));
    await settled(stage);
  });
});

const V = 'VALUE';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const part = (text: string) => ({ type: 'text', text });
const line = (...elements: object[]) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});

test.for([
  ['a reply in a thread', { thread_ts: '1600000000.000100' }, V],
  [
    'a reply that is shown in the channel too',
    { subtype: 'thread_broadcast', thread_ts: '1600000000.000100', root: { text: 'x' } },
    V,
  ],
  ['/me', { subtype: 'me_message' }, V],
  ['a bot of old', { subtype: 'bot_message', bot_id: 'B0OLDBOT001', user: undefined, username: 'ci' }, V],
  ['a bot', { bot_id: 'B0NEWBOT001', bot_profile: { id: 'B0NEWBOT001' } }, V],
  ['blocks alone', { text: '', blocks: [line(part(V))] }, ''],
  ['an attachment', { attachments: [{ fallback: 'x', fields: [{ title: 'token', value: V }] }] }, 'see'],
  ['the title of a file', { subtype: 'file_share', files: [{ id: 'F1', name: 'a.txt', title: V }] }, ''],
  ['the name of a file', { subtype: 'file_share', files: [{ id: 'F1', name: `${V}.txt` }] }, ''],
  ['the preview of a file', { subtype: 'file_share', files: [{ id: 'F1', preview: `export T=${V}` }] }, ''],
  [
    'the first comment on a file',
    { subtype: 'file_share', files: [{ id: 'F1', initial_comment: { comment: V } }] },
    '',
  ],
  ['the topic of the channel', { subtype: 'channel_topic', topic: V }, `set the topic: ${V}`],
  ['a kind that nobody knows yet', { subtype: 'of_next_year' }, V],
  [
    'code',
    { blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [part(V)] }] }] },
    '',
  ],
  ['nobody knows what kind of channel', { channel_type: undefined }, V],
  ['a conversation of several', { channel_type: 'mpim', channel: 'C0MPIM00001' }, V],
  ['64 KiB of text', {}, `${'x '.repeat(19_000)} ${V}`],
] as const)('a value is found in %s', async ([, claims, text]) => {
  const { stage, workspace, alice, bob } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  const filled = JSON.parse(JSON.stringify(claims).replaceAll(V, value));
  const undefinedKeys = Object.fromEntries(Object.keys(claims).map((key) => [key, undefined]));

  await hears(stage, bob, { ...undefinedKeys, ...filled }, text.replaceAll(V, value));

  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(leakCards(bob)).toHaveLength(1);
  expectNeverSaid(value, stage);
  workspace.takeRefusals();
});

test.for([
  ['the app itself wrote', { bot_id: 'B0APITOKEN1' }],
  [
    'the app itself changed',
    { subtype: 'message_changed', message: { user: 'U0APITOKEN1', ts: '1.1', text: V } },
  ],
  ['tells that somebody joined', { subtype: 'channel_join' }],
  ['tells of a deleted message', { subtype: 'message_deleted', previous_message: { text: V, ts: '1.1' } }],
  ['tells of a reply', { subtype: 'message_replied', message: { text: V, ts: '1.1' } }],
] as const)('what %s is passed over', async ([, claims]) => {
  const { stage, alice, bob } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await hears(stage, bob, JSON.parse(JSON.stringify(claims).replaceAll(V, value)), value);

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(leakCards(bob)).toEqual([]);
});

test.for([
  ['of nobody', async () => TokenValue.generate('apit').reveal()],
  ['with one wrong character', async (value: string) => swapped(value)],
  [
    'that was revoked',
    async (value: string, stage: Stage) => {
      const by = { actor: 'system', at: stage.now(), reason: 'old', held: false } as const;
      const [row] = rowsOf(stage, "select id from tokens where name = 'deploy-bot'");
      await withStore(stage, (store) => store.revokeTokens([row?.id as TokenId], by, { keys: [] }));
      return value;
    },
  ],
] as const)('a value %s changes nothing and is told to nobody', async ([, kill]) => {
  const { stage, workspace, alice, carol } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await expectNothingComesOf(await kill(value, stage), { stage, workspace, carol });
});

test('nor does a value that expired', async () => {
  const clock = aClock();
  const { stage, workspace, alice, carol } = await setGuard('revoke', { clock });
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1 });
  await clock.moveBy(DAY_MS);

  await expectNothingComesOf(value, { stage, workspace, carol });
});

/** No event, no message, nothing kept. */
async function expectNothingComesOf(
  text: string,
  { stage, workspace, carol }: { stage: Stage; workspace: Workspace; carol: Person },
): Promise<void> {
  await settled(stage);
  const told = () => ['chat.postMessage', 'chat.postEphemeral'].map((one) => callsOf(workspace, one).length);
  const before = [actionsOf(stage), told()];

  await carol.types('#general', text);
  await settled(stage);

  expect([actionsOf(stage), told()]).toEqual(before);
  expect(rowsOf(stage, 'select * from leaks')).toEqual([]);
}

/** The value with one character of its secret and the check digits of what that makes, which nobody holds. */
function swapped(value: string): string {
  const body = `${value.slice(0, 30)}${value[30] === 'x' ? 'y' : 'x'}${value.slice(31, 50)}`;
  let left = crc32(body);
  let check = '';
  for (let digit = 0; digit < 6; digit++) {
    check = `${DIGITS[left % 62]}${check}`;
    left = Math.floor(left / 62);
  }
  return `${body}${check}`;
}

test('where the guard is off, or Slack sends no such events, nothing happens and nothing is asked', async () => {
  for (const [policy, withCommented] of [
    ['off', true],
    ['revoke', false],
  ] as const) {
    const { stage, workspace, alice, carol } = await setGuard(policy, { workspace: { withCommented } });
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const before = workspace.traffic.filter(({ kind }) => kind === 'call').length;

    await carol.types('#general', value);
    await settled(stage);

    expect(await verdictsOf(stage, value)).toEqual([200]);
    const calls = workspace.traffic.filter((one) => one.kind === 'call').slice(before);
    expect(calls.map((call) => ('method' in call ? call.method : ''))).not.toContain('conversations.info');
    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
    expect(rowsOf(stage, 'select * from leaks')).toEqual([]);
  }
});
