import { expect, test } from 'vitest';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  answerTo,
  auditOf,
  holdsToken,
  opens,
  receiptOf,
  rotates,
  setStill,
  settled,
  soon,
  tokenRow,
} from './flows.ts';
import { expectNotKept } from './leaks.ts';

test('a value that is killed over HTTP is dead at once, and its owner hears of it once, with nobody’s name', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await soon(() => receiptOf(alice, 'deploy-bot'));

  expect((await stage.verify(value)).status).toBe(200);
  expect((await kills(stage, value)).status).toBe(200);
  expect((await stage.verify(value)).status).toBe(401);
  expect((await kills(stage, value)).status).toBe(200);
  await settled(stage);

  const told = alice.sees('@apitoken').filter(({ text }) => text.includes('revoked your token'));
  expect(told.map(({ text }) => text)).toEqual([
    [
      'Somebody who held its value revoked your token deploy-bot.',
      'Anything using it has stopped working.',
      'Date Revoked: Jan 1, 2026 at 12:00 AM UTC',
    ].join('\n'),
  ]);
  expect(told[0]?.raw.text).toBe('Somebody who held its value revoked your token deploy-bot.');
  const receipt = receiptOf(alice, 'deploy-bot');
  expect(receipt.text).toContain('Revoked by somebody who held its value.');
  expect(receipt.buttons).toEqual([]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoked_by: 'holder', revoke_reason: null });
  expect(auditOf(stage).at(-1)).toMatchObject({ actor: 'holder', action: 'token.revoked' });
  expectNotKept(value, stage);
});

test('history and info tell that it was somebody who held the value', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await kills(stage, value);

  const history = await answerTo(alice, '/apitoken history deploy-bot');
  const info = await answerTo(alice, '/apitoken info deploy-bot');
  const again = await answerTo(alice, '/apitoken revoke deploy-bot');

  expect(history.text.split('\n')[1]).toBe(
    'Jan 1, 2026 at 12:00 AM UTC · somebody who held its value revoked it',
  );
  expect(info.text).toContain('Revoked by somebody who held its value Jan 1, 2026 at 12:00 AM UTC.');
  expect(again.text).toBe('deploy-bot is already revoked. Nothing more to do.');
});

test('the owner is told even while the dialog to rotate is open, and nothing is shown any more', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken rotate deploy-bot');

  await kills(stage, value);
  await alice.submits();
  await settled(stage);

  expect(alice.sees('@apitoken').filter(({ ephemeral }) => ephemeral)).toEqual([]);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ generation: 0, revoked_by: 'holder' });
});

test('a value that a rotation retired kills nothing: its owner is warned, once a day at most', async () => {
  const { stage, alice } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });

  await kills(stage, old);
  await kills(stage, old);

  expect((await stage.verify(fresh)).status).toBe(200);
  // Stopping writes the counts, which is what warns.
  await stage.restart();
  const warned = await soon(() => {
    const found = alice
      .sees('@apitoken')
      .filter(({ text }) => text.startsWith('Something still uses an old value of your token'));
    if (found.length === 0) throw new Error('Alice is not warned');
    return found;
  });
  expect(warned).toHaveLength(1);
});

/** Presents a value at `/revoke`, as a scanner that found it would. */
function kills(stage: Stage, value: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${stage.app.port}/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: value }),
  });
}
