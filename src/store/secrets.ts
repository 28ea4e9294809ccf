import {
  type Rotation,
  type Secret,
  SHOWING_MS_MAX,
  type StoredSecret,
  type TokenStore,
} from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import { createFindUnmet } from './conditions.ts';
import type { Connection } from './connection.ts';
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
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import type { Read } from './reader.ts';
import { createRotate } from './rotation.ts';
import { secrets, tokens } from './schema.ts';
import type { Write } from './writer.ts';

const IS_BEING_SHOWN = and(isNull(secrets.shownAt), gt(secrets.createdAt, integerParam('liveSince')));
/** That a secret was shown or, at `now`, is being shown. An older one that nobody saw was lost in a crash. */
const IS_LIVE = or(isNotNull(secrets.shownAt), IS_BEING_SHOWN);

/** What a secret needs: a token that has not ended, in the right generation, and no other secret in its way. */
type Guard = {
  readonly hasNotEnded: SQL | undefined;
  readonly isRightGeneration: SQL | undefined;
  readonly isInTheWay: SQL | undefined;
  /** The secret's. */
  readonly generation: SQL;
};
const FIRST: Guard = {
  hasNotEnded: and(
    isNull(tokens.revokedAt),
    or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam('createdAt'))),
  ),
  isRightGeneration: undefined,
  isInTheWay: IS_LIVE,
  generation: sql`${tokens.generation}`,
};
/** Of a rotation. The token may be expired: then it is renewed. */
const NEXT: Guard = {
  hasNotEnded: isNull(tokens.revokedAt),
  isRightGeneration: eq(tokens.generation, integerParam('from')),
  isInTheWay: IS_BEING_SHOWN,
  generation: sql`${tokens.generation} + 1`,
};

/**
 * The one read of a verification, on its own connection: a flat row by its primary key. Drizzle writes the query and SQLite
 * runs it: mapping the row column by column would take a third as long again as the query.
 */
export function createSecretRead({ db, sqlite }: Connection, read: Read): Pick<TokenStore, 'readSecret'> {
  const { hash: _, generation: __, prefix: ___, ...answered } = getTableColumns(secrets);
  const named = Object.entries(answered).map(([name, column]) => [name, sql`${column}`.as(name)]);
  const query = db
    .select(Object.fromEntries(named))
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')));
  const find = sqlite.prepare<[string], Omit<StoredSecret, 'scopes'> & { scopes: string }>(query.toSQL().sql);
  return {
    readSecret: (lookupId) =>
      read(() => {
        const row = find.get(lookupId);
        return row === undefined ? undefined : Object.assign(row, { scopes: JSON.parse(row.scopes) });
      }),
  };
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
  const insertFirst = createInsert(db, FIRST);
  const insertNext = createInsert(db, NEXT);
  const dropLost = dropLostStatement(db);
  const showFirst = showStatement(db, FIRST);
  const showNext = showStatement(db, NEXT);
  const claim = claimStatement(db);
  const rotate = createRotate(db, effects);
  const withdraw = withdrawStatement(db);
  const findUnmet = createFindUnmet(db);
  const tokenOf = db
    .select({ tokenId: secrets.tokenId })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();

  function unmetOf(tokenId: TokenId | undefined, purpose: 'first' | Rotation, at: number) {
    return tokenId === undefined || purpose === 'first' ? undefined : findUnmet(tokenId, purpose, at);
  }

  return {
    insertSecret: (secret, purpose, delivery) =>
      write(() => {
        const repeated = effects.repeated(delivery);
        if (repeated !== undefined) return repeated;
        const { lookupId, tokenId, createdAt } = secret;
        const unmet = unmetOf(tokenId, purpose, createdAt);
        if (unmet !== undefined) return { kind: unmet };
        const kind = purpose === 'first' ? insertFirst(secret) : insertNext(secret, purpose.generation);
        if (kind !== 'inserted') return { kind };
        dropLost.run({ lookupId, tokenId });
        effects.deliveries.keep(delivery, createdAt, tokenId);
        return { kind };
      }),
    markShown: (lookupId, shownAt, purpose, effect) =>
      write(() => {
        const unmet = unmetOf(tokenOf.get({ lookupId })?.tokenId, purpose, shownAt);
        if (unmet !== undefined) return { kind: unmet };
        // The one statement that can fail to win; what follows in this transaction is its consequence.
        const [shown] =
          purpose === 'first'
            ? showFirst.all({ lookupId, shownAt })
            : showNext.all({ lookupId, shownAt, from: purpose.generation });
        if (shown === undefined) return { kind: 'changed_meanwhile' };
        const { tokenId } = shown;
        claim.run({ tokenId, shownAt });
        if (purpose !== 'first') rotate(tokenId, purpose, shownAt);
        effects.bring(effect, tokenId);
        return { kind: 'shown' };
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

/** The row of a secret, if its guard allows it: decided by the insert itself. */
function createInsert(db: Db, guard: Guard) {
  const ofToken = and(eq(tokens.id, textParam('tokenId')), guard.hasNotEnded);
  const living = db.select({ id: tokens.id }).from(tokens).where(ofToken).prepare();
  const values = Object.entries(getTableColumns(secrets)).map(([name, column]) =>
    name === 'generation' ? guard.generation : sql.param(sql.placeholder(name), column),
  );
  const another = sql`select 1 from ${secrets} where ${and(eq(secrets.tokenId, tokens.id), guard.isInTheWay)}`;
  const isAllowed = and(ofToken, guard.isRightGeneration, sql`not exists (${another})`);
  const insert = db
    .insert(secrets)
    .select(sql`select ${sql.join(values, sql`, `)} from ${tokens} where ${isAllowed}`)
    .returning({ lookupId: secrets.lookupId })
    .prepare();

  return (secret: Secret, from?: number): 'inserted' | 'already_shown' | 'ended' => {
    const row = { ...secret, shownAt: null, liveSince: secret.createdAt - SHOWING_MS_MAX, from };
    if (insert.all(row).length > 0) return 'inserted';
    return living.get(row) === undefined ? 'ended' : 'already_shown';
  };
}

/** Shows a secret that still fits its token. A revoked token's secrets are empty: none of them is ever shown. */
function showStatement(db: Db, { isRightGeneration, generation }: Guard) {
  const fits = and(eq(tokens.id, secrets.tokenId), eq(secrets.generation, generation), isRightGeneration);
  return db
    .update(secrets)
    .set({ shownAt: storedParam('shownAt') })
    .where(
      and(
        eq(secrets.lookupId, textParam('lookupId')),
        isNull(secrets.shownAt),
        isNotNull(secrets.digest),
        sql`exists (select 1 from ${tokens} where ${fits})`,
      ),
    )
    .returning({ tokenId: secrets.tokenId })
    .prepare();
}

/** Drops what a crash left unshown of the token, beside the secret of `lookupId`. */
function dropLostStatement(db: Db) {
  return db
    .delete(secrets)
    .where(
      and(
        eq(secrets.tokenId, textParam('tokenId')),
        isNull(secrets.shownAt),
        ne(secrets.lookupId, textParam('lookupId')),
      ),
    )
    .prepare();
}

function claimStatement(db: Db) {
  return db
    .update(tokens)
    .set({ claimedAt: storedParam('shownAt') })
    .where(and(eq(tokens.id, textParam('tokenId')), isNull(tokens.claimedAt)))
    .prepare();
}

function withdrawStatement(db: Db) {
  return db
    .delete(secrets)
    .where(and(eq(secrets.lookupId, textParam('lookupId')), isNull(secrets.shownAt)))
    .returning({ tokenId: secrets.tokenId })
    .prepare();
}
