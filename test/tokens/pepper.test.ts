import { createHmac, createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hmac, pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';

const TEXT = '0123456789abcdef0123456789abcdef';

test('the id of a pepper is the start of an HMAC under it', () => {
  // Made with Python's hmac.
  expect(pepperFrom(TEXT).id).toBe('480a8205');
});

test('a pepper is the same each time it is read, and another one is another', () => {
  const [one, again, other] = [pepperFrom(TEXT), pepperFrom(TEXT), pepperFrom(`${TEXT}x`)];

  expect(again.id).toBe(one.id);
  expect(again.key.equals(one.key)).toBe(true);
  expect(again.auditKey.equals(one.auditKey)).toBe(true);
  expect(other.id).not.toBe(one.id);
  expect(other.key.equals(one.key)).toBe(false);
  expect(other.auditKey.equals(one.auditKey)).toBe(false);
});

test('the key of the audit chain is not the key of the digests', () => {
  const pepper = pepperFrom(TEXT);

  expect(pepper.auditKey.equals(pepper.key)).toBe(false);
});

test('the key of the audit chain stays what it was when the first chain was written', () => {
  // Made with Python's hmac, too.
  expect(pepperFrom(TEXT).auditKey.export().toString('hex')).toBe(
    '6c4e1e3996a278ef59c03f783b331fb0b6ddae407bdb12074e4e1690525ef301',
  );
});

test('the key of the seals is a third one, and stays what it was when the first value was sealed', () => {
  const { key, auditKey, sealKey } = pepperFrom(TEXT);

  expect([sealKey.equals(key), sealKey.equals(auditKey)]).toEqual([false, false]);
  // Made with Python's hmac, too.
  expect(sealKey.export().toString('hex')).toBe(
    '9d23795a273cd31e3ac5fb647298b9bbe9aab5395a1c4cff4869d8bd4e3fbe3b',
  );
});

test('the key of the dialogs is a fourth one, and stays what it was, so that open ones outlive a new version', () => {
  const { key, auditKey, sealKey, dialogKey } = pepperFrom(TEXT);

  expect([key, auditKey, sealKey].map((other) => dialogKey.equals(other))).toEqual([false, false, false]);
  // Made with Python's hmac, too.
  expect(dialogKey.export().toString('hex')).toBe(
    '66f4a6d7616eb371802ad37852bc8d922b39e3eeec94818721a8cac0305ae625',
  );
});

test('two peppers of the same id are not taken for two', () => {
  const [current, old] = [pepperFrom(TEXT), pepperFrom(`${TEXT}x`)];

  expect(() => peppersFrom(current, [old, current])).toThrow('two peppers have the same id');
  expect(() => peppersFrom(current, [old, old])).toThrow('two peppers have the same id');
  expect(peppersFrom(current, [old]).find(old.id)).toBe(old);
  expect(peppersFrom(current).all).toEqual([current]);
});

test('31 characters are no pepper, and the error does not repeat them', () => {
  const short = TEXT.slice(0, 31);

  expect(() => pepperFrom(short)).toThrow('at least 32 characters');
  expect(() => pepperFrom(short)).not.toThrow(short);
});

test('a pepper shows nothing of its text', () => {
  const pepper = pepperFrom(TEXT);

  for (const shown of [inspect(pepper, { showHidden: true, getters: true }), JSON.stringify(pepper)]) {
    expect(shown).not.toContain(TEXT);
    expect(shown).not.toContain(Buffer.from(TEXT).toString('hex'));
    expect(shown).not.toContain(Buffer.from(TEXT).toString('base64'));
  }
});

test.for<readonly [string, string, string]>([
  ['a short one', 'Jefe', 'what do ya want for nothing?'],
  ['one of a block', 'k'.repeat(64), 'what do ya want for nothing?'],
  ['one longer than a block', 'k'.repeat(65), 'what do ya want for nothing?'],
  ['one longer than two', 'k'.repeat(131), ''],
])('an HMAC is that of RFC 2104, with whatever key: %s', ([, text, message]) => {
  const key = createSecretKey(Buffer.from(text));

  expect(hmac(key, message)).toEqual(createHmac('sha256', key).update(message).digest());
});

test('an HMAC is that of RFC 4231 §4.3', () => {
  expect(hmac(createSecretKey(Buffer.from('Jefe')), 'what do ya want for nothing?').toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test.for([0, 1, 55, 56, 64, 682, 683, 2048, 2049, 70_000])(
  'an HMAC of %i characters is right, in letters of one byte or three, alone or after other bytes',
  (length) => {
    const { key, auditKey } = pepperFrom(TEXT);
    for (const letter of ['a', '€', '\ud83d']) {
      const text = letter.repeat(length);
      for (const before of [undefined, Buffer.alloc(0), Buffer.alloc(32, 7), Buffer.alloc(3000, 7)]) {
        for (const each of [key, auditKey, key]) {
          const expected = createHmac('sha256', each)
            .update(before ?? '')
            .update(text)
            .digest();
          expect(hmac(each, text, before)).toEqual(expected);
        }
      }
    }
  },
);

test('an HMAC is right of whatever came before it (fast-check prints the seed)', () => {
  const { key } = pepperFrom(TEXT);
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.uint8Array({ maxLength: 64 }),
      (text, bytes) => {
        const before = Buffer.from(bytes);
        expect(hmac(key, text, before)).toEqual(
          createHmac('sha256', key).update(before).update(text).digest(),
        );
      },
    ),
  );
});
