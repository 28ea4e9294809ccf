import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { MINUTE_MS } from '../../src/clock.ts';
import { REVOKE_DIALOG_ID } from '../../src/slack/blocks/ids.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  settled,
  soon,
} from './flows.ts';

const MEMBERS_ONLY =
  'apitoken is only for full members of this workspace. If you need a token, ask an admin.';
const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';

const NOT_TOLD =
  "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";

/** A way into the app, ready to be taken, and whether the person is refused when they take it. */
type Entry = readonly [name: string, prepare: (alice: Person) => Promise<unknown>, takes: Take];
type Take = (alice: Person, workspace: Workspace) => Promise<boolean>;

const ENTRIES: readonly Entry[] = [
  ['the command', list, async (alice) => (await answerTo(alice, '/apitoken')).text === MEMBERS_ONLY],
  ['a button', list, pressIsRefused],
  ['the shortcut', list, shortcutIsRefused],
  ['a submission', (alice) => opens(alice, '/apitoken create deploy-bot'), submissionIsRefused],
  ['the Home tab', list, homeIsRefused],
  ['a field that searches', (alice) => opens(alice, '/apitoken revoke'), searchIsRefused],
];

describe('who becomes a guest', () => {
  test.for(ENTRIES)('is refused at once at %s, when Slack tells of it', async ([, prepare, isRefused]) => {
    const { workspace, alice } = await aliceWithToken();
    await prepare(alice);

    await workspace.setPerson('alice', { is_restricted: true });

    expect(await isRefused(alice, workspace)).toBe(true);
  });

  test.for(
    ENTRIES.flatMap((entry) => [
      [entry[0], 'a millisecond before', MINUTE_MS - 1, false, entry] as const,
      [entry[0], 'at', MINUTE_MS, true, entry] as const,
    ]),
  )(
    'is refused at %s a minute after Slack was asked, when it does not tell: %s it',
    async ([, , ms, expected, entry]) => {
      const { workspace, alice, clock } = await aliceWithToken();
      const [, prepare, isRefused] = entry;
      await prepare(alice);

      await workspace.setPerson('alice', { is_restricted: true }, 'untold');
      await clock.moveBy(ms);

      expect(await isRefused(alice, workspace)).toBe(expected);
    },
  );

  test('sees in the Home tab that it is not for them, whatever happens to their tokens', async () => {
    const { stage, workspace, alice } = await aliceWithToken();
    expect(await homeIsRefused(alice, workspace)).toBe(false);
    await workspace.setPerson('alice', { is_restricted: true });
    const drawn = callsOf(workspace, 'views.publish').length;

    const dave = workspace.person('dave');
    await opens(dave, '/apitoken revoke alices-bot');
    await dave.fills({ Reason: 'leaked' });
    await dave.submits();
    await settled(stage);

    const since = callsOf(workspace, 'views.publish').slice(drawn);
    expect(since.filter(({ args }) => JSON.stringify(args).includes('alices-bot'))).toEqual([]);
    expect(alice.home()).toMatchObject({
      text: 'You can no longer use apitoken. Ask an admin of this workspace.',
      buttons: [],
    });
  });
});

test('what was asked of a person before Slack told of a change, and answered after it, is not remembered', async () => {
  const { workspace, alice } = await aliceWithToken();
  const asked = () => callsOf(workspace, 'users.info').length;
  const before = asked();
  workspace.faults.add({ method: 'users.info', delayMs: 600 });

  await alice.types('#general', '/apitoken');
  await soon(() => expect(asked()).toBe(before + 1));
  await workspace.setPerson('alice', { is_restricted: true });
  await alice.types('#general', '/apitoken');
  await soon(() => expect(answersTo(alice)).toHaveLength(2));
  await alice.types('#general', '/apitoken');
  await soon(() => expect(answersTo(alice)).toHaveLength(3));

  expect(answersTo(alice).filter((text) => text === MEMBERS_ONLY)).toHaveLength(2);
  expect(asked()).toBe(before + 2);
});

test('what was asked of a group before Slack told of a change, and answered after it, is not remembered', async () => {
  const { workspace } = await aliceWithToken({ ONCALL: 'S0ONCALL001' });
  const bob = workspace.person('bob');
  const asked = () => callsOf(workspace, 'usergroups.users.list').length;
  workspace.faults.add({ method: 'usergroups.users.list', delayMs: 600 });

  await bob.types('#general', '/apitoken info alices-bot');
  await soon(() => expect(asked()).toBe(1));
  await workspace.setGroupMembers('oncall', ['carol']);
  await bob.types('#general', '/apitoken info alices-bot');
  await soon(() => expect(answersTo(bob)).toHaveLength(2));
  await bob.types('#general', '/apitoken info alices-bot');
  await soon(() => expect(answersTo(bob)).toHaveLength(3));

  expect(answersTo(bob).filter((text) => text === NOT_FOUND)).toHaveLength(2);
  expect(asked()).toBe(2);
});

describe('who was on call, by a group, until Slack changed that and told nobody', () => {
  const ONCALL = { ONCALL: 'S0ONCALL001' };
  const groupCalls = (workspace: Workspace) => callsOf(workspace, 'usergroups.users.list').length;

  /** Bob on call has the dialog open in which Alice's token is revoked, 4 minutes after Slack was asked for the group. */
  async function bobAboutToRevoke(env: Record<string, string> = ONCALL) {
    const still = await aliceWithToken(env);
    const bob = still.workspace.person('bob');
    await answerTo(bob, '/apitoken info alices-bot');
    await still.clock.moveBy(4 * MINUTE_MS);
    await opens(bob, '/apitoken revoke alices-bot');
    await bob.fills({ Reason: 'leaked' });
    return { ...still, bob, tokens: () => rowsOf(still.stage, 'select revoked_at from tokens') };
  }

  test('revokes nobody’s token any more, 4 minutes later', async () => {
    const { stage, workspace, bob, tokens } = await bobAboutToRevoke();
    await workspace.setGroupMembers('oncall', ['carol'], 'untold');

    await bob.submits();

    await modalSaying(bob, NOT_FOUND);
    expect(tokens()).toEqual([{ revoked_at: null }]);
    expect(auditOf(stage).at(-1)).toMatchObject({ actor: bob.id, action: 'action.refused' });
  });

  test.for([
    ['breaks', { status: 500 }],
    ['is cut off', { drop: true }],
    ['takes too long', { delayMs: 1500 }],
    ['is too often asked', { status: 429, retryAfter: 30 }],
  ] as const)(
    'is told to try again when Slack, asked for the group, %s: nothing is changed, and what was typed stays',
    async ([, fault]) => {
      const { workspace, bob, tokens } = await bobAboutToRevoke();
      workspace.faults.add({ method: 'usergroups.users.list', ...fault });

      await bob.submits();

      await soon(() => expect(bob.modal()?.errors).toEqual({ Reason: NOT_TOLD }));
      expect(bob.modal()?.inputs.map(({ value }) => value)).toEqual([undefined, 'leaked']);
      expect(tokens()).toEqual([{ revoked_at: null }]);

      await bob.submits();
      await modalSaying(bob, 'alices-bot is revoked.');
    },
  );

  test('is asked about only where it hangs on the group: not of who is named, nor of who holds the value', async () => {
    const { workspace, bob } = await bobAboutToRevoke({ ONCALL: 'S0ONCALL001,U0BOB000001' });
    const before = groupCalls(workspace);
    workspace.faults.add({ method: 'usergroups.users.list', status: 500 });

    await bob.submits();

    await modalSaying(bob, 'alices-bot is revoked.');
    expect(groupCalls(workspace)).toBe(before);
  });

  test('is found out once for all who wait for it, by a call that began after they asked', async () => {
    const { stage, workspace, bob } = await bobAboutToRevoke();
    const carol = workspace.person('carol');
    const { id } = await holdsToken(stage, workspace.person('alice'), 'another-bot', { createdAt: T0 });
    await workspace.setGroupMembers('oncall', ['bob', 'carol']);
    await opens(carol, '/apitoken revoke another-bot');
    await carol.fills({ Reason: 'leaked' });
    const before = groupCalls(workspace);
    // One that began before the change, and ends after it.
    workspace.faults.add({ method: 'usergroups.users.list', delayMs: 500 });
    const first = bob.submits();
    await soon(() => expect(groupCalls(workspace)).toBe(before + 1));
    await workspace.setGroupMembers('oncall', ['bob'], 'untold');

    await Promise.all([first, carol.submits()]);

    await modalSaying(carol, NOT_FOUND);
    expect(groupCalls(workspace)).toBe(before + 2);
    expect(rowsOf(stage, 'select revoked_at from tokens where id = ?', id)).toEqual([{ revoked_at: null }]);
  });

  test('and whoever is not on call uses up no call about the group, however often they forge a submission', async () => {
    const { stage, workspace, alice } = await aliceWithToken(ONCALL);
    const mallory = workspace.person('carol');
    const { id } = await holdsToken(stage, alice, 'another-bot', { createdAt: T0 });
    await answerTo(mallory, '/apitoken help');
    const before = groupCalls(workspace);

    for (let time = 0; time < 5; time++) {
      await mallory.forges({
        type: 'view_submission',
        callback_id: REVOKE_DIALOG_ID,
        private_metadata: JSON.stringify({ token: id }),
        state: { reason: { reason: { type: 'plain_text_input', value: 'forged' } } },
      });
    }

    expect(groupCalls(workspace)).toBe(before);
    expect(rowsOf(stage, 'select revoked_at from tokens where id = ?', id)).toEqual([{ revoked_at: null }]);
  });
});

/** Alice, of whom nothing is remembered yet, with one token. */
async function aliceWithToken(env: Record<string, string> = {}) {
  const still = await setStill(env);
  await holdsToken(still.stage, still.alice, 'alices-bot', { createdAt: T0 });
  await settled(still.stage);
  await still.workspace.setPerson('alice', {});
  return still;
}

function list(alice: Person): Promise<unknown> {
  return answerTo(alice, '/apitoken');
}

function answersTo(person: Person): string[] {
  return person.sees('#general').map(({ text }) => text);
}

async function pressIsRefused(alice: Person): Promise<boolean> {
  await alice.clicks('Create API Token', { in: '#general' });
  return soon(() => {
    if (alice.modal() !== undefined) return false;
    if (!answersTo(alice).includes(MEMBERS_ONLY)) throw new Error('no answer yet');
    return true;
  });
}

async function shortcutIsRefused(alice: Person): Promise<boolean> {
  await alice.uses('Create API Token');
  return (await modalOf(alice)).text === MEMBERS_ONLY;
}

async function submissionIsRefused(alice: Person): Promise<boolean> {
  await alice.submits();
  const modal = await modalOf(alice);
  return Object.values(modal.errors).includes(MEMBERS_ONLY);
}

async function homeIsRefused(alice: Person, workspace: Workspace): Promise<boolean> {
  const drawn = callsOf(workspace, 'views.publish').length;
  await alice.opensHome();
  await soon(() => expect(callsOf(workspace, 'views.publish').length).toBeGreaterThan(drawn));
  return alice.home()?.text === MEMBERS_ONLY;
}

async function searchIsRefused(alice: Person): Promise<boolean> {
  return alice.searches('Token', 'alices', 'alices-bot').then(
    () => false,
    (error: Error) => error.message.includes('was not offered'),
  );
}
