import { describe, expect, test } from 'vitest';
import {
  drawsSomething,
  oneLine,
  straysIn,
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

test.for(['x', '.', ' \u2800x', 'e\u0301', '❤\ufe0f', '한', '⠁', '\u0640'])('%j draws something', (text) => {
  expect(drawsSomething(text)).toBe(true);
});

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
