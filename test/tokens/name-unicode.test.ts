import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NAME_LENGTH_MAX,
  nameKeyOf,
  numberedName,
  parseName,
  type TokenName,
} from '../../src/tokens/name.ts';

const LAST_CODE_POINT = 0x10ffff;

const EVERY_CODE_POINT = Array.from({ length: LAST_CODE_POINT + 1 }, (_, code) => String.fromCodePoint(code));
const ALLOWED = EVERY_CODE_POINT.filter((character) => 'name' in parseName(`a${character}b`));

/** Text of all that a name may hold; of what folds oddly and what names are made of more than by chance. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.nat(ALLOWED.length - 1).map((index) => ALLOWED[index] ?? ''),
    fc.constantFrom(...'ßẞİıſΣσςŉǰΐﬁﬃᾳᾼͅÅK①ᵃＡａ　 \u00a0\u0301\u0308\u0323\u3099가ㄱ'),
    fc.constantFrom(...'abzAZ09-_. '),
    fc.constantFrom(
      '❤\ufe0f',
      '👨‍👩‍👧',
      '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
      'می‌خ',
      'ක්‍ෂ',
      'ന്‍',
    ),
  ),
  maxLength: 80,
});
const anyName = anyText
  .map(parseName)
  .filter((parsed) => 'name' in parsed)
  .map(({ name }) => name);

test('no name is any control, format, private or unassigned character of all of Unicode', () => {
  const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

  expect(ALLOWED.filter((character) => unseen.test(character))).toEqual([]);
  expect(ALLOWED.length).toBeGreaterThan(100_000);
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

  test('the key of a name without unseen signs is what it always was', () => {
    const once = (text: string) => text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
    fc.assert(
      fc.property(anyName, (name) => {
        fc.pre(!/[\p{Default_Ignorable_Code_Point}]/u.test(name));

        expect(nameKeyOf(name)).toBe(once(once(name)).replace(/\s+/g, ' ').trim());
      }),
      { numRuns: 5000 },
    );
  });

  test('no two names of different keys look alike but for what nobody sees', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const seen = name.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');

        expect(nameKeyOf(seen as TokenName)).toBe(nameKeyOf(name));
        expect(nameKeyOf(name)).not.toMatch(/\p{Default_Ignorable_Code_Point}/u);
      }),
      { numRuns: 5000 },
    );
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
