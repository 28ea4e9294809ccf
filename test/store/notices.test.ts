import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Store } from '../../src/store/store.ts';
import type { Notice, NoticeKind } from '../../src/tokens/telling.ts';
import type { Token, TokenId } from '../../src/tokens/token.ts';
import { aStore, refuse } from './fixtures/temp-store.ts';
import {
  aDelivery,
  anEffect,
  aRotation,
  aSecret,
  aShownValue,
  aStoredToken,
  aToken,
  aUse,
  BOB,
  BY_ANN,
  LIMITS,
  NOW,
} from './fixtures/tokens.ts';

const WEEK: Notice = { kind: 'expires_in_7_days', dueAt: NOW + DAY_MS };
const TOMORROW: Notice = { kind: 'expires_tomorrow', dueAt: NOW + 7 * DAY_MS };
const EXPIRES_AT = NOW + 8 * DAY_MS;

async function aNoticedToken(
  store: Store,
  notices: readonly Notice[] = [WEEK, TOMORROW],
  fields: Partial<Token> = {},
): Promise<Token> {
  const token = aToken({ expiresAt: EXPIRES_AT, ...fields });
  await store.insertToken(token, LIMITS, anEffect(token.id, { notices }));
  return token;
}

/** What was sent by `now`, taken out of the outbox. */
async function sentAt(store: Store, now: number): Promise<(readonly [NoticeKind, TokenId])[]> {
  await store.sendNotices(now);
  const due = (await store.takeDue(now, 200)).filter(({ saying }) => saying.kind === 'notice');
  for (const each of due) await store.settle(each);
  return due.flatMap(({ saying }) =>
    saying.kind === 'notice' ? [[saying.notice, saying.tokenId] as const] : [],
  );
}

test.for([
  ['one millisecond before it is due', WEEK.dueAt - 1, 0],
  ['at the very instant it is due', WEEK.dueAt, 1],
] as const)('a notice %s', async ([, now, count]) => {
  const { store } = await aStore();
  const { id } = await aNoticedToken(store);

  expect(await sentAt(store, now)).toEqual(Array(count).fill([WEEK.kind, id]));
});

test('each notice is sent once, however often it is asked for', async () => {
  const { store } = await aStore();
  const { id } = await aNoticedToken(store);

  expect(await sentAt(store, WEEK.dueAt)).toEqual([[WEEK.kind, id]]);
  expect(await sentAt(store, WEEK.dueAt)).toEqual([]);
  expect(await sentAt(store, TOMORROW.dueAt)).toEqual([[TOMORROW.kind, id]]);
  expect(await sentAt(store, EXPIRES_AT - 1)).toEqual([]);
});

test('of several that are due the most urgent one is sent, and the others never', async () => {
  const { store } = await aStore();
  const { id } = await aNoticedToken(store);
  const other = await aNoticedToken(store, [WEEK]);

  const sent = await sentAt(store, TOMORROW.dueAt);

  expect(new Map(sent.map(([kind, tokenId]) => [tokenId, kind]))).toEqual(
    new Map([
      [id, TOMORROW.kind],
      [other.id, WEEK.kind],
    ]),
  );
  expect(sent).toHaveLength(2);
  expect(await sentAt(store, EXPIRES_AT - 1)).toEqual([]);
});

test.for([
  ['expired', EXPIRES_AT, async () => undefined],
  ['revoked', TOMORROW.dueAt, (store: Store, { id }: Token) => store.revokeTokens([id], BY_ANN, aDelivery())],
  ['rotated', TOMORROW.dueAt, (store: Store, token: Token) => aShownValue(store, token, aRotation())],
] as const satisfies [string, number, (store: Store, token: Token) => Promise<unknown>][])(
  'the notices of a token that is %s by then are dropped',
  async ([, now, end]) => {
    const { store, raw } = await aStore();
    const token = await aNoticedToken(store);

    await end(store, token);

    expect(await sentAt(store, now)).toEqual([]);
    expect(raw.prepare('select count(*) from notices').pluck().get()).toBe(0);
  },
);

test('a rotation brings the notices of its own generation, those that were sent before among them', async () => {
  const { store } = await aStore();
  const token = await aNoticedToken(store);
  await aShownValue(store, token);
  expect(await sentAt(store, WEEK.dueAt)).toHaveLength(1);
  const rotation = aRotation({ expiresAt: NOW + 90 * DAY_MS });
  const secret = aSecret(token);
  await store.insertSecret(secret, rotation, aDelivery());
  const later = { ...WEEK, dueAt: NOW + 83 * DAY_MS };

  await store.markShown(secret.lookupId, NOW, rotation, anEffect(token.id, { notices: [later] }));

  expect(await sentAt(store, later.dueAt - 1)).toEqual([]);
  expect(await sentAt(store, later.dueAt)).toEqual([[WEEK.kind, token.id]]);
});

test('the first showing notes what creation noted before, without repeating what was sent', async () => {
  const { store } = await aStore();
  const token = await aNoticedToken(store);
  expect(await sentAt(store, WEEK.dueAt)).toHaveLength(1);
  const secret = aSecret(token);
  await store.insertSecret(secret, 'first', aDelivery());

  const effect = anEffect(token.id, { notices: [WEEK, { ...TOMORROW, dueAt: TOMORROW.dueAt + 1 }] });
  await store.markShown(secret.lookupId, NOW, 'first', effect);

  expect(await sentAt(store, TOMORROW.dueAt)).toEqual([]);
  expect(await sentAt(store, TOMORROW.dueAt + 1)).toEqual([[TOMORROW.kind, token.id]]);
});

test('what is not shown leaves the notices as they were', async () => {
  const { store } = await aStore();
  const token = await aNoticedToken(store);

  await store.markShown('000000000000', NOW, aRotation(), anEffect(token.id, { notices: [] }));

  expect(await sentAt(store, WEEK.dueAt)).toHaveLength(1);
});

test('a reminder that is to come is moved, and after it was sent another one can be asked for', async () => {
  const { store } = await aStore();
  const { id } = await aStoredToken(store);
  const remind = (dueAt: number) => store.remind(id, { kind: 'reminder', dueAt }, aDelivery());

  expect(await remind(NOW + 10)).toBe(NOW + 10);
  await remind(NOW + 20);
  expect(await sentAt(store, NOW + 19)).toEqual([]);
  expect(await sentAt(store, NOW + 20)).toEqual([['reminder', id]]);
  await remind(NOW + 30);
  expect(await sentAt(store, NOW + 30)).toEqual([['reminder', id]]);
});

test('a reminder that is delivered twice is noted once, and both times said to be due when it is', async () => {
  const { store } = await aStore();
  const { id } = await aStoredToken(store);
  const delivery = aDelivery();
  await store.remind(id, { kind: 'reminder', dueAt: NOW + 10 }, delivery);

  const dueAt = await store.remind(id, { kind: 'reminder', dueAt: NOW + 20 }, delivery);

  expect(dueAt).toBe(NOW + 10);
  expect(await sentAt(store, NOW + 10)).toHaveLength(1);
});

test('450 notices that are due at once are all sent, in transactions of 200', async () => {
  const { store, raw } = await aStore();
  const ids: TokenId[] = [];
  for (let i = 0; i < 225; i++) ids.push((await aNoticedToken(store)).id);

  await store.sendNotices(TOMORROW.dueAt);

  const keys = raw.prepare('select key from outbox').pluck().all();
  expect(keys.sort()).toEqual(ids.map((id) => `notice:${TOMORROW.kind}:${id}`).sort());
  expect(raw.prepare('select count(*) from notices where sent_at is null').pluck().get()).toBe(0);
});

test('a notice that cannot be put into the outbox is not marked as sent', async () => {
  const { store, raw } = await aStore();
  await aNoticedToken(store);
  const allow = refuse(raw, 'insert', 'outbox');

  await expect(store.sendNotices(WEEK.dueAt)).rejects.toMatchObject({ name: 'StoreFault' });
  allow();

  expect(await sentAt(store, WEEK.dueAt)).toHaveLength(1);
});

const DAY_START = Math.ceil(NOW / DAY_MS) * DAY_MS;

test.for([
  ['on the same UTC day, once', DAY_START, DAY_START + DAY_MS - 1, 1],
  ['on two UTC days, twice', DAY_START + DAY_MS - 1, DAY_START + DAY_MS, 2],
  ['of a day before that comes later, once', DAY_START + DAY_MS, DAY_START, 1],
] as const)('a value that is presented after its end twice %s', async ([, first, second, count]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW });
  const { secret } = await aShownValue(store, token, 'first', NOW - 1);
  let notices = 0;

  for (const lastRefusedAt of [first, second]) {
    await store.addUses([aUse(secret, { refusedCount: 20, lastRefusedAt })]);
    notices += (await sentAt(store, DAY_START + 9 * DAY_MS)).length;
  }

  expect(notices).toBe(count);
});

test.for([
  ['when a newer value is honoured', 0, NOW, 'retired_presented'],
  ['when the newer one has ended too', 0, EXPIRES_AT, 'dead_presented'],
  ['when it is the newest', 1, EXPIRES_AT, 'dead_presented'],
] as const)('a value that is presented after its end %s', async ([, which, lastRefusedAt, kind]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: EXPIRES_AT });
  const old = await aShownValue(store, token);
  const fresh = await aShownValue(store, token, aRotation({ expiresAt: EXPIRES_AT, graceEndsAt: NOW }));
  const { secret } = which === 0 ? old : fresh;

  await store.addUses([aUse(secret, { refusedCount: 1, lastRefusedAt })]);

  expect(await store.takeDue(lastRefusedAt, 9)).toMatchObject([
    { key: `notice:${kind}:${token.id}`, saying: { kind: 'notice', notice: kind, tokenId: token.id } },
  ]);
});

test('a rotation does not let a second notice of the day pass', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  await aShownValue(store, token, aRotation());
  const present = () => store.addUses([aUse(old.secret, { refusedCount: 1, lastRefusedAt: NOW })]);
  await present();
  expect(await sentAt(store, NOW)).toHaveLength(1);

  await aShownValue(store, token, aRotation({ generation: 1 }));
  await present();

  expect(await sentAt(store, NOW)).toEqual([]);
});

test.for([
  ['on the same UTC day, once', DAY_START, DAY_START + DAY_MS - 1, 1],
  ['on two UTC days, twice', DAY_START + DAY_MS - 1, DAY_START + DAY_MS, 2],
] as const)('a value of a revoked token that is presented twice %s', async ([, first, second, count]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const { secret } = await aShownValue(store, token);
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  const sent: unknown[] = [];

  for (const lastTriedAt of [first, second]) {
    await store.addUses([aUse(secret, { triedCount: 20, lastTriedAt })]);
    sent.push(...(await sentAt(store, DAY_START + 9 * DAY_MS)));
  }

  expect(sent).toEqual(Array(count).fill(['revoked_presented', token.id]));
});

test('of more than ten of their revoked tokens in a day nobody is told, whatever is presented; the next day they are', async () => {
  const { store } = await aStore();
  const secrets: { tokenId: TokenId; lookupId: string }[] = [];
  for (let number = 0; number < 12; number++) {
    const token = await aStoredToken(store);
    secrets.push((await aShownValue(store, token)).secret);
    await store.revokeTokens([token.id], BY_ANN, aDelivery());
  }
  const others = await aStoredToken(store, { owner: BOB });
  secrets.push((await aShownValue(store, others)).secret);
  await store.revokeTokens([others.id], BY_ANN, aDelivery());
  const present = (lastTriedAt: number) =>
    store.addUses(secrets.map((secret) => aUse(secret, { triedCount: 1, lastTriedAt })));

  await present(DAY_START);
  const told = (await sentAt(store, DAY_START)).map(([, id]) => id);
  await present(DAY_START + DAY_MS);

  expect(told).toHaveLength(11);
  expect(told).toContain(others.id);
  expect(await sentAt(store, DAY_START + DAY_MS)).toHaveLength(11);
});
