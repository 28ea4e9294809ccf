import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import {
  actionsOf,
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  settled,
  shownBy,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

test('the global shortcut opens the same dialog, and the value comes', async () => {
  const { stage, alice } = await setStill();

  await alice.uses('Create API Token');
  expect(await modalOf(alice)).toMatchObject({ title: 'Create API Token', submit: 'Create Token' });
  await alice.fills({ 'Token Name': 'deploy-bot' });
  const value = await shownBy(alice, () => alice.submits());
  await settled(stage);

  expect((await stage.verify(value)).status).toBe(200);
  expectShownOnlyTo(alice, value, stage);
});

test.for([
  ['a guest', 'gus', 'apitoken is only for full members of this workspace.'],
  ['a bot', 'buildbot', undefined],
] as const)('%s gets nothing from the shortcut', async ([, handle, sentence]) => {
  const { stage, workspace } = await setStill();
  const person = workspace.person(handle);

  if (sentence === undefined) {
    await expect(person.uses('Create API Token')).rejects.toThrow('no client');
  } else {
    await person.uses('Create API Token');
    await modalSaying(person, sentence);
    expect(actionsOf(stage)).toEqual(['action.refused']);
  }
});

test('scopes are offered where SCOPES names some, are told by verify, and cannot be made up', async () => {
  const { stage, alice } = await setStill({ SCOPES: 'deploy,read:logs' });

  const { inputs } = await opens(alice, '/apitoken create');
  expect(inputs.find(({ label }) => label === 'Scopes')).toMatchObject({
    kind: 'multi_static_select',
    optional: true,
    options: ['deploy', 'read:logs'],
  });
  await alice.closes();
  const both = await createsToken(alice, 'both-bot', { Scopes: ['deploy', 'read:logs'] });
  const none = await createsToken(alice, 'bare-bot');

  expect((await stage.verify(both)).headers.get('x-token-scopes')).toBe('deploy read:logs');
  expect((await stage.verify(none)).headers.get('x-token-scopes') ?? '').toBe('');
  expect((await answerTo(alice, '/apitoken info both-bot')).text).toContain('Scopes: deploy, read:logs');
});

test.for([
  ['where SCOPES names others', { SCOPES: 'deploy' }],
  ['where SCOPES names none', {}],
] as const)('a scope that is not offered, %s, is refused, and nothing is created', async ([, env]) => {
  const { stage, alice } = await setStill(env);
  const { id, inputs } = await opens(alice, '/apitoken create');
  expect(inputs.some(({ label }) => label === 'Scopes')).toBe('SCOPES' in env);

  for (const value of ['admin', 'introspect', 'deploy read']) {
    const outcome = await alice.forges({
      type: 'view_submission',
      id,
      state: {
        name: { name: { type: 'plain_text_input', value: 'deploy-bot' } },
        lifetime: { lifetime: { type: 'static_select', selected_option: { value: '7' } } },
        scopes: { scopes: { type: 'multi_static_select', selected_options: [{ value }] } },
      },
    });

    expect(outcome).toMatchObject({
      body: { errors: { scopes: 'One of these scopes no longer exists. Choose again.' } },
    });
  }
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
});

test('as many live tokens as TOKENS_PER_PERSON_MAX may be had, and one more when one has ended', async () => {
  const { stage, alice, clock } = await setStill({ TOKENS_PER_PERSON_MAX: '3' });
  const sentence = "You have 3 live tokens, the limit here. Revoke one you don't need, then try again.";
  await holdsToken(stage, alice, 'lasting', { createdAt: clock() });
  await holdsToken(stage, alice, 'unseen', { createdAt: clock(), shown: false });
  await holdsToken(stage, alice, 'short', { createdAt: clock(), lifetimeDays: 1 });
  await holdsToken(stage, stage.workspace.person('bob'), 'bobs-bot', { createdAt: clock() });

  await opens(alice, '/apitoken create fourth');
  await alice.fills({ Purpose: 'nightly' });
  await alice.submits();
  const modal = await modalOf(alice);
  expect(modal.errors).toEqual({ 'Token Name': sentence });
  expect(modal.inputs.map(({ value }) => value)).toEqual(['fourth', 'nightly', '90 days', undefined]);
  await clock.moveBy(DAY_MS - 1);
  await alice.submits();
  expect((await modalOf(alice)).errors).toEqual({ 'Token Name': sentence });
  await clock.moveBy(1);
  await alice.submits();

  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
});

test('as many tokens a day as CREATIONS_PER_DAY_MAX may be made, whatever became of them', async () => {
  const { stage, alice, clock } = await setStill({ CREATIONS_PER_DAY_MAX: '2' });
  await createsToken(alice, 'first');
  await clock.moveBy(1000);
  await createsToken(alice, 'second');
  await opens(alice, '/apitoken revoke first');
  await alice.submits();
  await modalSaying(alice, 'first is revoked');
  await alice.closes();

  await opens(alice, '/apitoken create third');
  await alice.submits();
  expect((await modalOf(alice)).errors).toEqual({
    'Token Name': "You've created 2 tokens in 24 hours, the limit here. Try again later.",
  });
  await clock.moveBy(DAY_MS - 1000);
  await alice.submits();

  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
  expect(rowsOf(stage, 'select name from tokens order by created_at')).toEqual([
    { name: 'first' },
    { name: 'second' },
    { name: 'third' },
  ]);
  expect(callsOf(stage.workspace, 'chat.postEphemeral').length).toBeLessThanOrEqual(3);
});
