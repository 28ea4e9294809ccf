import { expect, test } from 'vitest';
import { checkValue } from '../../src/tokens/check.ts';
import { peppersFrom } from '../../src/tokens/pepper.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { admin, aHouse, ann, bob } from './a-house.ts';

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
