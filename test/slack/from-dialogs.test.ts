import { expect, test } from 'vitest';
import { PRESSES } from '../../src/slack/listeners/listeners.ts';
import { setStage } from '../fixture.ts';
import { answerTo, callsOf, holdsToken, idOf, modalSaying, opens, soon } from './flows.ts';

const UNKNOWN = 'This no longer works';

test.for([...PRESSES.keys()])(
  'a press of %s in a dialog opens no other by views.open, whatever it carries',
  async (action_id) => {
    const stage = await setStage({ env: { ONCALL: 'U0ALICE0001' } });
    const { workspace } = stage;
    const alice = workspace.person('alice');
    await holdsToken(stage, alice, 'deploy-bot');
    const view = (await opens(alice, '/apitoken create')).id;
    const opened = callsOf(workspace, 'views.open').length;
    const id = idOf(stage, 'deploy-bot');

    for (const value of [id, `revoke ${id}`, `${id} 0`, 'U0BOB000001', 'list', '', 'nothing of ours']) {
      const outcome = await alice.forges({ type: 'block_actions', action_id, value, from: { view } });
      expect(outcome.acked).toBe(true);
    }
    // What came before it is answered before it.
    await answerTo(workspace.person('bob'), '/apitoken');

    expect(callsOf(workspace, 'views.open')).toHaveLength(opened);
    expect(stage.log()).not.toContain('a delivery of Slack failed');
    workspace.takeRefusals();
  },
);

test('what is told there lies on top of the dialog, and closing it leads back to what was typed', async () => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  const view = (await opens(alice, '/apitoken create')).id;
  await alice.fills({ 'Token Name': 'half-typed' });

  await alice.forges({ type: 'block_actions', action_id: 'of_another_version', from: { view } });
  await modalSaying(alice, UNKNOWN);
  await alice.closes();

  expect(alice.modal()?.title).toBe('Create API Token');
  expect(alice.modal()?.inputs[0]?.value).toBe('half-typed');
});

test('where three dialogs lie on each other, it is told in place of the one that was pressed in', async () => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  const view = (await opens(alice, '/apitoken create')).id;
  const presses = () =>
    alice.forges({ type: 'block_actions', action_id: 'of_another_version', from: { view } });

  for (let turn = 0; turn < 2; turn++) {
    await presses();
    await soon(() => expect(callsOf(workspace, 'views.push')).toHaveLength(turn + 1));
  }
  await presses();
  await soon(() => expect(callsOf(workspace, 'views.update')).toHaveLength(1));
  workspace.expectRefusal('push_limit_reached');

  for (let turn = 0; turn < 2; turn++) await alice.closes();
  expect(alice.modal()?.text).toContain(UNKNOWN);
});

test('where the dialog was closed meanwhile, it is told in the conversation with the app', async () => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  const view = (await opens(alice, '/apitoken create')).id;
  workspace.faults.add({ method: 'views.push', error: 'expired_trigger_id' });
  workspace.faults.add({ method: 'views.update', error: 'not_found' });

  await alice.forges({ type: 'block_actions', action_id: 'of_another_version', from: { view } });

  await soon(() => expect(alice.reads('@apitoken')).toContain(UNKNOWN));
});

test('a dialog that a press in a dialog asks for takes its place, so that nothing stale lies below', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  const view = (await opens(alice, '/apitoken revoke deploy-bot')).id;

  await alice.forges({ type: 'block_actions', action_id: 'create_token', value: '', from: { view } });
  await soon(() => expect(alice.modal()?.title).toBe('Create API Token'));

  await alice.closes();
  expect(alice.modal()).toBeUndefined();
});

test('views.open with a trigger from inside a dialog is refused by the local workspace, as Slack may refuse it', async () => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  const view = (await opens(alice, '/apitoken create')).id;
  await alice.forges({ type: 'block_actions', action_id: 'of_another_version', from: { view } });
  await modalSaying(alice, UNKNOWN);
  const delivered = workspace.traffic.findLast((entry) => entry.kind === 'delivery');
  const trigger_id = delivered?.kind === 'delivery' ? delivered.payload.trigger_id : undefined;

  const answer = await fetch(`${workspace.apiUrl}views.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${workspace.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ trigger_id, view: callsOf(workspace, 'views.push')[0]?.args.view }),
  });

  expect(await answer.json()).toMatchObject({ ok: false });
  workspace.takeRefusals();
});
