import { inspect } from 'node:util';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { expect, test } from 'vitest';
import { faultFrom } from '../../src/store/fault.ts';
import type { Store } from '../../src/store/store.ts';
import type { PersonId, TokenId } from '../../src/tokens/token.ts';
import { aStore } from './fixtures/temp-store.ts';
import {
  aDelivery,
  aFreshDigest,
  anEffect,
  aSecret,
  aToken,
  aUse,
  BY_ANN,
  LIMITS,
  NOW,
  nameOf,
  WORKSPACE,
} from './fixtures/tokens.ts';

/** Stands in every text parameter of these tests. */
const MARK = 'parameter-of-somebody';
const TOKEN = aToken({ name: nameOf(MARK), purpose: MARK, scopes: [MARK] });
const SECRET = aSecret(TOKEN, { hash: MARK, lookupId: MARK, digest: Buffer.from(MARK) });
const EFFECT = anEffect(TOKEN.id, {
  event: { at: NOW, actor: 'system', action: 'token.created', tokenId: TOKEN.id, detail: { name: MARK } },
  delivery: aDelivery(MARK),
});

const EVERYBODY = { filter: 'all', owner: null, page: 1, pageSize: 1, now: NOW } as const;
const BOARD = { channel: MARK, ts: MARK, placedBy: TOKEN.owner, drawing: null, triedAt: null };

const CALLS: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['insertToken', (store) => store.insertToken(TOKEN, LIMITS, EFFECT)],
  ['insertSecret', (store) => store.insertSecret(SECRET, 'first', aDelivery(MARK))],
  ['obstacleToSecret', (store) => store.obstacleToSecret(SECRET, 'first', aDelivery(MARK))],
  ['markShown', (store) => store.markShown(MARK, NOW, 'first', EFFECT)],
  ['withdrawSecret', (store) => store.withdrawSecret(MARK, EFFECT)],
  ['revokeTokens', (store) => store.revokeTokens([TOKEN.id], { ...BY_ANN, reason: MARK }, aDelivery(MARK))],
  [
    'revokeTokens',
    (store) =>
      store.revokeTokens([TOKEN.id], { ...BY_ANN, reason: MARK, onlyUnclaimed: true }, aDelivery(MARK)),
  ],
  ['eventsAfter', (store) => store.eventsAfter(0)],
  ['chainHead', (store) => store.chainHead()],
  ['chainAlarm', (store) => store.chainAlarm()],
  [
    'keepChainAlarm',
    (store) => store.keepChainAlarm({ sequence: 1, flaw: 'changed', tokenId: MARK as TokenId }),
  ],
  ['isAnswered', (store) => store.isAnswered(aDelivery(MARK))],
  ['keepAnswered', (store) => store.keepAnswered(aDelivery(MARK), NOW)],
  ['countByPepper', (store) => store.countByPepper()],
  ['workspace', (store) => store.workspace()],
  ['findToken', (store) => store.findToken(WORKSPACE, TOKEN.id)],
  ['findTokens', (store) => store.findTokens(WORKSPACE, [TOKEN.id])],
  ['findTokenByName', (store) => store.findTokenByName(WORKSPACE, TOKEN.nameKey)],
  ['nameKeysAfter', (store) => store.nameKeysAfter(WORKSPACE, { owner: null, after: MARK })],
  ['nameKeysAfter', (store) => store.nameKeysAfter(WORKSPACE, { owner: TOKEN.owner, after: MARK })],
  ['findByFirstCharacters', (store) => store.findByFirstCharacters(WORKSPACE, MARK)],
  ['usesInDay', (store) => store.usesInDay(TOKEN.id, NOW)],
  ['triesOf', (store) => store.triesOf([TOKEN.id])],
  ['takenNames', (store) => store.takenNames(WORKSPACE, [TOKEN.nameKey])],
  ['hasLiveSecret', (store) => store.hasLiveSecret(TOKEN.id, NOW)],
  ['lastWithdrawal', (store) => store.lastWithdrawal(TOKEN.id)],
  [
    'listTokens',
    (store) =>
      store.listTokens(WORKSPACE, { owner: TOKEN.owner, filter: 'all', page: 1, pageSize: 1, now: NOW }),
  ],
  ['readSecret', (store) => store.readSecret(MARK)],
  ['readHash', (store) => store.readHash(MARK)],
  ['replaceDigests', (store) => store.replaceDigests([aFreshDigest(SECRET, { prefix: MARK })])],
  ['closeIncident', (store) => store.closeIncident([TOKEN], BY_ANN, aDelivery(MARK))],
  ['addUses', (store) => store.addUses([aUse(SECRET, { useCount: 1, lastUsedAt: NOW })])],
  ['endOldValues', (store) => store.endOldValues(TOKEN.id, NOW, EFFECT)],
  ['liveValues', (store) => store.liveValues(TOKEN.id, NOW)],
  ['standingValues', (store) => store.standingValues([TOKEN.id], NOW)],
  ['tokenOfDelivery', (store) => store.tokenOfDelivery({ keys: ['none'] })],
  ['listEvents', (store) => store.listEvents(TOKEN.id, { page: 1, pageSize: 1 })],
  [
    'searchTokens',
    (store) => store.searchTokens(WORKSPACE, { owner: TOKEN.owner, text: MARK, among: 'all', now: NOW }),
  ],
  ['textsBefore', (store) => store.textsBefore(WORKSPACE, { owner: TOKEN.owner, before: null })],
  ['remind', (store) => store.remind(TOKEN.id, { kind: 'reminder', dueAt: NOW }, aDelivery(MARK))],
  ['sendNotices', (store) => store.sendNotices(NOW)],
  ['unclaimedSince', (store) => store.unclaimedSince(WORKSPACE, NOW)],
  ['recordRefusal', (store) => store.recordRefusal(EFFECT.event)],
  ['tidy', (store) => store.tidy(NOW)],
  ['countTokens', (store) => store.countTokens(NOW)],
  ['takeDue', (store) => store.takeDue(NOW, 1)],
  ['keepTaken', (store) => store.keepTaken([{ key: MARK }])],
  ['sayAnew', (store) => store.sayAnew({ kind: 'receipt', tokenId: TOKEN.id }, NOW)],
  ['takeLease', (store) => store.takeLease(MARK, 1000)],
  ['leaveLease', (store) => store.leaveLease(MARK)],
  ['countWithin', (store) => store.countWithin(MARK, { max: 1, windowMs: 1, now: NOW })],
  ['keepHomePage', (store) => store.keepHomePage(MARK as PersonId, { filter: 'all', page: 1, wipes: 0 })],
  ['homePageOf', (store) => store.homePageOf(MARK as PersonId)],
  ['noteChange', (store) => store.noteChange(MARK)],
  ['lastChange', (store) => store.lastChange()],
  ['changesAfter', (store) => store.changesAfter(0)],
  ['waitingSayings', (store) => store.waitingSayings(NOW)],
  [
    'settle',
    (store) =>
      store.settle({ key: MARK, version: 1, attempts: 0, saying: { kind: 'receipt', tokenId: TOKEN.id } }),
  ],
  [
    'postpone',
    (store) =>
      store.postpone(
        { key: MARK, version: 1, attempts: 0, saying: { kind: 'receipt', tokenId: TOKEN.id } },
        NOW,
      ),
  ],
  [
    'sayAgain',
    (store) =>
      store.sayAgain(
        { key: MARK, version: 1, attempts: 0, saying: { kind: 'receipt', tokenId: TOKEN.id } },
        NOW,
      ),
  ],
  ['findReceipt', (store) => store.findReceipt(TOKEN.id)],
  ['keepReceipt', (store) => store.keepReceipt(TOKEN.id, { channel: MARK, ts: MARK })],
  ['listByAttention', (store) => store.listByAttention(WORKSPACE, EVERYBODY)],
  ['listByAttention', (store) => store.listByAttention(WORKSPACE, { ...EVERYBODY, owner: TOKEN.owner })],
  ['countByAttention', (store) => store.countByAttention(WORKSPACE, NOW)],
  [
    'firstByAttention',
    (store) => store.firstByAttention(WORKSPACE, { attention: 'idle', limit: 1, now: NOW }),
  ],
  ['tokensAfter', (store) => store.tokensAfter(WORKSPACE, { owner: null, after: null })],
  ['recordDeed', (store) => store.recordDeed(EFFECT.event, aDelivery(MARK))],
  ['listBoards', (store) => store.listBoards()],
  ['findBoard', (store) => store.findBoard(MARK)],
  ['keepBoard', (store) => store.keepBoard(BOARD, EFFECT)],
  ['askForBoard', (store) => store.askForBoard(MARK, NOW)],
  ['keepDrawing', (store) => store.keepDrawing(BOARD, MARK)],
  ['tryBoard', (store) => store.tryBoard(BOARD, NOW)],
  ['forgetBoard', (store) => store.forgetBoard(BOARD, EFFECT.event)],
  ['findLeak', (store) => store.findLeak({ channel: MARK, ts: '1' })],
  [
    'keepLeak',
    (store) =>
      store.keepLeak(
        {
          channel: MARK,
          ts: '1',
          threadTs: null,
          place: 'channel.person.U1',
          reason: MARK,
          policy: 'warn',
          seenAt: NOW,
        },
        { live: [{ tokenId: TOKEN.id, madeAt: NOW }], there: new Set([TOKEN.id]) },
      ),
  ],
  [
    'keepLeakCard',
    (store) =>
      store.keepLeakCard({ channel: MARK, ts: '1' }, MARK, { channel: MARK, ts: '2', drawing: MARK }),
  ],
  ['ownerToLookUp', (store) => store.ownerToLookUp(WORKSPACE, NOW)],
  ['suspectOwner', (store) => store.suspectOwner(WORKSPACE, TOKEN.owner, { isSaidGone: true, at: NOW })],
  [
    'noteOwner',
    (store) =>
      store.noteOwner(
        {
          workspace: WORKSPACE,
          person: TOKEN.owner,
          lookUpAt: NOW,
          goneAt: null,
          isBarred: false,
          isSuspected: false,
          hasLiveTokens: true,
        },
        { lookUpAt: NOW, goneAt: NOW, isSuspected: false },
      ),
  ],
  ['bindWorkspace', (store) => store.bindWorkspace(WORKSPACE)],
  ['latestSeen', (store) => store.latestSeen()],
  ['keepLatest', (store) => store.keepLatest(NOW)],
  ['putLatestBack', (store) => store.putLatestBack(NOW, EFFECT.event)],
];

test('every method of the store is in these tests', async () => {
  const { store } = await aStore();

  const others = ['isReadable', 'isWritable', 'endedAgain', 'close'];
  expect([...new Set(CALLS.map(([name]) => name)), ...others].sort()).toEqual(Object.keys(store).sort());
});

test.for(CALLS)(
  '%s on a database without tables fails with a StoreFault that holds no parameter and no SQL',
  async ([, call]) => {
    const { store, raw } = await aStore();
    raw.pragma('foreign_keys = OFF');
    const tables = raw
      .prepare("select name from sqlite_schema where type = 'table' and name <> 'migrations'")
      .pluck()
      .all();
    for (const table of tables) raw.exec(`drop table ${table}`);

    const fault = await call(store).catch((error: unknown) => error);

    expect(fault).toMatchObject({ name: 'StoreFault', code: 'failed', cause: { code: 'SQLITE_ERROR' } });
    expect(inspect(fault, { depth: 9 })).not.toContain(MARK);
    expect(inspect(fault, { depth: 9 })).not.toMatch(/select |insert |update |delete /i);
  },
);

test.for([
  [
    'a trigger',
    "create trigger t before insert on tokens begin select raise(abort, 'broken'); end",
    'SQLITE_CONSTRAINT_TRIGGER',
  ],
  ['a check', 'alter table tokens add x text check (purpose is null)', 'SQLITE_CONSTRAINT_CHECK'],
] as const)(
  'an insert that %s stops says so and nothing of what was inserted',
  async ([, obstacle, code]) => {
    const { store, raw } = await aStore();
    raw.exec(obstacle);

    const fault = await store.insertToken(TOKEN, LIMITS, EFFECT).catch((error: unknown) => error);

    expect(fault).toMatchObject({
      code: 'failed',
      message: `The database failed with ${code}.`,
      cause: { code },
    });
    expect(inspect(fault, { depth: 9 })).not.toContain(MARK);
  },
);

test('a row that holds no JSON fails without a word of it, with the place in our code', async () => {
  const { store, raw } = await aStore();
  await store.insertToken(TOKEN, LIMITS, EFFECT);
  raw.prepare('update tokens set scopes = ?').run(MARK);

  const fault = await store.findToken(WORKSPACE, TOKEN.id).catch((error: unknown) => error);

  expect(fault).toMatchObject({
    name: 'StoreFault',
    code: 'failed',
    message: 'The store failed with a SyntaxError.',
  });
  expect(inspect(fault, { depth: 9 })).not.toContain(MARK);
  expect(inspect(fault)).toContain('tokens.ts');
});

test('of Drizzle’s own query error only SQLite’s stays', async () => {
  const { store, raw } = await aStore();
  const sqliteError = await store
    .addUses([aUse(SECRET, { useCount: 1, lastUsedAt: NOW })])
    .catch((error) => error.cause);
  raw.close();

  const fault = faultFrom(new DrizzleQueryError(`select ${MARK}`, [MARK], sqliteError));

  expect(fault.cause).toBe(sqliteError);
  expect(inspect(fault, { depth: 9 })).not.toContain(MARK);
});
