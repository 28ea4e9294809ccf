import { expect, test } from 'vitest';
import { checkValue } from '../../src/tokens/check.ts';
import { peppersFrom } from '../../src/tokens/pepper.ts';
import { admin, aHouse, ann, bob } from './a-house.ts';

test.for([
  ['the owner', ann],
  ['an admin', admin],
  ['anybody else', bob],
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
