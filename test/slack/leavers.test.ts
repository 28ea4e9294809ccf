import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  auditOf,
  callsOf,
  createsToken,
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
import { expectNotKept } from './leaks.ts';

const HELD = { createdAt: T0 } as const;

test('when somebody is deactivated, all their tokens are refused, and history and receipt say why', async () => {
  const { stage, workspace, alice, clock } = await setStill({ MANAGERS: 'U0BOB000001' });
  const first = await holdsToken(stage, alice, 'first-bot', HELD);
  const second = await holdsToken(stage, alice, 'second-bot', HELD);
  const unclaimed = await holdsToken(stage, alice, 'third-bot', { ...HELD, shown: false });
  const others = await holdsToken(stage, workspace.person('carol'), 'carols-bot', HELD);
  await clock.moveBy(2 * SECOND_MS);
  await settled(stage);

  await workspace.setPerson('alice', { deleted: true });
  await soon(async () => expect(await verdictsOf(stage, first.value, second.value)).toEqual([401, 401]));
  await settled(stage);

  expect(await verdictsOf(stage, others.value)).toEqual([200]);
  expect(tokenRow(stage, 'third-bot')).toMatchObject({ revoked_by: 'system', revoke_reason: 'owner left' });
  const ended = auditOf(stage).slice(-3);
  expect(ended).toEqual(Array(3).fill({ ...ended[0], tokenId: expect.any(String) }));
  expect(ended[0]).toMatchObject({ actor: 'system', action: 'token.revoked' });
  expect(new Set(ended.map(({ tokenId }) => tokenId))).toEqual(new Set([first.id, second.id, unclaimed.id]));
  const history = await answerTo(workspace.person('bob'), '/apitoken history first-bot');
  expect(history.text).toContain('apitoken revoked it: its owner left');
  expect(history.text).not.toContain('“');
  expect(receiptOf(alice, 'first-bot').text).toContain(
    'Date Revoked\nJan 1, 2026 at 12:00 AM UTC\nRevoked by apitoken.',
  );
  expect(receiptOf(alice, 'first-bot').buttons).toEqual([]);
  expect(toldTo(alice)).toEqual([]);
  for (const { value } of [first, second]) expectNotKept(value, stage);
});

test('whoever created a token for somebody who left is told, and nobody else', async () => {
  const { stage, workspace, alice } = await setStill();
  const [bob, dave] = [workspace.person('bob'), workspace.person('dave')];
  const { value } = await holdsToken(stage, alice, '<deploy>-bot', { ...HELD, by: dave });
  await settled(stage);

  await workspace.setPerson('alice', { deleted: true });
  await revokedSoon(stage, value);
  await settled(stage);

  expect(toldTo(dave).at(-1)?.text).toBe(
    [
      '@alice left, so <deploy>-bot was revoked.',
      'You created it for them. Anything using it has stopped working.',
      'Date Revoked: Jan 1, 2026 at 12:00 AM UTC',
    ].join('\n'),
  );
  expect(toldTo(bob)).toEqual([]);
});

test('what cannot be said to somebody who left is dropped with a line of information, and not tried again', async () => {
  const { stage, workspace, alice } = await setStill();
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', {
    ...HELD,
    by: workspace.person('dave'),
  });
  await settled(stage);
  await workspace.setPerson('dave', { deleted: true });

  await workspace.setPerson('alice', { deleted: true });
  await revokedSoon(stage, value);
  await settled(stage);

  expect(rowsOf(stage, 'select key from outbox')).toEqual([]);
  expect(logged(stage, 'a message was dropped: nobody is left to read it')).toEqual([
    expect.objectContaining({ level: 'info', key: `owner_left:${id}`, code: 'user_disabled' }),
  ]);
  expect(logged(stage, 'Slack refused a message')).toEqual([]);
  workspace.expectRefusal('user_disabled');
});

test.for([
  ['somebody who is there', 'alice'],
  ['somebody who became a guest', 'gus'],
] as const)(
  'an event that says that %s was deactivated ends nothing: Slack itself is asked',
  async ([, handle]) => {
    const { stage, workspace } = await setStill();
    const person = workspace.person(handle);
    const { value } = await holdsToken(stage, person, 'deploy-bot', HELD);
    await settled(stage);
    const asked = askedAbout(stage, person);

    await forgesDeparture(stage, person);
    await soon(() => expect(askedAbout(stage, person)).toBe(asked + 1));
    await soon(() => expect(lookUpOf(stage, person)).toBe(T0 + DAY_MS));

    expect(await verdictsOf(stage, value)).toEqual([200]);
    expect(actionsOf(stage)).not.toContain('token.revoked');
  },
);

test('an event about somebody without tokens, or of a change of another kind, asks Slack nothing', async () => {
  const { stage, workspace, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  const before = callsOf(workspace, 'users.info').length;

  await workspace.setPerson('carol', { deleted: true });
  await workspace.setPerson('alice', { tz: 'America/Lima' });
  await forgesDeparture(stage, workspace.person('bob'));

  expect(rowsOf(stage, 'select person, look_up_at from owners')).toEqual([
    { person: alice.id, look_up_at: T0 + DAY_MS },
  ]);
  expect(callsOf(workspace, 'users.info')).toHaveLength(before);
});

test('who left without any event is found by the daily look-up, and nobody is asked about twice a day', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'alices-bot', HELD);
  const carols = await holdsToken(stage, workspace.person('carol'), 'carols-bot', HELD);
  await settled(stage);
  await workspace.setPerson('carol', { deleted: true }, 'untold');
  await clock.moveBy(DAY_MS - 1);
  const asked = callsOf(workspace, 'users.info').length;
  expect(await verdictsOf(stage, carols.value)).toEqual([200]);

  await clock.moveBy(1);
  await revokedSoon(stage, carols.value);
  await soon(() => expect(callsOf(workspace, 'users.info')).toHaveLength(asked + 2));
  await soon(() => expect(dueNow(stage)).toEqual([]));

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(lookUpOf(stage, alice)).toBe(T0 + 2 * DAY_MS);
});

test('LEAVER_POLICY=flag ends nothing: the token says that its owner is gone, until they are back', async () => {
  const { stage, workspace, alice, clock } = await setStill({
    LEAVER_POLICY: 'flag',
    MANAGERS: 'U0BOB000001',
  });
  const bob = workspace.person('bob');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  const before = actionsOf(stage);

  await workspace.setPerson('alice', { deleted: true });
  await soon(() => expect(goneAtOf(stage, alice)).toBe(T0));
  expect((await answerTo(bob, '/apitoken info deploy-bot')).text).toContain('active · owner gone');
  await clock.moveBy(MINUTE_MS);
  await workspace.setPerson('alice', { deleted: false });
  await soon(() => expect(goneAtOf(stage, alice)).toBeNull());
  await settled(stage);

  expect((await answerTo(bob, '/apitoken info deploy-bot')).text).not.toContain('owner gone');
  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(actionsOf(stage)).toEqual(before);
});

test('who is deactivated and reactivated at once, before Slack was asked, keeps everything', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  workspace.faults.add({ method: 'users.info', status: 429, retryAfter: 1 });

  await workspace.setPerson('alice', { deleted: true });
  await soon(() => expect(logged(stage, NOT_TOLD)).toHaveLength(1));
  await workspace.setPerson('alice', { deleted: false });
  await clock.moveBy(MINUTE_MS);
  await soon(() => expect(lookUpOf(stage, alice)).toBe(T0 + MINUTE_MS + DAY_MS));

  expect(await verdictsOf(stage, value)).toEqual([200]);
  expect(actionsOf(stage)).not.toContain('token.revoked');
});

test('who comes back finds their tokens revoked, and can make new ones', async () => {
  const { stage, workspace, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  await workspace.setPerson('alice', { deleted: true });
  await revokedSoon(stage, value);

  await workspace.setPerson('alice', { deleted: false });

  expect((await answerTo(alice, '/apitoken list all')).text).toContain('revoked');
  expect(await verdictsOf(stage, value, await createsToken(alice, 'new-bot'))).toEqual([401, 200]);
});

const NOT_TOLD = 'Slack did not tell whether an owner left; they are asked about again';

test.for([
  ['is down', { status: 500 }, 'no_answer'],
  ['cuts the connection', { drop: true }, 'no_answer'],
  ['sets a limit', { status: 429, retryAfter: 30 }, 'ratelimited'],
  ['refuses the app’s own token', { error: 'invalid_auth' }, 'invalid_auth'],
] as const)(
  'when Slack %s nothing ends, and the owner is asked about a minute later',
  async ([, fault, code]) => {
    const { stage, workspace, alice, clock } = await setStill();
    const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
    await settled(stage);
    workspace.faults.add({ method: 'users.info', ...fault });

    await workspace.setPerson('alice', { deleted: true });
    await soon(() => expect(lookUpOf(stage, alice)).toBe(T0 + MINUTE_MS));
    expect(logged(stage, NOT_TOLD)).toEqual([
      expect.objectContaining({ level: 'warn', person: alice.id, code }),
    ]);
    expect(await verdictsOf(stage, value)).toEqual([200]);

    await clock.moveBy(MINUTE_MS);
    await revokedSoon(stage, value);
  },
);

test('one whom Slack does not answer for does not keep the others from being looked up', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  await holdsToken(stage, alice, 'alices-bot', { createdAt: T0 - 1 });
  const carols = await holdsToken(stage, workspace.person('carol'), 'carols-bot', HELD);
  await settled(stage);
  await workspace.setPerson('carol', { deleted: true }, 'untold');
  await clock.moveBy(DAY_MS);
  workspace.faults.add({ method: 'users.info', status: 500 });
  await soon(() => expect(logged(stage, NOT_TOLD)).toHaveLength(1));

  await clock.moveBy(SECOND_MS);

  await revokedSoon(stage, carols.value);
  expect(lookUpOf(stage, alice)).toBeGreaterThan(T0 + DAY_MS);
});

test('somebody whom Slack does not know keeps their tokens, and is marked as gone', async () => {
  const { stage, workspace, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', HELD);
  await settled(stage);
  workspace.faults.add({ method: 'users.info', error: 'user_not_found' });

  await clock.moveBy(DAY_MS);
  await soon(() => expect(goneAtOf(stage, alice)).toBe(T0 + DAY_MS));

  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a restart in the middle ends nothing that was to be done, and nothing is done twice', async () => {
  const { stage, workspace, alice } = await setStill();
  const tokens = [];
  for (const name of ['one', 'two', 'three']) tokens.push(await holdsToken(stage, alice, name, HELD));
  await settled(stage);
  workspace.faults.add({ method: 'users.info', delayMs: 300 });

  await workspace.setPerson('alice', { deleted: true });
  await soon(() => expect(lookUpOf(stage, alice)).toBe(T0));
  await stage.restart();
  for (const { value } of tokens) await revokedSoon(stage, value);
  await workspace.setPerson('alice', { deleted: true });
  await soon(() => expect(lookUpOf(stage, alice)).toBe(T0 + DAY_MS));

  expect(actionsOf(stage).filter((action) => action === 'token.revoked')).toHaveLength(3);
});

function revokedSoon(stage: Stage, value: string): Promise<void> {
  return soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
}

function askedAbout(stage: Stage, person: Person): number {
  return callsOf(stage.workspace, 'users.info').filter(({ args }) => args.user === person.id).length;
}

function lookUpOf(stage: Stage, person: Person): unknown {
  return rowsOf(stage, 'select look_up_at from owners where person = ?', person.id)[0]?.look_up_at;
}

function goneAtOf(stage: Stage, person: Person): unknown {
  return rowsOf(stage, 'select gone_at from owners where person = ?', person.id)[0]?.gone_at;
}

function dueNow(stage: Stage): unknown[] {
  return rowsOf(stage, 'select person from owners where look_up_at <= ?', stage.now());
}

/** The lines of the log with this message. */
function logged(stage: Stage, message: string): Record<string, unknown>[] {
  return stage
    .log()
    .split('\n')
    .filter((line) => line.includes(message))
    .map((line) => JSON.parse(line));
}

/** `user_change` says that the person was deactivated, and it is not so. */
async function forgesDeparture(stage: Stage, person: Person): Promise<void> {
  await person.forges({
    type: 'raw',
    envelope: 'events_api',
    payload: {
      type: 'event_callback',
      team_id: stage.workspace.teamId,
      api_app_id: stage.workspace.appId,
      event_id: 'Ev0FORGED',
      event: { type: 'user_change', user: { id: person.id, deleted: true } },
    },
  });
}
