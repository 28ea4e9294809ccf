import { expect, test } from 'vitest';
import { DAY_MS, SECOND_MS } from '../../src/clock.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  chores,
  holdsToken,
  receiptOf,
  rowsOf,
  setStill,
  settled,
  soon,
  tokenRow,
  toldTo,
  verdictsOf,
} from './flows.ts';

const HELD = { createdAt: T0 } as const;
const NOT_FOR_THEM = 'You can no longer use apitoken. Ask an admin of this workspace.';
const MARK = 'active · owner may not use apitoken';

test('somebody who becomes a guest is told, is offered nothing more, and loses their tokens after 24 hours', async () => {
  const { stage, workspace, alice, clock } = await setStill({ MANAGERS: 'U0BOB000001' });
  const [bob, dave] = [workspace.person('bob'), workspace.person('dave')];
  const own = await holdsToken(stage, alice, 'own-bot', HELD);
  const given = await holdsToken(stage, alice, 'given-bot', { ...HELD, by: dave, lifetimeDays: 91 });
  await clock.moveBy(2 * SECOND_MS);
  await alice.opensHome();
  await settled(stage);
  expect(receiptOf(alice, 'own-bot').buttons).not.toEqual([]);

  await workspace.setPerson('alice', { is_restricted: true });
  await soon(() => expect(markOf(stage)).toEqual({ gone_at: stage.now(), is_barred: 1 }));
  await settled(stage);

  expect(await verdictsOf(stage, own.value, given.value)).toEqual([200, 200]);
  expect(receiptOf(alice, 'own-bot').buttons).toEqual([]);
  expect(receiptOf(alice, 'own-bot').text).toContain('You can no longer use apitoken');
  expect(alice.home()?.text).toBe(NOT_FOR_THEM);
  const told = toldTo(alice).at(-1);
  expect(told?.text).toContain(
    "You have 2 live tokens.\ngiven-bot\nown-bot\nThey're revoked Jan 2, 2026 at 12:00 AM UTC",
  );
  expect(told?.buttons).toEqual([]);
  expect((await answerTo(bob, '/apitoken info own-bot')).text).toContain(MARK);
  expect((await answerTo(bob, '/apitoken status')).text).toContain(MARK);

  await clock.moveBy(DAY_MS);
  await soon(async () => expect(await verdictsOf(stage, own.value, given.value)).toEqual([401, 401]));
  await settled(stage);

  expect(tokenRow(stage, 'own-bot')).toMatchObject({
    revoked_by: 'system',
    revoke_reason: 'owner may not use apitoken',
  });
  expect(toldTo(dave).at(-1)?.text).toContain('@alice can no longer use apitoken, so given-bot was revoked.');
  expect(toldTo(alice).at(-1)?.text).toContain(
    '2 of your tokens were revoked, because @alice can no longer use apitoken.',
  );
  expect((await answerTo(bob, '/apitoken history own-bot')).text).toContain(
    'apitoken revoked it: its owner may not use apitoken',
  );
  expect(actionsOf(stage).filter((action) => action.startsWith('owner.'))).toEqual(['owner.marked']);
});

test.for([
  ['a guest of one channel', { is_ultra_restricted: true }],
  ['a stranger', { is_stranger: true }],
  ['a bot', { is_bot: true }],
] as const)('%s is barred, too, and found without any event by the daily look-up', async ([, change]) => {
  const { stage, workspace, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  await workspace.setPerson('alice', change, 'untold');

  await clock.moveBy(DAY_MS);
  await soon(() => expect(markOf(stage)).toEqual({ gone_at: T0 + DAY_MS, is_barred: 1 }));
  expect(await verdictsOf(stage, value)).toEqual([200]);

  await clock.moveBy(DAY_MS);
  await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
  await settled(stage);
  expect(rowsOf(stage, 'select key from outbox')).toEqual([]);
});

test('somebody who is told to belong to another workspace by now is asked about at once', async () => {
  const { stage, workspace, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);

  await workspace.setPerson('alice', { teamId: 'T0ELSEWHERE' });

  await soon(() => expect(markOf(stage)).toEqual({ gone_at: T0, is_barred: 1 }));
  await settled(stage);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual([]);
});

test('who is a member again within 24 hours keeps everything, and has their buttons back', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  const { buttons } = receiptOf(alice, 'deploy-bot');
  await workspace.setPerson('alice', { is_restricted: true });
  await soon(() => expect(markOf(stage)).toMatchObject({ is_barred: 1 }));
  await settled(stage);

  await clock.moveBy(DAY_MS - 1);
  await workspace.setPerson('alice', { is_restricted: false });
  await soon(() => expect(markOf(stage)).toEqual({ gone_at: null, is_barred: 0 }));
  await settled(stage);
  await clock.moveBy(DAY_MS);
  await settled(stage);

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(buttons);
  expect(alice.home()?.text).toContain('deploy-bot');
});

test('a guest where ALLOW_GUESTS is true is barred from nothing', async () => {
  const { stage, workspace, alice, clock } = await setStill({ ALLOW_GUESTS: 'true' });
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);

  await workspace.setPerson('alice', { is_restricted: true });
  await soon(() =>
    expect(rowsOf(stage, 'select look_up_at from owners')).toEqual([{ look_up_at: T0 + DAY_MS }]),
  );
  await clock.moveBy(2 * DAY_MS);
  await settled(stage);

  expect(markOf(stage)).toEqual({ gone_at: null, is_barred: 0 });
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(receiptOf(alice, 'deploy-bot').buttons).not.toEqual([]);
});

test('a notice of an expiry to a guest offers nothing', async () => {
  const { stage, workspace, alice, clock } = await setStill({ LEAVER_POLICY: 'flag' });
  await holdsToken(stage, alice, 'deploy-bot', { ...HELD, lifetimeDays: 14 });
  await settled(stage);
  await workspace.setPerson('alice', { is_restricted: true });
  await soon(() => expect(markOf(stage)).toMatchObject({ is_barred: 1 }));

  await clock.moveBy(7 * DAY_MS + SECOND_MS);
  await chores(stage);

  const notice = toldTo(alice).find(({ text }) =>
    text.startsWith('Your token deploy-bot expires in 7 days.'),
  );
  expect(notice?.text).toContain('You can no longer use apitoken');
  expect(notice?.buttons).toEqual([]);
});

test('LEAVER_POLICY=flag marks them and ends nothing; a board names them apart from who left', async () => {
  const { stage, workspace, alice, clock } = await setStill({
    LEAVER_POLICY: 'flag',
    MANAGERS: 'U0BOB000001',
  });
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  await workspace.setPerson('alice', { is_restricted: true });
  await soon(() => expect(markOf(stage)).toMatchObject({ is_barred: 1 }));
  await clock.moveBy(3 * DAY_MS);
  await settled(stage);

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(toldTo(alice).at(-1)?.text).toContain('It keeps working');
  const bob = workspace.person('bob');
  await bob.types('@apitoken', '/apitoken board');
  await soon(() => expect(bob.reads('@apitoken')).toContain('Owner gone or not allowed to use apitoken (1)'));
  expect(bob.reads('@apitoken')).toContain(
    "deploy-bot @alice, owner isn't allowed to use apitoken, never used",
  );
});

function markOf(stage: Stage): Record<string, unknown> | undefined {
  return rowsOf(stage, 'select gone_at, is_barred from owners')[0];
}
