import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/store/sqlite.ts';
import { aFolder, aRawConnection, aStore, PEPPER } from './fixtures/temp-store.ts';
import { aDelivery, anEffect, aSecret, aToken, LIMITS, WORKSPACE } from './fixtures/tokens.ts';

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
    deliveries: [
      'key TEXT PK',
      'at INTEGER',
      'token_id TEXT',
      'token_id -> tokens.id',
      'index deliveries_at(at)',
    ],
    messages: [
      'id INTEGER PK',
      'kind TEXT',
      'token_id TEXT?',
      'channel TEXT',
      'ts TEXT',
      'token_id -> tokens.id',
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
      'index outbox_due(due_at)',
    ],
    refusal_counts: ['actor TEXT PK', 'hour INTEGER PK', 'count INTEGER'],
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
    ],
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
      'index tokens_created_by(workspace,created_by,created_at)',
      'unique tokens_name_key(workspace,name_key)',
      'index tokens_owner(workspace,owner)',
      'index tokens_unclaimed(workspace,created_at)',
    ],
  });
});

test('every table is STRICT, nothing cascades, and what is found by a lookup id has no rowid', async () => {
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

  expect(tables).toHaveLength(12);
  expect(tables.filter((table) => !(table as { strict: number }).strict)).toEqual([]);
  expect(tables.filter((table) => (table as { wr: number }).wr)).toMatchObject([
    { name: 'secret_usage' },
    { name: 'secrets' },
  ]);
  expect(actions).toEqual(['NO ACTION']);
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

  await expect(opening).rejects.toThrow('would leave 1 rows without what they refer to; nothing was changed');
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
    'was written by a newer apitoken: start that version',
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
  expect(aRawConnection(path).prepare('select count(*) from migrations').pluck().get()).toBe(2);
});

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
