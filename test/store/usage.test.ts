import { expect, test } from 'vitest';
import { aStore } from './fixtures/temp-store.ts';
import {
  ANN,
  aRotation,
  aShownValue,
  aStoredToken,
  aToken,
  aUse,
  NOW,
  WORKSPACE,
} from './fixtures/tokens.ts';

test('uses and refusals are added up and the latest of each counts, in whatever order they come', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);

  await store.addUses([
    aUse(secret, { lastUsedAt: NOW + 5, useCount: 3, lastRefusedAt: NOW + 1, refusedCount: 1 }),
  ]);
  await store.addUses([
    aUse(secret, { lastUsedAt: NOW + 2, useCount: 4, lastRefusedAt: NOW + 6, refusedCount: 2 }),
  ]);

  const usage = { lastUsedAt: NOW + 5, useCount: 7, lastRefusedAt: NOW + 6, refusedCount: 3 };
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject(usage);
  const list = { owner: ANN, filter: 'all', page: 1, pageSize: 9, now: NOW } as const;
  expect((await store.listTokens(WORKSPACE, list)).tokens).toMatchObject([usage]);
  expect(await store.liveValues(token.id, NOW)).toMatchObject([{ lastUsedAt: NOW + 5 }]);
});

test('a token that was refused before it was ever used was never used', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);

  await store.addUses([aUse(secret, { lastRefusedAt: NOW, refusedCount: 1 })]);
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
    lastUsedAt: null,
    useCount: 0,
    lastRefusedAt: NOW,
    refusedCount: 1,
  });
  expect(await store.liveValues(token.id, NOW)).toMatchObject([{ lastUsedAt: null }]);

  await store.addUses([aUse(secret, { lastUsedAt: NOW + 1, useCount: 1 })]);
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
    lastUsedAt: NOW + 1,
    lastRefusedAt: NOW,
  });
});

test('the uses of old and new value are those of their token, and each has its own last one', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: NOW + 99 }));

  await store.addUses([
    aUse(fresh.secret, { lastUsedAt: NOW + 9, useCount: 1 }),
    aUse(old.secret, { lastUsedAt: NOW + 4, useCount: 2 }),
  ]);

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ lastUsedAt: NOW + 9, useCount: 3 });
  expect(await store.liveValues(token.id, NOW)).toMatchObject([
    { lastUsedAt: NOW + 9 },
    { lastUsedAt: NOW + 4 },
  ]);
});

test('the last five addresses are kept, each once, the latest first', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  const used = (lastUsedAt: number, ...addresses: string[]) =>
    store.addUses([aUse(secret, { lastUsedAt, useCount: 1, addresses })]);
  const addresses = async () => (await store.findToken(WORKSPACE, token.id))?.addresses;

  await used(NOW, 'a', 'b', 'c');
  await used(NOW + 2, 'd', 'b');
  expect(await addresses()).toEqual(['d', 'b', 'a', 'c']);
  await used(NOW + 1, 'a', 'e', 'f');
  expect(await addresses()).toEqual(['d', 'b', 'a', 'c', 'e']);
  await used(NOW + 3, 'g', 'h', 'i', 'j', 'k', 'l');
  expect(await addresses()).toEqual(['g', 'h', 'i', 'j', 'k']);
});

test('the use of a value that was withdrawn since is written like any other', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);

  await store.addUses([
    aUse({ tokenId: token.id, lookupId: '000000000000' }, { lastUsedAt: NOW, useCount: 1 }),
  ]);

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ lastUsedAt: NOW, useCount: 1 });
});

test('201 uses in one transaction are refused, and none of them is written', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  const uses = Array.from({ length: 201 }, () => aUse(secret, { lastUsedAt: NOW, useCount: 1 }));

  await expect(store.addUses(uses)).rejects.toMatchObject({ name: 'StoreFault' });
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ useCount: 0 });

  await store.addUses(uses.slice(1));
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ useCount: 200 });
});

test('uses of which one is of no token are refused as a whole', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  const nobodys = { tokenId: aToken().id, lookupId: secret.lookupId };

  const adding = store.addUses([secret, nobodys].map((of) => aUse(of, { lastUsedAt: NOW, useCount: 1 })));

  await expect(adding).rejects.toMatchObject({ name: 'StoreFault', code: 'failed' });
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ useCount: 0 });
});
