import { type RotationCondition, SHOWING_MS_MAX, type Unmet } from '../tokens/store.ts';
import { type Token, type TokenId, UNCLAIMED_MS_MAX } from '../tokens/token.ts';
import { and, type Db, eq, gt, integerParam, isNotNull, isNull, ne, or, sql, textParam } from './drizzle.ts';
import { IS_HONOURED } from './rotation.ts';
import { secrets, secretUsage, tokens } from './schema.ts';

/** That a token was taken by its owner, or still may be: `wasNeverClaimed` in SQL. */
export const MAY_HAVE_VALUE = or(
  isNotNull(tokens.claimedAt),
  gt(tokens.createdAt, integerParam('claimableSince')),
);

/** How many tokens of the owner but this one live, or are being renewed, at `at`. For use inside a write. */
export type OthersOfOwner = (token: Pick<Token, 'id' | 'workspace' | 'owner'>, at: number) => number;

/** The count on the write connection `db`. */
export function createOthersOfOwner(db: Db): OthersOfOwner {
  const hasValueToCome = sql`exists (select 1 from ${secrets} where ${and(
    eq(secrets.tokenId, tokens.id),
    isNull(secrets.shownAt),
    gt(secrets.createdAt, integerParam('liveSince')),
  )})`;
  const count = db
    .select({ total: sql<number>`count(*)` })
    .from(tokens)
    .where(
      and(
        eq(tokens.workspace, textParam('workspace')),
        eq(tokens.owner, textParam('owner')),
        isNull(tokens.revokedAt),
        MAY_HAVE_VALUE,
        or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam('at')), hasValueToCome),
        ne(tokens.id, textParam('id')),
      ),
    )
    .prepare();

  return ({ id, workspace, owner }, at) =>
    count.get({
      id,
      workspace,
      owner,
      at,
      liveSince: at - SHOWING_MS_MAX,
      claimableSince: at - UNCLAIMED_MS_MAX,
    })?.total ?? 0;
}

/** Which condition of a rotation of the token does not hold at `at`. For use inside the write that depends on it. */
export type FindUnmet = (
  tokenId: TokenId,
  rotation: { readonly generation: number; readonly condition?: RotationCondition },
  at: number,
) => Unmet | undefined;

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
    .where(
      and(
        eq(secrets.tokenId, textParam('tokenId')),
        eq(secrets.generation, integerParam('generation')),
        IS_HONOURED,
      ),
    )
    .prepare();

  return (tokenId, { generation, condition }, at) => {
    switch (condition?.kind) {
      case 'room': {
        const token = find.get({ tokenId });
        const hasRoom = token === undefined || othersOf(token, at) < condition.liveTokensMax;
        return hasRoom ? undefined : 'too_many_live';
      }
      case 'unused': {
        const values = before.all({ tokenId, generation, at });
        const isUsed = values.some((one) => one.lastUsedAt !== null || condition.isUsed(one.lookupId));
        return isUsed ? 'already_used' : undefined;
      }
      case undefined:
        return undefined;
    }
  };
}
