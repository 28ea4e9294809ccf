import Database from 'better-sqlite3';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { aStore } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  aFreshDigest,
  anEffect,
  aRotation,
  aSecret,
  aToken,
  aUse,
  BY_ANN,
  LIMITS,
  NOW,
  WORKSPACE,
} from './fixtures/tokens.ts';

let prepared: string[] = [];

beforeEach(() => {
  prepared = [];
  const { prepare } = Database.prototype;
  const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (
    this: Database.Database,
    sql: string,
  ) {
    prepared.push(sql);
    return prepare.call(this, sql);
  });
  onTestFinished(() => spy.mockRestore());
});

test('all statements are prepared at the start and none later', async () => {
  const { store, raw } = await aStore();
  const atStart = prepared.length;
  const token = aToken();
  const secret = aSecret(token);

  await store.insertToken(
    token,
    LIMITS,
    anEffect(token.id, { sayings: [{ saying: { kind: 'home', person: ANN }, dueAt: NOW }] }),
  );
  await store.insertSecret(secret, 'first', aDelivery());
  await store.readSecret(secret.lookupId);
  await store.markShown(secret.lookupId, NOW, 'first', anEffect(token.id));
  await store.listTokens(WORKSPACE, { owner: ANN, filter: 'all', page: 1, pageSize: 1, now: NOW });
  await store.takenNames(WORKSPACE, [token.nameKey]);
  for (const due of await store.takeDue(NOW, 1)) await store.settle(due);
  await store.addUses([aUse(secret, { lastUsedAt: NOW, lastRefusedAt: NOW })]);
  const next = aSecret(token);
  await store.insertSecret(next, aRotation(), aDelivery());
  await store.markShown(next.lookupId, NOW, aRotation({ graceEndsAt: NOW + 1 }), anEffect(token.id));
  await store.liveValues(token.id, NOW);
  await store.endOldValues(token.id, NOW, anEffect(token.id));
  await store.remind(token.id, { kind: 'reminder', dueAt: NOW }, aDelivery());
  await store.sendNotices(NOW);
  await store.listEvents(token.id, { page: 1, pageSize: 1 });
  await store.searchTokens(WORKSPACE, { owner: ANN, text: 'bot', among: 'all', now: NOW });
  await store.textsBefore(WORKSPACE, { owner: null, before: null });
  await store.textsBefore(WORKSPACE, { owner: ANN, before: 2 });
  await store.unclaimedSince(WORKSPACE, NOW);
  const everybody = { filter: 'all', owner: null, page: 1, pageSize: 1, now: NOW } as const;
  await store.listByAttention(WORKSPACE, everybody);
  await store.listByAttention(WORKSPACE, { ...everybody, owner: ANN });
  await store.countByAttention(WORKSPACE, NOW);
  await store.firstByAttention(WORKSPACE, { attention: 'idle', limit: 1, now: NOW });
  await store.tokensAfter(WORKSPACE, { owner: null, after: null });
  await store.tokensAfter(WORKSPACE, { owner: ANN, after: null });
  const board = { channel: 'C1', ts: '1.0', placedBy: ANN };
  await store.keepBoard(board, { event: anEffect(null).event, delivery: aDelivery() });
  for (const kept of await store.listBoards()) {
    await store.tryBoard(kept, NOW);
    await store.keepDrawing(kept, 'drawing');
  }
  await store.askForBoard('C1', NOW);
  await store.findBoard('C1');
  await store.forgetBoard(board);
  await store.recordDeed(anEffect(null).event, aDelivery());
  const owner = await store.ownerToLookUp(WORKSPACE, NOW + DAY_MS);
  await store.suspectOwner(WORKSPACE, ANN, { isSaidGone: true, at: NOW });
  if (owner !== undefined) await store.noteOwner(owner, { lookUpAt: NOW, goneAt: null, isSuspected: false });
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  await store.countTokens(NOW);
  await store.waitingSayings(NOW);
  await store.recordRefusal(anEffect(null).event);
  await store.readHash(secret.lookupId);
  await store.replaceDigests([aFreshDigest(secret)]);
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  await store.nameKeysAfter(WORKSPACE, { owner: null, after: '' });
  await store.nameKeysAfter(WORKSPACE, { owner: ANN, after: '' });
  await store.findByFirstCharacters(WORKSPACE, 'abcdef');
  await store.usesInDay(token.id, NOW);
  await store.triesOf([token.id]);
  await store.tidy(NOW);
  await store.isReadable();

  expect(atStart).toBeGreaterThan(30);
  expect(prepared.slice(atStart).filter((sql) => !sql.startsWith('PRAGMA'))).toEqual([]);
  raw.close();
});

test('no statement that joins or sorts compares with a bare parameter', async () => {
  await aStore();

  const sorting = prepared.filter((sql) => /\b(join|order by)\b/.test(sql));

  expect(sorting.length).toBeGreaterThanOrEqual(7);
  expect(sorting.filter((sql) => sql.replaceAll(/cast\(\? as (text|bigint)\)/g, '').includes('?'))).toEqual(
    [],
  );
});

test.for([
  [
    'the read of a verification',
    /^select .* from "secrets" where "secrets"\."lookup_id" = /,
    'SEARCH secrets USING PRIMARY KEY (lookup_id=?)',
  ],
  [
    'finding a token by name',
    /"name_key" = .*$/,
    'SEARCH tokens USING INDEX tokens_name_key (workspace=? AND name_key=?)',
  ],
  [
    'a page of the list',
    /"tokens" left join .* order by /,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'everybody’s names',
    /^select "name_key" .* order by "tokens"/,
    'SEARCH tokens USING COVERING INDEX tokens_name_key (workspace=? AND name_key>?)',
  ],
  [
    'one person’s names',
    /^select "name_key" .* order by coalesce/,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'counting what a list holds',
    /^select count.* in \('all', /,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'what a search reads of everybody’s tokens',
    /"purpose" from "tokens" where .*and "tokens"\.rowid < .*order by "tokens"\.rowid/,
    'SEARCH tokens USING INTEGER PRIMARY KEY (rowid<?)',
  ],
  [
    'what a search reads of one person’s tokens',
    /"purpose" from "tokens" where .*order by coalesce\("tokens"\.rowid, null\)/,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  ['what is due', /from "outbox" .* limit/, 'SEARCH outbox USING INDEX outbox_due (due_at<?)'],
  [
    'what waits in the outbox',
    /"wanted_at"\) from "outbox"/,
    'SEARCH outbox USING COVERING INDEX outbox_wanted (wanted_at<?)',
  ],
  ['the end of the audit chain', /from "audit_events" order by/, 'SCAN audit_events'],
  [
    'the last withdrawal',
    /from "audit_events" where/,
    'SEARCH audit_events USING INDEX audit_events_token (token_id=?)',
  ],
  [
    'whether there is a live secret',
    /^select "lookup_id" from "secrets" where \("secrets"\."token_id" = .*"shown_at" is not null or /,
    'SEARCH secrets USING INDEX secrets_token (token_id=?)',
  ],
  [
    'dropping old deliveries',
    /^delete from "deliveries"/,
    'SEARCH deliveries USING COVERING INDEX deliveries_at (at<?)',
  ],
  [
    'finding tokens by first characters',
    /"lookup_id" >= /,
    'SEARCH secrets USING PRIMARY KEY (lookup_id>? AND lookup_id<?)',
  ],
  [
    'the uses in a day',
    /from "token_uses_by_hour"/,
    'SEARCH token_uses_by_hour USING PRIMARY KEY (hour=? AND token_id=?)',
  ],
  [
    'dropping old hours',
    /^delete from "token_uses_by_hour"/,
    'SEARCH token_uses_by_hour USING PRIMARY KEY (hour=? AND token_id=?)',
  ],
  [
    'the notices that are due',
    /from "notices" inner join/,
    'SEARCH notices USING INDEX notices_due (due_at<?)',
  ],
  [
    'what nobody claimed',
    /"claimed_at" is null and .* order by/,
    'SEARCH tokens USING INDEX tokens_unclaimed (workspace=? AND created_at<?)',
  ],
  [
    'the owner who is due longest',
    /^select "workspace", "person".* from "owners"/,
    'SEARCH owners USING INDEX owners_due (workspace=? AND is_suspected=? AND look_up_at<?)',
  ],
  [
    'counting a person’s live tokens',
    /^select count.*"owner" = .*"revoked_at" is null and .*"tokens"\."id" <> /,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=? AND revoked_at=?)',
  ],
  [
    'counting what a person made in a day',
    /^select count.*"created_by" =/,
    'SEARCH tokens USING COVERING INDEX tokens_created_by (workspace=? AND created_by=? AND created_at>?)',
  ],
  [
    'a page of a history',
    /from "audit_events" where .* offset/,
    'SEARCH audit_events USING INDEX audit_events_token (token_id=?)',
  ],
  [
    'the live values',
    /from "secrets" left join "secret_usage"/,
    'SEARCH secrets USING INDEX secrets_token (token_id=?)',
  ],
  [
    'a newer value of a token',
    /select refused.generation/,
    'SEARCH secrets USING INDEX secrets_token (token_id=?)',
  ],
  ['the read of a hash', /^select "hash"/, 'SEARCH secrets USING PRIMARY KEY (lookup_id=?)'],
  ['replacing a digest', /^update "secrets" set "digest"/, 'SEARCH secrets USING PRIMARY KEY (lookup_id=?)'],
  [
    'counting what expires soon',
    /^select count.*not "tokens"\.rowid in .*"expires_at" > .* and "tokens"\."expires_at" <= cast\(\? as bigint\)\)\)$/,
    'SEARCH tokens USING COVERING INDEX tokens_end (workspace=? AND revoked_at=? AND expires_at>? AND expires_at<?)',
  ],
  [
    'counting what is over',
    /^select count.*"revoked_at" is null and "tokens"\."expires_at" <= cast\(\? as bigint\)\)$/,
    'SEARCH tokens USING COVERING INDEX tokens_end (workspace=? AND revoked_at=? AND expires_at<?)',
  ],
  [
    'counting what is idle',
    /^select count.*"expires_at" is null or .*"quiet_since" <= .*\)\)$/,
    'SEARCH tokens USING INDEX tokens_quiet (workspace=? AND quiet_since<?)',
  ],
  [
    'counting what nobody claimed',
    /^select count.*workspace" = cast\(\? as text\) and "tokens"\."revoked_at" is null .*"created_at" > 0/,
    'SEARCH tokens USING INDEX tokens_unclaimed (workspace=? AND created_at>?)',
  ],
  [
    'counting what of one person’s is presented after its end',
    /^select count.*"owner" = .* exists \(select 1 from "token_usage" as presented/,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'a page of what of one person’s is revoked',
    /"owner" = .*coalesce\("tokens"\."revoked_at", null\) is not null.* not exists .* order by/,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'counting what belongs to those who left',
    /^select count.* and "tokens"\.rowid in /,
    'SEARCH tokens USING INTEGER PRIMARY KEY (rowid=?)',
  ],
  [
    'counting what is presented after its end',
    /^select count.*coalesce\("tokens"\."workspace", null\).*"tokens"\."id" in \(select presented/,
    'SEARCH tokens USING INDEX sqlite_autoindex_tokens_1 (id=?)',
  ],
  [
    'counting what is presented after its revocation',
    /^select count.*coalesce\("tokens"\."workspace", null\).*"tokens"\."id" in \(select tried/,
    'SEARCH tokens USING INDEX sqlite_autoindex_tokens_1 (id=?)',
  ],
  [
    'counting what is revoked',
    /^select count.*"workspace" = cast\(\? as text\) and "tokens"\."revoked_at" is not null\)$/,
    'SEARCH tokens USING COVERING INDEX tokens_end (workspace=? AND revoked_at>?)',
  ],
  [
    'all tokens by their ids',
    /"tokens"\."id" > /,
    'SEARCH tokens USING INDEX sqlite_autoindex_tokens_1 (id>?)',
  ],
  [
    'one person’s tokens by their ids',
    /"tokens"\."owner" = .* and "tokens"\."id" > /,
    'SEARCH tokens USING INDEX tokens_owner (workspace=? AND owner=?)',
  ],
  [
    'emptying a token’s secrets',
    /^update "secrets" set "hash"/,
    'SEARCH secrets USING INDEX secrets_token (token_id=?)',
  ],
] as const)('%s goes by an index and sorts no more than what is one person’s', async ([, pattern, plan]) => {
  const { raw } = await aStore();
  const sql = prepared.find((each) => pattern.test(each));

  const steps = raw
    .prepare(`explain query plan ${sql}`)
    .all(...Array((sql ?? '').split('?').length - 1).fill(null))
    .map((step) => (step as { detail: string }).detail);

  expect(steps[0]).toBe(plan);
  const isSorted = /order by/.test(sql ?? '') && /tokens_owner|secrets_token/.test(plan);
  expect(steps.filter((step) => step.includes('TEMP B-TREE')).length).toBe(Number(isSorted));
});
