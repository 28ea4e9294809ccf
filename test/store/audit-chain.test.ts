import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { HOUR_MS } from '../../src/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type AuditEvent, type ChainedEvent, isChained, macOf } from '../../src/tokens/audit.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { aStore, everythingIn, PEPPER, refuse } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aSecret,
  aToken,
  BOB,
  BY_ANN,
  LIMITS,
  NOW,
  WORKSPACE,
} from './fixtures/tokens.ts';

test('the chain holds from the first event to the last, over every kind of write', async () => {
  const { store, raw } = await aStore();
  await aLife(store);

  const events = eventsIn(raw);

  expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(events.every(({ pepperId }) => pepperId === PEPPER.id)).toBe(true);
  expect(firstBreak(events)).toBeUndefined();
});

test('the chain goes on after a restart and in the writes of a second process', async () => {
  const { store, url, raw } = await aStore();
  await aLife(store);
  const second = await openStore({ url, pepper: PEPPER });

  await Promise.all([aLife(store), aLife(second)]);
  await second.close();

  expect(eventsIn(raw)).toHaveLength(18);
  expect(firstBreak(eventsIn(raw))).toBeUndefined();
});

test('the chain goes on under another pepper, and holds as long as the one before is at hand', async () => {
  const { store, url, raw } = await aStore();
  await aLife(store);
  await store.close();
  const next = pepperFrom('the pepper after that one, long enough');
  const rotated = await openStore({ url, pepper: next });

  await aLife(rotated);
  await rotated.close();

  const events = eventsIn(raw);
  expect(new Set(events.slice(6).map(({ pepperId }) => pepperId))).toEqual(new Set([next.id]));
  expect(firstBreak(events, peppersFrom(next, [PEPPER]))).toBeUndefined();
  expect(firstBreak(events, peppersFrom(next))).toBe(1);
  raw.exec('update audit_events set at = at + 1 where sequence = 6');
  expect(firstBreak(eventsIn(raw), peppersFrom(next, [PEPPER]))).toBe(6);
});

test.for([
  ['the time was changed', 'update audit_events set at = at + 1 where sequence = 3', 3],
  ['the actor was changed', "update audit_events set actor = 'UBOB' where sequence = 3", 3],
  ['the action was changed', "update audit_events set action = 'value.shown' where sequence = 2", 2],
  ['the token was changed', 'update audit_events set token_id = null where sequence = 1', 1],
  ['the detail was changed', `update audit_events set detail = '{"name":"another"}' where sequence = 6`, 6],
  ['the pepper was changed', "update audit_events set pepper_id = '00000000' where sequence = 4", 4],
  ['an event was removed', 'delete from audit_events where sequence = 3', 4],
  ['the first event was removed', 'delete from audit_events where sequence = 1', 2],
  [
    'two were exchanged',
    'update audit_events set sequence = case sequence when 2 then -3 else -2 end where sequence in (2, 3); update audit_events set sequence = -sequence where sequence < 0',
    2,
  ],
  [
    'an event was put at the end',
    'insert into audit_events select sequence + 1, at, actor, action, token_id, detail, pepper_id, mac from audit_events where sequence = 6',
    7,
  ],
] as const)('when %s, the chain breaks there', async ([, tampering, sequence]) => {
  const { store, raw } = await aStore();
  await aLife(store);

  raw.exec(tampering);

  expect(firstBreak(eventsIn(raw))).toBe(sequence);
});

test('an event that was put in between breaks the chain at the next one, even with a MAC that fits the one before', async () => {
  const { store, raw } = await aStore();
  await aLife(store);
  raw.exec('update audit_events set sequence = -sequence where sequence > 2');
  raw.exec('update audit_events set sequence = 1 - sequence where sequence < 0');
  const before = eventsIn(raw)[1];
  const forged = { ...eventOf(ANN, NOW), sequence: 3 };
  raw
    .prepare('insert into audit_events values (?, ?, ?, ?, null, ?, ?, ?)')
    .run(
      3,
      forged.at,
      forged.actor,
      forged.action,
      JSON.stringify(forged.detail),
      PEPPER.id,
      macOf(forged, before?.mac, PEPPER),
    );

  expect(firstBreak(eventsIn(raw))).toBe(4);
});

test.for([
  ['a token', (store: Store) => store.insertToken(aToken(), LIMITS, anEffect(null))],
  [
    'a value that is marked as shown',
    (store: Store, lookupId: string) => store.markShown(lookupId, NOW, 'first', anEffect(null)),
  ],
  [
    'a value that is withdrawn',
    (store: Store, lookupId: string) => store.withdrawSecret(lookupId, anEffect(null)),
  ],
  ['a revocation', (store: Store, _: string, id) => store.revokeTokens([id], BY_ANN, aDelivery())],
  [
    'a revocation of what nobody claimed',
    (store: Store, _: string, id) =>
      store.revokeTokens([id], { ...BY_ANN, onlyUnclaimed: true }, aDelivery()),
  ],
  ['a refusal', (store: Store) => store.recordRefusal(eventOf(ANN, NOW))],
] as const satisfies [
  string,
  (store: Store, lookupId: string, id: ReturnType<typeof aToken>['id']) => Promise<unknown>,
][])('without its event there is no change: %s', async ([, change]) => {
  const { store, raw } = await aStore();
  const token = aToken();
  const secret = aSecret(token);
  await store.insertToken(token, LIMITS, anEffect(token.id));
  await store.insertSecret(secret, 'first', aDelivery());
  const before = everythingIn(raw);
  const allow = refuse(raw, 'insert', 'audit_events');

  await expect(change(store, secret.lookupId, token.id)).rejects.toMatchObject({
    name: 'StoreFault',
    code: 'failed',
  });

  expect(everythingIn(raw)).toEqual(before);
  allow();
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ revokedAt: null, claimedAt: null });
  expect(await store.withdrawSecret(secret.lookupId, anEffect(token.id))).toBe(true);
});

test('ten refusals of a person and hour are events, the others a count that the end of the hour tells', async () => {
  const { store, raw } = await aStore();
  const start = Math.floor(NOW / HOUR_MS) * HOUR_MS;
  for (let i = 0; i < 13; i++) await store.recordRefusal(eventOf(ANN, start + i));
  await store.recordRefusal(eventOf(BOB, start));

  await store.tidy(start + HOUR_MS - 1);
  expect(eventsIn(raw).filter(({ actor }) => actor === ANN)).toHaveLength(10);
  expect(eventsIn(raw).filter(({ actor }) => actor === BOB)).toHaveLength(1);

  await store.tidy(start + HOUR_MS);
  await store.tidy(start + HOUR_MS);
  expect(eventsIn(raw).slice(11)).toMatchObject([
    {
      at: start + HOUR_MS,
      actor: ANN,
      action: 'refusals.counted',
      tokenId: null,
      detail: { count: 3, hour_from: start },
    },
  ]);
  expect(firstBreak(eventsIn(raw))).toBeUndefined();
});

test('the next refusal in a later hour tells the count too, and counts from one again', async () => {
  const { store, raw } = await aStore();
  const start = Math.floor(NOW / HOUR_MS) * HOUR_MS;
  for (let i = 0; i < 11; i++) await store.recordRefusal(eventOf(ANN, start));

  await store.recordRefusal(eventOf(ANN, start + 2 * HOUR_MS));
  await store.tidy(start + 9 * HOUR_MS);

  expect(eventsIn(raw).map(({ action }) => action)).toEqual([
    ...Array(10).fill('action.refused'),
    'refusals.counted',
    'action.refused',
  ]);
  expect(eventsIn(raw)[10]).toMatchObject({ detail: { count: 1, hour_from: start } });
  expect(raw.prepare('select count(*) from refusal_counts').pluck().get()).toBe(0);
});

/** Six events: created, shown, revoked; created, withdrawn, refused. */
async function aLife(store: Store): Promise<void> {
  const [token, other] = [aToken(), aToken()];
  const [secret, lost] = [aSecret(token), aSecret(other)];
  await store.insertToken(token, LIMITS, anEffect(token.id));
  await store.insertSecret(secret, 'first', aDelivery());
  await store.markShown(secret.lookupId, NOW, 'first', anEffect(token.id));
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  await store.insertToken(other, LIMITS, anEffect(other.id));
  await store.insertSecret(lost, 'first', aDelivery());
  await store.withdrawSecret(lost.lookupId, anEffect(other.id));
  await store.recordRefusal(eventOf(ANN, NOW));
}

function eventOf(actor: AuditEvent['actor'], at: number): AuditEvent {
  return {
    at,
    actor,
    action: 'action.refused',
    tokenId: null,
    detail: { attempted: 'revoke', standing: 'member' },
  };
}

function eventsIn(raw: Database.Database): ChainedEvent[] {
  const rows = raw
    .prepare(
      'select sequence, at, actor, action, token_id as "tokenId", detail, pepper_id as "pepperId", mac from audit_events order by sequence',
    )
    .all() as (ChainedEvent & { detail: string })[];
  return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
}

/** The sequence of the first event that does not follow upon the one before. */
function firstBreak(events: readonly ChainedEvent[], peppers = peppersFrom(PEPPER)): number | undefined {
  return events.find((event, i) => !isChained(event, events[i - 1]?.mac, peppers))?.sequence;
}
