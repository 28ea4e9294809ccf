import { withoutUnseen } from './characters.ts';
import { type NameKey, nameKeyOf, type TokenName, TYPED_LENGTH_MAX } from './name.ts';

/** Shorter names have too much in common with each other. */
const ALIKE_LENGTH_MIN = 3;

/** Clients turn straight quotes into curly ones, two hyphens into a dash, and three dots into one sign. */
const QUOTES = /["'`‘’‚‛“”„‟‹›«»′]+/g;
const DASHES = /[\p{Pd}\u2212\u2043]+/gu;

/**
 * The form in which a typed text is compared with names when none is exactly that: without whatever draws nothing, all quotes
 * and all dashes alike, none around it. Empty for what is too long for a name.
 */
export function formOf(text: string): string {
  return text.length > TYPED_LENGTH_MAX ? '' : formOfKey(nameKeyOf(withoutUnseen(text) as TokenName));
}

/** The same of a name that is known by its key. */
export function formOfKey(key: NameKey): string {
  return key
    .replace(QUOTES, "'")
    .replace(DASHES, '-')
    .replace(/^ ?'|' ?$/g, '')
    .trim();
}

/** Whether one character put in, taken out or changed, or two that changed places, makes one form of the other. */
export function isWithinOneEdit(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 2) return false;
  const [short = [], long = []] = [[...one], [...other]].sort((a, b) => a.length - b.length);
  if (long.length < ALIKE_LENGTH_MIN) return false;
  const start = long.findIndex((sign, index) => sign !== short[index]);
  if (start === -1) return true;
  const room = short.length - start;
  const end = [...long].reverse().findIndex((sign, index) => index >= room || sign !== short.at(-1 - index));
  const [left, right] = [short.slice(start, short.length - end), long.slice(start, long.length - end)];
  if (right.length <= 1) return true;
  return right.length === 2 && left.length === 2 && left[0] === right[1] && left[1] === right[0];
}
