import type { Rotation, Secret, TokenStore, ValueLimit } from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  type Db,
  eq,
  getTableColumns,
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
import { createDeliveries, type Effects } from './effects.ts';
import { createFindUnmet, createRotate } from './rotation.ts';
import { secrets, tokens } from './schema.ts';
import { IS_BEING_SHOWN, isUnexpiredAt, MAY_HAVE_VALUE, sinceAt } from './token-query.ts';
import { createExceedsValueLimit } from './tokens.ts';

/** That a secret was shown or, at `now`, is being shown. */
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
  hasNotEnded: and(isNull(tokens.revokedAt), MAY_HAVE_VALUE, isUnexpiredAt('createdAt')),
  isRightGeneration: undefined,
  isInTheWay: IS_LIVE,
  generation: sql`${tokens.generation}`,
};

/** Of a rotation. The token may be expired: then it is renewed. */
const NEXT: Guard = {
  hasNotEnded: and(isNull(tokens.revokedAt), MAY_HAVE_VALUE),
  isRightGeneration: eq(tokens.generation, integerParam('from')),
  isInTheWay: IS_BEING_SHOWN,
  generation: sql`${tokens.generation} + 1`,
};

/** Whether a token has a value, and whether it may get one. */
export function createSecretReads(
  db: Db,
  read: Read,
): Pick<TokenStore, 'hasLiveSecret' | 'obstacleToSecret'> {
  const live = db
    .select({ lookupId: secrets.lookupId })
    .from(secrets)
    .where(and(eq(secrets.tokenId, textParam('tokenId')), IS_LIVE))
    .limit(rowCount(1))
    .prepare();
  const obstacles = createObstacles(db);
  return {
    hasLiveSecret: (tokenId, now) => read(() => live.get({ tokenId, ...sinceAt(now) }) !== undefined),
    obstacleToSecret: (secret, purpose, delivery, limit) =>
      read(() => {
        const repeated = obstacles.deliveries.tokenOf(delivery) !== undefined;
        return repeated
          ? 'repeated'
          : (obstacles.unmetOf(secret, purpose, limit) ?? obstacles.guardOf(secret, purpose));
      }),
  };
}

/** What stands in the way of a secret, on the connection `db`. */
function createObstacles(db: Db) {
  const findUnmet = createFindUnmet(db);
  const exceedsLimit = createExceedsValueLimit(db);
  const first = createLook(db, FIRST);
  const next = createLook(db, NEXT);

  return {
    deliveries: createDeliveries(db),
    /** What the secret's token gets it for does not hold, or its owner had enough of them. */
    unmetOf(
      { tokenId, createdAt }: Pick<Secret, 'tokenId' | 'createdAt'>,
      purpose: 'first' | Rotation,
      limit: ValueLimit | undefined,
    ) {
      const unmet = purpose === 'first' ? undefined : findUnmet(tokenId, purpose, createdAt);
      if (unmet !== undefined || limit === undefined) return unmet;
      return exceedsLimit(tokenId, purpose, limit, createdAt) ? 'too_many_values_today' : undefined;
    },
    /** The token has ended, or another secret is in the way. */
    guardOf: (secret: Pick<Secret, 'tokenId' | 'createdAt'>, purpose: 'first' | Rotation) =>
      purpose === 'first' ? first(secret) : next(secret, purpose.generation),
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
  const narrow = narrowStatement(db);
  const rotate = createRotate(db, effects);
  const withdraw = withdrawStatement(db);
  const findUnmet = createFindUnmet(db);
  const obstacles = createObstacles(db);
  const tokenOf = db
    .select({ tokenId: secrets.tokenId })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();

  function unmetOf(tokenId: TokenId | undefined, purpose: 'first' | Rotation, at: number) {
    return tokenId === undefined || purpose === 'first' ? undefined : findUnmet(tokenId, purpose, at);
  }

  function putSecret(secret: Secret, purpose: 'first' | Rotation) {
    const isIn = purpose === 'first' ? insertFirst(secret) : insertNext(secret, purpose.generation);
    // In the same transaction: by the guard that let nothing in.
    return isIn ? 'inserted' : (obstacles.guardOf(secret, purpose) ?? 'already_shown');
  }

  return {
    insertSecret: (secret, purpose, delivery, limit) =>
      write(() => {
        const repeated = effects.repeated(delivery);
        if (repeated !== undefined) return repeated;
        const kind = obstacles.unmetOf(secret, purpose, limit) ?? putSecret(secret, purpose);
        if (kind !== 'inserted') return { kind };
        const { lookupId, tokenId, createdAt } = secret;
        dropLost.run({ lookupId, tokenId });
        effects.deliveries.keep(delivery, createdAt, tokenId);
        return { kind };
      }),
    markShown: (lookupId, shownAt, purpose, effect) =>
      write(() => {
        const unmet = unmetOf(tokenOf.get({ lookupId })?.tokenId, purpose, shownAt);
        if (unmet !== undefined) return { kind: unmet };
        const { liveSince } = sinceAt(shownAt);
        // The one statement that can fail to win; what follows in this transaction is its consequence.
        const [shown] =
          purpose === 'first'
            ? showFirst.all({ lookupId, shownAt, liveSince })
            : showNext.all({ lookupId, shownAt, liveSince, from: purpose.generation });
        if (shown === undefined) return { kind: 'changed_meanwhile' };
        const { tokenId } = shown;
        claim.run({ tokenId, shownAt });
        narrow.run({ tokenId, lookupId });
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

/** That the token of a secret lets it be. */
function isAllowedBy(guard: Guard) {
  const another = sql`select 1 from ${secrets} where ${and(eq(secrets.tokenId, tokens.id), guard.isInTheWay)}`;
  const isOfToken = and(eq(tokens.id, textParam('tokenId')), guard.hasNotEnded);
  return { isOfToken, isAllowed: and(isOfToken, guard.isRightGeneration, sql`not exists (${another})`) };
}

/** Why a guard does not allow a secret, without making it. */
function createLook(db: Db, guard: Guard) {
  const { isOfToken, isAllowed } = isAllowedBy(guard);
  const found = (where: SQL | undefined) => db.select({ id: tokens.id }).from(tokens).where(where).prepare();
  const living = found(isOfToken);
  const allowed = found(isAllowed);

  return (
    { tokenId, createdAt }: Pick<Secret, 'tokenId' | 'createdAt'>,
    from?: number,
  ): 'already_shown' | 'ended' | undefined => {
    const row = { tokenId, createdAt, from, ...sinceAt(createdAt) };
    if (allowed.get(row) !== undefined) return undefined;
    return living.get(row) === undefined ? 'ended' : 'already_shown';
  };
}

/** The row of a secret, if its guard allows it: decided by the insert itself. */
function createInsert(db: Db, guard: Guard) {
  const values = Object.entries(getTableColumns(secrets)).map(([name, column]) =>
    name === 'generation' ? guard.generation : sql.param(sql.placeholder(name), column),
  );
  const { isAllowed } = isAllowedBy(guard);
  const insert = db
    .insert(secrets)
    .select(sql`select ${sql.join(values, sql`, `)} from ${tokens} where ${isAllowed}`)
    .returning({ lookupId: secrets.lookupId })
    .prepare();

  return (secret: Secret, from?: number): boolean =>
    insert.all({ ...secret, shownAt: null, from, ...sinceAt(secret.createdAt) }).length > 0;
}

/** Shows a secret that still fits its token and is not lost by now. A revoked token's secrets are empty: none of them is ever shown. */
function showStatement(db: Db, { isRightGeneration, generation }: Guard) {
  const fits = and(eq(tokens.id, secrets.tokenId), eq(secrets.generation, generation), isRightGeneration);
  return db
    .update(secrets)
    .set({ shownAt: storedParam('shownAt') })
    .where(
      and(
        eq(secrets.lookupId, textParam('lookupId')),
        IS_BEING_SHOWN,
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

/** The token has the scopes of the value that is shown: a new value may have fewer. */
function narrowStatement(db: Db) {
  const ofSecret = sql`(select ${secrets.scopes} from ${secrets} where ${secrets.lookupId} = ${textParam('lookupId')})`;
  return db
    .update(tokens)
    .set({ scopes: ofSecret })
    .where(and(eq(tokens.id, textParam('tokenId')), sql`${tokens.scopes} <> ${ofSecret}`))
    .prepare();
}

function withdrawStatement(db: Db) {
  return db
    .delete(secrets)
    .where(and(eq(secrets.lookupId, textParam('lookupId')), isNull(secrets.shownAt)))
    .returning({ tokenId: secrets.tokenId })
    .prepare();
}
