import { describe, expect, test } from 'vitest';
import {
  type Action,
  type Actor,
  may,
  mayUseApp,
  type Role,
  rightsOf,
  rolesFor,
  type Standing,
} from '../../src/tokens/policy.ts';
import { ANN, anActor, aToken, BOB, ELSEWHERE, WORKSPACE } from './a-token.ts';

const ACTIONS: readonly Action[] = [
  'create',
  'see',
  'show_value',
  'rotate',
  'revoke',
  'revoke_held',
  'check',
  'create_for_others',
  'grant_introspect',
];
const ROLES: readonly Role[] = ['manager', 'on_call', 'admin'];
const GUESTS_IN = { allowGuests: true };
const GUESTS_OUT = { allowGuests: false };

/** What everybody may do who may use the app at all, whosever token it is. */
const EVERYONE: readonly Action[] = ['create', 'revoke_held'];
const OWN: readonly Action[] = [...EVERYONE, 'see', 'show_value', 'rotate', 'revoke', 'check'];
const SEE_ALL: readonly Action[] = [...EVERYONE, 'see'];
const REVOKE_ANY: readonly Action[] = [...SEE_ALL, 'revoke', 'check'];
const ALL_BUT_THE_OWNERS: readonly Action[] = [...REVOKE_ANY, 'create_for_others', 'grant_introspect'];

const own = aToken({ owner: ANN });
const others = aToken({ owner: BOB });

/** The table of DESIGN §3, "Who may do what". The actor is always Ann. */
describe.for<readonly [string, Partial<Actor>, { own: readonly Action[]; others: readonly Action[] }]>([
  ['a member', {}, { own: OWN, others: EVERYONE }],
  ['a manager', roles('manager'), { own: OWN, others: SEE_ALL }],
  ['someone on call', roles('on_call'), { own: OWN, others: REVOKE_ANY }],
  ['an admin', roles('admin'), { own: [...OWN, ...ALL_BUT_THE_OWNERS], others: ALL_BUT_THE_OWNERS }],
  ['a manager on call', roles('manager', 'on_call'), { own: OWN, others: REVOKE_ANY }],
  ['a guest who is let in', { standing: 'guest' }, { own: OWN, others: EVERYONE }],
  [
    'a guest on call who is let in',
    { standing: 'guest', ...roles('on_call') },
    { own: OWN, others: REVOKE_ANY },
  ],
])('%s', ([, fields, allowed]) => {
  const actor = anActor(fields);
  const policy = actor.standing === 'guest' ? GUESTS_IN : GUESTS_OUT;

  test('may use the app', () => {
    expect(mayUseApp(actor, policy)).toBe(true);
  });

  test('has the rights over everybody that the table gives', () => {
    expect(rightsOf(actor, policy)).toEqual({
      seesAll: allowed.others.includes('see'),
      revokesAny: allowed.others.includes('revoke'),
    });
  });

  test.for(ACTIONS)('%s with a token of their own', (action) => {
    expect(may(actor, action, own, policy)).toBe(allowed.own.includes(action));
  });

  test.for(ACTIONS)("%s with somebody else's token", (action) => {
    expect(may(actor, action, others, policy)).toBe(allowed.others.includes(action));
  });

  test.for(ACTIONS)("%s with no token named: with everybody's", (action) => {
    expect(may(actor, action, undefined, policy)).toBe(allowed.others.includes(action));
  });

  test.for(ACTIONS)('never %s with a token of another workspace, not even as its owner', (action) => {
    for (const owner of [ANN, BOB]) {
      expect(may(actor, action, aToken({ owner, workspace: ELSEWHERE }), policy)).toBe(false);
    }
  });
});

test.for<readonly [Action, readonly Role[]]>([
  ['create', []],
  ['see', ['manager', 'on_call', 'admin']],
  ['show_value', []],
  ['rotate', []],
  ['revoke', ['on_call', 'admin']],
  ['revoke_held', []],
  ['check', ['on_call', 'admin']],
  ['create_for_others', ['admin']],
  ['grant_introspect', ['admin']],
])('the roles that may %s what is not theirs are exactly %o', ([action, expected]) => {
  expect(rolesFor(action)).toEqual(expected);
});

describe.for<readonly [string, Standing, { allowGuests: boolean }]>([
  ['a guest who is not let in', 'guest', GUESTS_OUT],
  ['a bot', 'bot', GUESTS_OUT],
  ['a bot where guests are let in', 'bot', GUESTS_IN],
  ['a stranger', 'stranger', GUESTS_OUT],
  ['a stranger where guests are let in', 'stranger', GUESTS_IN],
  ['someone deactivated', 'deactivated', GUESTS_OUT],
  ['someone deactivated where guests are let in', 'deactivated', GUESTS_IN],
])('%s', ([, standing, policy]) => {
  test('may not use the app, and has no rights', () => {
    const actor = anActor({ standing, ...roles(...ROLES) });

    expect(mayUseApp(actor, policy)).toBe(false);
    expect(rightsOf(actor, policy)).toEqual({ seesAll: false, revokesAny: false });
  });

  test.for(ACTIONS)('may not %s, whatever roles they have and whosever token it is', (action) => {
    for (const actor of [anActor({ standing }), anActor({ standing, ...roles(...ROLES) })]) {
      for (const token of [own, others, undefined]) expect(may(actor, action, token, policy)).toBe(false);
    }
  });
});

test('the owner alone rotates and is shown a value, whatever roles others have', () => {
  const all = anActor(roles(...ROLES));

  expect(may(all, 'rotate', others, GUESTS_OUT)).toBe(false);
  expect(may(all, 'show_value', others, GUESTS_OUT)).toBe(false);
  expect(may(anActor({ id: BOB }), 'show_value', others, GUESTS_OUT)).toBe(true);
});

test('whoever created a token for somebody else does not own it', () => {
  const made = aToken({ owner: BOB, createdBy: ANN, workspace: WORKSPACE });

  expect(may(anActor(), 'see', made, GUESTS_OUT)).toBe(false);
  expect(may(anActor(), 'revoke', made, GUESTS_OUT)).toBe(false);
});

function roles(...names: Role[]): { roles: ReadonlySet<Role> } {
  return { roles: new Set(names) };
}
