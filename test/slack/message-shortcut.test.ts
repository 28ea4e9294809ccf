import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { valuesInMessage } from '../../src/slack/revoke/revoke-in-message.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  rotates,
  setStill,
  settled,
  soon,
  toldTo,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const SHORTCUT = 'Revoke token in message';
const NONE =
  'No token value in this message. Its text, attachments and file previews were searched, but not inside its files.';

test('any member is two interactions away from the end of a value in a message', async () => {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { purpose: 'deploys' });
  const ts = stage.workspace.post('#no-app', 'carol', { text: `oops: ${value}` });

  await bob.uses(SHORTCUT, ts);
  const modal = await modalSaying(bob, "Revoke @alice's deploy-bot? Never used.");
  expect(modal).toMatchObject({ title: 'Revoke API Token', submit: 'Revoke' });
  expect(modal.text).not.toContain('deploys');
  await bob.fills({ Reason: 'it stood in a channel' });
  await bob.submits();

  const result = await modalSaying(bob, 'deploy-bot is revoked.');
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(result.text.split('\n')).toContain('Now delete the message');
  await settled(stage);
  expect(auditOf(stage).at(-1)).toMatchObject({ actor: bob.id, action: 'token.revoked' });
  expect(toldTo(alice)).toHaveLength(1);
  expectNeverSaid(value, stage);
});

const V = TokenValue.generate('apit').reveal();
const [HEAD, TAIL] = [V.slice(0, 20), V.slice(20)];
const text = (part: string) => ({ type: 'text', text: part });

test.for([
  ['text', { text: `a ${V} b` }],
  ['text as Slack escapes it', { text: `&lt;${V}&gt; &amp; more` }],
  ['a link', { text: `<https://x.org/?token=${V}|here>` }],
  ['a rich text', { blocks: [{ elements: [{ elements: [text(V)] }] }] }],
  [
    'pieces of one line, formatted apart',
    { blocks: [{ elements: [{ elements: [text(HEAD), { ...text(TAIL), style: { bold: true } }] }] }] },
  ],
  [
    'a link that begins in a text',
    { blocks: [{ elements: [{ elements: [text(HEAD), { type: 'link', url: TAIL }] }] }] },
  ],
  [
    'a list within a quote',
    { blocks: [{ elements: [{ elements: [{ elements: [{ elements: [text(V)] }] }] }] }] },
  ],
  ['code', { blocks: [{ elements: [{ type: 'rich_text_preformatted', elements: [text(`x\n${V}\ny`)] }] }] }],
  ['a field of a section', { blocks: [{ type: 'section', fields: [{ type: 'mrkdwn', text: `\`${V}\`` }] }] }],
  ['a context', { blocks: [{ type: 'context', elements: [{ type: 'plain_text', text: V }] }] }],
  ['a cell of a table', { blocks: [{ type: 'table', rows: [[{ type: 'raw_text', text: V }]] }] }],
  [
    'a button',
    { blocks: [{ type: 'actions', elements: [{ text: { text: 'go' }, url: `https://x.org/${V}` }] }] },
  ],
  ['the text of an attachment', { attachments: [{ text: V }] }],
  ['a field of an attachment', { attachments: [{ fields: [{ title: 'token', value: V }] }] }],
  ['the fallback of an attachment', { attachments: [{ fallback: V }] }],
  ['blocks of an attachment', { attachments: [{ blocks: [{ text: { text: V } }] }] }],
  [
    'the message in an attachment',
    { attachments: [{ message_blocks: [{ message: { blocks: [{ elements: [text(V)] }] } }] }] },
  ],
  ['the title of a file', { files: [{ title: V }] }],
  ['the preview of a file', { files: [{ preview: `export T=${V}` }] }],
  ['40,000 characters', { text: `${'x'.repeat(39_000)} ${V} ${'y'.repeat(900)}` }],
] as const)('a value is found in %s', async ([, message]) => {
  expect(new Set((await valuesInMessage(message)).map((value) => value.lookupId))).toEqual(
    new Set([V.slice(5, 17)]),
  );
});

test.for([
  ['nothing', {}],
  ['no message at all', undefined],
  ['wrong check digits', { text: `${V.slice(0, -1)}${V.endsWith('0') ? '1' : '0'}` }],
  [
    'two lines',
    {
      blocks: [{ elements: [{ elements: [text(HEAD)] }] }, { elements: [{ elements: [text('and more')] }] }],
    },
  ],
] as const)('no value is found in %s', async ([, message]) => {
  expect(await valuesInMessage(message)).toEqual([]);
});

test('a message nested without end is searched in bounded time', async () => {
  let nested: unknown = { text: V };
  for (let depth = 0; depth < 100_000; depth++) nested = { elements: [nested] };

  expect(await valuesInMessage(nested)).toEqual([]);
});

test('several values in a message end together, the dead ones are counted, and none is repeated', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0 });
  const second = await holdsToken(stage, bob, 'second', { createdAt: T0 });
  const over = await holdsToken(stage, alice, 'over', { createdAt: T0, lifetimeDays: 1 });
  await clock.moveBy(24 * 60 * MINUTE_MS);
  const unknown = TokenValue.generate('ghp').reveal();
  const ts = workspace.post('#general', 'buildbot', {
    text: `${first.value} ${first.value} ${over.value}`,
    attachments: [{ text: second.value, fallback: unknown }],
  });

  await bob.uses(SHORTCUT, ts);
  const sheet = await modalSaying(bob, 'first of @alice');
  expect(sheet.text).toContain('second, yours');
  expect(sheet.text).toContain("2 other values in this message don't work.");
  expect(sheet.inputs).toMatchObject([
    { label: 'Tokens', value: ['first', 'second'] },
    { label: 'What happened?' },
    { label: 'Reason', value: 'Leaked in #general' },
  ]);
  await bob.fills({ Reason: 'posted by a build' });
  await bob.submits();

  const card = await modalSaying(bob, '2 tokens revoked.');
  expect(card.text.split('\n')).toContain('Now delete the message');
  expect(await verdictsOf(stage, first.value, second.value)).toEqual([401, 401]);
  await settled(stage);
  expect(toldTo(alice).map(({ raw }) => raw.text)).toEqual([`<@${bob.id}> revoked your token first.`]);
  for (const value of [first.value, second.value, over.value, unknown]) expectNeverSaid(value, stage);
});

test.for([
  ['no value', 'all good here', NONE],
  [
    'a value of nobody',
    TokenValue.generate('apit').reveal(),
    "1 value in this message doesn't work, so there's nothing to revoke.",
  ],
] as const)('a message with %s is answered by what was found', async ([, posted, sentence]) => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  const ts = stage.workspace.post('#general', 'alice', { text: posted });

  await bob.uses(SHORTCUT, ts);

  expect(await modalSaying(bob, sentence)).toMatchObject({ text: sentence, submit: undefined });
  expect(actionsOf(stage)).toEqual([]);
});

test('a live value is found however many dead ones stand in front of it', async () => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const decoys = Array.from({ length: 600 }, () => TokenValue.generate('apit').reveal());
  const ts = stage.workspace.post('#general', 'alice', { text: [...decoys, value].join(' ') });

  await bob.uses(SHORTCUT, ts);

  const modal = await modalSaying(bob, "Revoke @alice's deploy-bot?");
  expect(modal.text).toContain("600 other values in this message don't work.");
});

test('of more live values than a dialog takes the first 90 are offered, and the others are counted', async () => {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const values: string[] = [];
  for (let number = 1; number <= 92; number++)
    values.push((await holdsToken(stage, alice, `bot ${number}`)).value);
  const ts = stage.workspace.post('#general', 'alice', { text: values.join(' ') });

  await bob.uses(SHORTCUT, ts);
  const sheet = await modalSaying(
    bob,
    '2 more live tokens are in this message. Revoke these first, then use the shortcut again.',
  );
  expect(sheet.text).toContain('bot 90 of @alice');
  await bob.fills({ Reason: 'leaked' });
  await bob.submits();

  await modalSaying(bob, '90 tokens revoked.');
  expect(await verdictsOf(stage, ...values.slice(89))).toEqual([401, 200, 200]);
});

test('having had the values is good for half an hour and that person, and for these tokens alone', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  const [first, second, other] = [
    await holdsToken(stage, alice, 'first', { createdAt: T0 }),
    await holdsToken(stage, alice, 'second', { createdAt: T0 }),
    await holdsToken(stage, alice, 'other', { createdAt: T0 }),
  ];
  const ts = workspace.post('#general', 'buildbot', { text: `${first.value} ${second.value}` });
  await bob.uses(SHORTCUT, ts);
  const { id } = await modalSaying(bob, 'first of @alice');
  const ticked = (...ids: string[]) => ({
    tokens_0: {
      tokens_0: {
        type: 'checkboxes',
        selected_options: ids.map((value) => ({ text: { type: 'plain_text', text: 'x' }, value })),
      },
    },
    reason: { reason: { type: 'plain_text_input', value: 'leaked' } },
  });
  const sends = async (person: typeof bob, ...ids: string[]) =>
    JSON.stringify(await person.forges({ type: 'view_submission', id, state: ticked(...ids) }));

  expect(await sends(bob, first.id, other.id)).toContain('That value no longer works, or you entered it');
  expect(await sends(carol, first.id)).toContain('That value no longer works, or you entered it');
  expect(await verdictsOf(stage, first.value, second.value, other.value)).toEqual([200, 200, 200]);
  await clock.moveBy(30 * MINUTE_MS);

  expect(await sends(bob, first.id)).toContain('first is revoked.');
  expect(await verdictsOf(stage, first.value, second.value, other.value)).toEqual([401, 200, 200]);
  await clock.moveBy(1);
  expect(await sends(bob, second.id)).toContain('That value no longer works, or you entered it');
  expect(await verdictsOf(stage, second.value)).toEqual([200]);
});

test('of several values those prove nothing any more that ended since, and the newer of two is the one that counts', async () => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const [first, second] = [
    await holdsToken(stage, alice, 'first', { createdAt: T0 }),
    await holdsToken(stage, alice, 'second', { createdAt: T0 }),
  ];
  const fresh = await rotates(stage, alice, 'second', { 'Old value ends': 'In 1 hour' });
  const text = [fresh, first.value, second.value].join(' ');
  await bob.uses(SHORTCUT, workspace.post('#general', 'buildbot', { text }));
  await modalSaying(bob, 'first of @alice');
  const newest = await rotates(stage, alice, 'first', { 'Old value ends': 'Now' });
  await alice.clicks('End old value now', { in: '@apitoken' });
  await soon(async () => expect(await verdictsOf(stage, second.value)).toEqual([401]));
  await bob.fills({ Reason: 'leaked' });

  await bob.submits();
  await modalSaying(bob, 'That value no longer works, or you entered it');
  expect(await verdictsOf(stage, newest, fresh)).toEqual([200, 200]);

  await bob.closes();
  await bob.uses(SHORTCUT, workspace.post('#general', 'buildbot', { text }));
  const { text: asked } = await modalSaying(bob, "Revoke @alice's second?");
  expect(asked).not.toContain("@alice's first");
});

test.for([
  ['a stranger', 'sam'],
  ['a guest', 'gus'],
] as const)('%s gets nothing by the shortcut, and it is noted', async ([, handle]) => {
  const stage = await setStage();
  const person = stage.workspace.person(handle);
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const ts = stage.workspace.post('#general', 'alice', { text: value });

  await person.uses(SHORTCUT, ts);
  await soon(() => expect(person.reads('#general')).toContain('apitoken is only for full members'));

  expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(actionsOf(stage).at(-1)).toBe('action.refused');
});

test('on-call sees by the shortcut what breaks, and owners need no reason for what is theirs', async () => {
  const stage = await setStage({ env: { ONCALL: 'U0CAROL0001' } });
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { purpose: 'deploys' });
  const ts = stage.workspace.post('#oncall', 'alice', { text: value });

  await carol.uses(SHORTCUT, ts);
  await modalSaying(carol, 'Purpose: deploys');
  await carol.closes();
  await alice.uses(SHORTCUT, ts);
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();

  expect((await modalOf(alice)).text).toContain('deploy-bot is revoked.');
});
