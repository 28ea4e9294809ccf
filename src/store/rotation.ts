import type { Rotation, TokenStore, Unmet } from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  type Db,
  desc,
  eq,
  gt,
  integerParam,
  isNotNull,
  isNull,
  lesser,
  lt,
  or,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import type { RevokedLog } from './recovery/revoked-log.ts';
import { secrets, secretUsage, tokens } from './schema/sqlite.ts';
import type { Seals } from './seals.ts';
import { createOthersOfOwner } from './tokens.ts';

const VALUES_MAX = 2;

/** Tokens whose values are read at once. */
const TOKENS_MAX = 100;

export const OF_TOKEN = eq(secrets.tokenId, textParam('tokenId'));

/** That a value was shown and is, at `at`, neither revoked nor ended. */
export const IS_HONOURED = and(
  isNotNull(secrets.shownAt),
  isNotNull(secrets.digest),
  or(isNull(secrets.endsAt), gt(secrets.endsAt, integerParam('at'))),
);

/** The values that are honoured, or were until their token was revoked. */
export function createLiveValues(db: Db, read: Read): Pick<TokenStore, 'liveValues' | 'standingValues'> {
  const live = db
    .select({
      shownAt: sql<number>`${secrets.shownAt}`,
      endsAt: secrets.endsAt,
      lastUsedAt: secretUsage.lastUsedAt,
    })
    .from(secrets)
    .leftJoin(secretUsage, eq(secretUsage.lookupId, secrets.lookupId))
    .where(and(OF_TOKEN, IS_HONOURED))
    .orderBy(desc(secrets.generation))
    .limit(rowCount(VALUES_MAX))
    .prepare();

  const standing = db
    .select({ tokenId: secrets.tokenId, lookupId: secrets.lookupId })
    .from(secrets)
    .innerJoin(tokens, eq(tokens.id, secrets.tokenId))
    .where(
      and(
        db.words.isIn(secrets.tokenId, 'ids'),
        isNotNull(secrets.shownAt),
        or(
          isNull(secrets.endsAt),
          gt(secrets.endsAt, sql`coalesce(${tokens.revokedAt}, ${integerParam('at')})`),
        ),
      ),
    )
    .orderBy(desc(secrets.generation))
    .limit(rowCount(VALUES_MAX * TOKENS_MAX))
    .prepare();

  return {
    liveValues: (tokenId, at) => read(() => live.all({ tokenId, at })),
    standingValues: (ids, at) =>
      read(async () => {
        if (ids.length > TOKENS_MAX) throw new RangeError('too many tokens for one read');
        const found = Map.groupBy(
          await standing.all({ ids: JSON.stringify(ids), at }),
          ({ tokenId }) => tokenId,
        );
        return new Map(
          [...found].map(([tokenId, values]) => [tokenId, values.map(({ lookupId }) => lookupId)]),
        );
      }),
  };
}

/** Carries out a rotation whose generation is the token's. For use inside the write that marks the new value as shown. */
export type Rotate = (tokenId: TokenId, rotation: Rotation, at: number) => Promise<void>;

/** The rotation on the write connection `db`. */
export function createRotate(db: Db, effects: Effects, log: Pick<RevokedLog, 'note'>): Rotate {
  const endOlder = createEndValues(db, log, lt(secrets.generation, integerParam('generation')));
  const endLatest = createEndValues(db, log, eq(secrets.generation, integerParam('generation')));
  const advance = db
    .update(tokens)
    .set({ generation: sql`${tokens.generation} + 1`, expiresAt: storedParam('expiresAt') })
    .where(eq(tokens.id, textParam('tokenId')))
    .prepare();

  return async (tokenId, { generation, expiresAt, graceEndsAt, endsOlder }, at) => {
    const values = { tokenId, generation, at };
    // No value outlives its token: the new expiry may come before the end of a grace.
    const olderEnd = endsOlder ? at : expiresAt;
    if (olderEnd !== null) await endOlder({ ...values, end: olderEnd });
    // Two values at most: where an older one is still honoured, there is no grace.
    const grace = endsOlder ? graceEndsAt : Math.min(graceEndsAt, at);
    await endLatest({ ...values, end: Math.min(grace, expiresAt ?? grace) });
    await advance.run({ tokenId, expiresAt });
    await effects.notices.endGeneration(tokenId);
  };
}

/** Ending the grace of a rotation before its time. */
export function createOldValues(
  db: Db,
  write: Write,
  effects: Effects,
  log: Pick<RevokedLog, 'note'>,
  seals: Seals,
): Pick<TokenStore, 'endOldValues'> {
  const isOlder = lt(secrets.generation, integerParam('generation'));
  const endOlder = createEndValues(db, log, isOlder);
  const endOne = createEndValues(db, log, and(isOlder, eq(secrets.lookupId, textParam('lookupId'))));
  const find = db
    .select({ generation: tokens.generation })
    .from(tokens)
    .where(eq(tokens.id, textParam('tokenId')))
    .prepare();

  return {
    endOldValues: (tokenId, at, effect, lookupId) =>
      write(async () => {
        const repeated = await effects.repeated(effect.delivery);
        if (repeated !== undefined) return repeated;
        const generation = (await find.get({ tokenId }))?.generation ?? 0;
        const values = { tokenId, generation, at, end: at };
        const hasEnded = await seals.renewing([tokenId], () =>
          lookupId === undefined ? endOlder(values) : endOne({ ...values, lookupId }),
        );
        if (!hasEnded) return { kind: 'none' };
        await effects.bring(effect, tokenId);
        return { kind: 'ended' };
      }),
  };
}

type EndedValues = {
  readonly tokenId: TokenId;
  readonly generation: number;
  readonly at: number;
  readonly end: number;
  /** Where one alone is meant. */
  readonly lookupId?: string;
};

/** Ends, no later than `end`, what is honoured at `at`, inside a write that `log` is told of. False when there is nothing such. */
function createEndValues(db: Db, log: Pick<RevokedLog, 'note'>, isMeant: SQL | undefined) {
  const end = integerParam('end');
  const endValues = db
    .update(secrets)
    .set({ endsAt: lesser(sql`coalesce(${secrets.endsAt}, ${end})`, end) })
    .where(and(OF_TOKEN, isMeant, IS_HONOURED))
    .returning({ lookupId: secrets.lookupId })
    .prepare();

  return async (ended: EndedValues): Promise<boolean> => {
    const values = (await endValues.all(ended)).map(({ lookupId }) => lookupId);
    if (values.length > 0) log.note({ at: ended.at, token: ended.tokenId, values, endsAt: ended.end });
    return values.length > 0;
  };
}

/** Which condition of a rotation of the token does not hold at `at`; a first value has none. For use inside the write that depends on it. */
export type FindUnmet = (
  tokenId: TokenId,
  purpose: 'first' | Rotation,
  at: number,
) => Promise<Unmet | undefined>;

/** The conditions on the write connection `db`. Of a revoked token all hold: that it is revoked is told elsewhere. */
export function createFindUnmet(db: Db): FindUnmet {
  const othersOf = createOthersOfOwner(db);
  const find = db
    .select({ id: tokens.id, workspace: tokens.workspace, owner: tokens.owner })
    .from(tokens)
    .where(and(eq(tokens.id, textParam('tokenId')), isNull(tokens.revokedAt)))
    .prepare();
  const before = db
    .select({ lookupId: secrets.lookupId, lastUsedAt: secretUsage.lastUsedAt })
    .from(secrets)
    .leftJoin(secretUsage, eq(secretUsage.lookupId, secrets.lookupId))
    .where(and(OF_TOKEN, eq(secrets.generation, integerParam('generation')), IS_HONOURED))
    .prepare();

  return async (tokenId, purpose, at) => {
    if (purpose === 'first') return undefined;
    const { generation, condition } = purpose;
    switch (condition?.kind) {
      case 'room': {
        const token = await find.get({ tokenId });
        const hasRoom = token === undefined || (await othersOf(token, at)) < condition.liveTokensMax;
        return hasRoom ? undefined : 'too_many_live';
      }
      case 'unused': {
        const values = await before.all({ tokenId, generation, at });
        const isUsed = values.some((one) => one.lastUsedAt !== null || condition.isUsed(one.lookupId));
        return isUsed ? 'already_used' : undefined;
      }
      case undefined:
        return undefined;
    }
  };
}
