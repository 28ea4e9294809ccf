import { expect, test } from 'vitest';
import { CREATE_DIALOG_ID, REVOKE_DIALOG_ID } from '../../src/slack/blocks/ids.ts';
import { type Stage, setStage } from '../fixture.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
} from './flows.ts';

const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const LAPSED =
  'Nothing was changed. That value no longer works, or you entered it over 30 minutes ago. Enter it again.';
const OTHER_VERSION =
  "This no longer works: it's from another version of apitoken. Type /apitoken list to start again.";
const REASON = { reason: { reason: { type: 'plain_text_input', value: 'forged' } } };

test.for([
  ['a button that no version draws', 'no_such_button', undefined, OTHER_VERSION],
  [
    'a row that no page has',
    'token_menu_20',
    { selected_option: { value: 'revoke:ID:active:1' } },
    OTHER_VERSION,
  ],
  ['Revoke with the id of somebody else’s token', 'revoke_token', 'ID', NOT_FOUND],
  ['Revoke with its name', 'revoke_token', 'alices-bot', NOT_FOUND],
  ['Show value with the id of somebody else’s token', 'show_value', 'ID', NOT_FOUND],
  ['Show value with garbage', 'show_value', '{"token":"ID"}', NOT_FOUND],
  ['Show value with nothing', 'show_value', undefined, NOT_FOUND],
  [
    'a menu with somebody else’s token',
    'token_menu_0',
    { type: 'overflow', selected_option: { value: 'revoke:ID:active:1' } },
    NOT_FOUND,
  ],
  [
    'a menu with somebody else’s value',
    'token_menu_0',
    { type: 'overflow', selected_option: { value: 'show_value:ID:active:1' } },
    NOT_FOUND,
  ],
  [
    'a menu with garbage',
    'token_menu_0',
    { type: 'overflow', selected_option: { value: 'rm -rf' } },
    NOT_FOUND,
  ],
  ['a menu with nothing chosen', 'token_menu_0', { type: 'overflow', selected_option: null }, NOT_FOUND],
] as const)(
  '%s is refused, kindly and with an audit event, and changes nothing',
  async ([, actionId, given, sentence]) => {
    const stage = await setStage();
    const bob = stage.workspace.person('bob');
    const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
    const { ts: message } = await answerTo(bob, '/apitoken');
    const block_id = actionId.startsWith('token_menu') ? 'list:0' : 'info:0';
    const part = JSON.parse(JSON.stringify(given ?? {}).replaceAll('ID', id));

    const answer = await answerIn(bob, '#general', async () => {
      const claim = typeof part === 'string' ? { value: part } : { action: part };
      const { acked } = await bob.forges({
        type: 'block_actions',
        action_id: actionId,
        block_id,
        from: { message },
        ...claim,
      });
      expect(acked).toBe(true);
    });

    expect(answer).toMatchObject({ text: sentence, ephemeral: true });
    expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
    expect((await stage.verify(value)).status).toBe(200);
    expect(auditOf(stage).slice(2)).toMatchObject([{ actor: bob.id, action: 'action.refused' }]);
  },
);

test.for([
  ['a page that is not there', 'list_next', 'active:99', 'You have no tokens yet.'],
  ['a filter that is none', 'list_filter', 'everybody:1', 'You have no tokens yet.'],
] as const)('%s of the list is one’s own list', async ([, actionId, value, text]) => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
  const { ts } = await answerTo(bob, '/apitoken list all');

  await bob.forges({ type: 'block_actions', action_id: actionId, value, from: { message: ts } });

  const list = await answerIn(bob, '#general', () => bob.types('#general', '/apitoken help'));
  expect(list.text).toContain('/apitoken create');
  expect(bob.reads('#general')).toContain(text);
  expect(bob.reads('#general')).not.toContain('alices-bot');
});

test('a dialog that no version draws is answered', async () => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');

  const outcome = await bob.forges({ type: 'view_submission', callback_id: 'no_such_dialog' });

  expect(JSON.stringify(outcome)).toContain('from another version of apitoken');
  expect(auditOf(stage)).toEqual([{ actor: bob.id, action: 'action.refused', tokenId: null }]);
});

test.for([
  ['nothing', ''],
  ['no JSON', 'garbage {'],
  ['JSON that is no object', '[]'],
  ['nothing in JSON', 'null'],
  ['a token that is no id', '{"token":"alices-bot"}'],
  ['the id of somebody else’s token', '{"token":"ID"}'],
  ['a proof that is empty', '{"token":"ID","held":""}'],
  ['a proof that is garbage', '{"token":"ID","held":"garbage"}'],
  ['a proof without a MAC', '{"token":"ID","held":"NOW."}'],
  ['a proof with a MAC of the right length', `{"token":"ID","held":"NOW.${'A'.repeat(43)}"}`],
  ['a proof from the future', `{"token":"ID","held":"99999999999999.${'A'.repeat(43)}"}`],
  ['a proof that is no text', '{"token":"ID","held":{"at":1}}'],
] as const)(
  'a revocation with %s in its metadata is refused with an audit event, and changes nothing',
  async ([what, metadata]) => {
    const stage = await setStage();
    const bob = stage.workspace.person('bob');
    const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');

    const outcome = await bob.forges({
      type: 'view_submission',
      callback_id: REVOKE_DIALOG_ID,
      private_metadata: metadata.replace('ID', id).replace('NOW', String(Date.now())),
      state: REASON,
    });

    expect(outcome).toMatchObject({ body: { response_action: 'update' } });
    const isProof = what.startsWith('a proof') && what !== 'a proof that is no text';
    expect(JSON.stringify(outcome)).toContain(isProof ? LAPSED : NOT_FOUND);
    expect((await stage.verify(value)).status).toBe(200);
    expect(auditOf(stage).slice(2)).toMatchObject([{ actor: bob.id, action: 'action.refused' }]);
    expect(stage.log()).not.toContain('"level":"error"');
  },
);

test('the view of somebody else gives nobody their answer', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const bob = stage.workspace.person('bob');
  const { id } = await opens(alice, '/apitoken create alices-bot');
  await alice.submits();
  await modalSaying(alice, 'The token is in your direct messages with apitoken.');

  const outcome = await bob.forges({
    type: 'view_submission',
    id,
    callback_id: CREATE_DIALOG_ID,
    state: {
      name: { name: { type: 'plain_text_input', value: 'bobs-bot' } },
      lifetime: { lifetime: { type: 'static_select', selected_option: { value: '7' } } },
    },
  });

  expect(JSON.stringify(outcome)).not.toContain('alices-bot');
  expect(rowsOf(stage, 'select name, owner from tokens order by name')).toEqual([
    { name: 'alices-bot', owner: alice.id },
    { name: 'bobs-bot', owner: bob.id },
  ]);
});

test('a revocation under the view of somebody else is one, and is not merely said to be one', async () => {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  await holdsToken(stage, alice, 'alices-bot');
  const { id: bobs, value } = await holdsToken(stage, bob, 'bobs-bot');
  const { id } = await opens(alice, '/apitoken revoke alices-bot');
  await alice.submits();
  await modalSaying(alice, 'alices-bot is revoked.');

  const outcome = await bob.forges({
    type: 'view_submission',
    id,
    callback_id: REVOKE_DIALOG_ID,
    private_metadata: JSON.stringify({ token: bobs }),
    state: REASON,
  });

  expect(JSON.stringify(outcome)).toContain('bobs-bot is revoked.');
  expect((await stage.verify(value)).status).toBe(401);
});

test.for([
  ['without a user', { user: undefined }, []],
  ['with a user who is nobody', { user: { id: '' } }, []],
  ['with an action that is none', { actions: [{}] }, ['action.refused']],
  ['without any action', { actions: [] }, []],
] as const)('a delivery %s changes nothing, and the app goes on', async ([, change, recorded]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await answerTo(alice, '/apitoken');
  await alice.clicks('Create API Token', { in: '#general' });
  await modalOf(alice);
  const payload = pressIn(stage);

  await alice.forges({ type: 'raw', envelope: 'interactive', payload: { ...payload, ...change } });
  stage.workspace.takeRefusals();

  await alice.closes();
  expect((await opens(alice, '/apitoken create')).title).toBe('Create API Token');
  expect(actionsOf(stage)).toEqual(recorded);
});

function pressIn(stage: Stage): { [key: string]: unknown } {
  const found = stage.workspace.traffic.findLast((one) => one.kind === 'delivery');
  if (found?.kind !== 'delivery') throw new Error('nothing was delivered');
  return found.payload;
}
