import { postgresCore, sql } from '../drizzle.ts';

/**
 * The same tables for PostgreSQL: for `drizzle-kit`, which makes `drizzle/postgres/` of it, and for a test that holds both schemas
 * together. Queries are written with `sqlite.ts` alone. Afterwards every text gets `collate "C"` there, so that it is compared and
 * sorted byte by byte, whatever the database's own collation.
 */
const { bigint, check, customType, index, pgTable, primaryKey, smallint, text, uniqueIndex } = postgresCore();

/** An integer of whatever size: instants are milliseconds. */
const whole = (name: string) => bigint(name, { mode: 'number' });

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const tokens = pgTable(
  'tokens',
  {
    id: text('id').primaryKey(),
    workspace: text('workspace').notNull(),
    name: text('name').notNull(),
    nameKey: text('name_key').notNull(),
    owner: text('owner').notNull(),
    createdBy: text('created_by').notNull(),
    purpose: text('purpose'),
    scopes: text('scopes').notNull(),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at'),
    generation: whole('generation').notNull(),
    claimedAt: whole('claimed_at'),
    revokedAt: whole('revoked_at'),
    revokedBy: text('revoked_by'),
    revokeReason: text('revoke_reason'),
    quietSince: whole('quiet_since').notNull().default(0),
    // As SQLite's own: it grows with each token. What is sorted or paged by it needs no other order.
    rowid: whole('rowid').generatedAlwaysAsIdentity().notNull(),
  },
  (table) => [
    uniqueIndex('tokens_rowid').on(table.rowid),
    uniqueIndex('tokens_name_key').on(table.workspace, table.nameKey),
    index('tokens_owner').on(table.workspace, table.owner, table.revokedAt),
    index('tokens_created_by').on(table.workspace, table.createdBy, table.createdAt),
    index('tokens_unclaimed')
      .on(table.workspace, table.createdAt)
      .where(sql`claimed_at is null and revoked_at is null`),
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

export const secrets = pgTable(
  'secrets',
  {
    lookupId: text('lookup_id').primaryKey(),
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id),
    hash: text('hash'),
    digest: bytea('digest'),
    pepperId: text('pepper_id').notNull(),
    createdAt: whole('created_at').notNull(),
    shownAt: whole('shown_at'),
    endsAt: whole('ends_at'),
    name: text('name').notNull(),
    owner: text('owner').notNull(),
    scopes: text('scopes').notNull(),
    generation: whole('generation').notNull().default(0),
    prefix: text('prefix'),
    seal: bytea('seal'),
  },
  (table) => [
    index('secrets_token').on(table.tokenId),
    check('secrets_emptied_whole', sql`(hash is null) = (digest is null)`),
  ],
);

export const tokenUsage = pgTable(
  'token_usage',
  {
    tokenId: text('token_id')
      .primaryKey()
      .references(() => tokens.id),
    lastUsedAt: whole('last_used_at'),
    useCount: whole('use_count').notNull(),
    refusedCount: whole('refused_count').notNull(),
    lastRefusedAt: whole('last_refused_at'),
    addresses: text('addresses').notNull(),
  },
  (table) => [index('token_usage_refused').on(table.lastRefusedAt).where(sql`last_refused_at is not null`)],
);

export const secretUsage = pgTable('secret_usage', {
  lookupId: text('lookup_id').primaryKey(),
  lastUsedAt: whole('last_used_at').notNull(),
});

export const tokenUsesByHour = pgTable(
  'token_uses_by_hour',
  {
    hour: whole('hour').notNull(),
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id),
    useCount: whole('use_count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.tokenId] })],
);

export const revokedTries = pgTable(
  'revoked_tries',
  {
    tokenId: text('token_id')
      .primaryKey()
      .references(() => tokens.id),
    tryCount: whole('try_count').notNull(),
    lastTriedAt: whole('last_tried_at').notNull(),
    stoppedAt: whole('stopped_at'),
    stoppedBy: text('stopped_by'),
  },
  (table) => [index('revoked_tries_last').on(table.lastTriedAt)],
);

export const notices = pgTable(
  'notices',
  {
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id),
    kind: text('kind').notNull(),
    dueAt: whole('due_at').notNull(),
    sentAt: whole('sent_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tokenId, table.kind] }),
    index('notices_due').on(table.dueAt).where(sql`sent_at is null`),
  ],
);

export const auditEvents = pgTable(
  'audit_events',
  {
    sequence: whole('sequence').primaryKey(),
    at: whole('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    tokenId: text('token_id'),
    detail: text('detail').notNull(),
    pepperId: text('pepper_id').notNull(),
    mac: bytea('mac').notNull(),
  },
  (table) => [index('audit_events_token').on(table.tokenId)],
);

export const owners = pgTable(
  'owners',
  {
    workspace: text('workspace').notNull(),
    person: text('person').notNull(),
    lookUpAt: whole('look_up_at').notNull(),
    goneAt: whole('gone_at'),
    isBarred: smallint('is_barred').notNull().default(0),
    isSuspected: smallint('is_suspected').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.person] }),
    index('owners_due').on(table.workspace, table.isSuspected, table.lookUpAt),
    index('owners_gone').on(table.workspace, table.person).where(sql`gone_at is not null`),
  ],
);

export const outbox = pgTable(
  'outbox',
  {
    key: text('key').primaryKey(),
    saying: text('saying').notNull(),
    dueAt: whole('due_at').notNull(),
    wantedAt: whole('wanted_at').notNull().default(0),
    version: whole('version').notNull(),
    attempts: whole('attempts').notNull(),
    takenBy: text('taken_by'),
    takenUntil: whole('taken_until').notNull().default(0),
    quietUntil: whole('quiet_until').notNull().default(0),
  },
  (table) => [index('outbox_due').on(table.dueAt), index('outbox_wanted').on(table.wantedAt)],
);

export const messages = pgTable(
  'messages',
  {
    id: whole('id').primaryKey().generatedByDefaultAsIdentity(),
    kind: text('kind').notNull(),
    tokenId: text('token_id').references(() => tokens.id),
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    placedBy: text('placed_by'),
    drawing: text('drawing'),
    triedAt: whole('tried_at'),
  },
  (table) => [
    uniqueIndex('messages_kind_token').on(table.kind, table.tokenId),
    uniqueIndex('messages_board').on(table.channel).where(sql`kind = 'board'`),
  ],
);

export const leaks = pgTable(
  'leaks',
  {
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    threadTs: text('thread_ts'),
    place: text('place').notNull(),
    reason: text('reason').notNull(),
    policy: text('policy').notNull(),
    seenAt: whole('seen_at').notNull(),
    cards: text('cards').notNull(),
  },
  (table) => [primaryKey({ columns: [table.channel, table.ts] }), index('leaks_seen').on(table.seenAt)],
);

export const leakedTokens = pgTable(
  'leaked_tokens',
  {
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id),
    madeAt: whole('made_at').notNull(),
    isThere: smallint('is_there').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channel, table.ts, table.tokenId] }),
    index('leaked_tokens_token').on(table.tokenId),
  ],
);

export const deliveries = pgTable(
  'deliveries',
  {
    key: text('key').primaryKey(),
    at: whole('at').notNull(),
    tokenId: text('token_id').references(() => tokens.id),
  },
  (table) => [index('deliveries_at').on(table.at)],
);

export const leases = pgTable('leases', {
  key: text('key').primaryKey(),
  takenBy: text('taken_by').notNull(),
  takenUntil: whole('taken_until').notNull(),
});

export const limits = pgTable(
  'limits',
  {
    key: text('key').primaryKey(),
    instants: text('instants').notNull(),
    lastAt: whole('last_at').notNull(),
  },
  (table) => [index('limits_last').on(table.lastAt)],
);

export const homePages = pgTable('home_pages', {
  person: text('person').primaryKey(),
  page: text('page').notNull(),
});

export const changes = pgTable(
  'changes',
  {
    subject: text('subject').primaryKey(),
    number: whole('number').notNull(),
  },
  (table) => [index('changes_number').on(table.number)],
);

export const refusalCounts = pgTable(
  'refusal_counts',
  {
    actor: text('actor').notNull(),
    hour: whole('hour').notNull(),
    count: whole('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.actor, table.hour] })],
);

export const settings = pgTable('settings', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
});
