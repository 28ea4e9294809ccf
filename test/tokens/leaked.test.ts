import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import {
  closeIncident,
  type EndLeakedDeps,
  endByGuard,
  endLeaked,
  isWorking,
  type LeakedValue,
  leakedValues,
  revokeTokens,
} from '../../src/tokens/revoke.ts';
import { newTokenId, type Token, type TokenId } from '../../src/tokens/token.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { aDelivery, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { anActor, aToken, T0, WORKSPACE } from './a-token.ts';

const onCall = anActor({ id: 'U0ONCALL' as Actor['id'], roles: new Set(['on_call']) });

describe('how the values in a message stand:', () => {
  test.for<readonly [string, (house: House, token: Token) => unknown, Partial<LeakedValue>]>([
    ['one that works', () => undefined, { is: 'works', endsAt: T0 + 30 * DAY_MS }],
    [
      'one in the grace of a rotation',
      (house, token) => house.rotates(token),
      { is: 'old_works', endsAt: T0 + 1 + DAY_MS },
    ],
    ['one that a rotation ended', (house, token) => house.rotates(token, { grace: 'now' }), { is: 'ended' }],
    ['one that expired', (house) => house.moveBy(30 * DAY_MS), { is: 'ended' }],
    ['one of a revoked token', (house, token) => revoke(house, token), { is: 'revoked' }],
  ])('%s', async ([, happens, expected]) => {
    const house = await aHouse();
    const { token, value } = await house.holds({ expiry: { kind: 'days', days: 30 } });
    house.moveBy(1);
    await happens(house, token);

    const [leaked, ...others] = await stand(house, [token]);

    expect(others).toEqual([]);
    expect(leaked).toMatchObject({ token: { id: token.id }, isThere: true, ...expected });
    const hasEnded = expected.is === 'ended';
    expect(leaked?.lookupId).toBe(hasEnded ? undefined : value.lookupId);
    if (hasEnded) expect(leaked?.endsAt).toBeNull();
  });

  test('one that never ends, told apart from a newer one of its token', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    house.moveBy(1);
    await house.rotates(token);

    const tokens = [
      { tokenId: token.id, madeAt: T0 + 1, isThere: false },
      { tokenId: token.id, madeAt: T0, isThere: true },
      { tokenId: token.id, madeAt: T0 + 2, isThere: true },
    ];
    const values = await leakedValues({ tokens }, WORKSPACE, house.now(), house.store);

    expect(values.map(({ is, endsAt, isThere, lookupId }) => [is, endsAt, isThere, lookupId])).toEqual([
      ['works', null, false, house.shown[1]?.lookupId],
      ['old_works', T0 + 1 + DAY_MS, true, house.shown[0]?.lookupId],
      ['ended', null, true, undefined],
    ]);
  });

  test('one that nobody was shown has ended, and one of a token that is not there is left out', async () => {
    const house = await aHouse();
    const unclaimed = await house.creates();

    const values = await stand(house, [{ ...unclaimed, id: newTokenId() }, unclaimed]);

    expect(values.map(({ token, is }) => [token.id, is])).toEqual([[unclaimed.id, 'ended']]);
  });

  test('however many there are, a hundred at a time', async () => {
    const tokens = Array.from({ length: 250 }, () => ({ tokenId: newTokenId(), madeAt: T0, isThere: true }));
    const asked: [string, number, unknown][] = [];
    const store = {
      findTokens: async (workspace: string, ids: readonly TokenId[]) => {
        asked.push(['tokens', ids.length, workspace]);
        return new Map(ids.map((id) => [id, aToken({ id })]));
      },
      standingValues: async (ids: readonly TokenId[], at: number) => {
        asked.push(['values', ids.length, at]);
        return new Map();
      },
      readSecret: async () => undefined,
    };

    const values = await leakedValues({ tokens }, WORKSPACE, T0 + 7, store);

    expect(values.map(({ token }) => token.id)).toEqual(tokens.map(({ tokenId }) => tokenId));
    expect(asked).toEqual(
      [100, 100, 50].flatMap((count) => [
        ['tokens', count, WORKSPACE],
        ['values', count, T0 + 7],
      ]),
    );
  });

  test.for([
    ['works', true],
    ['old_works', true],
    ['revoked', false],
    ['ended', false],
  ] as const)('there is something to end of one that %s: %s', ([is, expected]) => {
    expect(isWorking({ is })).toBe(expected);
  });
});

describe('the guard ends', () => {
  test('what stands in the message and works: a token, and of a rotated one the old value alone', async () => {
    const house = await aHouse();
    const whole = await house.holds();
    const rotated = await house.holds();
    const gone = await house.holds();
    house.moveBy(1);
    await house.rotates(rotated.token);
    house.raw.exec('delete from outbox');
    house.moveBy(5);
    const values = await stand(house, [whole.token, rotated.token, gone.token]);

    await guard(
      house,
      values.map((value) => (value.token.id === gone.token.id ? { ...value, isThere: false } : value)),
    );

    expect(await verdicts(house, whole.value, rotated.value, house.shown.at(-1), gone.value)).toEqual([
      'revoked',
      'ended',
      'good',
      'good',
    ]);
    expect(await lastEvent(house, whole.token)).toEqual({
      at: T0 + 6,
      actor: 'guard',
      action: 'token.revoked',
      tokenId: whole.token.id,
      detail: { name: whole.token.name, reason: 'leaked', held: 1 },
    });
    expect(await lastEvent(house, rotated.token)).toMatchObject({
      at: T0 + 6,
      actor: 'guard',
      action: 'old_value.ended',
      detail: { name: rotated.token.name, reason: 'leaked', held: 1 },
    });
    const told = await house.due();
    expect(told.filter((saying) => 'tokenId' in saying && saying.tokenId === gone.token.id)).toEqual([]);
  });

  test('nothing that ended by itself or was revoked, and nothing without a value that is known', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const [value] = await stand(house, [token]);
    if (value === undefined) throw new Error('no value stands there');
    const before = house.everything();

    await guard(house, [
      { ...value, is: 'ended' },
      { ...value, is: 'revoked' },
      { ...value, lookupId: undefined },
    ]);

    expect(house.everything()).toEqual(before);
  });

  test('a hundred at a time', async () => {
    const revoked: (readonly TokenId[])[] = [];
    const values = Array.from({ length: 201 }, (_, index): LeakedValue => {
      const lookupId = `lookup ${index}`;
      return { token: aToken(), is: 'works', lookupId, endsAt: null, isThere: true };
    });
    const store = {
      standingValues: async () => new Map(),
      findTokens: async () => new Map(),
      endOldValues: () => Promise.reject(new Error('no old value is there')),
      revokeTokens: async (ids: readonly TokenId[]) => {
        revoked.push(ids);
        return { kind: 'already_revoked' } as const;
      },
    };

    await endByGuard(values, 'leaked', { store, workspace: WORKSPACE, clock: () => T0 });

    expect(revoked.map(({ length }) => length)).toEqual([100, 100, 1]);
    expect(revoked.flat()).toEqual(values.map(({ token }) => token.id));
  });
});

describe('what leaked, and verified just now,', () => {
  test('ends the whole token once, where its old and its new value leaked', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    house.moveBy(1);
    await house.rotates(token);
    const current = house.shown.at(-1);

    await ends(house, token, [old, current]);

    expect(await verdicts(house, old, current)).toEqual(['revoked', 'revoked']);
    expect(house.actions(token.id).slice(-2)).toEqual(['token.rotated', 'token.revoked']);
  });

  test('ends the old value alone where nothing else leaked, and its token is not written', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    house.moveBy(1);
    await house.rotates(token);
    const revokes: unknown[] = [];
    const store = {
      revokeTokens: async (...asked: Parameters<typeof house.store.revokeTokens>) => {
        revokes.push(asked);
        return house.store.revokeTokens(...asked);
      },
    };

    await ends(house, token, [old], store);

    expect(await verdicts(house, old, house.shown.at(-1))).toEqual(['ended', 'good']);
    expect(revokes).toEqual([]);
  });

  test('ends a token whose value ended meanwhile, since nobody knows that it was an old one', async () => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    house.moveBy(1);
    await house.rotates(token, { grace: 'now' });

    await ends(house, token, [old]);

    expect(await lastEvent(house, token)).toMatchObject({ action: 'token.revoked', actor: 'github' });
  });

  test.for([
    ['of a workspace that is not known yet', { workspace: async () => undefined }],
    ['of a token that is gone by then', { findTokens: async () => new Map() }],
  ] as const)('leaves an old value %s as it is', async ([, fields]) => {
    const house = await aHouse();
    const { token, value: old } = await house.holds();
    house.moveBy(1);
    await house.rotates(token);
    const before = house.everything();

    await ends(house, token, [old], fields);

    expect(house.everything()).toEqual(before);
  });
});

describe('that nothing uses a revoked token any more', () => {
  test('is noted with who says so, once a delivery', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    await revoke(house, token);
    house.moveBy(9);
    const delivery = aDelivery();

    expect(await close(house, [token], { delivery })).toEqual({ kind: 'closed' });
    expect(await close(house, [token], { delivery })).toEqual({ kind: 'repeated' });

    expect(await lastEvent(house, token)).toMatchObject({
      at: T0 + 9,
      actor: onCall.id,
      action: 'incident.closed',
    });
    expect((await house.store.triesOf([token.id])).get(token.id)).toMatchObject({
      stoppedAt: T0 + 9,
      stoppedBy: onCall.id,
    });
  });

  test('is not noted of one that lives', async () => {
    const house = await aHouse();
    const [ended, live] = [(await house.holds()).token, (await house.holds()).token];
    await revoke(house, ended);
    const before = house.everything();

    expect(await close(house, [ended, live])).toEqual({
      kind: 'refused',
      refusal: { code: 'changed_meanwhile', name: live.name },
    });
    expect(house.everything()).toEqual(before);
  });

  test('is not noted by who could not have ended it: that is an event', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    await revoke(house, token);

    expect(codeOf(await close(house, [token], { actor: bob }))).toBe('token_not_found');
    expect(await lastEvent(house, token)).toMatchObject({
      actor: bob.id,
      action: 'action.refused',
      detail: { attempted: 'revoke' },
    });
  });
});

/** How a value of each of these tokens, made at T0, stands by now. */
function stand(house: House, tokens: readonly Token[]): Promise<LeakedValue[]> {
  const leaked = tokens.map(({ id }) => ({ tokenId: id, madeAt: T0, isThere: true }));
  return leakedValues({ tokens: leaked }, WORKSPACE, house.now(), house.store);
}

function guard(house: House, values: readonly LeakedValue[]): Promise<void> {
  return endByGuard(values, 'leaked', { store: house.store, workspace: WORKSPACE, clock: house.now });
}

async function ends(
  house: House,
  { id: tokenId }: Token,
  values: readonly (TokenValue | undefined)[],
  store: Partial<EndLeakedDeps['store']> = {},
): Promise<void> {
  const leaked = values.map((value) => ({ tokenId, lookupId: value?.lookupId ?? '' }));
  await endLeaked(
    leaked,
    { actor: 'github', reason: 'seen' },
    { store: { ...house.store, workspace: async () => WORKSPACE, ...store }, clock: house.now },
  );
}

function close(house: House, tokens: readonly Token[], { actor = onCall, delivery = aDelivery() } = {}) {
  const tokenIds = tokens.map(({ id }) => id);
  return closeIncident({ actor, tokenIds, delivery }, house.deps);
}

function verdicts(house: House, ...values: readonly (TokenValue | undefined)[]): Promise<string[]> {
  return Promise.all(values.map((value) => house.verdict(value)));
}

async function lastEvent(house: House, { id }: Token): Promise<unknown> {
  return (await house.store.listEvents(id, { page: 1, pageSize: 1 })).events[0];
}

function revoke(house: House, token: Token): Promise<unknown> {
  const request = { actor: ann, tokenIds: [token.id], reason: null, held: false, delivery: aDelivery() };
  return revokeTokens(request, house.deps);
}
