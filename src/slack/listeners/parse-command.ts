import { STATUS_FILTERS, type StatusFilter } from '../../tokens/attention.ts';
import { oneLine, withoutStrays } from '../../tokens/characters.ts';
import { splitLifetime } from '../../tokens/expiry.ts';
import { findValues, holdsSecret, SEARCHED_LENGTH_MAX } from '../../tokens/finder.ts';
import { LIST_FILTERS, type ListFilter } from '../../tokens/store.ts';
import { type PersonId, parsePersonId } from '../../tokens/token.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import { unescaped } from '../blocks/text.ts';
import type { StatusQuestion } from '../status/status.ts';

/** What `/apitoken …` asks for. Names are as typed, not yet checked. */
export type Command =
  /** The lifetime is as typed, too. */
  | { readonly verb: 'create'; readonly name?: string; readonly lifetime?: string }
  | { readonly verb: 'list'; readonly filter: ListFilter }
  | { readonly verb: 'find'; readonly text?: string }
  | { readonly verb: 'info'; readonly name?: string }
  | { readonly verb: 'rotate'; readonly name?: string }
  | { readonly verb: 'history'; readonly name?: string }
  | { readonly verb: 'revoke'; readonly name?: string }
  | { readonly verb: 'revoke'; readonly value: TokenValue }
  | { readonly verb: 'revoke'; readonly person: PersonId | 'me' }
  /** `@ann` as a text and not as a mention: whom it means is never guessed. */
  | { readonly verb: 'revoke'; readonly unclearPerson: string }
  /** Without a value when there is none, or none with right check digits. */
  | { readonly verb: 'check'; readonly value?: TokenValue }
  | ({ readonly verb: 'status' } & StatusQuestion)
  | { readonly verb: 'board' }
  | { readonly verb: 'help' }
  /** Not understood: `nearest` is a command that it may have meant, `help` where none is, and `rest` what stands behind, as delivered. */
  | { readonly verb: 'unknown'; readonly typed: string; readonly nearest: string; readonly rest: string }
  /** Several values: which of them is meant, or whether all, must be clear. */
  | { readonly verb: 'several_values'; readonly values: readonly TokenValue[] }
  /** A value, or most of one, stands where none belongs. What was typed is not repeated, so it is not here. */
  | { readonly verb: 'holds_value'; readonly values: readonly TokenValue[] };

/** What may be meant on its own. `typed` is as Slack delivers it, escaped; `shown` is what the person sees of it. */
export type Part = { readonly typed: string; readonly shown: string };

type Verb =
  | 'create'
  | 'list'
  | 'find'
  | 'info'
  | 'rotate'
  | 'revoke'
  | 'history'
  | 'check'
  | 'status'
  | 'board'
  | 'help';

const SYNONYMS: Readonly<Record<string, Verb>> = {
  create: 'create',
  new: 'create',
  list: 'list',
  ls: 'list',
  find: 'find',
  search: 'find',
  info: 'info',
  show: 'info',
  rotate: 'rotate',
  roll: 'rotate',
  regenerate: 'rotate',
  history: 'history',
  revoke: 'revoke',
  delete: 'revoke',
  rm: 'revoke',
  kill: 'revoke',
  check: 'check',
  status: 'status',
  board: 'board',
  help: 'help',
  '?': 'help',
};

const QUOTES = `"'“”„‟«»‘’‚‛\``;

/** In opening and closing quotes of people's keyboards; clients turn straight ones into curly ones. */
const QUOTED = new RegExp(`^[${QUOTES}](.*)[${QUOTES}]$`, 's');

/** One person and nothing else, as Slack escapes a mention. */
const ONE_PERSON = /^<@([^<>|]*)(?:\|[^<>]*)?>$/;

/** A form, something in quotes, or a word: what may be meant on its own. */
const PART = new RegExp(`<[^<>]*>|[${QUOTES}][^${QUOTES}]*[${QUOTES}]|(?:&(?:amp|lt|gt);|[^\\s,;])+`, 'g');

const PARTS_MAX = 10;

/** Longer than any name or mention; two of them are several times shorter than what a button may carry. */
const PART_LENGTH_MAX = 300;

/** No verb, filter or `@me` is as long. */
const WORD_LENGTH_MAX = 40;

/** Every person, as Slack writes one whom it recognised. */
const PEOPLE = /<@([UW][0-9A-Z]{1,30})(?:\|[^<>]*)?>/g;

/**
 * The command in `delivered`, which is as Slack delivers it, escaped; of more than 64 Ki characters the first. What draws nothing
 * where it stands has no part in it.
 */
export function parseCommand(delivered: string): Command {
  const seen = withoutStrays(delivered.slice(0, SEARCHED_LENGTH_MAX)).trim();
  const typed = unescaped(seen).trim();
  const [, word = '', rest = ''] = /^(\S*)(.*)$/s.exec(typed) ?? [];
  const verb = word === '' ? 'list' : lookUp(SYNONYMS, folded(word));
  const values = findValues(typed);
  if (values.length > 0) return aboutValues(verb, values);
  // What begins like a value may be revoked by that, and check says how it is used. Neither repeats what was typed.
  if (verb !== 'revoke' && verb !== 'check' && holdsSecret(typed)) return { verb: 'holds_value', values };
  switch (verb) {
    case 'create':
      return parseCreate(oneLine(rest));
    case 'list':
      return parseList(rest, typed);
    case 'find':
      return { verb, ...searched(rest) };
    case 'info':
    case 'rotate':
    case 'history':
      return { verb, ...named(rest) };
    case 'revoke':
      return parseRevoke(seen, rest);
    case 'status':
      return parseStatus(seen, typed);
    case 'check':
    case 'board':
    case 'help':
      return { verb };
    case undefined:
      return { verb: 'unknown', typed: word, nearest: nearestVerb(folded(word)), rest: withoutVerb(seen) };
  }
}

/**
 * What follows the verb, part by part: ids, names and people that are typed together. Empty when there is but one, or when what
 * was typed is too much like a value to be repeated.
 */
export function partsOf(text: string): readonly Part[] {
  const seen = withoutStrays(text.slice(0, SEARCHED_LENGTH_MAX)).trim();
  if (holdsSecret(unescaped(seen))) return [];
  const pieces = new Set(withoutVerb(seen).match(PART));
  const parts = [...pieces].filter((piece) => !/^(?:and|&amp;)$/i.test(piece)).slice(0, PARTS_MAX);
  const areParts = parts.length > 1 && parts.every((piece) => piece.length <= PART_LENGTH_MAX);
  return areParts ? parts.map((piece) => ({ typed: piece, shown: unescaped(piece) })) : [];
}

function aboutValues(verb: Verb | undefined, values: readonly TokenValue[]): Command {
  const [value, ...others] = values;
  const only = others.length === 0 ? value : undefined;
  if (verb === 'revoke') return only ? { verb, value: only } : { verb: 'several_values', values };
  return verb === 'check' && only ? { verb, value: only } : { verb: 'holds_value', values };
}

function parseCreate(rest: string): Command {
  const { name, ...lifetime } = splitLifetime(rest);
  return { verb: 'create', ...named(name), ...lifetime };
}

function parseRevoke(seen: string, rest: string): Command {
  const [, id = ''] = ONE_PERSON.exec(withoutVerb(seen)) ?? [];
  const person = parsePersonId(id);
  if (person !== undefined) return { verb: 'revoke', person };
  const { name } = named(rest);
  if (name === undefined) return { verb: 'revoke' };
  // In quotes it is a name, whatever it begins with.
  if (QUOTED.test(oneLine(rest)) || !/^@[^\s,;]+$/.test(name)) return { verb: 'revoke', name };
  return folded(name) === '@me' ? { verb: 'revoke', person: 'me' } : { verb: 'revoke', unclearPerson: name };
}

function parseList(rest: string, typed: string): Command {
  const word = folded(rest.trim());
  const filter = LIST_FILTERS.find((known) => known === (word || 'active'));
  return filter === undefined
    ? { verb: 'unknown', typed, nearest: 'list', rest: '' }
    : { verb: 'list', filter };
}

/** The verb, a filter and a person, and one that is too many: what comes behind it changes nothing. */
const STATUS_WORDS_MAX = 4;

/** A filter and a person, in whatever order. `text` is as delivered, since only there a person has an id. */
function parseStatus(text: string, typed: string): Command {
  const unknown = { verb: 'unknown', typed, nearest: 'status', rest: '' } as const;
  const people = new Set([...text.matchAll(PEOPLE)].map(([, id]) => id as PersonId));
  const [, ...words] = unescaped(text.replaceAll(PEOPLE, ' ')).trim().split(/\s+/, STATUS_WORDS_MAX);
  const names = words.filter((word) => word.startsWith('@'));
  const [filter = 'current', ...more] = words.filter((word) => !word.startsWith('@')).map(parseStatusFilter);
  if (filter === 'unknown' || more.length > 0 || people.size + names.length > 1) return unknown;
  const [name] = names;
  if (name !== undefined && folded(name) === '@me') return { verb: 'status', filter, owner: 'me' };
  if (name !== undefined) return { verb: 'status', filter, unknownPerson: name };
  const [owner = null] = people;
  return { verb: 'status', filter, owner };
}

function parseStatusFilter(word: string): StatusFilter | 'unknown' {
  return STATUS_FILTERS.find((known) => known === folded(word)) ?? 'unknown';
}

/** One pair of quotes is taken off, so that a name with quotes of its own can still be typed. */
function named(text: string): { name?: string } {
  const name = oneLine(text).replace(QUOTED, '$1').trim();
  return name === '' ? {} : { name };
}

/** What is searched for is what stands within quotes that are typed around it. */
function searched(text: string): { text?: string } {
  const { name } = named(text);
  return name === undefined ? {} : { text: name };
}

function withoutVerb(seen: string): string {
  return seen.replace(/^\S+/, '').trim();
}

/** A word as it is compared with those we know: also one of wide letters, as some keyboards make them. */
function folded(word: string): string {
  return word.slice(0, WORD_LENGTH_MAX).normalize('NFKC').toLowerCase();
}

/** Whether `/apitoken WORD` is a command, whoever may use it. */
export function isVerb(word: string): boolean {
  return lookUp(SYNONYMS, folded(word)) !== undefined;
}

function lookUp(table: Readonly<Record<string, Verb>>, word: string): Verb | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function nearestVerb(word: string): Verb {
  const short = word.slice(0, 20);
  const known = Object.keys(SYNONYMS).filter((verb) => verb !== '?');
  const nearest = known.reduce((best, next) => (distance(short, next) < distance(short, best) ? next : best));
  // Two slips in three letters are another word.
  const slipsMax = short.length <= 3 ? 1 : 2;
  return distance(short, nearest) <= slipsMax ? (SYNONYMS[nearest] ?? 'help') : 'help';
}

/** Levenshtein's distance: how many characters must be put in, taken out or changed. Short words only. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
