import { expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { AuditAction, AuditEvent } from '../../src/tokens/audit.ts';
import type { Token } from '../../src/tokens/token.ts';
import { aStore } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aRotation,
  aSecret,
  aStoredToken,
  aToken,
  BOB,
  BY_ANN,
  NOW,
} from './fixtures/tokens.ts';

function eventOf(token: Token, action: AuditAction, fields: Partial<AuditEvent> = {}): AuditEvent {
  return { at: NOW, actor: ANN, action, tokenId: token.id, detail: {}, ...fields };
}

async function withdrawn(store: Store, token: Token, reason: string): Promise<void> {
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());
  const event = eventOf(token, 'value.withdrawn', { actor: 'system', detail: { reason } });
  await store.withdrawSecret(secret.lookupId, { event, sayings: [] });
}

test('why the latest value was withdrawn is told, of this token alone', async () => {
  const { store } = await aStore();
  const [token, other] = [await aStoredToken(store), await aStoredToken(store)];

  await withdrawn(store, token, 'first');
  await withdrawn(store, token, 'no_dm');
  await withdrawn(store, other, 'later');

  expect(await store.lastWithdrawal(token.id)).toBe('no_dm');
  expect(await store.lastWithdrawal(aToken().id)).toBeUndefined();
});

test.for([
  ['value.shown', undefined],
  ['token.rotated', undefined],
  ['token.renewed', undefined],
  ['value.replaced', undefined],
  ['old_value.ended', 'no_dm'],
  ['token.revoked', 'no_dm'],
] as const)('a withdrawal with %s after it: %s', async ([action, reason]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  await withdrawn(store, token, 'no_dm');

  const event = eventOf(token, action, { detail: { reason: 'of another kind' } });
  await store.recordDeed(event, aDelivery());

  expect(await store.lastWithdrawal(token.id)).toBe(reason);
});

test('a history holds the events of its token alone, the latest first, as they were written', async () => {
  const { store } = await aStore();
  const [token, other] = [await aStoredToken(store), await aStoredToken(store)];
  const secret = aSecret(token);
  await store.insertSecret(secret, aRotation(), aDelivery());
  const rotated = eventOf(token, 'token.rotated', { at: NOW - 5, actor: BOB, detail: { n: 1, none: null } });
  await store.markShown(secret.lookupId, NOW, aRotation(), { event: rotated, sayings: [] });
  await store.revokeTokens([other.id], BY_ANN, aDelivery());

  const history = await store.listEvents(token.id, { page: 1, pageSize: 10 });

  expect(history).toEqual({ events: [rotated, anEffect(token.id).event], page: 1, pageCount: 1 });
});

test.for([
  ['the first', { page: 1, pageSize: 2 }, { page: 1, pageCount: 3 }, [5, 4]],
  ['the last', { page: 3, pageSize: 2 }, { page: 3, pageCount: 3 }, [1]],
  ['one beyond the last', { page: 9, pageSize: 2 }, { page: 3, pageCount: 3 }, [1]],
  ['one before the first', { page: 0, pageSize: 2 }, { page: 1, pageCount: 3 }, [5, 4]],
  ['one of all', { page: 1, pageSize: 9999 }, { page: 1, pageCount: 1 }, [5, 4, 3, 2, 1]],
] as const)('of a history of five events, %s page', async ([, request, place, instants]) => {
  const { store } = await aStore();
  const token = aToken();
  for (let i = 1; i <= 5; i++) await store.recordRefusal(eventOf(token, 'action.refused', { at: i }));

  const { events, ...rest } = await store.listEvents(token.id, request);

  expect(events.map(({ at }) => at)).toEqual(instants);
  expect(rest).toEqual(place);
});

test('a history of nothing is one empty page', async () => {
  const { store } = await aStore();

  expect(await store.listEvents(aToken().id, { page: 1, pageSize: 10 })).toEqual({
    events: [],
    page: 1,
    pageCount: 1,
  });
});
