import type { AuditAction, AuditEvent } from '../../tokens/audit.ts';
import type { NameKey, TokenName } from '../../tokens/name.ts';
import type { Leak } from '../../tokens/outbox.ts';
import type { KeptPage } from '../../tokens/store.ts';
import type { NoticeKind, Saying } from '../../tokens/telling.ts';
import type { PersonId, Token, TokenId, WorkspaceId } from '../../tokens/token.ts';
import { blob, check, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from '../drizzle.ts';

/**
 * The tables. Instants are integer milliseconds UTC, lists and objects JSON. `drizzle/` is generated from this and then
 * edited: every table is STRICT, `secrets`, `secret_usage` and `token_uses_by_hour` are WITHOUT ROWID. Nothing cascades: a
 * rebuild of `tokens` drops that table.
 */
export const tokens = sqliteTable(
  'tokens',
  {
    id: text('id').$type<TokenId>().primaryKey(),
    workspace: text('workspace').$type<WorkspaceId>().notNull(),
    name: text('name').$type<TokenName>().notNull(),
    nameKey: text('name_key').$type<NameKey>().notNull(),
    owner: text('owner').$type<PersonId>().notNull(),
    createdBy: text('created_by').$type<PersonId>().notNull(),
    purpose: text('purpose'),
    scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    generation: integer('generation').notNull(),
    claimedAt: integer('claimed_at'),
    revokedAt: integer('revoked_at'),
    revokedBy: text('revoked_by').$type<NonNullable<Token['revokedBy']>>(),
    revokeReason: text('revoke_reason'),
    // The last use or, before the first, the creation; up to a day behind, so that a use a day is written and no more.
    quietSince: integer('quiet_since').notNull().default(0),
  },
  (table) => [
    // Revoked ones included: a name is never given twice.
    uniqueIndex('tokens_name_key').on(table.workspace, table.nameKey),
    // With the date revoked, so that nothing else looks better for the live tokens of one person.
    index('tokens_owner').on(table.workspace, table.owner, table.revokedAt),
    index('tokens_created_by').on(table.workspace, table.createdBy, table.createdAt),
    index('tokens_unclaimed')
      .on(table.workspace, table.createdAt)
      .where(sql`claimed_at is null and revoked_at is null`),
    // They hold all that the counts of everybody's tokens look at.
    index('tokens_end').on(
      table.workspace,
      table.revokedAt,
      table.expiresAt,
      table.claimedAt,
      table.quietSince,
      table.createdAt,
    ),
    index('tokens_quiet')
      .on(table.workspace, table.quietSince, table.expiresAt, table.claimedAt, table.createdAt)
      .where(sql`revoked_at is null`),
  ],
);

/** One row decides a verification: it carries what is answered. A revocation empties hash and digest and keeps the row. */
export const secrets = sqliteTable(
  'secrets',
  {
    lookupId: text('lookup_id').primaryKey(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .notNull()
      .references(() => tokens.id),
    hash: text('hash'),
    digest: blob('digest', { mode: 'buffer' }),
    pepperId: text('pepper_id').notNull(),
    createdAt: integer('created_at').notNull(),
    shownAt: integer('shown_at'),
    endsAt: integer('ends_at'),
    name: text('name').$type<TokenName>().notNull(),
    owner: text('owner').$type<PersonId>().notNull(),
    scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
    // The token's, from when this value is shown. Tells older from newer, whatever a clock did.
    generation: integer('generation').notNull().default(0),
    // Of the value. Null: made before it was kept.
    prefix: text('prefix'),
    // A MAC over what a verification answers. Null: revoked, or made before there were seals.
    seal: blob('seal', { mode: 'buffer' }),
  },
  (table) => [
    index('secrets_token').on(table.tokenId),
    // Bare column names: drizzle-kit would name the table too, and a rebuild goes by another name.
    check('secrets_emptied_whole', sql`(hash is null) = (digest is null)`),
  ],
);

export const tokenUsage = sqliteTable(
  'token_usage',
  {
    tokenId: text('token_id')
      .$type<TokenId>()
      .primaryKey()
      .references(() => tokens.id),
    lastUsedAt: integer('last_used_at'),
    useCount: integer('use_count').notNull(),
    refusedCount: integer('refused_count').notNull(),
    lastRefusedAt: integer('last_refused_at'),
    addresses: text('addresses', { mode: 'json' }).$type<readonly string[]>().notNull(),
  },
  (table) => [index('token_usage_refused').on(table.lastRefusedAt).where(sql`last_refused_at is not null`)],
);

/** Refers to no secret: a value that was used while it was being shown may be withdrawn before the use is written. */
export const secretUsage = sqliteTable('secret_usage', {
  lookupId: text('lookup_id').primaryKey(),
  lastUsedAt: integer('last_used_at').notNull(),
});

/** Uses in each hour (hours since 1970 UTC), kept for 48. The hour comes first: what is old goes by one range. */
export const tokenUsesByHour = sqliteTable(
  'token_uses_by_hour',
  {
    hour: integer('hour').notNull(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .notNull()
      .references(() => tokens.id),
    useCount: integer('use_count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.tokenId] })],
);

/** How often a value of a revoked token was presented since, as its lookup id says: no digest is left that could prove it. */
export const revokedTries = sqliteTable(
  'revoked_tries',
  {
    tokenId: text('token_id')
      .$type<TokenId>()
      .primaryKey()
      .references(() => tokens.id),
    tryCount: integer('try_count').notNull(),
    // 0: never, where somebody said that it had stopped before it began.
    lastTriedAt: integer('last_tried_at').notNull(),
    // When somebody said that nothing presents it any more, and who.
    stoppedAt: integer('stopped_at'),
    stoppedBy: text('stopped_by').$type<PersonId>(),
  },
  (table) => [index('revoked_tries_last').on(table.lastTriedAt)],
);

/** One of a kind and token, to come or sent (put into the outbox). */
export const notices = sqliteTable(
  'notices',
  {
    tokenId: text('token_id')
      .$type<TokenId>()
      .notNull()
      .references(() => tokens.id),
    kind: text('kind').$type<NoticeKind>().notNull(),
    dueAt: integer('due_at').notNull(),
    sentAt: integer('sent_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tokenId, table.kind] }),
    index('notices_due').on(table.dueAt).where(sql`sent_at is null`),
  ],
);

/** The chain stands alone: no key refers to another table. */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    sequence: integer('sequence').primaryKey(),
    at: integer('at').notNull(),
    actor: text('actor').$type<AuditEvent['actor']>().notNull(),
    action: text('action').$type<AuditAction>().notNull(),
    tokenId: text('token_id').$type<TokenId>(),
    detail: text('detail', { mode: 'json' }).$type<AuditEvent['detail']>().notNull(),
    pepperId: text('pepper_id').notNull(),
    mac: blob('mac', { mode: 'buffer' }).notNull(),
  },
  (table) => [index('audit_events_token').on(table.tokenId)],
);

/** Everybody who ever owned a token: when Slack is to be asked about them next, and since when they are gone or barred. */
export const owners = sqliteTable(
  'owners',
  {
    workspace: text('workspace').$type<WorkspaceId>().notNull(),
    person: text('person').$type<PersonId>().notNull(),
    lookUpAt: integer('look_up_at').notNull(),
    goneAt: integer('gone_at'),
    // Not gone, but not to be let in: since `gone_at`.
    isBarred: integer('is_barred', { mode: 'boolean' }).notNull().default(false),
    // Slack told something of them: they come before those who are due by the clock alone.
    isSuspected: integer('is_suspected', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.person] }),
    index('owners_due').on(table.workspace, table.isSuspected, table.lookUpAt),
    index('owners_gone').on(table.workspace, table.person).where(sql`gone_at is not null`),
  ],
);

export const outbox = sqliteTable(
  'outbox',
  {
    key: text('key').primaryKey(),
    saying: text('saying', { mode: 'json' }).$type<Saying>().notNull(),
    dueAt: integer('due_at').notNull(),
    // When it was to be said: a failed attempt moves what is due, and not this.
    wantedAt: integer('wanted_at').notNull().default(0),
    version: integer('version').notNull(),
    attempts: integer('attempts').notNull(),
    // Who is saying it, and until when it is theirs alone, by the database's clock.
    takenBy: text('taken_by'),
    takenUntil: integer('taken_until').notNull().default(0),
    // Until when Slack wants to be left alone with it, also when it is asked for anew.
    quietUntil: integer('quiet_until').notNull().default(0),
  },
  (table) => [index('outbox_due').on(table.dueAt), index('outbox_wanted').on(table.wantedAt)],
);

export const messages = sqliteTable(
  'messages',
  {
    id: integer('id').primaryKey(),
    kind: text('kind').$type<'receipt' | 'board'>().notNull(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .references(() => tokens.id),
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    // Of a board alone.
    placedBy: text('placed_by').$type<PersonId>(),
    drawing: text('drawing'),
    triedAt: integer('tried_at'),
  },
  (table) => [
    uniqueIndex('messages_kind_token').on(table.kind, table.tokenId),
    uniqueIndex('messages_board').on(table.channel).where(sql`kind = 'board'`),
  ],
);

/** Messages in channels in which live values stood: where they stand, and nothing of what they say. */
export const leaks = sqliteTable(
  'leaks',
  {
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    threadTs: text('thread_ts'),
    place: text('place').notNull(),
    reason: text('reason').notNull(),
    policy: text('policy').$type<Leak['policy']>().notNull(),
    seenAt: integer('seen_at').notNull(),
    cards: text('cards', { mode: 'json' }).$type<Leak['cards']>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.channel, table.ts] }), index('leaks_seen').on(table.seenAt)],
);

/** The tokens whose values stood there, each with the value that did: by when it was made, which no message tells. */
export const leakedTokens = sqliteTable(
  'leaked_tokens',
  {
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .notNull()
      .references(() => tokens.id),
    madeAt: integer('made_at').notNull(),
    // Whether the message still held it when it was last looked at.
    isThere: integer('is_there', { mode: 'boolean' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channel, table.ts, table.tokenId] }),
    index('leaked_tokens_token').on(table.tokenId),
  ],
);

export const deliveries = sqliteTable(
  'deliveries',
  {
    key: text('key').primaryKey(),
    at: integer('at').notNull(),
    // Null: what it did changed no token.
    tokenId: text('token_id')
      .$type<TokenId>()
      .references(() => tokens.id),
  },
  (table) => [index('deliveries_at').on(table.at)],
);

/** What one process of several does at a time, and until when it is theirs, by the database's clock. */
export const leases = sqliteTable('leases', {
  key: text('key').primaryKey(),
  takenBy: text('taken_by').notNull(),
  takenUntil: integer('taken_until').notNull(),
});

/** When somebody last did what may be done only so often, each instant of the last minute. */
export const limits = sqliteTable(
  'limits',
  {
    key: text('key').primaryKey(),
    instants: text('instants', { mode: 'json' }).$type<readonly number[]>().notNull(),
    lastAt: integer('last_at').notNull(),
  },
  (table) => [index('limits_last').on(table.lastAt)],
);

/** The page of their Home tab that each person turned to. */
export const homePages = sqliteTable('home_pages', {
  person: text('person').$type<PersonId>().primaryKey(),
  page: text('page', { mode: 'json' }).$type<KeptPage>().notNull(),
});

/** Of whom or what Slack told that it changed, in that order: whoever remembers it from before forgets it. */
export const changes = sqliteTable(
  'changes',
  {
    subject: text('subject').primaryKey(),
    number: integer('number').notNull(),
  },
  (table) => [index('changes_number').on(table.number)],
);

/** How often a person was refused in an hour (hours since 1970 UTC) that is not closed yet. */
export const refusalCounts = sqliteTable(
  'refusal_counts',
  {
    actor: text('actor').$type<AuditEvent['actor']>().notNull(),
    hour: integer('hour').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.actor, table.hour] })],
);

export const settings = sqliteTable('settings', {
  key: text('key')
    .$type<
      | 'workspace'
      | 'revoked_log'
      | 'unlogged_restore'
      | 'unproven_copy'
      | 'audit_alarm'
      | 'latest_seen'
      | 'unsealed'
    >()
    .primaryKey(),
  value: text('value').notNull(),
});
