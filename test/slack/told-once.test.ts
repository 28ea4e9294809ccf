import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import { chores, holdsToken, modalOf, opens, receiptsOf, setStill, settled, soon } from './flows.ts';

const PLACES = ['#general', '#oncall', '@apitoken'] as const;
const HANDLES = ['alice', 'bob', 'carol', 'dave'] as const;

type Scene = Awaited<ReturnType<typeof setScene>>;

/** What is there before each deed: Alice's own token and one that Dave, an admin, made for her; Carol is on call. */
async function setScene(fields: { readonly lifetimeDays?: number; readonly shown?: boolean } = {}) {
  const { stage, clock, workspace } = await setStill({ ONCALL: 'U0CAROL0001' });
  const people = Object.fromEntries(HANDLES.map((handle) => [handle, workspace.person(handle)]));
  const { alice, bob, carol, dave } = people as Record<(typeof HANDLES)[number], Person>;
  const held = await holdsToken(stage, alice, 'own-bot', { createdAt: T0 });
  const given = await holdsToken(stage, alice, 'given-bot', { createdAt: T0, ...fields, by: dave });
  await settled(stage);
  return { stage, clock, workspace, alice, bob, carol, dave, held, given };
}

/**
 * What the person newly has before them, each thing once: `D` a dialog's result, `e` a message that they alone see, `m` a
 * message in the app's conversation, `r` a receipt there, `c` one that everybody in a channel sees.
 */
function newTo(person: Person, seen: ReadonlySet<string>): string {
  const receipts = new Set(
    ['own-bot', 'given-bot', 'new-bot'].flatMap((name) => receiptsOf(person, name).map(({ ts }) => ts)),
  );
  const letters = PLACES.flatMap((place) =>
    person
      .sees(place)
      .filter(({ ts }) => !seen.has(`${place} ${ts}`))
      .map(({ ts, ephemeral }) => {
        if (ephemeral) return 'e';
        if (place !== '@apitoken') return 'c';
        return receipts.has(ts) ? 'r' : 'm';
      }),
  );
  const modal = person.modal();
  return [...(modal !== undefined && modal.submit === undefined ? ['D'] : []), ...letters].join('') || '-';
}

function seenBy(person: Person): Set<string> {
  return new Set(PLACES.flatMap((place) => person.sees(place).map(({ ts }) => `${place} ${ts}`)));
}

/** Fills in why, where that is asked, and submits. */
async function submits(person: Person): Promise<void> {
  const modal = await modalOf(person);
  if (modal.inputs.some(({ label }) => label === 'Reason')) await person.fills({ Reason: 'leaked' });
  await person.submits();
  await soon(() => expect(person.modal()?.submit).toBeUndefined());
}

async function byCommand(person: Person, command: string, place = '#general'): Promise<void> {
  await opens(person, command, place);
  await submits(person);
}

/** A deed through one of its doors, and what is newly before each person after it. */
type Row = readonly [
  what: string,
  actor: (typeof HANDLES)[number],
  /** What comes before, and is not counted. */
  first: (scene: Scene) => Promise<unknown>,
  deed: (scene: Scene) => Promise<unknown>,
  told: Partial<Record<(typeof HANDLES)[number], string>>,
];

const nothing = async () => {};
const RECEIPT = { in: '@apitoken', near: 'own-bot' } as const;

const toNotice = async ({ stage, clock }: Scene) => {
  await clock.moveTo(T0 + 83 * DAY_MS);
  await chores(stage);
};

/** Of whom a row says nothing, they are told nothing. */
const ROWS: readonly Row[] = [
  [
    'creates by command',
    'alice',
    nothing,
    ({ alice }) => byCommand(alice, '/apitoken create new-bot'),
    { alice: 'Der' },
  ],
  [
    'creates for another',
    'dave',
    nothing,
    async ({ dave }) => {
      await opens(dave, '/apitoken create new-bot');
      await dave.fills({ Owner: 'alice' });
      await submits(dave);
    },
    { dave: 'D', alice: 'r' },
  ],
  [
    'rotates by receipt',
    'alice',
    nothing,
    async ({ alice }) => {
      await alice.clicks('Rotate', RECEIPT);
      await submits(alice);
    },
    { alice: 'De' },
  ],
  [
    'rotates by command',
    'alice',
    nothing,
    ({ alice }) => byCommand(alice, '/apitoken rotate given-bot'),
    { alice: 'De' },
  ],
  [
    'issues a new value by receipt',
    'alice',
    nothing,
    ({ alice }) => alice.clicks('Issue new value', RECEIPT),
    { alice: 'e' },
  ],
  [
    'ends the old value by receipt',
    'alice',
    async ({ alice, stage }) => {
      await byCommand(alice, '/apitoken rotate own-bot');
      await settled(stage);
      await alice.closes();
    },
    ({ alice }) => alice.clicks('End old value now', RECEIPT),
    {},
  ],
  [
    'revokes by command',
    'alice',
    nothing,
    ({ alice }) => byCommand(alice, '/apitoken revoke own-bot'),
    { alice: 'D' },
  ],
  [
    'revokes by receipt',
    'alice',
    nothing,
    async ({ alice }) => {
      await alice.clicks('Revoke', RECEIPT);
      await submits(alice);
    },
    { alice: 'D' },
  ],
  [
    'revokes what was created for them',
    'alice',
    nothing,
    ({ alice }) => byCommand(alice, '/apitoken revoke given-bot'),
    { alice: 'D', dave: 'm' },
  ],
  [
    'revokes all of their own',
    'alice',
    nothing,
    ({ alice }) => byCommand(alice, '/apitoken revoke @me'),
    { alice: 'D', dave: 'm' },
  ],
  [
    'revokes from a notice',
    'alice',
    toNotice,
    async ({ alice }) => {
      await alice.clicks('Revoke, not needed', { in: '@apitoken', near: 'own-bot expires' });
      await submits(alice);
    },
    { alice: 'D' },
  ],
  [
    'is to be reminded',
    'alice',
    toNotice,
    ({ alice }) => alice.clicks('Remind me tomorrow', { in: '@apitoken', near: 'own-bot expires' }),
    {},
  ],
  [
    'revokes another’s by name',
    'carol',
    nothing,
    ({ carol }) => byCommand(carol, '/apitoken revoke given-bot', '#oncall'),
    { carol: 'D', alice: 'm', dave: 'm' },
  ],
  [
    'revokes another’s, made by themselves',
    'dave',
    nothing,
    ({ dave }) => byCommand(dave, '/apitoken revoke given-bot'),
    { dave: 'D', alice: 'm' },
  ],
  [
    'revokes by value',
    'bob',
    nothing,
    ({ bob, held }) => byCommand(bob, `/apitoken revoke ${held.value}`),
    { bob: 'D', alice: 'm' },
  ],
  [
    'revokes by message',
    'bob',
    ({ workspace, held }) => Promise.resolve(workspace.post('#general', 'alice', { text: held.value })),
    async ({ bob }) => {
      const leaked = bob.sees('#general').at(-1)?.ts ?? '';
      await bob.uses('Revoke token in message', leaked);
      await submits(bob);
    },
    { bob: 'D', alice: 'm' },
  ],
  [
    'revokes all of a person',
    'carol',
    nothing,
    ({ carol }) => byCommand(carol, '/apitoken revoke @alice', '#oncall'),
    { carol: 'D', alice: 'm', dave: 'm' },
  ],
  [
    'shares the card',
    'carol',
    ({ carol }) => byCommand(carol, '/apitoken revoke own-bot', '#oncall'),
    async ({ carol }) => {
      await carol.clicks('Share to channel', { in: 'modal' });
      await soon(() => expect(carol.modal()?.buttons).toContain('Shared to #oncall'));
    },
    { alice: 'c', bob: 'c', carol: 'Dc', dave: 'c' },
  ],
  [
    'puts up a board',
    'carol',
    nothing,
    async ({ carol, bob }) => {
      await carol.types('#oncall', '/apitoken board');
      await soon(() => expect(bob.reads('#oncall')).toContain('Posted by'));
    },
    { alice: 'c', bob: 'c', carol: 'c', dave: 'c' },
  ],
];

test.for(ROWS)(
  'who %s is told of it once, and whoever else is to hear of it is',
  async ([, actor, first, deed, told]) => {
    const scene = await setScene();
    await first(scene);
    await settled(scene.stage);
    const before = new Map(HANDLES.map((handle) => [handle, seenBy(scene[handle])]));

    await deed(scene);
    await settled(scene.stage);

    const found = HANDLES.map((handle) => [handle, newTo(scene[handle], before.get(handle) ?? new Set())]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(HANDLES.map((handle) => [handle, told[handle] ?? '-'])),
    );
    expect(HANDLES).toContain(actor);
  },
);

describe('what somebody else created for them', () => {
  test.for([
    ['claims', 'Show value', 'e', 'claimed'],
    ['declines', 'Decline', '-', 'declined'],
  ] as const)(
    'who %s it is told in the receipt alone, and whoever created it once',
    async ([, button, own, verb]) => {
      const scene = await setScene({ shown: false });
      const { alice, dave, stage } = scene;
      const before = [seenBy(alice), seenBy(dave)] as const;

      await alice.clicks(button, { in: '@apitoken', near: 'given-bot' });
      await soon(() => expect(dave.reads('@apitoken')).toContain(`@alice ${verb} given-bot.`));
      await settled(stage);

      expect([newTo(alice, before[0]), newTo(dave, before[1])]).toEqual([own, 'm']);
    },
  );
});

test('who renews by command is told in the dialog, and has the value', async () => {
  const { stage, clock, alice, dave } = await setScene({ lifetimeDays: 1 });
  await clock.moveBy(DAY_MS + HOUR_MS);
  await settled(stage);
  const before = [seenBy(alice), seenBy(dave)] as const;

  await byCommand(alice, '/apitoken rotate given-bot');
  await settled(stage);

  expect([newTo(alice, before[0]), newTo(dave, before[1])]).toEqual(['De', '-']);
});
