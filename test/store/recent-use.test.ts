import { expect, test } from 'vitest';
import { HOUR_MS } from '../../src/clock.ts';
import { attentionOf } from '../../src/tokens/attention.ts';
import { REVOKED_AT_ONCE_MAX } from '../../src/tokens/store.ts';
import { isOnPostgres } from './fixtures/engines.ts';
import { aStore, everythingIn } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  aSecret,
  aShownValue,
  aStoredToken,
  aUse,
  BY_ANN,
  NOW,
  verdictOn,
  WORKSPACE,
} from './fixtures/tokens.ts';

/** The first millisecond of an hour. */
const HOUR = Math.floor(NOW / HOUR_MS) * HOUR_MS;

test.for([
  ['this hour', HOUR, 3],
  ['the 23rd hour before', HOUR - 23 * HOUR_MS, 3],
  ['the last millisecond of the hour before that', HOUR - 23 * HOUR_MS - 1, 0],
  ['two days ago', HOUR - 48 * HOUR_MS, 0],
] as const)('uses in %s count among those of a day as they should', async ([, at, count]) => {
  const { store } = await aStore();
  const { secret } = await aShownValue(store, await aStoredToken(store));

  await store.addUses([aUse(secret, { useCount: 2, lastUsedAt: at })]);
  await store.addUses([aUse(secret, { useCount: 1, lastUsedAt: at })]);

  expect(await store.usesInDay(secret.tokenId, HOUR + HOUR_MS - 1)).toBe(count);
});

test('each token has its own uses, and hours of 48 hours ago are dropped', async () => {
  const { store, raw } = await aStore();
  const [one, other] = [await aStoredToken(store), await aStoredToken(store)];
  const old = HOUR - 49 * HOUR_MS;
  await store.addUses([
    aUse(aSecret(one), { useCount: 1, lastUsedAt: NOW }),
    aUse(aSecret(other), { useCount: 5, lastUsedAt: NOW }),
    aUse(aSecret(other), { useCount: 7, lastUsedAt: old }),
  ]);

  await store.tidy(NOW);

  expect(await store.usesInDay(one.id, NOW)).toBe(1);
  expect(raw.prepare('select use_count from token_uses_by_hour order by use_count').pluck().all()).toEqual([
    1, 5,
  ]);
});

test('of the hours of 48 hours ago every one is dropped, 200 rows in a transaction, so that others may write meanwhile', async () => {
  const { store, raw } = await aStore();
  const { id } = await aStoredToken(store);
  const hour = HOUR / HOUR_MS;
  raw
    .prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < 450)
       insert into token_uses_by_hour (hour, token_id, use_count) select ? - i, ?, 1 from n`,
    )
    .run(hour, id);
  const counting = 'insert into left_rows select count(*) from token_uses_by_hour';
  raw.exec('create table left_rows (count integer)');
  raw.exec(
    isOnPostgres
      ? `create function counted() returns trigger language plpgsql as $$ begin ${counting}; return new; end $$;
         create trigger counted after insert on tokens for each row execute function counted()`
      : `create trigger counted after insert on tokens begin ${counting}; end`,
  );

  let isTidy = false;
  const tidying = store.tidy(NOW).then(() => {
    isTidy = true;
  });
  while (!isTidy) await aStoredToken(store);
  await tidying;

  expect(raw.prepare('select min(hour), count(*) from token_uses_by_hour').raw().get()).toEqual([
    hour - 48,
    48,
  ]);
  // As others saw them, who wrote in between.
  const left = raw.prepare('select distinct count from left_rows order by count desc').pluck().all();
  expect(left).toEqual(expect.arrayContaining([250, 50]));
});

test('tries with a revoked value are added up apart from uses and refusals', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  await Promise.all((await store.takeDue(NOW, 9)).map(store.settle));

  await store.addUses([aUse(secret, { triedCount: 2, lastTriedAt: NOW + 5 })]);
  await store.addUses([aUse(secret, { triedCount: 1, lastTriedAt: NOW + 2 })]);

  expect(await store.triesOf([token.id])).toEqual(
    new Map([[token.id, { count: 3, lastAt: NOW + 5, stoppedAt: null, stoppedBy: null }]]),
  );
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ useCount: 0, refusedCount: 0 });
  // Its owner hears of it, once a day.
  expect((await store.takeDue(NOW + 9, 9)).map(({ saying }) => saying)).toEqual([
    { kind: 'notice', notice: 'revoked_presented', tokenId: token.id },
  ]);
});

test('a revoked token that is said to have stopped is presented no more, until it is again', async () => {
  const { store } = await aStore();
  const [token, other] = [await aStoredToken(store), await aStoredToken(store)];
  const { secret } = await aShownValue(store, token);
  await store.revokeTokens([token.id, other.id], BY_ANN, aDelivery());
  const delivery = aDelivery();
  const presented = async (now: number) => {
    const { tokens } = await store.listByAttention(WORKSPACE, {
      ...{ owner: null, filter: 'revoked', page: 1, pageSize: 9, now },
    });
    return tokens.filter((one) => attentionOf(one, now) === 'revoked_presented').map(({ id }) => id);
  };
  await store.addUses([aUse(secret, { triedCount: 2, lastTriedAt: NOW + 5 })]);
  expect(await presented(NOW + 9)).toEqual([token.id]);

  expect(await store.closeIncident([token, other], { actor: ANN, at: NOW + 9 }, delivery)).toBe('closed');
  expect(await store.closeIncident([token, other], { actor: ANN, at: NOW + 10 }, delivery)).toBe('repeated');

  const stopped = { stoppedAt: NOW + 9, stoppedBy: ANN };
  expect(await store.triesOf([token.id, other.id])).toEqual(
    new Map([
      [token.id, { count: 2, lastAt: NOW + 5, ...stopped }],
      [other.id, { count: 0, lastAt: null, ...stopped }],
    ]),
  );
  expect(await presented(NOW + 10)).toEqual([]);
  expect((await store.countByAttention(WORKSPACE, NOW + 10)).revoked_presented).toBe(0);
  // Written late: it was presented before.
  await store.addUses([aUse(secret, { triedCount: 1, lastTriedAt: NOW + 8 })]);
  expect(await presented(NOW + 10)).toEqual([]);
  await store.addUses([aUse(secret, { triedCount: 1, lastTriedAt: NOW + 20 })]);
  expect(await presented(NOW + 20)).toEqual([token.id]);
  const { events } = await store.listEvents(other.id, { page: 1, pageSize: 9 });
  expect(events.filter(({ action }) => action === 'incident.closed')).toHaveLength(1);
});

test('several tokens are ended in one transaction, each with its event, but for those that were ended before', async () => {
  const { store, raw } = await aStore();
  const tokens = [await aStoredToken(store), await aStoredToken(store), await aStoredToken(store)];
  const values = [];
  for (const token of tokens) values.push((await aShownValue(store, token)).value);
  const [first, second, third] = tokens.map(({ id }) => id);
  if (!first || !second || !third) throw new Error('three tokens');
  await store.revokeTokens([second], { ...BY_ANN, reason: 'before' }, aDelivery());
  const delivery = aDelivery();
  const end = () => store.revokeTokens([first, second, third], BY_ANN, delivery);

  const reasons = [first, second, third].map((id) => ({
    id,
    revokedAt: NOW,
    revokeReason: id === second ? 'before' : null,
  }));
  expect(await end()).toMatchObject({ kind: 'revoked', tokens: reasons });
  expect(await end()).toMatchObject({ kind: 'repeated', tokenId: first, tokens: reasons });
  expect(await store.revokeTokens([first, second], BY_ANN, aDelivery())).toEqual({
    kind: 'already_revoked',
  });
  for (const value of values) expect(await verdictOn(store, value, NOW)).toMatchObject({ why: 'revoked' });
  expect(
    raw
      .prepare("select token_id from audit_events where action = 'token.revoked' order by sequence")
      .pluck()
      .all(),
  ).toEqual([second, first, third]);
});

test('a fault while several tokens are ended leaves all of them as they were', async () => {
  const { store, raw } = await aStore();
  const tokens = [await aStoredToken(store), await aStoredToken(store)];
  const before = everythingIn(raw);
  const isSecond = '(select count(*) from tokens where revoked_at is not null) = 1';
  raw.exec(
    isOnPostgres
      ? `create function fault() returns trigger language plpgsql as $$ begin if ${isSecond} then raise exception 'in the middle'; end if; return new; end $$;
         create trigger fault before update on tokens for each row execute function fault()`
      : `create trigger fault before update on tokens when ${isSecond} begin select raise(abort, 'in the middle'); end`,
  );

  const ending = store.revokeTokens(
    tokens.map(({ id }) => id),
    BY_ANN,
    aDelivery(),
  );

  await expect(ending).rejects.toThrow();
  expect(everythingIn(raw)).toEqual(before);
});

test('more than a hundred tokens are not ended at once', async () => {
  const { store } = await aStore();
  const { id } = await aStoredToken(store);
  const ids = Array.from({ length: REVOKED_AT_ONCE_MAX + 1 }, () => id);

  await expect(store.revokeTokens(ids, BY_ANN, aDelivery())).rejects.toThrow();
});

test.for([
  ['the beginning', 'AbCdEf', ['one']],
  ['all of it', 'AbCdEf000001', ['one']],
  ['another case', 'abcdef', []],
  ['more than it has', 'AbCdEf0000011', []],
  ['what sorts behind it', 'AbCdEfz', []],
  ['a wildcard', 'AbCdE%', []],
] as const)('a token is found by %s of a lookup id', async ([, characters, names]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { name: 'one' as never });
  const other = await aStoredToken(store);
  await store.insertSecret(aSecret(token, { lookupId: 'AbCdEf000001' }), 'first', aDelivery());
  await store.insertSecret(aSecret(other, { lookupId: 'AbCdEe000001' }), 'first', aDelivery());

  const found = await store.findByFirstCharacters(WORKSPACE, characters);

  expect(found.map(({ name }) => name)).toEqual(names);
  expect(await store.findByFirstCharacters('T2' as typeof WORKSPACE, characters)).toEqual([]);
});

test('a deed about a token is an event once a delivery, and each time without one', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const event = { at: NOW, actor: ANN, action: 'card.shared', tokenId: token.id, detail: {} } as const;
  const delivery = aDelivery();

  expect(await store.recordDeed(event, delivery)).toBe('recorded');
  expect(await store.recordDeed(event, delivery)).toBe('repeated');
  expect(await store.recordDeed(event, { keys: [] })).toBe('recorded');

  expect(raw.prepare("select count(*) from audit_events where action = 'card.shared'").pluck().get()).toBe(2);
});
