import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { endOldValues } from '../../src/tokens/rotate.ts';
import type { Delivery } from '../../src/tokens/telling.ts';
import type { Token } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';

test('an old value ends at once, the newest stays, and it is an event', async () => {
  const house = await aHouse();
  const { token, old } = await rotated(house);
  house.raw.exec('delete from outbox');
  house.moveBy(HOUR_MS);

  const outcome = await end(house, token);

  expect(outcome).toMatchObject({ kind: 'ended', token: { id: token.id } });
  expect([await house.verdict(old), await house.verdict(house.shown[1])]).toEqual(['ended', 'good']);
  expect(house.actions(token.id).slice(-2)).toEqual(['token.rotated', 'old_value.ended']);
  expect(await house.due()).toEqual([
    { kind: 'home', person: ann.id },
    { kind: 'receipt', tokenId: token.id },
  ]);
});

describe('nothing but a refusal comes of it, and nothing is written,', () => {
  test.for<readonly [string, (house: House, token: Token) => unknown, string]>([
    ['when the grace is over', (house) => house.moveBy(DAY_MS), 'no_old_value'],
    ['when it was ended before', (house, token) => end(house, token), 'no_old_value'],
    ['when it was rotated again since', (house, token) => house.rotates(token), 'changed_meanwhile'],
  ])('%s', async ([, prepare, code]) => {
    const house = await aHouse();
    const { token } = await rotated(house);
    await prepare(house, token);
    const before = house.everything();

    expect(await end(house, token)).toEqual(refused({ code, name: token.name } as never));
    expect(house.everything()).toEqual(before);
  });

  test('when it was never rotated', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const before = house.everything();

    expect(codeOf(await end(house, token))).toBe('no_old_value');
    expect(house.everything()).toEqual(before);
  });
});

test('a millisecond before the grace is over there is still something to end', async () => {
  const house = await aHouse();
  const { token } = await rotated(house);
  house.moveBy(DAY_MS - 1);

  expect(codeOf(await end(house, token))).toBe('ended');
});

test.for<readonly [string, Actor]>([
  ['an admin', admin],
  ['another member', bob],
])(
  '%s ends none of them: the token is not there for them, and the attempt is an event',
  async ([, actor]) => {
    const house = await aHouse();
    const { token, old } = await rotated(house);

    const outcome = await end(house, token, { actor });

    expect(outcome).toEqual(refused({ code: 'token_not_found' }));
    expect(await house.verdict(old)).toBe('good');
    expect(house.actions(token.id).at(-1)).toBe('action.refused');
  },
);

test('one press that is delivered twice, also at once, ends them once and gets the same answer', async () => {
  const house = await aHouse();
  const { token } = await rotated(house);
  const delivery = aDelivery();

  const outcomes = await Promise.all([1, 2, 3].map(() => end(house, token, { delivery })));

  expect(outcomes.map(codeOf)).toEqual(['ended', 'ended', 'ended']);
  expect(house.actions(token.id).filter((action) => action === 'old_value.ended')).toHaveLength(1);
});

/** A token that was rotated just now, the old value honoured for a day. */
async function rotated(house: House) {
  const { token, value: old } = await house.holds();
  await house.rotates(token);
  return { token: await house.read(token.id), old };
}

function end(house: House, token: Token, fields: { actor?: Actor; delivery?: Delivery } = {}) {
  const { id: tokenId, generation } = token;
  const request = { actor: ann, tokenId, generation, delivery: aDelivery(), ...fields };
  return endOldValues(request, house.deps);
}
