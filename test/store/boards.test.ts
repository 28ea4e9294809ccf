import { expect, test } from 'vitest';
import { aStore } from './fixtures/temp-store.ts';
import { ANN, aDelivery, anEffect, aStoredToken, BOB, BY_ANN, NOW } from './fixtures/tokens.ts';

/** Who put it there, under a delivery of its own. */
const placed = () => ({
  event: { ...anEffect(null).event, action: 'board.placed' as const },
  delivery: aDelivery(),
});
const aBoard = (channel: string, ts = '1.0') => ({ channel, ts, placedBy: ANN });

test('a channel has one board: the second one takes its place and is told where the first stands', async () => {
  const { store } = await aStore();

  expect(await store.keepBoard(aBoard('C1', '1.0'), placed())).toEqual({ kind: 'kept', former: undefined });
  await store.tryBoard(aBoard('C1', '1.0'), NOW);
  await store.keepDrawing(aBoard('C1', '1.0'), 'a drawing');
  expect(await store.findBoard('C1')).toMatchObject({ drawing: 'a drawing', triedAt: NOW });
  expect(await store.keepBoard({ ...aBoard('C1', '2.0'), placedBy: BOB }, placed())).toEqual({
    kind: 'kept',
    former: { channel: 'C1', ts: '1.0' },
  });

  const board = { channel: 'C1', ts: '2.0', placedBy: BOB, drawing: null, triedAt: null };
  expect(await store.listBoards()).toEqual([board]);
  expect(await store.findBoard('C2')).toBeUndefined();
});

test('a board that was moved is neither drawn nor forgotten by who still sees the old one', async () => {
  const { store } = await aStore();
  await store.keepBoard(aBoard('C1', '1.0'), placed());
  await store.keepBoard(aBoard('C1', '2.0'), placed());
  const old = aBoard('C1', '1.0');

  await store.tryBoard(old, NOW);
  await store.keepDrawing(old, 'an old drawing');
  expect(await store.forgetBoard(old)).toBe(false);

  expect(await store.findBoard('C1')).toMatchObject({ ts: '2.0', drawing: null, triedAt: null });
  expect(await store.forgetBoard({ channel: 'C1', ts: '2.0' })).toBe(true);
  expect(await store.listBoards()).toEqual([]);
});

test('20 boards are the most, and moving one of them is not one more', async () => {
  const { store, raw } = await aStore();
  for (let number = 1; number <= 20; number++) await store.keepBoard(aBoard(`C${number}`), placed());

  expect(await store.keepBoard(aBoard('C21'), placed())).toEqual({ kind: 'too_many' });
  expect(await store.keepBoard(aBoard('C20', '2.0'), placed())).toMatchObject({ kind: 'kept' });

  expect(await store.listBoards()).toHaveLength(20);
  expect(raw.prepare("select count(*) from outbox where key = 'board:C21'").pluck().get()).toBe(0);
});

test('a new board is due at once; asked for again, it stays due when it was, with its attempts', async () => {
  const { store, raw } = await aStore();
  await store.keepBoard(aBoard('C1'), placed());
  const [due] = await store.takeDue(NOW, 10);
  if (due === undefined) throw new Error('nothing is due');
  await store.postpone(due, NOW + 500);

  await store.askForBoard('C1', NOW);
  await store.askForBoard('C2', NOW + 7);

  expect(raw.prepare('select key, due_at, attempts from outbox order by key').raw().all()).toEqual([
    ['board:C1', NOW + 500, 1],
    ['board:C2', NOW + 7, 0],
  ]);
});

test('a delivery places one board, and who stops one stands in an event', async () => {
  const { store, raw } = await aStore();
  const effect = placed();
  await store.keepBoard(aBoard('C1', '1.0'), effect);

  expect(await store.keepBoard(aBoard('C1', '2.0'), effect)).toEqual({ kind: 'repeated' });
  const stopped = { ...anEffect(null).event, action: 'board.stopped' as const };
  expect(await store.forgetBoard(aBoard('C1', '1.0'), stopped)).toBe(true);
  expect(await store.forgetBoard(aBoard('C1', '1.0'), stopped)).toBe(false);

  const actions = raw.prepare('select action from audit_events order by sequence').pluck().all();
  expect(actions).toEqual(['board.placed', 'board.stopped']);
});

test('a deed that changes no token is an event once a delivery, and no other effect follows from it', async () => {
  const { store, raw } = await aStore();
  const delivery = aDelivery();
  const { event } = anEffect(null);

  expect(await store.recordDeed({ ...event, action: 'status.exported' }, delivery)).toBe('recorded');
  expect(await store.recordDeed({ ...event, action: 'status.exported' }, delivery)).toBe('repeated');
  expect(await store.tokenOfDelivery(delivery)).toBeUndefined();

  expect(raw.prepare('select action from audit_events').pluck().all()).toEqual(['status.exported']);
});

test('a delivery that changed a token is no new deed', async () => {
  const { store } = await aStore();
  const token = await aStoredToken(store);
  const delivery = aDelivery();
  await store.revokeTokens([token.id], BY_ANN, delivery);

  expect(await store.recordDeed(anEffect(null).event, delivery)).toBe('repeated');
});
