import { createRequire } from 'node:module';
import type { ClientBase, ClientConfig, Pool, PoolConfig, QueryArrayConfig } from 'pg';
import { type Db, drizzlePostgres } from '../drizzle.ts';
import { cannotOpen } from '../fault.ts';
import { createStatements, type Statement } from './statements.ts';
import type { Target } from './target.ts';

const require = createRequire(import.meta.url);

/** Loaded where the database is a PostgreSQL, and there alone: it would cost every other start time and memory. */
export function loadPg(): typeof import('pg') {
  return require('pg');
}

const WRITERS = 1;

const VERIFIERS_MAX = 4;

/** One to write, one to verify, one for the rest. */
export const POOL_MIN = 3;

const VERIFY_MS_MAX = 2000;

export const STATEMENT_MS_MAX = 10_000;

const CONNECT_MS_MAX = 5000;

const IDLE_MS_MAX = 60_000;

/** The server's own limit comes first; this one holds where the server does not answer at all. */
const ANSWER_MS_MORE = 1000;

/** As on SQLite: what changes anything, the one read of a verification, all the rest. */
export type Pools = {
  readonly write: Pool;
  readonly verify: Pool;
  readonly read: Pool;
  readonly verifiers: number;
};

/** The pools of `target`, of `max` connections together, none of them open yet. */
export function createPools(target: Target, max: number): Pools {
  if (max < POOL_MIN) throw cannotOpen(`DATABASE_POOL_MAX must be at least ${POOL_MIN}.`);
  const verifiers = Math.min(VERIFIERS_MAX, max - WRITERS - 1);
  return {
    // Its transactions have their own limits.
    write: createPool(target, { max: WRITERS }, STATEMENT_MS_MAX),
    verify: createPool(target, { max: verifiers, connectionTimeoutMillis: VERIFY_MS_MAX }, VERIFY_MS_MAX),
    read: createPool(target, { max: max - WRITERS - verifiers }, STATEMENT_MS_MAX),
    verifiers,
  };
}

function createPool({ config, isPrepared }: Target, options: PoolConfig, statementMs: number): Pool {
  const { Pool } = loadPg();
  const pool = new Pool({
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: IDLE_MS_MAX,
    ...config,
    ...limits(isPrepared, statementMs),
    ...options,
    types: types(),
    onConnect: refuseStandby,
  });
  // What is lost while nobody uses it is opened anew; what is lost in use fails what uses it.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

/** PgBouncer takes no settings at the start of a connection: there the role has them (docs/operations.md). */
export function limits(isPrepared: boolean, statementMs: number): ClientConfig {
  const answer = { query_timeout: statementMs + ANSWER_MS_MORE };
  if (!isPrepared) return answer;
  const server = { statement_timeout: statementMs, idle_in_transaction_session_timeout: STATEMENT_MS_MAX };
  return { ...answer, ...server };
}

/** A standby may honour what was revoked: it is behind. Asked of every new connection, since an address may lead elsewhere one day. */
export async function refuseStandby(client: ClientBase): Promise<void> {
  const { rows } = await client.query('select pg_is_in_recovery() as "isStandby"');
  if (rows[0]?.isStandby !== true && rows[0]?.isStandby !== 1) return;
  throw cannotOpen(
    'The database is a standby, which may honour what was revoked. Name the primary in DATABASE_URL.',
  );
}

const BOOL = 16;
const INT8 = 20;
const NUMERIC = 1700;

/** What SQLite would answer: a number for a whole number of whatever size, 1 or 0 for what is so or not. Of our connections alone. */
export function types(): ClientConfig['types'] {
  const { types } = loadPg();
  const own = new Map<number, (text: string) => unknown>([
    [BOOL, (text) => (text === 't' ? 1 : 0)],
    [INT8, Number],
    [NUMERIC, Number],
  ]);
  return { getTypeParser: (oid: number, format) => own.get(oid) ?? types.getTypeParser(oid, format) };
}

export type Params = readonly unknown[];

/** What was found, each row a list of its columns. */
export type Rows = readonly unknown[][];

/** Sends a statement to a connection or to the next free one of a pool. */
export async function send(to: Pool | ClientBase, { text, name }: Statement, params: Params): Promise<Rows> {
  const query: QueryArrayConfig = { text, values: [...params], rowMode: 'array' };
  if (name !== undefined) query.name = name;
  return (await to.query(query)).rows;
}

/** What PostgreSQL cannot hold in a text: U+0000, and halves of characters. */
const UNHOLDABLE = /\0|\p{Cs}/gu;

/** A noncharacter, which is in no text that is stored: names and notes are rid of it. */
const IN_NO_TEXT = '\uffff';

/** What happens to a text that PostgreSQL cannot hold. */
export const UNHOLDABLES = {
  /** Nothing is stored that was not meant. */
  refused: (text: string) => {
    if (text.search(UNHOLDABLE) === -1) return text;
    throw new Error('a text that PostgreSQL cannot hold');
  },
  /** It is compared, and equals nothing. */
  unequal: (text: string) => text.replace(UNHOLDABLE, IN_NO_TEXT),
};

/** A connection as Drizzle's builder for SQLite sees it, whose statements go to whatever `connection` says at that moment. */
export function createDb(
  isPrepared: boolean,
  connection: () => Pool | ClientBase,
  textOf: (text: string) => string,
): Db {
  const statementOf = createStatements(isPrepared);
  return drizzlePostgres(async (text, params, method) => {
    const sent = params.map((param) => (typeof param === 'string' ? textOf(param) : param));
    const rows = await send(connection(), statementOf(text), sent);
    return { rows: method === 'get' ? rows[0] : rows };
  });
}
