import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import type { Token } from '../../src/tokens/token.ts';
import { temporaryFolder } from '../fixture.ts';
import { PEPPER } from '../store/fixtures/temp-store.ts';
import {
  aDelivery,
  aShownValue,
  aStoredToken,
  BY_ANN,
  verdictOn,
  WORKSPACE,
} from '../store/fixtures/tokens.ts';
import { type Ran, runs } from './a-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What `PEPPER` is made of. */
const TOKEN_PEPPER = 'a pepper of the tests, long enough';

const SOMEBODY = 1234;

test('a copy is one file for its owner alone, whole while the database is written, and its chain verifies', async () => {
  const place = await aPlace();
  const store = await place.opens();
  let isDone = false;
  const writing = (async () => {
    while (!isDone) await aStoredToken(store);
  })();

  const backup = await place.cli('backup', 'copy.db');
  isDone = true;
  await writing;
  await store.close();

  expect(backup).toMatchObject({ code: 0, err: '' });
  expect(place.files('copy.db')).toEqual(['copy.db']);
  expect(statSync(join(place.folder, 'copy.db')).mode & 0o777).toBe(0o600);
  const verified = await place.cli.at('copy.db', 'audit', 'verify');
  expect(verified.out).toMatch(/^\d+ events hold\. Head: /);
});

test('two backups into one file: one makes it, whole, the other is refused, and neither leaves anything half', async () => {
  const place = await aPlace();

  const both = await Promise.all([place.cli('backup', 'copy.db'), place.cli('backup', 'copy.db')]);

  // Both may also come one after the other: then the second is told at once.
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(place.files('copy.db')).toEqual(['copy.db']);
  expect(await place.cli.at('copy.db', 'list')).toMatchObject({ code: 0 });
});

test('a backup that was killed leaves nothing under its name, and the next one takes away what it left', async () => {
  const place = await aPlace();
  const killed = spawn('true');
  await new Promise((done) => killed.on('close', done));
  writeFileSync(join(place.folder, `copy.db.partial-${killed.pid}-0badcafe`), 'half');
  writeFileSync(join(place.folder, `copy.db.partial-${process.pid}-0badcafe`), 'of one that runs');

  expect(await place.cli('backup', 'copy.db')).toMatchObject({ code: 0 });

  expect(place.files('copy.db')).toEqual(['copy.db', `copy.db.partial-${process.pid}-0badcafe`]);
});

test.for([
  ['a text', (file: string) => writeFileSync(file, 'hello\n')],
  ['a database of another program', (file: string) => new Database(file).exec('create table x (a)').close()],
] as const)('%s named as the database is refused by every command, and stays as it is', async ([, make]) => {
  const place = await aPlace();
  const file = join(place.folder, 'other');
  make(file);
  chmodSync(file, 0o644);
  const before = readFileSync(file);

  for (const args of [
    ['list'],
    ['audit', 'verify'],
    ['pepper', 'status'],
    ['backup', 'copy.db'],
    ['init'],
    ['revoke-all', '--reason', 'x', '--yes'],
  ]) {
    const ran = await place.cli.at('other', ...args);
    expect(ran, args.join(' ')).toMatchObject({ code: 1, out: '' });
    expect(ran.err, args.join(' ')).toMatch(/^[^\n]+\n$/);
  }

  expect(readFileSync(file).equals(before)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(existsSync(join(place.folder, 'copy.db'))).toBe(false);
});

test.for([
  ['a folder', (place: Place) => mkdirSync(place.at('bad')), 'there is no file'],
  [
    'of another program',
    (place: Place) => new Database(place.at('bad')).exec('create table x (a)').close(),
    'is no backup of apitoken',
  ],
  [
    'of a newer version',
    (place: Place) => copyWith(place, 'insert into migrations values (9999999999999)'),
    'newer apitoken',
  ],
  [
    'the database itself by another name',
    (place: Place) => symlinkSync(place.at('apitoken.db'), place.at('bad')),
    'is the database itself',
  ],
] as const)('a restore of what is %s is refused before anything is changed', async ([, make, sentence]) => {
  const place = await aPlace();
  await place.cli('backup', 'copy.db');
  make(place);
  const before = place.database();

  const ran = await place.cli('restore', 'bad');

  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^[^\n]+\n$/);
  expect(ran.err).toContain(sentence);
  expect(place.database()).toEqual(before);
  expect(place.files('apitoken.db.')).toEqual(['apitoken.db.lock']);
});

test.for([
  ['is another database’s', (log: string) => writeFileSync(log, line('tok_somebody').repeat(3))],
  ['was cut off', (log: string) => writeFileSync(log, '')],
] as const)(
  'a revoked.log that %s tells nobody what was revoked since, so all expires',
  async ([, change]) => {
    const place = await aPlace();
    await place.revokes('first');
    // What stands in the log is noted by the next start.
    await (await place.opens()).close();
    await place.cli('backup', 'copy.db');
    change(place.at('revoked.log'));

    const restored = await place.cli('restore', 'copy.db');

    expect(restored).toMatchObject({ code: 0, err: '' });
    expect(restored.out).toContain(
      "This revoked.log doesn't go on from this backup, so 1 token expired now: nobody knows which were revoked since.",
    );
    expect(await place.verdicts()).toEqual(['bad', 'bad']);
  },
);

test('garbage and a torn line in revoked.log hide nothing of what else stands in it', async () => {
  const place = await aPlace();
  await place.cli('backup', 'copy.db');
  await place.revokes('first');
  const log = readFileSync(place.at('revoked.log'), 'latin1');
  writeFileSync(place.at('revoked.log'), `\u0000ÿ{"at":\n[]\n{}\nnull\n${log}${log.slice(0, 20)}`, 'latin1');

  const restored = await place.cli('restore', 'copy.db');

  expect(restored.code).toBe(0);
  expect(await place.verdicts()).toEqual(['bad', 'good']);
});

test('a restore that was cut off between its two renamings is not taken for a new start, and can be done again', async () => {
  const place = await aPlace();
  await place.cli('backup', 'copy.db');
  await place.revokes('first');
  cpSync(place.at('copy.db'), place.at('apitoken.db.restoring'));
  rmSync(place.at('apitoken.db'));
  rmSync(place.at('apitoken.db-wal'), { force: true });
  const log = readFileSync(place.at('revoked.log'));
  rmSync(place.at('revoked.log'));

  const started = await place.opens().catch((error: unknown) => error);
  expect(String(started)).toContain('the database is missing or empty');
  writeFileSync(place.at('revoked.log'), log);
  const restored = await place.cli('restore', 'copy.db');

  expect(restored.out).toBe(
    `${place.at('apitoken.db')} is put back from copy.db.\nEnded since the backup, and ended again now: 1 token and 0 old values.\n`,
  );
  expect(await place.verdicts()).toEqual(['bad', 'good']);
});

test('a -wal without its database tells of a lost one; init makes a new one beside it and the log, whole', async () => {
  const place = await aPlace();
  writeFileSync(place.at('apitoken.db-wal'), Buffer.alloc(5000, 0xa5));
  for (const name of ['apitoken.db', 'revoked.log']) rmSync(place.at(name));

  const started = await place.opens().catch((error: unknown) => error);
  expect(String(started)).toContain(`${place.at('apitoken.db-wal')} tells of one`);
  writeFileSync(place.at('revoked.log'), line('tok_somebody'));
  expect(await place.cli('init')).toMatchObject({ code: 0, err: '' });

  await (await place.opens()).close();
  expect(readFileSync(place.at('revoked.log'), 'utf8')).toBe(line('tok_somebody'));
});

test('with another pepper audit verify says that nothing can be proved, and how it can', async () => {
  const place = await aPlace();
  const env = { DATABASE_URL: 'file:apitoken.db', TOKEN_PEPPER: 'another pepper of the tests, long enough' };

  const alone = await runs(['audit', 'verify'], { env, folder: place.folder });

  expect(alone.out).toMatch(
    /^0 events hold\. Head: 4:\w{64}\n4 events can't be proved: their pepper isn't set\. Put it into TOKEN_PEPPERS_OLD\.\n$/,
  );
  expect(alone.code).toBe(0);
});

test('of two restores at once one is refused or waits, and the database is whole', async () => {
  const place = await aPlace();
  await place.cli('backup', 'copy.db');
  await place.revokes('first');

  const both = await Promise.all([place.cli('restore', 'copy.db'), place.cli('restore', 'copy.db')]);

  expect(both.some(({ code }) => code === 0)).toBe(true);
  for (const { code, err } of both) {
    if (code !== 0) expect(err).toContain('another apitoken app has this database open');
  }
  expect(await place.verdicts()).toEqual(['bad', 'good']);
});

test('behind a symbolic link the database is replaced where it is, with its log beside it', async () => {
  const place = await aPlace();
  const elsewhere = temporaryFolder();
  symlinkSync(place.at('apitoken.db'), join(elsewhere, 'linked.db'));
  await place.cli('backup', 'copy.db');

  const revoked = await place.cli.at(
    join(elsewhere, 'linked.db'),
    'revoke',
    place.token('first').id,
    '--reason',
    'x',
  );
  expect(revoked).toMatchObject({ code: 0 });
  expect(await place.cli.at(join(elsewhere, 'linked.db'), 'restore', place.at('copy.db'))).toMatchObject({
    code: 0,
  });

  expect(readdirSync(elsewhere)).toEqual(['linked.db']);
  expect(await place.verdicts()).toEqual(['bad', 'good']);
});

test('root leaves every file to the owner of the database, so that the app can go on', async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('only root can leave files to somebody else');
  const place = await aPlace();
  await place.cli('backup', 'copy.db');
  for (const name of ['.', 'apitoken.db', 'revoked.log']) chownSync(place.at(name), SOMEBODY, SOMEBODY);
  for (const name of ['apitoken.db.lock', 'revoked.log']) rmSync(place.at(name));

  await place.revokes('first', 'by the command line');
  await place.cli('restore', 'copy.db');

  for (const name of place.files('').filter((name) => name !== 'copy.db'))
    expect([name, statSync(place.at(name)).uid]).toEqual([name, SOMEBODY]);
  expect(place.files('')).toEqual(expect.arrayContaining(['apitoken.db', 'apitoken.db.lock', 'revoked.log']));
});

test('a backup onto a full disk is refused, and leaves nothing there', async ({ skip }) => {
  const place = await aPlace();
  const disk = temporaryFolder();
  const mount = await shell(`mount -t tmpfs -o size=64k none ${disk}`);
  if (mount !== 0) return skip('no small disk can be mounted here');
  try {
    const ran = await place.cli('backup', join(disk, 'copy.db'));

    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(
      /copy\.db cannot be written \(\w+\): let this user write it, or make room on its disk\./,
    );
    expect(readdirSync(disk)).toEqual([]);
  } finally {
    await shell(`umount ${disk}`);
  }
});

type Place = Awaited<ReturnType<typeof aPlace>>;

/** A folder with a database of two tokens that the app has left, and the command line in it. */
test('everything is copied into another database, once, while no app is there', async () => {
  const place = await aPlace();
  await place.revokes('second');
  const copies = (to: string) => place.cli('copy', '--from', 'file:apitoken.db', '--to', `file:${to}`);
  const app = await place.opens();
  expect(await copies('new/apitoken.db')).toEqual({
    code: 1,
    out: '',
    err: expect.stringContaining('another apitoken app has this database open. Stop that one first'),
  });
  await app.close();

  const copied = await copies('new/apitoken.db');

  expect(copied).toMatchObject({ code: 0, err: '' });
  expect(copied.out).toMatch(
    /^Copied 2 tokens and \d+ events\.\nCompared: rows, chain \(head \d+:\w+\) and 2 answers\.\n/,
  );
  expect(await place.cli.at('new/apitoken.db', 'list')).toEqual(await place.cli('list'));
  expect(await copies('new/apitoken.db')).toMatchObject({
    code: 1,
    err: expect.stringContaining('Name an empty one.'),
  });
  expect(await copies('apitoken.db')).toMatchObject({
    code: 1,
    err: '--from and --to name the same database: name two.\n',
  });
  expect(await place.cli('copy', '--to', 'file:other.db')).toMatchObject({ code: 2 });
  expect(place.files('other')).toEqual([]);
});

async function aPlace() {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const opens = (): Promise<Store> =>
    openStore({ url: `file:${at('apitoken.db')}`, pepper: PEPPER, use: 'app' });
  const store = await opens();
  await store.bindWorkspace(WORKSPACE);
  const tokens: Record<'first' | 'second', Token> = {
    first: await aStoredToken(store),
    second: await aStoredToken(store),
  };
  const { value: first } = await aShownValue(store, tokens.first);
  const { value: second } = await aShownValue(store, tokens.second);
  await store.close();

  const runAt = (database: string, ...args: string[]): Promise<Ran> =>
    runs(args, { env: { DATABASE_URL: `file:${database}`, TOKEN_PEPPER }, folder });
  return {
    folder,
    at,
    opens,
    token: (which: keyof typeof tokens) => tokens[which],
    cli: Object.assign((...args: string[]) => runAt('apitoken.db', ...args), { at: runAt }),
    /** The names that begin so, in their order. */
    files: (start: string) =>
      readdirSync(folder)
        .filter((name) => name.startsWith(start))
        .sort(),
    async revokes(which: keyof typeof tokens, by?: 'by the command line'): Promise<void> {
      if (by) {
        expect(await runAt('apitoken.db', 'revoke', tokens[which].id, '--reason', 'x')).toMatchObject({
          code: 0,
        });
        return;
      }
      const opened = await opens();
      await opened.revokeTokens([tokens[which].id], BY_ANN, aDelivery());
      await opened.close();
    },
    async verdicts(): Promise<string[]> {
      const opened = await opens();
      const verdicts = await Promise.all(
        [first, second].map((value) => verdictOn(opened, value, Date.now())),
      );
      await opened.close();
      return verdicts.map(({ kind }) => kind);
    },
    /** All rows of the tables that tell of tokens. */
    database(): unknown {
      const sqlite = new Database(at('apitoken.db'), { readonly: true });
      const rows = ['tokens', 'secrets', 'audit_events'].map((table) =>
        sqlite.prepare(`select * from ${table}`).all(),
      );
      sqlite.close();
      return rows;
    },
  };
}

/** The copy as `bad`, changed by `statement`. */
function copyWith(place: Pick<Place, 'at'>, statement: string): void {
  cpSync(place.at('copy.db'), place.at('bad'));
  new Database(place.at('bad')).exec(statement).close();
}

function line(token: string): string {
  return `${JSON.stringify({ at: 1, token, values: [] })}\n`;
}

function shell(command: string): Promise<number | null> {
  const child = spawn('bash', ['-c', command], { cwd: ROOT, stdio: 'ignore' });
  return new Promise((done) => void child.on('close', done));
}
