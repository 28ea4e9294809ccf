import { expect, test } from 'vitest';
import { masked } from '../../../sandbox/server/mask.ts';

const SECRET = 'B'.repeat(38);

test.for([
  ['a value', `apit_${'A'.repeat(12)}_${SECRET}`, 'apit_AAAA…'],
  ['a value of another prefix', `key2_${'A'.repeat(12)}_${SECRET}`, 'key2_AAAA…'],
  [
    'a value in a text',
    `"/apitoken revoke apit_${'A'.repeat(12)}_${SECRET}"`,
    '"/apitoken revoke apit_AAAA…"',
  ],
  ['a token’s id, which is no secret', 'tok_cEk6aQkeb0XTobBA', 'tok_cEk6aQkeb0XTobBA'],
] as const)('%s is cut by its shape', ([, text, expected]) => {
  expect(masked(text)).toBe(expected);
});
