import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import { answerIn, answerTo, holdsToken, setStill, settled, tokenRow } from './flows.ts';

const NEVER_CLAIMED = "deploy-bot wasn't claimed within 7 days, so it was revoked. Create a new token.";

test('a token that nobody took within 7 days is shown no more, by whatever button, though no sweep has come by', async () => {
  const { stage, workspace, alice, clock } = await setStill({ MANAGERS: 'U0BOB000001' });
  const by = workspace.person('dave');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, by, shown: false });
  await settled(stage);
  await answerTo(alice, '/apitoken list');
  letsNobodyRevoke(stage);
  await clock.moveBy(7 * DAY_MS);

  for (const press of [
    () => alice.clicks('Show value', { in: '@apitoken' }),
    () => alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Show value'),
  ]) {
    const place = press.toString().includes('@apitoken') ? '@apitoken' : '#general';
    expect((await answerIn(alice, place, press)).text).toBe(NEVER_CLAIMED);
  }
  expect((await answerTo(alice, '/apitoken rotate deploy-bot')).text).toBe(NEVER_CLAIMED);
  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ claimed_at: null, revoked_at: null });
  expect(
    alice.sees('@apitoken').filter(({ ephemeral, text }) => ephemeral && text.includes('apit_')),
  ).toEqual([]);
});

test('where it is drawn meanwhile it says so, and offers no value', async () => {
  const { stage, workspace, alice, clock } = await setStill({ MANAGERS: 'U0BOB000001' });
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 5, shown: false });
  letsNobodyRevoke(stage);
  await clock.moveBy(7 * DAY_MS);

  const info = await answerTo(alice, '/apitoken info deploy-bot');
  const list = await answerTo(alice, '/apitoken list all');
  const status = await answerTo(workspace.person('bob'), '/apitoken status');

  expect(info.text).toContain('expired · never claimed');
  expect(list.text).toContain('expired, never claimed');
  expect(status.text).toContain('never claimed');
  expect(info.buttons).toEqual(['Revoke']);
  expect(list.menus).toEqual([['Create again', 'Revoke API Token', 'History']]);
  const picker = await answerTo(alice, '/apitoken rotate');
  expect(picker.text).toBe('You have no token to rotate. Type /apitoken list all to see yours.');
});

/** As if the app had been down until this moment: what revokes by the clock has no effect. */
function letsNobodyRevoke(stage: Stage): void {
  const sqlite = stage.look();
  sqlite.exec(
    "create trigger no_sweep before update of revoked_at on tokens begin select raise(abort, 'no sweep'); end",
  );
  sqlite.close();
}
