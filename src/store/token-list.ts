import { nameKeyOf, type TokenName } from '../tokens/name.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { Read } from './access.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  desc,
  integerParam,
  isNull,
  lte,
  or,
  pageOf,
  rowCount,
  type SQL,
  sql,
  textParam,
  withoutIndex,
} from './drizzle.ts';
import { tokens } from './schema/sqlite.ts';
import {
  IN_WORKSPACE,
  IN_WORKSPACE_UNINDEXED,
  MAY_HAVE_VALUE,
  OF_OWNER,
  STATUS_IN_LIST,
  sinceAt,
  TOKEN,
  usedTokens,
} from './token-query.ts';

const FOUND_ROWS_MAX = 100;

const UNCLAIMED_ROWS_MAX = 200;

/** Three short columns: about 2 ms, between which everything else has its turn. */
const TEXTS_MAX = 1000;

const ROW = sql<number>`${tokens}.rowid`;

const IS_WANTED = and(OF_OWNER, sql`${textParam('filter')} in ('all', ${STATUS_IN_LIST})`);

const IS_CLAIMED_OR_EXPIRED = sql`(${tokens.claimedAt} is not null or (${STATUS_IN_LIST} = 'expired' and ${MAY_HAVE_VALUE}))`;

const IS_AMONG = sql`case ${textParam('among')} when 'all' then true when 'not_revoked' then ${STATUS_IN_LIST} <> 'revoked' else ${STATUS_IN_LIST} <> 'revoked' and ${IS_CLAIMED_OR_EXPIRED} end`;

const ENDED_LAST = sql`${STATUS_IN_LIST} <> 'active'`;

const NEVER = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** Of ended ones the end, negative for the latest first; of active ones the expiry, those without one last. */
const BY_END = sql`case ${STATUS_IN_LIST} when 'active' then coalesce(${tokens.expiresAt}, ${NEVER}) else -coalesce(${tokens.revokedAt}, ${tokens.expiresAt}) end`;

/** The tokens of a person, page by page or by a part of their name, and those that nobody claimed. */
export function createTokenList(
  db: Db,
  read: Read,
): Pick<TokenStore, 'listTokens' | 'searchTokens' | 'textsBefore' | 'unclaimedSince'> {
  const count = countQuery(db, tokens, IS_WANTED);
  const rows = usedTokens(db)
    .orderBy(desc(tokens.createdAt), desc(ROW))
    .where(IS_WANTED)
    .limit(rowCount(integerParam('limit')))
    .offset(rowCount(integerParam('offset')))
    .prepare();
  const found = sortedQuery(db).where(hasPart(db)).limit(rowCount(FOUND_ROWS_MAX)).prepare();
  const unclaimed = unclaimedQuery(db);
  const texts = textsQuery(db, and(IN_WORKSPACE_UNINDEXED, sql`${ROW} < ${integerParam('before')}`), ROW);
  const textsOfOwner = textsQuery(
    db,
    and(OF_OWNER, sql`${withoutIndex(ROW)} < ${integerParam('before')}`),
    withoutIndex(ROW),
  );

  return {
    listTokens: (workspace, { owner, filter, now, ...request }) =>
      read(async () => {
        const wanted = { workspace, owner, filter, now };
        const total = await count(wanted);
        const { limit, offset, ...place } = pageOf(request, total);
        return { tokens: await rows.all({ ...wanted, limit, offset }), ...place, total };
      }),
    searchTokens: (workspace, request) =>
      read(async () => {
        const key = nameKeyOf(request.text as TokenName);
        return found.all({ workspace, ...request, key, ...sinceAt(request.now) });
      }),
    textsBefore: (workspace, { owner, before }) =>
      read(async () => {
        const query = owner === null ? texts : textsOfOwner;
        return await query.all({ workspace, owner, before: before ?? Number.MAX_SAFE_INTEGER });
      }),
    unclaimedSince: (workspace, before) => read(() => unclaimed.all({ workspace, before })),
  };
}

function hasPart({ words }: Db) {
  const isIn = or(words.has(tokens.nameKey, textParam('key')), words.has(tokens.name, textParam('text')));
  return and(OF_OWNER, isIn, IS_AMONG);
}

function sortedQuery(db: Db) {
  return usedTokens(db).orderBy(ENDED_LAST, BY_END, desc(tokens.createdAt), asc(tokens.id));
}

/** By row, which grows with each token: no index has everybody's tokens by their age, and one person's are sorted. */
function textsQuery(db: Db, where: SQL | undefined, row: SQL<unknown>) {
  return db
    .select({ row: ROW, id: tokens.id, nameKey: tokens.nameKey, purpose: tokens.purpose })
    .from(tokens)
    .where(where)
    .orderBy(desc(row))
    .limit(rowCount(TEXTS_MAX))
    .prepare();
}

function unclaimedQuery(db: Db) {
  return db
    .select(TOKEN)
    .from(tokens)
    .where(
      and(
        IN_WORKSPACE,
        IN_WORKSPACE_UNINDEXED,
        lte(tokens.createdAt, integerParam('before')),
        isNull(tokens.claimedAt),
        isNull(tokens.revokedAt),
      ),
    )
    .orderBy(asc(tokens.createdAt))
    .limit(rowCount(UNCLAIMED_ROWS_MAX))
    .prepare();
}
