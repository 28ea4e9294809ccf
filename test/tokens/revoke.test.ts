import { describe, expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { heldProof } from '../../src/tokens/held.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { declineToken, endHeldOldValue, revokeTokens } from '../../src/tokens/revoke.ts';
import { endOldValues } from '../../src/tokens/rotate.ts';
import type { Delivery } from '../../src/tokens/telling.ts';
import type { Token, TokenId } from '../../src/tokens/token.ts';
import { PEPPER } from '../store/fixtures/temp-store.ts';
import { aDelivery, admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { anActor, ELSEWHERE, T0 } from './a-token.ts';

const onCall = anActor({ id: 'U0ONCALL' as Actor['id'], roles: new Set(['on_call']) });
const manager = anActor({ id: 'U0MANAGER' as Actor['id'], roles: new Set(['manager']) });

type Revoking = {
  actor?: Actor;
  reason?: string | null;
  held?: boolean;
  delivery?: Delivery;
};

function revoke(house: House, tokens: readonly Token[], fields: Revoking = {}) {
  const { actor = ann, reason = null, held = false, delivery = aDelivery() } = fields;
  const tokenIds = tokens.map(({ id }) => id);
  return revokeTokens({ actor, tokenIds, reason, held, delivery }, house.deps);
}

describe('revoking tokens', () => {
  test('ends all of them at one instant, each with who and why, and resolves to them', async () => {
    const house = await aHouse();
    const [one, other] = [await house.holds(), await house.holds()];
    house.moveBy(7);

    const outcome = await revoke(house, [one.token, other.token], { actor: onCall, reason: 'leaked' });

    const ended = { revokedAt: T0 + 7, revokedBy: onCall.id, revokeReason: 'leaked' };
    expect(outcome).toMatchObject({
      kind: 'revoked',
      tokens: [
        { id: one.token.id, ...ended },
        { id: other.token.id, ...ended },
      ],
    });
    expect([await house.verdict(one.value), await house.verdict(other.value)]).toEqual([
      'revoked',
      'revoked',
    ]);
  });

  test.for<readonly [string, Revoking, string]>([
    ['by their owner without a reason', {}, 'revoked'],
    ['by their owner with a reason', { reason: 'tidying up' }, 'revoked'],
    ['by someone on call with a reason', { actor: onCall, reason: 'leaked' }, 'revoked'],
    ['by someone on call without a reason', { actor: onCall }, 'reason_required'],
    ['by an admin without a reason', { actor: admin }, 'reason_required'],
    ['by a manager', { actor: manager, reason: 'leaked' }, 'token_not_found'],
    ['by anybody else', { actor: bob, reason: 'leaked' }, 'token_not_found'],
    ['by anybody who holds the value', { actor: bob, reason: 'found it', held: true }, 'revoked'],
    ['by anybody who holds the value, without a reason', { actor: bob, held: true }, 'reason_required'],
    [
      'by someone on call in another workspace',
      { actor: { ...onCall, workspace: ELSEWHERE }, reason: 'leaked' },
      'token_not_found',
    ],
  ])('%s comes to %s', async ([, fields, expected]) => {
    const house = await aHouse();
    const { token, value } = await house.holds();

    expect(codeOf(await revoke(house, [token], fields))).toBe(expected);
    expect(await house.verdict(value)).toBe(expected === 'revoked' ? 'revoked' : 'good');
  });

  test('ends none where one is not theirs', async () => {
    const house = await aHouse();
    const [own, bobs] = [await house.holds(), await house.holds({ actor: bob })];

    expect(codeOf(await revoke(house, [own.token, bobs.token], { reason: 'both' }))).toBe('token_not_found');
    expect([await house.verdict(own.value), await house.verdict(bobs.value)]).toEqual(['good', 'good']);
  });

  test('wants a reason as soon as one is not theirs, wherever it stands', async () => {
    const house = await aHouse();
    const [own, others] = [await house.holds({ actor: onCall }), await house.holds()];

    for (const tokens of [
      [own.token, others.token],
      [others.token, own.token],
    ])
      expect(codeOf(await revoke(house, tokens, { actor: onCall }))).toBe('reason_required');
    expect(await house.verdict(own.value)).toBe('good');
  });

  test('of none is refused', async () => {
    expect(codeOf(await revoke(await aHouse(), []))).toBe('nothing_ticked');
  });

  test('a second time is refused, and changes nothing', async () => {
    const house = await aHouse();
    const [one, other] = [await house.holds(), await house.holds()];
    await revoke(house, [one.token, other.token]);
    const before = house.everything();

    expect(await revoke(house, [one.token])).toEqual({
      kind: 'refused',
      refusal: { code: 'already_revoked', name: one.token.name },
    });
    expect(codeOf(await revoke(house, [one.token, other.token]))).toBe('all_already_revoked');
    expect(house.everything()).toEqual(before);
  });

  test('ends those that are left where some were ended before', async () => {
    const house = await aHouse();
    const [one, other] = [await house.holds(), await house.holds()];
    await revoke(house, [one.token]);

    expect(codeOf(await revoke(house, [one.token, other.token]))).toBe('revoked');
    expect(await house.verdict(other.value)).toBe('revoked');
  });

  test('by the same delivery once more is told as repeated', async () => {
    const house = await aHouse();
    const { token } = await house.holds();
    const delivery = aDelivery();
    await revoke(house, [token], { delivery });
    const before = house.everything();

    expect(await revoke(house, [token], { delivery })).toMatchObject({
      kind: 'repeated',
      tokens: [{ id: token.id, revokedAt: T0 }],
    });
    expect(house.everything()).toEqual(before);
  });
});

describe('declining a token that somebody else created', () => {
  function decline(house: House, tokenId: TokenId, actor: Actor = ann) {
    return declineToken({ actor, tokenId, delivery: aDelivery() }, house.deps);
  }

  test('ends it, without a reason', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: ann });
    house.moveBy(3);

    expect(await decline(house, token.id)).toEqual({ kind: 'declined' });
    expect(await house.read(token.id)).toMatchObject({
      revokedAt: T0 + 3,
      revokedBy: ann.id,
      revokeReason: null,
    });
    expect(codeOf(await house.shows(token))).toBe('already_revoked');
  });

  test.for<readonly [string, (house: House, token: Token) => unknown, string]>([
    ['after its owner took it', (house, token) => house.shows(token), 'changed_meanwhile'],
    [
      'after it was revoked',
      (house, token) => revoke(house, [token], { actor: admin, reason: 'not needed' }),
      'already_revoked',
    ],
  ])('%s is refused, and changes nothing', async ([, prepare, code]) => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: ann });
    await prepare(house, token);
    const before = house.everything();

    expect(await decline(house, token.id)).toEqual({ kind: 'refused', refusal: { code, name: token.name } });
    expect(house.everything()).toEqual(before);
  });

  test('is for its owner alone, not even for whoever created it', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: ann });

    for (const actor of [admin, bob, onCall])
      expect(codeOf(await decline(house, token.id, actor))).toBe('token_not_found');
    expect(await house.read(token.id)).toMatchObject({ revokedAt: null });
  });
});

describe('ending the old value that somebody holds', () => {
  /** A token of Ann's that was rotated, with the old value still honoured, and Bob's proof that he holds it. */
  async function leaked(house: House) {
    const { token, value: old } = await house.holds();
    const values = [{ tokenId: token.id, lookupId: old.lookupId }];
    await house.rotates(token);
    return { token, old, held: heldProof({ actor: bob.id, values, at: house.now() }, PEPPER) };
  }

  function end(house: House, token: Token, held: string, { actor = bob, delivery = aDelivery() } = {}) {
    return endHeldOldValue({ actor, tokenId: token.id, held, delivery }, house.deps);
  }

  test('ends that value alone: the token lives on, and its owner is told who', async () => {
    const house = await aHouse();
    const { token, old, held } = await leaked(house);
    house.raw.exec('delete from outbox');

    expect(await end(house, token, held)).toMatchObject({ kind: 'ended', token: { id: token.id } });

    expect([await house.verdict(old), await house.verdict(house.shown[1])]).toEqual(['ended', 'good']);
    const { events } = await house.store.listEvents(token.id, { page: 1, pageSize: 1 });
    expect(events).toMatchObject([{ actor: bob.id, action: 'old_value.ended', detail: { held: 1 } }]);
    expect((await house.due()).map(({ kind }) => kind)).toContain('receipt');
  });

  test('twice with the same proof is told as repeated, however it is pressed', async () => {
    const house = await aHouse();
    const { token, held } = await leaked(house);
    await end(house, token, held);
    const before = house.everything();

    expect(await end(house, token, held)).toMatchObject({ kind: 'repeated', token: { id: token.id } });
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, (house: House, token: Token) => unknown, string]>([
    ['more than 30 minutes later', (house) => house.moveBy(30 * MINUTE_MS + 1), 'no_longer_held'],
    ['when the grace is over', (house) => house.moveBy(DAY_MS), 'no_longer_held'],
    [
      'when the old value was ended before',
      (house, token) =>
        endOldValues({ actor: ann, tokenId: token.id, generation: 1, delivery: aDelivery() }, house.deps),
      'value_ended',
    ],
  ])('%s is refused: nothing is held any more', async ([, prepare, code]) => {
    const house = await aHouse();
    const { token, held } = await leaked(house);
    await prepare(house, token);

    expect(codeOf(await end(house, token, held))).toBe(code);
    expect(await house.verdict(house.shown[1])).toBe('good');
  });

  test('of a token that was revoked is refused with that', async () => {
    const house = await aHouse();
    const { token, held } = await leaked(house);
    await revoke(house, [token]);

    expect(await end(house, token, held)).toEqual({
      kind: 'refused',
      refusal: { code: 'already_revoked', name: token.name },
    });
  });

  test('that was ended before, of a token that was revoked since, is refused, and not told as done', async () => {
    const house = await aHouse();
    const { token, held } = await leaked(house);
    await end(house, token, held);
    await revoke(house, [token]);

    expect(codeOf(await end(house, token, held))).toBe('value_ended');
  });

  test('of two tokens ends both, one after the other', async () => {
    const house = await aHouse();
    const [one, other] = [await leaked(house), await leaked(house)];

    expect(codeOf(await end(house, one.token, one.held))).toBe('ended');
    expect(codeOf(await end(house, other.token, other.held))).toBe('ended');
    expect([await house.verdict(one.old), await house.verdict(other.old)]).toEqual(['ended', 'ended']);
  });

  test('is not for who may not use the app', async () => {
    const house = await aHouse();
    const { token, old, held } = await leaked(house);

    expect(codeOf(await end(house, token, held, { actor: { ...bob, standing: 'guest' } }))).toBe(
      'token_not_found',
    );
    expect(await house.verdict(old)).toBe('good');
  });

  test.for([
    ['that ended', false, 'value_ended'],
    ['whose token was revoked', true, 'already_revoked'],
  ] as const)('%s while it was pressed is refused with that', async ([, isRevoked, code]) => {
    const house = await aHouse();
    const { token, held } = await leaked(house);
    const endOldValues = async () => {
      if (isRevoked) await revoke(house, [token]);
      return { kind: 'none' } as const;
    };
    const deps = { ...house.deps, store: { ...house.store, endOldValues } };

    const request = { actor: bob, tokenId: token.id, held, delivery: aDelivery() };
    expect(codeOf(await endHeldOldValue(request, deps))).toBe(code);
  });

  test('with the proof of somebody else is refused, and is an event where it is none of their tokens', async () => {
    const house = await aHouse();
    const { token, old, held } = await leaked(house);

    expect(codeOf(await end(house, token, held, { actor: manager }))).toBe('value_ended');
    const { events } = await house.store.listEvents(token.id, { page: 1, pageSize: 1 });
    expect(events).toMatchObject([{ action: 'action.refused', detail: { attempted: 'revoke_held' } }]);
    const before = house.everything();
    expect(codeOf(await end(house, token, held, { actor: ann }))).toBe('value_ended');
    expect(house.everything()).toEqual(before);
    expect(await house.verdict(old)).toBe('good');
  });
});
