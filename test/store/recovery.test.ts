import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { HOUR_MS } from '../../src/clock.ts';
import { createRevokedLog } from '../../src/store/recovery/revoked-log.ts';
import { createWriter } from '../../src/store/sqlite/writer.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { aFolder, aRawConnection, PEPPER } from './fixtures/temp-store.ts';
import {
  aDelivery,
  anEffect,
  aRotation,
  aShownValue,
  aStoredToken,
  BY_ANN,
  NOW,
  verdictOn,
} from './fixtures/tokens.ts';

const LATER = NOW + HOUR_MS;

test('a backup that is put back revives nothing: what was revoked since ends again at the start, with its event', async () => {
  const { path, start } = aPlace();
  const first = await start();
  const [one, two, kept] = [await aStoredToken(first), await aStoredToken(first), await aStoredToken(first)];
  const values = [
    await aShownValue(first, one),
    await aShownValue(first, two),
    await aShownValue(first, kept),
  ];
  await first.close();
  copyFileSync(path, `${path}.backup`);
  const second = await start();
  await second.revokeTokens([one.id, two.id], BY_ANN, aDelivery());
  await second.close();
  copyFileSync(`${path}.backup`, path);

  const third = await start();

  expect(third.endedAgain).toEqual({ tokens: 2, values: 0, expired: 0 });
  expect(await verdictsOn(third, values, LATER)).toEqual(['bad', 'bad', 'good']);
  const raw = aRawConnection(path);
  const events = raw.prepare("select actor, detail from audit_events where action = 'token.revoked'").all();
  expect(events).toHaveLength(2);
  for (const { name } of [one, two]) {
    const detail = JSON.stringify({ name, reason: 'ended before the database was put back', held: 0 });
    expect(events).toContainEqual({ actor: 'system', detail });
  }
  await third.close();
  expect((await start()).endedAgain).toEqual({ tokens: 0, values: 0, expired: 0 });
});

test('nor the value that a newer one took the place of, nor one whose grace was ended', async () => {
  const { path, start } = aPlace();
  const first = await start();
  const [rotated, ended] = [await aStoredToken(first), await aStoredToken(first)];
  const old = [await aShownValue(first, rotated), await aShownValue(first, ended)];
  await first.close();
  copyFileSync(path, `${path}.backup`);
  const second = await start();
  await aShownValue(second, rotated, aRotation());
  await aShownValue(second, ended, aRotation({ graceEndsAt: NOW + 24 * HOUR_MS }));
  await second.endOldValues(ended.id, NOW, anEffect(ended.id));
  await second.close();
  copyFileSync(`${path}.backup`, path);

  const third = await start();

  expect(third.endedAgain.tokens).toBe(0);
  expect(await verdictsOn(third, old, LATER)).toEqual(['bad', 'bad']);
});

test('what is in the log and not in the database, since a crash came between the two, is ended at the start', async () => {
  const { path, start } = aPlace();
  const store = await start();
  const token = await aStoredToken(store);
  const value = await aShownValue(store, token);
  await store.close();
  appendFileSync(logOf(path), `${JSON.stringify({ at: NOW, token: token.id, values: [] })}\n`);

  const again = await start();

  expect(again.endedAgain).toEqual({ tokens: 1, values: 0, expired: 0 });
  expect(await verdictsOn(again, [value], LATER)).toEqual(['bad']);
});

test('a revocation is in the log before it is in the database', () => {
  const path = join(aFolder(), 'x.db');
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  sqlite.exec('create table t (n integer)');
  const seen: unknown[] = [];
  const other = aRawConnection(path);
  const writer = createWriter(sqlite, 0, {
    sync: () => void seen.push(other.prepare('select count(*) from t').pluck().get()),
    takeBack: () => undefined,
    forget: () => undefined,
  });

  return writer
    .write(() => void sqlite.exec('insert into t values (1)'))
    .then(() => {
      expect(seen).toEqual([0]);
      expect(other.prepare('select count(*) from t').pluck().get()).toBe(1);
    });
});

test('where the log cannot be written nothing is revoked, and the fault says what to do', async () => {
  const { path, start } = aPlace();
  const store = await start();
  const token = await aStoredToken(store);
  const value = await aShownValue(store, token);
  rmSync(logOf(path));
  // A folder in its place: nothing can be appended to it, whoever runs this.
  mkdirSync(logOf(path));

  await expect(store.revokeTokens([token.id], BY_ANN, aDelivery())).rejects.toMatchObject({
    code: 'unwritable',
    message: `${logOf(path)} can't be written (EISDIR), so nothing was changed. Let this user write it, or make room on its disk.`,
  });

  expect(await verdictsOn(store, [value], LATER)).toEqual(['good']);
});

test('a line that a crash cut off counts for nothing, and the next one begins on its own', () => {
  const path = join(aFolder(), 'apitoken.db');
  const log = createRevokedLog(path);
  const line = (token: string) => ({ at: NOW, token: token as TokenId, values: ['0123456789ab'] });
  log.note(line('tok_1'));
  log.note(line('tok_2'));
  log.sync();
  truncateSync(log.path, statSync(log.path).size - 5);

  log.note(line('tok_3'));
  log.sync();
  log.close();

  expect([...log.linesAfter(undefined)].map(({ token }) => token)).toEqual(['tok_1', 'tok_3']);
  expect(statSync(log.path).mode & 0o777).toBe(0o600);
});

test('what a transaction that came to nothing noted is forgotten', () => {
  const path = join(aFolder(), 'apitoken.db');
  const log = createRevokedLog(path);
  log.note({ at: NOW, token: 'tok_1' as TokenId, values: [] });
  log.forget();

  log.sync();

  expect(log.exists()).toBe(false);
});

test('a mark tells how much of the log holds, and nothing of another log', () => {
  const path = join(aFolder(), 'apitoken.db');
  const log = createRevokedLog(path);
  const note = (token: string) => {
    log.note({ at: NOW, token: token as TokenId, values: [] });
    log.sync();
  };
  note('tok_1');
  const mark = log.mark();
  note('tok_2');

  expect([...log.linesAfter(mark)].map(({ token }) => token)).toEqual(['tok_2']);
  const other = readFileSync(log.path, 'utf8').replace('tok_1', 'tok_9');
  writeFileSync(log.path, other);
  expect([...log.linesAfter(mark)].map(({ token }) => token)).toEqual(['tok_9', 'tok_2']);
  writeFileSync(log.path, '');
  expect([...log.linesAfter(mark)]).toEqual([]);
});

test('a database that has no log yet gets one with all that ended so far', async () => {
  const { path, start } = aPlace();
  const store = await start();
  const [dead, rotated, live] = [
    await aStoredToken(store),
    await aStoredToken(store),
    await aStoredToken(store),
  ];
  const shown = await aShownValue(store, dead);
  const old = await aShownValue(store, rotated);
  await aShownValue(store, rotated, aRotation({ graceEndsAt: LATER }));
  await aShownValue(store, live);
  await store.revokeTokens([dead.id], BY_ANN, aDelivery());
  await store.close();
  rmSync(logOf(path));

  await start();

  const lines = [...createRevokedLog(path).linesAfter(undefined)];
  expect(lines.sort((a, b) => a.values.length - b.values.length)).toEqual(
    expect.arrayContaining([
      { at: NOW, token: dead.id, values: [shown.secret.lookupId] },
      { at: LATER, token: rotated.id, values: [old.secret.lookupId], endsAt: LATER },
    ]),
  );
  expect(lines).toHaveLength(2);
});

test.for([
  ['lost', (path: string) => rmSync(path)],
  ['emptied', (path: string) => truncateSync(path, 0)],
] as const)('a database that was %s is not silently made anew', async ([, lose]) => {
  const { path, start } = aPlace();
  await (await start()).close();
  lose(path);
  const before = filesBeside(path);

  await expect(start()).rejects.toMatchObject({
    code: 'cannot_open',
    message: `${path}: the database is missing or empty, but ${logOf(path)} tells of one. Put a backup back with "npm run cli -- restore FILE", or make a new one with "npm run cli -- init".`,
  });

  expect(filesBeside(path)).toEqual(before);
});

test('a copy that was laid over the file beside an old write-ahead log is refused, and no file is touched', async () => {
  const { path, start } = aPlace();
  const store = await start();
  for (let count = 0; count < 40; count++) await aStoredToken(store);
  await store.close();
  damage(path);
  // What a crash leaves of the log when nothing was in it.
  writeFileSync(`${path}-wal`, Buffer.alloc(64));
  const before = filesBeside(path);

  await expect(start()).rejects.toMatchObject({
    code: 'cannot_open',
    message: expect.stringMatching(
      /: the database is damaged \(.+\); nothing was changed\. Put a backup back with "npm run cli -- restore FILE"\.$/,
    ),
  });

  expect(filesBeside(path)).toEqual(before);
});

test('a write-ahead log that a crash left behind is taken as it is', async () => {
  const { path, start } = aPlace();
  const store = await start();
  const token = await aStoredToken(store);
  const copy = join(aFolder(), 'apitoken.db');
  for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${copy}${end}`);
  expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);

  const again = await openStore({ url: `file:${copy}`, pepper: PEPPER, use: 'app' });
  onTestFinished(() => again.close());

  expect(await again.findToken(token.workspace, token.id)).toMatchObject({ name: token.name });
});

/** Where a database is to be, and what opens it as the app does. */
function aPlace(): { path: string; start(): Promise<Store> } {
  const path = join(aFolder(), 'apitoken.db');
  return {
    path,
    start: async () => {
      const store = await openStore({
        url: `file:${path}`,
        pepper: PEPPER,
        use: 'app',
        clock: () => NOW,
      });
      onTestFinished(() => store.close().catch(() => undefined));
      return store;
    },
  };
}

function logOf(path: string): string {
  return join(dirname(path), 'revoked.log');
}

async function verdictsOn(
  store: Store,
  shown: readonly Awaited<ReturnType<typeof aShownValue>>[],
  at: number,
): Promise<string[]> {
  const verdicts = await Promise.all(shown.map(({ value }) => verdictOn(store, value, at)));
  return verdicts.map(({ kind }) => kind);
}

/** Every file in the folder of `path` with its bytes; shared memory and locks are nobody's data. */
function filesBeside(path: string): Record<string, string> {
  const names = readdirSync(dirname(path)).filter((name) => !/-shm$|\.lock$/.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dirname(path), name), 'latin1')]));
}

/** Overwrites pages in the middle of the file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, Math.min(bytes.length, 20 * 4096));
  writeFileSync(path, bytes);
}
