import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Clock } from '../../clock.ts';
import { createChainCheck, eventsAfter, headText } from '../../tokens/audit.ts';
import type { Peppers } from '../../tokens/pepper.ts';
import type { Read } from '../access.ts';
import {
  type Column,
  countQuery,
  type Db,
  getTableColumns,
  getTableName,
  type SQL,
  sql,
} from '../drizzle.ts';
import type { Engine } from '../engine.ts';
import { createHistory } from '../events.ts';
import { cannotOpen } from '../fault.ts';
import {
  auditEvents,
  changes,
  deliveries,
  homePages,
  leakedTokens,
  leaks,
  limits,
  messages,
  notices,
  outbox,
  owners,
  refusalCounts,
  revokedTries,
  secrets,
  secretUsage,
  settings,
  tokens,
  tokenUsage,
  tokenUsesByHour,
} from '../schema/sqlite.ts';
import { createMarks, UNPROVEN_KEY } from '../settings.ts';
import { pathOf } from '../sqlite/open.ts';
import { isPostgresUrl, openEngine, openStore } from '../store.ts';
import { MARK_KEY, UNLOGGED_KEY } from './end-again.ts';
import { isUncut, type LogMark, revokedLogOf } from './revoked-log.ts';

/** 16 columns of each are 8,000 parameters: SQLite takes 32,766 at once, PostgreSQL 65,535. */
const ROWS_AT_ONCE = 500;

/** Values that are asked for on both sides once all is there. */
const ANSWERS = 1000;

/** What is known of the one database and not of what is in it. */
const OWN_SETTINGS: readonly string[] = [MARK_KEY, UNLOGGED_KEY, UNPROVEN_KEY, 'writer', 'trial'];

type Copied = {
  readonly table: SQLiteTable;
  /** Names a row, and says where it comes. */
  readonly key: readonly (Column | SQL)[];
  /** Numbered anew, in the same order. */
  readonly without?: string;
};

/** Everything but what running processes have taken, what is referred to before what refers to it. */
const TABLES: readonly Copied[] = [
  { table: tokens, key: [sql`${tokens}.rowid`] },
  { table: secrets, key: [secrets.lookupId] },
  { table: tokenUsage, key: [tokenUsage.tokenId] },
  { table: secretUsage, key: [secretUsage.lookupId] },
  { table: tokenUsesByHour, key: [tokenUsesByHour.hour, tokenUsesByHour.tokenId] },
  { table: revokedTries, key: [revokedTries.tokenId] },
  { table: notices, key: [notices.tokenId, notices.kind] },
  { table: auditEvents, key: [auditEvents.sequence] },
  { table: owners, key: [owners.workspace, owners.person] },
  { table: outbox, key: [outbox.key] },
  { table: messages, key: [messages.id], without: 'id' },
  { table: leaks, key: [leaks.channel, leaks.ts] },
  { table: leakedTokens, key: [leakedTokens.channel, leakedTokens.ts, leakedTokens.tokenId] },
  { table: deliveries, key: [deliveries.key] },
  { table: refusalCounts, key: [refusalCounts.actor, refusalCounts.hour] },
  { table: limits, key: [limits.key] },
  { table: homePages, key: [homePages.person] },
  { table: changes, key: [changes.subject] },
  { table: settings, key: [settings.key] },
];

/** What a backup of a PostgreSQL remembers of `revoked.log`: no log goes on from it, whatever lies where it is put back. */
const OF_NO_LOG = 'postgres';

/** What came over: rows by table, and the head of the chain as `SEQ:MAC`. */
export type CopyReport = {
  readonly rows: Readonly<Record<string, number>>;
  readonly head: string | undefined;
  readonly answers: number;
};

type Progress = (done: number, total: number) => void;

/** What `copyDatabase` is asked for; `clock`: when what the source's log says is ended again. */
export type CopyRequest = {
  readonly from: string;
  readonly to: string;
  readonly peppers: Peppers;
  readonly clock: Clock;
  readonly onProgress: Progress;
};

/**
 * Copies the database that `from` names into the one that `to` names, which is made where it is missing. Of SQLite no app may have
 * either open. Throws a `StoreFault` that says what to do.
 */
export async function copyDatabase({
  from,
  to,
  peppers,
  clock,
  onProgress,
}: CopyRequest): Promise<CopyReport> {
  refuseBackup(from);
  // What ended by its log is ended in it first: the log stays where it is.
  await (
    await openStore({ url: from, pepper: peppers.current, peppers, clock, use: 'app', presence: 'must' })
  ).close();
  const source = await openEngine({ url: from, use: 'app', presence: 'must' });
  try {
    return await intoTarget(to, async (target) => {
      const copied = await copyBetween(source, target, { peppers, onProgress });
      const answers = await compareAnswers(source, target);
      await refuseMoved(source, copied.head);
      await prove(target);
      return { ...copied, answers };
    });
  } finally {
    await source.close();
  }
}

/**
 * What knew a log that isn't beside it is a backup, or has lost its log: what was revoked since would live on in the copy. What
 * can't be looked at is left to whoever opens it. Throws a `StoreFault`.
 */
function refuseBackup(url: string): void {
  if (isPostgresUrl(url)) return;
  const mark = logMarkIn(pathOf(url));
  const log = revokedLogOf(pathOf(url));
  if (mark === undefined || (existsSync(log) && isUncut(log, mark))) return;
  throw cannotOpen(
    'the source is a backup, or its revoked.log is lost, so nobody knows what was revoked since. Put it back with "restore" first, then copy that.',
  );
}

function logMarkIn(path: string): LogMark | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const sqlite = new Database(path, { readonly: true, timeout: 0 });
    try {
      const mark = sqlite.prepare('select value from settings where key = ?').pluck().get(MARK_KEY);
      return mark as LogMark | undefined;
    } finally {
      sqlite.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * The same into the new SQLite file `path`, of a database that an app goes on writing to: what it is at one moment. Rows and chain
 * are compared.
 */
export async function copyIntoFile(
  from: string,
  path: string,
  { peppers, onProgress }: Pick<CopyRequest, 'peppers' | 'onProgress'>,
): Promise<void> {
  const source = await openEngine({ url: from, presence: 'must' });
  try {
    await intoTarget(`file:${path}`, async (target) => {
      await copyBetween(source, target, { peppers, onProgress });
      await target.write(() => createMarks(target.connections.write).keep(MARK_KEY, OF_NO_LOG));
      await prove(target);
    });
  } finally {
    await source.close();
  }
}

/** What `work` comes to with the engine of the target. A file that is not there is new, whatever a log beside it tells of. */
async function intoTarget<T>(url: string, work: (target: Engine) => Promise<T>): Promise<T> {
  const isNewFile = !isPostgresUrl(url) && !existsSync(pathOf(url));
  const target = await openEngine({ url, ...(isNewFile ? { presence: 'must_not' } : { use: 'app' }) });
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

async function prove({ connections: { write: db }, write }: Engine): Promise<void> {
  await write(() => createMarks(db).drop(UNPROVEN_KEY));
}

/**
 * Copies all of `source`, as of one moment, into `target`, which must be empty: in one transaction, byte by byte. Then compares
 * rows and chain; until the copy is proven an app refuses it. Throws a `StoreFault` that says what to do.
 */
async function copyBetween(
  source: Engine,
  target: Engine,
  { peppers, onProgress }: { readonly peppers: Peppers; readonly onProgress: Progress },
): Promise<Omit<CopyReport, 'answers'>> {
  await refuseFilled(target);
  const from = await source.snapshot(async (db) => {
    const total = sumOf(await rowsIn(db));
    await target.write(() => copyRows(db, target.connections.write, (done) => onProgress(done, total)));
    return { rows: await rowsIn(db), chain: await chainOf(db, peppers) };
  });
  const rows = await target.read(() => rowsIn(target.connections.read));
  refuseOther('rows', from.rows, rows);
  refuseOther('chain', from.chain, await chainOf(target.connections.read, peppers));
  return { rows, head: from.chain.head };
}

async function refuseFilled({ connections, read }: Engine): Promise<void> {
  const { settings: _, ...rows } = await read(() => rowsIn(connections.read));
  if (sumOf(rows) === 0) return;
  throw cannotOpen('the target holds tokens or events already, and is left as it is. Name an empty one.');
}

async function copyRows(from: Db, to: Db, onProgress: (done: number) => void): Promise<void> {
  await createMarks(to).keep(UNPROVEN_KEY, 'true');
  let done = 0;
  for (const copied of TABLES) {
    for await (const rows of pagesOf(from, copied)) {
      const own = copied.table === settings ? rows.filter(({ key }) => !isOwn(key)) : rows;
      if (own.length > 0) await to.run(insertOf(copied, own));
      done += rows.length;
      onProgress(done);
    }
  }
}

function isOwn(key: unknown): boolean {
  return OWN_SETTINGS.some((own) => own === key);
}

type Row = Readonly<Record<string, unknown>>;

/** As they are stored, undecoded: what a MAC covers must not change by a byte. */
async function* pagesOf(db: Db, { table, key }: Copied): AsyncGenerator<readonly Row[]> {
  const stored = (column: Column | SQL) => sql`${column}`;
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) => [name, stored(column)]);
  const keys = key.map((column, index) => [`key${index}`, stored(column)]);
  const rows = db
    .select(Object.fromEntries([...columns, ...keys]))
    .from(table)
    .$dynamic();
  const order = sql.join(key.map(stored), sql`, `);
  for (let last: Row | undefined; ; ) {
    const after = last === undefined ? undefined : keys.map(([name]) => sql`${last?.[String(name)]}`);
    const isLater = after && sql`(${order}) > (${sql.join(after, sql`, `)})`;
    const page: Row[] = await rows.where(isLater).orderBy(order).limit(ROWS_AT_ONCE).all();
    if (page.length > 0) yield page;
    last = page.at(-1);
    if (page.length < ROWS_AT_ONCE) return;
  }
}

function insertOf({ table, without }: Copied, rows: readonly Row[]): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(([name]) => name !== without);
  const names = columns.map(([, column]) => sql.identifier(column.name));
  const values = rows.map((row) => {
    const ofRow = columns.map(([name]) => sql`${row[name] ?? null}`);
    return sql`(${sql.join(ofRow, sql`, `)})`;
  });
  return sql`insert into ${table} (${sql.join(names, sql`, `)}) values ${sql.join(values, sql`, `)}`;
}

/** Settings only in so far as they are copied. */
async function rowsIn(db: Db): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const { table } of TABLES) {
    const own = sql.join(
      OWN_SETTINGS.map((key) => sql`${key}`),
      sql`, `,
    );
    const where = table === settings ? sql`${settings.key} not in (${own})` : undefined;
    rows[getTableName(table)] = await countQuery(db, table, where)({});
  }
  return rows;
}

function sumOf(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

const AT_ONCE: Read = async (body) => body();

/** How far the chain holds, and where it ends: one that was broken before is as broken in the copy. */
async function chainOf(db: Db, peppers: Peppers) {
  const check = createChainCheck(peppers);
  for await (const event of eventsAfter(0, createHistory(db, AT_ONCE))) if (!check.add(event)) break;
  const { head, ...report } = check.report();
  return { ...report, head: head && headText(head) };
}

/** What a verification reads, of values by chance. */
async function compareAnswers(source: Engine, target: Engine): Promise<number> {
  const db = source.connections.read;
  const some = await source.read(() =>
    db.select({ lookupId: secrets.lookupId }).from(secrets).orderBy(sql`random()`).limit(ANSWERS).all(),
  );
  for (const { lookupId } of some) {
    refuseOther('answers', await source.readSecret(lookupId), await target.readSecret(lookupId));
  }
  return some.length;
}

/** Whoever goes on writing into the source writes what the copy will never have. */
async function refuseMoved({ connections, read }: Engine, copiedHead: string | undefined): Promise<void> {
  const head = await createHistory(connections.read, read).chainHead();
  if ((head && headText(head)) === copiedHead) return;
  throw cannotOpen(
    'the source was written to meanwhile, so the copy is behind and no app will open it. Stop the app, empty the target, then copy again.',
  );
}

function refuseOther(what: 'rows' | 'chain' | 'answers', source: unknown, target: unknown): void {
  if (sameText(source) === sameText(target)) return;
  throw cannotOpen(
    `the ${what} of source and target differ, so no app will open the copy. Empty the target, then copy again.`,
  );
}

function sameText(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
