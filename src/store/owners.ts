import { LOOK_UP_MS } from '../tokens/leavers.ts';
import type { Owners } from '../tokens/owners.ts';
import type { Token } from '../tokens/token.ts';
import {
  and,
  asc,
  type Db,
  eq,
  integerParam,
  isNotNull,
  lte,
  or,
  rowCount,
  rowParams,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Read } from './reader.ts';
import { owners, tokens } from './schema.ts';
import type { Write } from './writer.ts';

const IN_WORKSPACE = eq(owners.workspace, textParam('workspace'));
const IS_DUE = lte(owners.lookUpAt, integerParam('now'));
const IS_OWNER = and(IN_WORKSPACE, eq(owners.person, textParam('person')));

/** Of a query of tokens: since when the owner is gone. */
export const OWNER_GONE_AT = sql<
  number | null
>`(select ${owners.goneAt} from ${owners} where ${owners.workspace} = ${tokens.workspace} and ${owners.person} = ${tokens.owner})`;

/** Notes the owner of a new token, to be looked up in a day, unless they are known. For use inside a write. */
export type AddOwner = (token: Pick<Token, 'workspace' | 'owner' | 'createdAt'>) => void;

/** The way into the owners on the write connection `db`. */
export function createAddOwner(db: Db): AddOwner {
  const insert = db.insert(owners).values(rowParams(owners)).onConflictDoNothing().prepare();
  return ({ workspace, owner: person, createdAt }) =>
    void insert.run({ workspace, person, lookUpAt: createdAt + LOOK_UP_MS, goneAt: null });
}

/** Who is to be looked up. */
export function createOwnerReads(db: Db, read: Read): Pick<Owners, 'ownerToLookUp'> {
  const hasLiveTokens = sql`exists (select 1 from ${tokens} where ${tokens.workspace} = ${owners.workspace} and ${tokens.owner} = ${owners.person} and ${tokens.revokedAt} is null and (${tokens.expiresAt} is null or ${tokens.expiresAt} > ${integerParam('now')}))`;
  const due = db
    .select({
      workspace: owners.workspace,
      person: owners.person,
      lookUpAt: owners.lookUpAt,
      goneAt: owners.goneAt,
      hasLiveTokens: hasLiveTokens.mapWith(Boolean),
    })
    .from(owners)
    .where(and(IN_WORKSPACE, IS_DUE))
    .orderBy(asc(owners.lookUpAt))
    .limit(rowCount(1))
    .prepare();

  return { ownerToLookUp: (workspace, now) => read(() => due.get({ workspace, now })) };
}

/** Suspecting owners, and noting what came of it. */
export function createOwnerWrites(db: Db, write: Write): Pick<Owners, 'suspectOwner' | 'noteOwner'> {
  const suspect = db
    .update(owners)
    .set({ lookUpAt: storedParam('now') })
    .where(
      and(
        IS_OWNER,
        // Gone, or being asked about because they are said to be.
        or(eq(integerParam('isSaidGone'), sql`1`), isNotNull(owners.goneAt), IS_DUE),
      ),
    )
    .prepare();
  const note = db
    .update(owners)
    .set({ lookUpAt: storedParam('next'), goneAt: storedParam('goneAt') })
    .where(and(IS_OWNER, eq(owners.lookUpAt, integerParam('lookUpAt'))))
    .prepare();

  return {
    suspectOwner: (workspace, person, { isSaidGone, at }) =>
      write(() => void suspect.run({ workspace, person, isSaidGone: Number(isSaidGone), now: at })),
    noteOwner: ({ workspace, person, lookUpAt }, { lookUpAt: next, goneAt }) =>
      write(() => void note.run({ workspace, person, lookUpAt, next, goneAt })),
  };
}
