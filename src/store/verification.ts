import type { StoredSecret, TokenStore } from '../tokens/store.ts';
import type { Read, Write } from './access.ts';
import { and, type Db, eq, getTableColumns, isNotNull, sql, storedParam, textParam } from './drizzle.ts';
import { secrets } from './schema/sqlite.ts';
import type { Seals } from './seals.ts';
import type { Connection } from './sqlite/open.ts';

/** More in one transaction would stop the event loop for tens of milliseconds. */
const DIGESTS_MAX = 200;

/** The verifier of record, which a verification reads only where no pepper at hand made the digest. */
export function createHashRead(db: Db, read: Read): Pick<TokenStore, 'readHash' | 'countByPepper'> {
  const find = db
    .select({ hash: secrets.hash, prefix: secrets.prefix })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();
  const count = db
    .select({ pepperId: secrets.pepperId, total: sql<number>`count(*)` })
    .from(secrets)
    .where(isNotNull(secrets.digest))
    .groupBy(secrets.pepperId)
    .prepare();
  return {
    countByPepper: () =>
      read(async () => new Map((await count.all()).map(({ pepperId, total }) => [pepperId, total]))),
    readHash: (lookupId) =>
      read(async () => {
        const found = await find.get({ lookupId });
        if (found === undefined || found.hash === null) return undefined;
        return { hash: found.hash, prefix: found.prefix };
      }),
  };
}

/** Replacing digests by those under another pepper. */
export function createDigestWrites(db: Db, write: Write, seals: Seals): Pick<TokenStore, 'replaceDigests'> {
  // A revoked secret has no digest, so it equals none.
  const replace = db
    .update(secrets)
    .set({
      digest: storedParam('digest'),
      pepperId: storedParam('pepperId'),
      prefix: storedParam('prefix'),
    })
    .where(
      and(eq(secrets.lookupId, textParam('lookupId')), eq(secrets.digest, db.words.bytesParam('replaces'))),
    )
    .prepare();
  return {
    replaceDigests: (fresh) =>
      write(async () => {
        if (fresh.length > DIGESTS_MAX) throw new RangeError('too many digests for one transaction');
        const ids = fresh.map(({ lookupId }) => lookupId);
        await seals.renewingValues(ids, async () => {
          for (const each of fresh) await replace.run(each);
        });
      }, 'eventual'),
  };
}

/**
 * The one read of a verification, on its own connection: a flat row by its primary key. Drizzle writes the query and SQLite
 * runs it: mapping the row column by column would take a third as long again as the query.
 */
export function createSecretRead({ db, sqlite }: Connection, read: Read): Pick<TokenStore, 'readSecret'> {
  const { hash: _, prefix: __, ...answered } = getTableColumns(secrets);
  const named = Object.entries(answered).map(([name, column]) => [name, sql`${column}`.as(name)]);
  const query = db
    .select(Object.fromEntries(named))
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')));
  const find = sqlite.prepare<[string], Omit<StoredSecret, 'scopes'> & { scopes: string }>(query.toSQL().sql);
  return {
    readSecret: (lookupId) =>
      read(async () => {
        const row = await find.get(lookupId);
        return row === undefined ? undefined : Object.assign(row, { scopes: JSON.parse(row.scopes) });
      }),
  };
}
