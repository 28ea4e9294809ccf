import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

const sources = [...sourcesIn('src'), ...sourcesIn('sandbox')];

/** What a part may import beside itself: parts of the project, by their first folder or file. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'src/main.ts': [
    'src/app.ts',
    'src/config.ts',
    'src/environment-file.ts',
    'src/line-output.ts',
    'src/log.ts',
    'src/setup-error.ts',
  ],
  'src/app.ts': [
    'src/clock.ts',
    'src/config.ts',
    'src/every.ts',
    'src/http',
    'src/log.ts',
    'src/setup-error.ts',
    'src/slack',
    'src/store',
    'src/tokens',
  ],
  'src/slack': [
    'src/tokens',
    'src/clock.ts',
    'src/counted.ts',
    'src/every.ts',
    'src/log.ts',
    'src/setup-error.ts',
    'src/zone.ts',
  ],
  'src/http': ['docs/openapi.json', 'src/tokens', 'src/address-range.ts', 'src/clock.ts', 'src/log.ts'],
  'src/store': ['src/tokens', 'src/clock.ts'],
  'src/tokens': ['src/clock.ts', 'src/counted.ts', 'src/zone.ts'],
  'src/zone.ts': ['src/clock.ts'],
  'src/address-range.ts': [],
  'src/config.ts': ['src/tokens', 'src/address-range.ts', 'src/clock.ts'],
  'src/log.ts': ['src/tokens'],
  'src/line-output.ts': ['src/clock.ts'],
  'src/environment-file.ts': ['src/config.ts'],
  'src/every.ts': ['src/log.ts'],
  'src/clock.ts': [],
  'src/counted.ts': [],
  'src/setup-error.ts': [],
  'sandbox/seed.ts': ['sandbox/workspace'],
  'sandbox/workspace': ['sandbox/seed.ts'],
  'sandbox/page': ['sandbox/workspace'],
  'sandbox/server': ['sandbox/page', 'sandbox/seed.ts', 'sandbox/workspace'],
  'sandbox/start.ts': ['src/app.ts', 'sandbox/server', 'sandbox/workspace'],
  'sandbox/main.ts': ['sandbox/start.ts'],
  'sandbox/browser.ts': [],
  'sandbox/pictures': ['sandbox/start.ts'],
  'sandbox/screenshots.ts': ['sandbox/browser.ts', 'sandbox/pictures'],
};

test('imports point one way, and every part has its place in the table', () => {
  const wrong = sources.flatMap(({ path, imports }) => {
    const part = partOf(path);
    const allowed = ARROWS[part];
    if (allowed === undefined) return [`${path}: ${part} is not in the table`];
    return imports
      .filter((target) => partOf(target) !== part && !allowed.includes(partOf(target)))
      .map((target) => `${path} → ${target}`);
  });

  expect(wrong).toEqual([]);
});

test('the page takes nothing but types from the workspace, and gives nothing but types to its server', () => {
  const across = /^(?:import|export) (?!type )[^;]*from '(\.\.\/(?:workspace|page)\/[^']+)'/gm;
  const taken = sources
    .filter(({ path }) => /^sandbox\/(page|server)\//.test(path))
    .flatMap(({ path, text }) => [...text.matchAll(across)].map(([, target]) => `${path} → ${target}`))
    .filter((arrow) => arrow.startsWith('sandbox/page/') || arrow.includes('../page/'));

  expect(taken).toEqual([]);
});

test.for([
  ['a value is revealed', /\breveal\(/, ['src/slack/show/deliver-value.ts', 'src/tokens/token-value.ts']],
  [
    'the hashed part of a value is taken',
    /secretForHash\(/,
    ['src/tokens/hasher.ts', 'src/tokens/token-value.ts'],
  ],
  ['the environment is read', /\bprocess\.env\b/, ['src/main.ts', 'src/cli.ts']],
  ['the machine is asked for the time', /\bDate\.now\(|\bnew Date\b/, ['src/clock.ts']],
  ['bcrypt is used', /['"]bcryptjs['"]/, ['src/tokens/hasher-worker.ts']],
  ['Drizzle is used', /['"]drizzle-orm/, ['src/store/']],
  ['SQLite is used', /['"]better-sqlite3['"]/, ['src/store/']],
  ['Slack is spoken to', /['"]@slack\//, ['src/slack/']],
  ['the process is ended', /\bprocess\.exit\(/, ['src/main.ts', 'src/cli.ts']],
] as const)('%s in its one place alone', ([, pattern, places]) => {
  const elsewhere = sources
    .filter(({ path }) => path.startsWith('src/') && !places.some((place) => path.startsWith(place)))
    .filter(({ text }) => pattern.test(withoutComments(text)))
    .map(({ path }) => path);

  expect(elsewhere).toEqual([]);
});

/** The files that are run and never imported. */
const PROCESSES = ['src/main.ts', 'sandbox/main.ts', 'sandbox/screenshots.ts', 'sandbox/page/main.tsx'];

test('nothing but the process itself has an effect when it is imported', () => {
  const topLevelCalls = sources
    .filter(({ path }) => !PROCESSES.includes(path))
    .flatMap(({ path, text }) => {
      const call = /^(?:await |void |[a-z]\w*(?:\.\w+)*\().*$/m.exec(withoutComments(text))?.[0];
      return call === undefined ? [] : [`${path}: ${call}`];
    });

  expect(topLevelCalls).toEqual([]);
});

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => {
      const path = join(folder, file);
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

/** The files that a source imports, types included, as paths from the root. */
function importsOf(path: string, text: string): string[] {
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'|new URL\('(\.[^']+\.ts)'/g)];
  return specifiers.map(([, from, url]) => relative(ROOT, resolve(ROOT, dirname(path), from ?? url ?? '')));
}

function partOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}
