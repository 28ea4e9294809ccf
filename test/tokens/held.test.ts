import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { heldProof, isHeldProof } from '../../src/tokens/held.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { ANN, aToken, BOB, PEPPER, PEPPERS, T0 } from './a-token.ts';

const TOKEN_ID = aToken().id;
const OTHER_TOKEN_ID = aToken().id;
const held = { actor: ANN, tokenIds: [TOKEN_ID] };
const proof = heldProof({ ...held, at: T0 }, PEPPER);

describe('a proof that a value was held', () => {
  test.for([
    ['is good at once', T0, true],
    ['is good for 30 minutes', T0 + 30 * MINUTE_MS, true],
    ['is not good a millisecond later', T0 + 30 * MINUTE_MS + 1, false],
    ['is not good before it was made', T0 - 1, false],
  ] as const)('%s', ([, now, expected]) => {
    expect(isHeldProof(proof, held, PEPPERS, now)).toBe(expected);
  });

  test('is good for its person, its token and its pepper alone', () => {
    const otherPepper = pepperFrom('another pepper, of 32 characters or more');

    expect(isHeldProof(proof, { ...held, actor: BOB }, PEPPERS, T0)).toBe(false);
    expect(isHeldProof(proof, { ...held, tokenIds: [OTHER_TOKEN_ID] }, PEPPERS, T0)).toBe(false);
    expect(isHeldProof(proof, { ...held, tokenIds: [TOKEN_ID, OTHER_TOKEN_ID] }, PEPPERS, T0)).toBe(false);
    expect(isHeldProof(proof, held, peppersFrom(otherPepper), T0)).toBe(false);
  });

  test('outlives the rotation of the pepper it was made under', () => {
    const otherPepper = pepperFrom('another pepper, of 32 characters or more');

    expect(isHeldProof(proof, held, peppersFrom(otherPepper, [PEPPER]), T0)).toBe(true);
  });

  test('holds neither value nor lookup id: a time and a MAC', () => {
    expect(proof).toMatch(new RegExp(`^${T0}\\.[-_0-9A-Za-z]{43}$`));
  });

  test.for([
    ['nothing', ''],
    ['a dot', '.'],
    ['a time alone', `${T0}`],
    ['a time with an empty MAC', `${T0}.`],
    ['another time', proof.replace(`${T0}`, `${T0 + 1}`)],
    ['a MAC cut by one', proof.slice(0, -1)],
    ['another MAC', `${T0}.${'A'.repeat(43)}`],
    ['no time', `NaN.${proof.split('.')[1]}`],
    ['no end', `Infinity.${proof.split('.')[1]}`],
    ['half a millisecond', `${T0}5e-1.${proof.split('.')[1]}`],
  ] as const)('is not %s', ([, text]) => {
    expect(isHeldProof(text, held, PEPPERS, T0 + MINUTE_MS)).toBe(false);
  });
});
