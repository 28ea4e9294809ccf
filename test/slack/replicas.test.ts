import { expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import { answerTo, callsOf, holdsToken, modalSaying, opens, settled, soon, verdictsOf } from './flows.ts';

const ONCALL = { ONCALL: 'U0CAROL0001' };

/** Two apps on one database and one workspace; deliveries go to one of them, by its number, until told otherwise. */
async function setTwo(env: Record<string, string> = {}) {
  const stage = await setStage({ env });
  const other = await stage.replica();
  const { workspace } = stage;
  return {
    stage,
    other,
    workspace,
    to: (number: 0 | 1) => workspace.sockets.onlyTo(number),
    alice: workspace.person('alice'),
    bob: workspace.person('bob'),
    carol: workspace.person('carol'),
  };
}

test('a revocation that one opened is carried out by another, which shares its card where the first was asked', async () => {
  const { stage, to, workspace, alice, bob, carol } = await setTwo(ONCALL);
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await opens(carol, '/apitoken revoke deploy-bot', '#oncall');
  await carol.fills({ 'What happened?': 'Leaked' });

  to(1);
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  to(0);
  await carol.clicks('Share to channel', { in: 'modal' });

  await soon(() => expect(bob.sees('#oncall').at(-1)?.text).toContain('deploy-bot is revoked.'));
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(callsOf(workspace, 'chat.postMessage').map(({ args }) => args.channel)).not.toContain('C0ONCALL001');
  await settled(stage);
});

test('where a dialog was opened is known after a restart, through a picker too', async () => {
  const stage = await setStage({ env: ONCALL });
  const { workspace } = stage;
  const carol = workspace.person('carol');
  await holdsToken(stage, carol, 'deploy-bot');
  await opens(carol, '/apitoken revoke', '#oncall');

  await stage.restart();
  await carol.fills({ Token: 'deploy-bot' });
  await carol.submits();
  await modalSaying(carol, 'Revoke your deploy-bot?');
  await stage.restart();
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  await stage.restart();
  await carol.clicks('Share to channel', { in: 'modal' });

  await soon(() => {
    const [shared] = workspace.person('bob').sees('#oncall');
    expect(shared?.text).toContain('deploy-bot is revoked.');
  });
  await settled(stage);
});

test('the list that a revocation was begun in at one is drawn again by the other', async () => {
  const { stage, to, alice } = await setTwo();
  await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await answerTo(alice, '/apitoken list');
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your deploy-bot?');

  to(1);
  await alice.submits();

  await soon(() => expect(alice.sees('#general').at(-1)?.text).toContain('revoked'));
  await settled(stage);
});

test('a value that was presented to one may be revoked at the other, by whoever presented it alone', async () => {
  const { stage, to, alice, bob, workspace } = await setTwo();
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await opens(bob, `/apitoken revoke ${value}`);
  await bob.fills({ 'What happened?': 'Leaked' });

  to(1);
  await bob.submits();
  await modalSaying(bob, 'deploy-bot is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
  const drawn = callsOf(workspace, 'views.open').map(({ args }) => JSON.stringify(args.view));
  expect(drawn.join()).not.toContain(value);
  expect(drawn.join()).not.toContain('hooks');
  await settled(stage);
});
