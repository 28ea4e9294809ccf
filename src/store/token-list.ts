import type { ListFilter, TokenStore } from '../tokens/store.ts';
import { and, asc, type Db, desc, eq, integerParam, rowCount, sql, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { tokens, tokenUsage } from './schema.ts';
import { USED_TOKEN } from './tokens.ts';

const PAGE_ROWS_MAX = 200;

const IS_EXPIRED = sql`${tokens.expiresAt} <= ${integerParam('now')}`;
const GROUP = sql<ListFilter>`case when ${tokens.revokedAt} is not null then 'revoked' when ${IS_EXPIRED} then 'expired' else 'active' end`;
const IS_WANTED = and(
  eq(tokens.workspace, textParam('workspace')),
  eq(tokens.owner, textParam('owner')),
  sql`${textParam('filter')} in ('all', ${GROUP})`,
);
const ENDED_LAST = sql`${GROUP} <> 'active'`;
const NEVER = sql.raw(String(Number.MAX_SAFE_INTEGER));
/** Of ended ones the end, negative for the latest first; of active ones the expiry, those without one last. */
const BY_END = sql`case ${GROUP} when 'active' then coalesce(${tokens.expiresAt}, ${NEVER}) else -coalesce(${tokens.revokedAt}, ${tokens.expiresAt}) end`;

/** The list of a person's tokens, page by page. */
export function createTokenList(db: Db, read: Read): Pick<TokenStore, 'listTokens'> {
  const count = db.select({ total: sql<number>`count(*)` }).from(tokens).where(IS_WANTED).prepare();
  const rows = pageQuery(db);

  return {
    listTokens: (workspace, { owner, filter, page, pageSize, now }) =>
      read(() => {
        const wanted = { workspace, owner, filter, now };
        const limit = clamp(pageSize, PAGE_ROWS_MAX);
        const total = count.get(wanted)?.total ?? 0;
        const pageCount = Math.max(1, Math.ceil(total / limit));
        const shown = clamp(page, pageCount);
        const offset = (shown - 1) * limit;
        return { tokens: rows.all({ ...wanted, limit, offset }), page: shown, pageCount, total };
      }),
  };
}

function pageQuery(db: Db) {
  return db
    .select(USED_TOKEN)
    .from(tokens)
    .leftJoin(tokenUsage, eq(tokenUsage.tokenId, tokens.id))
    .where(IS_WANTED)
    .orderBy(ENDED_LAST, BY_END, desc(tokens.createdAt), asc(tokens.id))
    .limit(rowCount(integerParam('limit')))
    .offset(rowCount(integerParam('offset')))
    .prepare();
}

function clamp(number: number, max: number): number {
  return Math.min(Math.max(1, Math.trunc(number)), max);
}
