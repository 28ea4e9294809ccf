import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { aStore } from './fixtures/temp-store.ts';
import { aDelivery, anEffect, aSecret, aToken, BY_ANN, LIMITS, NOW, WORKSPACE } from './fixtures/tokens.ts';

test('a delivery that comes twice makes one token, and the second is told which', async () => {
  const { store, raw } = await aStore();
  const [first, second] = [aToken(), aToken()];
  const delivery = aDelivery('trigger 1', 'view 1');

  await store.insertToken(first, LIMITS, anEffect(first.id, { delivery }));
  const outcome = await store.insertToken(second, LIMITS, anEffect(second.id, { delivery }));

  expect(outcome).toEqual({ kind: 'repeated', tokenId: first.id });
  expect(await store.findToken(WORKSPACE, second.id)).toBeUndefined();
  expect(raw.prepare('select count(*) from audit_events').pluck().get()).toBe(1);
});

test('any one of the keys is enough, and the other keys are not kept', async () => {
  const { store, raw } = await aStore();
  const [first, second] = [aToken(), aToken()];
  await store.insertToken(first, LIMITS, anEffect(first.id, { delivery: aDelivery('trigger 1', 'view 1') }));

  const outcome = await store.insertToken(
    second,
    LIMITS,
    anEffect(second.id, { delivery: aDelivery('trigger 2', 'view 1') }),
  );

  expect(outcome).toEqual({ kind: 'repeated', tokenId: first.id });
  expect(raw.prepare('select key from deliveries order by key').pluck().all()).toEqual([
    'trigger 1',
    'view 1',
  ]);
});

test('a delivery that comes twice makes one secret and one revocation', async () => {
  const { store, raw } = await aStore();
  const [token, other] = [aToken(), aToken()];
  for (const each of [token, other]) await store.insertToken(each, LIMITS, anEffect(each.id));
  await store.insertSecret(aSecret(token), 'first', aDelivery('show'));
  await store.revokeTokens([token.id], BY_ANN, aDelivery('revoke'));

  const repeated = { kind: 'repeated', tokenId: token.id };
  expect(await store.insertSecret(aSecret(other), 'first', aDelivery('show'))).toEqual(repeated);
  expect(await store.revokeTokens([other.id], BY_ANN, aDelivery('revoke'))).toMatchObject(repeated);
  expect(raw.prepare('select count(*) from secrets').pluck().get()).toBe(1);
  expect(await store.findToken(WORKSPACE, other.id)).toMatchObject({ revokedAt: null });
});

test('of ten equal deliveries at once, one has an effect', async () => {
  const { store } = await aStore();
  const delivery = aDelivery();

  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => {
      const token = aToken();
      return store.insertToken(token, LIMITS, anEffect(token.id, { delivery }));
    }),
  );

  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['inserted', ...Array(9).fill('repeated')]);
});

test.for([
  ['one millisecond before 15 minutes', 15 * MINUTE_MS - 1, 'repeated'],
  ['after 15 minutes', 15 * MINUTE_MS, 'inserted'],
] as const)('a delivery that comes again when all was tidied %s is %s', async ([, later, kind]) => {
  const { store } = await aStore();
  const [first, second] = [aToken(), aToken()];
  const delivery = aDelivery();
  await store.insertToken(first, LIMITS, anEffect(first.id, { delivery }));

  await store.tidy(NOW + later);

  expect(await store.insertToken(second, LIMITS, anEffect(second.id, { delivery }))).toMatchObject({ kind });
});
