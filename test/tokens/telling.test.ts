import { describe, expect, test } from 'vitest';
import { DAY_MS, SECOND_MS } from '../../src/clock.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import {
  effectOf,
  type Happened,
  HEARD,
  leakSayings,
  type Saying,
  sayingsOf,
  type Told,
} from '../../src/tokens/telling.ts';
import type { Doer, PersonId, Token } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, bob, type House } from './a-house.ts';
import { ANN, aToken, BOB, T0 } from './a-token.ts';

const EVE = 'U0EVE' as PersonId;

/** Who may have done it, to a token that Ann made for herself, then to one that Bob made for her. */
const RELATIONS = [
  ['her own', ANN, 'its owner', ANN],
  ['her own', ANN, 'somebody else', EVE],
  ['her own', ANN, 'whoever holds its value', 'holder'],
  ['her own', ANN, 'the app', 'system'],
  ['one by Bob', BOB, 'its owner', ANN],
  ['one by Bob', BOB, 'its creator', BOB],
  ['one by Bob', BOB, 'somebody else', EVE],
  ['one by Bob', BOB, 'whoever holds its value', 'holder'],
  ['one by Bob', BOB, 'the app', 'system'],
] as const satisfies readonly (readonly [string, PersonId, string, Doer])[];

/** To the owner: O, E, B. To whoever created it: C, R, N, L. */
const LETTERS: Partial<Record<Saying['kind'], string>> = {
  revoked_by_other: 'O',
  old_value_ended: 'E',
  barred: 'B',
  claimed: 'C',
  revoked_of_created: 'R',
  never_claimed: 'N',
  owner_left: 'L',
};

/** What is heard of each event, in the order of the relations. The app's own revocations are named by their reason. */
const TABLE: readonly (readonly [keyof typeof HEARD, string])[] = [
  //                             own: owner other holder app   by Bob: owner Bob other holder app
  ['token.created', '             -     -     -      -           -     -   -     -      -'],
  ['value.shown', '               -     -     -      -           C     -   C     C      C'],
  ['value.replaced', '            -     -     -      -           C     -   C     C      C'],
  ['value.withdrawn', '           -     -     -      -           -     -   -     -      -'],
  ['token.rotated', '             -     -     -      -           C     -   C     C      C'],
  ['token.renewed', '             -     -     -      -           C     -   C     C      C'],
  ['token.expired', '             -     -     -      -           -     -   -     -      -'],
  ['old_value.ended', '           -     E     E      E           -     E   E     E      E'],
  ['token.revoked', '             -     O     O      O           R     O   OR    OR     OR'],
  ['never claimed', '             -     O     O      O           R     O   OR    OR     ON'],
  ['owner left', '                -     O     O      -           R     O   OR    OR     L'],
  ['owner may not use apitoken', '-     O     O      O           R     O   OR    OR     OL'],
  ['owner.marked', '              -     B     B      B           -     B   B     B      B'],
  ['owner.unmarked', '            -     -     -      -           -     -   -     -      -'],
];

test('the table of who hears of what knows every event', () => {
  expect(TABLE.map(([event]) => event).sort()).toEqual(Object.keys(HEARD).sort());
  for (const [, cells] of TABLE) expect(cellsIn(cells)).toHaveLength(RELATIONS.length);
});

const CASES = TABLE.flatMap(([event, cells]) =>
  RELATIONS.map(
    ([whose, createdBy, who, actor], i) =>
      [event, whose, who, cellsIn(cells)[i] ?? '', createdBy, actor] as const,
  ),
);

test.for(CASES)('%s, of %s, by %s is heard of by: %s', ([event, , , heard, createdBy, actor]) => {
  const token = aToken({ createdBy, claimedAt: null });

  const sayings = sayingsOf(happenedOf(event, actor), [token]).map(({ saying }) => saying);

  const [receipt, home, ...told] = sayings;
  expect([receipt, home]).toEqual([
    { kind: 'receipt', tokenId: token.id },
    { kind: 'home', person: ANN },
  ]);
  expect(told.map(({ kind }) => LETTERS[kind]).join('') || '-').toBe(heard);
  for (const saying of told) {
    expect(saying).toEqual(
      saying.kind === 'barred' ? { kind: 'barred', person: ANN } : { kind: saying.kind, tokenId: token.id },
    );
  }
});

test.for(['value.shown', 'value.replaced', 'token.rotated', 'token.renewed'] as const)(
  '%s tells whoever created the token of its first value alone, and its owner of the expiry to come',
  (action) => {
    const token = aToken({ createdBy: BOB, claimedAt: T0 });

    const effect = effectOf({ action, actor: ANN, at: T0 }, token);

    expect(effect.sayings.map(({ saying }) => saying.kind)).toEqual(['receipt', 'home']);
    expect(effect.notices?.map(({ kind }) => kind)).toEqual([
      'expires_in_14_days',
      'expires_in_7_days',
      'expires_tomorrow',
    ]);
  },
);

test.for(['token.created', 'value.withdrawn', 'old_value.ended', 'token.revoked'] as const)(
  '%s plans no notice of an expiry',
  (action) => {
    expect(effectOf({ action, actor: ANN, at: T0 }, aToken()).notices).toEqual([]);
  },
);

test.for([
  ['two seconds later where its value is being shown meanwhile', ANN, 2 * SECOND_MS],
  ['at once where its owner has yet to take it', BOB, 0],
] as const)('a new token is drawn %s', ([, createdBy, afterMs]) => {
  const sayings = sayingsOf({ action: 'token.created', actor: createdBy, at: T0 }, [aToken({ createdBy })]);

  expect(sayings.map(({ dueAt }) => dueAt)).toEqual([T0 + afterMs, T0 + afterMs]);
});

test('of several that ended at once each person hears once, of theirs as owner and of theirs as creator', () => {
  const [own, other, made, another] = [
    aToken(),
    aToken(),
    aToken({ createdBy: BOB }),
    aToken({ owner: BOB, createdBy: ANN }),
  ];

  const sayings = sayingsOf({ action: 'token.revoked', actor: EVE, at: T0 }, [own, other, made, another]);

  const told = sayings
    .map(({ saying }) => saying)
    .filter(({ kind }) => kind !== 'receipt' && kind !== 'home');
  expect(told).toEqual([
    { kind: 'several_revoked', person: ANN, tokenIds: [own.id, other.id, made.id] },
    { kind: 'revoked_by_other', tokenId: another.id },
    { kind: 'revoked_of_created', tokenId: made.id },
    { kind: 'revoked_of_created', tokenId: another.id },
  ]);
});

describe('whoever created a token for somebody else hears, and nobody else', () => {
  test.for([
    ['declines it', (house: House) => house.creates({ actor: admin, owner: ann })],
    ['ends it', async (house: House) => (await house.holds({ actor: admin, owner: ann })).token],
  ] as const)('when its owner %s', async ([, given]) => {
    const house = await aHouse();
    const token = await given(house);

    expect(await heardWhenAnnEnds([token], house)).toEqual([
      { kind: 'revoked_of_created', tokenId: token.id },
    ]);
  });

  test('once, when its owner ends several of them', async () => {
    const house = await aHouse();
    const tokens = [
      await house.creates({ actor: admin, owner: ann }),
      await house.creates({ actor: admin, owner: ann }),
      await house.creates(),
    ];

    expect(await heardWhenAnnEnds(tokens, house)).toEqual([
      { kind: 'several_revoked', person: admin.id, tokenIds: tokens.slice(0, 2).map(({ id }) => id) },
    ]);
  });

  test('when its owner takes it', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    await forget(house);

    await house.shows(token);

    expect(await heard(house)).toEqual([{ kind: 'claimed', tokenId: token.id }]);
  });
});

test('whoever ends a token of their own making is told nothing, and its owner is', async () => {
  const house = await aHouse();
  const { token } = await house.holds({ actor: admin, owner: bob });
  await forget(house);

  // An admin who is on call.
  const actor = { ...admin, roles: new Set(['admin', 'on_call'] as const) };
  await revokeTokens({ ...OF_ALL, actor, tokenIds: [token.id], reason: 'leaked' }, house.deps);

  expect(await heard(house)).toEqual([{ kind: 'revoked_by_other', tokenId: token.id }]);
});

test('a token that was read before is not read again for its revocation', async () => {
  const house = await aHouse();
  const { token } = await house.holds();
  const tokenIds = [token.id];
  const there = await house.store.findTokens(ann.workspace, tokenIds);
  const fail = () => Promise.reject(new Error('read again'));
  const store = { ...house.store, findToken: fail, findTokens: fail };

  const outcome = await revokeTokens({ ...OF_ALL, actor: ann, tokenIds, there }, { ...house.deps, store });

  expect(outcome).toMatchObject({ kind: 'revoked', tokens: [await house.read(token.id)] });
});

function cellsIn(cells: string): readonly string[] {
  return cells.trim().split(/\s+/);
}

function happenedOf(event: keyof typeof HEARD, actor: Doer): Happened {
  const isAction = /^[a-z_]+\.[a-z]+$/.test(event);
  return isAction
    ? { action: event as Told, actor, at: T0 + DAY_MS, reason: 'leaked' }
    : { action: 'token.revoked', actor, at: T0 + DAY_MS, reason: event };
}

const OF_ALL = { reason: null, held: false, delivery: aDelivery() };

async function heardWhenAnnEnds(tokens: readonly Token[], house: House): Promise<readonly Saying[]> {
  await forget(house);
  const tokenIds = tokens.map(({ id }) => id);
  const outcome = await revokeTokens({ ...OF_ALL, actor: ann, tokenIds }, house.deps);
  expect(outcome).toMatchObject({ kind: 'revoked', tokens: tokenIds.map((id) => ({ id, revokedBy: ANN })) });
  return heard(house);
}

/** Nothing is to be said any more of what happened until now. */
async function forget(house: House): Promise<void> {
  house.raw.exec('delete from outbox');
}

/** What is to be said beside drawing receipts and Home tabs. */
async function heard(house: House): Promise<readonly Saying[]> {
  return (await house.due()).filter(({ kind }) => kind !== 'receipt' && kind !== 'home');
}

describe('of what nobody in the workspace did', () => {
  const token = aToken({ createdBy: BOB });
  const saidOf = (happened: Partial<Happened>) =>
    sayingsOf({ action: 'token.revoked', actor: 'system', at: T0, ...happened }, [token])
      .map(({ saying }) => saying)
      .filter(({ kind }) => kind !== 'receipt' && kind !== 'home');
  const toCreator = { kind: 'revoked_of_created', tokenId: token.id };

  test('the guard tells the creator; the owner hears by the card about the message', () => {
    expect(saidOf({ actor: 'guard' })).toEqual([toCreator]);
    expect(saidOf({ actor: 'guard', action: 'old_value.ended' })).toEqual([]);
  });

  test('whoever is on call hears of what GitHub found, too', () => {
    expect(saidOf({ actor: 'github' })).toEqual([
      { kind: 'revoked_by_other', tokenId: token.id },
      toCreator,
      { kind: 'found_in_public', tokenIds: [token.id] },
    ]);
  });

  test('a reason of the app’s own says who hears of a revocation, and of nothing else', () => {
    expect(saidOf({ reason: 'owner left' })).toEqual([{ kind: 'owner_left', tokenId: token.id }]);
    expect(saidOf({ reason: 'owner left', action: 'token.expired' })).toEqual([]);
  });
});

test('each reader of a message that holds live values is told once', () => {
  const place = { channel: 'C1', ts: '1.2' };

  expect(leakSayings(place, ['oncall', ANN, 'oncall'])).toEqual([
    { kind: 'leak', ...place, reader: 'oncall' },
    { kind: 'leak', ...place, reader: ANN },
  ]);
});

test('an event tells the name of its token beside what else there is to tell', () => {
  const token = aToken();

  expect(effectOf({ action: 'token.created', actor: ANN, at: T0 }, token, { held: 1 }).event).toEqual({
    at: T0,
    actor: ANN,
    action: 'token.created',
    tokenId: token.id,
    detail: { name: token.name, held: 1 },
  });
});
