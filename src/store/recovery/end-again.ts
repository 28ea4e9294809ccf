import type { TokenStore } from '../../tokens/store.ts';
import { effectOf, PUT_BACK } from '../../tokens/telling.ts';
import type { Token, TokenId } from '../../tokens/token.ts';
import type { Write } from '../access.ts';
import {
  and,
  asc,
  type Db,
  eq,
  gt,
  integerParam,
  isNotNull,
  isNull,
  lt,
  or,
  rowCount,
  sql,
  storedParam,
  textParam,
} from '../drizzle.ts';
import type { Effects } from '../effects.ts';
import { secrets, tokens } from '../schema/sqlite.ts';
import type { Seals } from '../seals.ts';
import { createMarks } from '../settings.ts';
import { TOKEN } from '../token-query.ts';
import { inBatches, type LogMark, makeRevokedLog, type RevokedLine, type RevokedLog } from './revoked-log.ts';

/** Lines whose tokens one transaction looks at; `revokeTokens` ends as many. */
const LINES_AT_ONCE = 100;

const ROWS_AT_ONCE = 1000;

/** Tokens that one transaction expires. */
const EXPIRED_AT_ONCE = 200;

/** How much of `revoked.log` is known to hold in this database. */
export const MARK_KEY = 'revoked_log';

/** Set in a copy that was put back where there was no log: nobody knows what was revoked since it was made. */
export const UNLOGGED_KEY = 'unlogged_restore';

/** Why tokens are expired then, as the event has it. */
const UNLOGGED = 'put back without revoked.log';

/** What was live in the database though `revoked.log` says that it ended. */
export type EndedAgain = {
  readonly tokens: number;
  readonly values: number;
  /** Tokens that expired now, since there was no log that could tell. */
  readonly expired: number;
};

export const NOTHING_ENDED: EndedAgain = { tokens: 0, values: 0, expired: 0 };

type Deps = {
  readonly db: Db;
  readonly write: Write;
  readonly effects: Effects;
  readonly log: RevokedLog;
  readonly seals: Seals;
  readonly revokeTokens: TokenStore['revokeTokens'];
};

/**
 * Ends whatever is live in the database though `revoked.log` says that it ended, each with its event, and notes how much of the log
 * holds. A database that has no log yet gets one, with all that ended so far.
 */
export async function endAgain(deps: Deps, at: number): Promise<EndedAgain> {
  const { log, db, write } = deps;
  const marks = createMarks(db);
  const isUnlogged = (await marks.read(UNLOGGED_KEY)) !== undefined;
  const expired = isUnlogged ? await expireAll(deps, at) : 0;
  if (!log.exists()) await makeRevokedLog(log, endedLines(db));
  const mark = (await marks.read(MARK_KEY)) as LogMark | undefined;
  const ended = await replay(deps, log.linesAfter(mark), at);
  const newMark = log.mark();
  if (newMark !== mark) await write(() => marks.keep(MARK_KEY, newMark));
  if (isUnlogged) await write(() => marks.drop(UNLOGGED_KEY));
  return { ...ended, expired };
}

/** Expires every claimed token that lives at `at`, with all its values; their owners can renew them. */
async function expireAll({ db, write, effects, seals }: Deps, at: number): Promise<number> {
  const isLive = and(
    isNull(tokens.revokedAt),
    isNotNull(tokens.claimedAt),
    or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam('at'))),
  );
  const find = db.select(TOKEN).from(tokens).where(isLive).limit(rowCount(EXPIRED_AT_ONCE)).prepare();
  const expire = db
    .update(tokens)
    .set({ expiresAt: storedParam('at') })
    .where(eq(tokens.id, textParam('id')))
    .prepare();
  const endValues = db
    .update(secrets)
    .set({ endsAt: storedParam('at') })
    .where(
      and(
        eq(secrets.tokenId, textParam('id')),
        or(isNull(secrets.endsAt), gt(secrets.endsAt, integerParam('at'))),
      ),
    )
    .prepare();

  const expireSome = () =>
    write(async () => {
      const some: readonly Token[] = await find.all({ at });
      for (const token of some) {
        await expire.run({ id: token.id, at });
        await seals.renewing([token.id], async () => endValues.run({ id: token.id, at }));
        const happened = { action: 'token.expired', actor: 'system', at } as const;
        await effects.bring(effectOf(happened, { ...token, expiresAt: at }, { reason: UNLOGGED }), token.id);
      }
      return some.length;
    });
  let expired = 0;
  for (let some = await expireSome(); some > 0; some = await expireSome()) expired += some;
  return expired;
}

async function replay(
  deps: Deps,
  lines: Iterable<RevokedLine>,
  at: number,
): Promise<Omit<EndedAgain, 'expired'>> {
  const endValues = createEndValuesAgain(deps);
  const findLive = createFindLive(deps.db);
  let ended = { tokens: 0, values: 0 };
  for (const batch of inBatches(lines, LINES_AT_ONCE)) {
    const whole = batch.filter(({ endsAt }) => endsAt === undefined).map(({ token }) => token);
    const live = await deps.write(() => findLive(whole));
    if (live.length > 0) {
      await deps.revokeTokens(live, { actor: 'system', at, reason: PUT_BACK, held: false }, { keys: [] });
    }
    const values = await deps.write(() => endValues(batch, at));
    ended = { tokens: ended.tokens + live.length, values: ended.values + values };
  }
  return ended;
}

function createFindLive(db: Db) {
  const live = db
    .select({ id: tokens.id })
    .from(tokens)
    .where(and(db.words.isIn(tokens.id, 'ids'), isNull(tokens.revokedAt)))
    .prepare();
  return async (ids: readonly TokenId[]): Promise<TokenId[]> =>
    (await live.all({ ids: JSON.stringify(ids) })).map(({ id }) => id);
}

/** Ends single values no later than their lines say; how many, inside a write. */
function createEndValuesAgain({ db, effects, seals }: Pick<Deps, 'db' | 'effects' | 'seals'>) {
  const endsAt = integerParam('endsAt');
  const end = db
    .update(secrets)
    .set({ endsAt: sql`${storedParam('endsAt')}` })
    .where(
      and(
        db.words.isIn(secrets.lookupId, 'values'),
        isNotNull(secrets.digest),
        or(isNull(secrets.endsAt), gt(secrets.endsAt, endsAt)),
      ),
    )
    .returning({ lookupId: secrets.lookupId })
    .prepare();
  const find = db
    .select(TOKEN)
    .from(tokens)
    .where(eq(tokens.id, textParam('id')))
    .prepare();

  async function endThose({ token: id, values, endsAt: until }: RevokedLine, at: number): Promise<number> {
    if (until === undefined) return 0;
    const ended = await seals.renewingValues(values, async () =>
      end.all({ values: JSON.stringify(values), endsAt: until }),
    );
    const token: Token | undefined = ended.length === 0 ? undefined : await find.get({ id });
    if (token === undefined) return ended.length;
    const happened = { action: 'old_value.ended', actor: 'system', at } as const;
    await effects.bring(effectOf(happened, token, { reason: PUT_BACK }), token.id);
    return ended.length;
  }

  return async (lines: readonly RevokedLine[], at: number): Promise<number> => {
    let count = 0;
    for (const line of lines) count += await endThose(line, at);
    return count;
  };
}

/** All that ended before there was a log: revoked tokens, and the values that a newer one took the place of. */
async function* endedLines(db: Db): AsyncGenerator<RevokedLine> {
  const values = db
    .select({ lookupId: secrets.lookupId, tokenId: tokens.id, endsAt: secrets.endsAt, at: tokens.revokedAt })
    .from(tokens)
    .leftJoin(secrets, eq(secrets.tokenId, tokens.id))
    .where(
      and(
        gt(tokens.id, textParam('after')),
        or(
          isNotNull(tokens.revokedAt),
          and(isNotNull(secrets.endsAt), lt(secrets.generation, tokens.generation)),
        ),
      ),
    )
    .orderBy(asc(tokens.id))
    .limit(rowCount(ROWS_AT_ONCE))
    .prepare();

  for (let after = ''; ; ) {
    const rows = await values.all({ after });
    // A token's rows may go on in the next page, which begins behind it: it is left for that one.
    const last = rows.at(-1)?.tokenId;
    const whole = rows.length < ROWS_AT_ONCE ? rows : rows.filter(({ tokenId }) => tokenId !== last);
    for (const [token, ofToken] of Map.groupBy(whole, ({ tokenId }) => tokenId))
      yield* linesOf(token, ofToken);
    after = whole.at(-1)?.tokenId ?? '';
    if (after === '' || rows.length < ROWS_AT_ONCE) return;
  }
}

type EndedRow = {
  readonly lookupId: string | null;
  readonly endsAt: number | null;
  readonly at: number | null;
};

function* linesOf(token: TokenId, rows: readonly EndedRow[]): Generator<RevokedLine> {
  const [first] = rows;
  if (first === undefined) return;
  const named = rows.flatMap(({ lookupId, endsAt }) => (lookupId === null ? [] : [{ lookupId, endsAt }]));
  if (first.at !== null) {
    yield { at: first.at, token, values: named.map(({ lookupId }) => lookupId) };
    return;
  }
  for (const { lookupId, endsAt } of named) {
    if (endsAt !== null) yield { at: endsAt, token, values: [lookupId], endsAt };
  }
}
