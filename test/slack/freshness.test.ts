import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { MINUTE_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import { answerTo, callsOf, holdsToken, modalOf, opens, setStill, settled, soon } from './flows.ts';

const MEMBERS_ONLY =
  'apitoken is for full members of this workspace. Ask one of its admins if you need a token.';
const NOT_FOUND = 'There is no such token among those you can see. /apitoken list all shows yours.';

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
      clock.moveBy(ms);

      expect(await isRefused(alice, workspace)).toBe(expected);
    },
  );

  test('does not see the Home tab drawn anew by what happens to their tokens', async () => {
    const { stage, workspace, alice } = await aliceWithToken();
    expect(await homeIsRefused(alice, workspace)).toBe(false);
    await workspace.setPerson('alice', { is_restricted: true });
    const drawn = callsOf(workspace, 'views.publish').length;

    const dave = workspace.person('dave');
    await opens(dave, '/apitoken revoke alices-bot');
    await dave.fills({ Reason: 'leaked' });
    await dave.submits();
    await settled(stage);

    expect(callsOf(workspace, 'views.publish')).toHaveLength(drawn);
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
