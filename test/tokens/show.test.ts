import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import type { Standing } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { showValue } from '../../src/tokens/show.ts';
import { SHOWING_MS_MAX } from '../../src/tokens/store.ts';
import type { Token, TokenId } from '../../src/tokens/token.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { aDelivery, admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { anActor, ELSEWHERE, T0 } from './a-token.ts';

const IN_3_DAYS = { expiry: { kind: 'days', days: 3 } } as const;
const IN_30_DAYS = { expiry: { kind: 'days', days: 30 } } as const;

describe('a value that is shown', () => {
  test('is good at once, claims its token at that instant, and is kept nowhere', async () => {
    const house = await aHouse();
    const token = await house.creates(IN_30_DAYS);
    house.moveBy(7);

    const outcome = await house.shows(token);

    const [value] = house.shown;
    expect(outcome).toEqual({ kind: 'shown' });
    expect(await house.verdict(value)).toBe('good');
    expect(await house.read(token.id)).toMatchObject({ claimedAt: T0 + 7, generation: 0 });
    expect(await house.store.liveValues(token.id, house.now())).toEqual([
      { shownAt: T0 + 7, endsAt: token.expiresAt, lastUsedAt: null },
    ]);
    expect(JSON.stringify(house.everything())).not.toContain(value?.secretForHash());
  });

  test('brings its event, and the receipt, the Home tab and the notices of its expiry to come', async () => {
    const house = await aHouse();
    const token = await house.creates(IN_30_DAYS);
    house.moveBy(3);

    await house.shows(token);

    expect(house.actions(token.id)).toEqual(['token.created', 'value.shown']);
    expect(await house.due()).toEqual([
      { kind: 'home', person: ann.id },
      { kind: 'receipt', tokenId: token.id },
    ]);
    expect(noticesOf(house)).toEqual([
      { kind: 'expires_in_14_days', due_at: T0 + 16 * DAY_MS },
      { kind: 'expires_in_7_days', due_at: T0 + 23 * DAY_MS },
      { kind: 'expires_tomorrow', due_at: T0 + 29 * DAY_MS },
    ]);
  });

  test('that an admin created for its owner tells the admin, and only the owner sees it', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    sayAll(house);
    let sawIt: unknown;
    house.next(async ({ owner }) => {
      sawIt = owner;
      return undefined;
    });

    await house.shows(token);

    expect(sawIt).toBe(bob.id);
    expect(await house.due()).toEqual([
      { kind: 'claimed', tokenId: token.id },
      { kind: 'home', person: bob.id },
      { kind: 'receipt', tokenId: token.id },
    ]);
  });

  test('is already stored while it is being shown, so that whoever copies it quickly may use it', async () => {
    const house = await aHouse();
    const token = await house.creates();
    let meanwhile: string | undefined;
    house.next(async (_, value) => {
      meanwhile = await house.verdict(value);
      return undefined;
    });

    await house.shows(token);

    expect(meanwhile).toBe('good');
  });

  test('that cannot be is not hashed: not of a token that was shown, has ended, or is being shown', async () => {
    const house = await aHouse();
    const [{ token: shown }, ended, old] = [
      await house.holds(),
      await house.creates({ expiry: { kind: 'days', days: 1 } }),
      await house.creates(),
    ];
    house.moveBy(DAY_MS);
    const waiting = await house.creates();
    let hashes = 0;
    const hasher = {
      hash: async () => {
        hashes += 1;
        return 'a hash';
      },
    };
    const deps = { ...house.deps, hasher };
    const shows = (token: Token) =>
      showValue({ actor: ann, tokenId: token.id, delivery: aDelivery() }, deps).then(codeOf);

    expect(await shows(shown)).toBe('already_shown');
    expect(await shows(ended)).toBe('expired');
    house.moveBy(6 * DAY_MS);
    expect(await shows(old)).toBe('never_claimed');
    expect(hashes).toBe(0);
    expect(await Promise.all([shows(waiting), shows(waiting), shows(waiting)])).toEqual([
      'shown',
      'already_shown',
      'already_shown',
    ]);
    expect(hashes).toBe(1);
  });

  test('is hashed before anything is written', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const before = house.everything();
    const hasher = { hash: () => Promise.reject(new Error('too many wait')), stop: async () => undefined };

    const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };
    await expect(showValue(request, { ...house.deps, hasher })).rejects.toThrow('too many wait');

    expect(house.everything()).toEqual(before);
  });

  test.for(['secrets', 'tokens', 'audit_events', 'outbox', 'notices'])(
    'changes nothing but that it waits when the mark fails at %s, and is worth nothing a minute later',
    async (table) => {
      const house = await aHouse();
      const token = await house.creates(IN_30_DAYS);
      sayAll(house);
      const operation = table === 'secrets' || table === 'tokens' ? 'update' : 'insert';
      house.raw.exec(`create trigger t before ${operation} on ${table} begin select raise(abort, 'x'); end`);

      await expect(house.shows(token)).rejects.toMatchObject({ name: 'StoreFault' });
      house.raw.exec('drop trigger t');

      expect(await house.read(token.id)).toEqual({ ...token, ...UNUSED });
      expect(house.actions(token.id)).toEqual(['token.created']);
      expect(await house.due()).toEqual([]);
      expect(noticesOf(house)).toEqual([]);
      house.moveBy(SHOWING_MS_MAX);
      expect(await house.verdict(house.shown[0])).toBe('not_shown');
      expect(await house.shows(token)).toEqual({ kind: 'shown' });
    },
  );
});

describe('a value that could not be shown', () => {
  test('is worth nothing, the token is as before, the reason is kept, and it can be tried again at once', async () => {
    const house = await aHouse();
    const token = await house.creates();
    sayAll(house);
    const lost = losing(house, async () => 'user_not_in_channel');

    const outcome = await house.shows(token);

    const unused = { ...token, ...UNUSED };
    expect(outcome).toEqual({ kind: 'not_shown', token: unused, reason: 'user_not_in_channel' });
    expect(await house.verdict(lost())).toBe('unknown');
    expect(await house.read(token.id)).toEqual(unused);
    expect(house.actions(token.id)).toEqual(['token.created', 'value.withdrawn']);
    expect(await house.store.lastWithdrawal(token.id)).toBe('user_not_in_channel');
    expect(await house.due()).toEqual([
      { kind: 'home', person: ann.id },
      { kind: 'receipt', tokenId: token.id },
    ]);
    expect(await house.shows(token)).toEqual({ kind: 'shown' });
    expect(await house.verdict(house.shown.at(-1))).toBe('good');
  });

  test('because showing broke is thrown, and its value is worth nothing a minute later', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const lost = losing(house, () => Promise.reject(new Error('a bug')));

    await expect(house.shows(token)).rejects.toThrow('a bug');

    expect(await house.read(token.id)).toMatchObject({ claimedAt: null });
    house.moveBy(SHOWING_MS_MAX - 1);
    expect(codeOf(await house.shows(token))).toBe('already_shown');
    house.moveBy(1);
    expect(await house.verdict(lost())).toBe('not_shown');
    expect(await house.shows(token)).toEqual({ kind: 'shown' });
    expect(await house.verdict(lost())).toBe('unknown');
    expect(await house.verdict(house.shown[0])).toBe('good');
  });

  test('because its token was revoked meanwhile says so, and was good at no time afterwards', async () => {
    const house = await aHouse();
    const token = await house.creates();
    let verdict: string | undefined;
    const lost = losing(house, async (value) => {
      await revoke(house, token.id);
      verdict = await house.verdict(value);
      return undefined;
    });

    const outcome = await house.shows(token);

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'changed_meanwhile' });
    expect(verdict).toBe('revoked');
    expect(await house.verdict(lost())).toBe('unknown');
    expect(house.actions(token.id)).toEqual(['token.created', 'token.revoked', 'value.withdrawn']);
    expect(await house.read(token.id)).toMatchObject({ claimedAt: null, revokedAt: T0 });
  });

  test('for a minute gives way to another one, and is not good when Slack shows it after all', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const lost = losing(house, async () => {
      house.moveBy(SHOWING_MS_MAX);
      expect(await house.shows(token)).toEqual({ kind: 'shown' });
      return undefined;
    });

    const outcome = await house.shows(token);

    expect(outcome).toMatchObject({ kind: 'not_shown', reason: 'changed_meanwhile' });
    expect(await house.verdict(lost())).toBe('unknown');
    expect(await house.verdict(house.shown[0])).toBe('good');
    expect(house.actions(token.id)).toEqual(['token.created', 'value.shown']);
  });
});

describe('a second press', () => {
  test('while the first one is at work shows nothing', async () => {
    const house = await aHouse();
    const token = await house.creates();

    const outcomes = await Promise.all(Array.from({ length: 10 }, () => house.shows(token)));

    expect(outcomes.map(codeOf).sort()).toEqual([...Array(9).fill('already_shown'), 'shown']);
    expect(house.shown).toHaveLength(1);
    expect(house.actions(token.id)).toEqual(['token.created', 'value.shown']);
  });

  test('that is the first one delivered again shows nothing and is told so, while it is at work and afterwards', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const delivery = aDelivery();

    const outcomes = await Promise.all([1, 2, 3].map(() => house.shows(token, { delivery })));
    const later = await house.shows(token, { delivery });

    expect(outcomes.map(codeOf).sort()).toEqual(['repeated', 'repeated', 'shown']);
    expect(later).toEqual({ kind: 'repeated' });
    expect(house.shown).toHaveLength(1);
  });

  test('after it was shown is refused, and nothing is written', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const before = house.everything();

    const outcome = await house.shows(token);

    expect(outcome).toEqual(refused({ code: 'already_shown', name: token.name }));
    expect(house.shown).toHaveLength(1);
    expect(house.everything()).toEqual(before);
  });
});

describe('values have their turns', () => {
  /** What comes of `asked` while a value of Ann's first token is being shown, for so long by then. */
  async function whileShowing<T>(house: House, asked: () => Promise<T>, ms = 0): Promise<T> {
    const first = await house.creates();
    let outcome: Promise<T> | undefined;
    house.next(async () => {
      house.moveBy(ms);
      outcome = asked();
      await outcome.catch(() => undefined);
      return undefined;
    });
    await house.shows(first);
    if (outcome === undefined) throw new Error('nothing was being shown');
    return outcome;
  }

  test('a press while another value of theirs is being shown waits, and nothing is made', async () => {
    const house = await aHouse();
    const token = await house.creates();

    const outcome = await whileShowing(house, () => house.shows(token));

    expect(outcome).toEqual(refused({ code: 'showing_another', name: token.name }));
    expect(house.actions(token.id)).toEqual(['token.created']);
    expect(codeOf(await house.shows(token))).toBe('shown');
  });

  test('nobody waits for a value of somebody else', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: bob });

    expect(codeOf(await whileShowing(house, () => house.shows(token)))).toBe('shown');
  });

  test('what comes of a creation, and no press asked for, does not wait', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const request = { actor: ann, tokenId: token.id, delivery: aDelivery(), isOfCreation: true };

    expect(codeOf(await whileShowing(house, () => showValue(request, house.deps)))).toBe('shown');
  });

  test('nor does a rotation, whose choices would be lost', async () => {
    const house = await aHouse();
    const { token } = await house.holds();

    expect(codeOf(await whileShowing(house, () => house.rotates(token)))).toBe('rotated');
  });

  test.for([
    ['a millisecond before 60 seconds are over, it does', SHOWING_MS_MAX - 1, 'showing_another'],
    ['when they are over, what was lost is in nobody’s way', SHOWING_MS_MAX, 'shown'],
  ] as const)('%s', async ([, ms, expected]) => {
    const house = await aHouse();
    const token = await house.creates();

    expect(codeOf(await whileShowing(house, () => house.shows(token), ms))).toBe(expected);
  });

  test('the same press is known by any of its keys', async () => {
    const house = await aHouse();
    const token = await house.creates();

    const outcomes = await Promise.all([
      house.shows(token, { delivery: { keys: ['view 1', 'trigger 1'] } }),
      house.shows(token, { delivery: { keys: ['view 1', 'trigger 2'] } }),
    ]);

    expect(outcomes.map(codeOf)).toEqual(['shown', 'repeated']);
  });
});

describe('with a value is told', () => {
  test.for([
    ['of a creation, that its receipt is still to come', true],
    ['after a press, that it is there', false],
  ])('%s, and of no old value', async ([, isOfCreation]) => {
    const house = await aHouse();
    const token = await house.creates();
    let told: unknown;
    house.next(async (_token, _value, what) => {
      told = what;
      return undefined;
    });

    const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };
    await showValue(isOfCreation === true ? { ...request, isOfCreation } : request, house.deps);

    expect(told).toEqual({ leftOut: [], oldValues: undefined, isOfCreation });
  });
});

test('while too many values are being made nothing is, and it can be tried again', async () => {
  const house = await aHouse();
  const token = await house.creates();
  const before = house.everything();

  const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };
  const hasher = { hash: async () => undefined };
  expect(await showValue(request, { ...house.deps, hasher })).toEqual(refused({ code: 'too_many_waiting' }));

  expect(house.everything()).toEqual(before);
  expect(codeOf(await showValue(request, house.deps))).toBe('shown');
});

test('values that nobody saw count with creations, as many a day as are allowed', async () => {
  const house = await aHouse({ creationsPerDayMax: 3 });
  const token = await house.creates();
  for (let i = 0; i < 2; i++) {
    house.next(async () => 'channel_not_found');
    expect(codeOf(await house.shows(token))).toBe('not_shown');
  }

  const refusal = refused({ code: 'too_many_values_today', creationsPerDayMax: 3 });
  expect(await house.shows(token)).toEqual(refusal);
  house.moveBy(DAY_MS - 1);
  expect(await house.shows(token)).toEqual(refusal);
  house.moveBy(1);
  expect(codeOf(await house.shows(token))).toBe('shown');
});

describe('a value is refused', () => {
  test.for([
    ['is shown not a millisecond before', 7 * DAY_MS - 1, 'shown'],
    ['is refused at the instant', 7 * DAY_MS, 'never_claimed'],
    ['is refused after a downtime of 30 days', 37 * DAY_MS, 'never_claimed'],
  ] as const)(
    'of a token that nobody took within 7 days, with no sweep: it %s',
    async ([, after, expected]) => {
      const house = await aHouse();
      const token = await house.creates({ actor: admin, owner: bob });
      house.moveBy(after);
      const before = house.everything();

      expect(codeOf(await house.shows(token))).toBe(expected);

      if (expected !== 'shown') expect(house.everything()).toEqual(before);
    },
  );

  test.for([
    ['an admin, who created the token', admin],
    ['another member', ann],
    ['anybody who is no member', anActor({ id: bob.id, standing: 'deactivated' })],
  ] as const)('to %s, as if the token were not there, with an event and nothing else', async ([, actor]) => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    const before = house.everything();

    const outcome = await house.shows(token, { actor });

    expect(outcome).toEqual(refused({ code: 'token_not_found' }));
    expect(house.shown).toEqual([]);
    expect(house.actions(token.id)).toEqual(['token.created', 'action.refused']);
    house.raw.exec("delete from audit_events where action = 'action.refused'; delete from refusal_counts");
    expect(house.everything()).toEqual(before);
  });

  test('to the owner in another workspace, and of a token that is not there', async () => {
    const house = await aHouse();
    const token = await house.creates();
    const before = house.everything();

    const elsewhere = await house.shows(token, { actor: anActor({ workspace: ELSEWHERE }) });
    const nowhere = await house.shows({ ...token, id: 'tok_0000000000000000' as TokenId });

    expect([elsewhere, nowhere].map(codeOf)).toEqual(['token_not_found', 'token_not_found']);
    expect(house.everything()).toEqual(before);
  });

  test.for([
    ['at its expiry', async (house: House) => house.moveBy(3 * DAY_MS), 'expired'],
    ['not a millisecond before', async (house: House) => house.moveBy(3 * DAY_MS - 1), 'shown'],
    ['once it is revoked', async (house: House, id: TokenId) => revoke(house, id), 'already_revoked'],
    [
      'as revoked, when it is expired too',
      async (house: House, id: TokenId) => {
        await revoke(house, id);
        house.moveBy(4 * DAY_MS);
      },
      'already_revoked',
    ],
  ] as const)('of a token %s', async ([, prepare, expected]) => {
    const house = await aHouse();
    const token = await house.creates(IN_3_DAYS);
    await prepare(house, token.id);
    const before = house.everything();

    expect(codeOf(await house.shows(token))).toBe(expected);

    if (expected !== 'shown') expect(house.everything()).toEqual(before);
  });

  test.for([
    ['expires', async (house: House) => house.moveBy(3 * DAY_MS), 'expired'],
    ['is too old to be taken', async (house: House) => house.moveBy(7 * DAY_MS), 'never_claimed'],
    ['is revoked', async (house: House, id: TokenId) => revoke(house, id), 'already_revoked'],
  ] as const)(
    'of a token that %s while its value is being hashed, in true words',
    async ([, meanwhile, code]) => {
      const house = await aHouse();
      const token = await house.creates(code === 'never_claimed' ? IN_30_DAYS : IN_3_DAYS);
      const hasher = {
        hash: async () => {
          await meanwhile(house, token.id);
          return 'a hash';
        },
        stop: async () => undefined,
      };

      const request = { actor: ann, tokenId: token.id, delivery: aDelivery() };
      const outcome = await showValue(request, { ...house.deps, hasher });

      expect(outcome).toEqual(refused({ code, name: token.name }));
      expect(house.shown).toEqual([]);
      expect(house.raw.prepare('select count(*) from secrets').pluck().get()).toBe(0);
    },
  );
});

test.for<Standing>(['guest', 'bot', 'stranger', 'deactivated'])(
  'a %s is shown nothing of what was theirs',
  async (standing) => {
    const house = await aHouse();
    const token = await house.creates();

    const outcome = await house.shows(token, { actor: anActor({ standing }) });

    expect(codeOf(outcome)).toBe('token_not_found');
    expect(house.shown).toEqual([]);
  },
);

test('notices that are over when the value is shown are not to come', async () => {
  const house = await aHouse();
  const token = await house.creates({ expiry: { kind: 'days', days: 13 } });
  house.moveBy(6 * DAY_MS - HOUR_MS);

  await house.shows(token);

  expect(noticesOf(house).map(({ kind }) => kind)).toEqual(['expires_in_7_days', 'expires_tomorrow']);
});

const UNUSED = {
  lastUsedAt: null,
  useCount: 0,
  refusedCount: 0,
  lastRefusedAt: null,
  triedCount: 0,
  lastTriedAt: null,
  addresses: [],
  ownerGoneAt: null,
  ownerIsBarred: false,
};

function revoke(house: House, tokenId: TokenId): Promise<unknown> {
  const request = { actor: ann, tokenIds: [tokenId], reason: null, held: false, delivery: aDelivery() };
  return revokeTokens(request, house.deps);
}

/** What happens to the next value instead of being shown; the value itself is told afterwards. */
function losing(house: House, fate: (value: TokenValue) => Promise<string | undefined>) {
  let lost: TokenValue | undefined;
  house.next(async (_: Token, value) => {
    lost = value;
    return fate(value);
  });
  return () => lost;
}

/** Everything that was to be said so far is said. */
function sayAll(house: House): void {
  house.raw.exec('delete from outbox');
}

function noticesOf(house: House): { kind: string; due_at: number }[] {
  return house.raw
    .prepare<[], { kind: string; due_at: number }>('select kind, due_at from notices order by due_at')
    .all();
}
