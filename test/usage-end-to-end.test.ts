import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../src/clock.ts';
import { randomBase62, toBase62 } from '../src/tokens/token-value.ts';
import { createUsageRecorder } from '../src/tokens/usage.ts';
import { startProcess } from './app-process.ts';
import { openWorkspace, setStage, settingsFor, temporaryFolder } from './fixture.ts';
import { dial } from './http/a-server.ts';
import { aClock, createsToken, idOf, rowsOf, settled } from './slack/flows.ts';
import { aStore } from './store/fixtures/temp-store.ts';
import { aRotation, aShownValue, aStoredToken, NOW, WORKSPACE } from './store/fixtures/tokens.ts';

const FLUSH_SECONDS = 5;
const BATCH = 100;
/** Long enough for two flushes on a busy machine. */
const FLUSHED = { timeout: 30_000, interval: 50 };

test('100,000 verifications of one token cost a write every 5 s at most, and its last use is right', {
  timeout: 300_000,
}, async () => {
  const clock = aClock();
  const stage = await setStage({ clock });
  const value = await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await clock.moveBy(HOUR_MS);
  await settled(stage);
  const writes = countWrites(`${stage.folder}/apitoken.db`);
  const started = performance.now();

  const answers = await Promise.all([1, 2, 3, 4].map(() => verifications(stage.app.port, value, 25_000)));
  expect(answers).toEqual([25_000, 25_000, 25_000, 25_000]);
  await clock.moveBy(1234);
  expect((await stage.verify(value)).status).toBe(200);
  await expect.poll(() => usageOf(stage, 'deploy-bot')?.use_count, FLUSHED).toBe(100_001);

  const seconds = (performance.now() - started) / 1000;
  expect(usageOf(stage, 'deploy-bot')).toEqual({
    last_used_at: clock(),
    use_count: 100_001,
    refused_count: 0,
    last_refused_at: null,
    addresses: '["127.0.0.1"]',
  });
  // Three rows each time: those of the token, the value and the hour.
  expect(writes()).toBeLessThanOrEqual(3 * (Math.floor(seconds / FLUSH_SECONDS) + 1));
});

test('after SIGTERM under load every verification that was answered is counted, and the last one is right', {
  timeout: 180_000,
}, async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  const port = await app.ready;
  await workspace.waitForSockets(1);
  const value = await createsToken(workspace.person('alice'), 'deploy-bot');
  const before = Date.now();

  let answered = 0;
  const callers = Array.from({ length: 4 }, async () => {
    while ((await statusOf(port, value)) === 200) answered += 1;
  });
  await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(50);
  app.signal('SIGTERM');

  expect(await app.ended).toBe(0);
  await Promise.all(callers);
  const after = Date.now();
  const [usage] = rowsIn(`${folder}/apitoken.db`, 'select use_count, last_used_at from token_usage');
  expect(usage?.use_count).toBe(answered);
  expect(Number(usage?.last_used_at)).toBeGreaterThanOrEqual(before);
  expect(Number(usage?.last_used_at)).toBeLessThanOrEqual(after);
});

describe('behind a trusted proxy', () => {
  test('the last five addresses are kept, the latest first, and what strangers forge is not', {
    timeout: 180_000,
  }, async () => {
    const stage = await setStage({ env: { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' } });
    const value = await createsToken(stage.workspace.person('alice'), 'deploy-bot');
    const url = `http://127.0.0.1:${stage.app.port}/verify`;

    for (const hop of [1, 2, 3, 4, 5, 6, 2]) {
      const forwarded = `203.0.113.${hop}, 198.51.100.${hop}, 10.0.0.${hop}`;
      const headers = { authorization: `Bearer ${value}`, 'x-forwarded-for': forwarded };
      expect((await fetch(url, { headers })).status).toBe(200);
    }
    await expect.poll(() => usageOf(stage, 'deploy-bot')?.use_count, FLUSHED).toBe(7);

    const addresses = ['2', '6', '5', '4', '3'].map((hop) => `198.51.100.${hop}`);
    expect(JSON.parse(String(usageOf(stage, 'deploy-bot')?.addresses))).toEqual(addresses);
  });
});

test('a value that is presented after its end is counted as refused, and one with its lookup id alone is not', {
  timeout: 180_000,
}, async () => {
  const clock = aClock();
  const stage = await setStage({ clock });
  const value = await createsToken(stage.workspace.person('alice'), 'deploy-bot', { Expires: '7 days' });
  await stage.verify(value);
  const usedAt = clock();
  await clock.moveBy(8 * DAY_MS);

  for (let i = 0; i < 41; i++) expect((await stage.verify(value)).status).toBe(401);
  for (let i = 0; i < 9; i++) expect((await stage.verify(withAnotherSecret(value))).status).toBe(401);
  await expect.poll(() => usageOf(stage, 'deploy-bot')?.refused_count, FLUSHED).toBe(41);

  expect(usageOf(stage, 'deploy-bot')).toEqual({
    last_used_at: usedAt,
    use_count: 1,
    refused_count: 41,
    last_refused_at: clock(),
    addresses: '["127.0.0.1"]',
  });
});

describe('uses that wait to be written', () => {
  test('outlast a database that is locked for a while, and are written once', async () => {
    const { store, raw } = await aStore({ busyMsMax: 30 });
    const token = await aStoredToken(store);
    const { secret } = await aShownValue(store, token);
    const usage = createUsageRecorder(store);
    usage.used(secret, NOW + 1, '192.0.2.1');

    raw.exec('begin immediate');
    await expect(usage.flush()).rejects.toMatchObject({ name: 'StoreFault', code: 'busy' });
    usage.used(secret, NOW + 2, '192.0.2.2');
    raw.exec('commit');
    await usage.flush();
    await usage.flush();

    expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
      useCount: 2,
      lastUsedAt: NOW + 2,
      addresses: ['192.0.2.2', '192.0.2.1'],
    });
  });

  test('are written of a token that was revoked or rotated since, each for its own value', async () => {
    const { store } = await aStore();
    const token = await aStoredToken(store);
    const old = await aShownValue(store, token);
    const usage = createUsageRecorder(store);
    usage.used(old.secret, NOW + 1, '192.0.2.1');
    const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: NOW + DAY_MS }), NOW + 2);
    usage.used(fresh.secret, NOW + 3, '192.0.2.1');

    await usage.flush();

    expect((await store.liveValues(token.id, NOW + 4)).map(({ lastUsedAt }) => lastUsedAt)).toEqual([
      NOW + 3,
      NOW + 1,
    ]);
    expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ useCount: 2, lastUsedAt: NOW + 3 });
  });

  test('are written in transactions of 200 values, while other writes go in between', async () => {
    const { store } = await aStore();
    const usage = createUsageRecorder(store);
    const tokens = [];
    for (let i = 0; i < 450; i++) tokens.push(await aStoredToken(store));
    for (const { id } of tokens) usage.used({ tokenId: id, lookupId: `of ${id}` }, NOW, '192.0.2.1');

    await Promise.all([usage.flush(), aStoredToken(store)]);

    const counts = await Promise.all(tokens.map(({ id }) => store.findToken(WORKSPACE, id)));
    expect(new Set(counts.map((token) => token?.useCount))).toEqual(new Set([1]));
  });
});

type Rows = Record<string, unknown>[];

function usageOf(stage: Parameters<typeof rowsOf>[0], name: string): Rows[number] | undefined {
  const columns = 'last_used_at, use_count, refused_count, last_refused_at, addresses';
  return rowsOf(stage, `select ${columns} from token_usage where token_id = ?`, idOf(stage, name))[0];
}

function rowsIn(path: string, query: string): Rows {
  const sqlite = new Database(path, { readonly: true });
  try {
    return sqlite.prepare<[], Rows[number]>(query).all();
  } finally {
    sqlite.close();
  }
}

/** A value with the same prefix and lookup id and with right check digits. */
function withAnotherSecret(value: string): string {
  const body = `${value.slice(0, value.lastIndexOf('_') + 1)}${randomBase62(32)}`;
  return body + toBase62(crc32(body), 6);
}

/**
 * Lets the database itself count each row that is written from now on, and returns how many so far. In whatever table but
 * that of old deliveries, which is tidied once a minute.
 */
function countWrites(path: string): () => number {
  const sqlite = new Database(path);
  const tables = sqlite
    .prepare("select name from sqlite_schema where type = 'table' and name <> 'deliveries'")
    .pluck()
    .all();
  sqlite.exec('create table written (what text) strict');
  for (const table of tables) {
    for (const operation of ['insert', 'update', 'delete']) {
      sqlite.exec(
        `create trigger count_${operation}_${table} after ${operation} on ${table} begin insert into written values ('${operation} ${table}'); end`,
      );
    }
  }
  sqlite.close();
  return () => Number(rowsIn(path, 'select count(*) as total from written')[0]?.total);
}

/** Asks `count` times on one connection, a hundred at a time; returns how many answers were 200. */
async function verifications(port: number, value: string, count: number): Promise<number> {
  const socket = await dial(port);
  const request = `GET /verify HTTP/1.1\r\nHost: a\r\nToken: ${value}\r\n\r\n`;
  const done = Promise.withResolvers<void>();
  const ask = () => socket.write(request.repeat(BATCH));
  let [answers, good, rest] = [0, 0, ''];
  socket.on('close', () => done.resolve());
  socket.on('data', (chunk) => {
    const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n');
    rest = heads.pop() ?? '';
    for (const head of heads) {
      answers += 1;
      if (head.startsWith('HTTP/1.1 200 ')) good += 1;
      if (answers === count) done.resolve();
      else if (answers % BATCH === 0) ask();
    }
  });
  ask();
  await done.promise;
  return good;
}

/** The status of one verification; undefined when nobody listens any more. */
async function statusOf(port: number, value: string): Promise<number | undefined> {
  try {
    const headers = { authorization: `Bearer ${value}` };
    return (await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status;
  } catch {
    return undefined;
  }
}
