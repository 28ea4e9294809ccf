import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { SEED } from '../sandbox/seed.ts';
import { DAY_MS, systemClock } from '../src/clock.ts';
import { openStore } from '../src/store/store.ts';
import type { TokenName } from '../src/tokens/name.ts';
import type { PersonId, TokenId } from '../src/tokens/token.ts';
import { TokenValue } from '../src/tokens/token-value.ts';
import { sealOf } from '../src/tokens/verify.ts';
import { isRevokedAt, PEPPER, valueAt } from './values.ts';

const CHUNK_TOKENS = 20_000;
const OWNERS = 5000;
const CACHE_KIB = 524_288;
const AGE_MS = 30 * DAY_MS;
const LEFT_MS = 365 * DAY_MS;
/** Of the right shape and of no value: bcrypt is not what is measured. */
const HASH = `$2b$10$${'a'.repeat(53)}`;

const INSERT_TOKEN = `insert into tokens
  (id, workspace, name, name_key, owner, created_by, scopes, created_at, expires_at, generation, claimed_at, revoked_at, revoked_by)
  values (@tokenId, @workspace, @name, @name, @owner, @owner, @scopes, @createdAt, @endsAt, 1, @createdAt, @revokedAt, @revokedBy)`;
const INSERT_SECRET = `insert into secrets
  (lookup_id, token_id, hash, digest, pepper_id, created_at, shown_at, ends_at, name, owner, scopes, generation, seal)
  values (@lookupId, @tokenId, @hash, @digest, @pepperId, @createdAt, @createdAt, @endsAt, @name, @owner, @scopes, 1, @seal)`;

/**
 * Makes a database of `count` tokens at `path`, every tenth of them revoked, in the schema that the app itself brings it to.
 * In the order of their making, as in life: the rows lie in the file as their random lookup ids had it.
 */
export async function seedDatabase(path: string, count: number): Promise<void> {
  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  await store.close();
  const sqlite = new Database(path);
  try {
    // Nobody needs this file after a crash.
    sqlite.pragma('journal_mode = MEMORY');
    sqlite.pragma('synchronous = OFF');
    sqlite.pragma('foreign_keys = OFF');
    sqlite.pragma(`cache_size = -${CACHE_KIB}`);
    await insertTokens(sqlite, count, systemClock());
    sqlite.pragma('journal_mode = WAL');
  } finally {
    sqlite.close();
  }
}

async function insertTokens(sqlite: Database.Database, count: number, now: number): Promise<void> {
  const insertToken = sqlite.prepare(INSERT_TOKEN);
  const insertSecret = sqlite.prepare(INSERT_SECRET);
  const insertChunk = sqlite.transaction((from: number, to: number) => {
    for (let index = from; index < to; index++) {
      const row = rowAt(index, now);
      insertToken.run(row);
      insertSecret.run(row);
    }
  });
  for (let from = 0; from < count; from += CHUNK_TOKENS) {
    insertChunk(from, Math.min(from + CHUNK_TOKENS, count));
    // So that Ctrl-C is heard.
    await nextTurn();
  }
}

/** What the token and its secret are made of. */
function rowAt(index: number, now: number) {
  const value = TokenValue.parse(valueAt(index));
  if (value === undefined) throw new Error('a value for measuring is not one of the app');
  const isRevoked = isRevokedAt(index);
  const digest = isRevoked ? null : value.digest(PEPPER.key);
  const row = {
    tokenId: `tok_${String(index).padStart(16, '0')}`,
    workspace: SEED.teamId,
    name: `bench-${index}`,
    owner: `U0BENCH${String(index % OWNERS).padStart(4, '0')}`,
    scopes: '["read"]',
    createdAt: now - AGE_MS,
    endsAt: now + LEFT_MS,
    revokedAt: isRevoked ? now : null,
    revokedBy: isRevoked ? 'system' : null,
    lookupId: value.lookupId,
    hash: isRevoked ? null : HASH,
    digest,
    pepperId: PEPPER.id,
  };
  return { ...row, seal: digest && sealOf(sealedOf(row), digest, PEPPER) };
}

/** As the app reads the row that is written of these. */
function sealedOf(row: {
  readonly lookupId: string;
  readonly tokenId: string;
  readonly name: string;
  readonly owner: string;
  readonly scopes: string;
  readonly createdAt: number;
  readonly endsAt: number;
}) {
  return {
    ...row,
    tokenId: row.tokenId as TokenId,
    name: row.name as TokenName,
    owner: row.owner as PersonId,
    scopes: JSON.parse(row.scopes) as string[],
    shownAt: row.createdAt,
    generation: 1,
  };
}
