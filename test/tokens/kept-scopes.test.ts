import { describe, expect, test } from 'vitest';
import { keptScopes } from '../../src/tokens/kept-scopes.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { carryOutRotation, planRotation, type RotateKind } from '../../src/tokens/rotate.ts';
import { showValue } from '../../src/tokens/show.ts';
import type { Token } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, bob, type House, rotationOf } from './a-house.ts';
import { anActor } from './a-token.ts';

const POLICY = { allowGuests: false, scopes: ['read', 'write'] };
const exAdmin = anActor({ id: admin.id });

/** Who Slack says that they are, by now. */
const asks =
  (...people: readonly Actor[]) =>
  async (id: Actor['id']) =>
    people.find((person) => person.id === id);

describe('the next value of a token', () => {
  test.for<readonly [string, readonly string[], Actor, Actor, readonly string[]]>([
    ['keeps what is still offered', ['write', 'read'], ann, ann, []],
    ['loses what SCOPES has no more', ['read', 'deploy', 'gone'], ann, ann, ['deploy', 'gone']],
    ['of an admin’s own keeps introspect', ['introspect'], admin, admin, []],
    ['of an ex-admin’s own loses introspect', ['read', 'introspect'], exAdmin, exAdmin, ['introspect']],
    ['of a member’s by an admin keeps introspect', ['introspect'], ann, admin, []],
    ['of a member’s by an ex-admin loses introspect', ['introspect'], ann, exAdmin, ['introspect']],
    [
      'of an admin’s by an ex-admin keeps introspect',
      ['introspect'],
      { ...ann, roles: new Set(['admin']) },
      exAdmin,
      [],
    ],
    [
      'of a member’s by an admin who left loses it',
      ['introspect'],
      ann,
      { ...admin, standing: 'deactivated' },
      ['introspect'],
    ],
    [
      'of a member’s by an admin who became a guest loses it',
      ['introspect'],
      ann,
      { ...admin, standing: 'guest' },
      ['introspect'],
    ],
    [
      'of on-call’s by a manager loses it',
      ['introspect'],
      { ...ann, roles: new Set(['on_call']) },
      { ...bob, roles: new Set(['manager']) },
      ['introspect'],
    ],
  ])('%s', async ([, scopes, owner, createdBy, lost]) => {
    const token = { scopes, owner: owner.id, createdBy: createdBy.id };

    const kept = await keptScopes(token, { policy: POLICY, findPerson: asks(owner, createdBy) });

    expect(kept).toMatchObject({ kind: 'kept', scopes: scopes.filter((scope) => !lost.includes(scope)) });
    expect(kept.kind === 'kept' && kept.leftOut).toEqual(
      lost.map((scope) => ({ scope, why: scope === 'introspect' ? 'not_granted' : 'removed' })),
    );
  });

  test('is not decided while Slack does not tell who granted introspect, unless the other is an admin', async () => {
    const token = { scopes: ['introspect'], owner: ann.id, createdBy: admin.id };

    expect(await keptScopes(token, { policy: POLICY, findPerson: asks(ann) })).toEqual(
      refused({ code: 'person_unknown' }),
    );
    expect(await keptScopes(token, { policy: POLICY, findPerson: asks(admin) })).toMatchObject({
      leftOut: [],
    });
  });

  test('asks nobody about a token that has no introspect', async () => {
    const token = { scopes: ['read'], owner: ann.id, createdBy: admin.id };
    const findPerson = () => Promise.reject(new Error('asked'));

    expect(await keptScopes(token, { policy: POLICY, findPerson })).toMatchObject({ scopes: ['read'] });
  });
});

test.for([
  ['rotate', 'token.rotated'],
  ['renew', 'token.renewed'],
  ['replace', 'value.replaced'],
] as const)(
  'a new value by %s has fewer scopes, and so has its token, for good; the event tells which',
  async ([kind, action]) => {
    const house = await aHouse();
    const inADay = { expiry: { kind: 'days', days: 1 } } as const;
    const { token, value } = await house.holds({
      actor: admin,
      scopes: ['read', 'write', 'introspect'],
      ...inADay,
    });
    if (kind === 'renew') house.moveBy(86_400_000);
    const deps = demoted(house);

    const outcome = await rotatesWith(house, deps, token.id, kind);

    expect(outcome).toMatchObject({ kind: 'rotated' });
    const next = house.shown.at(-1);
    expect((await house.store.readSecret(next?.lookupId ?? ''))?.scopes).toEqual(['read']);
    expect((await house.store.readSecret(value.lookupId))?.scopes).toEqual(['read', 'write', 'introspect']);
    expect((await house.read(token.id)).scopes).toEqual(['read']);
    expect(await lastEvent(house, token.id)).toMatchObject({
      action,
      detail: { scopes_left_out: 'write introspect' },
    });

    await rotatesWith(house, house.deps, token.id, kind === 'renew' ? 'rotate' : kind);
    expect((await house.read(token.id)).scopes).toEqual(['read']);
    expect((await lastEvent(house, token.id))?.detail).not.toHaveProperty('scopes_left_out');
  },
);

test('the first value of a token that waited has fewer scopes, and its owner is shown which', async () => {
  const house = await aHouse();
  const token = await house.creates({ actor: admin, owner: bob, scopes: ['read', 'introspect'] });
  let told: unknown;
  house.next(async (_, __, { leftOut }) => {
    told = leftOut;
    return undefined;
  });

  const request = { actor: bob, tokenId: token.id, delivery: aDelivery() };
  expect(await showValue(request, demoted(house))).toEqual({ kind: 'shown' });

  expect(told).toEqual([{ scope: 'introspect', why: 'not_granted' }]);
  expect((await house.read(token.id)).scopes).toEqual(['read']);
  expect(await lastEvent(house, token.id)).toMatchObject({
    action: 'value.shown',
    detail: { scopes_left_out: 'introspect' },
  });
});

test('a value that could not be shown takes no scope away', async () => {
  const house = await aHouse();
  const { token } = await house.holds({ actor: admin, scopes: ['read', 'introspect'] });
  house.next(async () => 'restricted_action');

  await rotatesWith(house, demoted(house), token.id, 'rotate');

  expect((await house.read(token.id)).scopes).toEqual(['read', 'introspect']);
});

test('where Slack does not tell who granted introspect, nothing is made and nothing is changed', async () => {
  const house = await aHouse();
  const { token } = await house.holds({ actor: admin, scopes: ['introspect'] });
  const before = house.everything();
  const deps = { ...house.deps, findPerson: async () => undefined };

  expect(await rotatesWith(house, deps, token.id, 'rotate')).toEqual(refused({ code: 'person_unknown' }));
  const late = {
    ...house.deps,
    findPerson: async (id: Actor['id'], how?: 'anew') => (how ? undefined : { ...admin, id }),
  };
  expect(await rotatesWith(house, late, token.id, 'rotate')).toEqual(refused({ code: 'person_unknown' }));

  expect(house.shown).toHaveLength(1);
  expect(house.everything()).toEqual(before);
});

/** The house when nobody is an admin any more, and SCOPES has `read` alone. */
function demoted(house: House): House['deps'] {
  const policy = { ...house.deps.policy, scopes: ['read'] };
  return { ...house.deps, policy, findPerson: async (id) => anActor({ id }) };
}

async function rotatesWith(house: House, deps: House['deps'], id: Token['id'], kind: RotateKind) {
  const token = await house.read(id);
  const expiry = kind === 'renew' ? ({ kind: 'days', days: 1 } as const) : ({ kind: 'keep' } as const);
  const actor = { ...admin, id: token.owner };
  const planned = await planRotation(rotationOf(token, { actor, kind, expiry }), deps);
  return planned.kind === 'planned' ? carryOutRotation(planned, deps) : planned;
}

async function lastEvent(house: House, id: Token['id']) {
  const { events } = await house.store.listEvents(id, { page: 1, pageSize: 1 });
  return events[0];
}
