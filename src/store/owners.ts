import { LOOK_UP_MS, type Owners } from '../tokens/leavers.ts';
import type { Token } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  type Db,
  eq,
  getTableColumns,
  insertInto,
  integerParam,
  lesser,
  lte,
  or,
  rowCount,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { owners, tokens } from './schema/sqlite.ts';
import { isUnexpiredAt } from './token-query.ts';

const IN_WORKSPACE = eq(owners.workspace, textParam('workspace'));

const IS_DUE = lte(owners.lookUpAt, integerParam('now'));

/** Said to be gone, or gone before and perhaps back. */
const IS_CAUSE = sql`(${integerParam('isSaidGone')} = 1 or ${owners.goneAt} is not null)`;

const IS_OWNER = and(IN_WORKSPACE, eq(owners.person, textParam('person')));

const HERE = { goneAt: null, isBarred: false, isSuspected: false };

/** Notes the owner of a new token, to be looked up in a day, unless they are known. For use inside a write. */
export type AddOwner = (token: Pick<Token, 'workspace' | 'owner' | 'createdAt'>) => Promise<void>;

/** The way into the owners on the write connection `db`. */
export function createAddOwner(db: Db): AddOwner {
  const insert = insertInto(db, owners).onConflictDoNothing().prepare();
  return async ({ workspace, owner: person, createdAt }) => {
    await insert.run({ workspace, person, lookUpAt: createdAt + LOOK_UP_MS, ...HERE });
  };
}

/** Who is to be looked up. */
export function createOwnerReads(db: Db, read: Read): Pick<Owners, 'ownerToLookUp'> {
  const hasLiveTokens = sql`exists (select 1 from ${tokens} where ${tokens}.workspace = ${owners}.workspace and ${tokens}.owner = ${owners}.person and ${tokens.revokedAt} is null and ${isUnexpiredAt('now')})`;
  const due = db
    .select({ ...getTableColumns(owners), hasLiveTokens: hasLiveTokens.mapWith(Boolean) })
    .from(owners)
    .where(and(IN_WORKSPACE, eq(owners.isSuspected, integerParam('isSuspected')), IS_DUE))
    .orderBy(asc(owners.lookUpAt))
    .limit(rowCount(1))
    .prepare();

  return {
    // Each by its range of the index: in one go nobody would be found only after a look at everybody who is not due.
    ownerToLookUp: (workspace, now) =>
      read(
        async () =>
          (await due.get({ workspace, now, isSuspected: 1 })) ??
          (await due.get({ workspace, now, isSuspected: 0 })),
      ),
  };
}

/** Suspecting owners, and noting what came of it. */
export function createOwnerWrites(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<Owners, 'suspectOwner' | 'noteOwner'> {
  const suspect = db
    .update(owners)
    .set({
      // Another one than before, so that an answer that is on its way is not noted; and never a later one, whatever is said.
      lookUpAt: lesser(sql`${owners.lookUpAt} - 1`, integerParam('now')),
      isSuspected: sql`case when ${owners.isSuspected} = 1 or ${IS_CAUSE} then 1 else 0 end`,
    })
    // Who is due may be being asked about.
    .where(and(IS_OWNER, or(IS_CAUSE, IS_DUE)))
    .prepare();
  const note = db
    .update(owners)
    .set({
      lookUpAt: storedParam('next'),
      goneAt: storedParam('goneAt'),
      isBarred: storedParam('isBarred'),
      isSuspected: storedParam('isSuspected'),
    })
    .where(and(IS_OWNER, eq(owners.lookUpAt, integerParam('lookUpAt'))))
    .returning({ person: owners.person })
    .prepare();

  return {
    suspectOwner: (workspace, person, { isSaidGone, at }) =>
      write(async () => {
        await suspect.run({ workspace, person, isSaidGone: Number(isSaidGone), now: at });
      }),
    noteOwner: ({ workspace, person, lookUpAt }, { lookUpAt: next, isBarred = false, ...to }, effect) =>
      write(async () => {
        const flags = { isBarred: Number(isBarred), isSuspected: Number(to.isSuspected) };
        const noted = await note.all({ workspace, person, lookUpAt, next, ...to, ...flags });
        if (noted.length === 0 || effect === undefined) return;
        await effects.chain.append(effect.event);
        await effects.say(effect.sayings);
      }),
  };
}
