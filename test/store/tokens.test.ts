import { describe, expect, onTestFinished, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { openStore } from '../../src/store/store.ts';
import { nameKeyOf } from '../../src/tokens/name.ts';
import type { CreationLimits } from '../../src/tokens/store.ts';
import type { Effect } from '../../src/tokens/telling.ts';
import type { Token, TokenId, WorkspaceId } from '../../src/tokens/token.ts';
import { aStore, everythingIn, PEPPER } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aSecret,
  aShownValue,
  aStoredToken,
  aToken,
  BOB,
  BY_ANN,
  LIMITS,
  NOW,
  nameOf,
  WORKSPACE,
} from './fixtures/tokens.ts';

const OTHER_WORKSPACE = 'T2' as WorkspaceId;

test('a token comes back as it was put in, by its id and by its name, and was never used', async () => {
  const { store } = await aStore();
  const token = aToken({ expiresAt: NOW + 1, purpose: null });

  expect(await store.insertToken(token, LIMITS, anEffect(token.id))).toEqual({ kind: 'inserted' });

  const used = {
    ...token,
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
  expect(await store.findToken(WORKSPACE, token.id)).toEqual(used);
  expect(await store.findTokenByName(WORKSPACE, token.nameKey)).toEqual(used);
});

test('several tokens are read at once: those that are there, in this workspace, by their ids', async () => {
  const { store } = await aStore();
  const one = await aStoredToken(store);
  const other = await aStoredToken(store);
  const foreign = await aStoredToken(store, { workspace: OTHER_WORKSPACE });
  const ids = [other.id, one.id, foreign.id, aToken().id];

  const found = await store.findTokens(WORKSPACE, ids);

  expect([...found.keys()].toSorted()).toEqual([one.id, other.id].toSorted());
  expect(found.get(one.id)).toEqual(await store.findToken(WORKSPACE, one.id));
  await expect(
    store.findTokens(
      WORKSPACE,
      Array.from({ length: 101 }, () => one.id),
    ),
  ).rejects.toThrow('RangeError');
});

test('a token of another workspace is not there', async () => {
  const { store } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id));

  expect(await store.findToken(OTHER_WORKSPACE, token.id)).toBeUndefined();
  expect(await store.findTokenByName(OTHER_WORKSPACE, token.nameKey)).toBeUndefined();
  expect(await store.takenNames(OTHER_WORKSPACE, [token.nameKey])).toEqual(new Set());
});

test.for([
  ['in other letters', { name: nameOf('Deploy-BOT') }, 'name_taken'],
  ['of another owner', { name: nameOf('deploy-bot'), owner: BOB }, 'name_taken'],
  ['in another workspace', { name: nameOf('deploy-bot'), workspace: OTHER_WORKSPACE }, 'inserted'],
  ['with a number', { name: nameOf('deploy-bot-2') }, 'inserted'],
] as const)('a name that is there %s: %s', async ([, fields, kind]) => {
  const { store } = await aStore();
  const first = aToken({ name: nameOf('deploy-bot') });
  await store.insertToken(first, LIMITS, anEffect(first.id));
  const second = aToken(fields);

  expect(await store.insertToken(second, LIMITS, anEffect(second.id))).toEqual({ kind });

  expect((await store.findToken(second.workspace, second.id)) !== undefined).toBe(kind === 'inserted');
});

test('the name of a revoked token is never given again', async () => {
  const { store } = await aStore();
  const first = aToken({ name: nameOf('deploy-bot') });
  await store.insertToken(first, LIMITS, anEffect(first.id));
  await store.revokeTokens([first.id], BY_ANN, aDelivery());
  const second = aToken({ name: nameOf('deploy-bot') });

  expect(await store.insertToken(second, LIMITS, anEffect(second.id))).toEqual({ kind: 'name_taken' });
});

test('a name that was taken leaves no event, no saying and no delivery', async () => {
  const { store, raw } = await aStore();
  const first = aToken({ name: nameOf('deploy-bot') });
  await store.insertToken(first, LIMITS, anEffect(first.id));
  const second = aToken({ name: nameOf('deploy-bot') });
  const delivery = aDelivery();

  await store.insertToken(
    second,
    LIMITS,
    anEffect(second.id, { delivery, sayings: [{ saying: { kind: 'home', person: ANN }, dueAt: NOW }] }),
  );

  expect(raw.prepare('select count(*) from audit_events').pluck().get()).toBe(1);
  expect(await store.takeDue(NOW, 10)).toEqual([]);
  const third = aToken();
  expect(await store.insertToken(third, LIMITS, anEffect(third.id, { delivery }))).toEqual({
    kind: 'inserted',
  });
});

test('of the names asked for, those that are taken are told', async () => {
  const { store } = await aStore();
  for (const text of ['bot', 'bot-2', 'bot-4']) {
    const token = aToken({ name: nameOf(text) });
    await store.insertToken(token, LIMITS, anEffect(token.id));
  }
  const keys = Array.from({ length: 100 }, (_, i) => nameKeyOf(nameOf(`BOT-${i}`)));

  expect(await store.takenNames(WORKSPACE, keys)).toEqual(new Set(['bot-2', 'bot-4']));
  expect(await store.takenNames(WORKSPACE, [])).toEqual(new Set());
});

test('a token is revoked once, and the second one changes nothing', async () => {
  const { store, raw } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id));

  const first = await store.revokeTokens(
    [token.id],
    { actor: BOB, at: NOW + 1, reason: 'leaked', held: false },
    aDelivery(),
  );
  const second = await store.revokeTokens(
    [token.id],
    { actor: ANN, at: NOW + 2, reason: null, held: false },
    aDelivery(),
  );

  expect([first, second]).toEqual([
    { kind: 'revoked', tokens: [await store.findToken(WORKSPACE, token.id)] },
    { kind: 'already_revoked' },
  ]);
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
    revokedAt: NOW + 1,
    revokedBy: BOB,
    revokeReason: 'leaked',
  });
  expect(raw.prepare('select count(*) from audit_events').pluck().get()).toBe(2);
});

describe('what nobody claimed', () => {
  const BY_SYSTEM = {
    actor: 'system',
    at: NOW + 1,
    reason: 'never claimed',
    held: false,
    onlyUnclaimed: true,
  } as const;

  test('is revoked once, with its event, and a value that is being shown is never shown', async () => {
    const { store, raw } = await aStore();
    const token = await aStoredToken(store);
    const secret = aSecret(token);
    await store.insertSecret(secret, 'first', aDelivery());

    expect(await store.revokeTokens([token.id], BY_SYSTEM, aDelivery())).toMatchObject({ kind: 'revoked' });
    const before = everythingIn(raw);
    expect(await store.revokeTokens([token.id], BY_SYSTEM, aDelivery())).toEqual({ kind: 'already_revoked' });
    expect(await store.markShown(secret.lookupId, NOW + 2, 'first', anEffect(token.id))).toEqual({
      kind: 'changed_meanwhile',
    });

    expect(everythingIn(raw)).toEqual(before);
    expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
      revokedAt: NOW + 1,
      revokedBy: 'system',
      revokeReason: 'never claimed',
    });
  });

  test('is left alone, and nothing is written, once it was claimed', async () => {
    const { store, raw } = await aStore();
    const token = await aStoredToken(store);
    await aShownValue(store, token);
    const before = everythingIn(raw);

    expect(await store.revokeTokens([token.id], BY_SYSTEM, aDelivery())).toEqual({ kind: 'already_revoked' });
    expect(everythingIn(raw)).toEqual(before);
  });
});

test('of twenty who revoke a token at once, one is told that they did it', async () => {
  const { store } = await aStore();
  const token = aToken();
  await store.insertToken(token, LIMITS, anEffect(token.id));

  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => store.revokeTokens([token.id], BY_ANN, aDelivery())),
  );

  expect(outcomes.filter(({ kind }) => kind === 'revoked')).toHaveLength(1);
});

test('a revocation empties hash and digest of all secrets of the token, keeps their rows, and no other token’s', async () => {
  const { store, raw } = await aStore();
  const [ended, other] = [aToken(), aToken()];
  for (const token of [ended, other]) await store.insertToken(token, LIMITS, anEffect(token.id));
  const [secret, others] = [aSecret(ended), aSecret(other)];
  await store.insertSecret(secret, 'first', aDelivery());
  await store.insertSecret(others, 'first', aDelivery());

  await store.revokeTokens([ended.id], BY_ANN, aDelivery());

  const row = raw.prepare('select hash, digest from secrets where lookup_id = ?');
  expect(row.get(secret.lookupId)).toEqual({ hash: null, digest: null });
  expect(row.get(others.lookupId)).toEqual({ hash: others.hash, digest: others.digest });
  expect(await store.readSecret(secret.lookupId)).toMatchObject({ lookupId: secret.lookupId, digest: null });
});

test('the workspace is bound at the first start and stays', async () => {
  const { store } = await aStore();

  expect(await store.bindWorkspace(WORKSPACE)).toBe(WORKSPACE);
  expect(await store.bindWorkspace(OTHER_WORKSPACE)).toBe(WORKSPACE);
});

const LISTED: readonly (Partial<Token> & { name: Token['name'] })[] = [
  { name: nameOf('revoked first'), revokedAt: NOW - 30, revokedBy: ANN },
  { name: nameOf('never ends, older'), createdAt: NOW - 9, id: 'tok_0000000000000000' as TokenId },
  { name: nameOf('ends last'), expiresAt: NOW + 50 },
  { name: nameOf('expired now'), expiresAt: NOW },
  { name: nameOf('revoked last, expired before'), revokedAt: NOW - 10, revokedBy: ANN, expiresAt: NOW - 40 },
  { name: nameOf('ends first'), expiresAt: NOW + 1 },
  { name: nameOf('expired first'), expiresAt: NOW - 20 },
  { name: nameOf('never ends, newer'), createdAt: NOW - 8, id: 'tok_zzzzzzzzzzzzzzzz' as TokenId },
  { name: nameOf('of Bob'), owner: BOB },
];
test.for([
  ['active', ['ends first', 'ends last', 'never ends, newer', 'never ends, older']],
  ['expired', ['expired first', 'expired now']],
  ['revoked', ['revoked last, expired before', 'revoked first']],
  [
    'all',
    [
      'expired first',
      'ends first',
      'revoked last, expired before',
      'expired now',
      'ends last',
      'revoked first',
      'never ends, newer',
      'never ends, older',
    ],
  ],
] as const)('a list of %s tokens holds the owner’s own, the newest first', async ([filter, names]) => {
  const { store } = await aStore();
  for (const fields of LISTED) {
    const token = aToken(fields);
    await store.insertToken(token, LIMITS, anEffect(token.id));
  }

  const list = await store.listTokens(WORKSPACE, { owner: ANN, filter, page: 1, pageSize: 50, now: NOW });

  expect(list.tokens.map(({ name }) => name)).toEqual(names);
  expect(list).toMatchObject({ page: 1, pageCount: 1, total: names.length });
});

test.for([
  ['the first', { page: 1, pageSize: 3 }, { page: 1, pageCount: 3, length: 3 }],
  ['the last', { page: 3, pageSize: 3 }, { page: 3, pageCount: 3, length: 2 }],
  ['one beyond the last', { page: 9, pageSize: 3 }, { page: 3, pageCount: 3, length: 2 }],
  ['one before the first', { page: 0, pageSize: 3 }, { page: 1, pageCount: 3, length: 3 }],
  ['one that just holds all', { page: 1, pageSize: 8 }, { page: 1, pageCount: 1, length: 8 }],
  [
    'one of more rows than a page may have',
    { page: 1, pageSize: 9999 },
    { page: 1, pageCount: 1, length: 8 },
  ],
] as const)('of a list of eight, %s page', async ([, request, { page, pageCount, length }]) => {
  const { store } = await aStore();
  for (const fields of LISTED) {
    const token = aToken(fields);
    await store.insertToken(token, LIMITS, anEffect(token.id));
  }

  const list = await store.listTokens(WORKSPACE, { owner: ANN, filter: 'all', now: NOW, ...request });

  expect(list).toMatchObject({ page, pageCount, total: 8 });
  expect(list.tokens).toHaveLength(length);
});

test('a list of nothing is one empty page', async () => {
  const { store } = await aStore();

  const list = await store.listTokens(WORKSPACE, {
    owner: ANN,
    filter: 'all',
    page: 1,
    pageSize: 10,
    now: NOW,
  });

  expect(list).toEqual({ tokens: [], page: 1, pageCount: 1, total: 0 });
});

test('a token that nobody took within 7 days takes no room, though nothing has revoked it', async () => {
  const { store } = await aStore();
  const waiting = { claimedAt: null, expiresAt: null };
  await aStoredToken(store, { ...waiting, createdAt: NOW - 7 * DAY_MS });
  await aStoredToken(store, { ...waiting, createdAt: NOW - 7 * DAY_MS + 1 });
  const insert = (liveTokensMax: number) => {
    const token = aToken({ createdAt: NOW });
    return store.insertToken(token, { ...LIMITS, liveTokensMax }, anEffect(token.id));
  };

  expect(await insert(1)).toEqual({ kind: 'too_many_live' });
  expect(await insert(2)).toEqual({ kind: 'inserted' });
});

test.for([
  ['one below the limit', 3, 'inserted'],
  ['at the limit', 2, 'too_many_live'],
  ['above a limit that was lowered', 1, 'too_many_live'],
] as const)('a token of somebody with two live ones, %s: %s', async ([, liveTokensMax, kind]) => {
  const { store, raw } = await aStore();
  const others: readonly Partial<Token>[] = [
    {},
    { expiresAt: NOW + 1 },
    { expiresAt: NOW },
    { revokedAt: NOW, revokedBy: ANN },
    { owner: BOB },
    { workspace: OTHER_WORKSPACE },
  ];
  for (const fields of others) await aStoredToken(store, fields);
  const [token, delivery] = [aToken({ createdBy: BOB }), aDelivery()];
  const before = raw.prepare('select count(*) from audit_events').pluck().get();

  const outcome = await store.insertToken(
    token,
    { ...LIMITS, liveTokensMax },
    anEffect(token.id, { delivery }),
  );

  expect(outcome).toEqual({ kind });
  const isIn = kind === 'inserted';
  expect((await store.findToken(WORKSPACE, token.id)) !== undefined).toBe(isIn);
  expect(raw.prepare('select count(*) from audit_events').pluck().get()).toBe(Number(before) + Number(isIn));
  expect(raw.prepare('select count(*) from deliveries where key = ?').pluck().get(delivery.keys[0])).toBe(
    Number(isIn),
  );
});

test.for([
  ['one below the limit', 3, 'inserted'],
  ['at the limit', 2, 'too_many_today'],
] as const)(
  'a token by somebody who made two within 24 hours, %s: %s',
  async ([, creationsPerDayMax, kind]) => {
    const { store } = await aStore();
    const others: readonly Partial<Token>[] = [
      { createdAt: NOW - DAY_MS },
      { createdAt: NOW - DAY_MS + 1, owner: BOB },
      { revokedAt: NOW, revokedBy: ANN },
      { createdBy: BOB },
      { workspace: OTHER_WORKSPACE },
    ];
    for (const fields of others) await aStoredToken(store, fields);
    const token = aToken({ owner: BOB });

    const outcome = await store.insertToken(token, { ...LIMITS, creationsPerDayMax }, anEffect(token.id));

    expect(outcome).toEqual({ kind });
  },
);

test('of ten tokens that are created at once, as many are made as the limit allows', async () => {
  const { store, url } = await aStore();
  const second = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => second.close());

  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => {
      const token = aToken();
      const by = i % 2 === 0 ? store : second;
      return by.insertToken(token, { ...LIMITS, liveTokensMax: 3 }, anEffect(token.id));
    }),
  );

  expect(outcomes.filter(({ kind }) => kind === 'inserted')).toHaveLength(3);
  expect(outcomes.filter(({ kind }) => kind === 'too_many_live')).toHaveLength(7);
});

test('a delivery of before is told first, then a limit, and a name only when it could be had', async () => {
  const { store } = await aStore();
  const [first, delivery] = [aToken({ name: nameOf('bot') }), aDelivery()];
  await store.insertToken(first, LIMITS, anEffect(first.id, { delivery }));
  const again = (limits: Partial<CreationLimits>, fields: Partial<Effect> = {}) => {
    const token = aToken({ name: nameOf('bot') });
    return store.insertToken(token, { ...LIMITS, ...limits }, anEffect(token.id, fields));
  };

  expect(await again({ liveTokensMax: 1 }, { delivery })).toMatchObject({ kind: 'repeated' });
  expect(await again({ liveTokensMax: 1, creationsPerDayMax: 1 })).toEqual({ kind: 'too_many_live' });
  expect(await again({ creationsPerDayMax: 1 })).toEqual({ kind: 'too_many_today' });
  expect(await again({})).toEqual({ kind: 'name_taken' });
});

test('a token is revoked by the system too', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);

  await store.revokeTokens(
    [token.id],
    { actor: 'system', at: NOW, reason: 'never claimed', held: false },
    aDelivery(),
  );

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ revokedAt: NOW, revokedBy: 'system' });
});

test.for([
  ['in the middle of a name', 'ploy', ['Deploy-Bot']],
  ['in other letters', 'dEPLOY-b', ['Deploy-Bot']],
  ['in other letters that are no ASCII', 'ÜBERSETZ', ['übersetzer 100%']],
  ['in letters that unfold', 'STRASSE', ['Straße']],
  ['with what LIKE takes for wildcards', '0%', ['übersetzer 100%']],
  ['that is nothing but a wildcard', '_', []],
  ['that is not there', 'zzz', []],
  ['with spaces around it', '  bot ', ['Deploy-Bot', 'robot (ended)']],
  ['longer than any pattern may be', 'x'.repeat(60_000), []],
  ['that is empty', '', ['Straße', 'Deploy-Bot', 'übersetzer 100%', 'robot (ended)']],
] as const)('a search for a text %s', async ([, text, names]) => {
  const { store } = await aStore();
  await aStoredToken(store, { name: nameOf('robot (ended)'), expiresAt: NOW });
  await aStoredToken(store, { name: nameOf('Deploy-Bot'), expiresAt: NOW + 2 });
  await aStoredToken(store, { name: nameOf('übersetzer 100%') });
  await aStoredToken(store, { name: nameOf('Straße'), expiresAt: NOW + 1 });
  await aStoredToken(store, { name: nameOf('deploy of Bob 0% strasse _'), owner: BOB });

  const found = await store.searchTokens(WORKSPACE, { owner: ANN, text, among: 'all', now: NOW });

  expect(found.map(({ name }) => name)).toEqual(names);
});

test('a search finds 100 tokens at most, live ones before all others', async () => {
  const { store } = await aStore();
  for (let i = 0; i < 101; i++) await aStoredToken(store, { revokedAt: NOW, revokedBy: ANN });
  const live = await aStoredToken(store);

  const found = await store.searchTokens(WORKSPACE, { owner: ANN, text: 'bot', among: 'all', now: NOW });

  expect(found).toHaveLength(100);
  expect(found[0]).toEqual(await store.findToken(WORKSPACE, live.id));
});

test('unclaimed since an instant are those that were made then or before, the oldest first', async () => {
  const { store } = await aStore();
  const oldest = await aStoredToken(store, { createdAt: NOW - 9 });
  await aStoredToken(store, { createdAt: NOW + 1 });
  await aStoredToken(store, { createdAt: NOW - 5, claimedAt: NOW - 5 });
  await aStoredToken(store, { createdAt: NOW - 5, revokedAt: NOW, revokedBy: 'system' });
  await aStoredToken(store, { createdAt: NOW - 5, workspace: OTHER_WORKSPACE });
  const newest = await aStoredToken(store, { createdAt: NOW });
  const expired = await aStoredToken(store, { createdAt: NOW - 7, expiresAt: NOW - 6 });

  expect(await store.unclaimedSince(WORKSPACE, NOW)).toEqual([oldest, expired, newest]);
});

test('unclaimed ones come 200 at a time', async () => {
  const { store } = await aStore();
  for (let i = 0; i < 201; i++) await aStoredToken(store, { createdAt: NOW - i });

  const unclaimed = await store.unclaimedSince(WORKSPACE, NOW);

  expect(unclaimed.map(({ createdAt }) => createdAt)).toEqual(
    Array.from({ length: 200 }, (_, i) => NOW - 200 + i),
  );
});
