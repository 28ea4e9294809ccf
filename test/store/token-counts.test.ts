import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Token } from '../../src/tokens/token.ts';
import { aStore } from './fixtures/temp-store.ts';
import { ANN, aStoredToken, NOW } from './fixtures/tokens.ts';

const NONE = { unclaimed: 0, active: 0, expired: 0, revoked: 0, expiringSoon: 0 };
const CLAIMED = { claimedAt: NOW };

test.for<readonly [string, Partial<Token>, Partial<typeof NONE>]>([
  ['nobody has taken', {}, { unclaimed: 1 }],
  ['nobody has taken, however soon it ends', { expiresAt: NOW + 1 }, { unclaimed: 1 }],
  ['never expires', CLAIMED, { active: 1 }],
  ['expires in 14 days', { ...CLAIMED, expiresAt: NOW + 14 * DAY_MS }, { active: 1, expiringSoon: 1 }],
  ['expires in 14 days and a millisecond', { ...CLAIMED, expiresAt: NOW + 14 * DAY_MS + 1 }, { active: 1 }],
  ['expires in a millisecond', { ...CLAIMED, expiresAt: NOW + 1 }, { active: 1, expiringSoon: 1 }],
  ['expires at this very instant', { ...CLAIMED, expiresAt: NOW }, { expired: 1 }],
  ['expired before anybody took it', { expiresAt: NOW }, { expired: 1 }],
  ['was revoked', { ...CLAIMED, revokedAt: NOW, revokedBy: ANN }, { revoked: 1 }],
  ['was revoked and has expired since', { expiresAt: NOW, revokedAt: NOW, revokedBy: ANN }, { revoked: 1 }],
])('a token that %s is counted by its status', async ([, fields, counts]) => {
  const { store } = await aStore();
  await aStoredToken(store, fields);

  expect(await store.countTokens(NOW)).toEqual({ ...NONE, ...counts });
});

test('no token is counted in an empty database', async () => {
  const { store } = await aStore();

  expect(await store.countTokens(NOW)).toEqual(NONE);
});

test('each of more tokens than one read takes is counted once', async () => {
  const { store, raw } = await aStore();
  const { id } = await aStoredToken(store, CLAIMED);
  raw
    .prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)
       insert into tokens select 'tok_' || i, workspace, 'bot ' || i, 'bot ' || i, owner, created_by, purpose, scopes,
         created_at, expires_at, generation, claimed_at, revoked_at, revoked_by, revoke_reason, quiet_since
       from tokens, n where tokens.id = ?`,
    )
    .run(id);

  expect(await store.countTokens(NOW)).toEqual({ ...NONE, active: 20_001 });
});
