import { createSecretKey } from 'node:crypto';
import { format, inspect } from 'node:util';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenValue, toBase62 } from '../../src/tokens/token-value.ts';
import { PEPPER } from './a-token.ts';

/** Made with Python's zlib.crc32 and a base 62 of its own. */
const VECTORS = [
  'apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh3NYD02',
  'zz_000000000000_000000000000000000000000000000004LZrMA',
  'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rR',
];
const VALUE = TokenValue.generate('apit');
const TEXT = VALUE.reveal();
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('crc32 is CRC-32/ISO-HDLC: its check value is cbf43926', () => {
  expect(crc32('123456789')).toBe(0xcbf43926);
});

describe('a generated value', () => {
  test.for(['ab', 'apit', 'a123456789'])(
    'of the prefix %s has three parts and six check digits',
    (prefix) => {
      const value = TokenValue.generate(prefix);

      expect(value.reveal()).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$`));
      expect(value.reveal()).toContain(`_${value.lookupId}_${value.secretForHash()}`);
      expect(value.lookupId).toHaveLength(12);
      expect(value.secretForHash()).toHaveLength(32);
    },
  );

  test('is parsed as itself', () => {
    for (let i = 0; i < 1000; i++) {
      const value = TokenValue.generate('apit');
      const parsed = TokenValue.parse(value.reveal());

      expect(parsed?.reveal()).toBe(value.reveal());
      expect(parsed?.lookupId).toBe(value.lookupId);
      expect(parsed?.digest(PEPPER.key)).toEqual(value.digest(PEPPER.key));
    }
  });

  test('is never the same', () => {
    const values = Array.from({ length: 1000 }, () => TokenValue.generate('apit'));

    expect(new Set(values.map((value) => value.lookupId)).size).toBe(1000);
    expect(new Set(values.map((value) => value.secretForHash())).size).toBe(1000);
  });

  test.for(['', 'a', 'a1234567890', 'Apit', '1api', 'a_b', 'a-b', 'é1', 'ab\n'])(
    'has no prefix %j',
    (prefix) => {
      expect(() => TokenValue.generate(prefix)).toThrow('prefix');
    },
  );
});

describe('parsing', () => {
  test.for(VECTORS)('knows %s', (text) => {
    expect(TokenValue.parse(text)?.reveal()).toBe(text);
  });

  test('refuses a value with any one character changed to any other', () => {
    const changed = Array.from(TEXT, (kept, position) =>
      Array.from(`${BASE62}_-. é\n\0`)
        .filter((character) => character !== kept)
        .map((character) => TEXT.slice(0, position) + character + TEXT.slice(position + 1)),
    ).flat();

    expect(changed.length).toBeGreaterThan(TEXT.length * 60);
    expect(changed.filter((text) => TokenValue.parse(text) !== undefined)).toEqual([]);
  });

  test('refuses a value with two neighbours swapped', () => {
    const swapped = Array.from({ length: TEXT.length - 1 }, (_, at) => {
      return TEXT.slice(0, at) + TEXT.charAt(at + 1) + TEXT.charAt(at) + TEXT.slice(at + 2);
    }).filter((text) => text !== TEXT);

    expect(swapped.filter((text) => TokenValue.parse(text) !== undefined)).toEqual([]);
  });

  test.for([
    ['nothing', ''],
    ['a value with a space before it', ` ${TEXT}`],
    ['a value with a line end behind it', `${TEXT}\n`],
    ['a value with a zero-width space in it', `${TEXT.slice(0, 9)}\u200b${TEXT.slice(9)}`],
    ['a value cut by one', TEXT.slice(0, -1)],
    ['a value without its prefix', TEXT.slice(TEXT.indexOf('_'))],
    ['a value in capitals', TEXT.toUpperCase()],
    ['a value in wide letters', TEXT.replaceAll('a', 'ａ')],
    ['two values', TEXT + TEXT],
    ['a value in quotes', `"${TEXT}"`],
    ['a million characters', 'a'.repeat(1_000_000)],
  ] as const)('refuses %s', ([, text]) => {
    expect(TokenValue.parse(text)).toBeUndefined();
  });

  test.for([
    ['a prefix of one letter', 'a_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a prefix of eleven letters', 'abcdefghijk_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a prefix that begins with a digit', '1pit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a prefix in capitals', 'APIT_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['no prefix', '_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a lookup id cut by one', 'apit_0123456789A_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a secret cut by one', 'apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefg'],
    ['a secret with one more', 'apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefghi'],
    ['another sign in its secret', 'apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZ-bcdefgh'],
    ['a space before it', ' apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['other letters before it', 'X-apit_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'],
    ['a value before it', `${VECTORS[0]}_`],
  ] as const)('refuses what has right check digits, and %s', ([, body]) => {
    expect(TokenValue.parse(body + toBase62(crc32(body), 6))).toBeUndefined();
  });

  test('tells prefix, lookup id and secret of a value apart, however long its prefix is', () => {
    for (const prefix of ['ab', 'apit', 'a123456789']) {
      const body = `${prefix}_0123456789AB_CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh`;
      const value = TokenValue.parse(body + toBase62(crc32(body), 6));

      expect(value?.prefix).toBe(prefix);
      expect(value?.lookupId).toBe('0123456789AB');
      expect(value?.secretForHash()).toBe('CDEFGHIJKLMNOPQRSTUVWXYZabcdefgh');
    }
  });

  test('refuses any text that is none (fast-check prints the seed)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        expect(TokenValue.parse(text)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a digest', () => {
  test('is HMAC-SHA256 of the whole value', () => {
    // Made with Python's hmac, the pepper being "0123456789abcdef" twice.
    const pepper = Buffer.from('0123456789abcdef0123456789abcdef');

    expect(
      TokenValue.parse(VECTORS[0] ?? '')
        ?.digest(createSecretKey(pepper))
        .toString('hex'),
    ).toBe('ea42013485d5f1bbc539621f07c0b40c9c1e0d3501d882565ca7148035ca90c0');
  });

  test('differs by value and by pepper', () => {
    const [one, other] = [TokenValue.generate('apit'), TokenValue.generate('apit')];

    expect(one.digest(PEPPER.key)).not.toEqual(other.digest(PEPPER.key));
    expect(one.digest(PEPPER.key)).not.toEqual(one.digest(PEPPER.auditKey));
  });
});

describe('a value shows only its first characters', () => {
  const masked = `${TEXT.slice(0, 9)}…`;

  test.for([
    ['as a string', () => String(VALUE)],
    ['in a template', () => `${VALUE}`],
    ['joined', () => [VALUE].join()],
    ['added to a text', () => ''.concat(VALUE as unknown as string)],
    ['inspected', () => inspect(VALUE)],
    [
      'inspected with all that is hidden',
      () => inspect(VALUE, { showHidden: true, getters: true, depth: null }),
    ],
    ['formatted by %s', () => format('%s', VALUE)],
    ['formatted by %o', () => format('%o', VALUE)],
    ['formatted by %O', () => format('%O', VALUE)],
    ['logged as an argument', () => format('a', VALUE)],
  ] as const)('%s', ([, show]) => {
    expect(show().replace(/^a /, '')).toBe(masked);
  });

  test.for([
    [
      'in JSON',
      () => JSON.stringify({ value: VALUE, list: [VALUE] }),
      `{"value":"${masked}","list":["${masked}"]}`,
    ],
    ['formatted by %j', () => format('%j', [VALUE]), `["${masked}"]`],
    ['inspected within something', () => inspect({ value: VALUE }), `{ value: ${masked} }`],
    [
      'inspected within something deep',
      () => inspect({ a: { b: { c: VALUE } } }, { depth: null }).replace(/\s+/g, ' '),
      `{ a: { b: { c: ${masked} } } }`,
    ],
    ['in an error', () => new Error(`bad ${VALUE}`).message, `bad ${masked}`],
    ['formatted by %d', () => format('%d', VALUE), 'NaN'],
    ['spread', () => JSON.stringify({ ...VALUE }), '{}'],
    ['cloned', () => JSON.stringify(structuredClone(VALUE)), '{}'],
    ['by its entries', () => JSON.stringify(Object.entries(VALUE)), '[]'],
    ['by its own keys', () => JSON.stringify(Reflect.ownKeys(VALUE)), '[]'],
    [
      'inspected without its own way',
      () => inspect(VALUE, { customInspect: false, showHidden: true }),
      'TokenValue { [lookupId]: [Getter], [prefix]: [Getter] }',
    ],
  ] as const)('%s', ([, show, expected]) => {
    expect(show()).toBe(expected);
  });
});
