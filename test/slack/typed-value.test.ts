import { describe, expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { REVOKE_HELD_ID } from '../../src/slack/blocks/ids.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rotates,
  setStill,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const HOLDS_VALUE = 'This looks like a token value. It was not saved. If it leaked, revoke it.';
const NO_LONGER =
  'Nothing was changed. That value no longer works, or you entered it over 30 minutes ago. Enter it again.';

/** Alice's token, and Bob, who may do nothing but hold its value. */
async function setHeld() {
  const set = await setStill();
  const { stage, alice, workspace } = set;
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  return { ...set, bob: workspace.person('bob'), id, value };
}

/** Types it, and presses what is offered. */
async function revokesIt(person: Person, typed: string) {
  const answer = await answerTo(person, typed);
  expect(answer.buttons).toEqual(['Revoke it']);
  await person.clicks('Revoke it', { in: '#general' });
  return modalOf(person);
}

describe('a value typed where none belongs is offered to be revoked', () => {
  test.for([
    'VALUE',
    'create VALUE',
    'create deploy VALUE 30d',
    'info VALUE',
    'list VALUE',
    'find VALUE',
    'status VALUE',
    'board VALUE',
    'history VALUE',
    'rotate VALUE',
    'help VALUE',
    'frobnicate “VALUE”',
  ])('after /apitoken %s', async (typed) => {
    const { stage, bob, value } = await setHeld();

    const answer = await answerTo(bob, `/apitoken ${typed.replace('VALUE', value)}`);
    expect(answer).toMatchObject({ text: HOLDS_VALUE, buttons: ['Revoke it'], ephemeral: true });
    expect(JSON.stringify(answer.raw)).toContain('"style":"danger"');
    await bob.clicks('Revoke it', { in: '#general' });

    const modal = await modalOf(bob);
    expect(modal).toMatchObject({ title: 'Revoke API Token', submit: 'Revoke', close: 'Keep it' });
    expect(modal.text).toContain("Revoke @alice's deploy-bot?");
    await bob.fills({ Reason: 'typed in the wrong place' });
    await bob.submits();
    await modalSaying(bob, 'deploy-bot is revoked.');
    expect(await verdictsOf(stage, value)).toEqual([401]);
    expectNeverSaid(value, stage);
  });

  test.for([
    ['create', HOLDS_VALUE],
    ['check', HOLDS_VALUE],
    ['revoke', 'These are several values, and none was revoked. Choose Revoke it to continue.'],
  ] as const)('together with others, after /apitoken %s', async ([verb, said]) => {
    const { stage, bob, value } = await setHeld();
    const { value: second } = await holdsToken(stage, bob, 'build-bot', { createdAt: T0 });
    const dead = TokenValue.generate('apit').reveal();

    const answer = await answerTo(bob, `/apitoken ${verb} ${value} ${dead} ${second}`);
    expect(answer).toMatchObject({ text: said, buttons: ['Revoke it'] });
    await bob.clicks('Revoke it', { in: '#general' });

    expect(await modalOf(bob)).toMatchObject({ submit: 'Revoke 2 tokens' });
    await bob.fills({ Reason: 'both leaked' });
    await bob.submits();
    await modalSaying(bob, '2 tokens revoked.');
    expect(await verdictsOf(stage, value, second)).toEqual([401, 401]);
    for (const one of [value, second]) expectNeverSaid(one, stage);
  });

  test('the old one of two as that, and it alone can be ended', async () => {
    const { stage, alice, bob, value: old } = await setHeld();
    const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' });

    const modal = await revokesIt(bob, `/apitoken info ${old}`);
    expect(modal.text).toContain('This is the old value (works until Jan 2, 2026 at 12:00 AM UTC).');
    expect(modal.buttons).toEqual(['End old value only']);
    await bob.clicks('End old value only', { in: 'modal' });

    await modalSaying(bob, 'The old value of deploy-bot no longer works.');
    expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]);
  });

  test.for([
    ['the new one', (_old: string, fresh: string) => fresh, 'This is the new value.'],
    [
      'both',
      (old: string, fresh: string) => `${old} ${fresh}`,
      'The new value and the old value (works until Jan 2, 2026 at 12:00 AM UTC) are both here.',
    ],
  ] as const)('%s of two as that', async ([, typed, said]) => {
    const { stage, alice, bob, value: old } = await setHeld();
    const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' });

    const modal = await revokesIt(bob, `/apitoken info ${typed(old, fresh)}`);

    expect(modal.text).toContain(said);
    expect(modal.buttons).toEqual([]);
  });

  test('one that works no more to whoever may revoke its token, which is said', async () => {
    const { stage, alice, bob, value: old } = await setHeld();
    const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });
    expect((await answerTo(bob, `/apitoken info ${old}`)).buttons).toEqual([]);

    const modal = await revokesIt(alice, `/apitoken info ${old}`);

    expect(modal.text).toContain(
      'The value you typed no longer works. Revoking ends the token and all its values.',
    );
    await alice.submits();
    await modalSaying(alice, 'deploy-bot is revoked.');
    expect(await verdictsOf(stage, fresh)).toEqual([401]);
  });
});

describe('a value that does not work is answered in the same words, and offers nothing', () => {
  test.for<readonly [string, (at: Awaited<ReturnType<typeof setHeld>>) => Promise<string>]>([
    ['one that never was', async () => TokenValue.generate('apit').reveal()],
    ['one that is most of a value', async ({ value }) => value.slice(0, -8)],
    [
      'one of a token that is revoked',
      async ({ bob, value }) => {
        await opens(bob, `/apitoken revoke ${value}`);
        await bob.fills({ Reason: 'leaked' });
        await bob.submits();
        await modalSaying(bob, 'deploy-bot is revoked.');
        await bob.closes();
        return value;
      },
    ],
    [
      'one of somebody else’s that has expired',
      async ({ clock, value }) => {
        await clock.moveBy(91 * DAY_MS);
        return value;
      },
    ],
  ])('%s', async ([, valueFrom]) => {
    const at = await setHeld();
    const value = await valueFrom(at);

    const answer = await answerTo(at.bob, `/apitoken info ${value}`);

    expect(answer).toMatchObject({ text: HOLDS_VALUE, buttons: [] });
  });
});

describe('*Revoke it* opens nothing', () => {
  test('30 minutes after the value was typed', async () => {
    const { stage, clock, bob, value } = await setHeld();
    await answerTo(bob, `/apitoken info ${value}`);
    await clock.moveBy(31 * MINUTE_MS);
    expect((await pressed(bob, carriedIn(stage))).text).toBe(NO_LONGER);

    expect(callsOf(stage.workspace, 'views.open')).toEqual([]);
    expect(await verdictsOf(stage, value)).toEqual([200]);
  });

  test('for somebody else than who typed the value, and it is noted', async () => {
    const { stage, workspace, bob, id, value } = await setHeld();
    await answerTo(bob, `/apitoken info ${value}`);
    const carol = workspace.person('carol');
    await answerTo(carol, '/apitoken help');

    const answer = await pressed(carol, carriedIn(stage));

    expect(answer.text).toBe(NO_LONGER);
    expect(auditOf(stage).at(-1)).toEqual({ actor: carol.id, action: 'action.refused', tokenId: id });
    expect(callsOf(workspace, 'views.open')).toEqual([]);
  });

  test.for([
    ['one', 'deploy-bot is already revoked. Nothing more to do.'],
    ['both', 'These tokens are already revoked. Nothing more to do.'],
  ] as const)('for what was revoked meanwhile: %s', async ([which, said]) => {
    const { stage, alice, bob, value } = await setHeld();
    const { value: second } = await holdsToken(stage, alice, 'build-bot', { createdAt: T0 });
    const values = which === 'one' ? [value] : [value, second];
    await answerTo(bob, `/apitoken info ${values.join(' ')}`);
    await opens(alice, '/apitoken revoke @me');
    await alice.submits();
    await modalSaying(alice, '2 tokens revoked.');

    expect((await pressed(bob, carriedIn(stage))).text).toBe(said);
  });

  test.for([
    ['nothing', ''],
    ['no token', '0.x one'],
    ['what is no id', '0.x one deploy-bot'],
  ] as const)('where it carries %s', async ([, value]) => {
    const { stage, bob, value: typed } = await setHeld();
    await answerTo(bob, `/apitoken info ${typed}`);

    expect((await pressed(bob, value)).text).toContain('No token found');
    expect(auditOf(stage).at(-1)).toEqual({ actor: bob.id, action: 'action.refused', tokenId: null });
  });
});

test('of several, what was revoked meanwhile is not asked about again', async () => {
  const { stage, alice, bob, value } = await setHeld();
  const { value: second } = await holdsToken(stage, alice, 'build-bot', { createdAt: T0 });
  await answerTo(bob, `/apitoken info ${value} ${second}`);
  await opens(alice, '/apitoken revoke build-bot');
  await alice.submits();
  await modalSaying(alice, 'build-bot is revoked.');

  await bob.clicks('Revoke it', { in: '#general' });

  expect((await modalOf(bob)).text).toContain("Revoke @alice's deploy-bot?");
});

/** What the newest *Revoke it* carries. */
function carriedIn({ workspace }: Stage): string {
  const said = workspace.traffic
    .filter(({ kind }) => kind === 'response-url')
    .map((one) => JSON.stringify(one));
  const carriers = said.filter((text) => text.includes(REVOKE_HELD_ID));
  return /"value":"([^"]+)"/.exec(carriers.at(-1) ?? '')?.[1] ?? '';
}

/** The answer to a press that carries `value`, in the newest message that the person alone sees. */
function pressed(person: Person, value: string) {
  return answerIn(person, '#general', async () => {
    const message = person.sees('#general').findLast(({ ephemeral }) => ephemeral)?.ts ?? '';
    const press = { type: 'block_actions', action_id: REVOKE_HELD_ID, block_id: 'held:1' } as const;
    await person.forges({ ...press, value, from: { message } });
  });
}
