import names from './character-names.json' with { type: 'json' };

const VARIATION_SELECTORS = 0xfe00;

const MORE_VARIATION_SELECTORS = 0xe0100;

const TAGS = 0xe0000;

/**
 * The names of what a text from a person may not hold, from UnicodeData.txt and NameAliases.txt, which never change a name
 * (https://www.unicode.org/policies/stability_policy.html). A package with all names weighs megabytes.
 */
const NAMES: Readonly<Record<string, string>> = names;

/** `U+200B ZERO WIDTH SPACE`: the number and, of what cannot be seen, the name by which Unicode knows the sign. */
export function characterName(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const name = NAMES[number] ?? nameInSequence(code);
  if (name !== undefined) return `${number} ${name}`;
  if (/\p{Cc}/u.test(sign)) return `${number} (a control)`;
  if (/\p{Cs}/u.test(sign)) return `${number} (half of a character)`;
  if (/\p{Co}/u.test(sign)) return `${number} (a character for private use)`;
  if (/\p{Cn}/u.test(sign)) return `${number} (not a character)`;
  return number;
}

/** The name of one of the many that are numbered or lettered in a row. */
function nameInSequence(code: number): string | undefined {
  if (isWithin(code, VARIATION_SELECTORS, 16)) return `VARIATION SELECTOR-${code - VARIATION_SELECTORS + 1}`;
  if (isWithin(code, MORE_VARIATION_SELECTORS, 240)) {
    return `VARIATION SELECTOR-${code - MORE_VARIATION_SELECTORS + 17}`;
  }
  const tagged = String.fromCharCode(code - TAGS);
  if (isWithin(code, TAGS, 0x80) && /^[A-Za-z]$/.test(tagged)) {
    return `TAG LATIN ${/[A-Z]/.test(tagged) ? 'CAPITAL' : 'SMALL'} LETTER ${tagged.toUpperCase()}`;
  }
  return undefined;
}

function isWithin(code: number, first: number, count: number): boolean {
  return code >= first && code < first + count;
}

/**
 * The classes of characters that everybody shares who reads what people typed. Each expression here is linear: none has two
 * quantifiers that could share a text. https://www.unicode.org/reports/tr44/ tells what the properties mean.
 */

/** Whatever separates words or lines. JavaScript's `\s` lacks the next-line control and has the byte order mark, which draws nothing. */
const SPACE = String.raw`[[\s\x85]--\ufeff]`;

/** As wide as a letter, and empty: the Hangul fillers and the blank Braille cell. */
const BLANK = String.raw`[\u115f\u1160\u2800\u3164\uffa0]`;

/** Signs of format that are drawn around or above the digits behind them (Prepended_Concatenation_Mark). */
const DRAWN_FORMAT = String.raw`[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]`;

/**
 * Draws nothing, or what nobody can foresee: controls, signs of format, what Unicode lets a font ignore (soft hyphen, joiners,
 * variation selectors, tags, …), blanks, an empty note head, halves of characters, private and unassigned ones.
 */
const UNSEEN = String.raw`[[\p{C}\p{Default_Ignorable_Code_Point}${BLANK}\u{1d159}]--[${SPACE}${DRAWN_FORMAT}]]`;

const EVERY_SPACE = new RegExp(`${SPACE}+`, 'gv');

const EVERY_BLANK = new RegExp(BLANK, 'gv');

const EVERY_UNSEEN = new RegExp(UNSEEN, 'gv');

const EVERY_MARK = /\p{M}+/gu;

const CONTROL = new RegExp(String.raw`[\p{Cc}\p{Zl}\p{Zp}${DRAWN_FORMAT}]`, 'v');

const ONE_UNSEEN = new RegExp(`^${UNSEEN}$`, 'v');

const AT_AN_END = new RegExp(`^[${SPACE}\\p{Bidi_Control}]$`, 'v');

const DRAWN = new RegExp(`[^${UNSEEN}${SPACE}\\p{M}]`, 'v');

/** What a picture may be made of: one with a colour of skin, or with the sign that wants it drawn as an emoji or as text. */
const PICTURE = String.raw`[\p{Extended_Pictographic}--\p{Cn}](?:\p{Emoji_Modifier}|[\ufe0e\ufe0f])?`;

/** The flag of a part of a country: its code in tag letters, and the tag that ends it. */
const TAGGED_FLAG = String.raw`\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}`;

/** Where emoji need what is unseen otherwise: https://www.unicode.org/reports/tr51/#Emoji_Sequences */
const EMOJI = String.raw`[0-9#*]\ufe0f\u20e3|(?:${TAGGED_FLAG}|${PICTURE})(?:\u200d${PICTURE}){0,9}`;

const EVERY_PIECE = new RegExp(`${EMOJI}|${UNSEEN}`, 'gv');

const NON_JOINER = '\u200c';

const JOINER = '\u200d';

/** Letters of the scripts that join as handwriting does. There Persian and others part letters with a non-joiner. */
const JOINING = String.raw`[[\p{sc=Arab}\p{sc=Syrc}\p{sc=Nkoo}\p{sc=Mong}\p{sc=Mand}\p{sc=Mani}\p{sc=Phlp}\p{sc=Rohg}\p{sc=Sogd}\p{sc=Chrs}\p{sc=Adlm}\p{sc=Phag}\p{sc=Ougr}\u0640]&&\p{L}]`;

const BEHIND_JOINING = new RegExp(String.raw`${JOINING}\p{M}*$`, 'v');

const BEFORE_JOINING = new RegExp(String.raw`^\p{M}*${JOINING}`, 'v');

const BEHIND_LETTER = /\p{L}\p{M}*$/u;

/** A letter never has more marks than this in a language that needs joiners. */
const CONTEXT_LENGTH_MAX = 8;

/** `text` with one space for every run of whitespace, line ends included, and none at its ends. */
export function oneLine(text: string): string {
  return text.replace(EVERY_SPACE, ' ').trim();
}

/** `text` without its combining marks. */
export function withoutMarks(text: string): string {
  return text.replace(EVERY_MARK, '');
}

/** `text` without whatever draws nothing, joiners within words and emoji included: for comparing, not for keeping. */
export function withoutUnseen(text: string): string {
  return text.replace(EVERY_BLANK, ' ').replace(EVERY_UNSEEN, '');
}

/** `text` as it is seen: without what draws nothing, but for what emoji and the writing of some languages need. */
export function withoutStrays(text: string): string {
  return text
    .replace(EVERY_BLANK, ' ')
    .replace(EVERY_PIECE, (piece, index: number) => (isStray(piece, index, text) ? '' : piece));
}

/**
 * Every sign in `text` that draws nothing where it stands, in their order. An emoji may hold joiners, variation selectors and
 * tags, and a joiner may stand where RFC 5892 (appendix A) lets it: behind a virama, or between letters that join.
 */
export function straysIn(text: string): string[] {
  return [...text.matchAll(EVERY_PIECE)]
    .filter(({ 0: piece, index }) => isStray(piece, index, text))
    .map(([piece]) => piece);
}

/** `text` as a reader sees it, on one line: what was stored before it was refused turns no line around and hides nothing. */
export function asSeen(text: string): string {
  return oneLine(withoutStrays(text));
}

/** The first control, line end or sign of format in `text` that is not unseen, but has no place in a name either. */
export function controlIn(text: string): string | undefined {
  return CONTROL.exec(text)?.[0];
}

/** Whether anything in `text` can be seen: a mark alone cannot, it only changes the letter before it. */
export function drawsSomething(text: string): boolean {
  return DRAWN.test(text);
}

/** `text` without whitespace and marks of direction at its ends, which come along when text is pasted. */
export function trimmed(text: string): string {
  const signs = [...text];
  const isKept = (sign: string) => !AT_AN_END.test(sign);
  const first = signs.findIndex(isKept);
  return first === -1 ? '' : signs.slice(first, signs.findLastIndex(isKept) + 1).join('');
}

/** Whether the sign turns the direction of the writing around it, or is a control. */
export function turnsOrControls(sign: string): boolean {
  return /^[\p{Bidi_Control}\p{Cc}]$/u.test(sign);
}

function isStray(piece: string, index: number, text: string): boolean {
  if (!ONE_UNSEEN.test(piece)) return false;
  if (piece !== JOINER && piece !== NON_JOINER) return true;
  const before = text.slice(Math.max(0, index - CONTEXT_LENGTH_MAX), index);
  const after = text.slice(index + 1, index + 1 + CONTEXT_LENGTH_MAX);
  if (!BEHIND_LETTER.test(before)) return true;
  if (isVirama([...before].at(-1) ?? '')) return false;
  return piece === JOINER
    ? // Bengali and Sinhala write it before the virama too, to choose another form of the letter.
      !isVirama([...after][0] ?? '')
    : !BEHIND_JOINING.test(before) || !BEFORE_JOINING.test(after);
}

/**
 * Whether the sign is a virama: a mark of combining class 9. JavaScript does not tell a mark's class, but sorts marks by it:
 * the Hebrew point sheva is of class 10, the voicing mark of kana of class 8, and nothing else is between them.
 */
function isVirama(sign: string): boolean {
  const [above, below] = ['\u05b0', '\u3099'];
  return (
    sign !== above &&
    sign !== below &&
    /^\p{M}$/u.test(sign) &&
    `${above}${sign}`.normalize('NFD') === `${sign}${above}` &&
    `${sign}${below}`.normalize('NFD') === `${below}${sign}`
  );
}
