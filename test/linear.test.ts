import { readdirSync, readFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { parseSync } from 'vite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { callerAddress } from '../src/http/caller-address.ts';
import { credentialHeaders, presentedCredentials } from '../src/http/credentials.ts';
import { demandedScopes } from '../src/http/demand.ts';
import { createLog } from '../src/log.ts';
import { unescaped } from '../src/slack/blocks/text.ts';
import { unknownCommandMessage } from '../src/slack/listeners/help.ts';
import { parseCommand } from '../src/slack/listeners/parse-command.ts';
import { isNameOf, nameOf } from '../src/slack/people/person-name.ts';
import { valuesInMessage } from '../src/slack/revoke/revoke-in-message.ts';
import { parseFirstCharacters } from '../src/tokens/find.ts';
import { findValues, holdsSecret, maskValues } from '../src/tokens/finder.ts';
import { parseName } from '../src/tokens/name.ts';
import { parseNote } from '../src/tokens/note.ts';
import type { PersonId } from '../src/tokens/token.ts';
import { TokenValue } from '../src/tokens/token-value.ts';

/**
 * What anybody can send must not hold up the one thread that verifies: 40 times as long as it takes to look at each character
 * of the longest text once, which is some 20 ms. A ratio, since nobody knows how fast the machine is just now.
 */
const SCANS_MAX = 40;
/** Of what runs a dozen expressions one after the other. What takes the square of the length takes thousands. */
const PARSER_SCANS_MAX = 100;
/** The longest text that anything of ours looks at: more than Slack's 40,000, and more than what HTTP lets in. */
const LONGEST = 65_536;
/** Long enough to tell a square from a line, short enough for all pairs of signs. */
const SHORT = 8192;
/** What HTTP lets into all headers together: `maxHeaderSize` in src/http/server.ts. */
const HEADERS = 8192;
const RUNS = 5;
/** What a clock cannot tell apart. */
const TICK_MS = 0.2;
/** What takes the square of its length takes seconds each time: a few say enough. */
const TOLD_MAX = 3;

const ROOT = resolve(import.meta.dirname, '..');
/** Signs that text from outside is full of: spaces, letters, digits, escapes, marks to be sorted, what nobody sees. */
const SIGNS = [...' \n\taZ0_-<>|&%\\"\'\u0301\u0323\u200b\uff41é'];

type Expression = { readonly at: string; readonly expression: RegExp };
type Node = {
  readonly type?: string;
  readonly regex?: { pattern: string; flags: string };
  readonly start?: number;
};

const literals: Expression[] = [];
/** How many expressions a file builds from pieces. */
const builders = new Map<string, number>();
for (const file of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.ts')) collectFrom(`src/${file}`);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test('no regular expression of the code escapes the list: literals are read from it, the others noted as they are built', async () => {
  const built = await builtExpressions();

  expect(literals.length).toBeGreaterThan(60);
  for (const [path, count] of builders) {
    expect(built.filter(({ at }) => at === path).length, path).toBeGreaterThanOrEqual(count);
  }
});

test('every regular expression takes time that grows as the text does, whatever that is', async () => {
  const expressions = [...literals, ...(await builtExpressions())];
  const trials = expressions.flatMap(({ at, expression }) =>
    waysOf(expression).map(([way, run]) => ({ what: `${at} ${expression}, ${way}`, run, expression })),
  );

  expect(firstSlow(trials, ({ expression }) => hostileTexts(expression))).toEqual([]);
});

describe('no text from outside takes longer than it takes to read it 100 times:', () => {
  const person = 'U0ANN' as PersonId;
  const log = createLog({ level: 'info', stream: { write: () => {} } });
  const profile = (name: string) => ({ standing: 'member', zone: 'UTC', names: [name] }) as const;

  test.for<readonly [string, (text: string) => unknown, number?]>([
    ['findValues', findValues],
    ['holdsSecret', holdsSecret],
    ['maskValues', maskValues],
    ['a log line', (text) => log.info({ text }, 'x')],
    ['a command', parseCommand],
    ['a command that creates', (text) => parseCommand(`create ${text}`)],
    ['a command that creates for a time', (text) => parseCommand(`create x${text} 30d`)],
    ['a command that revokes', (text) => parseCommand(`revoke ${text}`)],
    ['a command that revokes a person', (text) => parseCommand(`revoke <@U0ANN|${text}`)],
    ['a command about the status', (text) => parseCommand(`status ${text}`)],
    ['what Slack escapes', unescaped],
    [
      'a command that is not understood',
      (text) =>
        unknownCommandMessage(
          { typed: text, nearest: 'revoke', rest: text },
          { seesAll: true, revokesAny: true },
        ),
    ],
    ['a name', parseName],
    ['a purpose', (text) => parseNote(text, 200)],
    ['the name of a person', (text) => isNameOf(person, profile(text), text)],
    ['what to type', (text) => nameOf(person, profile(text))],
    ['first characters', parseFirstCharacters],
    ['a value', (text) => TokenValue.parse(text)],
    ['scopes', (text) => demandedScopes(`/verify?scope=${text}`), HEADERS],
    [
      'scopes, escaped',
      (text) => demandedScopes(`/verify?scope=${encodeURIComponent(text.toWellFormed())}`),
      HEADERS,
    ],
    ['a query', (text) => demandedScopes(`/verify?${text}`), HEADERS],
    [
      'a credential',
      (text) => presentedCredentials(['authorization', `bearer ${text}`], credentialHeaders('authorization')),
    ],
    ['where a caller comes from', (text) => callerAddress(requestFrom(text), () => true), HEADERS],
  ])('%s', ([what, run, lengthMax = LONGEST]) => {
    const texts = [lengthMax, 1600, 512].flatMap(textsOf);

    const bound = { scanned: 'a'.repeat(LONGEST), scansMax: PARSER_SCANS_MAX };
    expect(firstSlow([{ what, run }], () => texts, bound)).toEqual([]);
  });

  test.for<readonly [string, () => unknown]>([
    [
      'of text that comes again in its blocks',
      () => ({
        text: marks(40_000),
        blocks: [{ elements: [{ text: marks(40_000) }] }],
        attachments: [{ text: marks(40_000), fallback: marks(40_000) }],
      }),
    ],
    [
      'of 50,000 parts',
      () => ({
        blocks: Array.from({ length: 50_000 }, (_, number) => ({ type: 'text', text: `part ${number}` })),
      }),
    ],
    [
      'of 50,000 long parts',
      () => ({
        blocks: [
          { elements: Array.from({ length: 50_000 }, () => ({ type: 'text', text: 'x'.repeat(60) })) },
        ],
      }),
    ],
    ['of lines within lines', () => nestedLines(5000)],
    [
      'of 700 near values',
      () => ({ text: `${'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rS '.repeat(700)}` }),
    ],
    [
      'of a million attachments',
      () => ({ attachments: Array.from({ length: 1_000_000 }, () => ({ text: 'x' })) }),
    ],
  ])('a message %s', async ([, make]) => {
    const message = make();
    const longest = 'a'.repeat(LONGEST);
    let scans = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS && scans > SCANS_MAX; run++) {
      const started = process.threadCpuUsage();
      await valuesInMessage(message);
      scans = Math.min(scans, msSince(started) / scanMs(longest));
    }

    // Four texts of that length are looked at in a message, and others have a turn in between.
    expect(scans).toBeLessThan(4 * SCANS_MAX);
  });
});

/** Notes each expression of a file, and how many it builds. */
function collectFrom(path: string): void {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed`);
  const lineOf = (start = 0) => text.slice(0, start).split('\n').length;
  JSON.stringify(program, (_key, node: Node) => {
    if (node?.type === 'Literal' && node.regex !== undefined) {
      const { pattern, flags } = node.regex;
      literals.push({ at: `${path}:${lineOf(node.start)}`, expression: new RegExp(pattern, flags) });
    }
    const { callee } = (node ?? {}) as { callee?: { name?: string } };
    if (callee?.name === 'RegExp') builders.set(path, (builders.get(path) ?? 0) + 1);
    return typeof node === 'bigint' ? String(node) : node;
  });
}

/** The expressions that the files build while they are loaded, as they turn out. */
async function builtExpressions(): Promise<Expression[]> {
  const found: Expression[] = [];
  let at = '';
  const note = (expression: RegExp) => {
    // The frame above this one and the proxy: libraries that are loaded along are not ours to mend.
    if (
      new Error('here').stack
        ?.split('\n')
        .slice(2, 4)
        .some((frame) => frame.includes(at))
    )
      found.push({ at, expression });
    return expression;
  };
  const watched = new Proxy(RegExp, {
    construct: (target, [pattern, flags]) => note(new target(pattern, flags)),
    apply: (target, _self, [pattern, flags]) => note(target(pattern, flags)),
  });
  for (const path of builders.keys()) {
    vi.resetModules();
    vi.stubGlobal('RegExp', watched);
    at = path;
    await import(join(ROOT, path));
    vi.unstubAllGlobals();
  }
  return found;
}

/** As it is written, and, where it may match anywhere, as often as it does. */
function waysOf(expression: RegExp): [string, (text: string) => unknown][] {
  const once = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ''));
  const each = new RegExp(expression.source, `${once.flags}g`);
  return [
    ['once', (text) => once.exec(text)],
    ['each time', (text) => text.replace(each, '')],
  ];
}

/** Long runs of each sign that the expression or the world knows, with an end that fits nothing, and all pairs of its own signs. */
function hostileTexts({ source }: RegExp): [string, string][] {
  const beginning = /^\^?((?:\\[^\w\s]|[^\\()[\]{}?*+|^$.])*)/.exec(source)?.[1]?.replaceAll('\\', '') ?? '';
  const own = [...new Set([...signsIn(source), ' ', '0', 'a', '\u0301'])];
  const runs = [...new Set([...own, ...SIGNS])].flatMap((sign): [string, string][] => {
    const run = sign.repeat(LONGEST);
    return [
      [`${JSON.stringify(sign)} over and over`, run],
      [`the same with another end`, `${run.slice(0, -1)}\0`],
      ...(beginning === ''
        ? []
        : [[`${beginning} and ${JSON.stringify(sign)}`, `${beginning}${run}\0`] as [string, string]]),
      ...(beginning === ''
        ? []
        : [
            [
              `${beginning}${sign} over and over`,
              `${beginning}${sign}`.repeat(LONGEST / 4).slice(0, LONGEST),
            ] as [string, string],
          ]),
    ];
  });
  const pairs = own.flatMap((one) =>
    own
      .filter((other) => other !== one)
      .flatMap((other): [string, string][] => [
        [`${JSON.stringify(one + other)} over and over`, `${(one + other).repeat(SHORT / 2)}\0`],
        [
          `${JSON.stringify(one)} and ${JSON.stringify(other)}, halves`,
          `${one.repeat(SHORT / 2)}${other.repeat(SHORT / 2)}\0`,
        ],
        [
          `${JSON.stringify(one)} once in ${JSON.stringify(other)}`,
          `${one}${other.repeat(60)}`.repeat(SHORT / 61),
        ],
      ]),
  );
  return [...runs, ...pairs];
}

/** The signs that are written in an expression, and one of each class of them. */
function signsIn(source: string): string[] {
  const classes: Record<string, string> = {
    '\\s': ' \n',
    '\\d': '7',
    '\\S': 'x',
    '\\w': 'w',
    '\\r': '\r',
    '\\n': '\n',
    '\\t': '\t',
  };
  const escapes = source.match(/\\[a-zA-Z]/g) ?? [];
  const signs = source.replace(/\\(?:u\{?[0-9a-f]+\}?|x[0-9a-f]{2}|p\{[^}]*\}|.)/gi, (escaped) =>
    /\\\W/.test(escaped) ? escaped.slice(1) : '',
  );
  return [
    ...new Set([...escapes.flatMap((escaped) => [...(classes[escaped] ?? '')]), ...[...signs].slice(0, 16)]),
  ];
}

/** Texts of about that length that are known to be the worst for somebody. */
function textsOf(length: number): [string, string][] {
  const units = [
    ...SIGNS,
    'a ',
    ' \n',
    '<@',
    '<@U0|',
    '&amp;',
    '&#95;',
    '&#',
    '%5F',
    '%25',
    '\\u005f',
    '\\n',
    '\\',
    '"“',
    '30d ',
    '_aaaaaaaaaaaa_',
    'a:b,',
    '\ufdfa',
    'ﬃ',
    '\ud800',
  ];
  const near = `zzzzzzzzzz_${'A1b'.repeat(4)}_${'0a'.repeat(16)}000000`;
  const units2 = [
    near,
    `${near}! `,
    'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rS ',
    `_${'a'.repeat(12)}_${'0'.repeat(38)}`,
  ];
  return [
    ...[...units, ...units2].map((unit): [string, string] => [
      `${JSON.stringify(unit)} over and over, ${length}`,
      unit.repeat(Math.ceil(length / unit.length)).slice(0, length),
    ]),
    [`marks in no order, ${length}`, marks(length)],
    [`a letter and marks in no order, ${length}`, `a${marks(length - 1)}`],
    [
      `many different characters, ${length}`,
      Array.from({ length }, (_, code) => String.fromCharCode(code + 0x100)).join(''),
    ],
    [`a word and spaces, ${length}`, `a${' '.repeat(length - 2)}b`],
  ];
}

function marks(length: number): string {
  const some = ['\u0301', '\u0323', '\u0327', '\u031b', '\u0345', '\uff9e'];
  return Array.from({ length }, (_, index) => some[(index * 7) % some.length]).join('');
}

function nestedLines(depth: number): unknown {
  let nested: unknown = [{ text: 'x'.repeat(60) }];
  for (let level = 0; level < depth; level++) nested = [{ text: 'y'.repeat(60) }, nested];
  return { blocks: nested };
}

function requestFrom(text: string): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.headers['x-forwarded-for'] = text;
  return request;
}

type Trial = { readonly what: string; readonly run: (text: string) => unknown };

/** What takes longer than `scansMax` scans of the text, or of `scanned`; the first few, since each may take seconds. */
function firstSlow<T extends Trial>(
  trials: readonly T[],
  textsFor: (trial: T) => readonly [string, string][],
  { scanned, scansMax = SCANS_MAX }: { readonly scanned?: string; readonly scansMax?: number } = {},
): string[] {
  const slow: string[] = [];
  for (const trial of trials) {
    for (const [what, text] of textsFor(trial)) {
      const scans = scansFor(() => trial.run(text), scanned ?? text, scansMax);
      if (scans > scansMax) slow.push(`${trial.what}, on ${what}: ${scans.toFixed(0)} scans`);
      if (slow.length === TOLD_MAX) return slow;
    }
  }
  return slow;
}

/** How often `text` could have been looked at meanwhile: the best of some runs, so that a busy machine fails nobody. */
function scansFor(work: () => unknown, text: string, scansMax: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const started = process.threadCpuUsage();
    work();
    best = Math.min(best, Math.max(0, msSince(started) - TICK_MS) / scanMs(text));
    if (best <= scansMax || best > 10 * scansMax) break;
  }
  return best;
}

function msSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(started);
  return (user + system) / 1000;
}

const msOfACharacter = new Map<boolean, number>();

/** What a plain scan of such a text takes: the best of some runs, and shorter texts by their length. */
function scanMs(text: string): number {
  const isNarrow = text.charCodeAt(0) < 0x100;
  let each = msOfACharacter.get(isNarrow);
  if (each === undefined) {
    const sample = (isNarrow ? 'ab' : 'ab\u0301\u0323').repeat(LONGEST / 2).slice(0, LONGEST);
    const runs = Array.from({ length: 50 }, () => {
      const started = performance.now();
      scan(sample);
      return performance.now() - started;
    });
    each = Math.min(...runs) / LONGEST;
    msOfACharacter.set(isNarrow, each);
  }
  return each * text.length;
}

/** Looks at each character once. */
function scan(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0) ?? 0;
  return sum;
}
