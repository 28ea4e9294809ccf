import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setStage, temporaryFolder } from '../fixture.ts';
import { createsToken, settled, verdictsOf } from '../slack/flows.ts';
import { besides, runs } from './a-command.ts';

type Hit = { readonly line: number; readonly name: string };

test('find names each line on which a value ends, once, in whatever form it stands there', async () => {
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
    ['base64 wrapped over lines', `one\n${wrapped}`, hits([5])],
    ['wrapped and indented, as in a mail', `one\n> ${first.slice(0, 30)}\n> ${first.slice(30)}\n`, hits([3])],
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
  const find = async (text: string | Buffer): Promise<Hit[]> => {
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
      .map((text) => JSON.parse(text))
      .map(({ line, name }) => ({ line, name }));
  };
  return { stage, first, second, folder, run, find };
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
