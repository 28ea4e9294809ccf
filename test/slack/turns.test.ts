import type Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLog, type Log } from '../../src/log.ts';
import {
  createLoopTurns,
  createOneAtATime,
  createSharedTurns,
  createTurns,
  paced,
} from '../../src/slack/turns.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { aStore, PEPPER } from '../store/fixtures/temp-store.ts';
import { soon } from './flows.ts';

test.for([
  ['has succeeded', false],
  ['has failed', true],
] as const)(
  'work under one key begins when the one before %s, and in the order it was asked for',
  async ([, fails]) => {
    const takeTurn = createTurns();
    const begun: string[] = [];
    const first = aWork('first', begun);
    const second = aWork('second', begun);
    const third = aWork('third', begun);
    const turns = [first, second, third].map(({ work }) => takeTurn('key', work).catch(() => 'failed'));
    await nothingMore();
    expect(begun).toEqual(['first']);

    first.end(fails);
    await nothingMore();
    expect(begun).toEqual(['first', 'second']);
    second.end();
    third.end();

    expect(await Promise.all(turns)).toEqual([fails ? 'failed' : 'first', 'second', 'third']);
  },
);

test('work under another key waits for nobody, nor does what comes when all is done', async () => {
  const takeTurn = createTurns();
  const begun: string[] = [];
  const slow = aWork('slow', begun);
  const turn = takeTurn('one', slow.work);

  expect(await takeTurn('other', async () => 'done')).toBe('done');
  slow.end();
  await turn;

  expect(await takeTurn('one', async () => 'done')).toBe('done');
});

test('what begins in a turn of the event loop of its own begins alone, and in order', async () => {
  const loopTurn = createLoopTurns();
  const begun: string[][] = [];
  const begin = (name: string) => loopTurn().then(() => begun.at(-1)?.push(name));
  let isOver = false;
  // Each turn of the loop has a list of its own.
  const watch = () => {
    begun.push([]);
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);

  await Promise.all(['first', 'second', 'third'].map(begin));
  await begin('later');
  isOver = true;

  expect(begun.filter((names) => names.length > 0)).toEqual([['first'], ['second'], ['third'], ['later']]);
});

/** Work that notes its beginning and ends when it is told to. */
function aWork(name: string, begun: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    work: () => {
      begun.push(name);
      return promise;
    },
    end: (fails = false) => (fails ? reject(new Error(name)) : resolve(name)),
  };
}

function nothingMore(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('among processes', () => {
  test('work under one key is done one after the other, whichever is asked', async () => {
    const { one, other } = await twoOf((deps) => createSharedTurns('board', deps));
    const begun: string[] = [];
    const first = aWork('first', begun);
    const turns = [one('C1', first.work)];
    await soon(() => expect(begun).toEqual(['first']));

    turns.push(
      other('C1', async () => {
        begun.push('second');
        return 'second';
      }),
    );
    expect(await other('C2', async () => 'under another key')).toBe('under another key');
    expect(begun).toEqual(['first']);
    first.end();

    expect(await Promise.all(turns)).toEqual(['first', 'second']);
  });

  test('what failed, or died, keeps nobody waiting for longer than its lease', async () => {
    const { one, other, raw } = await twoOf((deps) => createSharedTurns('board', deps));
    await expect(one('C1', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await other('C1', async () => 'after a failure')).toBe('after a failure');

    const dead = aWork('dead', []);
    const turn = one('C1', dead.work);
    await soon(() => expect(raw.prepare('select count(*) from leases').pluck().get()).toBe(1));
    raw.prepare("update leases set taken_by = 'dead', taken_until = 0").run();

    expect(await other('C1', async () => 'after a death')).toBe('after a death');
    dead.end();
    await turn;
  });

  test('what only reads is done where the database cannot be written, and that is logged', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } });
    const fails = async () => {
      throw new Error('the disk is full');
    };
    const takeTurn = createSharedTurns('home', { store: { takeLease: fails, leaveLease: fails }, log });

    expect(await takeTurn('U1', async () => 'drawn')).toBe('drawn');
    expect(lines.join('')).toContain('without the database');
  });

  test('a job is done by one at a time, and by the next one no sooner than its pace', async () => {
    const done: string[] = [];
    const { one, other, raw } = await twoOf((deps, name) =>
      paced('owner look-up', 60_000, { ...deps, job: async () => void done.push(name) }),
    );

    await Promise.all([one(), other()]);
    await Promise.all([one(), other()]);
    expect(done).toHaveLength(1);
    raw.prepare('update leases set taken_until = 0').run();
    await Promise.all([one(), other()]);

    expect(done).toHaveLength(2);
  });

  test('a file of one person is made once at a time', async () => {
    const { one, other } = await twoOf((deps) => createOneAtATime('export', deps));
    const begun: string[] = [];
    const first = aWork('first', begun);
    const turn = one('U1', first.work);
    await soon(() => expect(begun).toEqual(['first']));

    expect(await other('U1', async () => 'second')).toBeUndefined();
    expect(await other('U2', async () => 'of another')).toBe('of another');
    first.end();
    expect(await turn).toBe('first');

    expect(await other('U1', async () => 'third')).toBe('third');
  });
});

/** What two processes on one database make by `make`. */
async function twoOf<Made>(
  make: (deps: { readonly store: Store; readonly log: Log }, name: string) => Made,
): Promise<{ one: Made; other: Made; raw: Database.Database }> {
  const { store, url, raw } = await aStore();
  const beside = await openStore({ url, pepper: PEPPER });
  onTestFinished(() => beside.close());
  const log = createLog({ level: 'trace', stream: { write: () => undefined } });
  return { one: make({ store, log }, 'one'), other: make({ store: beside, log }, 'other'), raw };
}
