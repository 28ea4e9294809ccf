import type { TokenStore } from '../tokens/store.ts';
import { and, blobParam, type Db, eq, storedParam, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { secrets } from './schema.ts';
import type { Write } from './writer.ts';

/** More in one transaction would stop the event loop for tens of milliseconds. */
const DIGESTS_MAX = 200;

/** The verifier of record, which a verification reads only where no pepper at hand made the digest. */
export function createHashRead(db: Db, read: Read): Pick<TokenStore, 'readHash'> {
  const find = db
    .select({ hash: secrets.hash, prefix: secrets.prefix })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();
  return {
    readHash: (lookupId) =>
      read(() => {
        const found = find.get({ lookupId });
        if (found === undefined || found.hash === null) return undefined;
        return { hash: found.hash, prefix: found.prefix };
      }),
  };
}

/** Replacing digests by those under another pepper. */
export function createDigestWrites(db: Db, write: Write): Pick<TokenStore, 'replaceDigests'> {
  // A revoked secret has no digest, so it equals none.
  const replace = db
    .update(secrets)
    .set({
      digest: storedParam('digest'),
      pepperId: storedParam('pepperId'),
      prefix: storedParam('prefix'),
    })
    .where(and(eq(secrets.lookupId, textParam('lookupId')), eq(secrets.digest, blobParam('replaces'))))
    .prepare();
  return {
    replaceDigests: (fresh) =>
      write(() => {
        if (fresh.length > DIGESTS_MAX) throw new RangeError('too many digests for one transaction');
        for (const each of fresh) replace.run(each);
      }, 'eventual'),
  };
}
