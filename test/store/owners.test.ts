import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { DueOwner } from '../../src/tokens/leavers.ts';
import type { PersonId, WorkspaceId } from '../../src/tokens/token.ts';
import { aStore, everythingIn } from './fixtures/temp-store.ts';
import { ANN, aDelivery, aStoredToken, BOB, BY_ANN, NOW, WORKSPACE } from './fixtures/tokens.ts';

const DUE = NOW + DAY_MS;

test.for([
  ['a millisecond before a day has passed, not', DUE - 1, undefined],
  ['when a day has passed', DUE, ANN],
] as const)('the owner of a new token is due: %s', async ([, now, person]) => {
  const { store } = await aStore();
  await aStoredToken(store);

  expect((await store.ownerToLookUp(WORKSPACE, now))?.person).toBe(person);
});

test('an owner has one row, and is due by their first token, however many they have', async () => {
  const { store, raw } = await aStore();
  for (const createdAt of [NOW, NOW + 5, NOW + 9]) await aStoredToken(store, { createdAt });

  expect(raw.prepare('select * from owners').all()).toEqual([
    { workspace: WORKSPACE, person: ANN, look_up_at: DUE, gone_at: null, is_suspected: 0, is_barred: 0 },
  ]);
});

test('a token that is refused notes no owner', async () => {
  const { store, raw } = await aStore();
  const { name, nameKey } = await aStoredToken(store);

  await aStoredToken(store, { name, nameKey, owner: BOB });

  expect(raw.prepare('select person from owners').pluck().all()).toEqual([ANN]);
});

test('who has been due longest comes first, and nobody of another workspace', async () => {
  const { store } = await aStore();
  await aStoredToken(store, { owner: ANN, createdAt: NOW + 1 });
  await aStoredToken(store, { owner: BOB });
  await aStoredToken(store, { owner: 'UCEM' as PersonId, workspace: 'T2' as WorkspaceId, createdAt: 0 });

  expect(await store.ownerToLookUp(WORKSPACE, DUE + 9)).toEqual({
    workspace: WORKSPACE,
    person: BOB,
    lookUpAt: DUE,
    goneAt: null,
    isBarred: false,
    isSuspected: false,
    hasLiveTokens: true,
  });
});

test.for([
  ['an active token', {}, true],
  ['an unclaimed token', { claimedAt: null }, true],
  ['a token that expires a millisecond later', { expiresAt: DUE + 1 }, true],
  ['a token that expires at this instant', { expiresAt: DUE }, false],
  ['a revoked token', { revokedAt: NOW, revokedBy: ANN }, false],
] as const)('an owner of %s alone has live tokens: %o', async ([, fields, hasLiveTokens]) => {
  const { store } = await aStore();
  await aStoredToken(store, { claimedAt: NOW, ...fields });

  expect(await store.ownerToLookUp(WORKSPACE, DUE)).toMatchObject({ hasLiveTokens });
});

test.for([
  ['who is said to be gone', true, null, NOW, 1],
  ['who is known to be gone, and may be back', false, NOW - 5, NOW, 1],
  ['of whom nothing is known or said', false, null, DUE, 0],
] as const)('an owner %s comes to be due so', async ([, isSaidGone, goneAt, lookUpAt, isSuspected]) => {
  const { store, raw } = await aStore();
  await aStoredToken(store);
  raw.prepare('update owners set gone_at = ?').run(goneAt);

  await store.suspectOwner(WORKSPACE, ANN, { isSaidGone, at: NOW });

  expect(raw.prepare('select look_up_at, gone_at, is_suspected from owners').get()).toEqual({
    look_up_at: lookUpAt,
    gone_at: goneAt,
    is_suspected: isSuspected,
  });
});

test.for([
  ['said to be gone', true],
  ['due by the clock', false],
] as const)(
  'an owner who is being asked about, being %s, comes to be asked about once more, whatever is said of them',
  async ([, isSaidGone]) => {
    const { store } = await aStore();
    await aStoredToken(store);
    if (isSaidGone) await store.suspectOwner(WORKSPACE, ANN, { isSaidGone, at: DUE });
    const owner = await store.ownerToLookUp(WORKSPACE, DUE);
    if (owner === undefined) throw new Error('nobody is due');

    await store.suspectOwner(WORKSPACE, ANN, { isSaidGone: false, at: DUE });
    await store.noteOwner(owner, { ...owner, lookUpAt: DUE + DAY_MS, isSuspected: false });

    expect(await store.ownerToLookUp(WORKSPACE, DUE)).toEqual({ ...owner, lookUpAt: owner.lookUpAt - 1 });
  },
);

test('who was just said to be gone comes before everybody who is due by the clock', async () => {
  const { store } = await aStore();
  await aStoredToken(store, { owner: BOB });
  await aStoredToken(store, { owner: ANN, createdAt: NOW + DAY_MS });

  await store.suspectOwner(WORKSPACE, ANN, { isSaidGone: true, at: DUE + 5 });

  const owner = await store.ownerToLookUp(WORKSPACE, DUE + 5);
  expect(owner).toMatchObject({ person: ANN, isSuspected: true });
  // Slack did not answer: the others come meanwhile, and after a while this one before them again.
  await store.noteOwner(owner as DueOwner, { lookUpAt: DUE + 9, goneAt: null, isSuspected: true });
  expect(await store.ownerToLookUp(WORKSPACE, DUE + 8)).toMatchObject({ person: BOB });
  expect(await store.ownerToLookUp(WORKSPACE, DUE + 9)).toMatchObject({ person: ANN });
});

test('who is due loses no place by whatever Slack tells of them, and wins none unless they may be gone', async () => {
  const { store } = await aStore();
  await aStoredToken(store, { owner: ANN, createdAt: NOW });
  await aStoredToken(store, { owner: BOB, createdAt: NOW - 5 });
  await store.suspectOwner(WORKSPACE, ANN, { isSaidGone: false, at: DUE + 9 });
  expect(await store.ownerToLookUp(WORKSPACE, DUE + 9)).toMatchObject({ person: BOB });

  await store.suspectOwner(WORKSPACE, BOB, { isSaidGone: false, at: DUE + 9 });

  expect(await store.ownerToLookUp(WORKSPACE, DUE + 9)).toMatchObject({ person: BOB, isSuspected: false });
});

test.for([
  ['somebody without tokens', WORKSPACE, BOB],
  ['an owner in another workspace', 'T2' as WorkspaceId, ANN],
] as const)('nothing is written when %s is said to be gone', async ([, workspace, person]) => {
  const { store, raw } = await aStore();
  await aStoredToken(store);
  const before = everythingIn(raw);

  await store.suspectOwner(workspace, person, { isSaidGone: true, at: NOW });

  expect(everythingIn(raw)).toEqual(before);
});

test('what came of it is noted, and nothing of it when the owner came to be due anew meanwhile', async () => {
  const { store, raw } = await aStore();
  await aStoredToken(store);
  const owner = await store.ownerToLookUp(WORKSPACE, DUE);
  if (owner === undefined) throw new Error('nobody is due');

  await store.suspectOwner(WORKSPACE, ANN, { isSaidGone: true, at: DUE + 1 });
  await store.noteOwner(owner, { lookUpAt: DUE + DAY_MS, goneAt: null, isSuspected: false });
  const again = await store.ownerToLookUp(WORKSPACE, DUE);
  expect(again).toEqual({ ...owner, lookUpAt: DUE - 1, isSuspected: true });
  await store.noteOwner(again as DueOwner, { lookUpAt: DUE + DAY_MS, goneAt: DUE, isSuspected: false });

  expect(raw.prepare('select look_up_at, gone_at from owners').raw().get()).toEqual([DUE + DAY_MS, DUE]);
});

test('a token tells since when its owner is gone, wherever it is read, and nobody else’s does', async () => {
  const { store } = await aStore();
  const { id, name, nameKey } = await aStoredToken(store);
  const other = await aStoredToken(store, { owner: BOB });
  const owner = (await store.ownerToLookUp(WORKSPACE, DUE)) as DueOwner;
  await store.noteOwner(owner, { lookUpAt: DUE, goneAt: NOW + 7, isSuspected: false });
  const list = { owner: ANN, filter: 'all', page: 1, pageSize: 9, now: NOW } as const;

  const found = [
    await store.findToken(WORKSPACE, id),
    await store.findTokenByName(WORKSPACE, nameKey),
    ...(await store.listTokens(WORKSPACE, list)).tokens,
    ...(await store.searchTokens(WORKSPACE, { owner: ANN, text: name, among: 'all', now: NOW })),
  ];

  expect(found.map((token) => token?.ownerGoneAt)).toEqual(Array(4).fill(NOW + 7));
  expect(await store.findToken(WORKSPACE, other.id)).toMatchObject({ ownerGoneAt: null });
});

test('a new token of somebody who was gone changes nothing of what is known', async () => {
  const { store, raw } = await aStore();
  await aStoredToken(store);
  raw.prepare('update owners set gone_at = ?').run(NOW);
  const before = raw.prepare('select * from owners').all();

  const { id } = await aStoredToken(store, { createdAt: NOW + 5 });
  await store.revokeTokens([id], BY_ANN, aDelivery());

  expect(raw.prepare('select * from owners').all()).toEqual(before);
});
