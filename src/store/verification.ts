import type { TokenStore } from '../tokens/store.ts';
import type { Read, Write } from './access.ts';
import { and, type Db, eq, isNotNull, sql, storedParam, textParam } from './drizzle.ts';
import { secrets } from './schema/sqlite.ts';
import type { Seals } from './seals.ts';

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
