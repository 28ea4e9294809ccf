import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NAME_LENGTH_MAX,
  type NameFlaw,
  nameKeyOf,
  numberedName,
  parseName,
  type TokenName,
} from '../../src/tokens/name.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aName } from './a-token.ts';

const VALUE = TokenValue.generate('apit').reveal();
const LAST_CODE_POINT = 0x10ffff;

const EVERY_CODE_POINT = Array.from({ length: LAST_CODE_POINT + 1 }, (_, code) => String.fromCodePoint(code));
const ALLOWED = EVERY_CODE_POINT.filter((character) => 'name' in parseName(`a${character}b`));

/** Text of all that a name may hold; of what folds oddly and what names are made of more than by chance. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.nat(ALLOWED.length - 1).map((index) => ALLOWED[index] ?? ''),
    fc.constantFrom(...'ßẞİıſΣσςŉǰΐﬁﬃᾳᾼͅÅK①ᵃＡａ　 \u00a0\u0301\u0308\u0323\u3099가ㄱ'),
    fc.constantFrom(...'abzAZ09-_. '),
  ),
  maxLength: 80,
});
const anyName = anyText
  .map(parseName)
  .filter((parsed) => 'name' in parsed)
  .map(({ name }) => name);

describe('a name is', () => {
  test.for([
    ['one letter', 'x', 'x'],
    ['64 letters', 'x'.repeat(64), 'x'.repeat(64)],
    ['64 characters beyond the first plane: each counts one', '🚀'.repeat(64), '🚀'.repeat(64)],
    ['64 letters after composing', 'e\u0301'.repeat(64), 'é'.repeat(64)],
    ['64 letters without the spaces around them', `  ${'x'.repeat(64)}\u3000\t\n`, 'x'.repeat(64)],
    ['words', 'Deploy bot (EU), no. 2 & co: "quoted" <b> *bold* @here', undefined],
    ['letters of any script', 'развёртывание 部署 نشر', undefined],
    ['something that only starts like a token id', 'stok_1 tok- token_1 tok_', undefined],
    ['something as long as a value with no such shape', 'x'.repeat(57), undefined],
    ['a name that an object has', '__proto__', undefined],
  ] as const)('%s', ([, text, expected]) => {
    expect(parseName(text)).toEqual({ name: expected ?? text });
  });
});

describe('no name is', () => {
  test.for<readonly [string, string, NameFlaw]>([
    ['nothing', '', 'empty'],
    ['spaces', '   ', 'empty'],
    ['spaces of other widths', '\u00a0\u2003\u3000', 'empty'],
    ['line ends', '\r\n\t', 'empty'],
    ['65 letters', 'x'.repeat(65), 'too_long'],
    ['65 characters beyond the first plane', '🚀'.repeat(65), 'too_long'],
    ['40,000 letters', 'x'.repeat(40_000), 'too_long'],
    ['a NUL', 'a\0b', 'unseen_characters'],
    ['a line end within', 'a\nb', 'unseen_characters'],
    ['a tab within', 'a\tb', 'unseen_characters'],
    ['a delete', 'a\x7f', 'unseen_characters'],
    ['a C1 control', 'a\x85b', 'unseen_characters'],
    ['an escape sequence', '\x1b[31mred', 'unseen_characters'],
    ['a line separator', 'a\u2028b', 'unseen_characters'],
    ['a paragraph separator', 'a\u2029b', 'unseen_characters'],
    ['a text that turns around (RLO)', 'a\u202etxt.exe', 'unseen_characters'],
    ['an isolate', 'a\u2066b\u2069', 'unseen_characters'],
    ['a right-to-left mark', 'a\u200f', 'unseen_characters'],
    ['a zero-width space', 'deploy\u200bbot', 'unseen_characters'],
    ['nothing but a zero-width joiner', '\u200d', 'unseen_characters'],
    ['a soft hyphen', 'de\u00adploy', 'unseen_characters'],
    ['a byte order mark within', 'a\ufeffb', 'unseen_characters'],
    ['a word joiner', 'a\u2060b', 'unseen_characters'],
    ['a variation selector', '❤\ufe0f', 'unseen_characters'],
    ['a tag character', 'a\u{e0061}', 'unseen_characters'],
    ['a Hangul filler', '\u3164', 'unseen_characters'],
    ['a halfwidth Hangul filler', '\uffa0', 'unseen_characters'],
    ['a blank Braille cell', '\u2800', 'unseen_characters'],
    ['half a character', 'a\ud800', 'unseen_characters'],
    ['a character for private use', '\ue000', 'unseen_characters'],
    ['a code point without a character', '\u0378', 'unseen_characters'],
    ['a value', VALUE, 'like_a_value'],
    ['a value with wrong check digits', `${VALUE.slice(0, -6)}000000`, 'like_a_value'],
    ['a value of another prefix, with text', `x zz${VALUE.slice(4)}`, 'like_a_value'],
    ['a value in wide letters', toWide(VALUE), 'like_a_value'],
    ['a token id', 'tok_0123456789abcdef', 'like_a_value'],
    ['the start of a token id', 'tok_0', 'like_a_value'],
    ['a token id in capitals within a text', 'my TOK_A', 'like_a_value'],
    ['a token id behind an underscore', 'my_tok_a', 'like_a_value'],
    ['a token id in wide letters', toWide('tok_0'), 'like_a_value'],
  ])('%s', ([, text, flaw]) => {
    expect(parseName(text)).toEqual({ flaw });
  });

  test('any control, format, private or unassigned character of all of Unicode', () => {
    const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

    expect(ALLOWED.filter((character) => unseen.test(character))).toEqual([]);
    expect(ALLOWED.length).toBeGreaterThan(100_000);
  });
});

describe('two names are one when they differ only in', () => {
  test.for([
    ['case', 'Deploy-Bot', 'deploy-BOT'],
    ['width', 'ＤＥＰＬＯＹ－ｂｏｔ', 'deploy-bot'],
    ['the number of spaces', 'deploy   bot', 'deploy bot'],
    ['the kind of space', 'deploy\u00a0bot', 'deploy bot'],
    ['the width of a space', 'deploy\u3000bot', 'deploy bot'],
    ['composition', 'café', 'cafe\u0301'],
    ['a ligature', 'oﬃce', 'office'],
    ['the sharp s', 'Straße', 'STRASSE'],
    ['the capital sharp s', 'STRAẞE', 'strasse'],
    ['the final sigma', 'ΟΔΟΣ', 'οδοσ'],
    ['a circled digit', 'v①', 'v1'],
    ['a letter for the Kelvin', 'K', 'k'],
  ] as const)('%s', ([, one, other]) => {
    expect(nameKeyOf(aName(one))).toBe(nameKeyOf(aName(other)));
  });

  test.for([
    ['a hyphen and an underscore', 'deploy-bot', 'deploy_bot'],
    ['a space and none', 'deploy bot', 'deploybot'],
    ['an accent and none', 'café', 'cafe'],
    ['a number', 'bot-1', 'bot-2'],
  ] as const)('but not in %s', ([, one, other]) => {
    expect(nameKeyOf(aName(one))).not.toBe(nameKeyOf(aName(other)));
  });
});

describe('for any text (fast-check prints the seed)', () => {
  test('folding a folded name changes nothing', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const key = nameKeyOf(name);

        expect(nameKeyOf(key as string as TokenName)).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });

  test('folding once more changes no single character of all of Unicode', () => {
    const unstable = EVERY_CODE_POINT.filter((character) => {
      const key = nameKeyOf(`a${character}b` as TokenName);
      return nameKeyOf(key as string as TokenName) !== key;
    });

    expect(unstable).toEqual([]);
  });

  test('folding does not see case', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        // Upper case makes a letter of a Greek iota subscript, and a mark behind it then sits on that: another text.
        fc.pre(!name.normalize('NFD').includes('\u0345'));
        for (const other of [name.toUpperCase(), name.toLowerCase()]) {
          expect(nameKeyOf(other as TokenName)).toBe(nameKeyOf(name));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('the name in it is a name, and the same one', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(parseName(name)).toEqual({ name });
        expect([...name].length).toBeLessThanOrEqual(NAME_LENGTH_MAX);
      }),
      { numRuns: 5000 },
    );
  });

  test('a numbered name is a name, of another key', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 2, max: 101 }), (name, number) => {
        const numbered = numberedName(name, number);

        expect(parseName(numbered)).toEqual({ name: numbered });
        expect(numbered.endsWith(`-${number}`)).toBe(true);
        expect(nameKeyOf(numbered)).not.toBe(nameKeyOf(name));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a numbered name', () => {
  test.for([
    ['has the number behind it', 'deploy-bot', 2, 'deploy-bot-2'],
    ['keeps 64 code points', 'x'.repeat(64), 2, `${'x'.repeat(62)}-2`],
    ['keeps 64 code points with a long number', 'x'.repeat(64), 101, `${'x'.repeat(60)}-101`],
    ['cuts no character in half', '🚀'.repeat(64), 2, `${'🚀'.repeat(62)}-2`],
    ['leaves no space where it cuts', `${'x'.repeat(61)} yz`, 2, `${'x'.repeat(61)}-2`],
  ] as const)('%s', ([, name, number, expected]) => {
    expect(numberedName(aName(name), number)).toBe(expected);
  });
});

function toWide(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}
