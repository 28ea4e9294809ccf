import { expect, test } from 'vitest';
import { revokeHeld } from '../../src/tokens/revoke.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { admin, aHouse, ann, type House } from './a-house.ts';
import { T0 } from './a-token.ts';

async function secretOf({ store }: House, value: TokenValue): Promise<StoredSecret> {
  const secret = await store.readSecret(value.lookupId);
  if (secret === undefined) throw new Error('there is no such secret');
  return secret;
}

test('whoever holds a value ends its token, is not known, and its owner is told', async () => {
  const house = await aHouse();
  const { token, value } = await house.holds();
  const secret = await secretOf(house, value);
  await Promise.all((await house.store.takeDue(T0 + 5000, 10)).map(house.store.settle));
  house.moveBy(10);

  await revokeHeld(secret, house.deps);

  expect(await house.verdict(value)).toBe('revoked');
  expect(await house.read(token.id)).toMatchObject({
    revokedAt: T0 + 10,
    revokedBy: 'holder',
    revokeReason: null,
  });
  const { events } = await house.store.listEvents(token.id, { page: 1, pageSize: 1 });
  expect(events).toEqual([
    {
      at: T0 + 10,
      actor: 'holder',
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason: null, held: 1 },
    },
  ]);
  expect(await house.due()).toEqual([
    { kind: 'home', person: token.owner },
    { kind: 'receipt', tokenId: token.id },
    { kind: 'revoked_by_other', tokenId: token.id },
  ]);
});

test('whoever created the token for its owner is told too', async () => {
  const house = await aHouse();
  const { token, value } = await house.holds({ actor: admin, owner: ann });
  const secret = await secretOf(house, value);
  house.raw.exec('delete from outbox');

  await revokeHeld(secret, house.deps);

  expect(await house.due()).toEqual([
    { kind: 'home', person: ann.id },
    { kind: 'receipt', tokenId: token.id },
    { kind: 'revoked_by_other', tokenId: token.id },
    { kind: 'revoked_of_created', tokenId: token.id },
  ]);
});

test('a token that was revoked meanwhile stays as it was, and nothing is written', async () => {
  const house = await aHouse();
  const { value } = await house.holds();
  const secret = await secretOf(house, value);
  await revokeHeld(secret, house.deps);
  const before = house.everything();
  house.moveBy(10);

  await revokeHeld(secret, house.deps);

  expect(house.everything()).toEqual(before);
});

test('a value that is only just being shown can be killed, and its showing fails', async () => {
  const house = await aHouse();
  const token = await house.creates();
  house.next(async (_token, value) => {
    await revokeHeld(await secretOf(house, value), house.deps);
    return undefined;
  });

  const outcome = await house.shows(token);

  expect(outcome).toMatchObject({ kind: 'not_shown' });
  expect(await house.read(token.id)).toMatchObject({ revokedBy: 'holder', claimedAt: null });
});
