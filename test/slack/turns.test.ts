import { expect, test } from 'vitest';
import { createLoopTurns, createTurns } from '../../src/slack/turns.ts';

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
