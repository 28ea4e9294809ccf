import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../fixture.ts';
import { aDatabase, aDatabaseWithTables, administer } from '../store/fixtures/a-postgres.ts';
import { PEPPER } from '../store/fixtures/temp-store.ts';
import { aShownValue, aStoredToken, verdictOn, WORKSPACE } from '../store/fixtures/tokens.ts';
import { runs } from './a-command.ts';

/** What `PEPPER` is made of. */
const TOKEN_PEPPER = 'a pepper of the tests, long enough';

test('a token is listed and revoked on PostgreSQL, and its chain verifies', async () => {
  const place = await aPlace();

  expect((await place.cli('list')).out).toContain(place.token.name);
  expect(await place.cli('revoke', place.token.id, '--reason', 'leaked')).toMatchObject({ code: 0, err: '' });

  expect(await place.verdict()).toMatchObject({ kind: 'bad', why: 'revoked' });
  expect((await place.cli('audit', 'verify')).out).toMatch(/^\d+ events hold\. Head: /);
  expect((await place.cli('pepper', 'status')).code).toBe(0);
});

test('the doctor looks at PostgreSQL without changing it', async () => {
  const place = await aPlace();

  const { out } = await place.cli('doctor');

  expect(out).toMatch(/ok +database +127\.0\.0\.1:\d+ opens: PostgreSQL \d/);
  expect(out).toMatch(/ok +schema +It is of this version\./);
  expect(out).toMatch(/ok +audit chain +The last \d+ events hold together\./);
  // The one of the tests does without.
  expect(out).toMatch(
    /wrong +power cut +It may revive what was revoked: fsync and full_page_writes are off\./,
  );
  expect(out).toMatch(/note +connection +It is not encrypted\./);
  const foreign = await aDatabase();
  await administer(foreign, 'create table strangers ()');
  expect((await at(foreign, place.folder)('doctor')).out).toMatch(
    /wrong +database +This schema belongs to another program\./,
  );
});

test('an empty PostgreSQL is looked at, made and made once', async () => {
  const url = await aDatabase();
  const cli = at(url, temporaryFolder());

  expect((await cli('doctor')).out).toMatch(
    /note +schema +There are no tables yet: the first start makes them\./,
  );
  expect(await cli('list')).toMatchObject({
    code: 1,
    err: expect.stringContaining('There are no tables of apitoken.'),
  });
  expect(await cli('init')).toMatchObject({ code: 0, out: expect.stringContaining('is new and empty') });
  expect(await cli('init')).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is a database of apitoken already.'),
  });
});

test('a backup of PostgreSQL is a file of SQLite for its owner alone, and revives nothing when it comes back', async () => {
  const place = await aPlace();

  expect(await place.cli('backup', 'copy.db')).toMatchObject({ code: 0, err: '' });

  expect(statSync(join(place.folder, 'copy.db')).mode & 0o777).toBe(0o600);
  expect(await place.cli('restore', 'copy.db')).toMatchObject({
    code: 1,
    err: expect.stringContaining('a backup comes into PostgreSQL in two steps'),
  });
  const to = await aDatabase();
  const copies = (from: string) => place.cli('copy', '--from', `file:${from}`, '--to', to);
  expect(await copies('copy.db')).toMatchObject({ code: 1, err: expect.stringContaining('is a backup') });
  const onFile = at('file:fresh/apitoken.db', place.folder);
  expect(await onFile('restore', 'copy.db')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 token expired'),
  });
  const copied = await copies('fresh/apitoken.db');
  expect(copied).toMatchObject({ code: 0, err: '' });
  expect(copied.out).toMatch(/^Copied 1 token and \d+ events\./);
  expect(await at(to, place.folder)('list', '--status', 'all')).toEqual(
    await onFile('list', '--status', 'all'),
  );
  expect(await place.verdict(to)).toMatchObject({ kind: 'bad' });
});

test('no password reaches what is printed', async () => {
  const url = new URL(await aDatabaseWithTables());
  url.password = 'hunter2-secret';
  url.port = '1';
  const cli = at(url.href, temporaryFolder());

  for (const command of [['list'], ['doctor'], ['init'], ['backup', 'x.db']]) {
    const { out, err } = await cli(...command);
    expect(`${out}${err}`).not.toContain('hunter2');
    expect(`${out}${err}`).toContain('127.0.0.1:1');
  }
});

function at(url: string, folder: string) {
  return (...args: string[]) => runs(args, { env: { DATABASE_URL: url, TOKEN_PEPPER }, folder });
}

async function aPlace() {
  const url = await aDatabaseWithTables();
  const folder = temporaryFolder();
  const opens = (from: string) => openStore({ url: from, pepper: PEPPER });
  const store = await opens(url);
  await store.bindWorkspace(WORKSPACE);
  const token = await aStoredToken(store);
  const { value } = await aShownValue(store, token);
  await store.close();
  return {
    url,
    folder,
    token,
    cli: at(url, folder),
    async verdict(from = url) {
      const opened = await opens(from);
      const verdict = await verdictOn(opened, value, Date.now());
      await opened.close();
      return verdict;
    },
  };
}
