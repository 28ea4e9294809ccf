import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DAY_MS, SECOND_MS } from '../../src/clock.ts';
import { setStage, temporaryFolder } from '../fixture.ts';
import {
  answerIn,
  answerTo,
  createsToken,
  holdsToken,
  receiptOf,
  rowsOf,
  settled,
  soon,
  toldTo,
} from '../slack/flows.ts';
import { besides, type Ran, runs } from './a-command.ts';

const OPERATOR = `an operator (${userInfo().username})`;

test('what the command line revoked is in history, info, CSV, board and receipt, names the operator, and leaves Home', async () => {
  const { stage, cli, pass } = await aPlace();
  const [alice, carol] = [stage.workspace.person('alice'), stage.workspace.person('carol')];
  await holdsToken(stage, alice, 'deploy-bot');
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await carol.types('#oncall', '/apitoken board');
  await soon(() => expect(carol.reads('#oncall')).toContain('Active 1'));

  expect(await cli('revoke', 'deploy-bot', '--reason', 'found in a log')).toMatchObject({ code: 0 });

  await settled(stage);
  for (const line of ['history', 'info']) {
    const { text } = await answerTo(alice, `/apitoken ${line} deploy-bot`);
    expect(text, line).toContain(OPERATOR);
    expect(text, line).toContain('found in a log');
  }
  await soon(() => expect(toldTo(alice).at(-1)?.text).toContain('found in a log'));
  expect(receiptOf(alice, 'deploy-bot').text).toMatch(/revoked/i);
  await soon(() => expect(alice.home()?.text).not.toContain('deploy-bot'));
  // A board is drawn at most once a minute.
  pass(61 * SECOND_MS);
  await soon(() => expect(carol.reads('#oncall')).toContain('Revoked 1'));
  await answerTo(carol, '/apitoken status all');
  await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));
  // The file has ids, as for everybody else.
  expect(carol.readsFile('@apitoken')).toContain(`,cli:${userInfo().username},found in a log`);
});

test('whichever command ends a token, the event names the operator and the reason', async () => {
  const { stage, cli } = await aPlace();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  await createsToken(alice, 'named-bot');
  const presented = await createsToken(alice, 'presented-bot');
  const logged = await createsToken(alice, 'logged-bot');
  await createsToken(bob, 'bobs-bot');
  await createsToken(alice, 'last-bot');
  const folder = temporaryFolder();
  const file = join(folder, 'build.log');
  writeFileSync(file, logged);

  await cli('revoke', 'named-bot', '--reason', 'by name');
  const stdin = ['revoke', '--stdin', '--reason', 'by value'];
  await runs(stdin, { env: besides(stage), folder, stdin: presented });
  await cli('find', file, '--revoke', '--reason', 'by file');
  await cli('revoke-person', bob.id, '--reason', 'by person', '--yes');
  await cli('revoke-all', '--reason', 'all', '--yes');

  const events = rowsOf(
    stage,
    "select actor, json_extract(detail, '$.reason') as reason from audit_events where action = 'token.revoked' order by sequence",
  );
  expect(events.map(({ reason }) => reason)).toEqual(['by name', 'by value', 'by file', 'by person', 'all']);
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([`cli:${userInfo().username}`]));
});

test('what was revoked while the app was stopped is told and drawn as soon as it runs', async () => {
  const { stage, cli } = await aPlace();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await settled(stage);
  await stage.app.stop();
  expect(await cli('revoke-all', '--reason', 'breach', '--yes')).toMatchObject({ code: 0 });

  await stage.restart();

  await soon(() =>
    expect(
      toldTo(alice)
        .map(({ text }) => text)
        .join('\n'),
    ).toContain('breach'),
  );
  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toMatch(/revoked/i));
  await soon(() => expect(alice.home()?.text).not.toContain('deploy-bot'));
});

test('list has each status and each owner, as a table and as a line of JSON a token', async () => {
  const { stage, cli } = await aPlace();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const ago = (days: number) => Date.now() - days * DAY_MS;
  await holdsToken(stage, alice, 'fresh', {});
  await holdsToken(stage, alice, 'expires-soon', { createdAt: ago(20), lifetimeDays: 27 });
  await holdsToken(stage, alice, 'unused', { createdAt: ago(100), lifetimeDays: 365 });
  await holdsToken(stage, bob, 'over', { createdAt: ago(40), lifetimeDays: 30 });
  await holdsToken(stage, bob, 'ended', {});
  await cli('revoke', 'ended', '--reason', 'old');

  for (const [status, owner, names] of [
    ['expiring', undefined, ['expires-soon']],
    ['idle', undefined, ['unused']],
    ['expired', undefined, ['over']],
    ['revoked', undefined, ['ended']],
    ['active', undefined, ['expires-soon', 'fresh', 'unused']],
    ['all', undefined, ['ended', 'expires-soon', 'fresh', 'over', 'unused']],
    ['all', bob.id, ['ended', 'over']],
    ['idle', bob.id, []],
  ] as const) {
    const args = ['list', '--status', status, ...(owner === undefined ? [] : ['--owner', owner])];
    const [table, json] = [await cli(...args), await cli(...args, '--json')];
    const lines = json.out.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line).name).sort(), args.join(' ')).toEqual(names);
    for (const name of names) expect(table.out, args.join(' ')).toContain(`  ${name} `);
    if (names.length === 0) expect(table.out).toBe('No tokens match.\n');
  }
});

test('audit export --after: from any sequence, none after the last, and what is no sequence is refused', async () => {
  const { stage, cli } = await aPlace();
  for (const number of [1, 2]) await holdsToken(stage, stage.workspace.person('alice'), `bot-${number}`);
  const last = Number(rowsOf(stage, 'select max(sequence) as last from audit_events')[0]?.last);
  const sequencesIn = ({ out }: Ran) =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).sequence);
  const all = Array.from({ length: last }, (_, index) => index + 1);

  expect(sequencesIn(await cli('audit', 'export'))).toEqual(all);
  expect(sequencesIn(await cli('audit', 'export', '--after', '0'))).toEqual(all);
  expect(sequencesIn(await cli('audit', 'export', '--after', '2'))).toEqual(all.slice(2));
  for (const beyond of [last, last + 1, 999_999])
    expect(await cli('audit', 'export', '--after', `${beyond}`)).toEqual({ code: 0, out: '', err: '' });
  for (const wrong of ['-1', 'x', '1.5', '', '1e3', ' 2'])
    expect(await cli('audit', 'export', `--after=${wrong}`), wrong).toEqual({
      code: 2,
      out: '',
      err: '--after takes a sequence: a whole number.\n',
    });
});

test.for([
  [
    'a folder that is not there',
    (folder: string) => join(folder, 'nowhere/copy.db'),
    /: make the folder \S+nowhere first\./,
  ],
  ['a folder itself', (folder: string) => folder, /is there already/],
  ['a path through a file', (folder: string) => join(folder, 'apitoken.db/copy.db'), /: name another path\./],
  ['the database', (folder: string) => join(folder, 'apitoken.db'), /is there already/],
  ['a name that is too long', (folder: string) => join(folder, 'x'.repeat(300)), /: name another path\./],
] as const)('a backup into %s is one sentence, and leaves nothing', async ([, pathIn, sentence]) => {
  const { stage, cli } = await aPlace();
  const before = readdirSync(stage.folder).sort();

  const ran = await cli('backup', pathIn(stage.folder));

  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^[^\n]+\n$/);
  expect(ran.err).toMatch(sentence);
  expect(readdirSync(stage.folder).sort()).toEqual(before);
});

test('a backup into a folder that may not be written is one sentence', async ({ skip }) => {
  const { stage } = await aPlace();
  if (process.getuid?.() !== 0 || !existsSync('/proc/sys'))
    return skip('there is no folder here that root may not write');

  const ran = await runs(['backup', '/proc/sys/copy.db'], { env: besides(stage), folder: temporaryFolder() });

  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^\/proc\/sys\/copy\.db cannot be written \(\w+\)[^\n]*\n$/);
});

async function aPlace() {
  let ahead = 0;
  const stage = await setStage({ env: { MANAGERS: 'U0CAROL0001' }, clock: () => Date.now() + ahead });
  const folder = temporaryFolder();
  const env = besides(stage);
  return {
    stage,
    cli: (...args: string[]): Promise<Ran> => runs(args, { env, folder }),
    pass: (ms: number) => {
      ahead += ms;
    },
  };
}
