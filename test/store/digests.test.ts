import { expect, test } from 'vitest';
import { pepperFrom } from '../../src/tokens/pepper.ts';
import { aStore, everythingIn, PEPPER } from './fixtures/temp-store.ts';
import {
  aDelivery,
  aFreshDigest,
  aShownValue,
  aStoredToken,
  BY_ANN,
  NOW,
  verdictOn,
} from './fixtures/tokens.ts';

const NEXT = pepperFrom('the pepper after that one, long enough');

test('a fresh digest takes the place of the one it replaces, and nothing else changes', async () => {
  const { store, raw } = await aStore();
  const { value, secret } = await aShownValue(store, await aStoredToken(store));
  const other = await aShownValue(store, await aStoredToken(store));
  const before = await store.readSecret(value.lookupId);
  const othersBefore = await store.readSecret(other.value.lookupId);
  const events = raw.prepare('select * from audit_events').all();

  const digest = value.digest(NEXT.key);
  await store.replaceDigests([aFreshDigest(secret, { digest, pepperId: NEXT.id })]);

  expect(await store.readSecret(value.lookupId)).toEqual({ ...before, digest, pepperId: NEXT.id });
  expect(await store.readSecret(other.value.lookupId)).toEqual(othersBefore);
  expect(await store.readHash(value.lookupId)).toEqual({ hash: secret.hash, prefix: 'apit' });
  expect(raw.prepare('select * from audit_events').all()).toEqual(events);
});

test('the prefix of a secret from before prefixes were kept is kept with its fresh digest', async () => {
  const { store, raw } = await aStore();
  const { value, secret } = await aShownValue(store, await aStoredToken(store));
  raw.exec('update secrets set prefix = null');
  expect(await store.readHash(value.lookupId)).toEqual({ hash: secret.hash, prefix: null });

  await store.replaceDigests([aFreshDigest(secret, { prefix: 'older' })]);

  expect(await store.readHash(value.lookupId)).toEqual({ hash: secret.hash, prefix: 'older' });
});

test('a fresh digest revives no revoked token', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const { value, secret } = await aShownValue(store, token);
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  const before = everythingIn(raw);

  await store.replaceDigests([aFreshDigest(secret)]);

  expect(everythingIn(raw)).toEqual(before);
  expect(await store.readHash(value.lookupId)).toBeUndefined();
  expect(await verdictOn(store, value, NOW)).toMatchObject({ kind: 'bad', why: 'revoked' });
});

test('of two that replace the same digest the first one counts', async () => {
  const { store } = await aStore();
  const { value, secret } = await aShownValue(store, await aStoredToken(store));

  await store.replaceDigests([aFreshDigest(secret, { pepperId: 'aaaaaaaa' })]);
  await store.replaceDigests([aFreshDigest(secret, { pepperId: 'bbbbbbbb' })]);

  expect(await store.readSecret(value.lookupId)).toMatchObject({ pepperId: 'aaaaaaaa' });
});

test('200 digests are one transaction, and more are refused', async () => {
  const { store, raw } = await aStore();
  const { value, secret } = await aShownValue(store, await aStoredToken(store));
  const many = (count: number) => Array.from({ length: count }, () => aFreshDigest(secret));
  const before = everythingIn(raw);

  await expect(store.replaceDigests(many(201))).rejects.toMatchObject({ name: 'StoreFault' });
  expect(everythingIn(raw)).toEqual(before);

  await store.replaceDigests(many(200));
  expect((await store.readSecret(value.lookupId))?.pepperId).not.toBe(PEPPER.id);
});

test('digests are counted by the pepper they stand under, and those of revoked tokens not at all', async () => {
  const { store } = await aStore();
  expect(await store.countByPepper()).toEqual(new Map());
  const revoked = await aStoredToken(store);
  await aShownValue(store, revoked);
  const { secret } = await aShownValue(store, await aStoredToken(store));
  await aShownValue(store, await aStoredToken(store));

  await store.replaceDigests([aFreshDigest(secret, { pepperId: NEXT.id })]);
  await store.revokeTokens([revoked.id], BY_ANN, aDelivery());

  expect(await store.countByPepper()).toEqual(
    new Map([
      [PEPPER.id, 1],
      [NEXT.id, 1],
    ]),
  );
});
