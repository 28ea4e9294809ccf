import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';

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
