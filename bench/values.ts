import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { pepperFrom } from '../src/tokens/pepper.ts';
import { toBase62 } from '../src/tokens/token-value.ts';

export const PEPPER_TEXT = 'a pepper for measuring, which nobody uses elsewhere';
export const PEPPER = pepperFrom(PEPPER_TEXT);

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LOOKUP_LENGTH = 12;
const SECRET_LENGTH = 32;
const CHECK_LENGTH = 6;
/** Of ten tokens the last is revoked. */
const REVOKED_EVERY = 10;

/** The kinds of junk that a stranger may send, and what they try. */
export const JUNK_KINDS = ['bad shape', 'bad check digits', 'unknown lookup', 'wrong secret'] as const;
export type JunkKind = (typeof JUNK_KINDS)[number];

/** The value of the `index`th token: always the same one, so that no list of them is kept. */
export function valueAt(index: number): string {
  const digits = digitsOf(`value ${index}`);
  return wholeOf(digits.slice(0, LOOKUP_LENGTH), digits.slice(LOOKUP_LENGTH));
}

/** Whether the `index`th token is a revoked one: every tenth is. */
export function isRevokedAt(index: number): boolean {
  return index % REVOKED_EVERY === REVOKED_EVERY - 1;
}

/** Values of `wanted` live tokens of `count`, spread over all of them; fewer where there are not so many. */
export function liveValues(count: number, wanted: number): string[] {
  const step = Math.max(1, Math.floor(count / wanted));
  const values: string[] = [];
  for (let index = 0; index < count && values.length < wanted; index += step) {
    values.push(valueAt(isRevokedAt(index) ? index - 1 : index));
  }
  return [...new Set(values)];
}

/** Values of `wanted` revoked tokens of `count`. */
export function revokedValues(count: number, wanted: number): string[] {
  const length = Math.min(wanted, Math.floor(count / REVOKED_EVERY));
  return Array.from({ length }, (_, index) => valueAt((index + 1) * REVOKED_EVERY - 1));
}

/** `value` with another last check digit. */
export function withWrongCheck(value: string): string {
  return value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');
}

/** The `index`th junk of a kind, for a database of `count` tokens. */
export function junkAt(kind: JunkKind, index: number, count: number): string {
  switch (kind) {
    case 'bad shape':
      return digitsOf(`shape ${index}`).slice(0, 1 + (index % SECRET_LENGTH));
    case 'bad check digits':
      return withWrongCheck(valueAt(index % count));
    case 'unknown lookup':
      return valueAt(count + index);
    case 'wrong secret':
      return wholeOf(
        digitsOf(`value ${index % count}`).slice(0, LOOKUP_LENGTH),
        digitsOf(`wrong ${index}`).slice(LOOKUP_LENGTH),
      );
  }
}

function wholeOf(lookupId: string, secret: string): string {
  const body = `apit_${lookupId}_${secret}`;
  return body + toBase62(crc32(body), CHECK_LENGTH);
}

/** 44 digits. That some come a little more often than others is no matter here. */
function digitsOf(label: string): string {
  const bytes = createHmac('sha512', PEPPER.key).update(label).digest();
  return Array.from(bytes.subarray(0, LOOKUP_LENGTH + SECRET_LENGTH), (byte) =>
    DIGITS.charAt(byte % DIGITS.length),
  ).join('');
}
