import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { SHOWING_MS_MAX } from '../../src/tokens/store.ts';
import { aStore } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aSecret,
  aStoredToken,
  aToken,
  BY_ANN,
  NOW,
  WORKSPACE,
} from './fixtures/tokens.ts';

test('a verification reads what was stored, without hash and prefix, which are read apart', async () => {
  const { store } = await aStore();
  const secret = aSecret(await aStoredToken(store, { expiresAt: NOW + 1 }));

  expect(await store.insertSecret(secret, 'first', aDelivery())).toEqual({ kind: 'inserted' });

  const { hash, prefix, ...answered } = secret;
  expect(await store.readSecret(secret.lookupId)).toEqual({
    ...answered,
    shownAt: null,
    generation: 0,
    seal: expect.any(Buffer),
  });
  expect(await store.readSecret('000000000000')).toBeUndefined();
  expect(await store.readHash(secret.lookupId)).toEqual({ hash, prefix });
  expect(await store.readHash('000000000000')).toBeUndefined();
});

test.for([
  ['one millisecond before its token ends', { expiresAt: NOW + 1 }, 'inserted'],
  ['at the very instant its token ends', { expiresAt: NOW }, 'ended'],
  ['of a token that never ends', { expiresAt: null }, 'inserted'],
  ['of a revoked token', { revokedAt: NOW - 1, revokedBy: ANN }, 'ended'],
] as const)('a secret %s is %s', async ([, fields, kind]) => {
  const { store } = await aStore();
  const secret = aSecret(await aStoredToken(store, fields));

  expect(await store.insertSecret(secret, 'first', aDelivery())).toEqual({ kind });

  expect((await store.readSecret(secret.lookupId)) !== undefined).toBe(kind === 'inserted');
});

test('a secret of a token that is not there is refused', async () => {
  const { store } = await aStore();

  expect(await store.insertSecret(aSecret(aToken()), 'first', aDelivery())).toEqual({ kind: 'ended' });
});

test.for([
  ['while the first is being shown', SHOWING_MS_MAX - 1, 'already_shown', true],
  ['when the first was left unshown for the longest time it may be', SHOWING_MS_MAX, 'inserted', false],
] as const)('a second secret %s: %s', async ([, later, kind, firstStays]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const first = aSecret(token);
  const second = aSecret(token, { createdAt: NOW + later });
  await store.insertSecret(first, 'first', aDelivery());

  expect(await store.hasLiveSecret(token.id, NOW + later)).toBe(firstStays);
  expect(await store.insertSecret(second, 'first', aDelivery())).toEqual({ kind });

  expect((await store.readSecret(first.lookupId)) !== undefined).toBe(firstStays);
  expect((await store.readSecret(second.lookupId)) !== undefined).toBe(!firstStays);
});

test('a secret that was shown stays the only one, however old it is', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const first = aSecret(token);
  const years = 100_000_000_000;
  await store.insertSecret(first, 'first', aDelivery());
  await store.markShown(first.lookupId, NOW, 'first', anEffect(token.id));

  expect(await store.hasLiveSecret(token.id, NOW + years)).toBe(true);
  expect(await store.insertSecret(aSecret(token, { createdAt: NOW + years }), 'first', aDelivery())).toEqual({
    kind: 'already_shown',
  });
});

test('a lost secret stays when the one after it is refused', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW + SHOWING_MS_MAX });
  const lost = aSecret(token);
  await store.insertSecret(lost, 'first', aDelivery());

  const outcome = await store.insertSecret(
    aSecret(token, { createdAt: NOW + SHOWING_MS_MAX }),
    'first',
    aDelivery(),
  );

  expect(outcome).toEqual({ kind: 'ended' });
  expect(await store.readSecret(lost.lookupId)).toMatchObject({ lookupId: lost.lookupId });
});

test('of ten values that are made for a token at once, one is stored', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);

  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => store.insertSecret(aSecret(token), 'first', aDelivery())),
  );

  expect(outcomes.filter(({ kind }) => kind === 'inserted')).toHaveLength(1);
  expect(outcomes.filter(({ kind }) => kind === 'already_shown')).toHaveLength(9);
});

test('a value that was shown claims its token, at the first time only', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());

  const first = await store.markShown(secret.lookupId, NOW + 5, 'first', anEffect(token.id));
  const second = await store.markShown(secret.lookupId, NOW + 6, 'first', anEffect(token.id));

  expect([first.kind, second.kind]).toEqual(['shown', 'changed_meanwhile']);
  expect(await store.readSecret(secret.lookupId)).toMatchObject({ shownAt: NOW + 5 });
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ claimedAt: NOW + 5 });
});

test('a token that was claimed before stays claimed since then', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { claimedAt: NOW - 5 });
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());

  await store.markShown(secret.lookupId, NOW, 'first', anEffect(token.id));

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ claimedAt: NOW - 5 });
});

test('a value whose token was revoked meanwhile is not marked as shown, and nothing is written', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());
  await store.revokeTokens([token.id], BY_ANN, aDelivery());

  expect(await store.markShown(secret.lookupId, NOW, 'first', anEffect(token.id))).toEqual({
    kind: 'changed_meanwhile',
  });

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ claimedAt: null });
  expect(raw.prepare('select count(*) from audit_events').pluck().get()).toBe(2);
});

test('a value that was not shown is withdrawn, and the next one can be made at once', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());

  expect(await store.withdrawSecret(secret.lookupId, anEffect(token.id))).toBe(true);

  expect(await store.readSecret(secret.lookupId)).toBeUndefined();
  expect(await store.withdrawSecret(secret.lookupId, anEffect(token.id))).toBe(false);
  expect(await store.insertSecret(aSecret(token), 'first', aDelivery())).toEqual({ kind: 'inserted' });
});

test('a value that was shown is not withdrawn', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());
  await store.markShown(secret.lookupId, NOW, 'first', anEffect(token.id));

  expect(await store.withdrawSecret(secret.lookupId, anEffect(token.id))).toBe(false);

  expect(await store.readSecret(secret.lookupId)).toMatchObject({ shownAt: NOW });
});

test.for([
  ['is let in not a millisecond before its token is too old to be taken', 7 * DAY_MS - 1, 'inserted'],
  ['is not let in at that instant, whether or not anything has revoked the token', 7 * DAY_MS, 'ended'],
] as const)('a first secret %s', async ([, after, kind]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { createdAt: NOW, expiresAt: null });
  const secret = aSecret(token, { createdAt: NOW + after });

  const obstacle = await store.obstacleToSecret(secret, 'first', aDelivery());

  expect(obstacle ?? 'inserted').toBe(kind);
  expect(await store.insertSecret(secret, 'first', aDelivery())).toEqual({ kind });
});

test.for([
  ['can be marked as shown not a millisecond before a minute is over', SHOWING_MS_MAX - 1, 'shown'],
  ['cannot once the minute is over, though nothing took it away', SHOWING_MS_MAX, 'changed_meanwhile'],
] as const)('a secret %s', async ([, after, kind]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const secret = aSecret(token, { createdAt: NOW });
  await store.insertSecret(secret, 'first', aDelivery());

  expect(await store.markShown(secret.lookupId, NOW + after, 'first', anEffect(token.id))).toEqual({ kind });
});

test('what a look finds to stand in the way of a secret is what stands in its way', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const look = () => store.obstacleToSecret(aSecret(token), 'first', aDelivery());
  expect(await look()).toBeUndefined();
  const delivery = aDelivery();
  await store.insertSecret(aSecret(token), 'first', delivery);

  expect(await look()).toBe('already_shown');
  expect(await store.obstacleToSecret(aSecret(token), 'first', delivery)).toBe('repeated');
  expect(await store.obstacleToSecret(aSecret(aToken()), 'first', aDelivery())).toBe('ended');
});
