import { existsSync, readFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { verifyToken } from '../../src/tokens/verify.ts';
import { underOnly } from '../tokens/a-token.ts';
import { sqliteTest } from './fixtures/engines.ts';
import { aStore, PEPPER } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aSecret,
  aToken,
  BOB,
  BY_ANN,
  LIMITS,
  NOW,
  nameOf,
  WORKSPACE,
} from './fixtures/tokens.ts';

test('a revocation in the middle of a listing of 100,000 tokens is seen by the next verification', async () => {
  const { store, raw } = await aStore();
  seed(raw, 100_000);
  const token = aToken({ name: nameOf('in use'), owner: BOB });
  const value = TokenValue.generate('apit');
  await store.insertToken(token, LIMITS, anEffect(token.id));
  await store.insertSecret(
    aSecret(token, { lookupId: value.lookupId, digest: value.digest(PEPPER.key) }),
    'first',
    aDelivery(),
  );
  const verify = () => verifyToken(value.reveal(), { store, clock: () => NOW, ...underOnly(PEPPER) });
  const list = (page: number) =>
    store.listTokens(WORKSPACE, { owner: ANN, filter: 'all', page, pageSize: 200, now: NOW });

  const first = await list(1);
  const pages = [list(249), list(250)];
  const good = await verify();
  await store.revokeTokens([token.id], BY_ANN, aDelivery());
  const verdicts = [verify(), ...pages, list(251), verify(), list(500), verify()];

  expect(first).toMatchObject({ total: 100_000, pageCount: 500 });
  expect(good).toMatchObject({ kind: 'good' });
  const [atOnce, , , , later, last, atTheEnd] = await Promise.all(verdicts);
  for (const verdict of [atOnce, later, atTheEnd])
    expect(verdict).toMatchObject({ kind: 'bad', why: 'revoked' });
  expect(last).toMatchObject({ page: 500 });
});

test('the listing as a whole holds each token once', async () => {
  const { store, raw } = await aStore();
  seed(raw, 2_000);
  const seen = new Set<string>();

  for (let page = 1; page <= 10; page++) {
    const list = await store.listTokens(WORKSPACE, {
      owner: ANN,
      filter: 'all',
      page,
      pageSize: 200,
      now: NOW,
    });
    for (const { id } of list.tokens) seen.add(id);
  }

  expect(seen.size).toBe(2_000);
});

sqliteTest.for([
  ['tidied', (store: Awaited<ReturnType<typeof aStore>>['store']) => store.tidy(NOW)],
  ['closed', (store: Awaited<ReturnType<typeof aStore>>['store']) => store.close()],
] as const)(
  'once all is %s, no byte of database and log holds what a revocation or a withdrawal emptied',
  async ([, end]) => {
    const { store, path, raw } = await aStore();
    raw.close();
    const tokens = Array.from({ length: 60 }, () => aToken());
    const secrets = tokens.map((token) => aSecret(token));
    const gone = secrets.flatMap(({ hash, digest }) => [hash, digest]);
    for (const token of tokens) await store.insertToken(token, LIMITS, anEffect(token.id));
    for (const secret of secrets) await store.insertSecret(secret, 'first', aDelivery());
    for (const [i, { lookupId, tokenId }] of secrets.entries()) {
      if (i % 2 === 0) await store.withdrawSecret(lookupId, anEffect(tokenId));
      else await store.revokeTokens([tokenId], BY_ANN, aDelivery());
    }
    expect(remainsOf(gone, path)).not.toEqual([]);

    await end(store);

    expect(remainsOf(gone, path)).toEqual([]);
  },
);

/** Tokens of Ann's, active, expired and revoked ones, by one raw transaction. */
function seed(raw: Database.Database, count: number): void {
  const insert = raw.prepare(`insert into tokens
    (id, workspace, name, name_key, owner, created_by, scopes, created_at, expires_at, generation, revoked_at)
    values (?, ?, ?, ?, ?, ?, '[]', ?, ?, 0, ?)`);
  raw.transaction(() => {
    for (let i = 0; i < count; i++) {
      const expiresAt = [null, NOW - i, NOW + 1 + i][i % 3];
      insert.run(
        `tok_${i}`,
        WORKSPACE,
        `n${i}`,
        `n${i}`,
        ANN,
        ANN,
        NOW,
        expiresAt,
        i % 10 === 0 ? NOW - i : null,
      );
    }
  })();
}

function remainsOf(secrets: readonly (string | Buffer)[], path: string): unknown[] {
  const files = [path, `${path}-wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file));
  return secrets.filter((secret) => files.some((bytes) => bytes.includes(secret)));
}
