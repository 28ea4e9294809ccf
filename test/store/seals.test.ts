import { expect, onTestFinished, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { type Verdict, verifyToken } from '../../src/tokens/verify.ts';
import { underOnly } from '../tokens/a-token.ts';
import { aStore, PEPPER } from './fixtures/temp-store.ts';
import {
  aDelivery,
  aFreshDigest,
  anEffect,
  aRotation,
  aShownValue,
  aStoredToken,
  BY_ANN,
  NOW,
  verdictOn,
  WORKSPACE,
} from './fixtures/tokens.ts';

const END = NOW + 30 * DAY_MS;
const NEXT = pepperFrom('the pepper after that one, long enough');

async function kindOf(store: Store, value: TokenValue, at = NOW): Promise<Verdict['kind']> {
  const verdict = await verdictOn(store, value, at);
  if (verdict.kind === 'busy') expect(verdict.brokenSealOf).toEqual(expect.stringMatching(/^tok_/));
  return verdict.kind;
}

test.for([
  ['its owner', "owner = 'UEVE'"],
  ['its name', "name = 'another bot'"],
  ['its scopes', `scopes = '["read","write","admin"]'`],
  ['its scopes, as other text', `scopes = '["read" ,"write"]'`, 'good'],
  ['its end, later', `ends_at = ${END + DAY_MS}`],
  ['its end, to never', 'ends_at = null'],
  ['when it was shown', `shown_at = ${NOW - 1}`],
  ['when it was created', `created_at = ${NOW - 1}`],
  ['which value of its token it is', 'generation = 7'],
  ['its seal, away', 'seal = null'],
  ['its seal, cut', 'seal = substr(seal, 1, 31)'],
  [
    'its seal, to that of another',
    'seal = (select seal from secrets as other where other.lookup_id <> secrets.lookup_id)',
  ],
  ['all of it but its lookup id, to another row', undefined],
] as const)(
  'a value whose row was changed by somebody without the pepper is no good: %s',
  async ([, change, kind = 'busy']) => {
    const { store, raw } = await aStore();
    const token = await aStoredToken(store, { expiresAt: END });
    const { value } = await aShownValue(store, token);
    const other = await aShownValue(store, await aStoredToken(store, { expiresAt: END }));
    expect(await kindOf(store, value)).toBe('good');

    if (change !== undefined) {
      raw.prepare(`update secrets set ${change} where lookup_id = ?`).run(value.lookupId);
    } else {
      // The digest is over the whole value, lookup id included, so this could only be tried with one that is known.
      const columns = 'token_id, created_at, shown_at, ends_at, name, owner, scopes, generation, seal';
      raw
        .prepare(
          `update secrets set (${columns}) = (select ${columns} from secrets as other where other.lookup_id = ?) where lookup_id = ?`,
        )
        .run(other.value.lookupId, value.lookupId);
    }

    expect(await kindOf(store, value)).toBe(kind);
    expect(await kindOf(store, other.value)).toBe('good');
  },
);

test('each change of our own keeps the seals of what it changes', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: END });
  const first = await aShownValue(store, token);
  const second = await aShownValue(
    store,
    token,
    aRotation({ expiresAt: END + DAY_MS, graceEndsAt: END }),
    NOW + 1,
  );
  expect([await kindOf(store, first.value), await kindOf(store, second.value)]).toEqual(['good', 'good']);

  await store.endOldValues(token.id, NOW + 2, anEffect(token.id));
  expect(await verdictOn(store, first.value, NOW + 2)).toMatchObject({ kind: 'bad', why: 'ended' });
  expect(await kindOf(store, second.value)).toBe('good');

  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  expect(await verdictOn(store, second.value, NOW + 3)).toMatchObject({ kind: 'bad', why: 'revoked' });
});

test('a digest under another pepper is sealed under that', async () => {
  const peppers = peppersFrom(NEXT, [PEPPER]);
  const { store, url } = await aStore();
  const { value, secret } = await aShownValue(store, await aStoredToken(store));
  const rotated = await openStore({ url, pepper: NEXT, peppers });
  onTestFinished(() => rotated.close());

  await rotated.replaceDigests([aFreshDigest(secret, { digest: value.digest(NEXT.key), pepperId: NEXT.id })]);

  const verdict = await verifyToken(value.reveal(), { ...underOnly(NEXT), store: rotated, clock: () => NOW });
  expect(verdict.kind).toBe('good');
});

test.for([
  [
    'a rotation',
    (store: Store, token: Parameters<typeof aShownValue>[1]) =>
      aShownValue(store, token, aRotation({ graceEndsAt: END }), NOW + 1),
  ],
  [
    'the end of old values',
    (store: Store, { id }: { id: Parameters<typeof anEffect>[0] & string }) =>
      store.endOldValues(id, NOW + 1, anEffect(id)),
  ],
] as const)('what somebody else wrote is not sealed by %s', async ([, change]) => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store, { expiresAt: END });
  const { value } = await aShownValue(store, token);
  raw.prepare(`update secrets set scopes = '["admin"]' where lookup_id = ?`).run(value.lookupId);

  await change(store, token);

  expect(await kindOf(store, value, NOW + 1)).toBe('busy');
});

test.for([
  ['re-owned', "owner = 'UEVE'"],
  ['widened', `scopes = '["read","write","admin"]'`],
  ['revived', 'revoked_at = null, revoked_by = null'],
] as const)('a token whose own row was %s gets no further value', async ([, change]) => {
  const { store, raw } = await aStore();
  const token = await aStoredToken(store, { expiresAt: END });
  const { value } = await aShownValue(store, token);
  if (change.includes('revoked_at')) await store.revokeTokens([token.id], BY_ANN, aDelivery());
  raw.prepare(`update tokens set ${change} where id = ?`).run(token.id);
  const changed = await store.findToken(WORKSPACE, token.id);
  if (changed === undefined) throw new Error('the token is there');

  const rotating = aShownValue(store, changed, aRotation({ graceEndsAt: END }), NOW + 1);

  await expect(rotating).rejects.toMatchObject({ code: 'tampered' });
  expect(await kindOf(store, value, NOW + 1)).toBe(change.includes('revoked_at') ? 'bad' : 'good');
});

test('a further value may have fewer scopes', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store, { expiresAt: END });
  await aShownValue(store, token);

  const { value } = await aShownValue(
    store,
    { ...token, scopes: ['read'] },
    aRotation({ graceEndsAt: END }),
    NOW + 1,
  );

  expect(await kindOf(store, value, NOW + 1)).toBe('good');
});

test('after the upgrade the values that were there are sealed once, also when the first start was broken off', async () => {
  const { store, url, raw } = await aStore();
  const values = [];
  for (let count = 0; count < 450; count++) {
    values.push((await aShownValue(store, await aStoredToken(store))).value);
  }
  const [first, second] = values;
  if (first === undefined || second === undefined) throw new Error('there are values');
  await store.close();
  // As the migration leaves it, and a start that sealed 200 of them.
  raw.exec(
    'update secrets set seal = null where lookup_id > (select lookup_id from secrets order by lookup_id limit 1 offset 199)',
  );
  raw.exec("insert into settings (key, value) values ('unsealed', 'before 0012')");

  const again = await openStore({ url, pepper: PEPPER });
  for (const value of values) expect(await kindOf(again, value)).toBe('good');
  await again.close();

  const events = raw.prepare("select detail from audit_events where action = 'values.sealed'").pluck().all();
  expect(events).toEqual(['{"count":250}']);
  raw.prepare('update secrets set seal = null where lookup_id = ?').run(first.lookupId);
  const third = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => third.close());
  expect([await kindOf(third, first), await kindOf(third, second)]).toEqual(['busy', 'good']);
});
