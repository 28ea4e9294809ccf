import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { openStore } from '../../src/store/store.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { firstMigrations, migrationCount } from './fixtures/earlier.ts';
import { aFolder, aRawConnection, aStore, PEPPER } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aRotation,
  aSecret,
  aShownValue,
  aToken,
  aUse,
  BOB,
  LIMITS,
  NOW,
  verdictOn,
  WORKSPACE,
} from './fixtures/tokens.ts';

const MIGRATIONS = fileURLToPath(new URL('../../drizzle', import.meta.url));

test('a migrated file has these tables, columns and indexes and no others', async () => {
  const { raw } = await aStore();

  expect(schemaOf(raw)).toEqual({
    audit_events: [
      'sequence INTEGER PK',
      'at INTEGER',
      'actor TEXT',
      'action TEXT',
      'token_id TEXT?',
      'detail TEXT',
      'pepper_id TEXT',
      'mac BLOB',
      'index audit_events_token(token_id)',
    ],
    changes: ['subject TEXT PK', 'number INTEGER', 'index changes_number(number)'],
    deliveries: [
      'key TEXT PK',
      'at INTEGER',
      'token_id TEXT?',
      'token_id -> tokens.id',
      'index deliveries_at(at)',
    ],
    home_pages: ['person TEXT PK', 'page TEXT'],
    leaked_tokens: [
      'channel TEXT PK',
      'ts TEXT PK',
      'token_id TEXT PK',
      'made_at INTEGER',
      'is_there INTEGER',
      'token_id -> tokens.id',
      'index leaked_tokens_token(token_id)',
    ],
    leaks: [
      'channel TEXT PK',
      'ts TEXT PK',
      'thread_ts TEXT?',
      'place TEXT',
      'reason TEXT',
      'policy TEXT',
      'seen_at INTEGER',
      'cards TEXT',
      'index leaks_seen(seen_at)',
    ],
    leases: ['key TEXT PK', 'taken_by TEXT', 'taken_until INTEGER'],
    limits: ['key TEXT PK', 'instants TEXT', 'last_at INTEGER', 'index limits_last(last_at)'],
    messages: [
      'id INTEGER PK',
      'kind TEXT',
      'token_id TEXT?',
      'channel TEXT',
      'ts TEXT',
      'placed_by TEXT?',
      'drawing TEXT?',
      'tried_at INTEGER?',
      'token_id -> tokens.id',
      'unique messages_board(channel)',
      'unique messages_kind_token(kind,token_id)',
    ],
    migrations: ['made_at INTEGER PK'],
    notices: [
      'token_id TEXT PK',
      'kind TEXT PK',
      'due_at INTEGER',
      'sent_at INTEGER?',
      'token_id -> tokens.id',
      'index notices_due(due_at)',
    ],
    outbox: [
      'key TEXT PK',
      'saying TEXT',
      'due_at INTEGER',
      'version INTEGER',
      'attempts INTEGER',
      'wanted_at INTEGER',
      'taken_by TEXT?',
      'taken_until INTEGER',
      'quiet_until INTEGER',
      'index outbox_due(due_at)',
      'index outbox_wanted(wanted_at)',
    ],
    owners: [
      'workspace TEXT PK',
      'person TEXT PK',
      'look_up_at INTEGER',
      'gone_at INTEGER?',
      'is_suspected INTEGER',
      'is_barred INTEGER',
      'index owners_due(workspace,is_suspected,look_up_at)',
      'index owners_gone(workspace,person)',
    ],
    refusal_counts: ['actor TEXT PK', 'hour INTEGER PK', 'count INTEGER'],
    revoked_tries: [
      'token_id TEXT PK',
      'try_count INTEGER',
      'last_tried_at INTEGER',
      'stopped_at INTEGER?',
      'stopped_by TEXT?',
      'token_id -> tokens.id',
      'index revoked_tries_last(last_tried_at)',
    ],
    secret_usage: ['lookup_id TEXT PK', 'last_used_at INTEGER'],
    secrets: [
      'lookup_id TEXT PK',
      'token_id TEXT',
      'hash TEXT?',
      'digest BLOB?',
      'pepper_id TEXT',
      'created_at INTEGER',
      'shown_at INTEGER?',
      'ends_at INTEGER?',
      'name TEXT',
      'owner TEXT',
      'scopes TEXT',
      'generation INTEGER',
      'prefix TEXT?',
      'seal BLOB?',
      'token_id -> tokens.id',
      'index secrets_token(token_id)',
    ],
    settings: ['key TEXT PK', 'value TEXT'],
    token_usage: [
      'token_id TEXT PK',
      'last_used_at INTEGER?',
      'use_count INTEGER',
      'refused_count INTEGER',
      'last_refused_at INTEGER?',
      'addresses TEXT',
      'token_id -> tokens.id',
      'index token_usage_refused(last_refused_at)',
    ],
    token_uses_by_hour: ['hour INTEGER PK', 'token_id TEXT PK', 'use_count INTEGER', 'token_id -> tokens.id'],
    tokens: [
      'id TEXT PK',
      'workspace TEXT',
      'name TEXT',
      'name_key TEXT',
      'owner TEXT',
      'created_by TEXT',
      'purpose TEXT?',
      'scopes TEXT',
      'created_at INTEGER',
      'expires_at INTEGER?',
      'generation INTEGER',
      'claimed_at INTEGER?',
      'revoked_at INTEGER?',
      'revoked_by TEXT?',
      'revoke_reason TEXT?',
      'quiet_since INTEGER',
      'index tokens_created_by(workspace,created_by,created_at)',
      'index tokens_end(workspace,revoked_at,expires_at,claimed_at,quiet_since,created_at)',
      'unique tokens_name_key(workspace,name_key)',
      'index tokens_owner(workspace,owner,revoked_at)',
      'index tokens_quiet(workspace,quiet_since,expires_at,claimed_at,created_at)',
      'index tokens_unclaimed(workspace,created_at)',
    ],
  });
});

test('every table is STRICT, nothing cascades, and what goes by its key alone has no rowid', async () => {
  const { raw } = await aStore();

  const tables = raw
    .prepare(
      "select name, strict, wr from pragma_table_list where schema = 'main' and name not like 'sqlite_%' order by name",
    )
    .all();
  const actions = raw
    .prepare('select distinct on_delete from sqlite_schema s join pragma_foreign_key_list(s.name)')
    .pluck()
    .all();

  expect(tables).toHaveLength(21);
  expect(tables.filter((table) => !(table as { strict: number }).strict)).toEqual([]);
  expect(tables.filter((table) => (table as { wr: number }).wr)).toMatchObject([
    { name: 'secret_usage' },
    { name: 'secrets' },
    { name: 'token_uses_by_hour' },
  ]);
  expect(actions).toEqual(['NO ACTION']);
});

test('a database of the first version is brought to this one, and nothing in it is lost', async () => {
  const path = join(aFolder(), 'apitoken.db');
  const raw = aRawConnection(path);
  migrate(raw, firstMigrations(1));
  const [used, unused, revoked, unclaimed] = [
    aToken({ claimedAt: NOW, expiresAt: NOW + 10 * DAY_MS }),
    aToken({ claimedAt: NOW }),
    aToken({ claimedAt: NOW, expiresAt: NOW + 90 * DAY_MS, revokedAt: NOW + 1, revokedBy: BOB }),
    aToken({ expiresAt: NOW + 90 * DAY_MS }),
  ];
  const value = TokenValue.generate('apit');
  const secret = aSecret(used, { lookupId: value.lookupId, digest: value.digest(PEPPER.key) });
  for (const token of [used, unused, revoked, unclaimed]) insertRaw(raw, 'tokens', token);
  const { prefix: _, ...firstSecret } = secret;
  insertRaw(raw, 'secrets', { ...firstSecret, shownAt: NOW });
  insertRaw(raw, 'token_usage', { tokenId: used.id, lastUsedAt: NOW + 5, useCount: 7 });

  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => store.close());

  const neverUsed = {
    lastUsedAt: null,
    useCount: 0,
    refusedCount: 0,
    lastRefusedAt: null,
    triedCount: 0,
    lastTriedAt: null,
    addresses: [],
    ownerGoneAt: null,
    ownerIsBarred: false,
  };
  expect(await store.findToken(WORKSPACE, used.id)).toEqual({
    ...used,
    ...neverUsed,
    lastUsedAt: NOW + 5,
    useCount: 7,
  });
  for (const token of [unused, revoked, unclaimed]) {
    expect(await store.findToken(WORKSPACE, token.id)).toEqual({ ...token, ...neverUsed });
  }
  const quiet = raw.prepare('select quiet_since from tokens where id = ?').pluck();
  expect([quiet.get(used.id), quiet.get(unused.id)]).toEqual([NOW + 5, NOW]);
  await store.addUses([aUse(secret, { lastUsedAt: NOW + 6, useCount: 1, addresses: ['a'] })]);
  expect(await store.findToken(WORKSPACE, used.id)).toMatchObject({ useCount: 8, addresses: ['a'] });
  expect(await store.readHash(value.lookupId)).toEqual({ hash: secret.hash, prefix: null });
  await aShownValue(store, used, aRotation({ graceEndsAt: NOW + DAY_MS }));
  expect(await verdictOn(store, value, NOW + DAY_MS - 1)).toMatchObject({ kind: 'good' });
  expect(await verdictOn(store, value, NOW + DAY_MS)).toMatchObject({ why: 'ended' });
});

test('the live tokens of a database of the first version get the notices that are still to come', async () => {
  const path = join(aFolder(), 'apitoken.db');
  const raw = aRawConnection(path);
  migrate(raw, firstMigrations(1));
  const expiresAt = NOW + 10 * DAY_MS;
  const live = aToken({ claimedAt: NOW, expiresAt });
  const others = [
    aToken({ claimedAt: NOW }),
    aToken({ expiresAt }),
    aToken({ claimedAt: NOW, expiresAt, revokedAt: NOW, revokedBy: BOB }),
  ];
  for (const token of [live, ...others]) insertRaw(raw, 'tokens', token);

  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => store.close());

  expect(
    raw.prepare('select token_id, kind, due_at, sent_at from notices order by due_at').raw().all(),
  ).toEqual([
    [live.id, 'expires_in_7_days', NOW + 3 * DAY_MS, null],
    [live.id, 'expires_tomorrow', NOW + 9 * DAY_MS, null],
  ]);
});

test('what was to be said before there was a since when waits since it was due', async () => {
  const path = join(aFolder(), 'apitoken.db');
  const raw = aRawConnection(path);
  migrate(raw, firstMigrations(2));
  const said = { saying: '{"kind":"home","person":"U1"}', version: 1, attempts: 3 };
  insertRaw(raw, 'outbox', { key: 'home:U1', dueAt: NOW - 7, ...said });
  insertRaw(raw, 'outbox', { key: 'home:U2', dueAt: NOW + 1, ...said });

  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => store.close());

  expect(await store.waitingSayings(NOW)).toEqual({ count: 1, sinceAt: NOW - 7 });
});

test('the owners of a database without owners are looked up at once, each once, unless all of theirs is revoked', async () => {
  const path = join(aFolder(), 'apitoken.db');
  const raw = aRawConnection(path);
  migrate(raw, firstMigrations(2));
  const revoked = { revokedAt: NOW, revokedBy: ANN };
  for (const token of [
    aToken({ owner: ANN }),
    aToken({ owner: ANN, expiresAt: NOW }),
    aToken({ owner: BOB, ...revoked }),
  ]) {
    insertRaw(raw, 'tokens', token);
  }

  const store = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => store.close());

  const due = {
    workspace: WORKSPACE,
    person: ANN,
    lookUpAt: 0,
    goneAt: null,
    isSuspected: false,
    isBarred: false,
    hasLiveTokens: true,
  };
  expect(await store.ownerToLookUp(WORKSPACE, NOW)).toEqual(due);
  expect(raw.prepare('select person from owners').pluck().all()).toEqual([ANN]);
});

test('a migration that rebuilds tokens keeps every secret and every reference', async () => {
  const { store, path, raw } = await aStore();
  const lookupIds: string[] = [];
  for (let i = 0; i < 20; i++) {
    const token = aToken();
    const secret = aSecret(token);
    await store.insertToken(token, LIMITS, anEffect(token.id));
    await store.insertSecret(secret, 'first', aDelivery());
    lookupIds.push(secret.lookupId);
  }
  await store.close();
  const secretsBefore = raw.prepare('select * from secrets').all();

  const rebuilt = await openStore({
    url: `file:${path}`,
    pepper: PEPPER,
    migrationsFolder: withMigration(rebuildOf(raw)),
  });
  onTestFinished(() => rebuilt.close());

  expect(raw.prepare('select * from secrets').all()).toEqual(secretsBefore);
  expect(raw.pragma('foreign_key_check')).toEqual([]);
  expect(raw.prepare('select count(*) from tokens where team is null').pluck().get()).toBe(20);
  expect(lookupIds).toHaveLength(20);
  for (const lookupId of lookupIds) expect(await rebuilt.readSecret(lookupId)).toMatchObject({ lookupId });
  const orphan = aSecret(aToken());
  expect(await rebuilt.insertSecret(orphan, 'first', aDelivery())).toEqual({ kind: 'ended' });
});

test('a migration that would leave a secret without its token is refused as a whole', async () => {
  const { store, path, raw } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id, { delivery: { keys: [] } }));
  await store.insertSecret(aSecret(token), 'first', { keys: [] });
  await store.close();

  const migrationsFolder = withMigration(
    'ALTER TABLE `tokens` ADD `team` text;--> statement-breakpoint\nDELETE FROM tokens;',
  );
  const opening = openStore({ url: `file:${path}`, pepper: PEPPER, migrationsFolder });

  await expect(opening).rejects.toThrow('would break 1 rows of the database, so nothing was changed');
  const again = await openStore({ url: `file:${path}`, pepper: PEPPER });
  onTestFinished(() => again.close());
  expect(await again.findToken(WORKSPACE, token.id)).toMatchObject({ id: token.id });
  expect(
    raw.prepare("select count(*) from pragma_table_info('tokens') where name = 'team'").pluck().get(),
  ).toBe(0);
});

test('a database of a newer version is refused', async () => {
  const path = join(aFolder(), 'apitoken.db');
  const newer = await openStore({
    url: `file:${path}`,
    pepper: PEPPER,
    migrationsFolder: withMigration('CREATE TABLE `later` (`id` integer PRIMARY KEY) STRICT;'),
  });
  await newer.close();

  await expect(openStore({ url: `file:${path}`, pepper: PEPPER })).rejects.toThrow(
    'A newer apitoken wrote this database. Start that version',
  );
});

test('four processes that start at once on a fresh file all start, and one migrates', async () => {
  const path = join(aFolder(), 'apitoken.db');

  const children = Array.from({ length: 4 }, () =>
    fork(fileURLToPath(new URL('./fixtures/open-once.ts', import.meta.url)), [`file:${path}`], {
      execArgv: [],
    }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill();
  });
  await Promise.all(children.map((child) => once(child, 'message')));
  for (const child of children) child.send('open');
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));

  expect(exits.map(([code]) => code)).toEqual([0, 0, 0, 0]);
  expect(aRawConnection(path).prepare('select count(*) from migrations').pluck().get()).toBe(
    migrationCount(),
  );
});

/** A row as Drizzle would write it, without Drizzle's view of the table. */
function insertRaw(raw: Database.Database, table: string, row: object): void {
  const entries = Object.entries(row).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    Array.isArray(value) ? JSON.stringify(value) : value,
  ]);
  const columns = entries.map(([name]) => name).join(', ');
  const places = entries.map(() => '?').join(', ');
  raw
    .prepare(`insert into ${table} (${columns}) values (${places})`)
    .run(...entries.map(([, value]) => value));
}

/** A copy of the migrations with one more. */
function withMigration(sql: string): string {
  const folder = join(aFolder(), 'drizzle');
  cpSync(MIGRATIONS, folder, { recursive: true });
  const journalPath = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalPath, 'utf8'));
  const last = journal.entries.at(-1);
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '9999_extra' });
  writeFileSync(journalPath, JSON.stringify(journal));
  writeFileSync(join(folder, '9999_extra.sql'), sql);
  return folder;
}

/** The tokens table rebuilt with one more column, in drizzle-kit's words. */
function rebuildOf(raw: Database.Database): string {
  const sqlOf = (name: string) =>
    String(raw.prepare('select sql from sqlite_schema where name = ?').pluck().get(name));
  const columns = raw.prepare("select name from pragma_table_info('tokens')").pluck().all().join(', ');
  return [
    'PRAGMA foreign_keys=OFF;',
    `${sqlOf('tokens').replace('`tokens`', '`__new_tokens`').replace('`id` text', '`team` text, `id` text')};`,
    `INSERT INTO \`__new_tokens\`(${columns}) SELECT ${columns} FROM \`tokens\`;`,
    'DROP TABLE `tokens`;',
    'ALTER TABLE `__new_tokens` RENAME TO `tokens`;',
    'PRAGMA foreign_keys=ON;',
    `${sqlOf('tokens_name_key')};`,
    `${sqlOf('tokens_owner')};`,
  ].join('--> statement-breakpoint\n');
}

function schemaOf(raw: Database.Database): Record<string, string[]> {
  const tables = raw
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name")
    .pluck()
    .all();
  return Object.fromEntries(
    tables.map((table) => [
      table,
      [
        ...raw.prepare(COLUMNS).pluck().all(table),
        ...raw
          .prepare(`select "from" || ' -> ' || "table" || '.' || "to" from pragma_foreign_key_list(?)`)
          .pluck()
          .all(table),
        ...raw.prepare(INDEXES).pluck().all(table),
      ].map(String),
    ]),
  );
}

const COLUMNS =
  "select name || ' ' || upper(type) || iif(pk, ' PK', iif(\"notnull\", '', '?')) from pragma_table_info(?)";
const INDEXES = `
  select iif(i."unique", 'unique ', 'index ') || i.name || '(' || (select group_concat(name) from pragma_index_info(i.name)) || ')'
  from pragma_index_list(?) i where origin = 'c' order by i.name`;
