import type { Rotation, Secret, TokenStore, ValueLimit } from '../tokens/store.ts';
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
import { StoreFault } from './fault.ts';
import type { RevokedLog } from './recovery/revoked-log.ts';
import { createFindUnmet, createRotate, OF_TOKEN } from './rotation.ts';
import { secrets, tokens } from './schema/sqlite.ts';
import type { Seals } from './seals.ts';
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

type Purpose = 'first' | Rotation;

/** What is made of the guard of each purpose, and what the guard compares with. */
function byPurpose<Made>(make: (guard: Guard) => Made) {
  const [first, next] = [make(FIRST), make(NEXT)];
  return (purpose: Purpose) =>
    purpose === 'first' ? { made: first } : { made: next, from: purpose.generation };
}

/** Whether a token has a value, and whether it may get one. */
export function createSecretReads(
  db: Db,
  read: Read,
): Pick<TokenStore, 'hasLiveSecret' | 'obstacleToSecret'> {
  const live = db
    .select({ lookupId: secrets.lookupId })
    .from(secrets)
    .where(and(OF_TOKEN, IS_LIVE))
    .limit(rowCount(1))
    .prepare();
  const obstacles = createObstacles(db);
  const { tokenOf } = createDeliveries(db);
  return {
    hasLiveSecret: (tokenId, now) =>
      read(async () => (await live.get({ tokenId, ...sinceAt(now) })) !== undefined),
    obstacleToSecret: (secret, purpose, delivery, limit) =>
      read(async () => {
        if ((await tokenOf(delivery)) !== undefined) return 'repeated';
        const unmet = await obstacles.unmetOf(secret, purpose, limit);
        return unmet ?? (await obstacles.guardOf(secret, purpose));
      }),
  };
}

type Made = Pick<Secret, 'tokenId' | 'createdAt'>;

/** What stands in the way of a secret, on the connection `db`. */
function createObstacles(db: Db) {
  const findUnmet = createFindUnmet(db);
  const exceedsLimit = createExceedsValueLimit(db);

  return {
    findUnmet,
    /** What the secret's token gets it for does not hold, or its owner had enough of them. */
    async unmetOf({ tokenId, createdAt }: Made, purpose: Purpose, limit: ValueLimit | undefined) {
      const unmet = await findUnmet(tokenId, purpose, createdAt);
      if (unmet !== undefined || limit === undefined) return unmet;
      return (await exceedsLimit(tokenId, purpose, limit, createdAt)) ? 'too_many_values_today' : undefined;
    },
    guardOf: createLook(db),
  };
}

/** Making, showing and withdrawing secrets. */
export function createSecretWrites(
  db: Db,
  write: Write,
  effects: Effects,
  log: Pick<RevokedLog, 'note'>,
  seals: Seals,
): Pick<TokenStore, 'insertSecret' | 'markShown' | 'withdrawSecret'> {
  const insertSealed = createSealedInsert(db, seals);
  const dropLost = dropLostStatement(db);
  const show = byPurpose((guard) => showStatement(db, guard));
  const claim = claimStatement(db);
  const narrow = narrowStatement(db);
  const rotate = createRotate(db, effects, log);
  const withdraw = withdrawStatement(db);
  const obstacles = createObstacles(db);
  const tokenOf = db
    .select({ tokenId: secrets.tokenId })
    .from(secrets)
    .where(eq(secrets.lookupId, textParam('lookupId')))
    .prepare();

  return {
    insertSecret: (secret, purpose, delivery, limit) =>
      write(async () => {
        const repeated = await effects.repeated(delivery);
        if (repeated !== undefined) return repeated;
        const unmet = await obstacles.unmetOf(secret, purpose, limit);
        const kind = unmet ?? (await insertSealed(secret, purpose));
        // In the same transaction: by the guard that let nothing in.
        if (kind === 'not_inserted') {
          return { kind: (await obstacles.guardOf(secret, purpose)) ?? 'already_shown' };
        }
        if (kind !== 'inserted') return { kind };
        const { lookupId, tokenId, createdAt } = secret;
        await dropLost.run({ lookupId, tokenId });
        await effects.deliveries.keep(delivery, createdAt, tokenId);
        return { kind };
      }),
    markShown: (lookupId, shownAt, purpose, effect) =>
      write(async () => {
        const being = await tokenOf.get({ lookupId });
        const unmet = being && (await obstacles.findUnmet(being.tokenId, purpose, shownAt));
        if (unmet !== undefined) return { kind: unmet };
        return seals.renewing(being === undefined ? [] : [being.tokenId], async () => {
          const { made, from } = show(purpose);
          // The one statement that can fail to win; what follows in this transaction is its consequence.
          const [shown] = await made.all({ lookupId, shownAt, from, ...sinceAt(shownAt) });
          if (shown === undefined) return { kind: 'changed_meanwhile' as const };
          const { tokenId } = shown;
          await claim.run({ tokenId, shownAt });
          await narrow.run({ tokenId, lookupId });
          if (purpose !== 'first') await rotate(tokenId, purpose, shownAt);
          await effects.bring(effect, tokenId);
          return { kind: 'shown' as const };
        });
      }),
    withdrawSecret: (lookupId, effect) =>
      write(async () => {
        const [withdrawn] = await withdraw.all({ lookupId });
        if (withdrawn === undefined) return false;
        await effects.bring(effect, withdrawn.tokenId);
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

/** Why the guard does not allow a secret, without making it: the token has ended, or another secret is in the way. */
function createLook(db: Db) {
  const found = (where: SQL | undefined) => db.select({ id: tokens.id }).from(tokens).where(where).prepare();
  const looks = byPurpose((guard) => {
    const { isOfToken, isAllowed } = isAllowedBy(guard);
    return { living: found(isOfToken), allowed: found(isAllowed) };
  });

  return async (
    { tokenId, createdAt }: Made,
    purpose: Purpose,
  ): Promise<'already_shown' | 'ended' | undefined> => {
    const { made, from } = looks(purpose);
    const row = { tokenId, createdAt, from, ...sinceAt(createdAt) };
    if ((await made.allowed.get(row)) !== undefined) return undefined;
    return (await made.living.get(row)) === undefined ? 'ended' : 'already_shown';
  };
}

/** A secret with its seal, if its guard allows it. Throws a `StoreFault` where the token's row contradicts the values it has. */
function createSealedInsert(db: Db, seals: Seals) {
  const insert = createInsert(db);
  const generationOf = db
    .select({ generation: tokens.generation })
    .from(tokens)
    .where(eq(tokens.id, textParam('tokenId')))
    .prepare();

  return async (secret: Secret, purpose: Purpose) => {
    const { generation = 0 } = (await generationOf.get({ tokenId: secret.tokenId })) ?? {};
    const seal = seals.of(secret, purpose === 'first' ? generation : generation + 1);
    const outcome = await insert(secret, purpose, seal);
    // Only of what the token's row allows is it asked whether that row is to be believed.
    if (outcome === 'inserted' && purpose !== 'first' && !(await seals.agrees(secret))) {
      throw new StoreFault('tampered', 'The token was changed outside apitoken: its values say otherwise.');
    }
    return outcome;
  };
}

/** The row of a secret, if its guard allows it: decided by the insert itself. */
function createInsert(db: Db) {
  const inserts = byPurpose((guard) => {
    const values = Object.entries(getTableColumns(secrets)).map(([name, column]) =>
      name === 'generation' ? guard.generation : sql.param(sql.placeholder(name), column),
    );
    return db
      .insert(secrets)
      .select(sql`select ${sql.join(values, sql`, `)} from ${tokens} where ${isAllowedBy(guard).isAllowed}`)
      .returning({ lookupId: secrets.lookupId })
      .prepare();
  });

  return async (
    secret: Secret,
    purpose: Purpose,
    seal: Buffer | null,
  ): Promise<'inserted' | 'not_inserted'> => {
    const { made, from } = inserts(purpose);
    const rows = await made.all({ ...secret, shownAt: null, seal, from, ...sinceAt(secret.createdAt) });
    return rows.length > 0 ? 'inserted' : 'not_inserted';
  };
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
    .where(and(OF_TOKEN, isNull(secrets.shownAt), ne(secrets.lookupId, textParam('lookupId'))))
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
