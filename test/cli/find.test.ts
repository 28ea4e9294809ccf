import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setStage, temporaryFolder } from '../fixture.ts';
import { createsToken, settled, verdictsOf } from '../slack/flows.ts';
import { besides, runs } from './a-command.ts';

type Hit = { readonly line: number; readonly name: string };

test('find names each line on which a value begins, once, in whatever form it stands there', async () => {
  const { stage, first, second, find } = await aPlace();
  const filled = (count: number, end: string) => `${'q'.repeat(count)}${end}`;
  const wrapped = Buffer.from(`${filled(100, first)}${filled(100, '')}`)
    .toString('base64')
    .replace(/.{60}/g, '$&\n');

  const cases: readonly (readonly [what: string, text: string | Buffer, hits: readonly Hit[]])[] = [
    ['nothing', '', []],
    ['one character short', first.slice(0, -1), []],
    ['two values on one line', `x ${first} y ${second}\n`, hits([1, 1], ['first-bot', 'second-bot'])],
    ['one twice on one line', `${first} ${first}`, hits([1])],
    ['one on each of 1,000 lines', `x ${first}\n`.repeat(1000), hits(numbersTo(1000))],
    ['lines that end as on Windows', `a\r\nb\r\n${first}\r\n`, hits([3])],
    ['percent-encoded', `a\n?t=${first.replaceAll('_', '%5F')}`, hits([2])],
    ['base64 wrapped over lines', `one\n${wrapped}`, hits([4])],
    ['wrapped and indented, as in a mail', `one\n> ${first.slice(0, 30)}\n> ${first.slice(30)}\n`, hits([2])],
    ['UTF-16, as PowerShell writes', Buffer.from(`\ufeffone\r\n${first}\r\n`, 'utf16le'), hits([2])],
    ['bytes that are no text', Buffer.concat([noText(), Buffer.from(`\n${first}\n`), noText()]), hits([2])],
    [
      'again soon after two windows met',
      `${line(46_000)}${first}\n${line(5000)}${first}\n`,
      hits([46_001, 51_002]),
    ],
    ['over the border of two windows', filled(48 * 1024 - 20, ` ${first}`), hits([1])],
    ['on one line of 1 MB', `${filled(500_000, first)} ${filled(500_000, '')}\n${first}`, hits([1, 2])],
  ];
  for (const [what, text, expected] of cases) expect(await find(text), what).toEqual(expected);
  expect(await verdictsOf(stage, first, second)).toEqual([200, 200]);

  function hits(lines: readonly number[], names: readonly string[] = []): Hit[] {
    return lines.map((number, at) => ({ line: number, name: names[at] ?? 'first-bot' }));
  }
});

test('find names the column in which a value begins, in characters', async () => {
  const { first, second, run, placesOf, folder } = await aPlace();
  const packed = (text: string) => Buffer.from(text).toString('base64');

  const cases: readonly (readonly [
    what: string,
    text: string | Buffer,
    places: readonly [number, number][],
  ])[] = [
    ['at the very beginning', first, [[1, 1]]],
    ['behind a tab, on a line that ends as on Windows', `a\r\n\t${first}\r\n`, [[2, 2]]],
    ['behind letters of several bytes', `größer 部 🙂 ${first}`, [[1, 12]]],
    ['behind a letter with a mark', `e\u0301 ${first}`, [[1, 4]]],
    [
      'two on one line',
      `x ${first}, ${second}`,
      [
        [1, 3],
        [1, 5 + first.length],
      ],
    ],
    ['one twice on one line: the first', `x ${first} ${first}`, [[1, 3]]],
    ['in quotes', `{"token":"${first}"}`, [[1, 11]]],
    ['behind text that is escaped', `a%20b%20c?t=${first.replaceAll('_', '%5F')}`, [[1, 13]]],
    ['wrapped over lines', `one\n  ${first.slice(0, 30)}\n  ${first.slice(30)}\n`, [[2, 3]]],
    ['in base64', `Authorization: Basic ${packed(first)}`, [[1, 22]]],
    ['in base64 behind a user: where the first of its bits are', `Basic ${packed(`ci:${first}`)}`, [[1, 11]]],
    ['in hex', `0x${Buffer.from(first).toString('hex')}`, [[1, 3]]],
    ['behind a mark of UTF-8', `\ufeffx ${first}`, [[1, 3]]],
    ['in UTF-16', Buffer.from(`\ufeffone\r\nähm ${first}\r\n`, 'utf16le'), [[2, 5]]],
    ['in UTF-16 of the other order', Buffer.from(`\ufeffone\nx ${first}`, 'utf16le').swap16(), [[2, 3]]],
    ['in UTF-16 without a mark', Buffer.from(`one\nx ${first}`, 'utf16le'), [[2, 3]]],
    [
      'far behind in a line of 300,000 characters of two bytes',
      `${'é'.repeat(300_000)} ${first}`,
      [[1, 300_002]],
    ],
    ['on the line after it', `${'é'.repeat(300_000)}\n ${first}`, [[2, 2]]],
    ['far behind letters of four bytes', `${'🙂'.repeat(100_000)}${first}`, [[1, 100_001]]],
  ];
  for (const [what, text, places] of cases) expect(await placesOf(text), what).toEqual(places);

  writeFileSync(join(folder, 'a.log'), `one\n  ${first}\n`);
  const { out } = await run(['find', 'a.log']);
  expect(out).toMatch(/^LINE +COLUMN +NAME +OWNER +STATUS +ID\n2 +3 +first-bot /);
});

test('find goes through 200 MB in memory that has a bound, and names the line at the very end', async () => {
  const { first, run, folder } = await aPlace();
  const file = join(folder, 'huge.log');
  const noise = Buffer.from(`${'no value stands in this line of a log. '.repeat(5)}\n`.repeat(5000));
  const times = Math.ceil(200_000_000 / noise.length);
  for (let count = 0; count < times; count++) writeFileSync(file, noise, { flag: 'a' });
  writeFileSync(file, first, { flag: 'a' });

  const ran = await run(['find', file, '--json'], { NODE_OPTIONS: '--max-old-space-size=64' });

  expect(ran.err).toBe('');
  expect(JSON.parse(ran.out)).toMatchObject({ line: times * 5000 + 1, name: 'first-bot' });
});

test('find --revoke revokes all, though nobody reads on after the first line', async () => {
  const { stage, first, second, run } = await aPlace();
  const file = join(temporaryFolder(), 'values.log');
  writeFileSync(file, `${first}\n`.repeat(3000) + second);

  await run(['find', file, '--revoke', '--reason', 'in a log', '--json'], {}, 'hears one line');

  expect(await verdictsOf(stage, first, second)).toEqual([401, 401]);
});

test('a file that find cannot read is said in one sentence', async () => {
  const { run, folder } = await aPlace();
  mkdirSync(join(folder, 'a-folder'));

  for (const [file, code] of [
    ['none.log', 'ENOENT'],
    ['a-folder', 'EISDIR'],
  ] as const) {
    expect(await run(['find', file])).toEqual({
      code: 1,
      out: '',
      err: `The file cannot be read (${code}): name one that this user may read, or - for standard input.\n`,
    });
  }
});

async function aPlace() {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const first = await createsToken(alice, 'first-bot');
  const second = await createsToken(alice, 'second-bot');
  await settled(stage);
  const folder = temporaryFolder();
  const run = (args: readonly string[], env: Record<string, string> = {}, hears?: 'hears one line') =>
    runs(args, { env: { ...besides(stage), ...env }, folder, ...(hears && { hears }) });
  const all = async (text: string | Buffer): Promise<(Hit & { readonly column: number })[]> => {
    const { code, out, err } = await runs(['find', '-', '--json'], {
      env: besides(stage),
      folder,
      stdin: text,
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain(first.slice(18));
    return out
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text));
  };
  const find = async (text: string | Buffer): Promise<Hit[]> =>
    (await all(text)).map(({ line, name }) => ({ line, name }));
  const placesOf = async (text: string | Buffer) =>
    (await all(text)).map(({ line, column }) => [line, column]);
  return { stage, first, second, folder, run, find, placesOf };
}

function line(count: number): string {
  return '\n'.repeat(count);
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

/** Bytes that UTF-8 never has, and no line end. */
function noText(): Buffer {
  return Buffer.alloc(3000, Buffer.from([0xff, 0xc0, 0x80, 0xfe]));
}
