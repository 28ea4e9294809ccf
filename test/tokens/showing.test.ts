import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import { refused } from '../../src/tokens/refusal.ts';
import {
  createShowingTurns,
  notShown,
  oldValuesAfter,
  oldValuesAmong,
  type ShowDeps,
  type Shown,
  showNewValue,
  showValue,
} from '../../src/tokens/show.ts';
import type { Rotation, TokenStore } from '../../src/tokens/store.ts';
import { effectOf } from '../../src/tokens/telling.ts';
import { type Token, UNCLAIMED_MS_MAX } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann } from './a-house.ts';
import { aToken, T0 } from './a-token.ts';

const LATER = T0 + HOUR_MS;
const TOMORROW = T0 + DAY_MS;

/** A store that does this and nothing else. */
function aStoreOf(fields: Partial<TokenStore>): TokenStore {
  return fields as TokenStore;
}

describe('of the values of a token, once it gets another one,', () => {
  const values = (...ends: readonly (number | null)[]) =>
    ends.map((endsAt) => ({ shownAt: T0 - 1, endsAt, lastUsedAt: null }));

  test.for<readonly [string, ReturnType<typeof values>, Partial<Rotation>, readonly [number | null, number]]>(
    [
      ['none is left where it has none', values(), {}, [null, 1]],
      ['the only one works to the end of its grace', values(null), {}, [TOMORROW, 0]],
      ['and to its own end where that is sooner', values(LATER), {}, [LATER, 0]],
      ['and to the end of its token where that is sooner', values(null), { expiresAt: LATER }, [LATER, 0]],
      ['it ends at once without a grace', values(null), { graceEndsAt: T0 }, [null, 1]],
      ['it works for the last millisecond', values(null), { graceEndsAt: T0 + 1 }, [T0 + 1, 0]],
      ['the older one ends at once', values(null, TOMORROW), { graceEndsAt: LATER }, [LATER, 1]],
      ['both end where there is no grace', values(null, TOMORROW), { graceEndsAt: T0 }, [null, 2]],
      [
        'the older one works on where a value that did not arrive is replaced',
        values(null, TOMORROW),
        { graceEndsAt: T0, endsOlder: false },
        [TOMORROW, 1],
      ],
      [
        'the latest end counts where both work',
        values(null, TOMORROW),
        { graceEndsAt: LATER, endsOlder: false },
        [TOMORROW, 0],
      ],
      [
        'the older one ends with its token at the latest',
        values(null, null),
        { graceEndsAt: T0, endsOlder: false, expiresAt: LATER },
        [LATER, 1],
      ],
    ],
  )('%s', async ([, live, fields, [worksUntil, endedCount]]) => {
    const token = aToken();
    const asked: unknown[] = [];
    const store = aStoreOf({
      liveValues: async (...what) => {
        asked.push(what);
        return live;
      },
    });
    const rotation = { graceEndsAt: TOMORROW, endsOlder: true, expiresAt: null, ...fields };

    expect(await oldValuesAfter(rotation, token, { store, clock: () => T0 })).toEqual({
      worksUntil,
      endedCount,
    });
    expect(asked).toEqual([[token.id, T0]]);
  });

  test('none was there where nobody claimed it', async () => {
    const rotation = { graceEndsAt: TOMORROW, endsOlder: true, expiresAt: null };
    const store = aStoreOf({ liveValues: async () => [] });
    const token = aToken({ claimedAt: null });

    expect(await oldValuesAfter(rotation, token, { store, clock: () => T0 })).toEqual({
      worksUntil: null,
      endedCount: 0,
    });
  });

  test.for([
    ['no old one is left, where the newest is alone', values(null), null, 1],
    ['the old one works to its end', values(null, LATER), LATER, 0],
    ['the old one works for ever, where it has no end', values(LATER, null), null, 0],
  ] as const)('once it got that: %s', ([, live, worksUntil, endedCount]) => {
    expect(oldValuesAmong(live)).toEqual({ worksUntil, endedCount });
  });
});

describe('why a value was not shown is told:', () => {
  const token = aToken();
  const { name } = token;

  test.for<readonly [Shown['kind'], Exclude<Shown, { kind: 'shown' }>, unknown]>([
    [
      'not_shown',
      { kind: 'not_shown', reason: 'no_answer' },
      { kind: 'not_shown', reason: 'no_answer', token },
    ],
    ['repeated', { kind: 'repeated' }, { kind: 'repeated' }],
    ['refused', refused({ code: 'person_unknown' }), refused({ code: 'person_unknown' })],
    [
      'too_many_values_today',
      { kind: 'too_many_values_today' },
      refused({ code: 'too_many_values_today', creationsPerDayMax: 7 }),
    ],
    ['too_many_live', { kind: 'too_many_live' }, refused({ code: 'too_many_live', liveTokensMax: 8 })],
    ['too_many_waiting', { kind: 'too_many_waiting' }, refused({ code: 'too_many_waiting' })],
    ['already_shown', { kind: 'already_shown' }, refused({ code: 'already_shown', name })],
    ['already_used', { kind: 'already_used' }, refused({ code: 'already_used', name })],
    ['showing_another', { kind: 'showing_another' }, refused({ code: 'showing_another', name })],
    ['ended', { kind: 'ended' }, refused({ code: 'already_revoked', name })],
  ])('%s', ([, outcome, told]) => {
    expect(notShown(outcome, token, limits(T0))).toEqual(told);
  });

  test('ended, of a token that expired, that it did', () => {
    const now = token.expiresAt ?? 0;

    expect(notShown({ kind: 'ended' }, token, limits(now))).toEqual(refused({ code: 'expired', name }));
  });

  function limits(now: number): ShowDeps {
    return { clock: () => now, policy: { creationsPerDayMax: 7, liveTokensMax: 8 } } as ShowDeps;
  }
});

describe('nothing is made, nor asked of the store, of a token', () => {
  test.for<readonly [string, Partial<Token>, number, string]>([
    ['that was revoked', { revokedAt: T0 }, T0, 'already_revoked'],
    ['that expired', { expiresAt: T0 + 1 }, T0 + 1, 'expired'],
    ['that nobody took in time', { claimedAt: null }, T0 + UNCLAIMED_MS_MAX, 'never_claimed'],
  ])('%s', async ([, fields, now, code]) => {
    const token = aToken({ expiresAt: null, ...fields });
    const store = aStoreOf({ findToken: async () => token });
    const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };

    const outcome = await showValue(request, { ...(await aHouse()).deps, store, clock: () => now });

    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code, name: token.name } });
  });
});

describe('whether a value may have all its scopes', () => {
  const rotation: Rotation = { generation: 0, expiresAt: null, graceEndsAt: T0, endsOlder: true };

  /** Shows a value of a token that may `introspect`, and tells whom Slack was asked about, and what was told with it. */
  async function shows(purpose: 'first' | Rotation, isPress: boolean, isKnown = true) {
    const house = await aHouse();
    const fields = { actor: admin, owner: ann, scopes: ['introspect'] };
    const token = purpose === 'first' ? await house.creates(fields) : (await house.holds(fields)).token;
    const asked: unknown[] = [];
    const hashed: unknown[] = [];
    let told: unknown;
    const effectAt = (at: number) => effectOf({ action: 'value.shown', actor: ann.id, at }, token);
    const outcome = await showNewValue(
      { token, purpose, delivery: aDelivery(), isPress, effectAt },
      {
        ...house.deps,
        findPerson: async (...what) => {
          asked.push(what);
          return isKnown ? { ...admin, id: what[0] } : undefined;
        },
        hasher: {
          hash: async () => {
            hashed.push(token.id);
            return 'a hash';
          },
        },
        deliver: async (_token, _value, what) => {
          told = what;
          return undefined;
        },
      },
    );
    return { outcome, asked, hashed, told };
  }

  const ANEW = [
    [admin.id, 'anew'],
    [ann.id, 'anew'],
  ];

  test.for([
    ['a first one that somebody asked for by a press', 'first', true, ANEW],
    ['one of a rotation', rotation, false, ANEW],
    ['one that a press replaces', rotation, true, ANEW],
    ['that of a creation, decided a moment ago', 'first', false, []],
  ] as const)('is asked of Slack anew: %s', async ([, purpose, isPress, asked]) => {
    const shown = await shows(purpose, isPress);

    expect(shown.outcome).toEqual({ kind: 'shown', leftOut: [] });
    expect(shown.asked).toEqual(asked);
    expect(shown.told).toEqual({
      leftOut: [],
      isOfCreation: purpose === 'first' && !isPress,
      oldValues: purpose === 'first' ? undefined : { worksUntil: null, endedCount: 1 },
    });
  });

  test('and where Slack does not tell, nothing is made', async () => {
    const shown = await shows('first', true, false);

    expect(shown.outcome).toEqual(refused({ code: 'person_unknown' }));
    expect([shown.hashed, shown.told]).toEqual([[], undefined]);
  });
});

describe('a value', () => {
  test.for([
    ['is made of a token that lives for a millisecond more', DAY_MS - 1, 'shown'],
    ['is not made of a token that expired while it was hashed', DAY_MS, 'expired'],
    ['nor of one that expired before it was hashed', DAY_MS + 1, 'expired'],
  ] as const)('%s', async ([, ms, expected]) => {
    const house = await aHouse();
    const token = await house.creates({ expiry: { kind: 'days', days: 1 } });
    const store: TokenStore = {
      ...house.store,
      insertSecret: (...asked) => {
        if (expected === 'expired') throw new Error('it is dead at birth');
        return house.store.insertSecret(...asked);
      },
    };
    const hasher = {
      hash: async () => {
        house.moveBy(ms);
        return 'a hash';
      },
    };

    const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };
    const outcome = await showValue(request, { ...house.deps, store, hasher });

    expect(outcome).toEqual(
      expected === 'shown' ? { kind: 'shown' } : refused({ code: 'expired', name: token.name }),
    );
  });

  test('was not shown where Slack refused it, in whatever words', async () => {
    const house = await aHouse();
    const token = await house.creates();
    house.next(async () => 'shown');

    expect(await house.shows(token)).toMatchObject({ kind: 'not_shown', reason: 'shown' });
    expect(await house.read(token.id)).toMatchObject({ claimedAt: null });
  });
});

describe('a turn', () => {
  test('that was lost takes nothing from the one after it when it comes back at last', async () => {
    let now = T0;
    const turns = createShowingTurns(() => now);
    const token = aToken();
    const asked = () => ({ delivery: aDelivery(), isPress: true });
    const [lost, going] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];

    const first = turns.take(token, asked(), () => lost.promise);
    now += MINUTE_MS;
    const second = turns.take(token, asked(), () => going.promise);
    lost.resolve('the first');
    expect(await first).toBe('the first');

    expect(await turns.take(token, asked(), async () => 'the third')).toEqual({ kind: 'already_shown' });
    going.resolve('the second');
    expect(await second).toBe('the second');
    expect(await turns.take(token, asked(), async () => 'the third')).toBe('the third');
  });

  test('ends when its work fails', async () => {
    const turns = createShowingTurns(() => T0);
    const token = aToken();
    const asked = { delivery: aDelivery(), isPress: true };

    await expect(turns.take(token, asked, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );

    expect(await turns.take(token, asked, async () => 'done')).toBe('done');
  });
});
