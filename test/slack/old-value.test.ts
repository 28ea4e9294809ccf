import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { END_HELD_ID } from '../../src/slack/blocks/ids.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  setStill,
  settled,
  soon,
  toldTo,
  verdictsOf,
  withStore,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const IS_OLD = 'This is the old value (works until Jan 2, 2026 at 12:00 AM UTC).';
const ENDED = 'The old value of deploy-bot no longer works. The new value still works.';
const NO_LONGER = 'That value no longer works.';
const ONCALL = { ONCALL: 'U0CAROL0001' };

/** Alice's token with two values for a day, and Bob, who may do nothing but hold one. */
async function setRotated(env: Record<string, string> = {}) {
  const set = await setStill(env);
  const { stage, alice, workspace } = set;
  const { id, value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' });
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  return { ...set, bob, carol, id, old, fresh };
}

type Rotated = Awaited<ReturnType<typeof setRotated>>;

const byValue = (person: Person, value: string) => opens(person, `/apitoken revoke ${value}`);

async function byMessage(person: Person, text: string, { workspace }: Pick<Rotated, 'workspace'>) {
  await person.uses('Revoke token in message', workspace.post('#general', 'alice', { text }));
  return modalOf(person);
}

const endOld = (person: Person) => person.clicks('End old value only', { in: 'modal' });

describe('an old value that leaked', () => {
  test.for([
    ['typed', ({ bob, old }: Rotated) => byValue(bob, old)],
    ['in a message', (at: Rotated) => byMessage(at.bob, `oh: ${at.old}`, at)],
  ] as const)(
    '%s is called that, and *End old value only* ends it alone, by whoever holds it',
    async ([, ask]) => {
      const at = await setRotated();
      const { stage, alice, bob, old, fresh, id } = at;

      const modal = await ask(at);
      expect(modal).toMatchObject({
        submit: 'Revoke token',
        close: 'Keep it',
        buttons: ['End old value only'],
      });
      expect(modal.text.split('\n').slice(0, 2)).toEqual([
        IS_OLD,
        "Revoke @alice's deploy-bot? Never used. Anything using it stops working immediately. This can't be undone.",
      ]);
      await endOld(bob);

      const result = await modalSaying(bob, ENDED);
      expect(result).toMatchObject({ submit: undefined, close: 'Close', buttons: [] });
      expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]);
      expect(auditOf(stage).at(-1)).toEqual({ actor: bob.id, action: 'old_value.ended', tokenId: id });
      await settled(stage);
      expect(receiptOf(alice, 'deploy-bot').buttons).not.toContain('End old value now');
      expect(toldTo(alice).map(({ text }) => text)).toEqual([
        'The old value of your token deploy-bot no longer works. The new value still works.\nEnded by @bob Jan 1, 2026 at 12:00 AM UTC.',
      ]);
      expectNeverSaid(old, stage);
    },
  );

  test('its *Revoke token* ends the token, the new value too', async () => {
    const { stage, bob, old, fresh } = await setRotated();

    await byValue(bob, old);
    await bob.fills({ Reason: 'leaked' });
    await bob.submits();

    await modalSaying(bob, 'deploy-bot is revoked.');
    expect(await verdictsOf(stage, old, fresh)).toEqual([401, 401]);
  });

  test('is ended by its owner without telling them what they did, and a message is then to be deleted', async () => {
    const at = await setRotated();

    await byMessage(at.alice, at.old, at);
    await endOld(at.alice);

    expect((await modalSaying(at.alice, ENDED)).text).toContain('Now delete the message');
    await settled(at.stage);
    expect(toldTo(at.alice)).toEqual([]);
    expect((await answerTo(at.alice, '/apitoken history deploy-bot')).text).toContain(
      '@alice ended the old value, holding it',
    );
  });
});

test.for([
  [
    'The new value typed',
    ({ bob, fresh }: Rotated) => byValue(bob, fresh),
    'This is the new value. The old value works until Jan 2, 2026 at 12:00 AM UTC. Revoking the token ends both.',
  ],
  [
    'Both in one message',
    (at: Rotated) => byMessage(at.bob, `${at.old} ${at.fresh}`, at),
    'The new value and the old value (works until Jan 2, 2026 at 12:00 AM UTC) are both here. Revoking the token ends both.',
  ],
  [
    'The token by its name',
    ({ alice }: Rotated) => opens(alice, '/apitoken revoke deploy-bot'),
    'The old value works until Jan 2, 2026 at 12:00 AM UTC. Revoking the token ends both values.',
  ],
] as const)('%s: the dialog says that both end, and offers nothing else', async ([, ask, said]) => {
  const modal = await ask(await setRotated());

  expect(modal.text.split('\n')[0]).toBe(said);
  expect(modal.buttons).toEqual([]);
});

test('a token with one value is asked about as before', async () => {
  const { clock, bob, fresh } = await setRotated();
  await clock.moveBy(DAY_MS);

  const modal = await byValue(bob, fresh);

  expect(modal).toMatchObject({ submit: 'Revoke', buttons: [] });
  expect(modal.text).not.toContain('value');
});

describe('nothing more than kind words comes of *End old value only*', () => {
  test.for<readonly [string, (at: Rotated) => unknown, string, readonly [number, number]]>([
    ['when the grace ends first', ({ clock }) => clock.moveBy(29 * MINUTE_MS), NO_LONGER, [401, 200]],
    ['when its owner ended it first', endsOldNow, NO_LONGER, [401, 200]],
    ['when the token is revoked first', revokes, 'deploy-bot is already revoked.', [401, 401]],
    ['half an hour later', ({ clock }) => clock.moveBy(31 * MINUTE_MS), 'Nothing was changed.', [200, 200]],
  ])('%s', async ([what, happens, said, verdicts]) => {
    const at = await setRotated();
    const { stage, clock, bob, old, fresh } = at;
    if (what.includes('grace')) await clock.moveBy(DAY_MS - 29 * MINUTE_MS);
    await byValue(bob, old);
    await happens(at);
    const before = actionsOf(stage).filter((action) => action !== 'action.refused');

    await endOld(bob);

    await modalSaying(bob, said);
    expect(await verdictsOf(stage, old, fresh)).toEqual(verdicts);
    expect(actionsOf(stage).filter((action) => action !== 'action.refused')).toEqual(before);
  });

  test('when it was rotated again first: what is old by now lives on', async () => {
    const { stage, clock, alice, bob, old, fresh } = await setRotated();
    await byValue(bob, old);
    await clock.moveBy(MINUTE_MS);
    const newest = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' });

    await endOld(bob);

    await modalSaying(bob, NO_LONGER);
    expect(await verdictsOf(stage, old, fresh, newest)).toEqual([401, 200, 200]);
  });

  test('when it is pressed twice: the second gets the answer of the first', async () => {
    const at = await setRotated();
    const { stage, bob, old } = at;
    const { id: view } = await byValue(bob, old);
    const value = carriedIn(at);
    const press = () => bob.forges({ type: 'block_actions', action_id: END_HELD_ID, value, from: { view } });

    await Promise.all([press(), press()]);
    await modalSaying(bob, ENDED);
    await press();
    await settled(stage);

    expect(bob.modal()?.text).toContain(ENDED);
    expect(actionsOf(stage).filter((action) => action === 'old_value.ended')).toHaveLength(1);
  });

  test('when it carries what somebody else presented: nothing is told, and it is noted', async () => {
    const at = await setRotated();
    const { stage, bob, carol, old, fresh, id } = at;
    await byValue(bob, old);
    const carried = carriedIn(at);
    await holdsToken(stage, carol, 'carols-bot', { createdAt: T0 });
    const { id: view } = await opens(carol, '/apitoken revoke carols-bot');

    const press = { type: 'block_actions', action_id: END_HELD_ID, from: { view } } as const;
    await carol.forges({ ...press, value: carried });

    expect((await modalSaying(carol, NO_LONGER)).text).not.toContain('deploy-bot');
    expect(auditOf(stage).at(-1)).toEqual({ actor: carol.id, action: 'action.refused', tokenId: id });
    expect(await verdictsOf(stage, old, fresh)).toEqual([200, 200]);
  });
});

test('what came of it is told in the conversation with the app where the dialog was closed meanwhile', async () => {
  const { workspace, bob, old } = await setRotated();
  await byValue(bob, old);
  workspace.faults.add({ method: 'views.update', error: 'not_found', times: 2 });
  workspace.faults.add({ method: 'views.push', error: 'expired_trigger_id' });

  await endOld(bob);

  await soon(() => expect(bob.reads('@apitoken')).toContain(ENDED));
});

test('a retired value needs no ending: its owner is offered to revoke the token, and others hear that alone', async () => {
  const { clock, alice, bob, old } = await setRotated();
  await clock.moveBy(DAY_MS);

  const toOwner = await answerTo(alice, `/apitoken revoke ${old}`);
  const toBob = await answerTo(bob, `/apitoken revoke ${old}`);

  expect(toOwner).toMatchObject({ buttons: ['Revoke token'] });
  expect(toOwner.text).toContain(`${NO_LONGER} deploy-bot has a newer value, which still works.`);
  expect(toBob).toMatchObject({ text: NO_LONGER, buttons: [] });
  await alice.clicks('Revoke token', { in: '#general' });
  await modalSaying(alice, 'Revoke your deploy-bot?');
});

test('check and info tell old from new, and until when both work', async () => {
  const { clock, alice, carol, old, fresh } = await setRotated(ONCALL);
  const until = 'Old value works until\nJan 2, 2026 at 12:00 AM UTC';

  for (const [value, which] of [
    [old, "It's the old value."],
    [fresh, "It's the new value."],
  ]) {
    const { text } = await answerTo(carol, `/apitoken check ${value}`);
    expect(text.split('\n')[0]).toBe(`This value belongs to deploy-bot and works. ${which}`);
    expect(text).toContain(until);
  }
  const info = await answerTo(alice, '/apitoken info deploy-bot');
  expect(info.text).toContain(until);
  expect(info.text).toContain('New value: never used · Old value: never used');

  await clock.moveBy(DAY_MS);
  expect((await answerTo(alice, '/apitoken info deploy-bot')).text).not.toContain('Old value');
  const { text } = await answerTo(carol, `/apitoken check ${fresh}`);
  expect(text.split('\n')[0]).toBe('This value belongs to deploy-bot and works.');
});

async function endsOldNow({ stage, alice }: Rotated): Promise<void> {
  await alice.clicks('End old value now', { in: '@apitoken' });
  await soon(() => expect(actionsOf(stage)).toContain('old_value.ended'));
}

async function revokes({ stage, id }: Rotated): Promise<void> {
  const by = { actor: 'system', at: stage.now(), reason: null, held: false } as const;
  await withStore(stage, (store) => store.revokeTokens([id], by, { keys: [] }));
}

/** What the button of the dialog that was opened last carries. */
function carriedIn({ workspace }: Rotated): string {
  const view = callsOf(workspace, 'views.open').at(-1)?.args.view;
  const text = typeof view === 'string' ? view : JSON.stringify(view);
  const blocks: { elements?: { action_id?: string; value?: string }[] }[] = JSON.parse(text).blocks;
  const button = blocks.flatMap(({ elements = [] }) => elements).find((one) => one.action_id === END_HELD_ID);
  if (button?.value === undefined) throw new Error('there is no such button in it');
  return button.value;
}
