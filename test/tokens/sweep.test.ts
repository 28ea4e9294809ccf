import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { revokeUnclaimed } from '../../src/tokens/revoke.ts';
import { type Token, UNCLAIMED_MS_MAX } from '../../src/tokens/token.ts';
import { admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { aName, ELSEWHERE, T0 } from './a-token.ts';

describe('a token that nobody claimed', () => {
  test.for([
    ['is left alone a millisecond before 7 days are over', 7 * DAY_MS - 1, null],
    ['is revoked when 7 days are over', 7 * DAY_MS, 'never claimed'],
    ['is revoked later, when nobody looked in time', 70 * DAY_MS, 'never claimed'],
  ] as const)('%s', async ([, ms, revokeReason]) => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    house.moveBy(ms);

    await sweep(house);

    expect(await house.read(token.id)).toMatchObject(
      revokeReason === null
        ? { revokedAt: null }
        : { revokedAt: T0 + ms, revokedBy: 'system', revokeReason, claimedAt: null },
    );
    expect(UNCLAIMED_MS_MAX).toBe(604_800_000);
  });

  test('is revoked by the system, with its event and a word to its owner and to who created it, once', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob, name: aName('deploy-bot') });
    house.raw.exec('delete from outbox');
    house.moveBy(UNCLAIMED_MS_MAX);

    await sweep(house);
    await sweep(house);

    const events = await house.store.listEvents(token.id, { page: 1, pageSize: 9 });
    expect(events.events).toMatchObject([
      {
        at: house.now(),
        actor: 'system',
        action: 'token.revoked',
        detail: { name: 'deploy-bot', reason: 'never claimed', held: 0 },
      },
      { action: 'token.created' },
    ]);
    expect(await house.due()).toEqual([
      { kind: 'home', person: bob.id },
      { kind: 'never_claimed', tokenId: token.id },
      { kind: 'receipt', tokenId: token.id },
      { kind: 'revoked_by_other', tokenId: token.id },
    ]);
  });

  test('and that its owner created is told to them alone, once', async () => {
    const house = await aHouse();
    await house.creates();
    house.raw.exec('delete from outbox');
    house.moveBy(UNCLAIMED_MS_MAX);

    await sweep(house);

    expect((await house.due()).map(({ kind }) => kind)).toEqual(['home', 'receipt', 'revoked_by_other']);
  });

  test('and whose value could not be shown is one of them', async () => {
    const house = await aHouse();
    const token = await house.creates();
    house.next(async () => 'channel_not_found');
    await house.shows(token);
    house.moveBy(UNCLAIMED_MS_MAX);

    await sweep(house);

    expect(await house.read(token.id)).toMatchObject({ revokeReason: 'never claimed' });
  });

  test('cannot be claimed afterwards, and its name stays taken', async () => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    house.moveBy(UNCLAIMED_MS_MAX);
    await sweep(house);

    expect(codeOf(await house.shows(token))).toBe('already_revoked');
    await expect(house.creates({ name: token.name })).rejects.toThrow('name_taken');
  });
});

describe('no other is revoked:', () => {
  test.for<readonly [string, (house: House, token: Token) => Promise<unknown>]>([
    ['one that was claimed', (house, token) => house.shows(token)],
    [
      'one that was claimed in the last millisecond',
      async (house, token) => {
        house.moveBy(UNCLAIMED_MS_MAX - 1);
        await house.shows(token);
      },
    ],
  ])('not %s', async ([, prepare]) => {
    const house = await aHouse();
    const token = await house.creates({ actor: admin, owner: bob });
    await prepare(house, token);
    house.moveBy(UNCLAIMED_MS_MAX);
    const before = house.everything();

    await sweep(house);

    expect(house.everything()).toEqual(before);
  });

  test('not one of another workspace', async () => {
    const house = await aHouse();
    const elsewhere = { ...ann, workspace: ELSEWHERE };
    await house.creates({ actor: elsewhere, owner: elsewhere });
    house.moveBy(UNCLAIMED_MS_MAX);
    const before = house.everything();

    await sweep(house);

    expect(house.everything()).toEqual(before);
  });

  test('not one that is claimed in the last moment before it would be revoked', async () => {
    const house = await aHouse();
    await house.creates({ actor: admin, owner: bob });
    const claimed = await house.creates({ actor: admin, owner: bob });
    house.moveBy(UNCLAIMED_MS_MAX);
    const store: typeof house.store = {
      ...house.store,
      revokeTokens: async (ids, ...rest) => {
        // A millisecond ago, while the list was being read.
        house.moveBy(-1);
        if (ids.includes(claimed.id)) await house.shows(claimed);
        house.moveBy(1);
        return house.store.revokeTokens(ids, ...rest);
      },
    };

    await revokeUnclaimed(ann.workspace, { store, clock: house.now });

    expect(await house.read(claimed.id)).toMatchObject({ revokedAt: null, claimedAt: house.now() - 1 });
    expect(await house.verdict(house.shown[0])).toBe('good');
  });
});

test('of 250 that nobody claimed, 200 are revoked at a time, and in the end all', async () => {
  const house = await aHouse();
  for (let i = 0; i < 250; i++) await house.creates({ actor: admin, owner: bob });
  house.moveBy(UNCLAIMED_MS_MAX);
  const revoked = () =>
    house.raw.prepare('select count(*) from tokens where revoked_at is not null').pluck().get();

  await sweep(house);
  expect(revoked()).toBe(200);
  await sweep(house);

  expect(revoked()).toBe(250);
});

function sweep(house: House): Promise<void> {
  return revokeUnclaimed(ann.workspace, { store: house.store, clock: house.now });
}
