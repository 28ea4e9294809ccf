import { expect, test } from 'vitest';
import { parseFirstCharacters } from '../../src/tokens/find.ts';

test.for([
  ['apit_4fTz8K', '4fTz8K'],
  ['  apit_4fTz8K  ', '4fTz8K'],
  ['apit_4fTz8K…', '4fTz8K'],
  ['apit_4fTz8K...', '4fTz8K'],
  ['a1_4fTz8K', '4fTz8K'],
  ['abcdefghij_4fTz8K', '4fTz8K'],
  ['apit_4fTz8K123456', '4fTz8K123456'],
  ['apit_4fTz8K123456_', '4fTz8K123456'],
  ['apit_4fTz8K123456_abc', '4fTz8K123456'],
  [`apit_4fTz8K123456_${'a'.repeat(38)}`, '4fTz8K123456'],
] as const)('"%s" begins like a value with the lookup id %s…', ([text, characters]) => {
  expect(parseFirstCharacters(text)).toBe(characters);
});

test.for([
  ['apit_4fTz8'],
  ['apit_4fTz8K1234567'],
  ['apit_4fTz8K_abc'],
  [`apit_4fTz8K123456_${'a'.repeat(39)}`],
  ['4fTz8K'],
  ['_4fTz8K'],
  ['a_4fTz8K'],
  ['Apit_4fTz8K'],
  ['abcdefghijk_4fTz8K'],
  ['apit_4fTz8K and more'],
  ['apit_4fTz%K'],
  [''],
] as const)('"%s" does not begin like a value', ([text]) => {
  expect(parseFirstCharacters(text)).toBeUndefined();
});

test('40,000 letters do not begin like a value', () => {
  expect(parseFirstCharacters('x'.repeat(40_000))).toBeUndefined();
});
