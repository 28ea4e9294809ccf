import { nameKeyOf, type TokenName } from '../tokens/name.ts';
import type { ListFilter, TokenStore } from '../tokens/store.ts';
import { UNCLAIMED_MS_MAX } from '../tokens/token.ts';
import type { Read } from './access.ts';
import {
  and,
  asc,
  type Db,
  desc,
  eq,
  integerParam,
  isNull,
  lte,
  or,
  rowCount,
  sql,
  textParam,
} from './drizzle.ts';
import { pageOf } from './page.ts';
import { tokens, tokenUsage } from './schema.ts';
import { MAY_HAVE_VALUE, TOKEN, USED_TOKEN } from './tokens.ts';

const FOUND_ROWS_MAX = 100;

const UNCLAIMED_ROWS_MAX = 200;

const IS_EXPIRED = sql`${tokens.expiresAt} <= ${integerParam('now')}`;

const GROUP = sql<ListFilter>`case when ${tokens.revokedAt} is not null then 'revoked' when ${IS_EXPIRED} then 'expired' else 'active' end`;

const IN_WORKSPACE = eq(tokens.workspace, textParam('workspace'));

const IS_OWN = and(IN_WORKSPACE, eq(tokens.owner, textParam('owner')));

const IS_WANTED = and(IS_OWN, sql`${textParam('filter')} in ('all', ${GROUP})`);

const IS_CLAIMED_OR_EXPIRED = sql`(${tokens.claimedAt} is not null or (${GROUP} = 'expired' and ${MAY_HAVE_VALUE}))`;

const IS_AMONG = sql`case ${textParam('among')} when 'all' then 1 when 'not_revoked' then ${GROUP} <> 'revoked' else ${GROUP} <> 'revoked' and ${IS_CLAIMED_OR_EXPIRED} end`;

const ENDED_LAST = sql`${GROUP} <> 'active'`;

const NEVER = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** Of ended ones the end, negative for the latest first; of active ones the expiry, those without one last. */
const BY_END = sql`case ${GROUP} when 'active' then coalesce(${tokens.expiresAt}, ${NEVER}) else -coalesce(${tokens.revokedAt}, ${tokens.expiresAt}) end`;

/** The tokens of a person, page by page or by a part of their name, and those that nobody claimed. */
export function createTokenList(
  db: Db,
  read: Read,
): Pick<TokenStore, 'listTokens' | 'searchTokens' | 'unclaimedSince'> {
  const count = db.select({ total: sql<number>`count(*)` }).from(tokens).where(IS_WANTED).prepare();
  const rows = sortedQuery(db)
    .where(IS_WANTED)
    .limit(rowCount(integerParam('limit')))
    .offset(rowCount(integerParam('offset')))
    .prepare();
  const found = sortedQuery(db).where(hasPart()).limit(rowCount(FOUND_ROWS_MAX)).prepare();
  const unclaimed = unclaimedQuery(db);

  return {
    listTokens: (workspace, { owner, filter, now, ...request }) =>
      read(() => {
        const wanted = { workspace, owner, filter, now };
        const total = count.get(wanted)?.total ?? 0;
        const { limit, offset, ...place } = pageOf(request, total);
        return { tokens: rows.all({ ...wanted, limit, offset }), ...place, total };
      }),
    searchTokens: (workspace, request) =>
      read(() => {
        const key = nameKeyOf(request.text as TokenName);
        return found.all({ workspace, ...request, key, claimableSince: request.now - UNCLAIMED_MS_MAX });
      }),
    unclaimedSince: (workspace, before) => read(() => unclaimed.all({ workspace, before })),
  };
}

/** `instr` and not LIKE: it knows no wildcards to be escaped, and takes a text of any length. */
function hasPart() {
  const isIn = or(
    sql`instr(${tokens.nameKey}, ${textParam('key')}) > 0`,
    sql`instr(${tokens.name}, ${textParam('text')}) > 0`,
  );
  return and(IS_OWN, isIn, IS_AMONG);
}

function sortedQuery(db: Db) {
  return db
    .select(USED_TOKEN)
    .from(tokens)
    .leftJoin(tokenUsage, eq(tokenUsage.tokenId, tokens.id))
    .orderBy(ENDED_LAST, BY_END, desc(tokens.createdAt), asc(tokens.id))
    .$dynamic();
}

function unclaimedQuery(db: Db) {
  return db
    .select(TOKEN)
    .from(tokens)
    .where(
      and(
        IN_WORKSPACE,
        lte(tokens.createdAt, integerParam('before')),
        isNull(tokens.claimedAt),
        isNull(tokens.revokedAt),
      ),
    )
    .orderBy(asc(tokens.createdAt))
    .limit(rowCount(UNCLAIMED_ROWS_MAX))
    .prepare();
}
