import { setImmediate } from 'node:timers';
import type Database from 'better-sqlite3';
import type { StoredSecret, TokenStore } from '../../tokens/store.ts';
import type { Read } from '../access.ts';
import { type Column, eq, type SQL, sql, textParam } from '../drizzle.ts';
import { secrets } from '../schema/sqlite.ts';
import type { Connection } from './open.ts';

/** A row as the query of a verification gives it, in the order of its columns there. */
type Row = [
  tokenId: StoredSecret['tokenId'],
  digest: string | null,
  pepperId: string,
  createdAt: number,
  shownAt: number | null,
  endsAt: number | null,
  name: StoredSecret['name'],
  owner: StoredSecret['owner'],
  scopes: string,
  generation: number,
  seal: string | null,
];

type Waiting = {
  readonly lookupId: string;
  readonly resolve: (secret: StoredSecret | undefined) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * The one read of a verification, on its own connection: a flat row by its primary key. Those that came in the same turn of the
 * event loop are read at its end, in one transaction: the locks of a transaction cost as much as the read itself, and what is
 * done one kind after the other finds more in the processor's caches.
 *
 * Nothing is remembered, and the transaction begins after each of them came. So one that comes after a revocation was committed,
 * by whatever process, sees it.
 */
export function createSecretRead(connection: Connection, read: Read): Pick<TokenStore, 'readSecret'> {
  const { sqlite } = connection;
  const find = queryOf(connection);
  const inOneTransaction = createTransaction(sqlite);
  let waiting: Waiting[] = [];

  /** `read` makes of it the fault that it is. */
  function fail({ reject }: Waiting, error: unknown): void {
    read(() => Promise.reject(error)).catch(reject);
  }

  function answer(one: Waiting): void {
    try {
      const row = find.get(one.lookupId);
      one.resolve(row && secretIn(row, one.lookupId));
    } catch (error) {
      fail(one, error);
    }
  }

  function answerAll(): void {
    const batch = waiting;
    waiting = [];
    try {
      if (batch.length === 1) batch.forEach(answer);
      else inOneTransaction(() => batch.forEach(answer));
    } catch (error) {
      // Those that were answered before it stay so.
      for (const one of batch) fail(one, error);
    }
  }

  return {
    readSecret: (lookupId) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ lookupId, resolve, reject }) === 1) setImmediate(answerAll);
      }),
  };
}

/**
 * Runs what reads in one transaction, which surely ends: a connection that stays in one would show the past from then on, and revoked
 * tokens live. Rather nothing is read any more.
 */
function createTransaction(sqlite: Database.Database): (body: () => void) => void {
  const begin = sqlite.prepare('BEGIN');
  const commit = sqlite.prepare('COMMIT');

  function end(): void {
    try {
      // After some errors SQLite itself has ended it.
      if (sqlite.inTransaction) commit.run();
    } catch (error) {
      sqlite.close();
      throw error;
    }
  }

  return (body) => {
    begin.run();
    try {
      body();
    } finally {
      end();
    }
  };
}

/**
 * Drizzle writes the query and SQLite runs it, to a bare list: an object of many columns, made one by one, would take a third as
 * long again as the query. Bytes come as hex, since each buffer that SQLite fills costs a microsecond.
 */
function queryOf({ db, sqlite }: Connection): Database.Statement<[string], Row> {
  const { tokenId, digest, pepperId, createdAt, shownAt, endsAt, name, owner, scopes, generation, seal } =
    secrets;
  const query = db
    .select({
      ...{ tokenId, digest: inHex(digest), pepperId, createdAt, shownAt, endsAt },
      ...{ name, owner, scopes, generation, seal: inHex(seal) },
    })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')));
  return sqlite.prepare<[string], Row>(query.toSQL().sql).raw();
}

function secretIn(row: Row, lookupId: string): StoredSecret {
  const [tokenId, digest, pepperId, createdAt, shownAt, endsAt, name, owner, scopes, generation, seal] = row;
  return {
    lookupId,
    tokenId,
    digest: bytesOf(digest),
    pepperId,
    createdAt,
    shownAt,
    endsAt,
    name,
    owner,
    scopes: JSON.parse(scopes),
    generation,
    seal: bytesOf(seal),
  };
}

/** Of no bytes it makes an empty text, and nothing of null. */
function inHex(column: Column): SQL {
  return sql`case when ${column} is not null then hex(${column}) end`;
}

function bytesOf(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, 'hex');
}
