import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

const sources = [...sourcesIn('src'), ...sourcesIn('sandbox')];

/** What a part may import beside itself: parts of the project, by their first folder or file. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'src/main.ts': ['src/app.ts', 'src/config.ts', 'src/process.ts'],
  // Nothing of Slack.
  'src/verifier.ts': [
    'src/clock.ts',
    'src/config.ts',
    'src/log.ts',
    'src/process.ts',
    'src/serving.ts',
    'src/tokens',
  ],
  'src/process.ts': [
    'src/config.ts',
    'src/environment-file.ts',
    'src/line-output.ts',
    'src/log.ts',
    'src/setup-error.ts',
  ],
  'src/serving.ts': [
    'src/clock.ts',
    'src/config.ts',
    'src/every.ts',
    'src/http',
    'src/leak-watch.ts',
    'src/log.ts',
    'src/setup-error.ts',
    'src/store',
    'src/tokens',
  ],
  'src/cli.ts': ['src/cli', 'src/clock.ts', 'src/config.ts', 'src/environment-file.ts'],
  // Of Slack the doctor alone, and it is loaded only when it is called.
  'src/cli': [
    'src/clock.ts',
    'src/config.ts',
    'src/counted.ts',
    'src/slack/doctor',
    'src/store',
    'src/tokens',
  ],
  'src/app.ts': [
    'src/chain-watch.ts',
    'src/clock.ts',
    'src/config.ts',
    'src/every.ts',
    'src/http',
    'src/log.ts',
    'src/serving.ts',
    'src/slack',
    'src/store',
    'src/tokens',
  ],
  'src/slack': [
    'src/tokens',
    'src/body-reader.ts',
    'src/clock.ts',
    'src/counted.ts',
    'src/every.ts',
    'src/log.ts',
    'src/setup-error.ts',
    'src/zone.ts',
  ],
  'src/http': [
    'docs/openapi.json',
    'src/tokens',
    'src/address-range.ts',
    'src/body-reader.ts',
    'src/clock.ts',
    'src/log.ts',
  ],
  'src/store': ['src/tokens', 'src/clock.ts'],
  'src/tokens': ['src/clock.ts', 'src/counted.ts', 'src/zone.ts'],
  'src/zone.ts': ['src/clock.ts'],
  'src/address-range.ts': [],
  'src/config.ts': ['src/tokens', 'src/address-range.ts', 'src/clock.ts'],
  'src/log.ts': ['src/tokens'],
  'src/line-output.ts': ['src/clock.ts'],
  'src/environment-file.ts': ['src/config.ts'],
  'src/every.ts': ['src/log.ts'],
  'src/chain-watch.ts': ['src/clock.ts', 'src/log.ts', 'src/tokens'],
  'src/body-reader.ts': [],
  'src/leak-watch.ts': ['src/clock.ts', 'src/tokens'],
  'src/clock.ts': [],
  'src/counted.ts': [],
  'src/setup-error.ts': [],
  'sandbox/seed.ts': ['sandbox/workspace'],
  'sandbox/workspace': ['sandbox/seed.ts'],
  'sandbox/page': ['sandbox/workspace'],
  'sandbox/server': ['sandbox/page', 'sandbox/seed.ts', 'sandbox/workspace'],
  'sandbox/start.ts': ['src/app.ts', 'sandbox/seed.ts', 'sandbox/server', 'sandbox/workspace'],
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
      .filter((target) => partOf(target) !== part && !allowed.some((place) => isIn(target, place)))
      .map((target) => `${path} → ${target}`);
  });

  expect(wrong).toEqual([]);
});

test('the command line loads nothing that speaks to Slack before it is to speak to it', () => {
  const across = /^(?:import|export) (?!type )[^;]*from '\.\.\/slack\/[^']+'/gm;
  const loaded = sources
    .filter(({ path }) => path.startsWith('src/cli'))
    .flatMap(({ path, text }) => [...text.matchAll(across)].map(([line]) => `${path}: ${line}`));

  expect(loaded).toEqual([]);
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
  ['the environment is read', /\bprocess\.env\b/, ['src/process.ts', 'src/cli.ts']],
  ['the machine is asked for the time', /\bDate\.now\(|\bnew Date\b/, ['src/clock.ts']],
  ['bcrypt is used', /['"]bcryptjs['"]/, ['src/tokens/hasher-worker.ts']],
  ['Drizzle is used', /['"]drizzle-orm/, ['src/store/']],
  ['SQLite is used', /['"]better-sqlite3['"]/, ['src/store/']],
  ['Slack is spoken to', /['"]@slack\//, ['src/slack/']],
  ['the process is ended', /\bprocess\.exit\(/, ['src/process.ts', 'src/cli.ts']],
] as const)('%s in its one place alone', ([, pattern, places]) => {
  const elsewhere = sources
    .filter(({ path }) => path.startsWith('src/') && !places.some((place) => path.startsWith(place)))
    .filter(({ text }) => pattern.test(withoutComments(text)))
    .map(({ path }) => path);

  expect(elsewhere).toEqual([]);
});

/** The files that are run and never imported. */
const PROCESSES = [
  'src/main.ts',
  'src/verifier.ts',
  'src/cli.ts',
  'sandbox/main.ts',
  'sandbox/screenshots.ts',
  'sandbox/page/main.tsx',
];

test('nothing but the process itself has an effect when it is imported', () => {
  const topLevelCalls = sources
    .filter(({ path }) => !PROCESSES.includes(path))
    .flatMap(({ path, text }) => {
      const call = /^(?:await |void |[a-z]\w*(?:\.\w+)*\().*$/m.exec(withoutComments(text))?.[0];
      return call === undefined ? [] : [`${path}: ${call}`];
    });

  expect(topLevelCalls).toEqual([]);
});

const CONTRIBUTING = readFileSync(join(ROOT, 'docs/CONTRIBUTING.md'), 'utf8');
const DEEDS = ['create', 'show', 'rotate', 'revoke', 'guard', 'look', 'status', 'notices'];

test('a deed knows other deeds only by the arrows that CONTRIBUTING draws, and all of these are there', () => {
  const drawn = [...CONTRIBUTING.matchAll(/^ {2}([a-z]+) +→ ([a-z, ]+)$/gm)].flatMap(([, from, to]) =>
    (to ?? '').split(', ').map((each) => `${from} → ${each}`),
  );

  const arrows = sources.flatMap(({ path, imports }) =>
    imports.map((target) => [slackRoomOf(path), slackRoomOf(target)] as const),
  );
  const betweenDeeds = arrows
    .filter(([from, to]) => from !== to && DEEDS.includes(from) && DEEDS.includes(to))
    .map(([from, to]) => `${from} → ${to}`);

  expect([...new Set(betweenDeeds)].sort()).toEqual(drawn.sort());
});

test('what all deeds stand on knows none of them, and only the tables of listeners know what is typed and pressed', () => {
  const below = ['blocks', 'reply', 'people', 'deliveries'];
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => {
        const [from, to] = [slackRoomOf(path), slackRoomOf(target)];
        return (
          (below.includes(from) && (DEEDS.includes(to) || to === 'listeners')) ||
          (DEEDS.includes(from) && to === 'listeners')
        );
      })
      .map((target) => `${path} → ${target}`),
  );

  expect(wrong).toEqual([]);
});

/** Drawings: they take no client, no clock and no store, and import no values of those that do. */
const isDrawing = (path: string) =>
  path.startsWith('src/slack/blocks/') ||
  /^src\/slack\/.*(?:-blocks|-dialog|-input|status-rows|not-shown|shown-value|help|dialog-metadata|leaked-message)\.ts$/.test(
    path,
  );

test('blocks are pure: what draws takes values from the domain and other drawings alone', () => {
  const wrong = sources
    .filter(({ path }) => isDrawing(path))
    .flatMap(({ path, text }) =>
      importsOf(path, withoutTypeImports(text))
        .filter((target) => target.startsWith('src/slack/') && !isDrawing(target))
        .map((target) => `${path} → ${target}`),
    );

  expect(wrong).toEqual([]);
});

function withoutTypeImports(text: string): string {
  return text
    .replaceAll(/^import type [^;]*;/gm, '')
    .replaceAll(/^import \{ (?:type \w+(?:, )?)+ \} from '[^']+';/gm, '');
}

/** Node loads it by its name, in a thread of its own. */
const THREADS = ['src/tokens/hasher-worker.ts'];

test('no room is a cupboard: a file of under 15 lines has more than one that imports it', () => {
  const small = sources.filter(
    ({ path, text }) =>
      path.startsWith('src/') &&
      text.trimEnd().split('\n').length < 15 &&
      ![...THREADS, ...PROCESSES].includes(path),
  );
  const cupboards = small.filter(
    ({ path }) => sources.filter(({ imports }) => imports.includes(path)).length <= 1,
  );

  expect(cupboards.map(({ path }) => path)).toEqual([]);
});

test('no room is a hall', () => {
  const counts = new Map<string, number>();
  for (const { path } of sources.filter(({ path }) => path.startsWith('src/'))) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }

  expect(counts.get('src/tokens')).toBeLessThanOrEqual(32);
  expect(counts.get('src/store')).toBeLessThanOrEqual(25);
  for (const [folder, count] of counts) {
    if (folder.startsWith('src/slack')) expect(count, folder).toBeLessThanOrEqual(14);
  }
  const rooms = new Set(sources.map(({ path }) => slackRoomOf(path)).filter((room) => room !== ''));
  expect(rooms.size).toBeLessThanOrEqual(22);
  expect(counts.get('src/slack/revoke')).toBeLessThanOrEqual(9);
});

test('the ways of requests in CONTRIBUTING lead through files that are there', () => {
  const ways = CONTRIBUTING.slice(CONTRIBUTING.indexOf('## The way of one request'));
  const named = [...ways.matchAll(/`(src\/[a-z0-9/-]+\.ts)`/g)].map(([, path]) => path);

  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !sources.some((source) => source.path === path))).toEqual([]);
});

/** The folder or file right under `src/slack`, without `.ts`; nothing elsewhere. */
function slackRoomOf(path: string): string {
  return /^src\/slack\/([a-z-]+)/.exec(path)?.[1] ?? '';
}

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

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function partOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}
