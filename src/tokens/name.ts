import { characterName, controlIn, drawsSomething, straysIn, withoutUnseen } from './characters.ts';
import { holdsSecret } from './finder.ts';

export const NAME_LENGTH_MAX = 64;

/** In UTF-16 units: composing makes one code point of four at most, each of two units. Nothing longer is even looked at. */
export const TYPED_LENGTH_MAX = NAME_LENGTH_MAX * 8;

/** A name as its owner typed it, after NFC and trimming. */
export type TokenName = string & { readonly brand: 'TokenName' };

/** The folded form of a name, unique in a workspace: names that look alike in case, width or spacing share it. */
export type NameKey = string & { readonly brand: 'NameKey' };

/** Why a text is no name. */
export type NameFlaw = 'empty' | 'too_long' | 'unseen_characters' | 'like_a_value' | 'like_first_characters';

/** The same with what the person must know: `sign` is the first one that is not allowed, by its number and name. */
export type FlawedName =
  | { readonly flaw: Exclude<NameFlaw, 'unseen_characters'> }
  | { readonly flaw: 'unseen_characters'; readonly sign: string };

const LIKE_AN_ID = /(^|[^0-9A-Za-z])tok_[0-9A-Za-z]/i;

/** As `parseFirstCharacters` reads them, in whatever case, with whatever is taken off before somebody looks it up. */
const LIKE_FIRST_CHARACTERS =
  /^["'`<>‘’‚‛“”„‟‹›«»\s]*([a-z][a-z0-9]{1,9})_([0-9a-z]{6,12}|[0-9a-z]{12}_[0-9a-z]{0,38})(\.*)["'`<>‘’‚‛“”„‟‹›«»\s]*$/i;

/** `github_actions`, `ci_Runner2`: a name of two words, which a random lookup id is not. */
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)[0-9]{0,4}$/;

/** Then there is nothing to be folded but the case, which takes a tenth of the time. */
const IS_ASCII = /^[\0-\x7f]*$/;

/** What a name may hold within emoji and words, and what its reader does not see. */
const UNSEEN_IN_PLACE = /\u200c|\u200d|[\ufe0e\ufe0f\u{e0020}-\u{e007f}]/gu;

/**
 * The name that `text` is, or why it is none. Lengths count code points, 1 to 64. Nothing that begins like a value of `prefix`
 * is one: whoever ends a leaked value by its first characters would end that token instead.
 */
export function parseName(text: string, prefix?: string): { name: TokenName } | FlawedName {
  const typed = text.trim();
  if (typed.length > TYPED_LENGTH_MAX) return { flaw: 'too_long' };
  const name = typed.normalize('NFC');
  if (name === '') return { flaw: 'empty' };
  const sign = straysIn(name)[0] ?? controlIn(name);
  if (sign !== undefined) return { flaw: 'unseen_characters', sign: characterName(sign) };
  if ([...name].length > NAME_LENGTH_MAX) return { flaw: 'too_long' };
  const folded = name.normalize('NFKC');
  if (!drawsSomething(folded)) return { flaw: 'empty' };
  if (holdsSecret(folded) || LIKE_AN_ID.test(folded)) return { flaw: 'like_a_value' };
  if (looksLikeFirstCharacters(folded, prefix)) return { flaw: 'like_first_characters' };
  return { name: name as TokenName };
}

/**
 * The form in which names are compared. Folding once is not stable over all of Unicode, folding twice is. What a name may hold
 * unseen is not part of it, so that no two names differ by something that nobody sees.
 */
export function nameKeyOf(name: TokenName): NameKey {
  return foldedOf(name) as NameKey;
}

/** Any text in the form in which names are compared. */
export function foldedOf(text: string): string {
  const folded = IS_ASCII.test(text) ? text.toLowerCase() : fold(fold(text.replace(UNSEEN_IN_PLACE, '')));
  return folded.replace(/\s+/g, ' ').trim();
}

/** `NAME-2`, `NAME-3`, …: a valid name again, the base cut where 64 code points would not hold it. */
export function numberedName(name: TokenName, number: number): TokenName {
  const ending = `-${number}`;
  const base = [...name].slice(0, NAME_LENGTH_MAX - ending.length);
  // An emoji or a word that was cut within may end in a sign that has no place there any more.
  while (base.length > 0 && straysIn(base.join('')).length > 0) base.pop();
  return `${base.join('').trimEnd()}${ending}`.normalize('NFC') as TokenName;
}

function looksLikeFirstCharacters(folded: string, ownPrefix: string | undefined): boolean {
  const [, prefix, part = '', dots] = LIKE_FIRST_CHARACTERS.exec(folded) ?? [];
  if (prefix === undefined) return false;
  return prefix.toLowerCase() === ownPrefix || dots !== '' || !WORD.test(part);
}

function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

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
