import { expect, test } from 'vitest';
import { findValues, holdsSecret } from '../../src/tokens/finder.ts';
import { valueFrom } from './a-token.ts';
import { FORMS } from './forms.ts';

// A file of its own, since the finder remembers each sign that it met: here these tests are the first to show it one.
const KNOWN = 'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rR';

test.for([
  'as it is',
  'in quotes',
  'with quotes in it',
  'with zero-width spaces',
  'with soft hyphens',
  'with isolates around it',
  'with marks on its letters',
  'with accents that were composed',
  'with a blank Braille cell in it',
  'with \\\\_',
  'with %255F',
  'with &amp;#95;',
  'with \\u005f',
  'in wide letters',
  'in mathematical letters',
  'in base64',
  'in hex',
])('%s, 24 characters of a secret are too many, and 23 are not', (form) => {
  const written = FORMS.find(([name]) => name === form)?.[1];
  if (written === undefined) throw new Error('there is no such form');

  expect(holdsSecret(`x ${written(KNOWN.slice(0, 18 + 24))}`)).toBe(true);
  expect(holdsSecret(`x ${written(KNOWN.slice(0, 18 + 23))}`)).toBe(false);
});

test.for([
  ['a space', ' ', true],
  ['a Chinese character', '部', true],
  ['a Chinese character of a later plane', '\u{20000}', true],
  ['an emoji', '🚀', true],
  ['what is drawn as a sign and a letter', '℃', true],
  ['a line end in JSON', '\\n', true],
  ['a zero-width space', '\u200b', false],
  ['a tag', '\u{e0061}', false],
  ['the first sign that is not drawn', '\u{e0000}', false],
  ['a quote', '“', false],
  ['nothing', '', false],
  ['a digit in a circle', '①', false],
] as const)('a word and a lookup id stand apart by %s: %o', ([, between, areApart]) => {
  const most = KNOWN.slice(5, 18 + 24);

  expect(holdsSecret(`x${between}${most}`)).toBe(areApart);
});

test('what is drawn as a letter and a sign ends a secret, and adds nothing to it', () => {
  expect(holdsSecret(`${KNOWN.slice(0, 18 + 23)}㏀`)).toBe(false);
});

test.for([
  ['ﬁ', 'fi'],
  ['ﬃ', 'ffi'],
  ['㎏', 'kg'],
] as const)('%s is as many letters of a value as it is drawn as', ([sign, letters]) => {
  const value = valueFrom(
    `apit_m5UGaWyJq1Lc_${letters.padEnd(32, 'phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs')}`,
  ).reveal();

  expect(findValues(value.replace(`_${letters}`, `_${sign}`)).map((found) => found.reveal())).toEqual([
    value,
  ]);
});
