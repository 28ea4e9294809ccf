import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { createToken } from '../../src/tokens/create.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import {
  carryOutRotation,
  GRACES_MS,
  type Grace,
  type PlannedRotation,
  planRotation,
  type RotateRequest,
} from '../../src/tokens/rotate.ts';
import { SHOWING_MS_MAX } from '../../src/tokens/store.ts';
import { type Token, type TokenId, UNCLAIMED_MS_MAX } from '../../src/tokens/token.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { aDelivery, admin, aHouse, ann, aRequest, bob, codeOf, type House, rotationOf } from './a-house.ts';
import { anActor, ELSEWHERE, T0 } from './a-token.ts';

const IN_30_DAYS = { expiry: { kind: 'days', days: 30 } } as const;
const EXPIRY = T0 + 30 * DAY_MS;
const RENEW = { kind: 'renew', expiry: { kind: 'days', days: 7 } } as const;

describe('a rotation', () => {
  test.for<readonly [string, Grace, number]>([
    ['at once', 'now', 0],
    ['in an hour', 'hour', HOUR_MS],
    ['in 24 hours', 'day', DAY_MS],
    ['in 7 days', 'week', 7 * DAY_MS],
  ])('honours the new value, and the old one until it ends %s, to the millisecond', async ([, grace, ms]) => {
    const house = await aHouse();
    const { token, value: old } = await house.holds(IN_30_DAYS);
    house.moveBy(DAY_MS);

    const outcome = await house.rotates(token, { grace });

    expect(outcome).toEqual({ kind: 'rotated', leftOut: [] });
    expect(await house.read(token.id)).toMatchObject({ generation: 1, expiresAt: EXPIRY, claimedAt: T0 });
    const fresh = house.shown[1];
    expect(await house.verdict(fresh)).toBe('good');
    const end = T0 + DAY_MS + ms;
    if (ms > 0) {
      house.moveTo(end - 1);
      expect(await verdicts(house, old, fresh)).toEqual(['good', 'good']);
    }
    house.moveTo(end);
    expect(await verdicts(house, old, fresh)).toEqual(['ended', 'good']);
    house.moveTo(EXPIRY - 1);
    expect(await verdicts(house, old, fresh)).toEqual(['ended', 'good']);
    house.moveTo(EXPIRY);
    expect(await verdicts(house, old, fresh)).toEqual(['ended', 'ended']);
  });

  test('knows no other graces, and none that is longer', () => {
    expect(GRACES_MS).toEqual({ now: 0, hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS });
  });

  test.for([
    ['than it would have without', { kind: 'keep' }, 30, EXPIRY],
    ['than it would have, though its token lives longer', { kind: 'days', days: 90 }, 30, EXPIRY],
    ['than its token, which now ends sooner', { kind: 'days', days: 1 }, 28, T0 + 29 * DAY_MS],
  ] as const)('never lets the old value end later %s', async ([, expiry, days, end]) => {
    const house = await aHouse();
    const { token, value: old } = await house.holds(IN_30_DAYS);
    house.moveTo(T0 + days * DAY_MS - HOUR_MS * (days === 28 ? 0 : 1));

    await house.rotates(token, { grace: 'week', expiry });

    house.moveTo(end - 1);
    expect(await house.verdict(old)).toBe('good');
    house.moveTo(end);
    expect(await house.verdict(old)).toBe('ended');
  });

  test.for([
    ['keeps it', { kind: 'keep' }, EXPIRY],
    ['sets a later one', { kind: 'days', days: 365 }, T0 + 366 * DAY_MS],
    ['sets a sooner one', { kind: 'days', days: 1 }, T0 + 2 * DAY_MS],
    ['takes it away', { kind: 'never' }, null],
    ['sets the end of a day', { kind: 'date', date: '2026-01-20' }, Date.parse('2026-01-20T23:59:59.999Z')],
  ] as const)('%s as the expiry of token and value', async ([, expiry, expiresAt]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    house.moveBy(DAY_MS);

    await house.rotates(token, { expiry, grace: 'now' });

    expect(await house.read(token.id)).toMatchObject({ expiresAt });
    expect(await house.store.liveValues(token.id, house.now())).toEqual([
      { shownAt: house.now(), endsAt: expiresAt, lastUsedAt: null },
    ]);
  });

  test('keeps a date that policy would not allow any more', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const deps = { ...house.deps, policy: { ...house.deps.policy, mayNeverExpire: false } };

    const planned = await planRotation(rotationOf(token), deps);

    expect(planned).toMatchObject({ kind: 'planned', rotation: { expiresAt: null } });
  });

  test('brings its event, what is to be said, and the notices of the new expiry instead of the old', async () => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    house.raw.exec('delete from outbox');
    house.moveBy(20 * DAY_MS);

    await house.rotates(token, { expiry: { kind: 'days', days: 10 } });

    const now = house.now();
    expect(lastEventOf(house)).toEqual({
      at: now,
      actor: ann.id,
      action: 'token.rotated',
      token_id: token.id,
      detail: { name: token.name, expires_at: now + 10 * DAY_MS, old_value_ends_at: now + DAY_MS },
    });
    expect(await house.due()).toEqual([
      { kind: 'home', person: ann.id },
      { kind: 'receipt', tokenId: token.id },
    ]);
    expect(noticesOf(house)).toEqual([
      { kind: 'expires_in_7_days', due_at: now + 3 * DAY_MS },
      { kind: 'expires_tomorrow', due_at: now + 9 * DAY_MS },
    ]);
  });

  test('during a grace ends the oldest value at once: never are there more than two', async () => {
    const house = await aHouse();
    const { token, value: first } = await house.holds();
    await house.rotates(token, { grace: 'week' });
    house.moveBy(HOUR_MS);
    const [, second] = house.shown;
    expect(await verdicts(house, first, second)).toEqual(['good', 'good']);

    await house.rotates(await house.read(token.id), { grace: 'week' });

    expect(await verdicts(house, first, second, house.shown[2])).toEqual(['ended', 'good', 'good']);
  });

  test('of each of a hundred times leaves two values at most', async () => {
    const house = await aHouse();
    const { token } = await house.holds();

    for (let i = 0; i < 100; i++) await house.rotates(await house.read(token.id), { grace: 'week' });

    expect(await house.read(token.id)).toMatchObject({ generation: 100 });
    const all = await verdicts(house, ...house.shown);
    expect(all).toEqual([...Array(99).fill('ended'), 'good', 'good']);
  });
});

describe('a renewal', () => {
  test('of an expired token gives it a new value and expiry, and the old value stays ended', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY + 100 * DAY_MS);

    const renewal = { kind: 'renew', grace: 'week', expiry: { kind: 'days', days: 7 } } as const;
    const outcome = await house.rotates(token, renewal);

    expect(outcome).toEqual({ kind: 'rotated', leftOut: [] });
    expect(await verdicts(house, old, house.shown[1])).toEqual(['ended', 'good']);
    expect(await house.read(token.id)).toMatchObject({ generation: 1, expiresAt: house.now() + 7 * DAY_MS });
    expect(lastEventOf(house)).toMatchObject({ action: 'token.renewed', actor: ann.id });
    expect(noticesOf(house)).toEqual([{ kind: 'expires_tomorrow', due_at: house.now() + 6 * DAY_MS }]);
  });

  test.for([
    ['keeping the date', { kind: 'keep' }, 'lifetime_not_allowed'],
    ['longer than policy allows', { kind: 'days', days: 366 }, 'lifetime_not_allowed'],
    ['a day that is over', { kind: 'date', date: '2026-01-30' }, 'date_past'],
    ['no day', { kind: 'date', date: '' }, 'date_needed'],
  ] as const)('has no %s', async ([, expiry, code]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY + DAY_MS);
    const before = house.everything();

    expect(codeOf(await house.rotates(token, { kind: 'renew', expiry }))).toBe(code);
    expect(house.everything()).toEqual(before);
  });

  test.for([
    ['is refused when as many others live as are allowed', 2, 'too_many_live'],
    ['is allowed when there is room for one', 3, 'rotated'],
  ] as const)('%s', async ([, liveTokensMax, expected]) => {
    const house = await aHouse({ liveTokensMax });
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY);
    for (let i = 0; i < 2; i++) await house.creates();
    await house.creates({ actor: bob });
    const before = house.everything();

    const outcome = await house.rotates(token, { kind: 'renew', expiry: { kind: 'days', days: 7 } });

    expect(codeOf(outcome)).toBe(expected);
    if (expected !== 'rotated') expect(house.everything()).toEqual(before);
  });

  test('is refused when the last room was taken after it was planned, and nothing is shown', async () => {
    const house = await aHouse({ liveTokensMax: 1 });
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY);
    const plan = await planned(house, token, RENEW);
    await house.creates();
    const before = house.everything();

    const outcome = await carryOutRotation(plan, house.deps);

    expect(outcome).toEqual(refused({ code: 'too_many_live', liveTokensMax: 1 }));
    expect(house.shown).toHaveLength(1);
    expect(house.everything()).toEqual(before);
  });

  test.for([
    ['a renewal', async (house: House, other: Token) => codeOf(await house.rotates(other, RENEW))],
    ['a creation', async (house: House) => codeOf(await createToken(aRequest(), house.deps))],
  ] as const)('keeps its room while its value is being shown: %s is refused', async ([, tries]) => {
    const house = await aHouse({ liveTokensMax: 2 });
    const [{ token }, { token: other }] = [await house.holds(IN_30_DAYS), await house.holds(IN_30_DAYS)];
    house.moveTo(EXPIRY);
    await house.creates();
    let meanwhile = '';
    house.next(async () => {
      meanwhile = await tries(house, other);
      return undefined;
    });

    expect(await house.rotates(token, RENEW)).toEqual({ kind: 'rotated', leftOut: [] });
    expect(meanwhile).toBe('too_many_live');
  });

  test('that took longer than a minute to show and lost its room is not carried out', async () => {
    const house = await aHouse({ liveTokensMax: 1 });
    const { token } = await house.holds(IN_30_DAYS);
    house.moveTo(EXPIRY);
    let lost: TokenValue | undefined;
    house.next(async (_, value) => {
      lost = value;
      house.moveBy(SHOWING_MS_MAX);
      await house.creates();
      return undefined;
    });

    const outcome = await house.rotates(token, RENEW);

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'too_many_live' });
    expect(await house.verdict(lost)).toBe('unknown');
    expect(await house.read(token.id)).toEqual(token);
  });

  test('of twenty tokens at once leaves no more live than are allowed', async () => {
    const house = await aHouse({ liveTokensMax: 5 });
    const expired: Token[] = [];
    for (let i = 0; i < 20; i++) {
      expired.push((await house.holds({ expiry: { kind: 'days', days: 1 } })).token);
      house.moveBy(DAY_MS);
    }

    const outcomes = await Promise.all(expired.map((token) => house.rotates(token, RENEW)));

    expect(outcomes.map(codeOf).sort()).toEqual([
      ...Array(5).fill('rotated'),
      ...Array(15).fill('too_many_live'),
    ]);
    expect(house.shown).toHaveLength(25);
  });

  test('by its owner of what an admin created and nobody claimed tells the admin', async () => {
    const house = await aHouse();
    const inADay = { expiry: { kind: 'days', days: 1 } } as const;
    const token = await house.creates({ actor: admin, owner: bob, ...inADay });
    house.moveBy(DAY_MS);
    house.raw.exec('delete from outbox');

    const outcome = await house.rotates(token, { kind: 'renew', expiry: { kind: 'days', days: 7 } });

    expect(outcome).toEqual({ kind: 'rotated', leftOut: [] });
    expect(await house.due()).toContainEqual({ kind: 'claimed', tokenId: token.id });
    expect(await house.read(token.id)).toMatchObject({ claimedAt: house.now() });
  });

  test('of one that nobody took within 7 days is refused, though nobody has revoked it by then', async () => {
    const house = await aHouse();
    const token = await house.creates({ expiry: { kind: 'days', days: 1 } });
    const plan = { kind: 'renew', expiry: { kind: 'days', days: 7 } } as const;
    house.moveBy(UNCLAIMED_MS_MAX - 1);
    const early = await planned(house, token, plan);
    house.moveBy(1);
    const before = house.everything();

    const refusal = refused({ code: 'never_claimed', name: token.name });
    expect(await house.rotates(token, plan)).toEqual(refusal);
    expect(await carryOutRotation(early, house.deps)).toEqual(refusal);

    expect(house.shown).toEqual([]);
    expect(house.everything()).toEqual(before);
  });
});

describe('a value that replaces one which never arrived', () => {
  const REPLACE = { kind: 'replace', grace: 'now' } as const;

  test('ends that at once', async () => {
    const house = await aHouse();
    const { token, value: unseen } = await house.holds(IN_30_DAYS);

    const outcome = await house.rotates(token, REPLACE);

    expect(outcome).toEqual({ kind: 'rotated', leftOut: [] });
    expect(await verdicts(house, unseen, house.shown[1])).toEqual(['ended', 'good']);
    expect(await house.read(token.id)).toMatchObject({ generation: 1, expiresAt: EXPIRY });
    expect(lastEventOf(house)).toMatchObject({ action: 'value.replaced' });
  });

  test('leaves the one before that its grace: what runs goes on running', async () => {
    const house = await aHouse();
    const { token, value: running } = await house.holds(IN_30_DAYS);
    await house.rotates(token, { grace: 'day' });
    const unseen = house.shown[1];

    await house.rotates(await house.read(token.id), REPLACE);

    expect(await verdicts(house, running, unseen, house.shown[2])).toEqual(['good', 'ended', 'good']);
    house.moveBy(DAY_MS - 1);
    expect(await house.verdict(running)).toBe('good');
    house.moveBy(1);
    expect(await house.verdict(running)).toBe('ended');
  });

  test('is refused once the value was used: it works', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    await use(house, token, value);
    const before = house.everything();

    const outcome = await house.rotates(token, REPLACE);

    expect(outcome).toEqual(refused({ code: 'already_used', name: token.name }));
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, typeof use]>([
    ['and written', use],
    ['and not written yet', useUnwritten],
  ])('is refused, and nothing is shown, when the value was used after the plan %s', async ([, used]) => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    const plan = await planned(house, token, REPLACE);
    await used(house, token, value);
    const before = house.everything();

    const outcome = await carryOutRotation(plan, house.deps);

    expect(outcome).toEqual(refused({ code: 'already_used', name: token.name }));
    expect(house.shown).toEqual([value]);
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, typeof use]>([
    ['and written', use],
    ['and not written yet', useUnwritten],
  ])('gives way to one that is used while it is shown %s: what runs goes on', async ([, used]) => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    let lost: TokenValue | undefined;
    house.next(async (_, fresh) => {
      lost = fresh;
      await used(house, token, value);
      return undefined;
    });

    const outcome = await house.rotates(token, REPLACE);

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'already_used' });
    expect(await verdicts(house, value, lost)).toEqual(['good', 'unknown']);
    expect(await house.read(token.id)).toMatchObject({ generation: 0 });
    expect(lastEventOf(house)).toMatchObject({
      action: 'value.withdrawn',
      detail: { reason: 'already_used' },
    });
  });

  test('is allowed though the one before was used', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    await use(house, token, value);
    await house.rotates(token);

    expect(await house.rotates(await house.read(token.id), REPLACE)).toEqual({
      kind: 'rotated',
      leftOut: [],
    });
  });
});

describe('a rotation is refused', () => {
  test.for<readonly [string, Actor]>([
    ['an admin', admin],
    ['another member', bob],
    ['its owner, once deactivated', anActor({ standing: 'deactivated' })],
  ])('to %s, as if the token were not there, with an event and nothing else', async ([, actor]) => {
    const house = await aHouse();
    const { token } = await house.holds();
    const before = house.everything();

    const outcome = await house.rotates(token, { actor });

    expect(outcome).toEqual(refused({ code: 'token_not_found' }));
    expect(lastEventOf(house)).toMatchObject({ action: 'action.refused', detail: { attempted: 'rotate' } });
    house.raw.exec("delete from audit_events where action = 'action.refused'; delete from refusal_counts");
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, (house: House, token: Token) => unknown, Partial<RotateRequest>, string]>([
    ['of a revoked token', (house, { id }) => revoke(house, id), {}, 'already_revoked'],
    ['at its expiry', (house) => house.moveTo(EXPIRY), {}, 'expired'],
    ['as a replacement at its expiry', (house) => house.moveTo(EXPIRY), { kind: 'replace' }, 'expired'],
    [
      'as a renewal of a live one',
      (house) => house.moveTo(EXPIRY - 1),
      { kind: 'renew' },
      'changed_meanwhile',
    ],
    ['of a generation that is over', (house, token) => house.rotates(token), {}, 'changed_meanwhile'],
    ['of a generation to come', () => undefined, { generation: 1 }, 'changed_meanwhile'],
    [
      'of a generation that is over, as a replacement',
      (house, token) => house.rotates(token),
      { kind: 'replace' },
      'changed_meanwhile',
    ],
    ['for too long', () => undefined, { expiry: { kind: 'days', days: 366 } }, 'lifetime_not_allowed'],
    ['to a day that is over', () => undefined, { expiry: { kind: 'date', date: '2025-12-31' } }, 'date_past'],
    [
      'in another workspace',
      () => undefined,
      { actor: anActor({ workspace: ELSEWHERE }) },
      'token_not_found',
    ],
  ])('%s, and nothing is written', async ([, prepare, fields, code]) => {
    const house = await aHouse();
    const { token } = await house.holds(IN_30_DAYS);
    await prepare(house, token);
    const before = house.everything();

    expect(codeOf(await house.rotates(token, fields))).toBe(code);
    expect(house.everything()).toEqual(before);
  });

  test('of a token that nobody claimed', async () => {
    const house = await aHouse();
    const token = await house.creates();

    expect(codeOf(await house.rotates(token))).toBe('not_claimed');
    expect(codeOf(await house.rotates(token, { kind: 'replace' }))).toBe('not_claimed');
  });

  test('and planning one that is allowed writes nothing either', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const before = house.everything();

    await planned(house, token);

    expect(house.everything()).toEqual(before);
    expect(house.shown).toHaveLength(1);
  });
});

describe('a rotation whose value could not be shown', () => {
  test('changes nothing: the old value lives on, and it can be tried again at once', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds(IN_30_DAYS);
    const notices = noticesOf(house);
    let lost: TokenValue | undefined;
    house.next(async (_, value) => {
      lost = value;
      return 'channel_not_found';
    });

    const outcome = await house.rotates(token, { grace: 'now', expiry: { kind: 'never' } });

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'channel_not_found' });
    expect(await verdicts(house, old, lost)).toEqual(['good', 'unknown']);
    expect(await house.read(token.id)).toEqual(token);
    expect(noticesOf(house)).toEqual(notices);
    expect(lastEventOf(house)).toMatchObject({ actor: 'system', action: 'value.withdrawn' });
    expect(await house.rotates(token)).toEqual({ kind: 'rotated', leftOut: [] });
  });

  test('because showing broke changes nothing, and can be tried again a minute later', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds(IN_30_DAYS);
    house.next(() => Promise.reject(new Error('a bug')));

    await expect(house.rotates(token)).rejects.toThrow('a bug');

    expect(await house.read(token.id)).toEqual(token);
    expect(codeOf(await house.rotates(token))).toBe('changed_meanwhile');
    house.moveBy(SHOWING_MS_MAX);
    expect(await house.rotates(token)).toEqual({ kind: 'rotated', leftOut: [] });
    expect(await house.verdict(old)).toBe('good');
  });

  test('because its token was revoked meanwhile ends both', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    let lost: TokenValue | undefined;
    house.next(async (_, value) => {
      lost = value;
      await revoke(house, token.id);
      return undefined;
    });

    const outcome = await house.rotates(token);

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'changed_meanwhile' });
    expect(await verdicts(house, old, lost)).toEqual(['revoked', 'unknown']);
    expect(await house.read(token.id)).toMatchObject({ generation: 0 });
  });

  test('for a minute gives way to another, and is not good when Slack shows it after all', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    let lost: TokenValue | undefined;
    house.next(async (_, value) => {
      lost = value;
      house.moveBy(SHOWING_MS_MAX);
      expect(await house.rotates(token)).toEqual({ kind: 'rotated', leftOut: [] });
      return undefined;
    });

    const outcome = await house.rotates(token, { grace: 'now' });

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'changed_meanwhile' });
    expect(await verdicts(house, old, lost, house.shown[1])).toEqual(['good', 'unknown', 'good']);
    expect(await house.read(token.id)).toMatchObject({ generation: 1 });
  });
});

describe('when two rotate one token', () => {
  test('at once, one does and the others are told kindly', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();

    const outcomes = await Promise.all(Array.from({ length: 10 }, () => house.rotates(token)));

    expect(outcomes.map(codeOf).sort()).toEqual([...Array(9).fill('changed_meanwhile'), 'rotated']);
    expect(house.shown).toHaveLength(2);
    expect(await house.read(token.id)).toMatchObject({ generation: 1 });
    expect(await verdicts(house, old, house.shown[1])).toEqual(['good', 'good']);
    expect(house.actions(token.id)).toEqual(['token.created', 'value.shown', 'token.rotated']);
  });

  test('from plans of before, the second one is told, and makes no value', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const [one, other] = [await planned(house, token), await planned(house, token)];

    expect(await carryOutRotation(one, house.deps)).toEqual({ kind: 'rotated', leftOut: [] });
    const before = house.everything();
    const outcome = await carryOutRotation(other, house.deps);

    expect(outcome).toEqual(refused({ code: 'changed_meanwhile', name: token.name }));
    expect(house.shown).toHaveLength(2);
    expect(house.everything()).toEqual(before);
  });

  test('one of whom revokes it, the other makes no value', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const plan = await planned(house, token);
    await revoke(house, token.id);

    const outcome = await carryOutRotation(plan, house.deps);

    expect(outcome).toEqual(refused({ code: 'already_revoked', name: token.name }));
    expect(house.shown).toHaveLength(1);
  });

  test('by one press that is delivered twice, it is rotated once, and the second is told so', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const delivery = aDelivery();
    const [one, other] = [
      await planned(house, token, { delivery }),
      await planned(house, token, { delivery }),
    ];

    const outcomes = await Promise.all([one, other].map((plan) => carryOutRotation(plan, house.deps)));
    const later = await planRotation(rotationOf(token, { delivery }), house.deps);

    expect(outcomes.map(codeOf).sort()).toEqual(['repeated', 'rotated']);
    expect(later).toMatchObject({ kind: 'repeated', token: { id: token.id, generation: 1 } });
    expect(house.shown).toHaveLength(2);
  });
});

test('a token that expires before its rotation is carried out gets no value that is dead at birth', async () => {
  const house = await aHouse();
  const { token, value: old } = await house.holds(IN_30_DAYS);
  house.moveTo(EXPIRY - 1);
  const plan = await planned(house, token);
  house.moveTo(EXPIRY);
  const before = house.everything();

  const outcome = await carryOutRotation(plan, house.deps);

  expect(outcome).toEqual(refused({ code: 'expired', name: token.name }));
  expect(house.shown).toEqual([old]);
  expect(house.everything()).toEqual(before);
});

async function planned(
  house: House,
  token: Token,
  fields?: Partial<RotateRequest>,
): Promise<PlannedRotation> {
  const plan = await planRotation(rotationOf(token, fields), house.deps);
  if (plan.kind !== 'planned') throw new Error(`not planned: ${codeOf(plan)}`);
  return plan;
}

function verdicts(house: House, ...values: (TokenValue | undefined)[]): Promise<string[]> {
  return Promise.all(values.map((value) => house.verdict(value)));
}

function revoke(house: House, tokenId: TokenId): Promise<unknown> {
  const request = { actor: ann, tokenIds: [tokenId], reason: null, held: false, delivery: aDelivery() };
  return revokeTokens(request, house.deps);
}

/** The value is used once, and that is written. */
function use(house: House, { id }: Token, { lookupId }: TokenValue): Promise<void> {
  return house.store.addUses([
    {
      tokenId: id,
      lookupId,
      useCount: 1,
      lastUsedAt: house.now(),
      refusedCount: 0,
      lastRefusedAt: null,
      triedCount: 0,
      lastTriedAt: null,
      addresses: [],
    },
  ]);
}

/** The value is used once, which is counted in memory alone. */
async function useUnwritten(house: House, { id: tokenId }: Token, { lookupId }: TokenValue): Promise<void> {
  house.deps.usage.used({ tokenId, lookupId }, house.now(), '192.0.2.1');
}

function lastEventOf(house: House): unknown {
  const last = house.raw
    .prepare<[], { detail: string }>(
      'select at, actor, action, token_id, detail from audit_events order by sequence desc limit 1',
    )
    .get();
  return { ...last, detail: JSON.parse(last?.detail ?? '{}') };
}

function noticesOf(house: House): unknown[] {
  return house.raw.prepare('select kind, due_at from notices order by due_at').all();
}
