import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { PICK_DIALOG_ID } from '../../src/slack/blocks/ids.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  auditOf,
  holdsToken,
  holdsTokens,
  modalOf,
  modalSaying,
  opens,
  setStill,
  settled,
  shownBy,
  tokenRow,
  verdictsOf,
} from './flows.ts';
import { expectShownOnlyTo } from './leaks.ts';

const [EXPIRED, REVOKED, UNCLAIMED] = ['old-bot (expired)', 'other-bot (revoked)', 'unseen-bot (unclaimed)'];

const VERBS = [
  ['rotate', 'Rotate API Token', 'deploy-bot gets a new value. It is shown once', [EXPIRED]],
  ['revoke', 'Revoke API Token', 'Revoke your deploy-bot? Never used.', [EXPIRED, UNCLAIMED]],
  ['info', 'API Token', 'deploy-bot\nStatus\nactive', [EXPIRED, REVOKED, UNCLAIMED]],
  ['history', 'History', 'History of deploy-bot', [EXPIRED, REVOKED, UNCLAIMED]],
] as const;

test.for(VERBS)(
  '"/apitoken %s" without a name lets the person pick what it can be done with, and goes on from there',
  async ([verb, title, text, others]) => {
    const { stage, alice, workspace } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    await holdsKinds(stage, alice);
    await holdsToken(stage, workspace.person('bob'), 'bobs-bot', { createdAt: T0 });

    const modal = await opens(alice, `/apitoken ${verb}`);
    expect(modal).toMatchObject({ title, submit: 'Continue', close: 'Cancel' });
    expect(modal.inputs).toMatchObject([
      { label: 'Token', kind: 'static_select', value: undefined, optional: false },
    ]);
    expect([...(modal.inputs[0]?.options ?? [])].sort()).toEqual(['deploy-bot', ...others]);
    await alice.fills({ Token: 'deploy-bot' });
    await alice.submits();

    expect((await modalSaying(alice, text)).id).toBe(modal.id);
    expect(actionsOf(stage).filter((action) => action === 'action.refused')).toEqual([]);
  },
);

test.for([
  ['rotate', 'You have no token to rotate. Type /apitoken list all to see yours.'],
  ['revoke', 'You have no token to revoke. Type /apitoken list all to see yours.'],
] as const)('"/apitoken %s" of somebody who has only revoked ones says so', async ([verb, sentence]) => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await alice.closes();

  expect((await answerTo(alice, `/apitoken ${verb}`)).text).toBe(sentence);
});

test.for([
  ['rotate', [EXPIRED]],
  ['revoke', [EXPIRED, UNCLAIMED]],
  ['info', [EXPIRED, REVOKED, UNCLAIMED]],
] as const)('the search to %s finds what it can be done with, among many', async ([verb, offered]) => {
  const { stage, alice } = await setStill();
  await holdsTokens(
    stage,
    alice,
    101,
    (number) => `many ${number}`,
    () => ({ createdAt: T0 }),
  );
  await holdsKinds(stage, alice);
  await opens(alice, `/apitoken ${verb}`);

  for (const option of [EXPIRED, REVOKED, UNCLAIMED]) {
    const found = alice.searches('Token', option.split(' ')[0] ?? '', option);
    if (offered.some((one) => one === option)) await found;
    else await expect(found).rejects.toThrow('was not offered');
  }
});

test('picked to be rotated, a token is rotated in the same dialog', async () => {
  const { stage, alice } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken rotate');
  await alice.fills({ Token: 'deploy-bot' });
  await alice.submits();
  await modalSaying(alice, 'gets a new value');

  await alice.fills({ 'Old value ends': 'Now' });
  const value = await shownBy(alice, () => alice.submits());

  await modalSaying(alice, 'New value for deploy-bot.');
  await settled(stage);
  expect(await verdictsOf(stage, old, value)).toEqual([401, 200]);
  expectShownOnlyTo(alice, value, stage);
});

test('picked to be revoked, a token is revoked in the same dialog', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken revoke');
  await alice.fills({ Token: 'deploy-bot' });
  await alice.submits();
  await modalSaying(alice, 'Revoke your deploy-bot?');

  await alice.submits();

  await modalSaying(alice, 'deploy-bot is revoked.');
  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test.for([
  ['Rotate', 'gets a new value'],
  ['Revoke', 'Revoke your deploy-bot?'],
] as const)('the info of a picked token turns into the dialog of its %s', async ([button, says]) => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken info');
  await alice.fills({ Token: 'deploy-bot' });
  await alice.submits();
  expect((await modalSaying(alice, 'Owner\n@alice')).buttons).toEqual(['Rotate', 'Revoke']);

  await alice.clicks(button, { in: 'modal' });

  await modalSaying(alice, says);
  await alice.closes();
  expect(alice.modal()).toBeUndefined();
});

test.for(VERBS)('"/apitoken %s" of somebody without tokens says what makes the first', async ([verb]) => {
  const { alice } = await setStill();

  const answer = await answerTo(alice, `/apitoken ${verb}`);

  expect(answer.text).toBe('You have no tokens yet. Type /apitoken create to create one.');
});

test.for([
  [99, 'static_select'],
  [100, 'static_select'],
  [101, 'external_select'],
  [200, 'external_select'],
] as const)('of %i tokens one is picked in a %s', async ([count, kind]) => {
  const { stage, alice } = await setStill();
  await holdsTokens(
    stage,
    alice,
    count,
    (number) => `bot ${String(number).padStart(3, '0')}`,
    () => ({
      createdAt: T0,
      shown: false,
    }),
  );

  const modal = await opens(alice, '/apitoken history');
  expect(modal.inputs[0]?.kind).toBe(kind);
  if (kind === 'static_select') {
    expect(modal.inputs[0]?.options).toHaveLength(count);
    await alice.fills({ Token: 'bot 042 (unclaimed)' });
  } else {
    await alice.searches('Token', '042', 'bot 042 (unclaimed)');
  }
  await alice.submits();

  await modalSaying(alice, 'History of bot 042');
});

test.for([
  ['a part of the name', 'ploy'],
  ['another case', 'DEPLOY'],
  ['another width', 'ｄｅｐｌｏｙ'],
  ['signs that a search might read as its own', '%_'],
  ['a sign beyond the first plane', '🗝'],
] as const)('the search finds by %s', async ([, query]) => {
  const { stage, alice } = await setStill();
  await holdsTokens(
    stage,
    alice,
    101,
    (number) => `bot-${number}`,
    () => ({ createdAt: T0, shown: false }),
  );
  await holdsToken(stage, alice, 'Deploy %_ 🗝', { createdAt: T0 });
  await opens(alice, '/apitoken info');

  await alice.searches('Token', query, 'Deploy %_ 🗝');
  await alice.submits();

  await modalSaying(alice, 'Deploy %_ 🗝\nStatus\nactive');
});

test('the search offers 100 at most, nothing of anybody else, and nothing to a guest', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsTokens(
    stage,
    alice,
    150,
    (number) => `bot-${number}`,
    () => ({ createdAt: T0, shown: false }),
  );
  await holdsToken(stage, workspace.person('bob'), 'bobs-bot', { createdAt: T0 });
  await opens(alice, '/apitoken info');

  await expect(alice.searches('Token', 'bobs', 'bobs-bot')).rejects.toThrow('was not offered');
  await expect(alice.searches('Token', 'bot', 'bobs-bot')).rejects.toThrow('was not offered');
  const answers = workspace.traffic.flatMap((one) => (one.kind === 'delivery' ? [JSON.stringify(one)] : []));
  expect(answers.join('\n')).not.toContain('bobs-bot (');
  await workspace.setPerson('alice', { is_restricted: true });

  await expect(alice.searches('Token', 'bot', 'bot-1 (unclaimed)')).rejects.toThrow('was not offered');
});

test.for([
  ['rotate', 'deploy-bot is already revoked. Nothing more to do.'],
  ['revoke', 'deploy-bot is already revoked. Nothing more to do.'],
  ['info', 'Status\nrevoked'],
  ['history', '@alice revoked it'],
] as const)('a token that was revoked since it was offered to %s is told of kindly', async ([verb, text]) => {
  const { stage, alice } = await setStill();
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken revoke deploy-bot');
  const dialog = await modalOf(alice);
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  await alice.closes();

  const outcome = await alice.forges({
    type: 'view_submission',
    callback_id: PICK_DIALOG_ID,
    private_metadata: verb,
    state: { picked_token: { picked_token: { type: 'static_select', selected_option: { value: id } } } },
  });

  expect(dialog.title).toBe('Revoke API Token');
  expect(outcome).toMatchObject({ acked: true, body: { response_action: 'update' } });
  expect(textIn(outcome)).toContain(text.split('\n').at(-1));
  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test('a token that is revoked while its picker is open is told of in the very dialog', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken rotate');
  await alice.fills({ Token: 'deploy-bot' });
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, 'is revoked.');

  await alice.submits();

  expect(await modalSaying(alice, 'deploy-bot is already revoked.')).toMatchObject({
    title: 'Rotate API Token',
    submit: undefined,
  });
  expect(tokenRow(stage, 'deploy-bot').generation).toBe(0);
});

test.for([
  ['somebody else’s id', 'rotate', 'BOBS'],
  ['somebody else’s name', 'info', 'bobs-bot'],
  ['an id that is none', 'history', 'tok_0000000000000000'],
  ['nothing', 'revoke', ''],
] as const)('%s, picked to %s, is refused in the same words', async ([, verb, picked]) => {
  const { stage, alice, workspace } = await setStill();
  const { id, value } = await holdsToken(stage, workspace.person('bob'), 'bobs-bot', { createdAt: T0 });

  const outcome = await alice.forges({
    type: 'view_submission',
    callback_id: PICK_DIALOG_ID,
    private_metadata: verb,
    state: {
      picked_token: {
        picked_token: { type: 'static_select', selected_option: { value: picked.replace('BOBS', id) } },
      },
    },
  });

  expect(textIn(outcome)).toContain('No token found.');
  expect(await verdictsOf(stage, value)).toEqual([200]);
  const refused = auditOf(stage).filter(({ action }) => action === 'action.refused');
  expect(refused).toHaveLength(picked === 'BOBS' || picked === 'bobs-bot' ? 1 : 0);
});

test('a picker for a verb that is none is answered under its field', async () => {
  const { alice } = await setStill();

  const outcome = await alice.forges({
    type: 'view_submission',
    callback_id: PICK_DIALOG_ID,
    private_metadata: 'destroy',
    state: {},
  });

  expect(textIn(outcome)).toContain('from another version of apitoken');
});

/** One token of each kind but an active one. */
async function holdsKinds(stage: Still['stage'], person: Still['alice']): Promise<void> {
  await holdsToken(stage, person, 'old-bot', { createdAt: T0 - 2 * DAY_MS, lifetimeDays: 1 });
  await holdsToken(stage, person, 'unseen-bot', { createdAt: T0, shown: false });
  await holdsToken(stage, person, 'other-bot', { createdAt: T0 });
  await opens(person, '/apitoken revoke other-bot');
  await person.submits();
  await modalSaying(person, 'other-bot is revoked.');
  await person.closes();
}

type Still = Awaited<ReturnType<typeof setStill>>;

/** All that an acknowledgement says, escapes undone. */
function textIn(outcome: object): string {
  return JSON.stringify(outcome).replaceAll('\\n', '\n').replaceAll('<@U0ALICE0001>', '@alice');
}
