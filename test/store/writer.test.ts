import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { StoreFault } from '../../src/store/fault.ts';
import { openConnection } from '../../src/store/sqlite/open.ts';
import { createWriter } from '../../src/store/sqlite/writer.ts';
import { openStore } from '../../src/store/store.ts';
import { aFolder, aStore, PEPPER } from './fixtures/temp-store.ts';
import { anEffect, aSecret, aToken, aUse, LIMITS, NOW, WORKSPACE } from './fixtures/tokens.ts';

/** How often a timer runs while somebody else holds the lock. */
const TICKS = 25;

test('a write waits for another connection’s lock without stopping the event loop', async () => {
  const { store, raw } = await aStore();
  const token = aToken();
  raw.exec('begin immediate');
  let ticks = 0;
  // The lock is let go by a timer of this very process: a writer that waited inside SQLite would wait in vain.
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === TICKS) raw.exec('commit');
  }, 1);
  onTestFinished(() => clearInterval(timer));

  const outcome = await store.insertToken(token, LIMITS, anEffect(token.id));

  expect(outcome).toEqual({ kind: 'inserted' });
  expect(ticks).toBeGreaterThanOrEqual(TICKS);
});

test('reads go on while another connection holds the lock', async () => {
  const { store, raw } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id));
  raw.exec('begin immediate; delete from outbox');

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ id: token.id });
  expect(await store.readSecret('000000000000')).toBeUndefined();
  expect(await store.isReadable()).toBe(true);
});

test('a write waits for the lock of another process', async () => {
  const { store, path } = await aStore();
  const child = fork(fileURLToPath(new URL('./fixtures/hold-lock.ts', import.meta.url)), [path], {
    execArgv: [],
  });
  onTestFinished(() => void child.kill());
  await once(child, 'message');
  const token = aToken();

  const writing = store.insertToken(token, LIMITS, anEffect(token.id));
  expect(await store.isReadable()).toBe(true);
  child.send('let go');

  expect(await writing).toEqual({ kind: 'inserted' });
});

test('a database that stays locked for too long is a fault, and nothing was written', async () => {
  const { store, raw } = await aStore({ busyMsMax: 30 });
  const [token, later] = [aToken(), aToken()];
  raw.exec('begin immediate');

  const writes = [store.insertToken(token, LIMITS, anEffect(token.id)), store.tidy(NOW)];
  const outcomes = await Promise.allSettled(writes);

  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { name: 'StoreFault', code: 'busy' } },
    { status: 'rejected', reason: { name: 'StoreFault', code: 'busy' } },
  ]);
  expect(await store.isWritable()).toBe(false);
  raw.exec('commit');
  expect(await store.isWritable()).toBe(true);
  expect(await store.findToken(WORKSPACE, token.id)).toBeUndefined();
  expect(await store.insertToken(later, LIMITS, anEffect(later.id))).toEqual({ kind: 'inserted' });
});

test('writes happen in the order in which they were asked for', async () => {
  const { store, raw } = await aStore();
  const tokens = Array.from({ length: 50 }, () => aToken());

  await Promise.all(tokens.map((token) => store.insertToken(token, LIMITS, anEffect(token.id))));

  expect(raw.prepare('select id from tokens order by rowid').pluck().all()).toEqual(
    tokens.map(({ id }) => id),
  );
});

test('a long queue of writes lets everything else have its turn in between', async () => {
  const { store } = await aStore();
  let turns = 0;
  let done = false;
  const countTurns = () => {
    turns += 1;
    if (!done) setImmediate(countTurns);
  };
  setImmediate(countTurns);

  await Promise.all(Array.from({ length: 100 }, () => store.addUses([])));
  done = true;

  expect(turns).toBeGreaterThanOrEqual(100);
});

test('5,000 writes may wait, and the next one is a fault at once', async () => {
  const { store } = await aStore();
  const waiting = Array.from({ length: 5000 }, () => store.addUses([]));

  await expect(store.addUses([])).rejects.toMatchObject({ name: 'StoreFault', code: 'busy' });

  await Promise.all(waiting);
  await store.addUses([]);
});

test('a fault in one write leaves the next ones as they are', async () => {
  const { store } = await aStore();
  const [token, next] = [aToken(), aToken()];

  const outcomes = await Promise.allSettled([
    store.addUses([aUse(aSecret(token), { lastUsedAt: NOW, useCount: 1 })]),
    store.insertToken(next, LIMITS, anEffect(next.id)),
  ]);

  expect(outcomes).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled' }]);
});

test('closing waits for the writes that are queued and refuses later ones', async () => {
  const { store, raw } = await aStore();
  const tokens = Array.from({ length: 20 }, () => aToken());

  const writes = tokens.map((token) => store.insertToken(token, LIMITS, anEffect(token.id)));
  const closing = store.close();
  const late = store.insertToken(aToken(), LIMITS, anEffect(null));

  await expect(late).rejects.toMatchObject({ name: 'StoreFault', code: 'closed' });
  await closing;
  await Promise.all(writes);
  expect(raw.prepare('select count(*) from tokens').pluck().get()).toBe(20);
  expect(await store.isReadable()).toBe(false);
  expect(await store.isWritable()).toBe(false);
  await expect(store.findToken(WORKSPACE, aToken().id)).rejects.toMatchObject({
    name: 'StoreFault',
    code: 'closed',
  });
  await store.close();
});

test.for([
  ['lasts waits for the disk', 'lasting', 2],
  ['may be undone by a power cut does not', 'eventual', 1],
] as const)('a write that %s', async ([, durability, level]) => {
  const { sqlite } = openConnection(join(aFolder(), 'db'), 'write');
  onTestFinished(() => void sqlite.close());
  const { write } = createWriter(sqlite, 0);
  const levelNow = () => sqlite.pragma('synchronous', { simple: true });
  const fail = () => {
    throw new Error('broken off');
  };

  expect(await write(levelNow, durability)).toBe(level);
  await expect(write(fail, durability)).rejects.toThrow(StoreFault);

  expect(levelNow()).toBe(2);
});

test('what is checked by /readyz leaves nothing behind, in the database or its log', async () => {
  const { store, raw, path } = await aStore();
  const before = raw.prepare('select * from settings').all();

  expect(await store.isWritable()).toBe(true);

  expect(raw.prepare('select * from settings').all()).toEqual(before);
  expect(statSync(`${path}-wal`).size).toBe(0);
});

test('a full disk takes no write, whatever was tried before; with room again it does', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return context.skip('a small disk can be mounted by root alone');
  }
  const store = await openStore({ url: `file:${folder}/apitoken.db`, pepper: PEPPER });
  onTestFinished(async () => {
    await store.close();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  const filling = join(folder, 'filling');

  expect(await store.isWritable()).toBe(true);
  fill(filling);
  expect(await store.isWritable()).toBe(false);
  expect(await store.isReadable()).toBe(true);
  rmSync(filling);
  expect(await store.isWritable()).toBe(true);
});

/** Until there is no room for another byte. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 65_536; bytes >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

test('secrets that cannot be read are not readable, though other tables are', async () => {
  const { store, raw, path } = await aStore();
  await store.close();
  const { rootpage } = raw.prepare("select rootpage from sqlite_schema where name = 'secrets'").get() as {
    rootpage: number;
  };
  const pageSize = raw.pragma('page_size', { simple: true }) as number;
  raw.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(pageSize), 0, pageSize, (rootpage - 1) * pageSize);
  closeSync(file);

  const damaged = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => damaged.close());

  expect(await damaged.isReadable()).toBe(false);
  expect(await damaged.countTokens(0)).toMatchObject({ active: 0 });
});
