import { SHOWING_MS_MAX, type TokenStore } from '../tokens/store.ts';
import {
  and,
  type Db,
  eq,
  getTableColumns,
  gt,
  integerParam,
  isNotNull,
  isNull,
  ne,
  or,
  rowCount,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import type { Read } from './reader.ts';
import { secrets, tokens } from './schema.ts';
import type { Write } from './writer.ts';

/** That a secret was shown or, at `now`, is being shown. An older one that nobody saw was lost in a crash. */
const IS_LIVE = or(isNotNull(secrets.shownAt), gt(secrets.createdAt, integerParam('liveSince')));

const MAY_HAVE_SECRET = and(
  isNull(tokens.revokedAt),
  or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam('createdAt'))),
);

/** The one read of a verification, on its own connection: a flat row by its primary key. */
export function createSecretRead(db: Db, read: Read): Pick<TokenStore, 'readSecret'> {
  const { hash: _, ...answered } = getTableColumns(secrets);
  const find = db
    .select(answered)
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();
  return { readSecret: (lookupId) => read(() => find.get({ lookupId })) };
}

/** Whether a token has a value. */
export function createSecretReads(db: Db, read: Read): Pick<TokenStore, 'hasLiveSecret'> {
  const live = db
    .select({ lookupId: secrets.lookupId })
    .from(secrets)
    .where(and(eq(secrets.tokenId, textParam('tokenId')), IS_LIVE))
    .limit(rowCount(1))
    .prepare();
  return {
    hasLiveSecret: (tokenId, now) =>
      read(() => live.get({ tokenId, liveSince: now - SHOWING_MS_MAX }) !== undefined),
  };
}

/** Making, showing and withdrawing secrets. */
export function createSecretWrites(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<TokenStore, 'insertSecret' | 'markShown' | 'withdrawSecret'> {
  const insert = guardedInsert(db);
  const dropLost = db
    .delete(secrets)
    .where(
      and(
        eq(secrets.tokenId, textParam('tokenId')),
        isNull(secrets.shownAt),
        ne(secrets.lookupId, textParam('lookupId')),
      ),
    )
    .prepare();
  const living = db
    .select({ id: tokens.id })
    .from(tokens)
    .where(and(eq(tokens.id, textParam('tokenId')), MAY_HAVE_SECRET))
    .prepare();
  const show = showStatement(db);
  const claim = db
    .update(tokens)
    .set({ claimedAt: storedParam('shownAt') })
    .where(and(eq(tokens.id, textParam('tokenId')), isNull(tokens.claimedAt)))
    .prepare();
  const withdraw = withdrawStatement(db);

  return {
    insertSecret: (secret, delivery) =>
      write(() => {
        const repeated = effects.repeated(delivery);
        if (repeated !== undefined) return repeated;
        const { lookupId, tokenId, createdAt } = secret;
        const row = { ...secret, shownAt: null, liveSince: createdAt - SHOWING_MS_MAX };
        if (insert.all(row).length === 0) {
          return { kind: living.get({ tokenId, createdAt }) === undefined ? 'ended' : 'already_shown' };
        }
        dropLost.run({ lookupId, tokenId });
        effects.deliveries.keep(delivery, createdAt, tokenId);
        return { kind: 'inserted' };
      }),
    markShown: (lookupId, shownAt, effect) =>
      write(() => {
        const [shown] = show.all({ lookupId, shownAt });
        if (shown === undefined) return false;
        claim.run({ ...shown, shownAt });
        effects.bring(effect, shown.tokenId);
        return true;
      }),
    withdrawSecret: (lookupId, effect) =>
      write(() => {
        const [withdrawn] = withdraw.all({ lookupId });
        if (withdrawn === undefined) return false;
        effects.bring(effect, withdrawn.tokenId);
        return true;
      }),
  };
}

/** The row of a secret, if its token lives and has no live one yet: decided by the insert itself. */
function guardedInsert(db: Db) {
  const values = Object.entries(getTableColumns(secrets)).map(([name, column]) =>
    sql.param(sql.placeholder(name), column),
  );
  const ofToken = and(eq(tokens.id, textParam('tokenId')), MAY_HAVE_SECRET);
  const another = sql`select 1 from ${secrets} where ${and(eq(secrets.tokenId, tokens.id), IS_LIVE)}`;
  return db
    .insert(secrets)
    .select(
      sql`select ${sql.join(values, sql`, `)} from ${tokens} where ${ofToken} and not exists (${another})`,
    )
    .returning({ lookupId: secrets.lookupId })
    .prepare();
}

/** A revoked token's secrets are empty: none of them is ever marked as shown. */
function showStatement(db: Db) {
  return db
    .update(secrets)
    .set({ shownAt: storedParam('shownAt') })
    .where(
      and(eq(secrets.lookupId, textParam('lookupId')), isNull(secrets.shownAt), isNotNull(secrets.digest)),
    )
    .returning({ tokenId: secrets.tokenId })
    .prepare();
}

function withdrawStatement(db: Db) {
  return db
    .delete(secrets)
    .where(and(eq(secrets.lookupId, textParam('lookupId')), isNull(secrets.shownAt)))
    .returning({ tokenId: secrets.tokenId })
    .prepare();
}
