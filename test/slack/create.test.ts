import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS } from '../../src/clock.ts';
import { parseName } from '../../src/tokens/name.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerTo,
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  settled,
  soon,
} from './flows.ts';

test('the dialog has the title, the fields and the buttons of the design, and nothing else', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const modal = await opens(alice, '/apitoken create');

  expect(modal).toMatchObject({
    title: 'Create API Token',
    submit: 'Create Token',
    close: 'Cancel',
    buttons: [],
  });
  expect(modal.inputs).toMatchObject([
    { label: 'Token Name', kind: 'plain_text_input', value: undefined, optional: false },
    { label: 'Purpose', kind: 'plain_text_input', value: undefined, optional: true },
    { label: 'Expires', kind: 'static_select', value: '90 days', optional: false },
    { label: 'Expiry date', kind: 'datepicker', value: undefined, optional: true },
  ]);
  expect(modal.inputs[2]?.options).toEqual(['7 days', '30 days', '90 days', '1 year', 'On a date']);
  expect(alice.sees('#general')).toEqual([]);
});

test.for([
  ['create deploy-bot', 'deploy-bot', '90 days'],
  ['new deploy-bot 30d', 'deploy-bot', '30 days'],
  ['create deploy-bot 45d', 'deploy-bot', '45 days'],
  ['create “deploy bot” 365d', 'deploy bot', '1 year'],
  ['create 30d', undefined, '30 days'],
  ['create @bob 7d', '@bob', '7 days'],
  ['create deploy.io', 'deploy.io', '90 days'],
  ['create R&D <b>', 'R&D <b>', '90 days'],
] as const)('"/apitoken %s" fills in the name %s and %s', async ([typed, name, expires]) => {
  const stage = await setStage();

  const { inputs } = await opens(stage.workspace.person('alice'), `/apitoken ${typed}`);

  expect(inputs.map(({ value }) => value)).toEqual([name, undefined, expires, undefined]);
});

test('a token that never expires is offered where the company allows it, and is one', async () => {
  const stage = await setStage({ env: { ALLOW_NEVER_EXPIRES: 'true' } });
  const alice = stage.workspace.person('alice');

  await createsToken(alice, 'deploy-bot', { Expires: 'Never' });

  expect(rowsOf(stage, 'select expires_at from tokens')).toEqual([{ expires_at: null }]);
  expect((await answerTo(alice, '/apitoken info deploy-bot')).text).toContain('Expires\nnever');
});

test('name, purpose and expiry are kept as they were filled in, and the person is the owner', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');

  await createsToken(alice, 'Überraschung 🗝', {
    Purpose: ' the *nightly* build & <more> ',
    Expires: '30 days',
  });

  await soon(() => expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']));
  expect(rowsOf(stage, 'select * from tokens')).toMatchObject([
    {
      name: 'Überraschung 🗝',
      purpose: 'the *nightly* build & <more>',
      owner: alice.id,
      created_by: alice.id,
      workspace: stage.workspace.teamId,
      created_at: T0,
      expires_at: T0 + 30 * DAY_MS,
      claimed_at: T0,
    },
  ]);
});

test('the dialog turns into the news that the value comes, with a link to the conversation', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { teamId, appId } = stage.workspace;

  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();

  const modal = await modalSaying(alice, 'The token is in your direct messages with apitoken.');
  expect(modal).toMatchObject({ title: 'Token created', submit: undefined, close: 'Close', inputs: [] });
  expect(JSON.stringify(modal.blocks)).toContain(
    `<https://slack.com/app_redirect?app=${appId}&amp;team=${teamId}|Open direct messages>`,
  );
});

test.for([
  ['/apitoken create deploy-bot', 'The token is in your direct messages with apitoken.'],
  ['/apitoken rotate old-bot', 'New value for old-bot.'],
] as const)(
  'after "%s", where Slack does not say which app it is, the news come without a link',
  async ([typed, news]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    await holdsToken(stage, alice, 'old-bot');
    const { id } = await opens(alice, typed);
    const { type, payload } = alice.drafts({ type: 'view_submission', id });
    const { api_app_id: _app, ...rest } = payload;

    const outcome = await stage.workspace.delivers({ type, payload: rest });

    expect(outcome).toMatchObject({ acked: true, body: { response_action: 'update' } });
    expect(JSON.stringify(outcome)).toContain(news);
    expect(JSON.stringify(outcome)).not.toMatch(/app_redirect|undefined/);
    await soon(() => expect(alice.reads('@apitoken')).toContain('Copy it now'));
    await settled(stage);
  },
);

test.for([
  [
    'the list',
    async (alice: Person) => {
      await answerTo(alice, '/apitoken');
      await alice.clicks('Create API Token', { in: '#general' });
    },
  ],
  [
    'the Home tab',
    async (alice: Person) => {
      await alice.opensHome();
      await soon(() => expect(alice.home()).toBeDefined());
      await alice.clicks('Create API Token', { in: 'home' });
    },
  ],
] as const)('the button of %s opens the same dialog, and the value comes', async ([, press]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  await press(alice);
  expect((await modalOf(alice)).title).toBe('Create API Token');
  await alice.fills({ 'Token Name': 'deploy-bot' });
  await alice.submits();

  await soon(() => expect(alice.reads('@apitoken')).toContain('Your token deploy-bot is ready.'));
});

test('the Home tab shows the new token without being opened again', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await alice.opensHome();

  await createsToken(alice, 'deploy-bot');
  await settled(stage);

  expect(alice.home()?.text).toContain('deploy-bot · Never used · Expires ');
});

const LIKE_FIRST_CHARACTERS =
  'This name looks like the start of a token value. Use a hyphen instead of the underscore.';

test.for([
  ['only spaces', '   ', 'A token needs a name.'],
  ['no-break spaces', '\u00a0\u00a0', 'A token needs a name.'],
  ['65 signs', '🗝'.repeat(65), 'This name is too long.'],
  [
    'a control character',
    'deploy\u0007bot',
    'This name contains U+0007 ALERT, which can hide or change other text. Remove it.',
  ],
  [
    'a bidi override',
    'deploy\u202ebot',
    'This name contains U+202E RIGHT-TO-LEFT OVERRIDE, which can hide or change other text. Remove it.',
  ],
  [
    'a zero-width space',
    'deploy\u200bbot',
    'This name contains U+200B ZERO WIDTH SPACE, which can hide or change other text. Remove it.',
  ],
  [
    'a braille blank',
    'deploy\u2800bot',
    'This name contains U+2800 BRAILLE PATTERN BLANK, which can hide or change other text. Remove it.',
  ],
  ['the shape of a token id', 'tok_0123456789abcdef', "A name can't look like a token value or token id."],
  ['the first characters of a value', 'apit_4fTz8K', LIKE_FIRST_CHARACTERS],
  ['the same in another case', 'APIT_4FTZ8K', LIKE_FIRST_CHARACTERS],
  ['the same of letters alone', 'apit_abcdef', LIKE_FIRST_CHARACTERS],
  ['the same with an ellipsis', 'apit_4fTz8K…', LIKE_FIRST_CHARACTERS],
  ['the same of another prefix', 'old_4fTz8K...', LIKE_FIRST_CHARACTERS],
  ['marks on no letter', '\u0301\u0308', 'A token needs a name.'],
] as const)(
  'a name of %s is refused under its field, and all that was typed stays',
  async ([, name, sentence]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const filledIn = { 'Token Name': name, Purpose: 'the nightly build', Expires: '7 days' };

    await opens(alice, '/apitoken create');
    await alice.fills(filledIn);
    await alice.submits();

    const modal = await modalOf(alice);
    expect(Object.keys(modal.errors)).toEqual(['Token Name']);
    expect(modal.errors['Token Name']).toContain(sentence);
    expect(modal.inputs.map(({ value }) => value)).toEqual([...Object.values(filledIn), undefined]);
    expect(
      rowsOf(stage, 'select (select count(*) from tokens) + (select count(*) from audit_events) as n'),
    ).toEqual([{ n: 0 }]);
  },
);

test('an empty name is refused though a client that sends one is broken', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await opens(alice, '/apitoken create');

  const outcome = await alice.forges({
    type: 'view_submission',
    id,
    state: { name: { name: { type: 'plain_text_input', value: null } } },
  });

  expect(outcome).toMatchObject({
    acked: true,
    body: {
      response_action: 'errors',
      errors: {
        name: expect.stringContaining('needs a name'),
        lifetime: expect.stringContaining('365 days'),
      },
    },
  });
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
});

test.for([
  ['100', 'Maximum 90 days. Choose another expiry.'],
  ['never', 'Maximum 90 days. Choose another expiry.'],
  ['nonsense', 'Maximum 90 days. Choose another expiry.'],
] as const)('a lifetime of "%s" that the dialog does not offer is refused', async ([value, sentence]) => {
  const stage = await setStage({ env: { MAX_LIFETIME_DAYS: '90' } });
  const alice = stage.workspace.person('alice');
  const { id } = await opens(alice, '/apitoken create');

  const outcome = await alice.forges({
    type: 'view_submission',
    id,
    state: {
      name: { name: { type: 'plain_text_input', value: 'deploy-bot' } },
      lifetime: { lifetime: { type: 'static_select', selected_option: { value } } },
    },
  });

  expect(outcome).toMatchObject({ body: { response_action: 'errors', errors: { lifetime: sentence } } });
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
});

test.for([
  ['the same', 'Deploy Bot', 'Deploy Bot-2'],
  ['another case', 'dEPLOY bOT', 'dEPLOY bOT-2'],
  ['another width', 'Ｄｅｐｌｏｙ　Ｂｏｔ', 'Ｄｅｐｌｏｙ　Ｂｏｔ-2'],
  ['another spacing', 'Deploy \u00a0 Bot', 'Deploy \u00a0 Bot-2'],
] as const)('a name that is taken in %s is refused with one that is free', async ([, name, free]) => {
  const stage = await setStage();
  const { workspace } = stage;
  await holdsToken(stage, workspace.person('bob'), 'Deploy Bot');
  const alice = workspace.person('alice');

  await opens(alice, '/apitoken create');
  await alice.fills({ 'Token Name': name, Purpose: 'the nightly build', Expires: '7 days' });
  await alice.submits();

  const modal = await modalOf(alice);
  expect(modal.errors).toEqual({
    'Token Name': `${name} is already taken. Try ${free}.`,
  });
  expect(modal.inputs.map(({ value }) => value)).toEqual([name, 'the nightly build', '7 days', undefined]);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
});

test('the free name is the first that nobody has, and is good when it is sent off', async () => {
  const stage = await setStage();
  const { workspace } = stage;
  const longest = '🗝'.repeat(64);
  await holdsToken(stage, workspace.person('bob'), longest, { shown: false });
  await holdsToken(stage, workspace.person('bob'), `${'🗝'.repeat(62)}-2`, { shown: false });
  const alice = workspace.person('alice');

  await opens(alice, '/apitoken create');
  await alice.fills({ 'Token Name': longest });
  await alice.submits();
  const sentence = (await modalOf(alice)).errors['Token Name'] ?? '';
  const free = / Try (.*)\.$/u.exec(sentence)?.[1] ?? '';
  expect(free).toBe(`${'🗝'.repeat(62)}-3`);
  expect(parseName(free)).toEqual({ name: free });
  await alice.fills({ 'Token Name': free });
  await alice.submits();

  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
});

test('the name of a token that was revoked stays taken', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'is revoked');
  await alice.closes();

  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();

  expect((await modalOf(alice)).errors['Token Name']).toContain('deploy-bot is already taken.');
});
