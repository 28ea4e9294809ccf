import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type Stage, setStage, temporaryFolder } from '../fixture.ts';
import { createsToken, idOf, rowsOf, settled, verdictsOf } from '../slack/flows.ts';
import { besides, type Ran, runs } from './a-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const LOOKS_LIKE_A_VALUE =
  'This looks like a token value. It was not saved. If it leaked, revoke it. Other people can see a command line: pass it with "revoke --stdin".\n';

test('a value on the command line is repeated nowhere, wherever it stands, and nothing is done', async () => {
  const { stage, value, cli } = await aPlace();
  const base64 = Buffer.from(`user:${value}`).toString('base64');

  for (const args of [
    [value],
    ['help', `"${value}"`],
    ['list', value],
    ['list', '--status', value.slice(0, -1)],
    ['list', `--${value}`],
    ['find', value],
    ['revoke', value, '--reason', 'x'],
    ['revoke', 'deploy-bot', base64, '--reason', 'x'],
    ['revoke', 'deploy-bot', '--reason', `leaked: ${value}`],
    ['revoke-person', value, '--reason', 'x', '--yes'],
    ['audit', 'verify', '--head', value],
    ['backup', value],
  ])
    expect(await cli(...args), args.join(' ')).toEqual({ code: 2, out: '', err: LOOKS_LIKE_A_VALUE });

  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('a value on standard input is found in whatever form it was copied, and is never printed', async () => {
  const { stage, value, revokes } = await aPlace();
  for (const [what, stdin, sentence] of [
    ['nothing', '', 'There is no token value on standard input.'],
    ['one character short', value.slice(0, -1), 'There is no token value on standard input.'],
    ['of nobody', await anUnknownValue(), 'This value is not live'],
    ['much too long', Buffer.alloc(70_000, 'q'), 'Standard input is much longer than one value'],
    ['no text', Buffer.alloc(5000, 0xff), 'There is no token value on standard input.'],
  ] as const) {
    const ran = await revokes(stdin);
    expect(ran, what).toMatchObject({ code: 1, out: '' });
    if (what !== 'of nobody') expect(ran.err, what).toContain(sentence);
    expect(ran.err).not.toContain(value.slice(18, -1));
  }
  expect(await verdictsOf(stage, value)).toEqual([200]);

  expect((await revokes(`'${value}'\r\n`)).out).toBe(
    'deploy-bot is revoked. The next request with it is refused.\n',
  );
  for (const stdin of [`${value}\n`, Buffer.from(`\ufeff${value}`, 'utf16le'), `\n\n "${value}" `])
    expect(await revokes(stdin)).toMatchObject({
      code: 0,
      out: expect.stringContaining('was already revoked'),
    });
  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test('help names every command, each shows how it is written, and what is misunderstood says where to look', async () => {
  const { cli } = await aPlace();

  const help = await cli('help');
  expect(help).toMatchObject({ code: 0, err: '' });
  for (const name of [
    'list',
    'find',
    'audit',
    'revoke',
    'revoke-person',
    'revoke-all',
    'backup',
    'restore',
    'copy',
    'pepper',
    'init',
  ])
    expect(help.out).toMatch(new RegExp(`^  ${name} `, 'm'));
  const ofRevoke = await cli('help', 'revoke');
  expect(ofRevoke.out).toMatch(/^Usage: npm run cli -- revoke \[options\] \[name or id\]\n/);
  expect(await cli('revoke', '--help')).toEqual(ofRevoke);
  expect((await cli()).err).toBe(help.out);
  for (const [args, sentences] of [
    [
      ['lst'],
      'error: unknown command \'lst\'\n(Did you mean list?)\n"npm run cli -- help" shows how it is written.\n',
    ],
    [
      ['list', '--all'],
      'error: unknown option \'--all\'\n"npm run cli -- help list" shows how it is written.\n',
    ],
    [
      ['audit', 'vrify'],
      'error: unknown command \'vrify\'\n(Did you mean verify?)\n"npm run cli -- help audit" shows how it is written.\n',
    ],
    [
      ['find'],
      'error: missing required argument \'file\'\n"npm run cli -- help find" shows how it is written.\n',
    ],
    [['help', 'lst'], 'There is no command "lst". "npm run cli -- help" lists all commands.\n'],
  ] as const)
    expect(await cli(...args)).toEqual({ code: 2, out: '', err: sentences });
});

test('list has each filter and every name as it was typed, in columns that line up', async () => {
  const { stage, cli } = await aPlace();
  const alice = stage.workspace.person('alice');
  const names = ['a "quoted" bot', '🚀 rocket', 'שלום עולם', '日本語', 'x'.repeat(64)];
  for (const name of names) await createsToken(alice, name);
  await cli('revoke', '日本語', '--reason', 'over');
  await settled(stage);

  const { out } = await cli('list');
  const [heads = '', ...rows] = out.trimEnd().split('\n');
  expect(rows).toHaveLength(6);
  for (const name of names) expect(out).toContain(`  ${name} `);
  const column = heads.indexOf('OWNER');
  for (const row of rows) {
    // Three characters that are two columns wide each.
    const isWider = row.includes('日本語') ? 3 : 0;
    expect(row.slice(column - isWider), row).toMatch(/^U\w+ +(active|revoked) /);
  }
  for (const [filter, count] of [
    ['active', 5],
    ['expired', 0],
    ['revoked', 1],
    ['all', 6],
  ] as const) {
    const listed = (await cli('list', '--status', filter, '--json')).out;
    expect(
      listed.split('\n').filter((line) => line !== ''),
      filter,
    ).toHaveLength(count);
  }
  expect((await cli('list', '--owner', 'U0NOBODY')).out).toBe('No tokens match.\n');
});

test('a token is revoked by its id or its name in any case; the history and the CSV name the operator', async () => {
  const { stage, cli } = await aPlace();
  await createsToken(stage.workspace.person('alice'), 'a "quoted" 🚀 bot');
  await settled(stage);

  const byId = await cli('revoke', idOf(stage, 'deploy-bot'), '--reason', 'old', '--json');
  const byName = await cli('revoke', 'A "Quoted" 🚀 BOT', '--reason', 'old');

  expect(JSON.parse(byId.out)).toMatchObject({
    name: 'deploy-bot',
    status: 'revoked',
    reason: 'old',
    alreadyRevoked: false,
    revokedBy: expect.stringMatching(/^cli:/),
  });
  expect(byName.out).toBe('a "quoted" 🚀 bot is revoked. The next request with it is refused.\n');
  expect(rowsOf(stage, "select distinct actor from audit_events where action = 'token.revoked'")).toEqual([
    { actor: JSON.parse(byId.out).revokedBy },
  ]);
});

test('nobody has no tokens: revoke-person says so, and changes nothing', async () => {
  const { cli } = await aPlace();

  expect(await cli('revoke-person', 'U0NOBODY', '--reason', 'x')).toEqual({
    code: 0,
    out: 'There are no live tokens of U0NOBODY. Nothing was changed.\n',
    err: '',
  });
});

test.for([
  ['Ctrl-C', '\u0003', 200],
  ['Ctrl-D', '\u0004', 200],
  ['another answer', 'yes\n', 200],
  ['what was asked for', 'revoke all 1 token\n', 401],
] as const)('on a terminal revoke-all waits for its answer: %s', async ([, typed, status]) => {
  const { stage, value } = await aPlace();

  const ran = await onATerminal('revoke-all --reason x', besides(stage), typed);

  expect(ran.out).toContain('This revokes 1 live token of everybody.');
  expect(ran.out).not.toContain('node:internal');
  expect(ran.out).toContain(status === 200 ? 'Nothing was revoked' : '1 token of everybody revoked.');
  expect(ran.code).toBe(status === 200 ? 1 : 0);
  expect(await verdictsOf(stage, value)).toEqual([status]);
});

test.for([
  ['anything else', 'alice\n', 200],
  ['the id', 'U0ALICE0001\n', 401],
] as const)('on a terminal revoke-person waits for the id of the person: %s', async ([, typed, status]) => {
  const { stage, value } = await aPlace();

  const ran = await onATerminal('revoke-person U0ALICE0001 --reason x', besides(stage), typed);

  expect(ran.out).toContain('This revokes 1 live token of U0ALICE0001.');
  expect(ran.out).toContain('Type "U0ALICE0001" to go on:');
  expect(ran.code).toBe(status === 200 ? 1 : 0);
  expect(await verdictsOf(stage, value)).toEqual([status]);
});

/** Runs a command on a pseudo terminal (`script` of util-linux), and types that when it asks for it. */
async function onATerminal(args: string, env: Record<string, string>, typed: string) {
  const cli = [process.execPath, '--require', join(ROOT, 'require-node.cjs'), join(ROOT, 'src/cli.ts')];
  const child = spawn('script', ['-qec', `${cli.join(' ')} ${args}`, '/dev/null'], {
    cwd: temporaryFolder(),
    env: { ...env, PATH: '/usr/bin:/bin', TERM: 'xterm' },
  });
  let [out, isTyped] = ['', false];
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (isTyped || !out.includes('to go on:')) return;
    isTyped = true;
    child.stdin.write(typed);
  });
  const code = await new Promise<number | null>((done) => void child.on('close', done));
  return { code, out };
}

/** One with right check digits that no token has. */
async function anUnknownValue(): Promise<string> {
  const { TokenValue } = await import('../../src/tokens/token-value.ts');
  return TokenValue.generate('apit').reveal();
}

async function aPlace() {
  const stage: Stage = await setStage();
  const value = await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  const folder = temporaryFolder();
  const env = besides(stage);
  return {
    stage,
    value,
    cli: (...args: string[]): Promise<Ran> => runs(args, { env, folder }),
    revokes: (stdin: string | Buffer): Promise<Ran> =>
      runs(['revoke', '--stdin', '--reason', 'leaked'], { env, folder, stdin }),
  };
}
