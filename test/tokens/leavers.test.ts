import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import {
  type DueOwner,
  type LeaverPolicy,
  passOwner,
  settleOwner,
  type Whereabouts,
} from '../../src/tokens/leavers.ts';
import type { PersonId } from '../../src/tokens/token.ts';
import { admin, aHouse, ann, bob, type House } from './a-house.ts';
import { aName, ELSEWHERE } from './a-token.ts';

describe('somebody who left, where leavers’ tokens are revoked', () => {
  test('loses every live token, claimed or not, at once', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    const unclaimed = await house.creates();

    await settles(house, 'left');

    for (const { id } of [token, unclaimed]) {
      expect(await house.read(id)).toMatchObject({
        revokedAt: house.now(),
        revokedBy: 'system',
        revokeReason: 'owner left',
      });
    }
    expect(await house.verdict(value)).toBe('revoked');
  });

  test('leaves one event a token, by the system', async () => {
    const house = await aHouse();
    const { id } = await house.creates({ name: aName('deploy-bot') });

    await settles(house, 'left');
    await settles(house, 'left');

    const { events } = await house.store.listEvents(id, { page: 1, pageSize: 9 });
    expect(events).toMatchObject([
      {
        at: house.now(),
        actor: 'system',
        action: 'token.revoked',
        tokenId: id,
        detail: { name: 'deploy-bot', reason: 'owner left', held: 0 },
      },
      { action: 'token.created' },
    ]);
  });

  test.for([
    ['their own token', ann, []],
    ['one that somebody else created for them', admin, ['owner_left']],
  ] as const)('has %s drawn anew, and %s, told to whoever created it: %o', async ([, actor, told]) => {
    const house = await aHouse();
    const token = await house.creates({ actor, owner: ann });
    house.raw.exec('delete from outbox');

    await settles(house, 'left');

    expect(await house.due()).toEqual([
      { kind: 'home', person: ann.id },
      ...told.map((kind) => ({ kind, tokenId: token.id })),
      { kind: 'receipt', tokenId: token.id },
    ]);
  });

  test('has each creator of several told once of all of theirs', async () => {
    const house = await aHouse();
    const byAdmin = [
      await house.creates({ actor: admin, owner: ann }),
      await house.creates({ actor: admin, owner: ann }),
      await house.creates({ actor: admin, owner: ann }),
    ];
    await house.creates();
    house.raw.exec('delete from outbox');

    await settles(house, 'left');

    const told = (await house.due()).filter(({ kind }) => kind !== 'receipt' && kind !== 'home');
    expect(told).toEqual([{ kind: 'several_revoked', person: admin.id, tokenIds: expect.anything() }]);
    const [saying] = told;
    expect(saying?.kind === 'several_revoked' && new Set(saying.tokenIds)).toEqual(
      new Set(byAdmin.map(({ id }) => id)),
    );
  });

  test('keeps what is not theirs, or not live', async () => {
    const house = await aHouse();
    await house.creates({ actor: bob, owner: bob });
    await house.creates({ actor: { ...ann, workspace: ELSEWHERE }, owner: { ...ann, workspace: ELSEWHERE } });
    await house.holds({ expiry: { kind: 'days', days: 1 } });
    house.moveBy(DAY_MS);
    const before = revocationsOf(house);

    await settles(house, 'left');

    expect(revocationsOf(house)).toEqual(before);
  });

  test('of 250 tokens loses 100 a call, those of a call together, and stays due until none is left, also after a crash', async () => {
    const house = await aHouse();
    for (let i = 0; i < 250; i++) await house.creates();
    house.moveBy(DAY_MS);
    house.raw.exec(
      "create trigger crash before update on tokens when (select count(*) from tokens where revoked_at is not null) = 7 begin select raise(abort, 'crash'); end",
    );

    await expect(settles(house, 'left')).rejects.toMatchObject({ name: 'StoreFault' });
    house.raw.exec('drop trigger crash');
    expect(revokedCount(house)).toBe(0);
    expect(await house.store.ownerToLookUp(ann.workspace, house.now())).toMatchObject({ person: ann.id });
    await settles(house, 'left');
    expect(revokedCount(house)).toBe(100);
    await settles(house, 'left');
    expect(revokedCount(house)).toBe(200);
    await settles(house, 'left');

    expect(revokedCount(house)).toBe(250);
    expect(await house.store.ownerToLookUp(ann.workspace, house.now())).toMatchObject({
      hasLiveTokens: false,
    });
    expect(house.actions().filter((action) => action === 'token.revoked')).toHaveLength(250);
  });

  test('gets nothing back when they are here again', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    await settles(house, 'left');

    await settles(house, 'here');

    expect(await house.verdict(value)).toBe('revoked');
    expect(await house.read(token.id)).toMatchObject({ revokeReason: 'owner left', ownerGoneAt: null });
  });
});

test.for<[Whereabouts, LeaverPolicy]>([
  ['left', 'flag'],
  ['unknown', 'flag'],
  ['unknown', 'revoke'],
])(
  'somebody who is %s keeps their tokens where the policy is %s, marked since when',
  async ([whereabouts, leavers]) => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    const actions = house.actions();
    const since = house.now();

    await settles(house, whereabouts, leavers);
    house.moveBy(DAY_MS);
    await settles(house, whereabouts, leavers);

    expect(await house.verdict(value)).toBe('good');
    expect(await house.read(token.id)).toMatchObject({ revokedAt: null, ownerGoneAt: since });
    expect(house.actions()).toEqual(actions);
  },
);

test.for<[LeaverPolicy]>([['flag'], ['revoke']])(
  'the mark goes when they are here again, where the policy is %s',
  async ([leavers]) => {
    const house = await aHouse();
    const { token } = await house.holds();
    await settles(house, 'unknown', leavers);

    await settles(house, 'here', leavers);

    expect(await house.read(token.id)).toMatchObject({ ownerGoneAt: null });
  },
);

test.for<[Whereabouts, LeaverPolicy]>([
  ['here', 'revoke'],
  ['unknown', 'revoke'],
  ['left', 'flag'],
])('an owner who is %s is due again in a day, where the policy is %s', async ([whereabouts, leavers]) => {
  const house = await aHouse();
  await house.creates();
  house.moveBy(5 * DAY_MS);

  await settles(house, whereabouts, leavers);

  expect(await house.store.ownerToLookUp(ann.workspace, house.now() + DAY_MS - 1)).toBeUndefined();
  expect(await house.store.ownerToLookUp(ann.workspace, house.now() + DAY_MS)).toMatchObject({
    person: ann.id,
  });
});

test('an owner without live tokens is passed over for a day, and marked no more', async () => {
  const house = await aHouse();
  const { token } = await house.holds({ expiry: { kind: 'days', days: 1 } });
  await settles(house, 'left', 'flag');
  house.moveBy(DAY_MS);

  await passOwner(await dueOf(house), { ...house.deps, store: house.store, leavers: 'flag' });

  expect(await house.store.ownerToLookUp(ann.workspace, house.now() + DAY_MS - 1)).toBeUndefined();
  expect(await house.read(token.id)).toMatchObject({ ownerGoneAt: null });
});

test.for<readonly [string, (house: House) => Promise<void>]>([
  ['was answered about', (house) => settles(house, 'here')],
  [
    'was passed over',
    async (house) => passOwner(await dueOf(house), { ...house.deps, store: house.store, leavers: 'flag' }),
  ],
])('an owner who %s comes before nobody any more', async ([, act]) => {
  const house = await aHouse();
  await house.holds();
  await house.store.suspectOwner(ann.workspace, ann.id, { isSaidGone: true, at: house.now() });
  const due = () => house.store.ownerToLookUp(ann.workspace, house.now());
  expect(await due()).toMatchObject({ isSuspected: true });

  await act(house);

  house.moveBy(DAY_MS);
  expect(await due()).toMatchObject({ person: ann.id, isSuspected: false });
});

describe('somebody who may not use the app any more', () => {
  test('keeps their tokens for 24 hours, marked as such, with an event, and is asked about when these are over', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    const since = house.now();

    await settles(house, 'barred');
    house.moveBy(DAY_MS - 1);
    await settles(house, 'barred');

    expect(await house.verdict(value)).toBe('good');
    expect(await house.read(token.id)).toMatchObject({ ownerGoneAt: since, ownerIsBarred: true });
    expect(house.actions()).toEqual(['token.created', 'value.shown', 'owner.marked']);
    expect(await house.store.ownerToLookUp(ann.workspace, since + DAY_MS - 1)).toBeUndefined();
    expect(await house.store.ownerToLookUp(ann.workspace, since + DAY_MS)).toMatchObject({ isBarred: true });
  });

  test('loses every live token after that, and is told, as is whoever created it', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds({ actor: admin, owner: ann });
    await settles(house, 'barred');
    house.moveBy(DAY_MS);
    house.raw.exec('delete from outbox');

    await settles(house, 'barred');

    expect(await house.verdict(value)).toBe('revoked');
    expect(await house.read(token.id)).toMatchObject({
      revokedBy: 'system',
      revokeReason: 'owner may not use apitoken',
    });
    expect((await house.due()).map(({ kind }) => kind)).toEqual([
      'home',
      'owner_left',
      'receipt',
      'revoked_by_other',
    ]);
  });

  test('keeps them for good, marked, where the policy is flag', async () => {
    const house = await aHouse();
    const { value } = await house.holds();

    for (let days = 0; days < 3; days++) {
      await settles(house, 'barred', 'flag');
      house.moveBy(DAY_MS);
    }

    expect(await house.verdict(value)).toBe('good');
    expect(house.actions()).toEqual(['token.created', 'value.shown', 'owner.marked']);
  });

  test.for([
    ['to the millisecond', DAY_MS],
    ['and more', DAY_MS + 1],
  ] as const)(
    'for 24 hours %s, where the policy is flag, is asked about once a day from then on',
    async ([, ms]) => {
      const house = await aHouse();
      await house.holds();
      await settles(house, 'barred', 'flag');
      house.moveBy(ms);

      await settles(house, 'barred', 'flag');

      expect(await house.store.ownerToLookUp(ann.workspace, house.now() + DAY_MS - 1)).toBeUndefined();
      expect(await house.store.ownerToLookUp(ann.workspace, house.now() + DAY_MS)).toBeDefined();
    },
  );

  test('has it told whose mark came and went', async () => {
    const house = await aHouse();
    await house.holds();

    await settles(house, 'barred');
    await settles(house, 'here');

    const details = house.raw
      .prepare(
        "select action, actor, token_id, detail from audit_events where action like 'owner.%' order by sequence",
      )
      .raw()
      .all();
    expect(details).toEqual([
      ['owner.marked', 'system', null, JSON.stringify({ owner: ann.id })],
      ['owner.unmarked', 'system', null, JSON.stringify({ owner: ann.id })],
    ]);
  });

  test('is marked no more when they may again, and has 24 hours anew the next time', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    await settles(house, 'barred');
    house.moveBy(DAY_MS - 1);
    house.raw.exec('delete from outbox');

    await settles(house, 'here');
    expect(await house.read(token.id)).toMatchObject({ ownerGoneAt: null, ownerIsBarred: false });
    expect((await house.due()).map(({ kind }) => kind)).toEqual(['home', 'receipt']);
    house.moveBy(1);
    await settles(house, 'barred');
    house.moveBy(DAY_MS - 1);
    await settles(house, 'barred');
    expect(await house.verdict(value)).toBe('good');
    house.moveBy(1);
    await settles(house, 'barred');

    expect(await house.verdict(value)).toBe('revoked');
    expect(house.actions()).toEqual([
      'token.created',
      'value.shown',
      'owner.marked',
      'owner.unmarked',
      'owner.marked',
      'token.revoked',
    ]);
  });

  test('was unknown to Slack for long before: the 24 hours begin when they are barred', async () => {
    const house = await aHouse();
    const { value } = await house.holds();
    await settles(house, 'unknown');
    house.moveBy(30 * DAY_MS);

    await settles(house, 'barred');

    expect(await house.verdict(value)).toBe('good');
  });

  test('and is deactivated then loses them at once', async () => {
    const house = await aHouse();
    const { token, value } = await house.holds();
    await settles(house, 'barred');

    await settles(house, 'left');

    expect(await house.verdict(value)).toBe('revoked');
    expect(await house.read(token.id)).toMatchObject({ revokeReason: 'owner left' });
  });

  test('keeps the mark when it came to be asked about once more meanwhile: no event tells what is not noted', async () => {
    const house = await aHouse();
    await house.holds();
    const owner = await dueOf(house);
    await house.store.suspectOwner(ann.workspace, ann.id, { isSaidGone: true, at: house.now() });

    await settleOwner(owner, 'barred', { store: house.store, clock: house.now, leavers: 'revoke' });

    expect(house.actions()).toEqual(['token.created', 'value.shown']);
  });
});

/** What comes of Slack's answer about Ann. */
async function settles(house: House, whereabouts: Whereabouts, leavers: LeaverPolicy = 'revoke') {
  await settleOwner(await dueOf(house), whereabouts, { store: house.store, clock: house.now, leavers });
}

/** Ann, as she stands in the store, due or not. */
async function dueOf(house: House): Promise<DueOwner> {
  const row = house.raw
    .prepare<[PersonId, string], { look_up_at: number; gone_at: number | null; is_barred: number }>(
      'select look_up_at, gone_at, is_barred from owners where person = ? and workspace = ?',
    )
    .get(ann.id, ann.workspace);
  if (row === undefined) return { ...NEVER_OWNED };
  return { ...NEVER_OWNED, lookUpAt: row.look_up_at, goneAt: row.gone_at, isBarred: row.is_barred === 1 };
}

const NEVER_OWNED: DueOwner = {
  workspace: ann.workspace,
  person: ann.id,
  lookUpAt: 0,
  goneAt: null,
  isBarred: false,
  isSuspected: false,
  hasLiveTokens: true,
};

function revokedCount(house: House): unknown {
  return house.raw.prepare('select count(*) from tokens where revoked_at is not null').pluck().get();
}

function revocationsOf(house: House): unknown {
  return house.raw.prepare('select id, revoked_at from tokens order by id').all();
}
