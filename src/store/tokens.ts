import { DAY_MS } from '../clock.ts';
import type { AuditEvent } from '../tokens/audit.ts';
import {
  type CreationLimits,
  type Ending,
  REVOKED_AT_ONCE_MAX,
  type Rotation,
  type TokenStore,
  type ValueLimit,
} from '../tokens/store.ts';
import { sayingsOf } from '../tokens/telling.ts';
import type { PersonId, Token, TokenId, UsedToken, WorkspaceId } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  eq,
  gt,
  gte,
  insertInto,
  integerParam,
  isNull,
  lt,
  ne,
  onConflict,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
  withoutIndex,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { createAddOwner } from './owners.ts';
import type { RevokedLog } from './recovery/revoked-log.ts';
import { auditEvents, secrets, tokens, tokenUsage } from './schema/sqlite.ts';
import {
  IN_WORKSPACE,
  IN_WORKSPACE_UNINDEXED,
  IS_BEING_SHOWN,
  isUnexpiredAt,
  MAY_HAVE_VALUE,
  OF_OWNER,
  sinceAt,
  TOKEN,
  USED_TOKEN,
  usedTokens,
} from './token-query.ts';

/** Sorts behind every character of a lookup id. */
const AFTER_BASE62 = '~';

/** One more than are offered. */
const FOUND_ROWS_MAX = 6;

const NAME_KEYS_MAX = 200;

/** Making and ending tokens. */
export function createTokenWrites(
  db: Db,
  write: Write,
  effects: Effects,
  log: Pick<RevokedLog, 'note'>,
): Pick<TokenStore, 'insertToken' | 'revokeTokens'> {
  const exceededLimit = createExceededLimit(db);
  const addOwner = createAddOwner(db);
  const insert = insertInto(db, tokens)
    .onConflictDoNothing({ target: onConflict(tokens.workspace, tokens.nameKey) })
    .returning({ id: tokens.id })
    .prepare();
  const end = createEnd(db, log);
  const endUnclaimed = createEnd(db, log, isNull(tokens.claimedAt));
  const byId = usedTokens(db)
    .where(eq(tokens.id, textParam('id')))
    .prepare();
  async function asTheyAre(ids: readonly TokenId[]): Promise<readonly UsedToken[]> {
    const found = [];
    for (const id of ids) found.push(...(await byId.all({ id })));
    return found;
  }

  async function endAll(ids: readonly TokenId[], by: Ending): Promise<readonly Token[]> {
    const endThis = by.onlyUnclaimed ? endUnclaimed : end;
    const ended = [];
    for (const id of ids) ended.push(...(await endThis(id, by)));
    return ended;
  }

  return {
    insertToken: (token, limits, effect) =>
      write(async () => {
        const repeated = await effects.repeated(effect.delivery);
        if (repeated !== undefined) return repeated;
        const limit = await exceededLimit(token, limits);
        if (limit !== undefined) return { kind: limit };
        if ((await insert.all({ ...token, quietSince: token.createdAt })).length === 0)
          return { kind: 'name_taken' };
        await addOwner(token);
        await effects.bring(effect, token.id);
        return { kind: 'inserted' };
      }),
    revokeTokens: (ids, by, delivery) =>
      write(async () => {
        if (ids.length > REVOKED_AT_ONCE_MAX) throw new RangeError('too many tokens for one transaction');
        const repeated = await effects.repeated(delivery);
        if (repeated !== undefined) return { ...repeated, tokens: await asTheyAre(ids) };
        // A value that is being shown just now is never marked as shown any more.
        const ended = await endAll(ids, by);
        const [first] = ended;
        if (first === undefined) return { kind: 'already_revoked' };
        await effects.deliveries.keep(delivery, by.at, first.id);
        for (const token of ended) await effects.chain.append(revokedEvent(token, by));
        await effects.say(sayingsOf({ ...by, action: 'token.revoked' }, ended));
        return { kind: 'revoked', tokens: await asTheyAre(ids) };
      }),
  };
}

function revokedEvent({ id, name }: Token, { at, actor, reason, held, found }: Ending): AuditEvent {
  const finding = found && { found: found.source, found_at: found.at };
  const detail = { name, reason, held: held ? 1 : 0, ...finding };
  return { at, actor, action: 'token.revoked', tokenId: id, detail };
}

/**
 * Ends a token, if it is as `isMeant` says, and empties its secrets, inside a write that `log` is told of. Nothing, and nothing is
 * changed, when it is not or was ended before.
 */
function createEnd(
  db: Db,
  log: Pick<RevokedLog, 'note'>,
  isMeant?: SQL,
): (id: TokenId, by: Ending) => Promise<readonly Token[]> {
  const revoke = db
    .update(tokens)
    .set({
      revokedAt: storedParam('at'),
      revokedBy: storedParam('actor'),
      revokeReason: storedParam('reason'),
    })
    .where(and(eq(tokens.id, textParam('id')), isNull(tokens.revokedAt), isMeant))
    .returning(TOKEN)
    .prepare();
  // The lookup ids stay: no bug and no flipped bit revives a token, and a value presented later is known as revoked.
  const emptySecrets = db
    .update(secrets)
    .set({ hash: null, digest: null, seal: null })
    .where(eq(secrets.tokenId, textParam('id')))
    .returning({ lookupId: secrets.lookupId })
    .prepare();

  return async (id, { at, actor, reason }) => {
    const ended = await revoke.all({ id, at, actor, reason });
    if (ended.length === 0) return ended;
    log.note({ at, token: id, values: (await emptySecrets.all({ id })).map(({ lookupId }) => lookupId) });
    return ended;
  };
}

/** Finding single tokens, and which names are taken. */
export function createTokenReads(
  db: Db,
  read: Read,
): Pick<
  TokenStore,
  'findToken' | 'findTokens' | 'findTokenByName' | 'nameKeysAfter' | 'findByFirstCharacters' | 'takenNames'
> {
  const byId = usedTokens(db)
    .where(and(IN_WORKSPACE, eq(tokens.id, textParam('id'))))
    .prepare();
  const byIds = usedTokens(db)
    .where(and(db.words.isIn(tokens.id, 'ids'), IN_WORKSPACE_UNINDEXED))
    .limit(rowCount(REVOKED_AT_ONCE_MAX))
    .prepare();
  const byName = usedTokens(db)
    .where(and(IN_WORKSPACE, eq(tokens.nameKey, textParam('key'))))
    .prepare();
  const byFirstCharacters = firstCharactersQuery(db);
  const nameKeysAfter = createNameKeysAfter(db, read);
  const taken = db
    .select({ nameKey: tokens.nameKey })
    .from(tokens)
    .where(and(IN_WORKSPACE, db.words.isIn(tokens.nameKey, 'keys')))
    .prepare();

  return {
    findToken: (workspace, id) => read(() => byId.get({ workspace, id })),
    findTokens: (workspace, ids) =>
      read(async () => {
        if (ids.length > REVOKED_AT_ONCE_MAX) throw new RangeError('too many tokens for one read');
        const rows = await byIds.all({ workspace, ids: JSON.stringify(ids) });
        return new Map(rows.map((token) => [token.id, token]));
      }),
    findTokenByName: (workspace, key) => read(() => byName.get({ workspace, key })),
    nameKeysAfter,
    findByFirstCharacters: (workspace, characters) =>
      read(async () => {
        const rows = await byFirstCharacters.all({
          workspace,
          from: characters,
          to: `${characters}${AFTER_BASE62}`,
        });
        // A token may have two such values; it is one token all the same.
        return [...new Map<TokenId, UsedToken>(rows.map((token) => [token.id, token])).values()];
      }),
    takenNames: (workspace, keys) =>
      read(async () => {
        const rows = await taken.all({ workspace, keys: JSON.stringify(keys) });
        return new Set(rows.map(({ nameKey }) => nameKey));
      }),
  };
}

function createNameKeysAfter(db: Db, read: Read): TokenStore['nameKeysAfter'] {
  const nameKeys = () => db.select({ nameKey: tokens.nameKey }).from(tokens).$dynamic();
  const everybodys = nameKeys()
    .where(and(IN_WORKSPACE, gt(tokens.nameKey, textParam('after'))))
    .orderBy(asc(tokens.nameKey))
    .limit(rowCount(NAME_KEYS_MAX))
    .prepare();
  // By the names' index SQLite would go through everybody's for those of one person.
  const nameKey = withoutIndex(tokens.nameKey);
  const own = nameKeys()
    .where(and(OF_OWNER, gt(nameKey, textParam('after'))))
    .orderBy(nameKey)
    .limit(rowCount(NAME_KEYS_MAX))
    .prepare();

  return (workspace, { owner, after }) =>
    read(async () => {
      const rows =
        owner === null
          ? await everybodys.all({ workspace, after })
          : await own.all({ workspace, owner, after });
      return rows.map(({ nameKey }) => nameKey);
    });
}

/** Goes by the primary key of `secrets`, which compares byte by byte. */
function firstCharactersQuery(db: Db) {
  return db
    .select(USED_TOKEN)
    .from(secrets)
    .innerJoin(tokens, eq(tokens.id, secrets.tokenId))
    .leftJoin(tokenUsage, eq(tokenUsage.tokenId, tokens.id))
    .where(
      and(
        gte(secrets.lookupId, textParam('from')),
        lt(secrets.lookupId, textParam('to')),
        IN_WORKSPACE_UNINDEXED,
      ),
    )
    .limit(rowCount(FOUND_ROWS_MAX))
    .prepare();
}

/** How many tokens of the owner but this one live, or are being renewed, at `at`. For use inside a write. */
export type OthersOfOwner = (token: Pick<Token, 'id' | 'workspace' | 'owner'>, at: number) => Promise<number>;

/** The count on the write connection `db`. */
export function createOthersOfOwner(db: Db): OthersOfOwner {
  const hasValueToCome = sql`exists (select 1 from ${secrets} where ${and(eq(secrets.tokenId, tokens.id), IS_BEING_SHOWN)})`;
  const isLive = and(isNull(tokens.revokedAt), MAY_HAVE_VALUE, isUnexpiredAt('at', hasValueToCome));
  const count = countQuery(db, tokens, and(OF_OWNER, isLive, ne(tokens.id, textParam('id'))));

  return ({ id, workspace, owner }, at) => count({ id, workspace, owner, at, ...sinceAt(at) });
}

/** The limit that a new token would exceed. For use inside the write that inserts it. */
export type ExceededLimit = (
  token: Token,
  limits: CreationLimits,
) => Promise<'too_many_live' | 'too_many_today' | undefined>;

/** The counts on the write connection `db`. */
function createExceededLimit(db: Db): ExceededLimit {
  const othersOf = createOthersOfOwner(db);
  const createdInDay = createCreatedInDay(db);

  return async (token, limits) => {
    const { workspace, createdBy, createdAt } = token;
    if ((await othersOf(token, createdAt)) >= limits.liveTokensMax) return 'too_many_live';
    const dayCount = await createdInDay({ workspace, person: createdBy }, createdAt);
    return dayCount >= limits.creationsPerDayMax ? 'too_many_today' : undefined;
  };
}

/**
 * Whether a further value, made at `at` in place of one that was not seen, would be one too many for the token's owner. The
 * first value of a token counts as its creation, so it is none.
 */
export type ExceedsValueLimit = (
  tokenId: TokenId,
  purpose: 'first' | Rotation,
  limit: ValueLimit,
  at: number,
) => Promise<boolean>;

/** The count on the connection `db`. */
export function createExceedsValueLimit(db: Db): ExceedsValueLimit {
  const createdInDay = createCreatedInDay(db);
  const ofToken = eq(auditEvents.tokenId, textParam('tokenId'));
  const findOwner = db
    .select({ workspace: tokens.workspace, person: tokens.owner })
    .from(tokens)
    .where(eq(tokens.id, textParam('tokenId')))
    .prepare();
  const lastFailure = db
    .select({ sequence: auditEvents.sequence })
    .from(auditEvents)
    .where(and(ofToken, eq(auditEvents.action, 'value.withdrawn').inlineParams()))
    .limit(rowCount(1))
    .prepare();
  const ofOwner = sql`select ${tokens.id} from ${tokens} where ${tokens.workspace} = ${textParam('workspace')} and ${tokens.owner} = ${textParam('person')}`;
  // By the events: the secrets of values that were not seen are gone.
  const furtherInDay = countQuery(
    db,
    auditEvents,
    and(
      sql`${auditEvents.tokenId} in (${ofOwner})`,
      sql`${auditEvents.action} in ('value.withdrawn', 'value.replaced')`,
      gt(auditEvents.at, integerParam('since')),
    ),
  );

  return async (tokenId, purpose, { valuesPerDayMax }, at) => {
    const isFurther =
      purpose === 'first'
        ? (await lastFailure.get({ tokenId })) !== undefined
        : purpose.condition?.kind === 'unused';
    const owner = isFurther ? await findOwner.get({ tokenId }) : undefined;
    if (owner === undefined) return false;
    const further = await furtherInDay({ ...owner, since: at - DAY_MS });
    return further + (await createdInDay(owner, at)) >= valuesPerDayMax;
  };
}

/** How many tokens a person created within the 24 hours before `at`. */
function createCreatedInDay(db: Db) {
  const ofPerson = eq(tokens.createdBy, textParam('person'));
  const isOfLastDay = gt(tokens.createdAt, integerParam('since'));
  const ofLastDay = countQuery(db, tokens, and(IN_WORKSPACE, ofPerson, isOfLastDay));

  return (who: { readonly workspace: WorkspaceId; readonly person: PersonId }, at: number): Promise<number> =>
    ofLastDay({ ...who, since: at - DAY_MS });
}
