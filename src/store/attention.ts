import { ATTENTIONS, ATTENTIONS_OF, type StatusFilter } from '../tokens/attention.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { PersonId, WorkspaceId } from '../tokens/token.ts';
import type { Read } from './access.ts';
import {
  ENDED_OF_ALL,
  instantsAt,
  type Part,
  type PartName,
  type Parts,
  partsOfAll,
  partsOfOwner,
} from './attention-parts.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  gt,
  integerParam,
  pageOf,
  rowCount,
  type SQL,
  textParam,
} from './drizzle.ts';
import { tokens } from './schema/sqlite.ts';
import { IN_WORKSPACE_UNINDEXED, OF_OWNER, usedTokens } from './token-query.ts';

const ROWS_MAX = 200;

/** The parts of a list, in order. Every token is in one of them at most. */
const PARTS_OF: Readonly<Record<StatusFilter, readonly PartName[]>> = {
  ...ATTENTIONS_OF,
  expiring: ['owner_gone_expiring', 'expiring'],
  idle: ['owner_gone_idle', 'expiring_idle', 'idle'],
};

const PART_NAMES: readonly PartName[] = [
  ...ATTENTIONS,
  'owner_gone_expiring',
  'owner_gone_idle',
  'expiring_idle',
];

/** What a query is asked with. */
type Wanted = ReturnType<typeof instantsAt> & {
  readonly workspace: WorkspaceId;
  readonly owner: PersonId | null;
};

/** Everybody's tokens: how many there are, and page by page, what needs attention first. */
export function createAttention(
  db: Db,
  read: Read,
): Pick<TokenStore, 'listByAttention' | 'countByAttention' | 'firstByAttention' | 'tokensAfter'> {
  const all = partQueries(db, partsOfAll(), {
    expired: countQuery(db, tokens, ENDED_OF_ALL.expired),
    revoked: countQuery(db, tokens, ENDED_OF_ALL.revoked),
  });
  const ofOwner = partQueries(db, partsOfOwner());
  const after = afterQuery(db, IN_WORKSPACE_UNINDEXED);
  const afterOfOwner = afterQuery(db, OF_OWNER);

  return {
    listByAttention: (workspace, { owner, filter, now, ...request }) =>
      read(async () => {
        const queries = owner === null ? all : ofOwner;
        const wanted = { workspace, owner, ...instantsAt(now) };
        const counts = await queries.counts(PARTS_OF[filter], wanted);
        const total = counts.reduce((sum, { count }) => sum + count, 0);
        const { limit, offset, ...place } = pageOf(request, total);
        const rows = await rowsAcross(counts, { limit, offset }, queries, wanted);
        return { tokens: rows, ...place, total };
      }),
    countByAttention: (workspace, now) =>
      read(async () => {
        const wanted = { workspace, owner: null, ...instantsAt(now) };
        const counts = await all.counts(ATTENTIONS, wanted);
        const counted: readonly [string, number][] = counts.map(({ name, count }) => [name, count]);
        return Object.fromEntries(counted) as Awaited<ReturnType<TokenStore['countByAttention']>>;
      }),
    firstByAttention: (workspace, { attention, limit, now }) =>
      read(async () => {
        const wanted = { workspace, owner: null, ...instantsAt(now) };
        return all.rows(attention, wanted, { limit: Math.min(limit, ROWS_MAX), offset: 0 });
      }),
    tokensAfter: (workspace, { owner, after: id }) =>
      read(() => (owner === null ? after : afterOfOwner).all({ workspace, owner, after: id ?? '' })),
  };
}

type Rows = { readonly limit: number; readonly offset: number };

type PartQueries = ReturnType<typeof partQueries>;

/** The rows of a page that may reach over several parts. */
async function rowsAcross(
  parts: readonly { readonly name: PartName; readonly count: number }[],
  { limit, offset }: Rows,
  queries: PartQueries,
  wanted: Wanted,
) {
  const rows: Awaited<ReturnType<PartQueries['rows']>> = [];
  let skipped = 0;
  for (const { name, count } of parts) {
    const left = limit - rows.length;
    const skips = Math.max(0, offset - skipped);
    if (left > 0 && skips < count)
      rows.push(...(await queries.rows(name, wanted, { limit: left, offset: skips })));
    skipped += Math.min(skips, count);
  }
  return rows;
}

/** Of those that ended, the ones that something presents, which are few. They are asked for before. */
const PRESENTED_OF: Readonly<Partial<Record<PartName, PartName>>> = {
  expired: 'presented',
  revoked: 'revoked_presented',
};

/**
 * `ended`, where given, counts all that are expired or revoked without looking at each of them; those that something presents
 * are taken off.
 */
function partQueries(
  db: Db,
  parts: Parts,
  ended: Partial<Record<PartName, ReturnType<typeof countQuery>>> = {},
) {
  const queries = new Map(
    PART_NAMES.map((name) => {
      const part = parts[name];
      return [name, { count: countQuery(db, tokens, part.where), rows: rowsQuery(db, part) }] as const;
    }),
  );
  function queriesOf(name: PartName) {
    const found = queries.get(name);
    if (found === undefined) throw new Error(`there is no part ${name}`);
    return found;
  }
  async function counts(names: readonly PartName[], wanted: Wanted) {
    const known = new Map<PartName, number>();
    for (const name of names) {
      const overlapping = ended[name];
      const presented = PRESENTED_OF[name];
      const total = await (overlapping ?? queriesOf(name).count)(wanted);
      const isBoth = overlapping !== undefined && presented !== undefined;
      known.set(name, total - (isBoth ? (known.get(presented) ?? 0) : 0));
    }
    return [...known].map(([name, count]) => ({ name, count }));
  }
  return {
    counts,
    rows: (name: PartName, wanted: Wanted, rows: Rows) => queriesOf(name).rows.all({ ...wanted, ...rows }),
  };
}

function rowsQuery(db: Db, { where, order }: Part) {
  return (
    usedTokens(db)
      .where(where)
      // Those of one instant, as of one press or one day's end, in the order in which they were created.
      .orderBy(order, asc(tokens.createdAt), asc(tokens.id))
      .limit(rowCount(integerParam('limit')))
      .offset(rowCount(integerParam('offset')))
      .prepare()
  );
}

function afterQuery(db: Db, whose: SQL | undefined) {
  return usedTokens(db)
    .where(and(whose, gt(tokens.id, textParam('after'))))
    .orderBy(asc(tokens.id))
    .limit(rowCount(ROWS_MAX))
    .prepare();
}
