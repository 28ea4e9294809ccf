import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { checkValue } from '../../src/tokens/check.ts';
import { peppersFrom } from '../../src/tokens/pepper.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aDelivery, admin, aHouse, ann, bob, type House } from './a-house.ts';
import { ELSEWHERE, T0, withAnotherSecret } from './a-token.ts';

test.for([
  ['the owner', ann],
  ['an admin', admin],
] as const)(
  'while nobody can say whether a value is good, %s is told that alone, and nothing is written',
  async ([, actor]) => {
    const house = await aHouse();
    const { value } = await house.holds();
    const before = house.everything();
    const peppers = peppersFrom({ ...house.deps.peppers.current, id: 'aaaaaaaa' });

    const deps = { ...house.deps, peppers, checkHash: async () => 'busy' as const };

    expect(await checkValue({ actor, value }, deps)).toEqual({
      kind: 'refused',
      refusal: { code: 'verification_busy' },
    });
    expect(house.everything()).toEqual(before);
  },
);

test('anybody else hears the same of a value of which nobody can say whether it is good as of any other', async () => {
  const house = await aHouse();
  const { value } = await house.holds();
  const peppers = peppersFrom({ ...house.deps.peppers.current, id: 'aaaaaaaa' });
  const deps = { ...house.deps, peppers, checkHash: async () => 'busy' as const };
  const refusal = { kind: 'refused', refusal: { code: 'check_not_permitted' } };

  expect(await checkValue({ actor: bob, value }, deps)).toEqual(refusal);
  expect(await checkValue({ actor: bob, value: TokenValue.generate('apit') }, deps)).toEqual(refusal);
  const events = house.raw.prepare("select * from audit_events where action = 'action.refused'").all();
  expect(events).toMatchObject([{ token_id: null }, { token_id: null }]);
});

describe('whoever may check a value is told what it is, and that they asked is kept:', () => {
  const DAY = { expiry: { kind: 'days', days: 1 } } as const;

  test.for<readonly [string, (house: House) => Promise<TokenValue>, object]>([
    [
      'the only one that works',
      async (house) => (await house.holds()).value,
      { is: 'valid', standing: { is: 'only' } },
    ],
    [
      'the new one, beside an old one',
      async (house) => (await rotated(house)).fresh,
      { is: 'valid', standing: { is: 'new', oldEndsAt: T0 + DAY_MS } },
    ],
    [
      'the old one',
      async (house) => (await rotated(house)).old,
      { is: 'valid', standing: { is: 'old', oldEndsAt: T0 + DAY_MS } },
    ],
    [
      'the old one, once it ended',
      async (house) => {
        const { old } = await rotated(house);
        house.moveBy(DAY_MS);
        return old;
      },
      { is: 'retired' },
    ],
    [
      'the new one, once the old one ended',
      async (house) => {
        const { fresh } = await rotated(house);
        house.moveBy(DAY_MS);
        return fresh;
      },
      { is: 'valid', standing: { is: 'only' } },
    ],
    [
      'one that expired',
      async (house) => {
        const { value } = await house.holds(DAY);
        house.moveBy(DAY_MS);
        return value;
      },
      { is: 'expired' },
    ],
    [
      'one that was revoked',
      async (house) => {
        const { token, value } = await house.holds();
        await revokeTokens(
          { actor: ann, tokenIds: [token.id], reason: null, held: false, delivery: aDelivery() },
          house.deps,
        );
        return value;
      },
      { is: 'revoked' },
    ],
  ])('%s', async ([, given, finding]) => {
    const house = await aHouse();
    const value = await given(house);
    const secret = await house.store.readSecret(value.lookupId);
    const found: unknown[] = [];
    const leaks = { found: (...what: unknown[]) => void found.push(what[1]) };

    const outcome = await checkValue({ actor: ann, value }, { ...house.deps, leaks });

    expect(outcome).toMatchObject({
      kind: 'checked',
      finding: { ...finding, token: { id: secret?.tokenId } },
    });
    const is = 'is' in finding ? finding.is : undefined;
    expect(found).toEqual(is === 'valid' ? ['command'] : []);
    expect(checks(house)).toEqual([
      { actor: ann.id, token_id: secret?.tokenId, detail: JSON.stringify({ finding: is }) },
    ]);
  });

  test('one that nobody knows, to admins alone', async () => {
    const house = await aHouse();
    const value = TokenValue.generate('apit');

    expect(await checkValue({ actor: admin, value }, house.deps)).toEqual({
      kind: 'checked',
      finding: { is: 'unknown' },
    });
    expect(checks(house)).toEqual([{ actor: admin.id, token_id: null, detail: '{"finding":"unknown"}' }]);
    expect(await checkValue({ actor: ann, value }, house.deps)).toMatchObject({ kind: 'refused' });
  });

  test('one of which the lookup id alone is right is nobody’s, its owner’s neither', async () => {
    const house = await aHouse();
    const value = withAnotherSecret((await house.holds()).value);

    expect(await checkValue({ actor: ann, value }, house.deps)).toEqual({
      kind: 'refused',
      refusal: { code: 'check_not_permitted' },
    });
    expect(await checkValue({ actor: admin, value }, house.deps)).toMatchObject({
      finding: { is: 'unknown' },
    });
  });

  test('one of another workspace is not known', async () => {
    const house = await aHouse();
    const { value } = await house.holds();
    const actor = { ...admin, workspace: ELSEWHERE };

    expect(await checkValue({ actor, value }, house.deps)).toMatchObject({ finding: { is: 'unknown' } });
  });

  test('and who may not leaves an event with the token that they asked about', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();

    await checkValue({ actor: bob, value }, house.deps);

    expect(checks(house)).toEqual([]);
    const events = house.raw
      .prepare("select token_id, detail from audit_events where action = 'action.refused'")
      .all();
    expect(events).toEqual([{ token_id: token.id, detail: expect.stringContaining('"attempted":"check"') }]);
  });
});

/** Ann's old and new value, both good for a day. */
async function rotated(house: House): Promise<{ old: TokenValue; fresh: TokenValue }> {
  const { token, value } = await house.holds();
  await house.rotates(token);
  const fresh = house.shown.at(-1);
  if (fresh === undefined) throw new Error('no new value was shown');
  return { old: value, fresh };
}

function checks(house: House): unknown[] {
  return house.raw
    .prepare("select actor, token_id, detail from audit_events where action = 'value.checked'")
    .all();
}
