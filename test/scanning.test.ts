import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { lintSource } from '@secretlint/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { toBase62 } from '../src/tokens/token-value.ts';
import { drawChance } from './faults/programme.ts';
import { temporaryFolder } from './fixture.ts';

const SCANNING = resolve(import.meta.dirname, '../docs/scanning');
// In JavaScript, since secretlint loads it: without types.
const { creator } = await import(pathToFileURL(join(SCANNING, 'secretlint-rule-apitoken.mjs')).href);
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const OF_EACH = 40;

/** What is written into the tree: real values, and four kinds of others. A pattern alone cannot tell the first of these. */
const KINDS = [
  'real',
  'wrong check digits',
  'one character short',
  'another alphabet',
  'another prefix',
] as const;
type Planted = { readonly kind: (typeof KINDS)[number]; readonly text: string };

const chance = drawChance('scanning');

test('secretlint with the rule of docs/scanning finds every real value in a tree of 200, and none that is only near', async () => {
  const { folder, planted } = aTree();
  const found: string[] = [];

  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name), 'utf8');
    const source = { filePath: join(folder, name), content, ext: '.log', contentType: 'text' } as const;
    const rule = { id: 'secretlint-rule-apitoken', rule: creator, options: { prefixes: ['apit'] } };
    const { messages } = await lintSource({ source, options: { config: { rules: [rule] } } });
    found.push(...messages.map(({ range: [from, to] }) => content.slice(from, to)));
    for (const { message } of messages) expect(message).not.toMatch(/apit_/);
  }

  expect(found.sort()).toEqual(ofKind(planted, 'real').sort());
});

test('without prefixes it takes those of every apitoken', async () => {
  const { planted } = aTree();
  const content = planted.map(({ text }) => text).join('\n');
  const source = { filePath: 'a.log', content, ext: '.log', contentType: 'text' } as const;

  const { messages } = await lintSource({
    source,
    options: { config: { rules: [{ id: 'secretlint-rule-apitoken', rule: creator }] } },
  });

  expect(messages).toHaveLength(2 * OF_EACH);
});

/** These scanners are not run here: they are no packages of npm. What is held is their pattern, in what RE2 knows of it. */
test.for([
  ['gitleaks.toml', () => /regex = '''(.*)'''/.exec(read('gitleaks.toml'))?.[1]],
  ['trufflehog.yaml', () => parse(read('trufflehog.yaml')).detectors[0].regex.value],
  [
    'the one for GitHub and GitGuardian',
    () => {
      const secret = /^apit_\[.*$/m.exec(read('README.md'))?.[0];
      // As GitHub puts them together: with what is to stand before.
      return read('README.md').includes('`\\A|[^0-9A-Za-z]`') ? `(?:^|[^0-9A-Za-z])(${secret})` : undefined;
    },
  ],
] as const)(
  'the pattern of %s finds every real value, and of the near ones those with wrong check digits alone',
  ([, patternOf]) => {
    const { folder, planted } = aTree();
    const pattern = String(patternOf());
    const expected = [...ofKind(planted, 'real'), ...ofKind(planted, 'wrong check digits')].sort();

    // RE2 has neither look-around nor back-references: https://github.com/google/re2/wiki/Syntax
    expect(pattern).not.toMatch(/\(\?[=!<]|\\[1-9]/);
    const found = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(new RegExp(pattern, 'g'))].map(
        ([, value]) => value,
      ),
    );
    expect(found.sort()).toEqual(expected);
  },
);

/** 200 values and what is none, among other text, in 20 files. */
function aTree(): { folder: string; planted: readonly Planted[] } {
  const folder = join(temporaryFolder(), 'tree');
  mkdirSync(folder);
  const planted = KINDS.flatMap((kind) =>
    Array.from({ length: OF_EACH }, () => ({ kind, text: textOf(kind) })),
  );
  const around = [
    (text: string) => `APITOKEN=${text}`,
    (text: string) => `{"token":"${text}"},`,
    (text: string) => `curl -H "Authorization: Bearer ${text}" https://api.example.com/`,
    (text: string) => `https://example.com/?token=${text}&page=2`,
    (text: string) => `two: ${text} and nothing else`,
  ];
  for (let file = 0; file < 20; file++) {
    const lines = planted
      .filter((_, index) => index % 20 === file)
      .map(({ text }) => chance.oneOf(around)(text));
    writeFileSync(join(folder, `${file}.log`), `first line\n${lines.join('\n')}\n`);
  }
  return { folder, planted };
}

function textOf(kind: Planted['kind']): string {
  const prefix = kind === 'another prefix' ? 'acme' : 'apit';
  const body = `${prefix}_${digits(12)}_${digits(32)}`;
  const check = toBase62(crc32(body), 6);
  if (kind === 'one character short') return body + check.slice(1);
  if (kind === 'another alphabet') return `${body.slice(0, 30)}-${body.slice(31)}${check}`;
  if (kind === 'wrong check digits') return body + check.slice(0, 5) + (check.endsWith('0') ? '1' : '0');
  return body + check;
}

function digits(length: number): string {
  return Array.from({ length }, () => chance.oneOf([...DIGITS])).join('');
}

function ofKind(planted: readonly Planted[], wanted: Planted['kind']): string[] {
  return planted.filter(({ kind }) => kind === wanted).map(({ text }) => text);
}

function read(name: string): string {
  return readFileSync(join(SCANNING, name), 'utf8');
}
