import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFirstCharacters } from '../../src/tokens/find.ts';
import { foldedOf, type NameFlaw, nameKeyOf, numberedName, parseName } from '../../src/tokens/name.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aName } from './a-token.ts';

const VALUE = TokenValue.generate('apit').reveal();

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
    ['two words with an underscore', 'github_actions', undefined],
    ['the same with a number', 'ci_runner2', undefined],
    ['the same with four digits', 'ci_Runner2027', undefined],
    ['the same in capitals', 'github_ACTIONS', undefined],
    ['the first characters of a value behind a word', 'my apit_4fTz8K', undefined],
    ['the first characters of a value before a word', 'apit_4fTz8K of old', undefined],
    ['the first characters of a value before a sign', 'apit_4fTz8K!', undefined],
    ['an emoji with a variation selector', '❤\ufe0f', undefined],
    ['a family', '👨‍👩‍👧‍👦 bot', undefined],
    ['a colour of skin', '👍🏽', undefined],
    ['a flag', '🇩🇪', undefined],
    ['the flag of Scotland', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}', undefined],
    ['a Persian word', 'می‌خواهم', undefined],
    ['a Hindi word', 'क्‍ष', undefined],
    ['a Malayalam word', 'അവന്‍', undefined],
    ['a Sinhala word', 'ශ්‍රී', undefined],
    ['64 code points of a family', `${'👨‍👩‍👧‍👦'.repeat(9)}x`, undefined],
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
    ['marks on no letter', '\u0301\u0308', 'empty'],
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

  test.for([
    ['a NUL', 'a\0b', 'U+0000 NULL'],
    ['a line end within', 'a\nb', 'U+000A LINE FEED'],
    ['a tab within', 'a\tb', 'U+0009 CHARACTER TABULATION'],
    ['a delete', 'a\x7f', 'U+007F DELETE'],
    ['a C1 control', 'a\x85b', 'U+0085 NEXT LINE'],
    ['an escape sequence', '\x1b[31mred', 'U+001B ESCAPE'],
    ['a line separator', 'a\u2028b', 'U+2028 LINE SEPARATOR'],
    ['a paragraph separator', 'a\u2029b', 'U+2029 PARAGRAPH SEPARATOR'],
    ['a text that turns around (RLO)', 'a\u202etxt.exe', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['an isolate', 'a\u2066b\u2069', 'U+2066 LEFT-TO-RIGHT ISOLATE'],
    ['a right-to-left mark', 'a\u200f', 'U+200F RIGHT-TO-LEFT MARK'],
    ['a zero-width space', 'deploy\u200bbot', 'U+200B ZERO WIDTH SPACE'],
    ['nothing but a zero-width joiner', '\u200d', 'U+200D ZERO WIDTH JOINER'],
    ['a soft hyphen', 'de\u00adploy', 'U+00AD SOFT HYPHEN'],
    ['a byte order mark within', 'a\ufeffb', 'U+FEFF ZERO WIDTH NO-BREAK SPACE'],
    ['a word joiner', 'a\u2060b', 'U+2060 WORD JOINER'],
    ['a tag character', 'a\u{e0061}', 'U+E0061 TAG LATIN SMALL LETTER A'],
    ['a Hangul filler', '\u3164', 'U+3164 HANGUL FILLER'],
    ['a halfwidth Hangul filler', '\uffa0', 'U+FFA0 HALFWIDTH HANGUL FILLER'],
    ['a blank Braille cell', '\u2800', 'U+2800 BRAILLE PATTERN BLANK'],
    ['half a character', 'a\ud800', 'U+D800 (half of a character)'],
    ['a character for private use', '\ue000', 'U+E000 (a character for private use)'],
    ['a code point without a character', '\u0378', 'U+0378 (not a character)'],
    ['a variation selector behind a letter', 'a\ufe0f', 'U+FE0F VARIATION SELECTOR-16'],
    ['an ideographic variation selector', '葛\u{e0100}', 'U+E0100 VARIATION SELECTOR-17'],
    ['a joiner between Latin letters', 'de\u200dploy', 'U+200D ZERO WIDTH JOINER'],
    ['a non-joiner between Latin letters', 'de\u200cploy', 'U+200C ZERO WIDTH NON-JOINER'],
    ['a joiner at the end', '👨\u200d', 'U+200D ZERO WIDTH JOINER'],
    ['hidden text behind an emoji', '🚀\u{e0068}\u{e0069}\u{e007f}', 'U+E0068 TAG LATIN SMALL LETTER H'],
    ['a sign of format that is drawn', 'a\u06dd', 'U+06DD ARABIC END OF AYAH'],
  ] as const)('%s, and which sign it is, is told', ([, text, sign]) => {
    expect(parseName(text)).toEqual({ flaw: 'unseen_characters', sign });
  });

  test.for([
    ['as it is', 'apit_4fTz8K'],
    ['in capitals', 'APIT_4FTZ8K'],
    ['of letters alone', 'apit_abcdef'],
    ['all twelve', 'apit_4fTz8K123456'],
    ['with the secret begun', 'apit_4fTz8K123456_abc'],
    ['with an ellipsis', 'apit_4fTz8K…'],
    ['with three dots', 'apit_4fTz8K...'],
    ['in quotes', '“apit_4fTz8K”'],
    ['in quotes and spaces', '« apit_4fTz8K »'],
    ['of another prefix, letters and five digits', 'old_abcd12345'],
    ['of another prefix, a digit before letters', 'old_1abcde'],
    ['in code', '`apit_4fTz8K`'],
    ['in wide letters', toWide('apit_4fTz8K')],
    ['of another prefix', 'old_4fTz8K'],
    ['of another prefix, in one case', 'old_4ftz8k'],
    ['of another prefix, a word with an ellipsis', 'github_actions…'],
  ] as const)('the first characters of a value, %s', ([, text]) => {
    expect(parseName(text, 'apit')).toEqual({ flaw: 'like_first_characters' });
  });

  test('whatever is looked up as first characters of our own prefix, in whatever case', () => {
    const characters = fc.string({ unit: fc.constantFrom(...'aAzZ09Kk'), minLength: 6, maxLength: 12 });
    fc.assert(
      fc.property(characters, fc.constantFrom('', '…', '...'), (part, dots) => {
        const text = `apit_${part}${dots}`;

        expect(parseFirstCharacters(text)).toBe(part);
        for (const name of [text, text.toUpperCase(), text.toLowerCase()]) {
          expect(parseName(name, 'apit')).toEqual({ flaw: 'like_first_characters' });
        }
      }),
    );
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
    ['a variation selector', '❤\ufe0f bot', '❤ bot'],
    ['the joiners of a family', '👨‍👩‍👧', '👨👩👧'],
    ['the tags of a flag', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}', '🏴'],
    ['a Persian non-joiner', 'می‌خواهم', 'میخواهم'],
    ['a Sinhala joiner', 'ශ්‍රී', 'ශ්රී'],
  ] as const)('%s', ([, one, other]) => {
    expect(nameKeyOf(aName(one))).toBe(nameKeyOf(aName(other)));
  });

  test.for([
    ['ASCII', '  Deploy \t\n BOT ', 'deploy bot'],
    ['beyond it', '\u3000ＤＥＰＬＯＹ\u00a0 bot\u2003', 'deploy bot'],
    ['that begins with what folds to a space', '¨a', '\u0308a'],
  ] as const)('the spaces around any text, %s, and how many are in it', ([, text, folded]) => {
    expect(foldedOf(text)).toBe(folded);
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

describe('a numbered name', () => {
  test.for([
    ['has the number behind it', 'deploy-bot', 2, 'deploy-bot-2'],
    ['keeps 64 code points', 'x'.repeat(64), 2, `${'x'.repeat(62)}-2`],
    ['keeps 64 code points with a long number', 'x'.repeat(64), 101, `${'x'.repeat(60)}-101`],
    ['cuts no character in half', '🚀'.repeat(64), 2, `${'🚀'.repeat(62)}-2`],
    [
      'leaves no part of an emoji that has no place any more',
      `${'x'.repeat(59)}👨‍👩‍👧`,
      10,
      `${'x'.repeat(59)}👨-10`,
    ],
    ['leaves as much of an emoji as has a place', `${'x'.repeat(59)}👨‍👩‍👧`, 2, `${'x'.repeat(59)}👨‍👩-2`],
    ['leaves no space where it cuts', `${'x'.repeat(61)} yz`, 2, `${'x'.repeat(61)}-2`],
  ] as const)('%s', ([, name, number, expected]) => {
    expect(numberedName(aName(name), number)).toBe(expected);
  });
});

function toWide(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}
