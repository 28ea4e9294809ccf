import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type Rotation, SHOWING_MS_MAX } from '../../src/tokens/store.ts';
import type { Token } from '../../src/tokens/token.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { aStore, everythingIn, PEPPER, refuse } from './fixtures/temp-store.ts';
import {
  aDelivery,
  anEffect,
  aRotation,
  aSecret,
  aShownValue,
  aStoredToken,
  aToken,
  aUse,
  BY_ANN,
  NOW,
  verdictOn,
  WORKSPACE,
} from './fixtures/tokens.ts';

const GRACE_ENDS = NOW + DAY_MS;

test('a rotation honours the new value and, until the grace ends, the old one', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW + 30 * DAY_MS });
  const old = await aShownValue(store, token);
  const rotation = aRotation({ expiresAt: NOW + 90 * DAY_MS, graceEndsAt: GRACE_ENDS });

  const fresh = await aShownValue(store, token, rotation, NOW + 5);

  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
    generation: 1,
    expiresAt: NOW + 90 * DAY_MS,
    claimedAt: NOW,
  });
  const kinds = (at: number) =>
    Promise.all([old, fresh].map(async ({ value }) => (await verdictOn(store, value, at)).kind));
  expect(await kinds(GRACE_ENDS - 1)).toEqual(['good', 'good']);
  expect(await kinds(GRACE_ENDS)).toEqual(['bad', 'good']);
  expect(await verdictOn(store, old.value, GRACE_ENDS)).toMatchObject({ why: 'ended' });
  expect(await kinds(NOW + 90 * DAY_MS)).toEqual(['bad', 'bad']);
});

test('the values that stand are those that are honoured and, of a revoked token, those that were until then', async () => {
  const { store } = await aStore();
  const [token, revoked, unshown] = [
    await aStoredToken(store),
    await aStoredToken(store),
    await aStoredToken(store),
  ];
  const ids = [token.id, revoked.id, unshown.id];
  const old = await aShownValue(store, token);
  const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }), NOW + 5);
  const retired = await aShownValue(store, revoked);
  const latest = await aShownValue(store, revoked, aRotation({ graceEndsAt: NOW + 5 }), NOW + 5);
  await store.insertSecret(aSecret(unshown), 'first', aDelivery());
  await store.revokeTokens([revoked.id], { ...BY_ANN, at: NOW + 9 }, aDelivery());

  const at = async (now: number) =>
    new Map([...(await store.standingValues(ids, now))].map(([id, values]) => [id, new Set(values)]));
  const lookupIds = (...made: { secret: { lookupId: string } }[]) =>
    new Set(made.map(({ secret }) => secret.lookupId));

  expect(retired.secret.lookupId).not.toBe(latest.secret.lookupId);
  expect(await at(GRACE_ENDS - 1)).toEqual(
    new Map([
      [token.id, lookupIds(old, fresh)],
      [revoked.id, lookupIds(latest)],
    ]),
  );
  expect(await at(GRACE_ENDS)).toEqual(
    new Map([
      [token.id, lookupIds(fresh)],
      [revoked.id, lookupIds(latest)],
    ]),
  );
});

test.for([
  ['the end of the grace', null, GRACE_ENDS, null, GRACE_ENDS],
  ['the end of the grace, before its own', NOW + 9 * DAY_MS, GRACE_ENDS, null, GRACE_ENDS],
  ['its own end, before that of the grace', NOW + HOUR_MS, GRACE_ENDS, NOW + 9 * DAY_MS, NOW + HOUR_MS],
  ['the token’s new end, before that of the grace', null, GRACE_ENDS, NOW + HOUR_MS, NOW + HOUR_MS],
  ['once, when there is no grace', NOW + DAY_MS, NOW, null, NOW],
] as const)('an old value ends at %s', async ([, expiresAt, graceEndsAt, newExpiresAt, end]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt });
  const old = await aShownValue(store, token);

  await aShownValue(store, token, aRotation({ expiresAt: newExpiresAt, graceEndsAt }));

  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: end });
});

test('a rotation during a grace ends the oldest value at once', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const first = await aShownValue(store, token);
  const second = await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }), NOW + 10);

  await aShownValue(store, token, aRotation({ generation: 1, graceEndsAt: GRACE_ENDS + 20 }), NOW + 20);

  expect(await store.readSecret(first.secret.lookupId)).toMatchObject({ endsAt: NOW + 20 });
  expect(await store.readSecret(second.secret.lookupId)).toMatchObject({ endsAt: GRACE_ENDS + 20 });
  expect(await store.liveValues(token.id, NOW + 20)).toEqual([
    { shownAt: NOW + 20, endsAt: null, lastUsedAt: null },
    { shownAt: NOW + 10, endsAt: GRACE_ENDS + 20, lastUsedAt: null },
  ]);
});

test('a value that replaces the newest one ends that, and leaves the grace of the one before as it is', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const [old, unseen] = [
    await aShownValue(store, token),
    await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS })),
  ];

  // A grace, where one is asked for by mistake, would honour three.
  const replacement = aRotation({ generation: 1, graceEndsAt: GRACE_ENDS, endsOlder: false });
  await aShownValue(store, token, replacement, NOW + 5);

  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: GRACE_ENDS });
  expect(await store.readSecret(unseen.secret.lookupId)).toMatchObject({ endsAt: NOW + 5 });
  expect(await store.liveValues(token.id, NOW + 5)).toHaveLength(2);
});

test('no value outlives its token, the replaced one’s predecessor included', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }));
  const expiresAt = NOW + HOUR_MS;

  await aShownValue(store, token, aRotation({ generation: 1, expiresAt, endsOlder: false }));

  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: expiresAt });
});

test('a clock that was turned back does not make an old value the newest', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);

  const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }), NOW - HOUR_MS);
  await store.endOldValues(token.id, NOW, anEffect(token.id));

  expect(await verdictOn(store, old.value, NOW)).toMatchObject({ why: 'ended' });
  expect(await verdictOn(store, fresh.value, NOW)).toMatchObject({ kind: 'good' });
});

test('an expired token is renewed, and its old value stays ended since then', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW + HOUR_MS });
  const old = await aShownValue(store, token);
  const later = NOW + DAY_MS;

  const fresh = await aShownValue(
    store,
    token,
    aRotation({ expiresAt: later + DAY_MS, graceEndsAt: later + DAY_MS }),
    later,
  );

  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: NOW + HOUR_MS });
  expect(await verdictOn(store, fresh.value, later)).toMatchObject({ kind: 'good' });
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({
    generation: 1,
    expiresAt: later + DAY_MS,
  });
});

test.for([
  ['while the first value is being shown', {}, aRotation(), 'already_shown'],
  ['from another generation', { generation: 2 }, aRotation({ generation: 1 }), 'already_shown'],
  ['of a revoked token', { revokedAt: NOW, revokedBy: 'system' }, aRotation(), 'ended'],
] as const)('a new value %s: %s', async ([, fields, rotation, kind]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store, fields);
  await store.insertSecret(aSecret(token), 'first', aDelivery());
  const secret = aSecret(token);

  expect(await store.insertSecret(secret, rotation, aDelivery())).toEqual({ kind });

  expect(await store.readSecret(secret.lookupId)).toBeUndefined();
});

test('of ten rotations at once, on two connections, one wins and the others change nothing', async () => {
  const { store, url } = await aStore();
  const second = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => second.close());
  const token = await aStoredToken(store);
  await aShownValue(store, token);

  const outcomes = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const by = i % 2 === 0 ? store : second;
      const secret = aSecret(token);
      const { kind } = await by.insertSecret(secret, aRotation(), aDelivery());
      const marked = await by.markShown(secret.lookupId, NOW, aRotation(), anEffect(token.id));
      return `${kind} ${marked.kind}`;
    }),
  );

  expect(outcomes.sort()).toEqual([...Array(9).fill('already_shown changed_meanwhile'), 'inserted shown']);
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ generation: 1 });
  expect(await store.liveValues(token.id, NOW)).toHaveLength(1);
});

test('a rotation that was overtaken while Slack was slow changes nothing', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  const [slow, quick] = [aSecret(token), aSecret(token, { createdAt: NOW + SHOWING_MS_MAX })];
  await store.insertSecret(slow, aRotation(), aDelivery());
  await store.insertSecret(quick, aRotation({ graceEndsAt: GRACE_ENDS }), aDelivery());
  const at = NOW + SHOWING_MS_MAX;
  await store.markShown(quick.lookupId, at, aRotation({ graceEndsAt: GRACE_ENDS }), anEffect(token.id));

  expect(await store.markShown(slow.lookupId, at, aRotation(), anEffect(token.id))).toEqual({
    kind: 'changed_meanwhile',
  });

  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: GRACE_ENDS });
  expect(await store.liveValues(token.id, at)).toHaveLength(2);
});

test.for([
  ['its token was revoked meanwhile', aRotation(), true],
  ['it was made for another generation', aRotation({ generation: 1 }), false],
  ['it was made for a rotation and is marked as a first one', 'first', false],
] as const)('a value is not shown, and nothing changes, when %s', async ([, purpose, isRevoked]) => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  const secret = aSecret(token);
  await store.insertSecret(secret, aRotation(), aDelivery());
  if (isRevoked) await store.revokeTokens([token.id], BY_ANN, aDelivery());
  const events = raw.prepare('select count(*) from audit_events').pluck();
  const before = events.get();

  expect(await store.markShown(secret.lookupId, NOW, purpose, anEffect(token.id))).toEqual({
    kind: 'changed_meanwhile',
  });

  expect(await store.readSecret(secret.lookupId)).toMatchObject({ shownAt: null });
  expect(await store.readSecret(old.secret.lookupId)).toMatchObject({ endsAt: null });
  expect(await store.findToken(WORKSPACE, token.id)).toMatchObject({ generation: 0 });
  expect(events.get()).toBe(before);
});

test('a rotation whose value was withdrawn leaves the token as it was', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: NOW + DAY_MS });
  const old = await aShownValue(store, token);
  const before = await store.findToken(WORKSPACE, token.id);
  const secret = aSecret(token);
  await store.insertSecret(secret, aRotation(), aDelivery());

  expect(await store.withdrawSecret(secret.lookupId, anEffect(token.id))).toBe(true);

  expect(await store.findToken(WORKSPACE, token.id)).toEqual(before);
  expect(await verdictOn(store, old.value, NOW + DAY_MS - 1)).toMatchObject({ kind: 'good' });
});

test.for([
  ['the new value’s showing', 'update of shown_at', 'secrets'],
  ['the old value’s end', 'update of ends_at', 'secrets'],
  ['the token’s new generation', 'update of generation', 'tokens'],
  ['the end of the notices before', 'delete', 'notices'],
  ['its event', 'insert', 'audit_events'],
  ['what is to be said', 'insert', 'outbox'],
  ['the notices to come', 'insert', 'notices'],
] as const)('a rotation that breaks at %s changes nothing', async ([, operation, table]) => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  await store.remind(token.id, { kind: 'reminder', dueAt: GRACE_ENDS }, aDelivery());
  const rotation = aRotation({ expiresAt: GRACE_ENDS + 1, graceEndsAt: GRACE_ENDS });
  const secret = aSecret(token);
  await store.insertSecret(secret, rotation, aDelivery());
  const effect = anEffect(token.id, {
    sayings: [{ saying: { kind: 'receipt', tokenId: token.id }, dueAt: NOW }],
    notices: [{ kind: 'expires_tomorrow', dueAt: GRACE_ENDS }],
  });
  const before = everythingIn(raw);
  const allow = refuse(raw, operation, table);

  await expect(store.markShown(secret.lookupId, NOW, rotation, effect)).rejects.toMatchObject({
    name: 'StoreFault',
    code: 'failed',
  });

  expect(everythingIn(raw)).toEqual(before);
  allow();
  expect(await verdictOn(store, old.value, GRACE_ENDS + 1)).toMatchObject({ kind: 'good' });
  expect(await store.markShown(secret.lookupId, NOW, rotation, effect)).toEqual({ kind: 'shown' });
});

test('a revocation empties the value in its grace too', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }));

  await store.revokeTokens([token.id], BY_ANN, aDelivery());

  expect(raw.prepare('select distinct hash, digest from secrets').all()).toEqual([
    { hash: null, digest: null },
  ]);
  for (const { value } of [old, fresh]) {
    expect(await verdictOn(store, value, NOW)).toMatchObject({ kind: 'bad', why: 'revoked' });
  }
  expect(await store.liveValues(token.id, NOW)).toEqual([]);
});

test('the old value is ended on demand, once', async () => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  const fresh = await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }));
  const delivery = aDelivery();
  const end = (fields = {}) => store.endOldValues(token.id, NOW + 9, anEffect(token.id, fields));

  expect(await end({ delivery })).toEqual({ kind: 'ended' });
  const events = raw.prepare('select count(*) from audit_events').pluck();
  const before = events.get();
  expect(await end({ delivery })).toEqual({ kind: 'repeated', tokenId: token.id });
  expect(await end()).toEqual({ kind: 'none' });

  expect(await verdictOn(store, old.value, NOW + 8)).toMatchObject({ kind: 'good' });
  expect(await verdictOn(store, old.value, NOW + 9)).toMatchObject({ why: 'ended' });
  expect(await store.readSecret(fresh.secret.lookupId)).toMatchObject({ endsAt: null });
  expect(events.get()).toBe(before);
});

test.for([
  ['that has one value', async (store: Store, token: Token) => void (await aShownValue(store, token))],
  ['that has none', async () => undefined],
] as const)('a token %s has no old value to end', async ([, prepare]) => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  await prepare(store, token);

  expect(await store.endOldValues(token.id, NOW, anEffect(token.id))).toEqual({ kind: 'none' });
});

test('of live values the last use of each is told, and one that is being shown is none', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const old = await aShownValue(store, token);
  await aShownValue(store, token, aRotation({ graceEndsAt: GRACE_ENDS }), NOW + 1);
  await store.insertSecret(aSecret(token), aRotation({ generation: 1 }), aDelivery());

  await store.addUses([aUse(old.secret, { lastUsedAt: NOW + 7, useCount: 1 })]);

  expect(await store.liveValues(token.id, NOW + 8)).toEqual([
    { shownAt: NOW + 1, endsAt: null, lastUsedAt: null },
    { shownAt: NOW, endsAt: GRACE_ENDS, lastUsedAt: NOW + 7 },
  ]);
  expect(await store.liveValues(token.id, GRACE_ENDS)).toHaveLength(1);
  expect(await store.liveValues(aToken().id, NOW)).toEqual([]);
});

/** What is done to a token `afterMs` after what was done before. */
type Step = {
  readonly kind:
    | 'rotate'
    | 'replace'
    | 'withdraw'
    | 'overtake'
    | 'revoke while shown'
    | 'stale'
    | 'end'
    | 'revoke';
  readonly afterMs: number;
  readonly graceMs: number;
  readonly lifetimeMs: number | null;
};
type ModelValue = { readonly value: TokenValue; readonly bornAt: number; endsAt: number };

const SPANS_MS = [0, 1, SHOWING_MS_MAX, HOUR_MS, DAY_MS, 7 * DAY_MS];
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant('rotate' as const) },
    { weight: 4, arbitrary: fc.constant('replace' as const) },
    { weight: 3, arbitrary: fc.constant('end' as const) },
    { weight: 1, arbitrary: fc.constantFrom('withdraw', 'overtake', 'stale') },
    { weight: 1, arbitrary: fc.constantFrom('revoke', 'revoke while shown') },
  ),
  afterMs: fc.constantFrom(...SPANS_MS),
  graceMs: fc.constantFrom(...SPANS_MS),
  lifetimeMs: fc.constantFrom(null, ...SPANS_MS.slice(2)),
});

test('whatever is done to a token: two values at most are honoured, none longer than it would have been (fast-check prints the seed)', {
  timeout: 180_000,
}, async () => {
  const { store } = await aStore();

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const token = await aStoredToken(store, { expiresAt: NOW + DAY_MS });
      const { value } = await aShownValue(store, token);
      const model = { values: [{ value, bornAt: NOW, endsAt: NOW + DAY_MS }], generation: 0 };
      let now = NOW;
      for (const each of steps) {
        now += each.afterMs;
        now = await take(each, now, token, store, model);
        await expectAgreement(store, token, model.values, now);
      }
    }),
    { numRuns: 60 },
  );
});

type Model = { values: ModelValue[]; generation: number };

/** Does the step to the store and, by rules of its own, to the model. Returns the instant after it. */
async function take(each: Step, now: number, token: Token, store: Store, model: Model): Promise<number> {
  const expiresAt = each.lifetimeMs === null ? null : now + each.lifetimeMs;
  const rotation = {
    generation: model.generation,
    expiresAt,
    graceEndsAt: now + each.graceMs,
    endsOlder: each.kind !== 'replace',
  };
  const isRevoked = model.values.every(({ endsAt }) => endsAt === -Infinity);
  switch (each.kind) {
    case 'rotate':
    case 'replace':
      if (!isRevoked) await rotate(rotation, now, token, store, model);
      return now;
    case 'end':
      await endOld(now, token, store, model);
      return now;
    case 'revoke':
      await revoke(now, token, store, model);
      return now;
    case 'stale': {
      const stale = { ...rotation, generation: model.generation + 1 };
      const { kind } = await store.insertSecret(aSecret(token, { createdAt: now }), stale, aDelivery());
      expect(kind).toBe(isRevoked ? 'ended' : 'already_shown');
      return now;
    }
    default:
      return isRevoked ? now : interrupt(each.kind, rotation, now, token, store, model);
  }
}

/** A rotation that something comes between, before its value is marked as shown. */
async function interrupt(
  kind: Step['kind'],
  rotation: Rotation,
  now: number,
  token: Token,
  store: Store,
  model: Model,
): Promise<number> {
  const secret = aSecret(token, { createdAt: now });
  expect(await store.insertSecret(secret, rotation, aDelivery())).toEqual({ kind: 'inserted' });
  const after = now + SHOWING_MS_MAX;

  if (kind === 'withdraw') await store.withdrawSecret(secret.lookupId, anEffect(token.id));
  if (kind === 'revoke while shown') await revoke(now, token, store, model);
  if (kind === 'overtake') await rotate(rotation, after, token, store, model);

  expect(await store.markShown(secret.lookupId, after, rotation, anEffect(token.id))).toEqual({
    kind: 'changed_meanwhile',
  });
  return after;
}

async function endOld(at: number, token: Token, store: Store, model: Model) {
  const old = model.values.slice(0, -1).filter(({ endsAt }) => endsAt > at);
  const outcome = await store.endOldValues(token.id, at, anEffect(token.id));
  expect(outcome).toEqual({ kind: old.length > 0 ? 'ended' : 'none' });
  for (const value of old) value.endsAt = at;
}

async function rotate(rotation: Rotation, at: number, token: Token, store: Store, model: Model) {
  const { value } = await aShownValue(store, token, rotation, at);
  const end = rotation.expiresAt ?? Infinity;
  const newest = model.values.at(-1);
  for (const each of model.values) {
    const endOfNewest = rotation.endsOlder ? rotation.graceEndsAt : Math.min(rotation.graceEndsAt, at);
    const endOfOlder = rotation.endsOlder ? at : Infinity;
    each.endsAt = Math.min(each.endsAt, end, each === newest ? endOfNewest : endOfOlder);
  }
  model.values.push({ value, bornAt: at, endsAt: end });
  model.generation += 1;
}

async function revoke(at: number, token: Token, store: Store, model: Model) {
  await store.revokeTokens([token.id], { ...BY_ANN, at }, aDelivery());
  for (const value of model.values) value.endsAt = -Infinity;
}

/** Store and model agree on every value, now and around every end that is to come; never are there more than two. */
async function expectAgreement(store: Store, token: Token, values: readonly ModelValue[], now: number) {
  const ends = values.map(({ endsAt }) => endsAt).filter(Number.isFinite);
  const instants = [now, ...ends, ...ends.map((end) => end - 1)].filter((at) => at >= now);
  for (const at of new Set(instants)) {
    const honoured = values.filter(({ endsAt }) => endsAt > at);
    const verdicts = await Promise.all(values.map(({ value }) => verdictOn(store, value, at)));
    expect(verdicts.map(({ kind }) => kind === 'good')).toEqual(values.map(({ endsAt }) => endsAt > at));
    expect(honoured.length).toBeLessThanOrEqual(2);
    expect(await store.liveValues(token.id, at)).toEqual(
      honoured.reverse().map(({ bornAt, endsAt }) => ({
        shownAt: bornAt,
        endsAt: Number.isFinite(endsAt) ? endsAt : null,
        lastUsedAt: null,
      })),
    );
  }
}
