import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { createQueue, type Durability, type Write } from '../access.ts';
import type { Db } from '../drizzle.ts';
import { StoreFault } from '../fault.ts';
import {
  codeIn,
  isConflict,
  isLost,
  isRefused,
  isStale,
  isTimeout,
  postgresFault,
  unknownOutcome,
} from './fault.ts';
import { createDb, STATEMENT_MS_MAX, UNHOLDABLES } from './pools.ts';

/** How often a transaction is tried that loses against another one. */
const TRIES_MAX = 10;

const PAUSE_MS_MAX = 20;

/** The row of `settings` that each writing transaction locks first, of whatever process: they run one at a time, as on SQLite. */
export const LOCK_KEY = 'writer';

const LOCK = `select 1 from settings where key = '${LOCK_KEY}' for update`;

/** Where it is off for all, a crash of the server would take back what was answered: a revocation, too. Higher levels stay. */
const LASTING =
  "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'";

const TRIAL = "insert into settings (key, value) values ('trial', '') on conflict (key) do nothing";

/** The writer of a pool, which has one connection. */
export type PostgresWriter = {
  /** What the bodies of `write` use: their transaction's connection. */
  readonly db: Db;
  readonly write: Write;
  /** Writes something and takes it back. Throws a `StoreFault` where the database does not let it. */
  tryWriting(): Promise<void>;
  /** Waits for the writes that are queued; later ones are refused. */
  stop(): Promise<void>;
};

/** The writer, whose writes wait `busyMsMax` for others at most, those of this process included. */
export function createPostgresWriter(pool: Pool, isPrepared: boolean, busyMsMax: number): PostgresWriter {
  let current: PoolClient | undefined;
  const { takeTurn, stop } = createQueue(busyMsMax);
  const db = createDb(
    isPrepared,
    () => {
      if (current === undefined) throw new Error('a statement of the writer outside of a transaction');
      return current;
    },
    UNHOLDABLES.refused,
  );

  async function transact<T>(body: () => T | Promise<T>, settings: Settings): Promise<T> {
    const client = await begun(pool, settings);
    let outcome: T;
    try {
      current = client;
      outcome = await body();
    } catch (error) {
      current = undefined;
      await rollBack(client, error);
      throw error;
    }
    current = undefined;
    await commit(client);
    return outcome;
  }

  async function attempt<T>(
    body: () => T | Promise<T>,
    durability: Durability,
    deadline: number,
  ): Promise<T> {
    for (let left = TRIES_MAX; ; left -= 1) {
      try {
        return await transact(body, { durability, deadline });
      } catch (error) {
        if (!(isConflict(error) || isStale(error)) || left <= 1 || performance.now() >= deadline) throw error;
        await sleep(Math.random() * PAUSE_MS_MAX);
      }
    }
  }

  /** Waits for its turn and for the lock no longer than that in all. */
  const inTurn = <T>(work: (deadline: number) => Promise<T>): Promise<T> => {
    const deadline = performance.now() + busyMsMax;
    return takeTurn(() => work(deadline).catch((error: unknown) => Promise.reject(postgresFault(error))));
  };

  return {
    db,
    write: (body, durability = 'lasting') => inTurn((deadline) => attempt(body, durability, deadline)),
    tryWriting: () => inTurn((deadline) => tryWriting(pool, deadline)),
    stop: () => stop(() => takeTurn(() => undefined)),
  };
}

type Settings = { readonly durability: Durability; readonly deadline: number };

/**
 * A connection within a transaction that has the lock. Where a connection turns out to be lost, another one is taken, once: nothing
 * was asked of it yet.
 */
async function begun(pool: Pool, settings: Settings): Promise<PoolClient> {
  try {
    return await begin(pool, settings);
  } catch (error) {
    if (!isLost(error)) throw error;
    return await begin(pool, settings);
  }
}

/** All in one round trip. Read committed: what follows the lock sees all that those did who had it before. */
async function begin(pool: Pool, { durability, deadline }: Settings): Promise<PoolClient> {
  const client = await pool.connect();
  try {
    const lockMs = Math.max(1, Math.ceil(deadline - performance.now()));
    const local = [
      // Within a transaction, since with a pooler in between nothing lasts longer.
      `set local lock_timeout = ${lockMs}`,
      `set local statement_timeout = ${Math.max(STATEMENT_MS_MAX, lockMs)}`,
      `set local idle_in_transaction_session_timeout = ${STATEMENT_MS_MAX}`,
      durability === 'eventual' ? 'set local synchronous_commit = off' : LASTING,
    ];
    const statements = ['begin isolation level read committed', ...local, LOCK];
    const results: unknown = await client.query(statements.join('; '));
    const [lock] = Array.isArray(results) ? results.slice(-1) : [];
    if (lock?.rowCount !== 1) throw new Error('the row that writers lock is not there');
    return client;
  } catch (error) {
    await rollBack(client, error);
    throw error;
  }
}

/** Gives the connection back if it can be used again; where nobody knows, it is ended, which takes back what it began. */
async function rollBack(client: PoolClient, error: unknown): Promise<void> {
  const isOfBody =
    error instanceof StoreFault || (codeIn(error) === '' && !isLost(error) && !isTimeout(error));
  const isFit = isOfBody || (isRefused(error) && !isStale(error));
  const isDone = isFit && (await client.query('rollback').then(isTrue, isFalse));
  client.release(!isDone);
}

const isTrue = () => true;

const isFalse = () => false;

async function commit(client: PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    client.release(true);
    throw isRefused(error) ? error : unknownOutcome(error);
  }
  // What PostgreSQL answers to a commit of what a failed statement ended before, whoever caught its error.
  client.release(command !== 'COMMIT');
  if (command !== 'COMMIT')
    throw new StoreFault('failed', 'The database took the change back. Nothing was changed.');
}

async function tryWriting(pool: Pool, deadline: number): Promise<void> {
  const client = await begun(pool, { durability: 'eventual', deadline });
  try {
    await client.query(TRIAL);
    await client.query('rollback');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}
