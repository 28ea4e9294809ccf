import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerTo,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
} from './flows.ts';
import { expectNotKept } from './leaks.ts';

const UNDONE = "Anything using it stops working immediately. This can't be undone.";

test('the dialog says whose token it is and when it was last used, and asks for a reason that may be left out', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await holdsToken(stage, alice, 'deploy-bot');

  const modal = await opens(alice, '/apitoken revoke deploy-bot');

  expect(modal).toMatchObject({ title: 'Revoke API Token', submit: 'Revoke', close: 'Keep it', buttons: [] });
  expect(modal.blocks[0]).toMatchObject({
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: 'Revoke your ' },
          { type: 'text', text: 'deploy-bot' },
          { type: 'text', text: `? Never used. ${UNDONE}` },
        ],
      },
    ],
  });
  expect(modal.inputs).toMatchObject([{ label: 'Reason', kind: 'plain_text_input', optional: true }]);
  expect(id).toMatch(/^tok_/);
});

test.for([
  [3 * MINUTE_MS, 'Last used 3 minutes ago'],
  [30_000, 'Last used moments ago'],
  [25 * HOUR_MS, 'Last used 1 day ago'],
] as const)('%i ms after its last use the dialog says "%s"', async ([passed, words]) => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  expect((await stage.verify(value)).status).toBe(200);
  await stage.restart();
  await clock.moveBy(passed);

  const modal = await opens(alice, '/apitoken revoke deploy-bot');

  expect(modal.text).toContain(`Revoke your deploy-bot? ${words}. ${UNDONE}`);
});

test.for([
  ['the menu of its row', chooseInList],
  ['the button of its receipt', (alice: Person) => alice.clicks('Revoke', { in: '@apitoken' })],
  ['the menu in the Home tab', chooseInHome],
  ['the button of what info told', clickInInfo],
  ['its name', (alice: Person) => alice.types('#general', '/apitoken revoke deploy-bot')],
  ['its name in other letters', (alice: Person) => alice.types('#general', '/apitoken RM “DEPLOY-bot”')],
  ['its id', (alice: Person, { id }: Held) => alice.types('#general', `/apitoken revoke ${id}`)],
  ['its value', (alice: Person, { value }: Held) => alice.types('#general', `/apitoken kill ${value}`)],
  [
    'its value in code',
    (alice: Person, { value }: Held) => alice.types('@apitoken', `/apitoken kill \`${value}\``),
  ],
] as const)(
  'a token is revoked by %s: Keep it changes nothing, Revoke ends it for the very next request',
  async ([, ask]) => {
    const clock = aClock();
    const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
    const alice = stage.workspace.person('alice');
    const held = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    await settled(stage);

    await ask(alice, held);
    await modalOf(alice);
    await alice.closes();
    expect((await stage.verify(held.value)).status).toBe(200);
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
    await ask(alice, held);
    await modalSaying(alice, 'Revoke your deploy-bot?');
    await alice.fills({ Reason: 'moved to <another> *bot*' });
    await alice.submits();
    const refused = await stage.verify(held.value);

    const modal = await modalSaying(alice, 'deploy-bot is revoked.');
    expect(refused.status).toBe(401);
    expect(modal).toMatchObject({ title: 'Revoke API Token', submit: undefined, close: 'Close' });
    expect(modal.text).toBe(
      [
        'deploy-bot is revoked. Anything using it has stopped working.',
        'Owner: @alice · Date Revoked: Jan 1, 2026 at 12:00 AM UTC · By: @alice · Last used: never · Refused since: 0 times',
        'Reason: moved to <another> *bot*',
      ].join('\n'),
    );
    await settled(stage);
    expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
    expect(alice.home()?.text).not.toContain('deploy-bot');
    expect((await answerTo(alice, '/apitoken list revoked')).text).toContain('Date Revoked: Jan 1, 2026');
    expect(rowsOf(stage, 'select revoked_at, revoked_by, revoke_reason from tokens')).toEqual([
      { revoked_at: T0, revoked_by: alice.id, revoke_reason: 'moved to <another> *bot*' },
    ]);
    expect(rowsOf(stage, 'select hash, digest from secrets')).toEqual([{ hash: null, digest: null }]);
    expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.revoked']);
    expectNotKept(held.value, stage);
  },
);

test('revoking what is revoked says so, kindly, wherever it is asked', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot');
  const list = await answerTo(alice, '/apitoken');
  const sentence = 'deploy-bot is already revoked. Nothing more to do.';
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await alice.closes();

  expect((await answerTo(alice, '/apitoken revoke deploy-bot')).text).toBe(sentence);
  expect((await answerTo(alice, `/apitoken revoke ${id}`)).text).toBe(sentence);
  // The row that was drawn before still has its menu.
  expect(list.menus).toHaveLength(1);
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await soon(() => expect(alice.sees('#general').filter(({ text }) => text === sentence)).toHaveLength(3));
  expect((await answerTo(alice, `/apitoken revoke ${value}`)).text).toContain(
    'Looks like deploy-bot, already revoked. It no longer works.',
  );
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.revoked']);
});

test('a value that nobody can check just now is not revoked, and can be a moment later', async () => {
  const gate = Promise.withResolvers<boolean>();
  const matched: TokenValue[] = [];
  const matches = async (value: TokenValue) => {
    matched.push(value);
    return gate.promise;
  };
  const hasher = {
    hash: async () => 'no bcrypt here',
    matches,
    waiting: () => 0,
    stop: async () => undefined,
  };
  const stage = await setStage({ startHasher: () => hasher });
  const alice = stage.workspace.person('alice');
  const values: string[] = [];
  for (let i = 0; i < 17; i++) values.push((await holdsToken(stage, alice, `bot ${i}`)).value);
  await stage.restart({ TOKEN_PEPPER: 'another pepper since the first one was lost' });
  const [value = '', ...others] = values;

  const checks = others.map((other) => stage.verify(other));
  await soon(() => expect(matched).toHaveLength(16));
  const answer = await answerTo(alice, `/apitoken revoke ${value}`);
  gate.resolve(true);
  await Promise.all(checks);

  expect(answer.text).toBe(
    'Too many values are being checked. Nothing was changed. Try again in 10 seconds.',
  );
  expectNotKept(value, stage);
  expect((await opens(alice, `/apitoken revoke ${value}`)).title).toBe('Revoke API Token');
  expect((await stage.verify(value)).status).toBe(200);
});

test('an expired token can be revoked, and is revoked from then on', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 1 });
  await clock.moveBy(24 * HOUR_MS);
  await answerTo(alice, '/apitoken list expired');

  await chooseInList(alice);
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();

  await modalSaying(alice, 'deploy-bot is revoked.');
  expect((await answerTo(alice, '/apitoken info deploy-bot')).text).toContain('Status\nrevoked');
});

test('a value that nothing accepts needs no revoking, whatever is wrong with it', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  const expired = await holdsToken(stage, alice, 'over', { createdAt: T0, lifetimeDays: 1 });
  const elsewhere = await setStage();
  const unknown = await holdsToken(elsewhere, elsewhere.workspace.person('alice'), 'unknown');
  await clock.moveBy(24 * HOUR_MS);
  const [sameLookup] = [`${expired.value.split('_').slice(0, 2).join('_')}_${'x'.repeat(38)}`];

  for (const [value, sentence] of [
    [expired.value, 'That value no longer works. over has expired.'],
    [unknown.value, "This value doesn't work, so there is nothing to revoke. It was not saved."],
  ] as const) {
    expect((await answerTo(alice, `/apitoken revoke ${value}`)).text).toBe(sentence);
    expectNotKept(value, stage);
  }
  expect((await answerTo(alice, `/apitoken revoke ${sameLookup}`)).text).toContain(
    'This value is incomplete or mistyped. It was not saved.',
  );
  // Its first characters are those of a token: for whoever may not find by them they are not looked up.
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
});

test('a reason of more than 200 signs is refused, and 200 signs of any kind are kept', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  const { id } = await opens(alice, '/apitoken revoke deploy-bot');

  const tooLong = await alice.forges({
    type: 'view_submission',
    id,
    state: { reason: { reason: { type: 'plain_text_input', value: '🗝'.repeat(201) } } },
  });
  expect(tooLong).toMatchObject({
    body: { response_action: 'errors', errors: { reason: 'This is too long. Use at most 200 characters.' } },
  });
  await alice.fills({ Reason: '🗝'.repeat(200) });
  await alice.submits();

  await modalSaying(alice, 'deploy-bot is revoked.');
  expect(rowsOf(stage, 'select revoke_reason from tokens')).toEqual([{ revoke_reason: '🗝'.repeat(200) }]);
});

test('a revocation stands though Slack does not take the list that is drawn after it', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await answerTo(alice, '/apitoken');
  await chooseInList(alice);
  await modalSaying(alice, 'Revoke your deploy-bot?');
  stage.workspace.faults.add({ url: 'response_url', status: 500 });

  await alice.submits();
  await settled(stage);
  await soon(() => expect(stage.log()).toContain('response_url'));

  expect(alice.modal()?.text).toContain('deploy-bot is revoked.');
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown', 'token.revoked']);
});

type Held = { id: string; value: string };

async function chooseInList(alice: Person): Promise<void> {
  if (alice.sees('#general').length === 0) await answerTo(alice, '/apitoken');
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
}

async function chooseInHome(alice: Person): Promise<void> {
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await alice.choosesFrom({ in: 'home', near: 'deploy-bot' }, 'Revoke API Token');
}

async function clickInInfo(alice: Person): Promise<void> {
  await answerTo(alice, '/apitoken info deploy-bot');
  await alice.clicks('Revoke', { in: '#general' });
}
