import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { remindTomorrow } from '../../src/tokens/notices.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import type { Delivery } from '../../src/tokens/telling.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { T0 } from './a-token.ts';

const IN_30_DAYS = { expiry: { kind: 'days', days: 30 } } as const;
const EXPIRY = T0 + 30 * DAY_MS;

describe('a reminder comes', () => {
  test.for([
    ['in 24 hours', EXPIRY - 7 * DAY_MS, EXPIRY - 6 * DAY_MS],
    ['an hour before the expiry, when that is sooner', EXPIRY - DAY_MS, EXPIRY - HOUR_MS],
    ['in 24 hours to the millisecond', EXPIRY - 25 * HOUR_MS, EXPIRY - HOUR_MS],
    ['at once, when less than an hour is left', EXPIRY - HOUR_MS + 1, EXPIRY - HOUR_MS + 1],
    ['at once in the last millisecond', EXPIRY - 1, EXPIRY - 1],
  ] as const)('%s', async ([, now, dueAt]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(now);

    const outcome = await remind(house, token.id);

    expect(outcome).toMatchObject({ kind: 'noted', token: { id: token.id } });
    expect(reminders(house)).toEqual([dueAt]);
  });

  test('in 24 hours of a token that never expires', async () => {
    const house = await aHouse();
    const { token } = await house.holds();

    await remind(house, token.id);

    expect(reminders(house)).toEqual([T0 + DAY_MS]);
  });

  test('once, however often it is asked for, 24 hours after the last time', async () => {
    const house = await aHouse();
    const { token } = await house.holds();

    await remind(house, token.id);
    house.moveBy(HOUR_MS);
    await remind(house, token.id);

    expect(reminders(house)).toEqual([T0 + HOUR_MS + DAY_MS]);
  });

  test('as the first press said, when that is delivered again an hour later', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const delivery = aDelivery();

    await remind(house, token.id, { delivery });
    house.moveBy(HOUR_MS);
    const again = await remind(house, token.id, { delivery });

    expect(codeOf(again)).toBe('noted');
    expect(reminders(house)).toEqual([T0 + DAY_MS]);
  });
});

describe('none comes, and nothing is written,', () => {
  test.for([
    ['at the expiry', async (house: House) => house.moveTo(EXPIRY), 'expired'],
    ['of a revoked token', async (house: House, id: TokenId) => revoke(house, id), 'already_revoked'],
  ] as const)('%s', async ([, prepare, code]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    await prepare(house, token.id);
    const before = house.everything();

    expect(await remind(house, token.id)).toEqual(refused({ code, name: token.name }));
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, Actor]>([
    ['an admin', admin],
    ['another member', bob],
  ])('but an event, when %s asks for it', async ([, actor]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);

    expect(codeOf(await remind(house, token.id, { actor }))).toBe('token_not_found');
    expect(reminders(house)).toEqual([]);
    expect(house.actions(token.id).at(-1)).toBe('action.refused');
  });
});

function remind(house: House, tokenId: TokenId, fields: { actor?: Actor; delivery?: Delivery } = {}) {
  return remindTomorrow({ actor: ann, tokenId, delivery: aDelivery(), ...fields }, house.deps);
}

function reminders(house: House): unknown[] {
  return house.raw.prepare("select due_at from notices where kind = 'reminder'").pluck().all();
}

function revoke(house: House, tokenId: TokenId): Promise<unknown> {
  const request = { actor: ann, tokenIds: [tokenId], reason: null, held: false, delivery: aDelivery() };
  return revokeTokens(request, house.deps);
}
