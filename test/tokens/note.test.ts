import { expect, test } from 'vitest';
import { parseNote } from '../../src/tokens/note.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';

const FAMILY = '👨‍👩‍👧';

test.for([
  ['as it was typed', 'deploys <!here> & more', 'deploys <!here> & more'],
  ['without the spaces around it', '  the nightly build\n', 'the nightly build'],
  ['on one line', 'leaked\r\nin a\tlog\u2028today\x85now', 'leaked in a log today now'],
  ['without the marks of direction that were pasted along', '\u200fשלום\u200f \u2069', 'שלום'],
  ['without what only draws nothing', 'de\u00adploy\u200b \ufeffbot', 'deploy bot'],
  ['with a space for a blank', 'a\u2800b\u3164c', 'a b c'],
  ['with its emoji', `❤\ufe0f ${FAMILY} 🏳️‍🌈`, `❤\ufe0f ${FAMILY} 🏳️‍🌈`],
  ['with the joiners of its language', 'می‌خواهم അവന്‍', 'می‌خواهم അവന്‍'],
  ['composed', 'cafe\u0301', 'café'],
  ['of 200 characters', '🚀'.repeat(200), '🚀'.repeat(200)],
  [
    'of 200 among 1,400 that draw nothing',
    'x\u00ad\u00ad\u00ad\u00ad\u00ad\u00ad\u00ad'.repeat(200),
    'x'.repeat(200),
  ],
] as const)('a note is kept %s', ([, text, note]) => {
  expect(parseNote(text, 200)).toEqual({ note });
});

test.for([
  ['nothing', ''],
  ['spaces', ' \u00a0\u3000\n'],
  ['blank Braille cells', '\u2800\u2800'],
  ['a Hangul filler', '\u3164'],
  ['a halfwidth Hangul filler', '\uffa0'],
  ['Hangul fillers of syllables', '\u115f\u1160'],
  ['zero-width spaces', '\u200b\u200b'],
  ['soft hyphens', '\u00ad'],
  ['a joiner', '\u200d'],
  ['a variation selector', '\ufe0f'],
  ['tags', '\u{e0061}\u{e007f}'],
  ['marks on no letter', '\u0301\u0308'],
  ['a right-to-left mark', '\u200f'],
  ['an isolate with nothing in it', '\u2068\u2069'],
] as const)('%s is no note', ([, text]) => {
  expect(parseNote(text, 200)).toEqual({ note: null });
});

test.for([
  ['an override', 'all is \u202elaever', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
  ['an embedding', 'a\u202bb', 'U+202B RIGHT-TO-LEFT EMBEDDING'],
  ['an isolate', 'a \u2067b\u2069 c', 'U+2067 RIGHT-TO-LEFT ISOLATE'],
  ['a mark of direction within', 'a\u200fb', 'U+200F RIGHT-TO-LEFT MARK'],
  ['a NUL', 'a\0b', 'U+0000 NULL'],
  ['an escape sequence', '\x1b[31mred', 'U+001B ESCAPE'],
  ['a C1 control', 'a\x9bb', 'U+009B (a control)'],
] as const)('a note with %s is refused, and the sign is named', ([, text, sign]) => {
  expect(parseNote(text, 200)).toEqual({ refusal: { code: 'text_invalid', sign } });
});

test.for([
  ['201 characters', 'x'.repeat(201)],
  ['200 among 1,401 that draw nothing', `${'x'.repeat(200)}${'\u00ad'.repeat(1400)}\u00adx`.slice(1)],
  ['40,000 marks', `e${'\u0301\u0323'.repeat(20_000)}`],
] as const)('a note of %s is too long', ([, text]) => {
  expect(parseNote(text, 200)).toEqual({ refusal: { code: 'text_too_long', lengthMax: 200 } });
});

test.for([
  ['as it is', (value: string) => value],
  ['with invisible signs in it', (value: string) => `${value.slice(0, 20)}\u200b${value.slice(20)}`],
  ['that is turned around', (value: string) => `\u202e${value}`],
] as const)('a note that holds a value, %s, is refused as one', ([, wrapped]) => {
  const value = TokenValue.generate('apit').reveal();

  expect(parseNote(wrapped(value), 200)).toEqual({ refusal: { code: 'holds_value' } });
});
