import { describe, expect, test } from 'vitest';
import { historyOf } from '../../src/tokens/find.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { endOldValues } from '../../src/tokens/rotate.ts';
import { aDelivery, admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { aName, anActor, BOB, ELSEWHERE, T0 } from './a-token.ts';

test('the history of a token is all that happened to it, the latest first, and of no other', async () => {
  const house = await aHouse();
  const token = await house.creates({ name: aName('deploy-bot'), expiry: { kind: 'days', days: 30 } });
  await house.holds();
  await inAMillisecond(house, async () => {
    house.next(async () => 'channel_not_found');
    await house.shows(token);
  });
  await inAMillisecond(house, () => house.shows(token));
  await inAMillisecond(house, async () => house.rotates(await house.read(token.id), { kind: 'replace' }));
  await inAMillisecond(house, async () => house.rotates(await house.read(token.id)));
  await inAMillisecond(house, () => house.rotates(token, { actor: bob }));
  await inAMillisecond(house, async () => {
    const { id: tokenId, generation } = await house.read(token.id);
    await endOldValues({ actor: ann, tokenId, generation, delivery: aDelivery() }, house.deps);
  });
  await inAMillisecond(house, () => revoke(house, token.id, 'leaked'));

  const { history } = await found(house, 'deploy-bot');

  expect(history).toMatchObject({ page: 1, pageCount: 1 });
  expect(history.events.map(({ at, actor, action }) => [at - T0, actor, action])).toEqual([
    [7, ann.id, 'token.revoked'],
    [6, ann.id, 'old_value.ended'],
    [5, BOB, 'action.refused'],
    [4, ann.id, 'token.rotated'],
    [3, ann.id, 'value.replaced'],
    [2, ann.id, 'value.shown'],
    [1, 'system', 'value.withdrawn'],
    [0, ann.id, 'token.created'],
  ]);
  expect(history.events[0]?.detail).toEqual({ name: 'deploy-bot', reason: 'leaked', held: 0 });
});

test('it holds neither a value nor a lookup id', async () => {
  const house = await aHouse();
  const { token } = await house.holds();
  await house.rotates(token);

  const { history } = await found(house, token.id);

  for (const value of house.shown) {
    expect(JSON.stringify(history)).not.toContain(value.lookupId);
    expect(JSON.stringify(history)).not.toContain(value.secretForHash());
  }
});

test('it comes in pages, each event once, and a page beyond the last is the last', async () => {
  const house = await aHouse();
  const { token } = await house.holds();
  for (let i = 0; i < 10; i++) await house.rotates(await house.read(token.id));

  const pages = await Promise.all(
    [1, 2, 3, 99].map(async (page) => (await found(house, token.id, page, 5)).history),
  );

  expect(pages.map(({ page, pageCount, events }) => [page, pageCount, events.length])).toEqual([
    [1, 3, 5],
    [2, 3, 5],
    [3, 3, 2],
    [3, 3, 2],
  ]);
  const all = pages.slice(0, 3).flatMap(({ events }) => events.map(({ action }) => action));
  expect(all).toEqual([...Array(10).fill('token.rotated'), 'value.shown', 'token.created']);
});

describe('it is for', () => {
  test.for<readonly [string, Actor, boolean]>([
    ['the owner', ann, true],
    ['a manager', anActor({ id: BOB, roles: new Set(['manager']) }), true],
    ['someone on call', anActor({ id: BOB, roles: new Set(['on_call']) }), true],
    ['an admin', admin, true],
    ['no other member', bob, false],
    ['no owner in another workspace', anActor({ workspace: ELSEWHERE }), false],
    ['no owner who was deactivated', anActor({ standing: 'deactivated' }), false],
  ])('%s', async ([, actor, may]) => {
    const house = await aHouse();
    const { token } = await house.holds();

    for (const nameOrId of [token.name, token.id, token.name.toUpperCase()]) {
      const outcome = await historyOf({ actor, nameOrId, page: 1, pageSize: 9 }, house.deps);

      if (may) expect(outcome).toMatchObject({ kind: 'history', token: { id: token.id } });
      else expect(outcome).toEqual(refused({ code: 'token_not_found' }));
    }
  });

  test.for(['nothing like it', '', 'tok_0000000000000000', 'x'.repeat(65), '\u202e'])(
    'nobody when there is no token %j, and that is no event',
    async (nameOrId) => {
      const house = await aHouse();
      await house.holds();
      const before = house.everything();

      const outcome = await historyOf({ actor: ann, nameOrId, page: 1, pageSize: 9 }, house.deps);

      expect(codeOf(outcome)).toBe('token_not_found');
      expect(house.everything()).toEqual(before);
    },
  );
});

async function inAMillisecond(house: House, act: () => Promise<unknown>): Promise<void> {
  house.moveBy(1);
  await act();
}

async function found(house: House, nameOrId: string, page = 1, pageSize = 20) {
  const outcome = await historyOf({ actor: ann, nameOrId, page, pageSize }, house.deps);
  if (outcome.kind !== 'history') throw new Error(`no history: ${codeOf(outcome)}`);
  return outcome;
}

function revoke(house: House, tokenId: Parameters<House['read']>[0], reason: string): Promise<unknown> {
  return revokeTokens(
    { actor: ann, tokenIds: [tokenId], reason, held: false, delivery: aDelivery() },
    house.deps,
  );
}
