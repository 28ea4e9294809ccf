import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Pool } from 'pg';
import { BUSY_MS_MAX, type Read } from '../access.ts';
import type { Db } from '../drizzle.ts';
import type { Engine } from '../engine.ts';
import { cannotOpen, StoreFault } from '../fault.ts';
import type { StoreOptions } from '../store.ts';
import { codeIn, isStale, openingFault, postgresFault } from './fault.ts';
import { migratePostgres, ownerOf } from './migrate.ts';
import {
  createDb,
  createPools,
  limits,
  loadPg,
  type Pools,
  refuseStandby,
  STATEMENT_MS_MAX,
  send,
  types,
  UNHOLDABLES,
} from './pools.ts';
import { type Target, targetOf } from './target.ts';
import { type Ask, createBatchedSecretRead } from './verification.ts';
import { createPostgresWriter } from './writer.ts';

type Options = Pick<StoreOptions, 'url' | 'poolMax' | 'presence' | 'busyMsMax'>;

const POOL_MAX = 10;

const VERSION_MIN = 150_000;

/** The server may be starting. */
const START_MS_MAX = 30_000;

const CONNECT_MS_MAX = 5000;

const PAUSE_MS = 250;

/**
 * Opens the PostgreSQL database that `url` names, brought to the newest schema. Throws a `StoreFault` whose message says what to do.
 */
export async function openPostgres(
  { url, poolMax = POOL_MAX, presence, busyMsMax = BUSY_MS_MAX }: Options,
  migrationsFolder: string,
): Promise<Engine> {
  const target = targetOf(url);
  const pools = createPools(target, poolMax);
  await prepareDatabase(target, migrationsFolder, presence);
  return engineOn(pools, target, { poolMax, busyMsMax });
}

function engineOn(
  pools: Pools,
  { isPrepared }: Target,
  { poolMax, busyMsMax }: Required<Pick<Options, 'poolMax' | 'busyMsMax'>>,
): Engine {
  let isClosed = false;
  const { db, write, tryWriting, stop } = createPostgresWriter(pools.write, isPrepared, busyMsMax);
  const read: Read = async (body) => {
    if (isClosed) throw new StoreFault('closed', 'The store is closed.');
    try {
      return await whenFresh(body, poolMax);
    } catch (error) {
      throw postgresFault(error);
    }
  };
  const ask: Ask = (statement, params) => read(() => send(pools.verify, statement, params));
  return {
    connections: { write: db, read: createDb(isPrepared, () => pools.read, UNHOLDABLES.unequal) },
    write,
    read,
    ...createBatchedSecretRead(ask, { isPrepared, inFlightMax: pools.verifiers }),
    snapshot: (body) => read(() => snapshotOf(pools.read, body)),
    // PostgreSQL has a log of its own, from which a restore to any moment is made (docs/operations.md).
    revokedLog: undefined,
    isAlone: false,
    isWritable: () =>
      tryWriting().then(
        () => true,
        () => false,
      ),
    // What was emptied is out of reach at once; vacuum gets rid of it.
    checkpoint: async () => true,
    close: async () => {
      await stop();
      if (isClosed) return;
      isClosed = true;
      await Promise.all([pools.write, pools.verify, pools.read].map((pool) => pool.end()));
    },
  };
}

/** A pool ends a connection whose statement failed: of `connections` each may know an old one. */
async function whenFresh<T>(body: () => T | Promise<T>, connections: number): Promise<T> {
  for (let left = connections; ; left -= 1) {
    try {
      return await body();
    } catch (error) {
      if (!isStale(error) || left <= 0) throw error;
    }
  }
}

/** Repeatable read: each statement sees what the first one saw. It may take as long as it takes. */
async function snapshotOf<T>(pool: Pool, body: (db: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const local = 'set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0';
    await client.query(`begin isolation level repeatable read read only; ${local}`);
    // Without names: on this connection they may stand for other statements.
    return await body(createDb(false, () => client, UNHOLDABLES.unequal));
  } finally {
    // Which ends its transaction, whatever became of it.
    client.release(true);
  }
}

/** Looks whether the database is fit, and makes its tables, on a connection of its own. */
async function prepareDatabase(
  target: Target,
  migrationsFolder: string,
  presence: Options['presence'],
): Promise<void> {
  try {
    const client = await connected(target, performance.now() + START_MS_MAX);
    try {
      await refuseUnfit(client);
      await refuseAbsence(client, presence);
      await migratePostgres(client, migrationsFolder);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw openingFault(error, target.place);
  }
}

/** A server that is starting says so, and is waited for. */
export async function connected({ config, isPrepared }: Target, deadline: number): Promise<Client> {
  const { Client } = loadPg();
  for (;;) {
    // With what the others will have: a pooler in between that does not take it shows here. Steps take as long as they take.
    const { statement_timeout } = limits(isPrepared, STATEMENT_MS_MAX);
    const client = new Client({
      ...config,
      statement_timeout,
      types: types(),
      connectionTimeoutMillis: CONNECT_MS_MAX,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (codeIn(error) !== '57P03' || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function refuseAbsence(client: Client, presence: Options['presence']): Promise<void> {
  if (presence === undefined) return;
  const isThere = (await ownerOf(client)) === 'apitoken';
  if (presence === 'must' && !isThere)
    throw cannotOpen(
      'There are no tables of apitoken. Start the app once, which makes them, or name another database.',
    );
  if (presence === 'must_not' && isThere)
    throw cannotOpen('There is a database of apitoken already. Name another one in DATABASE_URL.');
}

/** Throws a `StoreFault` where the database is a standby, too old, or holds no text as we write it. */
export async function refuseUnfit(client: Client): Promise<void> {
  await refuseStandby(client);
  const { rows } = await client.query(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
       current_setting('server_encoding') as encoding, current_schema() as schema, version() as product`,
  );
  const { number, version, encoding, schema, product } = rows[0] ?? {};
  // CockroachDB speaks for an older one than it is.
  if (Number(number) < VERSION_MIN && !/CockroachDB/.test(product))
    throw cannotOpen(`The database is PostgreSQL ${version}, and apitoken needs 15 or later.`);
  if (encoding !== 'UTF8') throw cannotOpen(`The database holds text as ${encoding}. Create it with UTF8.`);
  if (schema === null)
    throw cannotOpen(
      "The database has no schema for this user's tables. Create one that the user may write.",
    );
}
