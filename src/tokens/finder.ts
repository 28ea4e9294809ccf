import { withoutMarks, withoutUnseen } from './characters.ts';
import { TokenValue } from './token-value.ts';

/**
 * Most of one text that is searched: what Slack lets anybody write at once, 40,000 characters
 * (https://docs.slack.dev/reference/methods/chat.postMessage, `msg_too_long`), rounded up.
 */
export const SEARCHED_LENGTH_MAX = 64 * 1024;

/**
 * What a value ends in: 32 bits in six digits of base 62 begin with a 4 at most. The prefix is searched backwards from here, so
 * that a long text costs linear time.
 */
const TAIL = /_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}[0-4][0-9A-Za-z]{5}/g;

const PREFIX_LENGTH_MAX = 10;

/**
 * A lookup id by itself and 24 or more of the 32 secret characters: what is missing then can be computed (check digits) or
 * found by asking `/verify` (62 tries a character); beyond eight characters nobody asks that often.
 */
const MOST_OF_A_VALUE = /(?<![0-9A-Za-z])[0-9A-Za-z]{12}_[0-9A-Za-z]{24}/;

/** A lookup id and a whole secret, which other words may run into: prose that lost its spaces looks like this, too. */
const RUN_TOGETHER = /_(?<=[0-9A-Za-z]{12}_)[0-9A-Za-z]{32}/g;

/**
 * A lookup id and a whole secret with other signs than one underscore between: a value that somebody wrote with hyphens is no
 * name, either. Not those of base64, in which such a place comes by chance.
 */
const OTHERWISE_PARTED = /(?<![0-9A-Za-z+/])([0-9A-Za-z]{12})[^0-9A-Za-z+/\x7f]{1,3}([0-9A-Za-z]{32})/g;

const LOOKUP_LENGTH = 12;

const SECRET_LENGTH = 32;

/** Shorter texts hold nothing of this, whatever they are written in. */
const SHORTEST = 20;

/** Base64 codes three bytes by four characters: a text that was cut anywhere is read from each of them on. */
const BASE64_STARTS = [0, 1, 2, 3];

/** Most of a value, two digits a byte. */
const HEX_RUN = /[0-9A-Fa-f]{74,}/g;

/**
 * Percent-encoding, character references and the escapes of JSON and JavaScript, also where what begins them was itself
 * encoded, any number of times (`%255F`, `&amp;#95;`).
 */
const ESCAPE =
  /%(?:25)*([0-9a-f]{2})|&(?:amp;)*#x0{0,8}([0-9a-f]{1,6});?|&(?:amp;)*#0{0,8}([0-9]{1,7});?|&(?:amp;)*(?:lowbar|underbar)(;)|\\u\{0{0,8}([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})/gi;

const ESCAPE_BEGINS = /[%&\\]/;

/** A line end or tab in JSON, or a sign that needs no escape: in `C:\tok_…` the prefix begins. Such a text is read both ways. */
const ESCAPED_SPACE = /\\[nrt]/g;

/** What is left out of a text that is joined, and of one in base64. */
const BESIDE_JOINED = /[^0-9A-Za-z_\x7f]+/g;

const BESIDE_PACKED = /[^0-9A-Za-z_+/-]+/g;

/** Between texts that stand apart. It is no character, and no text keeps it. */
const APART = '\uffff';

/** The same once everything is ASCII. */
const APART_SIGN = 0x7f;

const QUOTES = '‘’‚‛“”„‟‹›«»';

/** What a character is to us: an ASCII code, or one of these, or (from `SEVERAL` on) several ASCII codes. */
const DROPPED = 0x02;

const SPACE = 0x20;

const SEVERAL = 0x80;

/** Ligatures are of three letters at most. */
const SIGNS_MAX = 3;

/** From here on nothing is drawn: tags, variation selectors, characters for private use. Below, to the table, all is Chinese. */
const LAST_PLANES = 0xe0000;

/** What each character is, of those that were looked up so far; 0 of the others. */
const signs = new Uint16Array(0x20000);

const severalSigns: Uint8Array[] = [];

/** One text as it is searched, in ASCII. */
type Reading = {
  /** Without quotes and backslashes: `\_` is an underscore. */
  readonly words: string;
  /** Letters, digits and underscores alone, as if there were neither spaces nor lines nor signs at their beginnings. */
  readonly joined: string;
  /** Whatever base64 and base64url are written in. */
  readonly packed: string;
};

/**
 * Every value with right check digits in `text`, of whatever prefix, in whatever form it stands: quoted, wrapped, indented,
 * escaped, in wide letters, in base64 or hex, with signs in it that nobody sees. Several texts are each searched by themselves.
 * Linear, and of each text the first 64 Ki characters.
 */
export function findValues(text: string | readonly string[]): TokenValue[] {
  const readings = readingsOf(text);
  const [first = '', ...others] = readings.map(({ joined }) => joined);
  const found = valuesIn(first);
  const seen = new Set(found.map(({ whole }) => whole));
  for (const one of [...others, ...readings.flatMap(decodedFrom)].flatMap(valuesIn)) {
    if (seen.has(one.whole)) continue;
    seen.add(one.whole);
    found.push(one);
  }
  return found.map(({ value }) => value);
}

/** A value and where it begins, in characters of two bytes from 0. */
export type Place = { readonly value: TokenValue; readonly at: number };

/**
 * What `findValues` finds in `text`, each as often as it stands there, with where it begins, in this order: of a value in base64 or
 * hex the first character that codes any of it. Some ten times the work: for texts that hold one.
 */
export function findPlaces(text: string): Place[] {
  const found = new Map<string, Place>();
  for (const reading of tracedReadingsOf(text)) {
    for (const { text, at } of [reading.joined, ...tracedDecodedFrom(reading)]) {
      for (const { whole, value, index } of valuesIn(text)) {
        const place = { value, at: at[index] ?? 0 };
        found.set(`${place.at} ${whole}`, place);
      }
    }
  }
  return [...found.values()].sort((one, other) => one.at - other.at);
}

/**
 * Whether a value can be had from `text`, in any form that `findValues` knows: because it stands there, or most of it, so that
 * the rest can be computed or tried. No such text is kept, repeated or sent on. Linear, and of the first 64 Ki characters.
 */
export function holdsSecret(text: string): boolean {
  if (text.length < SHORTEST) return false;
  return readingsOf(text).some(
    (reading) =>
      MOST_OF_A_VALUE.test(reading.words) ||
      isParted(reading.words) ||
      isSecretIn(reading.joined) ||
      decodedFrom(reading).some((decoded) => MOST_OF_A_VALUE.test(decoded) || isSecretIn(decoded)),
  );
}

/** `text` with the most of every value cut to its first characters, where it stands as it is. Linear. */
export function maskValues(text: string): string {
  return text.replace(/(?<=[0-9A-Za-z]{4})[0-9A-Za-z]{8}_[0-9A-Za-z]{24,38}/g, '…');
}

function readingsOf(text: string | readonly string[]): Reading[] {
  const texts = typeof text === 'string' ? [text] : text;
  const one = texts.map((each) => each.slice(0, SEARCHED_LENGTH_MAX).replaceAll(APART, '')).join(APART);
  if (!ESCAPE_BEGINS.test(one)) return [readingOf(one)];
  const plain = one.replace(ESCAPE, unescaped);
  const spaced = plain.replace(ESCAPED_SPACE, ' ');
  return (spaced === plain ? [plain] : [plain, spaced]).map(readingOf);
}

function unescaped(written: string, ...groups: readonly (string | undefined)[]): string {
  const [percent, hexReference, reference, named, braced, four, two] = groups;
  if (named !== undefined) return '_';
  const hex = percent ?? hexReference ?? braced ?? four ?? two;
  const code = hex === undefined ? Number(reference) : Number.parseInt(hex, 16);
  return code > 0 && code < 0x7f ? String.fromCharCode(code) : written;
}

function readingOf(text: string): Reading {
  const ascii = asciiOf(text);
  return {
    // Only what is to be kept is looked at so.
    get words() {
      return ascii.replace(/["'`<>\\]+/g, '');
    },
    joined: ascii.replace(BESIDE_JOINED, ''),
    packed: ascii.replace(BESIDE_PACKED, ''),
  };
}

/**
 * By a table and not by `normalize`, which sorts the marks on a letter and takes the square of their number for it. `at` is told
 * where in `text` each character of it stands.
 */
function asciiOf(text: string, at?: Uint32Array): string {
  return withBytes(text.length * SIGNS_MAX, (bytes) => {
    let end = 0;
    for (let from = 0; from < text.length; from++) {
      const code = text.codePointAt(from) ?? 0;
      const start = end;
      end = withSign(bytes, start, signOf(code));
      at?.fill(from, start, end);
      if (code > 0xffff) from += 1;
    }
    return end;
  });
}

/** Where `bytes` end with `sign` behind `end`. */
function withSign(bytes: Uint8Array, end: number, sign: number): number {
  if (sign === DROPPED) return end;
  if (sign < SEVERAL) {
    bytes[end] = sign;
    return end + 1;
  }
  const several = severalSigns[sign - SEVERAL] ?? new Uint8Array();
  bytes.set(several, end);
  return end + several.length;
}

/** Room for what is searched, and not new room for each text: the collector would come too late for a file of many. */
const room = Buffer.alloc(SEARCHED_LENGTH_MAX * SIGNS_MAX);

/** What `write` wrote, as a text of a character a byte. Nothing of it stays behind. */
function withBytes(length: number, write: (bytes: Buffer) => number): string {
  const bytes = length <= room.length ? room : Buffer.alloc(length);
  const end = write(bytes);
  const text = bytes.toString('latin1', 0, end);
  bytes.fill(0, 0, end);
  return text;
}

function signOf(code: number): number {
  if (code >= signs.length) return code < LAST_PLANES ? SPACE : DROPPED;
  signs[code] ||= newSignOf(code);
  return signs[code] ?? SPACE;
}

/** What NFKC makes of the one character, without its marks. */
function newSignOf(code: number): number {
  const character = String.fromCodePoint(code);
  if (character === APART) return APART_SIGN;
  const plain = withoutMarks(withoutUnseen(character).normalize('NFKD'));
  // Blanks are as wide as a letter, and spaces to others.
  const isUnseen = plain.trim() === '' && character.trim() !== '';
  if (isUnseen || QUOTES.includes(character)) return DROPPED;
  if (plain.length > SIGNS_MAX || !/^[\x21-\x7e]+$/.test(plain)) return SPACE;
  if (plain.length === 1) return plain.charCodeAt(0);
  severalSigns.push(Buffer.from(plain, 'latin1'));
  return SEVERAL + severalSigns.length - 1;
}

/** A text, and where in the one that it was made of each of its characters stands. */
type Traced = { readonly text: string; readonly at: Uint32Array };

/** As `readingsOf`, of one text. */
function tracedReadingsOf(text: string): Record<'joined' | 'packed', Traced>[] {
  const searched = text.slice(0, SEARCHED_LENGTH_MAX);
  const one = replaced({ text: searched, at: placesFrom(searched.length, (index) => index) }, /\uffff/g);
  const plain = replaced(one, ESCAPE, unescaped);
  const spaced = replaced(plain, ESCAPED_SPACE, () => ' ');
  return (spaced.text === plain.text ? [plain] : [plain, spaced]).map((each) => {
    const from = new Uint32Array(each.text.length * SIGNS_MAX);
    const text = asciiOf(each.text, from);
    const ascii = { text, at: placesFrom(text.length, (index) => each.at[from[index] ?? 0]) };
    return { joined: replaced(ascii, BESIDE_JOINED), packed: replaced(ascii, BESIDE_PACKED) };
  });
}

/** By a loop: `Uint32Array.from` takes three times as long. */
function placesFrom(length: number, placeOf: (index: number) => number | undefined): Uint32Array {
  const at = new Uint32Array(length);
  for (let index = 0; index < length; index++) at[index] = placeOf(index) ?? 0;
  return at;
}

/** `text` with what `by` makes of each match in its place, which stands where the match begins. */
function replaced(
  { text, at }: Traced,
  pattern: RegExp,
  by: (written: string, ...groups: string[]) => string = () => '',
): Traced {
  const to = new Uint32Array(text.length);
  let [end, last, out] = [0, 0, ''];
  const keep = (from: number, until: number) => {
    to.set(at.subarray(from, until), end);
    end += until - from;
    out += text.slice(from, until);
  };
  for (const match of text.matchAll(pattern)) {
    const [written, ...groups] = match;
    const put = by(written, ...groups);
    keep(last, match.index);
    last = match.index + written.length;
    if (put === written) keep(match.index, last);
    else {
      to.fill(at[match.index] ?? 0, end, end + put.length);
      end += put.length;
      out += put;
    }
  }
  keep(last, text.length);
  return { text: out, at: to.subarray(0, end) };
}

/** As `decodedFrom`. */
function tracedDecodedFrom({ joined, packed }: Record<'joined' | 'packed', Traced>): Traced[] {
  const inBase64 = BASE64_STARTS.map((start) => {
    const text = decoded(packed.text.slice(start), 'base64');
    // Six bits a character, eight a byte.
    const at = placesFrom(text.length, (byte) => packed.at[start + Math.floor((byte * 8) / 6)]);
    return { text, at };
  });
  const inHex = [...joined.text.matchAll(HEX_RUN)].flatMap(({ 0: run, index }) =>
    [0, 1].map((start) => {
      const text = decoded(run.slice(start), 'hex');
      const at = placesFrom(text.length, (byte) => joined.at[index + start + byte * 2]);
      return { text, at };
    }),
  );
  return [...inBase64, ...inHex].map((each) => replaced(each, /\0/g));
}

/** What stands in `reading` in base64 or hex, as bytes. */
function decodedFrom({ joined, packed }: Reading): string[] {
  return [
    ...BASE64_STARTS.map((start) => decoded(packed.slice(start), 'base64')),
    ...[...joined.matchAll(HEX_RUN)].flatMap(([run]) => [decoded(run, 'hex'), decoded(run.slice(1), 'hex')]),
    // PowerShell's base64 is of two bytes a letter.
  ].map((bytes) => bytes.replaceAll('\0', ''));
}

function decoded(text: string, encoding: 'base64' | 'hex'): string {
  return withBytes(text.length, (bytes) => bytes.write(text, encoding));
}

/** Values in letters, digits and underscores, each as often as it stands there. */
function valuesIn(text: string): { whole: string; value: TokenValue; index: number }[] {
  return [...text.matchAll(TAIL)].flatMap((tail) => valueEndingIn(text, tail.index, tail[0]) ?? []);
}

function valueEndingIn(text: string, tailStart: number, tail: string) {
  for (let length = 2; length <= Math.min(PREFIX_LENGTH_MAX, tailStart); length++) {
    const whole = text.slice(tailStart - length, tailStart) + tail;
    const value = TokenValue.parse(whole);
    if (value !== undefined) return { whole, value, index: tailStart - length };
  }
  return undefined;
}

/** Ids and hashes of others stand so beside each other, but these are not in capitals and small letters both. */
function isParted(words: string): boolean {
  for (const [, lookupId = '', secret = ''] of words.matchAll(OTHERWISE_PARTED)) {
    const isMixed = /[A-Z]/.test(secret) && /[a-z]/.test(secret) && changesIn(lookupId) >= 2;
    if (isMixed && isRandom(lookupId, secret)) return true;
  }
  return false;
}

/** Whether most of a value stands in words that ran into each other, or a value itself. */
function isSecretIn(text: string): boolean {
  for (const { index } of text.matchAll(RUN_TOGETHER)) {
    if (isRandom(text.slice(index - LOOKUP_LENGTH, index), text.slice(index + 1, index + 1 + SECRET_LENGTH)))
      return true;
  }
  return valuesIn(text).length > 0;
}

/**
 * Whether these look drawn by chance and not like words, an id or a hash: of 10,000 that were, 9,998 do. Capitals, small letters
 * and digits take turns 19 times in a secret, on the average; in words they do where these begin and end, and seldom with a digit.
 */
function isRandom(lookupId: string, secret: string): boolean {
  const halves = [secret.slice(0, SECRET_LENGTH / 2), secret.slice(SECRET_LENGTH / 2)];
  if (halves.every((half) => changesIn(half) >= 7 && /[A-Z]/.test(half) && /[a-z]/.test(half))) return true;
  return changesIn(secret) >= 8 && changesIn(lookupId) >= 2 && /[0-9]/.test(lookupId + secret);
}

/** How often digits, capitals and small letters take turns. */
function changesIn(word: string): number {
  return word.replace(/[0-9]+|[A-Z]+|[a-z]+/g, '.').length - 1;
}
