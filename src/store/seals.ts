import type { Peppers } from '../tokens/pepper.ts';
import type { Secret, StoredSecret } from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import { isSealed, sealOf } from '../tokens/verify.ts';
import {
  and,
  asc,
  type Db,
  eq,
  getTableColumns,
  gt,
  isNotNull,
  isNull,
  rowCount,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import type { Engine } from './engine.ts';
import { secrets } from './schema/sqlite.ts';
import { createMarks } from './settings.ts';

/** Values that one transaction seals at the first start after the upgrade. */
const SEALED_AT_ONCE = 200;

/** Written by the migration that brought the seals, where there were values: they are still to be sealed. */
const UNSEALED_KEY = 'unsealed';

/** What the migration wrote there; then, the ids of peppers under which some are still to be sealed, with commas between. */
const ALL_UNSEALED = 'before 0012';

/** Keeps the seals of the values in step with what they cover. For use inside a write. */
export type Seals = {
  /** The seal of a new secret, not shown yet, in that generation; null where its pepper is not at hand. */
  of(secret: Secret, generation: number): Buffer | null;
  /**
   * What `change` comes to, which changes values of these tokens; then those are sealed anew. One whose seal was broken
   * before stays so: what somebody else wrote is never sealed by us.
   */
  renewing<T>(tokenIds: readonly TokenId[], change: () => Promise<T>): Promise<T>;
  /**
   * Whether a further value of a token says what its latest one says: that it lives, whose it is, and no scope beyond it. The rows of tokens have
   * no seal; by this nobody who writes them gets a value that has one. Nothing is said where none is proven.
   */
  agrees(secret: Pick<Secret, 'tokenId' | 'owner' | 'scopes'>): Promise<boolean>;
  /** The same as `renewing`, of these values alone. */
  renewingValues<T>(lookupIds: readonly string[], change: () => Promise<T>): Promise<T>;
};

type Row = StoredSecret;

/** The seals on the write connection `db`. */
export function createSeals(db: Db, peppers: Peppers): Seals {
  const { ofTokens, ofValues, keep } = createStatements(db);

  async function renewing<T>(rows: () => Promise<Row[]>, change: () => Promise<T>): Promise<T> {
    const before = await rows();
    const broken = new Set(before.filter(isBroken).map(({ lookupId }) => lookupId));
    const outcome = await change();
    for (const row of await rows()) if (!broken.has(row.lookupId)) await sealAnew(row);
    return outcome;
  }

  /** What no pepper at hand can prove is not known to be broken: where bcrypt proved it, it gets a digest of its own and a seal. */
  function isBroken(row: Row): boolean {
    const pepper = peppers.find(row.pepperId);
    return row.digest !== null && pepper !== undefined && !isSealed(row, row.digest, pepper);
  }

  async function sealAnew(row: Row): Promise<void> {
    const pepper = peppers.find(row.pepperId);
    if (row.digest === null || pepper === undefined || isSealed(row, row.digest, pepper)) return;
    await keep.run({ lookupId: row.lookupId, seal: sealOf(row, row.digest, pepper) });
  }

  return {
    of: (secret, generation) => {
      const pepper = peppers.find(secret.pepperId);
      return pepper === undefined
        ? null
        : sealOf({ ...secret, shownAt: null, generation }, secret.digest, pepper);
    },
    agrees: async ({ tokenId, owner, scopes }) => {
      const rows = await ofTokens.all({ ids: JSON.stringify([tokenId]) });
      // Emptied by a revocation, of which the token's row says nothing any more.
      if (rows.some(({ digest }) => digest === null)) return false;
      const proven = rows.filter((row) => row.shownAt !== null && !isBroken(row));
      const latest = proven.toSorted((a, b) => b.generation - a.generation)[0];
      if (latest === undefined || peppers.find(latest.pepperId) === undefined) return true;
      return latest.owner === owner && scopes.every((scope) => latest.scopes.includes(scope));
    },
    renewing: (ids, change) => renewing(() => ofTokens.all({ ids: JSON.stringify(ids) }), change),
    renewingValues: (ids, change) => renewing(() => ofValues.all({ ids: JSON.stringify(ids) }), change),
  };
}

function createStatements(db: Db) {
  const { hash: _, prefix: __, ...sealed } = getTableColumns(secrets);
  const rows = () => db.select(sealed).from(secrets).$dynamic();
  return {
    ofTokens: rows().where(db.words.isIn(secrets.tokenId, 'ids')).prepare(),
    ofValues: rows().where(db.words.isIn(secrets.lookupId, 'ids')).prepare(),
    unsealed: rows()
      .where(and(gt(secrets.lookupId, textParam('after')), isNull(secrets.seal), isNotNull(secrets.digest)))
      .orderBy(asc(secrets.lookupId))
      .limit(rowCount(SEALED_AT_ONCE))
      .prepare(),
    keep: db
      .update(secrets)
      .set({ seal: storedParam('seal') })
      .where(eq(secrets.lookupId, textParam('lookupId')))
      .prepare(),
  };
}

/**
 * Seals what was there before there were seals, once: after the upgrade, some at a time, so that a start that is broken off goes on
 * at the next one. What an old pepper made that is not at hand is sealed by the first start that has it. Each time is an event,
 * so that nobody can have it done again unseen. Resolves to how many values it sealed.
 */
export async function sealOnce(
  { connections, read, write }: Pick<Engine, 'connections' | 'read' | 'write'>,
  { effects, peppers }: { readonly effects: Effects; readonly peppers: Peppers },
  at: number,
): Promise<number> {
  const mark = await read(() => createMarks(connections.read).read(UNSEALED_KEY));
  const isAtHand = (id: string) => peppers.find(id) !== undefined;
  if (mark === undefined || !(mark === ALL_UNSEALED || mark.split(',').some(isAtHand))) return 0;

  const { unsealed, keep } = createStatements(connections.write);
  const marks = createMarks(connections.write);
  const missing = new Set<string>();
  let sealed = 0;
  const seal = async (row: StoredSecret) => {
    const pepper = peppers.find(row.pepperId);
    if (pepper === undefined || row.digest === null) {
      missing.add(row.pepperId);
      return;
    }
    if (mark !== ALL_UNSEALED && !mark.split(',').includes(row.pepperId)) return;
    await keep.run({ lookupId: row.lookupId, seal: sealOf(row, row.digest, pepper) });
    sealed += 1;
  };
  const sealSome = (after: string) =>
    write(async () => {
      const rows = await unsealed.all({ after });
      for (const row of rows) await seal(row);
      return rows.at(-1)?.lookupId;
    });
  for (let last = await sealSome(''); last !== undefined; ) last = await sealSome(last);
  await write(async () => {
    if (missing.size > 0) await marks.keep(UNSEALED_KEY, [...missing].join(','));
    else await marks.drop(UNSEALED_KEY);
    const event = { at, actor: 'system', action: 'values.sealed', tokenId: null } as const;
    if (sealed > 0) await effects.chain.append({ ...event, detail: { count: sealed } });
  });
  return sealed;
}
