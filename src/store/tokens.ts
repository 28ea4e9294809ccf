import type { TokenStore } from '../tokens/store.ts';
import { createExceededLimit } from './creation-limits.ts';
import {
  and,
  type Db,
  eq,
  getTableColumns,
  isNull,
  rowParams,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { createAddOwner, OWNER_GONE_AT } from './owners.ts';
import type { Read } from './reader.ts';
import { secrets, tokens, tokenUsage } from './schema.ts';
import type { Write } from './writer.ts';

/** The columns of a token with what is known of its use and its owner, for a query that left-joins `token_usage`. */
export const USED_TOKEN = {
  ...getTableColumns(tokens),
  lastUsedAt: tokenUsage.lastUsedAt,
  useCount: sql<number>`coalesce(${tokenUsage.useCount}, 0)`,
  refusedCount: sql<number>`coalesce(${tokenUsage.refusedCount}, 0)`,
  lastRefusedAt: tokenUsage.lastRefusedAt,
  addresses: sql`coalesce(${tokenUsage.addresses}, '[]')`.mapWith(tokenUsage.addresses),
  ownerGoneAt: OWNER_GONE_AT,
};

/** Making and ending tokens. */
export function createTokenWrites(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<TokenStore, 'insertToken' | 'revokeToken'> {
  const exceededLimit = createExceededLimit(db);
  const addOwner = createAddOwner(db);
  const insert = db
    .insert(tokens)
    .values(rowParams(tokens))
    .onConflictDoNothing({ target: [tokens.workspace, tokens.nameKey] })
    .returning({ id: tokens.id })
    .prepare();
  const revoke = db
    .update(tokens)
    .set({
      revokedAt: storedParam('at'),
      revokedBy: storedParam('actor'),
      revokeReason: storedParam('reason'),
    })
    .where(and(eq(tokens.id, textParam('id')), isNull(tokens.revokedAt)))
    .returning({ id: tokens.id })
    .prepare();
  // The lookup ids stay: no bug and no flipped bit revives a token, and a value presented later is known as revoked.
  const emptySecrets = db
    .update(secrets)
    .set({ hash: null, digest: null })
    .where(eq(secrets.tokenId, textParam('id')))
    .prepare();

  return {
    insertToken: (token, limits, effect) =>
      write(() => {
        const repeated = effects.repeated(effect.delivery);
        if (repeated !== undefined) return repeated;
        const limit = exceededLimit(token, limits);
        if (limit !== undefined) return { kind: limit };
        if (insert.all(token).length === 0) return { kind: 'name_taken' };
        addOwner(token);
        effects.bring(effect, token.id);
        return { kind: 'inserted' };
      }),
    revokeToken: (id, by, effect) =>
      write(() => {
        const repeated = effects.repeated(effect.delivery);
        if (repeated !== undefined) return repeated;
        if (revoke.all({ id, ...by }).length === 0) return { kind: 'already_revoked' };
        emptySecrets.run({ id });
        effects.bring(effect, id);
        return { kind: 'revoked' };
      }),
  };
}

/** Finding single tokens, and which names are taken. */
export function createTokenReads(
  db: Db,
  read: Read,
): Pick<TokenStore, 'findToken' | 'findTokenByName' | 'takenNames'> {
  const inWorkspace = eq(tokens.workspace, textParam('workspace'));
  const usedTokens = () =>
    db.select(USED_TOKEN).from(tokens).leftJoin(tokenUsage, eq(tokenUsage.tokenId, tokens.id)).$dynamic();
  const byId = usedTokens()
    .where(and(inWorkspace, eq(tokens.id, textParam('id'))))
    .prepare();
  const byName = usedTokens()
    .where(and(inWorkspace, eq(tokens.nameKey, textParam('key'))))
    .prepare();
  const taken = db
    .select({ nameKey: tokens.nameKey })
    .from(tokens)
    .where(and(inWorkspace, sql`${tokens.nameKey} in (select value from json_each(${textParam('keys')}))`))
    .prepare();

  return {
    findToken: (workspace, id) => read(() => byId.get({ workspace, id })),
    findTokenByName: (workspace, key) => read(() => byName.get({ workspace, key })),
    takenNames: (workspace, keys) =>
      read(() => {
        const rows = taken.all({ workspace, keys: JSON.stringify(keys) });
        return new Set(rows.map(({ nameKey }) => nameKey));
      }),
  };
}
