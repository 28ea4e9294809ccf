import { describe, expect, test } from 'vitest';
import {
  asSeen,
  characterName,
  controlIn,
  drawsSomething,
  oneLine,
  straysIn,
  trimmed,
  turnsOrControls,
  withoutMarks,
  withoutStrays,
  withoutUnseen,
} from '../../src/tokens/characters.ts';

const PARTED = [
  'a\u200bb',
  'a\u00adb',
  'a\u2060b',
  'a\ufeffb',
  'a\u2066b\u2069',
  'a\u202eb\u202c',
  'a\u034fb',
];

describe('what draws nothing', () => {
  test.for(PARTED)('is taken out of %j', (text) => {
    expect(withoutUnseen(text)).toBe('ab');
    expect(withoutStrays(text)).toBe('ab');
    expect(straysIn(text).length).toBeGreaterThan(0);
  });

  test.for(['\u2800', '\u3164', '\uffa0', '\u115f', '\u1160'])(
    'and is as wide as a letter, as %j, is a space',
    (sign) => {
      expect(withoutUnseen(`a${sign}b`)).toBe('a b');
      expect(withoutStrays(`a${sign}b`)).toBe('a b');
      expect([withoutUnseen(`a${sign}b${sign}c`), withoutStrays(`a${sign}b${sign}c`)]).toEqual([
        'a b c',
        'a b c',
      ]);
      expect(straysIn(`a${sign}b`)).toEqual([sign]);
    },
  );

  test.for([
    ['an emoji with a variation selector', '❤\ufe0f'],
    ['one that is to be drawn as text', '❤\ufe0e'],
    ['a family', '👨‍👩‍👧‍👦'],
    ['a colour of skin and a joiner', '👩🏽‍🤝‍👨🏼'],
    ['a flag with a rainbow', '🏳️‍🌈'],
    ['a flag of a country', '🇩🇪'],
    ['the flag of Scotland', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a keycap', '1\ufe0f\u20e3'],
    ['a Persian word', 'می‌خواهم'],
    ['a Persian plural behind a letter that does not join', 'کار‌ها'],
    ['a Hindi word with a joiner', 'क्‍ष'],
    ['a Hindi word with a non-joiner', 'क्‌ष'],
    ['a Malayalam word that ends in a joiner', 'അവന്‍'],
    ['a Sinhala word', 'ශ්‍රී'],
    ['a Bengali word with the joiner before the virama', 'র‍্যাব'],
  ] as const)('belongs to %s', ([, text]) => {
    expect(straysIn(text)).toEqual([]);
    expect(withoutStrays(`x ${text} y`)).toBe(`x ${text} y`);
  });

  test.for([
    ['a non-joiner between Latin letters', 'de\u200cploy', ['\u200c']],
    ['a joiner between Latin letters', 'de\u200dploy', ['\u200d']],
    ['a joiner at the end of a Persian word', 'می\u200d', ['\u200d']],
    ['a second non-joiner', 'می\u200c\u200cخ', ['\u200c', '\u200c']],
    ['a joiner behind an emoji and before nothing', '👨\u200d', ['\u200d']],
    ['a joiner between digits', '1\u200d2', ['\u200d']],
    ['a variation selector behind a letter', 'a\ufe0f', ['\ufe0f']],
    ['a variation selector behind a digit that is no keycap', '1\ufe0f', ['\ufe0f']],
    ['a second variation selector', '❤\ufe0f\ufe0f', ['\ufe0f']],
    ['tags behind another picture', '🚀\u{e0061}\u{e007f}', ['\u{e0061}', '\u{e007f}']],
    ['tags without their end', '🏴\u{e0067}\u{e0062}\u{e0073}', ['\u{e0067}', '\u{e0062}', '\u{e0073}']],
    ['a picture that is not assigned yet', '\u{1f0c0}', ['\u{1f0c0}']],
    ['a virama with no letter', '\u094d\u200d', ['\u200d']],
    ['a non-joiner behind a Latin letter', 'a\u200cم', ['\u200c']],
    ['a non-joiner before a Latin letter', 'می\u200ca', ['\u200c']],
    ['another unseen sign between letters that join', 'می\u200bخ', ['\u200b']],
    ['a joiner behind a digit and before a virama', 'র1\u200d\u09cd', ['\u200d']],
    ['a joiner behind a nukta', 'क\u093c\u200d', ['\u200d']],
    ['a joiner behind a vowel sign', 'क\u093e\u200d', ['\u200d']],
    ['a joiner behind a sheva', 'א\u05b0\u200d', ['\u200d']],
    ['a joiner behind a Hebrew vowel', 'א\u05b1\u200d', ['\u200d']],
    ['a joiner behind the voicing mark of kana', 'か\u3099\u200d', ['\u200d']],
    ['a joiner behind the half-voicing mark', 'か\u309a\u200d', ['\u200d']],
    ['a joiner behind an accent', 'x\u0301\u200d', ['\u200d']],
    ['a control and half a character', 'a\0b\ud800', ['\0', '\ud800']],
  ] as const)('is out of place as %s', ([, text, strays]) => {
    expect(straysIn(text)).toEqual(strays);
  });
});

test.for([
  '',
  ' \n',
  '\u2800',
  '\u3164\uffa0',
  '\u200b\u200d',
  '\u0301\u0308',
  '\u202e',
  '\u00ad',
  '\u2800\u0301',
])('%j draws nothing', (text) => {
  expect(drawsSomething(text)).toBe(false);
});

test.for(['\u0600', '\u06dd', 'x', '.', ' \u2800x', 'e\u0301', '❤\ufe0f', '한', '⠁', '\u0640'])(
  '%j draws something',
  (text) => {
    expect(drawsSomething(text)).toBe(true);
  },
);

test('whitespace of every kind becomes one space', () => {
  expect(oneLine(' a\r\n\tb\u2028c\x85d\u3000e  f\u00a0')).toBe('a b c d e f');
});

test('the marks are taken off, and nothing else', () => {
  expect(withoutMarks('e\u0301a\u0308\u0323 \u0301x')).toBe('ea x');
});

test.for([
  ['\u202e', true],
  ['\u200f', true],
  ['\u2067', true],
  ['\x1b', true],
  ['\u200b', false],
  ['a', false],
] as const)('%j turns the writing or controls something: %s', ([sign, does]) => {
  expect(turnsOrControls(sign)).toBe(does);
});

test('what is longest and worst takes no longer than its length', () => {
  for (const text of ['\u0301', '\u200d', 'a\u200c', '👨\u200d', 'क\u094d\u200d', ' \n', '\u2800'].map(
    (part) => part.repeat(40_000),
  )) {
    expect(withoutUnseen(text).length).toBeLessThanOrEqual(text.length);
    expect(oneLine(withoutStrays(text)).length).toBeLessThanOrEqual(text.length);
    expect(straysIn(text).length).toBeLessThanOrEqual(text.length);
  }
});

test.for([
  ['\u200b', 'U+200B ZERO WIDTH SPACE'],
  ['\ufe00', 'U+FE00 VARIATION SELECTOR-1'],
  ['\ufe0f', 'U+FE0F VARIATION SELECTOR-16'],
  ['\ufe10', 'U+FE10'],
  ['\ufdff', 'U+FDFF'],
  ['\u{e00ff}', 'U+E00FF (not a character)'],
  ['\u{e0100}', 'U+E0100 VARIATION SELECTOR-17'],
  ['\u{e01ef}', 'U+E01EF VARIATION SELECTOR-256'],
  ['\u{e01f0}', 'U+E01F0 (not a character)'],
  ['\u{e0041}', 'U+E0041 TAG LATIN CAPITAL LETTER A'],
  ['\u{e005a}', 'U+E005A TAG LATIN CAPITAL LETTER Z'],
  ['\u{e0061}', 'U+E0061 TAG LATIN SMALL LETTER A'],
  ['\u{e007a}', 'U+E007A TAG LATIN SMALL LETTER Z'],
  ['A', 'U+0041'],
  ['\0', 'U+0000 NULL'],
  ['\x9b', 'U+009B (a control)'],
  ['\ud800', 'U+D800 (half of a character)'],
  ['\ue000', 'U+E000 (a character for private use)'],
  ['\uffff', 'U+FFFF (not a character)'],
  ['🚀', 'U+1F680'],
] as const)('%j is called %s', ([sign, name]) => {
  expect(characterName(sign)).toBe(name);
});

test.for([
  ['', ''],
  [' \n\u2066', ''],
  ['x', 'x'],
  [' x', 'x'],
  ['  a b\u200f ', 'a b'],
  ['\u200f\u00a0a\u200f \u2069b', 'a\u200f \u2069b'],
  ['\u200bx\u200b', '\u200bx\u200b'],
] as const)('of %j the middle is %j: spaces and marks of direction at its ends go', ([text, middle]) => {
  expect(trimmed(text)).toBe(middle);
});

test.for([
  ['deploy bot', undefined],
  ['a\u200bb', undefined],
  ['a\nb\tc', '\n'],
  ['a\u2028b', '\u2028'],
  ['a\u2029b', '\u2029'],
  ['a\u0600b', '\u0600'],
  ['a\u{110bd}b', '\u{110bd}'],
] as const)('the first control in %j is %j', ([text, sign]) => {
  expect(controlIn(text)).toBe(sign);
});

test('a text of old is drawn on one line that nothing turns around', () => {
  expect(asSeen(' a\u202e b\n\u200bc ')).toBe('a b c');
});
