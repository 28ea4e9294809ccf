import type { StoredSecret, TokenStore } from '../tokens/store.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  type Column,
  type Db,
  eq,
  isNotNull,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
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

/** A row as the read below gives it, in the order of its columns there. */
type AnsweredRow = [
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

/**
 * The one read of a verification, on its own connection: a flat row by its primary key. Drizzle writes the query and SQLite
 * runs it, to a bare list: an object of many columns, made one by one, would take a third as long again as the query. Bytes come as
 * hex, since each buffer that SQLite fills costs a microsecond.
 */
export function createSecretRead({ db, sqlite }: Connection, read: Read): Pick<TokenStore, 'readSecret'> {
  const { tokenId, digest, pepperId, createdAt, shownAt, endsAt, name, owner, scopes, generation, seal } =
    secrets;
  const query = db
    .select({
      ...{ tokenId, digest: inHex(digest), pepperId, createdAt, shownAt, endsAt },
      ...{ name, owner, scopes, generation, seal: inHex(seal) },
    })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')));
  const find = sqlite.prepare<[string], AnsweredRow>(query.toSQL().sql).raw();
  return {
    readSecret: (lookupId) => {
      try {
        const row = find.get(lookupId);
        return Promise.resolve(row && secretIn(row, lookupId));
      } catch (error) {
        return read(() => Promise.reject(error));
      }
    },
  };
}

function secretIn(row: AnsweredRow, lookupId: string): StoredSecret {
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
