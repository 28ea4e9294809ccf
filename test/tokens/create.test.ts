import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { createToken } from '../../src/tokens/create.ts';
import { nameKeyOf } from '../../src/tokens/name.ts';
import type { Actor, Standing } from '../../src/tokens/policy.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { newTokenId, statusOf, type Token } from '../../src/tokens/token.ts';
import { aDelivery, admin, aHouse, ann, aRequest, bob, codeOf, type House } from './a-house.ts';
import { aName, anActor, BOB, T0 } from './a-token.ts';

describe('a token is created', () => {
  test('unclaimed, with all that was asked for, and with its event', async () => {
    const house = await aHouse();
    const name = aName('Deploy-Bot');
    const asked = {
      name,
      purpose: 'deploys',
      scopes: ['write'],
      expiry: { kind: 'days', days: 30 },
    } as const;

    const outcome = await createToken(aRequest(asked), house.deps);

    const token: Token = {
      id: expect.stringMatching(/^tok_[0-9A-Za-z]{16}$/),
      workspace: ann.workspace,
      name,
      nameKey: nameKeyOf(name),
      owner: ann.id,
      createdBy: ann.id,
      purpose: 'deploys',
      scopes: ['write'],
      createdAt: T0,
      expiresAt: T0 + 30 * DAY_MS,
      generation: 0,
      claimedAt: null,
      revokedAt: null,
      revokedBy: null,
      revokeReason: null,
    };
    expect(outcome).toEqual({ kind: 'created', token });
    const stored = await house.store.findTokenByName(ann.workspace, nameKeyOf(name));
    expect(stored).toMatchObject({ ...token, lastUsedAt: null, useCount: 0, refusedCount: 0, addresses: [] });
    expect(eventsOf(house)).toEqual([
      {
        at: T0,
        actor: ann.id,
        action: 'token.created',
        token_id: stored?.id,
        detail: { name, owner: ann.id, expires_at: T0 + 30 * DAY_MS, scopes: 'write' },
      },
    ]);
  });

  test.for([
    ['its owner, 2 s later: the value is shown meanwhile', ann, ann, T0 + 2000],
    ['another, at once: nothing is shown yet', admin, bob, T0],
  ] as const)('and its receipt and Home tab are due, when it is for %s', async ([, actor, owner, dueAt]) => {
    const house = await aHouse();

    const token = await house.creates({ actor, owner });

    house.moveTo(dueAt - 1);
    expect(await house.due()).toEqual([]);
    house.moveTo(dueAt);
    expect(await house.due()).toEqual([
      { kind: 'home', person: owner.id },
      { kind: 'receipt', tokenId: token.id },
    ]);
  });

  test('and its event tells all that it may be used for', async () => {
    const house = await aHouse();

    await house.creates({ scopes: ['read', 'write'] });

    expect(eventsOf(house)).toMatchObject([{ detail: { scopes: 'read write' } }]);
  });

  test('to the end of the day of whoever creates it, not of whose it is to be', async () => {
    const house = await aHouse();
    const actor = { ...admin, zone: 'Asia/Tokyo' };
    const owner = { ...bob, zone: 'America/New_York' };

    const { expiresAt } = await house.creates({ actor, owner, expiry: { kind: 'date', date: '2026-01-05' } });

    expect(expiresAt).toBe(Date.parse('2026-01-05T14:59:59.999Z'));
  });

  test('wholly or not at all, whatever the database fails at', async () => {
    const house = await aHouse();
    for (const table of ['tokens', 'audit_events', 'outbox', 'deliveries']) {
      const before = house.everything();
      house.raw.exec(`create trigger t before insert on ${table} begin select raise(abort, 'broken'); end`);

      await expect(createToken(aRequest(), house.deps), table).rejects.toMatchObject({ name: 'StoreFault' });

      house.raw.exec('drop trigger t');
      expect(house.everything(), table).toEqual(before);
    }
  });
});

describe('a delivery that comes again', () => {
  test('gets the token that it made, whatever it asks for by then, and nothing is written', async () => {
    const house = await aHouse({ creationsPerDayMax: 1 });
    const delivery = { keys: ['trigger', 'view'] };
    const token = await house.creates({ delivery, name: aName('first') });
    const before = house.everything();

    const again = { delivery: { keys: ['another trigger', 'view'] }, name: aName('second') };
    const outcome = await createToken(aRequest(again), house.deps);

    expect(outcome).toMatchObject({ kind: 'repeated', token });
    expect(house.everything()).toEqual(before);
  });

  test('is a fault, and no answer, where the token that it made is not there', async () => {
    const house = await aHouse();
    const tokenId = newTokenId();
    const store = { ...house.store, insertToken: async () => ({ kind: 'repeated', tokenId }) as const };

    await expect(createToken(aRequest(), { ...house.deps, store })).rejects.toThrow('not there');
  });

  test('at the same time makes one token', async () => {
    const house = await aHouse();
    const delivery = aDelivery();

    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => createToken(aRequest({ delivery }), house.deps)),
    );

    expect(outcomes.map(codeOf).sort()).toEqual(['created', ...Array(9).fill('repeated')]);
    expect(new Set(outcomes.map((outcome) => 'token' in outcome && outcome.token.id)).size).toBe(1);
    expect(house.actions()).toEqual(['token.created']);
  });
});

describe('a name that is taken', () => {
  test.for([
    ['by a live token', async () => undefined],
    ['by a revoked one', async (house: House, token: Token) => void (await revoke(house, token))],
    ['by an expired one', async (house: House) => house.moveBy(400 * DAY_MS)],
  ] as const)('%s is refused with a free one, and nothing is written', async ([, prepare]) => {
    const house = await aHouse();
    const token = await house.creates({ name: aName('deploy-bot'), expiry: { kind: 'days', days: 1 } });
    await house.creates({ name: aName('DEPLOY-BOT-2') });
    await prepare(house, token);
    const before = house.everything();

    const outcome = await createToken(aRequest({ actor: bob, name: aName('Deploy-Bot') }), house.deps);

    expect(outcome).toEqual(refused({ code: 'name_taken', name: 'Deploy-Bot', freeName: 'Deploy-Bot-3' }));
    expect(house.everything()).toEqual(before);
  });

  test('a hundred times over is refused without a free one', async () => {
    const house = await aHouse();
    await house.creates({ name: aName('bot') });
    for (let number = 2; number <= 101; number++) await house.creates({ name: aName(`bot-${number}`) });

    const outcome = await createToken(aRequest({ name: aName('bot') }), house.deps);

    expect(outcome).toEqual(refused({ code: 'name_taken', name: 'bot', freeName: null }));
  });

  test('by one of twenty who ask at once is refused to the others', async () => {
    const house = await aHouse();

    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        createToken(aRequest({ actor: index % 2 ? ann : bob, name: aName('one') }), house.deps),
      ),
    );

    expect(outcomes.map(codeOf).sort()).toEqual(['created', ...Array(19).fill('name_taken')]);
    expect(house.actions()).toEqual(['token.created']);
  });
});

describe('of the live tokens of a person', () => {
  test('as many as are allowed may be there, and one more is refused', async () => {
    const house = await aHouse({ liveTokensMax: 3 });
    for (let i = 0; i < 3; i++) await house.creates();
    const before = house.everything();

    const outcome = await createToken(aRequest(), house.deps);

    expect(outcome).toEqual(refused({ code: 'too_many_live', liveTokensMax: 3 }));
    expect(house.everything()).toEqual(before);
    expect(await house.creates({ actor: bob })).toMatchObject({ owner: BOB });
  });

  test.for([
    ['a revoked one does not count', async (house: House, token: Token) => revoke(house, token), 'created'],
    ['one counts to its last millisecond', async (house: House) => house.moveBy(DAY_MS - 1), 'too_many_live'],
    ['one does not count from its expiry on', async (house: House) => house.moveBy(DAY_MS), 'created'],
  ] as const)('%s', async ([, prepare, expected]) => {
    const house = await aHouse({ liveTokensMax: 1 });
    await prepare(house, await house.creates({ expiry: { kind: 'days', days: 1 } }));

    expect(codeOf(await createToken(aRequest(), house.deps))).toBe(expected);
  });

  test('those that an admin made for them count as theirs', async () => {
    const house = await aHouse({ liveTokensMax: 1 });
    await house.creates({ actor: admin, owner: bob });

    expect(codeOf(await createToken(aRequest({ actor: bob }), house.deps))).toBe('too_many_live');
    expect(await createToken(aRequest({ actor: admin, owner: bob }), house.deps)).toEqual(
      refused({ code: 'owner_too_many_live', liveTokensMax: 1 }),
    );
    expect(codeOf(await createToken(aRequest({ actor: admin }), house.deps))).toBe('created');
  });

  test('no more are made than are allowed, when twenty are asked for at once', async () => {
    const house = await aHouse({ liveTokensMax: 5 });

    const outcomes = await Promise.all(Array.from({ length: 20 }, () => createToken(aRequest(), house.deps)));

    expect(outcomes.map(codeOf).sort()).toEqual([
      ...Array(5).fill('created'),
      ...Array(15).fill('too_many_live'),
    ]);
  });
});

describe('within 24 hours a person', () => {
  test.for([
    ['creates no more than are allowed, to the last millisecond', DAY_MS - 1, 'too_many_today'],
    ['may create again when a day is over', DAY_MS, 'created'],
  ] as const)('%s', async ([, ms, expected]) => {
    const house = await aHouse({ creationsPerDayMax: 2 });
    for (let i = 0; i < 2; i++) await revoke(house, await house.creates());
    house.moveBy(ms);
    const before = house.everything();

    const outcome = await createToken(aRequest(), house.deps);

    expect(codeOf(outcome)).toBe(expected);
    if (expected === 'too_many_today') {
      expect(outcome).toEqual(refused({ code: 'too_many_today', creationsPerDayMax: 2 }));
      expect(house.everything()).toEqual(before);
    }
  });

  test('creates those for others as their own', async () => {
    const house = await aHouse({ creationsPerDayMax: 1 });
    await house.creates({ actor: admin, owner: bob });

    expect(codeOf(await createToken(aRequest({ actor: admin }), house.deps))).toBe('too_many_today');
    expect(codeOf(await createToken(aRequest({ actor: bob }), house.deps))).toBe('created');
  });
});

describe('for another', () => {
  test('an admin creates a token that waits for its owner, and no value is made', async () => {
    const house = await aHouse();

    const token = await house.creates({ actor: admin, owner: bob });

    expect(token).toMatchObject({ owner: BOB, createdBy: admin.id, claimedAt: null });
    expect(statusOf(await house.read(token.id), house.now())).toBe('unclaimed');
    expect(house.raw.prepare('select count(*) from secrets').pluck().get()).toBe(0);
    expect(house.shown).toEqual([]);
  });

  test.for<readonly [string, Actor]>([
    ['a member', ann],
    ['a manager', anActor({ roles: new Set(['manager']) })],
    ['someone on call', anActor({ roles: new Set(['on_call']) })],
  ])('%s creates none, and the attempt is an event and nothing else', async ([, actor]) => {
    const house = await aHouse();
    const before = house.everything();

    const outcome = await createToken(aRequest({ actor, owner: bob }), house.deps);

    expect(outcome).toEqual(refused({ code: 'owner_not_permitted' }));
    expect(eventsOf(house)).toEqual([refusalEvent(actor, 'create_for_others')]);
    dropRefusals(house);
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [Standing, boolean, string]>([
    ['guest', false, 'owner_not_permitted'],
    ['guest', true, 'created'],
    ['bot', true, 'owner_not_permitted'],
    ['stranger', true, 'owner_not_permitted'],
    ['deactivated', true, 'owner_not_permitted'],
  ])('an admin has a %s as owner (guests let in: %s): %s', async ([standing, allowGuests, expected]) => {
    const house = await aHouse({ allowGuests });
    const before = house.everything();

    const outcome = await createToken(aRequest({ actor: admin, owner: { ...bob, standing } }), house.deps);

    expect(codeOf(outcome)).toBe(expected);
    // A mistake in a field, not an attempt.
    if (expected !== 'created') expect(house.everything()).toEqual(before);
  });
});

describe('nothing but its event is written when', () => {
  test.for<Standing>(['guest', 'bot', 'stranger', 'deactivated'])(
    'a %s asks for a token',
    async (standing) => {
      const house = await aHouse();
      const actor = anActor({ standing, roles: new Set(['admin']) });
      const before = house.everything();

      const outcome = await createToken(aRequest({ actor }), house.deps);

      expect(outcome).toEqual(refused({ code: 'app_not_permitted' }));
      expect(eventsOf(house)).toEqual([refusalEvent(actor, 'create')]);
      dropRefusals(house);
      expect(house.everything()).toEqual(before);
    },
  );
});

describe('the built-in scope', () => {
  test.for<readonly [string, Actor['roles'], readonly string[]]>([
    ['a member', new Set(), ['introspect']],
    ['a manager', new Set(['manager']), ['introspect']],
    ['on-call', new Set(['on_call']), ['introspect']],
    ['on-call, among others', new Set(['manager', 'on_call']), ['read', 'introspect']],
  ])('is not for %s to grant: nothing but an event is written', async ([, roles, scopes]) => {
    const house = await aHouse();
    const actor = anActor({ roles });
    const before = house.everything();

    const outcome = await createToken(aRequest({ actor, scopes }), house.deps);

    expect(outcome).toEqual(refused({ code: 'scope_unknown' }));
    expect(eventsOf(house)).toEqual([refusalEvent(actor, 'grant_introspect')]);
    dropRefusals(house);
    expect(house.everything()).toEqual(before);
  });

  test.for<readonly [string, Actor, readonly string[]]>([
    ['their own token', admin, ['read', 'write']],
    ['somebody else’s', bob, ['read', 'write']],
    ['their own where no scopes are set', admin, []],
  ])('is an admin’s to grant to %s, and its event says so', async ([, owner, set]) => {
    const house = await aHouse({ scopes: set });

    const outcome = await createToken(aRequest({ actor: admin, owner, scopes: ['introspect'] }), house.deps);

    expect(codeOf(outcome)).toBe('created');
    expect(eventsOf(house)).toMatchObject([{ action: 'token.created', detail: { scopes: 'introspect' } }]);
  });

  test('stays with a token through its rotation, whoever its owner is', async () => {
    const house = await aHouse();
    const { token } = await house.holds({ actor: admin, owner: ann, scopes: ['introspect'] });

    await house.rotates(token);

    expect(await house.verdict(house.shown.at(-1))).toBe('good');
    expect((await house.read(token.id)).scopes).toEqual(['introspect']);
  });

  test('is not granted with a scope that does not exist: a mistake in a field, and no event', async () => {
    const house = await aHouse();
    const before = house.everything();

    const outcome = await createToken(aRequest({ actor: admin, scopes: ['introspect', 'gone'] }), house.deps);

    expect(codeOf(outcome)).toBe('scope_unknown');
    expect(house.everything()).toEqual(before);
  });
});

describe('nothing is written when', () => {
  test.for([
    ['a scope is none of those that are set', { scopes: ['read', 'admin'] }, 'scope_unknown'],
    ['a scope differs in case', { scopes: ['Read'] }, 'scope_unknown'],
    ['the lifetime is too long', { expiry: { kind: 'days', days: 366 } }, 'lifetime_not_allowed'],
    ['there is no date to keep', { expiry: { kind: 'keep' } }, 'lifetime_not_allowed'],
    ['the day is missing', { expiry: { kind: 'date', date: '' } }, 'date_needed'],
    ['the day is over', { expiry: { kind: 'date', date: '2025-12-31' } }, 'date_past'],
    ['there is no such day', { expiry: { kind: 'date', date: '2026-02-29' } }, 'date_unknown'],
    ['the day is too far', { expiry: { kind: 'date', date: '2027-01-01' } }, 'date_too_far'],
  ] as const)('%s', async ([, fields, code]) => {
    const house = await aHouse();
    const before = house.everything();

    const outcome = await createToken(aRequest(fields), house.deps);

    expect(codeOf(outcome)).toBe(code);
    expect(house.everything()).toEqual(before);
  });

  test('any scope is asked for where none are set', async () => {
    const house = await aHouse({ scopes: [] });

    expect(codeOf(await createToken(aRequest({ scopes: ['read'] }), house.deps))).toBe('scope_unknown');
    expect(codeOf(await createToken(aRequest(), house.deps))).toBe('created');
  });
});

function revoke(house: House, token: Token) {
  const request = { actor: ann, tokenIds: [token.id], reason: null, held: false, delivery: aDelivery() };
  return revokeTokens(request, house.deps);
}

function eventsOf(house: House): unknown[] {
  const rows = house.raw.prepare<[], { detail: string }>(
    'select at, actor, action, token_id, detail from audit_events order by sequence',
  );
  return rows.all().map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
}

function refusalEvent(actor: Actor, attempted: string): unknown {
  const detail = { attempted, standing: actor.standing };
  return { at: T0, actor: actor.id, action: 'action.refused', token_id: null, detail };
}

/** Drops the event of a refusal and its count: what is left is what else was written. */
function dropRefusals(house: House): void {
  house.raw.exec('delete from audit_events; delete from refusal_counts');
}
