import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS } from '../../src/clock.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerIn,
  createsToken,
  holdsToken,
  idOf,
  opens,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  verdictsOf,
} from './flows.ts';

const PRESSES = 300;

test.for([
  ['Show value of a token whose value he was shown', 'show_value', 'shown', 0],
  ['Show value of a token whose value is being made', 'show_value', 'unclaimed', 1],
  ['Issue new value', 'issue_new_value', 'shown', 1],
] as const)(
  'while bob presses a forged %s 300 times, a token of alice’s has its value made without waiting for them',
  async ([, actionId, state, hashesOfBob]) => {
    const { stage, alice, bob, hashed, letGo } = await aHeldStage();
    await holdsToken(stage, bob, 'bobs-bot', { createdAt: T0, shown: state === 'shown' });
    const id = idOf(stage, 'bobs-bot');
    const value = actionId === 'show_value' ? id : `${id}:0`;
    const ts = aReceipt(stage);

    await Promise.all(
      Array.from({ length: PRESSES }, () =>
        bob.forges({ type: 'block_actions', action_id: actionId, value, from: { message: ts } }),
      ),
    );
    const told = () => bob.sees('#general').filter(({ text }) => text.includes('bobs-bot')).length;
    await soon(() => expect(told()).toBeGreaterThanOrEqual(PRESSES - hashesOfBob));
    await opens(alice, '/apitoken create alices-bot');
    await alice.submits();
    await soon(() => expect(hashed).toContain(alice.id));

    expect(hashed.filter((person) => person === bob.id)).toHaveLength(hashesOfBob);
    expect(hashed.indexOf(alice.id)).toBe(hashesOfBob);
    letGo();
    await soon(() => expect(tokenRow(stage, 'alices-bot').claimed_at).not.toBeNull());
  },
);

test('one of several tokens is shown at a time: a press of another says so, and shows it afterwards', async () => {
  const { stage, bob, hashed, letGo } = await aHeldStage();
  for (const name of ['one-bot', 'two-bot'])
    await holdsToken(stage, bob, name, { createdAt: T0, shown: false });
  const ts = aReceipt(stage);
  const presses = (name: string) =>
    bob.forges({
      type: 'block_actions',
      action_id: 'show_value',
      value: idOf(stage, name),
      from: { message: ts },
    });
  await presses('one-bot');
  await soon(() => expect(hashed).toHaveLength(1));

  const answer = await answerIn(bob, '#general', async () => void (await presses('two-bot')));

  expect(answer.text).toBe(
    "You're being shown another value, so none was made for two-bot. Try again in a moment.",
  );
  letGo();
  await soon(() => expect(tokenRow(stage, 'one-bot').claimed_at).not.toBeNull());
  await presses('two-bot');
  await soon(() => expect(tokenRow(stage, 'two-bot').claimed_at).not.toBeNull());
  expect(hashed).toEqual([bob.id, bob.id]);
});

test('two tokens that are created one right after the other are both shown', async () => {
  const { stage, bob, letGo } = await aHeldStage();
  for (const name of ['one-bot', 'two-bot']) {
    await opens(bob, `/apitoken create ${name}`);
    await bob.submits();
    await bob.closes();
  }

  letGo();

  for (const name of ['one-bot', 'two-bot'])
    await soon(() => expect(tokenRow(stage, name).claimed_at).not.toBeNull());
});

test('Issue new value counts with the tokens that were created toward CREATIONS_PER_DAY_MAX, for a day', async () => {
  const { stage, alice } = await setStill({ CREATIONS_PER_DAY_MAX: '3' });
  await createsToken(alice, 'deploy-bot');
  await settled(stage);
  await issues(stage, alice);
  const last = await issues(stage, alice);
  const before = actionsOf(stage);

  const answer = await answerIn(alice, '@apitoken', () =>
    alice.clicks('Issue new value', { in: '@apitoken' }),
  );

  expect(answer.text).toBe(
    "You've made 3 new tokens or values in 24 hours, the limit here. Nothing was changed. Try again later.",
  );
  expect(actionsOf(stage)).toEqual(before);
  expect(await verdictsOf(stage, last)).toEqual([200]);
});

test('Show value after failed ones counts too, and is there again the next day; a first one is not held back', async () => {
  const { stage, alice, workspace, clock } = await setStill({ CREATIONS_PER_DAY_MAX: '3' });
  for (const name of ['one-bot', 'two-bot'])
    await holdsToken(stage, alice, name, { createdAt: T0, by: workspace.person('dave'), shown: false });
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', error: 'restricted_action', times: 3 });
  const presses = (name: string) => alice.clicks('Show value', { in: '@apitoken', near: name });
  for (let tries = 0; tries < 3; tries++) {
    await answerIn(alice, '@apitoken', () => presses('one-bot'));
    await settled(stage);
  }

  const answer = await answerIn(alice, '@apitoken', () => presses('one-bot'));
  expect(answer.text).toContain("You've made 3 new tokens or values in 24 hours, the limit here.");
  await shownBy(alice, () => presses('two-bot'));

  await clock.moveBy(DAY_MS);
  const value = await shownBy(alice, () => presses('one-bot'));
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

/** A message in which such buttons are drawn, by its blocks. */
function aReceipt({ workspace }: Stage): string {
  const block = { type: 'section', block_id: 'receipt:0', text: { type: 'plain_text', text: 'a receipt' } };
  return workspace.post('#general', 'buildbot', { text: 'a receipt', blocks: [block] });
}

/** A stage whose bcrypt waits until it is let go: `hashed` tells for whom it was asked, in order. */
async function aHeldStage() {
  const gate = Promise.withResolvers<void>();
  const hashed: string[] = [];
  const hasher = {
    hash: async (_: unknown, by: string) => {
      hashed.push(by);
      await gate.promise;
      return 'no bcrypt in this test';
    },
    matches: async () => false,
    waiting: () => 0,
    stop: async () => gate.resolve(),
  };
  const clock = aClock();
  const workspace = await openWorkspace({ clock });
  const stage = await setStage({ clock, workspace, startHasher: () => hasher });
  const [alice, bob] = [workspace.person('alice'), workspace.person('bob')];
  return { stage, alice, bob, hashed, letGo: () => gate.resolve() };
}

/** Presses Issue new value and waits until it is done; the new value. */
async function issues(stage: Stage, person: Person): Promise<string> {
  const before = Number(tokenRow(stage, 'deploy-bot').generation);
  const value = await shownBy(person, () => person.clicks('Issue new value', { in: '@apitoken' }));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(before + 1));
  await settled(stage);
  return value;
}
