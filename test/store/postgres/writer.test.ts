import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sql } from '../../../src/store/drizzle.ts';
import type { Engine } from '../../../src/store/engine.ts';
import { StoreFault } from '../../../src/store/fault.ts';
import { openEngine } from '../../../src/store/store.ts';
import { PATIENT } from '../../patience.ts';
import { aClient, aDatabaseWithTables, administer } from '../fixtures/a-postgres.ts';

const HOLD = "begin; select 1 from settings where key = 'writer' for update";

async function anEngine(
  options: { url?: string; busyMsMax?: number } = {},
): Promise<{ engine: Engine; url: string }> {
  const url = options.url ?? (await aDatabaseWithTables());
  const engine = await openEngine({ ...options, url });
  onTestFinished(() => engine.close());
  return { engine, url };
}

function keep({ connections: { write: db }, write }: Engine, key: string) {
  return write(async () => {
    await db.run(sql`insert into settings (key, value) values (${key}, '')`);
  });
}

async function keysIn(url: string): Promise<string[]> {
  const client = await aClient(url);
  const { rows } = await client.query("select key from settings where key like 'k%' order by key");
  return rows.map(({ key }) => key);
}

test('all that a body wrote is there, or nothing of it once it throws', async () => {
  const { engine, url } = await anEngine();
  const { connections, write } = engine;

  await keep(engine, 'k1');
  const failing = write(async () => {
    await connections.write.run(sql`insert into settings (key, value) values ('k2', '')`);
    throw new Error('a secret of the body');
  });

  await expect(failing).rejects.toMatchObject({ name: 'StoreFault', code: 'failed' });
  await failing.catch((fault: Error) => expect(String(fault) + String(fault.cause)).not.toContain('secret'));
  expect(await keysIn(url)).toEqual(['k1']);
});

test('writers of two processes run one at a time: none sees a state that another one is about to change', async () => {
  const { engine: one, url } = await anEngine();
  const { engine: other } = await anEngine({ url });
  await keep(one, 'count');

  const add = ({ connections: { write: db }, write }: Engine) =>
    write(async () => {
      const row: { value: string } | undefined = await db.get(
        sql`select value from settings where key = 'count'`,
      );
      const [value = ''] = Object.values(row ?? {});
      await db.run(sql`update settings set value = ${`${value}x`} where key = 'count'`);
    });
  await Promise.all(Array.from({ length: 60 }, (_, i) => add(i % 2 === 0 ? one : other)));

  const client = await aClient(url);
  expect((await client.query("select length(value) as n from settings where key = 'count'")).rows).toEqual([
    { n: 60 },
  ]);
});

test('a write that another process keeps from its turn gives up in time, and says that nothing was changed', async () => {
  const { engine, url } = await anEngine({ busyMsMax: 200 });
  const holder = await aClient(url);
  await holder.query(HOLD);

  await expect(keep(engine, 'k1')).rejects.toMatchObject({
    code: 'busy',
    message: 'The database is busy. Nothing was changed. Try again in 10 seconds.',
  });
  await holder.query('rollback');

  await keep(engine, 'k2');
  expect(await keysIn(url)).toEqual(['k2']);
});

test('while another process holds a table, reads of it wait no longer than they may, and all comes back by itself', async () => {
  const { engine, url } = await anEngine();
  const holder = await aClient(url);
  await holder.query('begin; lock table secrets in access exclusive mode');

  await expect(engine.readSecret('AbCdEf000001')).rejects.toMatchObject({ code: 'busy' });
  await holder.query('rollback');

  expect(await engine.readSecret('AbCdEf000001')).toBeUndefined();
});

/** What another transaction is to do in the middle of the first run of a body, so that the body loses against it. */
test('a transaction that loses in a deadlock is made again, whole, and nothing of the first time is left', async () => {
  const { engine, url } = await anEngine();
  await Promise.all(['k1', 'k2'].map((key) => keep(engine, key)));
  const other = await aClient(url);
  await other.query("set deadlock_timeout = '10s'; begin; update settings set value = 'o' where key = 'k2'");
  const runs: number[] = [];
  let crossing: Promise<unknown> = Promise.resolve();
  const { write: db } = engine.connections;

  await engine.write(async () => {
    runs.push(runs.length);
    await db.run(sql`set local deadlock_timeout = '10ms'`);
    await db.run(sql`update settings set value = value || 'm' where key = 'k1'`);
    if (runs.length === 1) crossing = other.query("update settings set value = 'o' where key = 'k1'; commit");
    if (runs.length === 1) await waitsFor(url);
    await db.run(sql`update settings set value = value || 'm' where key = 'k2'`);
  });
  await crossing;

  expect(runs.length).toBeGreaterThan(1);
  const client = await aClient(url);
  expect((await client.query("select value from settings where key like 'k%' order by key")).rows).toEqual([
    { value: 'om' },
    { value: 'om' },
  ]);
});

/** Resolves once a connection waits for a lock that another one has. */
async function waitsFor(url: string): Promise<void> {
  const client = await aClient(url);
  await expect
    .poll(
      async () =>
        (
          await client.query(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          )
        ).rowCount,
      PATIENT,
    )
    .toBeGreaterThan(0);
}

test('a body that goes on after a statement failed has changed nothing, and is told so', async () => {
  const { engine, url } = await anEngine();
  const { write: db } = engine.connections;

  const writing = engine.write(async () => {
    await db.run(sql`insert into settings (key, value) values ('k1', '')`);
    await db.run(sql`select 1 / 0`).catch(() => undefined);
  });

  await expect(writing).rejects.toMatchObject({
    message: 'The database took the change back. Nothing was changed.',
  });
  expect(await keysIn(url)).toEqual([]);
});

test('neither message nor cause of a fault holds anything of a statement, a parameter or a row', async () => {
  const { engine } = await anEngine();
  const { write: db, read } = engine.connections;
  const hunt = async (promise: Promise<unknown>) => {
    const fault: Error = await promise.then(
      () => new Error('it worked'),
      (error) => error,
    );
    expect(fault.name).toBe('StoreFault');
    const causes: unknown[] = [];
    for (let each: unknown = fault; each instanceof Error; each = each.cause)
      causes.push(each.message, each.stack, { ...each });
    expect(JSON.stringify(causes)).not.toMatch(/hunter2|select|insert|settings/i);
  };

  await hunt(
    engine.write(async () => {
      for (let i = 0; i < 2; i++)
        await db.run(sql`insert into settings (key, value) values ('hunter2', 'hunter2')`);
    }),
  );
  await hunt(engine.read(() => read.get(sql`select cast(${'hunter2'} as bigint) from settings`)));
});

async function cutAll(url: string): Promise<void> {
  const client = await aClient(url);
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'apitoken'",
  );
}

test('connections that were cut while nobody used them are opened anew: nobody notices', async () => {
  const { engine, url } = await anEngine();
  await keep(engine, 'k1');
  await engine.readSecret('AbCdEf000001');
  const client = await aClient(url);

  await cutAll(url);
  await expect
    .poll(
      async () =>
        (
          await client.query(
            "select 1 from pg_stat_activity where datname = current_database() and application_name = 'apitoken'",
          )
        ).rowCount,
      PATIENT,
    )
    .toBe(0);

  await keep(engine, 'k2');
  expect(await keysIn(url)).toEqual(['k1', 'k2']);
  await expect.poll(() => engine.readSecret('AbCdEf000001').catch(() => 'a fault'), PATIENT).toBeUndefined();
});

test('a connection that is cut in the middle of a transaction takes all of it back, and the next one works', async () => {
  const { engine, url } = await anEngine();
  const { write: db } = engine.connections;

  const writing = engine.write(async () => {
    await db.run(sql`insert into settings (key, value) values ('k1', '')`);
    await cutAll(url);
    await db.run(sql`insert into settings (key, value) values ('k2', '')`);
  });

  await expect(writing).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/can't be reached/),
  });
  await keep(engine, 'k3');
  expect(await keysIn(url)).toEqual(['k3']);
});

test('after the store was closed, a write and a read say so', async () => {
  const { engine } = await anEngine();
  await engine.close();

  await expect(keep(engine, 'k1')).rejects.toMatchObject({ code: 'closed' });
  await expect(engine.readSecret('AbCdEf000001')).rejects.toMatchObject({ code: 'closed' });
  await expect(engine.read(() => engine.connections.read.get(sql`select 1`))).rejects.toMatchObject({
    code: 'closed',
  });
});

test('a read-only database is told apart, and is not said to be writable', async () => {
  const { engine, url } = await anEngine();
  expect(await engine.isWritable()).toBe(true);
  const client = await aClient(url);
  const { rows } = await client.query('select current_database() as name');
  await client.query(`alter database ${rows[0].name} set default_transaction_read_only = on`);
  onTestFinished(async () => {
    await client.query('set transaction read write');
  });
  await cutAll(url);

  await expect.poll(() => keep(engine, 'k1').catch(({ code }) => code), PATIENT).toBe('unwritable');
  expect(await engine.isWritable()).toBe(false);
  await client.query(`set default_transaction_read_only = off`);
  await client.query(`alter database ${rows[0].name} reset default_transaction_read_only`);
});

type Wire = { readonly url: string; lose(): void };

/** A way to the server on which, once `lose` was said, the answer to the next commit never arrives. */
async function aWire(url: string): Promise<Wire> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isLosing = false;
  const server: Server = createServer((client) => {
    const upstream = connectTo({ port: Number(target.port), host: target.hostname });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (bytes) => {
      if (isLosing && bytes.includes('COMMIT')) client.destroy();
      else client.write(bytes);
    });
    client.on('data', (bytes) => upstream.write(bytes));
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const wired = new URL(url);
  wired.port = String(typeof address === 'object' ? address?.port : 0);
  return {
    url: wired.href,
    lose: () => {
      isLosing = true;
    },
  };
}

test('where the answer to a commit is lost, nobody says that nothing was changed: it was', async () => {
  const url = await aDatabaseWithTables();
  const wire = await aWire(url);
  const { engine } = await anEngine({ url: wire.url });

  wire.lose();
  const writing = keep(engine, 'k1');

  await expect(writing).rejects.toMatchObject({
    code: 'failed',
    message:
      'The connection to the database was lost at the last moment: the change may or may not have been made. Look before you try again.',
  });
  expect(await keysIn(url)).toEqual(['k1']);
});

test('what may be lost in a power cut waits for no disk, and what must last does', async () => {
  const { engine } = await anEngine();
  const { write: db } = engine.connections;
  const commits = async (durability?: 'eventual') => {
    let level: unknown;
    await engine.write(async () => {
      level = await db.all(sql`show synchronous_commit`);
    }, durability);
    return JSON.stringify(level);
  };

  expect(await commits('eventual')).toContain('off');
  expect(await commits()).toContain('on');
});

test('where a server waits for no disk by itself, what must last does all the same', async () => {
  const url = await aDatabaseWithTables();
  const { engine } = await anEngine({
    url: `${url}?options=${encodeURIComponent('-c synchronous_commit=off')}`,
  });
  const { write: db, read } = engine.connections;

  expect(JSON.stringify(await engine.read(() => read.all(sql`show synchronous_commit`)))).toContain('off');
  expect(JSON.stringify(await engine.write(() => db.all(sql`show synchronous_commit`)))).toContain('on');
});

test('a level beyond that stays as it is', async () => {
  const url = await aDatabaseWithTables();
  const { engine } = await anEngine({
    url: `${url}?options=${encodeURIComponent('-c synchronous_commit=remote_apply')}`,
  });

  const level = await engine.write(() => engine.connections.write.all(sql`show synchronous_commit`));

  expect(JSON.stringify(level)).toContain('remote_apply');
});

test('a fault that a body throws costs no connection', async () => {
  const { engine } = await anEngine();
  const pid = () => engine.write(() => engine.connections.write.all(sql`select pg_backend_pid()`));
  const before = await pid();

  await expect(
    engine.write(() => Promise.reject(new StoreFault('tampered', 'It says otherwise.'))),
  ).rejects.toMatchObject({ code: 'tampered' });

  expect(await pid()).toEqual(before);
});

test('a newer version that changes a table meanwhile fails nothing: statements are parsed anew', async () => {
  const { engine, url } = await anEngine();
  const { write, read } = engine.connections;
  const client = await aClient(url);
  const value = (db: typeof read) => db.all(sql`select value from changing`);
  await client.query('create table changing (value integer); insert into changing values (1)');
  onTestFinished(async () => {
    await administer(url, 'drop table changing');
  });
  const readAll = () => Promise.all(Array.from({ length: 20 }, () => engine.read(() => value(read))));
  await readAll();
  await engine.write(() => value(write));

  await client.query('alter table changing alter value type bigint');

  expect(JSON.stringify(await readAll())).toBe(JSON.stringify(Array(20).fill([[1]])));
  expect(await engine.write(() => value(write))).toEqual([[1]]);
});

/** Named statements are seen in `pg_prepared_statements` of the connection that has them. */
async function namesOn(engine: Engine): Promise<unknown> {
  return engine.write(() =>
    engine.connections.write.all(
      sql`select count(*) from pg_prepared_statements where name like 'apitoken%'`,
    ),
  );
}

test('statements are named, and with prepare=false none is: a pooler may hand each to another connection', async () => {
  const url = await aDatabaseWithTables();
  const { engine: named } = await anEngine({ url });
  const { engine: unnamed } = await anEngine({ url: `${url}?prepare=false` });

  await keep(named, 'k1');
  await keep(unnamed, 'k2');

  expect(JSON.stringify(await namesOn(named))).not.toBe('[[0]]');
  expect(JSON.stringify(await namesOn(unnamed))).toBe('[[0]]');
});

test.for(['', '?prepare=false'])('with %j no setting of a transaction outlasts it', async (query) => {
  const url = await aDatabaseWithTables();
  const { engine } = await anEngine({ url: `${url}${query}` });
  const { write: db } = engine.connections;

  await engine.write(async () => undefined, 'eventual');
  const level = await engine.write(() => db.all(sql`show synchronous_commit`));

  expect(JSON.stringify(level)).toContain('on');
});

test('a snapshot sees one moment, whatever is written meanwhile', async () => {
  const { engine } = await anEngine();
  const count = (db: Engine['connections']['read']) =>
    db.all(sql`select count(*) from settings where key like 'k%'`).then((rows) => JSON.stringify(rows));

  const seen = await engine.snapshot(async (db) => {
    const before = await count(db);
    await keep(engine, 'k1');
    return [before, await count(db), await engine.read(() => count(engine.connections.read))];
  });

  expect(seen).toEqual(['[[0]]', '[[0]]', '[[1]]']);
});
