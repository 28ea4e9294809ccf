import type { AuditAction, AuditEvent } from '../tokens/audit.ts';
import type { NameKey, TokenName } from '../tokens/name.ts';
import type { NoticeKind, Saying } from '../tokens/store.ts';
import type { PersonId, Token, TokenId, WorkspaceId } from '../tokens/token.ts';
import { blob, check, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts';

/**
 * The tables. Instants are integer milliseconds UTC, lists and objects JSON. `drizzle/` is generated from this and then
 * edited: every table is STRICT, `secrets` and `secret_usage` are WITHOUT ROWID. Nothing cascades: a rebuild of `tokens`
 * drops that table.
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
  },
  (table) => [
    // Revoked ones included: a name is never given twice.
    uniqueIndex('tokens_name_key').on(table.workspace, table.nameKey),
    index('tokens_owner').on(table.workspace, table.owner),
    index('tokens_created_by').on(table.workspace, table.createdBy, table.createdAt),
    index('tokens_unclaimed')
      .on(table.workspace, table.createdAt)
      .where(sql`claimed_at is null and revoked_at is null`),
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
  },
  (table) => [
    index('secrets_token').on(table.tokenId),
    // Bare column names: drizzle-kit would name the table too, and a rebuild goes by another name.
    check('secrets_emptied_whole', sql`(hash is null) = (digest is null)`),
  ],
);

export const tokenUsage = sqliteTable('token_usage', {
  tokenId: text('token_id')
    .$type<TokenId>()
    .primaryKey()
    .references(() => tokens.id),
  lastUsedAt: integer('last_used_at'),
  useCount: integer('use_count').notNull(),
  refusedCount: integer('refused_count').notNull(),
  lastRefusedAt: integer('last_refused_at'),
  addresses: text('addresses', { mode: 'json' }).$type<readonly string[]>().notNull(),
});

/** Refers to no secret: a value that was used while it was being shown may be withdrawn before the use is written. */
export const secretUsage = sqliteTable('secret_usage', {
  lookupId: text('lookup_id').primaryKey(),
  lastUsedAt: integer('last_used_at').notNull(),
});

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

/** Everybody who ever owned a token: when Slack is to be asked about them next, and since when they are gone. */
export const owners = sqliteTable(
  'owners',
  {
    workspace: text('workspace').$type<WorkspaceId>().notNull(),
    person: text('person').$type<PersonId>().notNull(),
    lookUpAt: integer('look_up_at').notNull(),
    goneAt: integer('gone_at'),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.person] }),
    index('owners_due').on(table.workspace, table.lookUpAt),
  ],
);

export const outbox = sqliteTable(
  'outbox',
  {
    key: text('key').primaryKey(),
    saying: text('saying', { mode: 'json' }).$type<Saying>().notNull(),
    dueAt: integer('due_at').notNull(),
    version: integer('version').notNull(),
    attempts: integer('attempts').notNull(),
  },
  (table) => [index('outbox_due').on(table.dueAt)],
);

export const messages = sqliteTable(
  'messages',
  {
    id: integer('id').primaryKey(),
    kind: text('kind').$type<'receipt'>().notNull(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .references(() => tokens.id),
    channel: text('channel').notNull(),
    ts: text('ts').notNull(),
  },
  (table) => [uniqueIndex('messages_kind_token').on(table.kind, table.tokenId)],
);

export const deliveries = sqliteTable(
  'deliveries',
  {
    key: text('key').primaryKey(),
    at: integer('at').notNull(),
    tokenId: text('token_id')
      .$type<TokenId>()
      .notNull()
      .references(() => tokens.id),
  },
  (table) => [index('deliveries_at').on(table.at)],
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
  key: text('key').$type<'workspace'>().primaryKey(),
  value: text('value').notNull(),
});
