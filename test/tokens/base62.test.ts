import { expect, test } from 'vitest';
import { randomBase62, toBase62 } from '../../src/tokens/token-value.ts';

test.for([
  ['0 is all zeros', 0, 6, '000000'],
  ['9 is the last digit', 9, 2, '09'],
  ['10 is a capital', 10, 2, '0A'],
  ['61 is one digit', 61, 1, 'z'],
  ['62 is two', 62, 2, '10'],
  ['the check value of CRC-32 fits', 0xcbf43926, 6, '3jZRME'],
  ['the largest CRC-32 takes six digits', 0xffffffff, 6, '4gfFC3'],
] as const)('in base 62 %s', ([, number, length, expected]) => {
  expect(toBase62(number, length)).toBe(expected);
});

test.for([0, 1, 12, 32])('%i random digits are so many, of 62', (length) => {
  expect(randomBase62(length)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`));
});

test('every random digit is as likely as any other', () => {
  const draws = 62_000;
  const counts = new Map<string, number>();

  for (const digit of randomBase62(draws)) counts.set(digit, (counts.get(digit) ?? 0) + 1);

  // The generator is the system's, so there is no seed to print. 1000 each are expected, ±31 one standard deviation: beyond
  // seven of them chance ends, and a modulo of a byte (242 of 256 values, or 248) would be seen.
  expect(counts.size).toBe(62);
  expect(Math.min(...counts.values())).toBeGreaterThan(780);
  expect(Math.max(...counts.values())).toBeLessThan(1220);
});
