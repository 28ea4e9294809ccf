import { holdsSecret } from './finder.ts';

export const NAME_LENGTH_MAX = 64;
/** In UTF-16 units: composing makes one code point of four at most, each of two units. Nothing longer is even looked at. */
export const TYPED_LENGTH_MAX = NAME_LENGTH_MAX * 8;

/** A name as its owner typed it, after NFC and trimming. */
export type TokenName = string & { readonly brand: 'TokenName' };
/** The folded form of a name, unique in a workspace: names that look alike in case, width or spacing share it. */
export type NameKey = string & { readonly brand: 'NameKey' };
/** Why a text is no name. */
export type NameFlaw = 'empty' | 'too_long' | 'unseen_characters' | 'like_a_value';

/**
 * Control, format, surrogate, private and unassigned characters, line separators, and all that draws nothing: two names
 * must not differ by something that nobody sees. Unassigned ones might fold differently in a later Unicode.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const LIKE_AN_ID = /(^|[^0-9A-Za-z])tok_[0-9A-Za-z]/i;

/** The name that `text` is, or why it is none. Lengths count code points, 1 to 64. */
export function parseName(text: string): { name: TokenName } | { flaw: NameFlaw } {
  const typed = text.trim();
  if (typed.length > TYPED_LENGTH_MAX) return { flaw: 'too_long' };
  const name = typed.normalize('NFC').trim();
  if (name === '') return { flaw: 'empty' };
  if (UNSEEN.test(name)) return { flaw: 'unseen_characters' };
  if ([...name].length > NAME_LENGTH_MAX) return { flaw: 'too_long' };
  const folded = name.normalize('NFKC');
  if (folded.trim() === '') return { flaw: 'empty' };
  if (holdsSecret(folded) || LIKE_AN_ID.test(folded)) return { flaw: 'like_a_value' };
  return { name: name as TokenName };
}

/** The form in which names are compared. Folding once is not stable over all of Unicode, folding twice is. */
export function nameKeyOf(name: TokenName): NameKey {
  return fold(fold(name)).replace(/\s+/g, ' ').trim() as NameKey;
}

/** `NAME-2`, `NAME-3`, …: a valid name again, the base cut where 64 code points would not hold it. */
export function numberedName(name: TokenName, number: number): TokenName {
  const ending = `-${number}`;
  const base = [...name].slice(0, NAME_LENGTH_MAX - ending.length).join('');
  return `${base.trimEnd()}${ending}`.normalize('NFC') as TokenName;
}

function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
