import { randomInt } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` random digits 0-9A-Za-z from the system's generator, each equally likely (`randomInt` has no modulo bias). */
export function randomBase62(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += DIGITS.charAt(randomInt(DIGITS.length));
  return text;
}

/** `number` (an integer ≥ 0) in base 62, most significant digit first, zero-padded to `length`. */
export function toBase62(number: number, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest = Math.floor(rest / DIGITS.length)) {
    text = DIGITS.charAt(rest % DIGITS.length) + text;
  }
  return text;
}
