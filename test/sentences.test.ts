import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

/** More than this nobody reads at a glance. About 15 is right. */
const WORDS_MAX = 30;

/** Stands for whatever is filled in, and counts as one word. */
const HOLE = '◇';

const ROOT = resolve(import.meta.dirname, '..');

type Text = { readonly at: string; readonly text: string };

type Exception = { readonly at: string; readonly begins: string; readonly reason: string };

/** Texts that people do not read as a sentence, or that may be longer: each by where it stands and how it begins. */
const EXCEPTIONS: readonly Exception[] = [
  {
    at: 'src/tokens/refusal.ts',
    begins: 'Choose another expiry. You can type',
    reason: 'a date that is typed in a command is typed in this form',
  },
];

/** What must not come back where people read it, and how it is said instead. */
const UNWANTED: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bhonou?red?\b/i, instead: 'a value *works until* an instant' },
  { pattern: /\bno value of a token\b/i, instead: 'a value is *incorrect*' },
  { pattern: /\btaken (?:within|by)\b|\btook it\b/i, instead: 'a token is *claimed*' },
  {
    pattern: /\b\d{4}-\d{2}-\d{2}\b|\bYYYY-MM-DD\b/,
    instead: 'a date is *Nov 29, 2027*: nobody but a program reads the other way round',
  },
  { pattern: /\bthe most (?:for|that) one\b/i, instead: 'what the reader did, *the limit here*' },
  { pattern: /\bany ?more\b/i, instead: '*no longer*, which is shorter and reads at once' },
  { pattern: /\bnever used twice\b/i, instead: "*Names can't be reused*" },
  { pattern: /\bcan have it made\b/i, instead: '*Only @alice can reveal its value.*' },
  { pattern: /\bThis day is over\b/i, instead: '*That date is in the past.*' },
  { pattern: /\bare to end\b|\bis to end\b/i, instead: 'say what is revoked, in the active' },
];

type Node = { readonly type: string; readonly [name: string]: unknown };

/** Nothing below them is read by people. */
const NOT_TEXT = /^(?:Import|ExportAll|TS(?!As|Satisfies|NonNull)|TaggedTemplate)/;

/** What is text, and how it is read. */
const READERS: Readonly<Record<string, (node: Node) => string | undefined>> = {
  Literal: ({ value }) => (typeof value === 'string' ? value : undefined),
  TemplateLiteral: ({ quasis }) =>
    nodesOf(quasis)
      .map(({ value }) => (value as { cooked: string }).cooked)
      .join(HOLE),
  BinaryExpression: ({ operator, left, right }) => {
    if (operator !== '+') return undefined;
    const parts = nodesOf([left, right]).map(textOf);
    return parts.every((part) => part === undefined) ? undefined : parts.map((part) => part ?? HOLE).join('');
  },
  JSXElement: ({ children }) => textOfChildren(nodesOf(children)),
  JSXFragment: ({ children }) => textOfChildren(nodesOf(children)),
};

const texts: readonly Text[] = [
  ...filesIn('src', /\.ts$/).flatMap(textsOfCode),
  ...filesIn('sandbox', /\.tsx?$/).flatMap(textsOfCode),
  ...textsOfData('manifest.yml', parse(read('manifest.yml'))),
  ...textsOfData('docs/openapi.json', JSON.parse(read('docs/openapi.json'))),
];

describe('what people read', () => {
  test(`has no sentence of more than ${WORDS_MAX} words`, () => {
    const long = texts.filter((text) => !isException(text)).flatMap(longSentences);

    expect(texts.length).toBeGreaterThan(1000);
    expect(long).toEqual([]);
  });

  test('has none of the words that were given up', () => {
    const unwanted = texts
      .filter((text) => !isException(text))
      .flatMap(({ at, text }) =>
        UNWANTED.filter(({ pattern }) => text.includes(' ') && pattern.test(text)).map(
          ({ instead }) => `${at}: ${text} → ${instead}`,
        ),
      );

    expect(unwanted).toEqual([]);
  });

  test('needs each of its exceptions', () => {
    const needed = (exception: Exception) =>
      texts.some(
        (text) =>
          isMeant(exception, text) &&
          (longSentences(text).length > 0 || UNWANTED.some(({ pattern }) => pattern.test(text.text))),
      );

    expect(EXCEPTIONS.filter((exception) => !needed(exception))).toEqual([]);
  });

  test.for([
    ['a sentence of 31 words', `'${'word '.repeat(31)}.'`, 1],
    ['one of 30', `'${'word '.repeat(30)}.'`, 0],
    ['two of 30', `'${'word '.repeat(29)}word. ${'word '.repeat(30)}'`, 0],
    ['two lines of 30', `'${'word '.repeat(30)}\\n${'word '.repeat(30)}'`, 0],
    ['one of two pieces', `'${'word '.repeat(16)}' + '${'word '.repeat(16)}'`, 1],
    ['one with holes', `\`${'word '.repeat(15)}${`$${'{hole} '}`.repeat(16)}\``, 1],
    ['one in a tag', `<p>${'word '.repeat(15)}{hole} {'some'} ${'word '.repeat(14)}</p>`, 1],
    ['a name of a file, a comment', `'${'word/'.repeat(40)}' // ${'word '.repeat(40)}`, 0],
  ] as const)('sees %s', ([, code, count]) => {
    expect(textsIn('a.tsx', `const text = ${code}`).flatMap(longSentences)).toHaveLength(count);
  });
});

function isException(text: Text): boolean {
  return EXCEPTIONS.some((exception) => isMeant(exception, text));
}

function isMeant({ at, begins }: Exception, text: Text): boolean {
  return text.at.startsWith(at) && text.text.startsWith(begins);
}

/** Those with too many words, each with where it stands. A sentence ends at a full stop or the end of its line. */
function longSentences({ at, text }: Text): string[] {
  return text
    .split(/(?<=[.!?…]["'”’)*_]*)\s+|\n/)
    .map((sentence) => ({ sentence, count: wordsIn(sentence) }))
    .filter(({ count }) => count > WORDS_MAX)
    .map(({ sentence, count }) => `${at}: ${count} words: ${sentence}`);
}

function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}◇]/u.test(word)).length;
}

function filesIn(folder: string, named: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => named.test(file))
    .map((file) => `${folder}/${file}`);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All texts of YAML or JSON: a name is none. */
function textsOfData(at: string, value: unknown): Text[] {
  if (typeof value === 'string') return [{ at, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => textsOfData(`${at}#${name}`, part));
}

function textsOfCode(path: string): Text[] {
  return textsIn(path, read(path));
}

/** What stands between quotes or tags in TypeScript; comments, types and names of modules are none. */
function textsIn(path: string, code: string): Text[] {
  const { program, errors } = parseSync(path, code);
  if (errors.length > 0) throw new Error(`${path} is not understood: ${errors[0]?.message}`);
  return collect(program as unknown as Node, path);
}

function collect(node: Node, at: string): Text[] {
  if (NOT_TEXT.test(node.type)) return [];
  const text = textOf(node);
  const inner = childrenOf(node).flatMap((child) => collect(child, at));
  // What stands in the pieces of a sum stands in the sum, whole.
  const within = node.type === 'BinaryExpression' && text !== undefined ? [] : inner;
  return text === undefined ? within : [{ at, text }, ...within];
}

function childrenOf(node: Node): Node[] {
  const isKey = (name: string) =>
    name === 'key' && (node.type === 'Property' || node.type === 'JSXAttribute');
  return Object.entries(node)
    .filter(([name]) => !isKey(name) && name !== 'parent')
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The text that a node is, with holes for what is filled in; undefined when it is none. */
function textOf(node: Node): string | undefined {
  const read = READERS[node.type];
  return read?.(node);
}

function textOfChildren(children: readonly Node[]): string | undefined {
  if (!children.some(({ type, value }) => type === 'JSXText' && /\S/.test(String(value)))) return undefined;
  return children.map(textOfChild).join('').replaceAll(/\s+/g, ' ').trim();
}

function textOfChild(child: Node): string {
  if (child.type === 'JSXText') return String(child.value);
  const { expression } = child;
  return (isNode(expression) ? textOf(expression) : undefined) ?? HOLE;
}

function nodesOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
