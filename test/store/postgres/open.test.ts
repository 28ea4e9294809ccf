import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openPostgres } from '../../../src/store/postgres/open.ts';
import { targetOf } from '../../../src/store/postgres/target.ts';
import { openStore } from '../../../src/store/store.ts';
import { aClient, aDatabase, aDatabaseWithTables, administer, theServer } from '../fixtures/a-postgres.ts';
import { aFolder, PEPPER } from '../fixtures/temp-store.ts';

const STEPS = fileURLToPath(new URL('../../../drizzle/postgres', import.meta.url));

function opening(url: string, options: Partial<Parameters<typeof openStore>[0]> = {}) {
  return openStore({ url, pepper: PEPPER, ...options });
}

/** What a refusal to open says, which must hold nothing of the password. */
async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toMatchObject({ name: 'StoreFault', code: 'cannot_open' });
  const { message, cause, stack } = fault as Error;
  const all = `${message} ${stack} ${cause instanceof Error ? `${cause.message} ${cause.stack} ${JSON.stringify(cause)}` : ''}`;
  expect(all).not.toMatch(/hunter2|hunter%32/);
  return message;
}

test.for([
  ['postgres://u:hunter2@[::1', 'DATABASE_URL must be postgres://'],
  ['postgres://u:hunter2@/d', 'DATABASE_URL must be postgres://'],
  ['postgres://u:hunter2@h:port/d', 'DATABASE_URL must be postgres://'],
  ['postgres://u:hunter2%ZZ@h/d', 'DATABASE_URL must be postgres://'],
  ['postgres://u:hunter2@h/d?sslmode=allow', 'sslmode in DATABASE_URL must be one of disable,'],
  ['postgres://u:hunter2@h/d?prepare=maybe', 'prepare in DATABASE_URL must be true or false.'],
  [
    'postgres://u:hunter2@h/d?sslrootcert=/nowhere/ca.pem',
    'sslrootcert in DATABASE_URL names /nowhere/ca.pem,',
  ],
  ['postgres://u:hunter2@127.0.0.1:1/d', "The database at 127.0.0.1:1 can't be reached (ECONNREFUSED)."],
] as const)('%s is refused with what to do', async ([url, sentence]) => {
  expect(await refusalOf(opening(url))).toContain(sentence);
});

test.for([
  ['', false],
  ['?sslmode=disable', false],
  ['?sslmode=no-verify', { rejectUnauthorized: false }],
  ['?sslmode=prefer', { rejectUnauthorized: true }],
  ['?sslmode=require', { rejectUnauthorized: true }],
  ['?sslmode=verify-ca', { rejectUnauthorized: true }],
  ['?sslmode=verify-full', { rejectUnauthorized: true }],
] as const)('of %j the connection is encrypted and proven so', ([query, ssl]) => {
  expect(targetOf(`postgres://u:p@h/d${query}`).config.ssl).toEqual(ssl);
});

test('a certificate that is named alone is asked for, and so is its name', () => {
  const file = join(aFolder(), 'ca.pem');
  writeFileSync(file, 'a certificate');

  const { config } = targetOf(`postgres://u:p@h/d?sslrootcert=${encodeURIComponent(file)}`);

  expect(config.ssl).toEqual({ ca: 'a certificate', rejectUnauthorized: true });
});

test('what is percent-encoded in the URL, and where a socket lies, reach the server as they are meant', () => {
  const { config, place } = targetOf(
    'postgres://a%40b:p%2Fq%3F@localhost/da%20ta?host=%2Fvar%2Frun&port=6000',
  );

  expect(config).toMatchObject({
    user: 'a@b',
    password: 'p/q?',
    database: 'da ta',
    host: '/var/run',
    port: 6000,
  });
  expect(place).toBe('/var/run:6000');
});

test.for([
  ['a user that is not there', (url: string) => url.replace('postgres@', 'nobody:hunter2@'), '(28000)'],
  ['a database that is not there', (url: string) => `${url}x`, '(3D000). Create it first'],
  ['TLS that the server does not speak', (url: string) => `${url}?sslmode=verify-full`, 'speaks no TLS'],
] as const)('%s is refused with what to do', async ([, change, sentence]) => {
  expect(await refusalOf(opening(change(await aDatabase())))).toContain(sentence);
});

test('a user who may make no table is told so', async () => {
  const url = await aDatabase();
  const role = `r_${new URL(url).pathname.slice(1)}`;
  await administer(url, `create role ${role} login; revoke create on schema public from public`);
  onTestFinished(async () => {
    await administer(url, `drop role ${role}`);
  });

  expect(await refusalOf(opening(url.replace('postgres@', `${role}@`)))).toContain(
    "doesn't let this user make tables",
  );
});

test('tables of another program are left alone, whatever they are called', async () => {
  const url = await aDatabase();
  await administer(url, 'create table migrations (id integer)');

  expect(await refusalOf(opening(url))).toBe(
    'This schema belongs to another program. Name another database in DATABASE_URL, or give the user a schema of its own.',
  );
  expect(
    (await administer(url, "select count(*)::int as n from pg_tables where schemaname = 'public'")).rows,
  ).toEqual([{ n: 1 }]);
});

test('a schema of the user’s own is where the tables are made, beside another program', async () => {
  const url = await aDatabase();
  await administer(url, 'create table migrations (id integer); create schema ours');
  const ours = `${url}?options=${encodeURIComponent('-c search_path=ours')}`;

  await (await opening(ours)).close();

  const { rows } = await administer(url, "select schemaname from pg_tables where tablename = 'tokens'");
  expect(rows).toEqual([{ schemaname: 'ours' }]);
});

test('a database of a newer version is refused, and nothing is changed', async () => {
  const url = await aDatabaseWithTables();
  await administer(url, 'insert into migrations (made_at) values (99999999999999)');
  onTestFinished(async () => {
    await administer(url, 'delete from migrations where made_at = 99999999999999');
  });

  expect(await refusalOf(opening(url))).toContain('A newer apitoken wrote this database.');
});

test.for([
  ['must', 'empty', 'There are no tables of apitoken.'],
  ['must_not', 'ours', 'There is a database of apitoken already.'],
] as const)('a database that %s be there is refused where it is %s', async ([presence, state, sentence]) => {
  const url = state === 'ours' ? await aDatabaseWithTables() : await aDatabase();

  expect(await refusalOf(opening(url, { presence }))).toContain(sentence);
});

test('a step that fails leaves nothing of the steps before it', async () => {
  const url = await aDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-steps-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(STEPS, folder, { recursive: true });
  writeFileSync(
    join(folder, '0000_first.sql'),
    `${readFileSync(join(folder, '0000_first.sql'), 'utf8')}--> statement-breakpoint\nnonsense`,
  );

  await refusalOf(opening(url, { migrationsFolder: folder }));

  expect((await administer(url, "select tablename from pg_tables where schemaname = 'public'")).rows).toEqual(
    [],
  );
  await (await opening(url)).close();
});

test('of four processes that start at once on an empty database, one makes the tables and all work', async () => {
  const url = await aDatabase();
  const program = fileURLToPath(new URL('../fixtures/open-once.ts', import.meta.url));
  const processes = Array.from({ length: 4 }, () => fork(program, [url], { execArgv: [] }));
  onTestFinished(() => void processes.map((each) => each.kill()));
  await Promise.all(processes.map((each) => once(each, 'message')));

  for (const each of processes) each.send('open');
  const codes = await Promise.all(processes.map(async (each) => (await once(each, 'exit'))[0]));

  expect(codes).toEqual([0, 0, 0, 0]);
  const { rows } = await administer(url, 'select count(*)::int as n from migrations where made_at > 0');
  expect(rows).toEqual([
    { n: JSON.parse(readFileSync(join(STEPS, 'meta/_journal.json'), 'utf8')).entries.length },
  ]);
});

test('fewer connections than three are refused, and no more are ever open than are allowed', async () => {
  const url = await aDatabaseWithTables();
  expect(await refusalOf(opening(url, { poolMax: 2 }))).toBe('DATABASE_POOL_MAX must be at least 3.');
  const store = await opening(url, { poolMax: 4 });
  onTestFinished(() => store.close());
  const client = await aClient(url);

  await Promise.all(
    Array.from({ length: 50 }, (_, i) => [
      store.readSecret(`x${i}`),
      store.latestSeen(),
      store.takeDue(i, 9),
    ]).flat(),
  );

  const { rows } = await client.query(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'apitoken'",
  );
  expect(rows[0].n).toBeLessThanOrEqual(4);
});

test('a server that never answers is given up on', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((done) => void silent.listen(0, '127.0.0.1', done));
  onTestFinished(() => void silent.close());
  const address = silent.address();

  const url = `postgres://u:hunter2@127.0.0.1:${typeof address === 'object' ? address?.port : ''}/d`;

  expect(await refusalOf(opening(url))).toContain("can't be reached");
});

test('a standby is refused: it may honour what was revoked', async () => {
  // What it says of itself is taken from it by an answer of the same name that comes first on its path.
  const url = await aDatabaseWithTables();
  await administer(
    url,
    'create schema standby; create function standby.pg_is_in_recovery() returns boolean language sql as $$ select true $$',
  );
  onTestFinished(async () => {
    await administer(url, 'drop schema standby cascade');
  });
  const posing = `${url}?options=${encodeURIComponent('-c search_path=standby,pg_catalog,public')}`;

  expect(await refusalOf(opening(posing))).toContain('The database is a standby');
});

test('nothing of PostgreSQL is loaded for SQLite', async () => {
  const program = `const { openStore } = await import('./src/store/store.ts');
    const { pepperFrom } = await import('./src/tokens/pepper.ts');
    const store = await openStore({ url: 'file:${join(aFolder(), 'a.db')}', pepper: pepperFrom('a pepper of the tests, long enough') });
    await store.close();
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire('${import.meta.filename}').cache).filter((file) => /node_modules\\/(pg|pg-[a-z]+)\\/|sqlite-proxy/.test(file));
    process.stdout.write(JSON.stringify(loaded));`;
  const root = fileURLToPath(new URL('../../../', import.meta.url));

  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  });

  expect(JSON.parse(output)).toEqual([]);
});

test('the engine opens on what the tests bring, which is PostgreSQL 15 or later', async () => {
  const { rows } = await administer(
    await theServer(),
    "select current_setting('server_version_num')::int >= 150000 as ok",
  );
  expect(rows).toEqual([{ ok: true }]);
  const engine = await openPostgres({ url: await aDatabaseWithTables() }, STEPS);
  await engine.close();
});
