import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { carryOutRotation, endOldValues, planRotation, type RotateRequest } from '../../src/tokens/rotate.ts';
import { type Token, UNCLAIMED_MS_MAX } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, codeOf, type House, rotationOf } from './a-house.ts';
import { T0 } from './a-token.ts';

const IN_30_DAYS = { expiry: { kind: 'days', days: 30 } } as const;
const EXPIRY = T0 + 30 * DAY_MS;
const RENEW = { kind: 'renew', expiry: { kind: 'days', days: 7 } } as const;
const REPLACE = { kind: 'replace', grace: 'now' } as const;

describe('before anything is made, a dialog is told', () => {
  test.for<readonly [string, Partial<RotateRequest>, (house: House) => Promise<Token>, string]>([
    [
      'of a revoked token that it is revoked',
      {},
      async (house) => {
        const { token } = await house.holds();
        const request = {
          actor: ann,
          tokenIds: [token.id],
          reason: null,
          held: false,
          delivery: aDelivery(),
        };
        await revokeTokens(request, house.deps);
        return token;
      },
      'already_revoked',
    ],
    [
      'of one that nobody took in time that it ended',
      {},
      async (house) => {
        const token = await house.creates({ actor: admin, owner: ann });
        house.moveBy(UNCLAIMED_MS_MAX);
        return token;
      },
      'never_claimed',
    ],
    ['of one that nobody took yet that it has no value', {}, (house) => house.creates(), 'not_claimed'],
    [
      'of a value that was used that it arrived',
      REPLACE,
      async (house) => {
        const { token, value } = await house.holds();
        const use = {
          tokenId: token.id,
          lookupId: value.lookupId,
          useCount: 1,
          lastUsedAt: T0,
          addresses: [],
        };
        const none = { refusedCount: 0, lastRefusedAt: null, triedCount: 0, lastTriedAt: null };
        await house.store.addUses([{ ...use, ...none }]);
        return token;
      },
      'already_used',
    ],
    [
      'of an expired token that too many others live',
      RENEW,
      async (house) => {
        const { token } = await house.holds(IN_30_DAYS);
        house.moveTo(EXPIRY);
        for (let i = 0; i < 3; i++) await house.creates();
        return token;
      },
      'too_many_live',
    ],
  ])('%s', async ([, fields, prepare, code]) => {
    const house = await aHouse({ liveTokensMax: 3 });
    const token = await prepare(house);
    const before = house.everything();

    const outcome = await planRotation(rotationOf(token, fields), house.deps);

    const { name } = token;
    expect(outcome).toEqual(
      refused(code === 'too_many_live' ? { code, liveTokensMax: 3 } : { code: code as 'already_used', name }),
    );
    expect(house.everything()).toEqual(before);
  });

  test('that a value replaces nothing where none is honoured', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const store = { ...house.store, liveValues: async () => [] };

    const outcome = await planRotation(rotationOf(token, REPLACE), { ...house.deps, store });

    expect(codeOf(outcome)).toBe('already_used');
  });

  test('to wait where Slack does not say who granted a scope', async () => {
    const house = await aHouse();
    const { token } = await house.holds({ actor: admin, owner: ann, scopes: ['introspect'] });

    const outcome = await planRotation(rotationOf(token), {
      ...house.deps,
      findPerson: async () => undefined,
    });

    expect(outcome).toEqual(refused({ code: 'person_unknown' }));
  });
});

describe('what is planned', () => {
  test('hangs on the generation alone, of a rotation', async () => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);

    expect(await planRotation(rotationOf(token, { grace: 'hour' }), house.deps)).toMatchObject({
      kind: 'planned',
      oldValues: { worksUntil: T0 + HOUR_MS, endedCount: 0 },
    });
    expect(await rotationPlanned(house, token, { grace: 'hour' })).toEqual({
      generation: 0,
      expiresAt: EXPIRY,
      graceEndsAt: T0 + HOUR_MS,
      endsOlder: true,
    });
  });

  test('hangs on room for the token, of a renewal', async () => {
    const house = await aHouse({ liveTokensMax: 3 });
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY);
    for (let i = 0; i < 2; i++) await house.creates();

    expect(await rotationPlanned(house, token, RENEW)).toEqual({
      generation: 0,
      expiresAt: EXPIRY + 7 * DAY_MS,
      graceEndsAt: EXPIRY + DAY_MS,
      endsOlder: true,
      condition: { kind: 'room', liveTokensMax: 3 },
    });
  });

  test('hangs on whether the value was used, written or not, of one that did not arrive', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const asked: string[] = [];
    const usage = {
      ...house.deps.usage,
      isUsed: (lookupId: string) => {
        asked.push(lookupId);
        return true;
      },
    };

    const planned = await planRotation(rotationOf(token, REPLACE), { ...house.deps, usage });

    if (planned.kind !== 'planned') throw new Error(codeOf(planned));
    expect(planned.rotation).toMatchObject({
      endsOlder: false,
      graceEndsAt: T0,
      condition: { kind: 'unused' },
    });
    const { condition } = planned.rotation;
    expect(condition?.kind === 'unused' && condition.isUsed('a lookup id')).toBe(true);
    expect(asked).toEqual(['a lookup id']);
  });

  test.for([
    ['a press that replaces a value waits', REPLACE, 'showing_another'],
    ['a rotation, which begins with a dialog, does not', {}, 'rotated'],
  ] as const)('while its owner is shown another value %s', async ([, fields, expected]) => {
    const house = await aHouse();
    const [{ token }, other] = [await house.holds(), await house.creates()];
    const planned = await planRotation(rotationOf(token, fields), house.deps);
    if (planned.kind !== 'planned') throw new Error(codeOf(planned));
    let meanwhile = '';
    house.next(async () => {
      meanwhile = codeOf(await carryOutRotation(planned, house.deps));
      return undefined;
    });

    await house.shows(other);

    expect(meanwhile).toBe(expected);
  });
});

describe('a delivery that comes again is told how the old value stands', () => {
  test('as it will be, while the new one is being shown', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const request = rotationOf(token);
    let again: unknown;
    house.next(async () => {
      again = await planRotation(request, house.deps);
      return undefined;
    });

    await rotates(house, request);

    expect(again).toMatchObject({
      kind: 'repeated',
      token: { id: token.id },
      oldValues: { worksUntil: T0 + DAY_MS, endedCount: 0 },
    });
  });

  test('as it is, when that was shown', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const request = rotationOf(token);
    await rotates(house, request);
    house.moveBy(HOUR_MS);
    const again = () => planRotation(request, house.deps);

    expect(await again()).toMatchObject({
      kind: 'repeated',
      oldValues: { worksUntil: T0 + DAY_MS, endedCount: 0 },
    });

    await endOldValues({ actor: ann, tokenId: token.id, generation: 1, delivery: aDelivery() }, house.deps);
    expect(await again()).toMatchObject({
      kind: 'repeated',
      oldValues: { worksUntil: null, endedCount: 1 },
    });
  });

  test('but not where it had its effect on another token', async () => {
    const house = await aHouse();
    const delivery = aDelivery();
    const [{ token }, { token: other }] = [await house.holds(), await house.holds()];
    await rotates(house, rotationOf(other, { delivery }));

    expect(codeOf(await planRotation(rotationOf(token, { delivery }), house.deps))).toBe('planned');
  });
});

async function rotationPlanned(house: House, token: Token, fields: Partial<RotateRequest>): Promise<unknown> {
  const planned = await planRotation(rotationOf(token, fields), house.deps);
  if (planned.kind !== 'planned') throw new Error(codeOf(planned));
  return planned.rotation;
}

async function rotates(house: House, request: RotateRequest): Promise<void> {
  const planned = await planRotation(request, house.deps);
  if (planned.kind !== 'planned') throw new Error(codeOf(planned));
  await carryOutRotation(planned, house.deps);
}
