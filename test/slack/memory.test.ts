import { expect, test } from 'vitest';
import { createMemory } from '../../src/slack/memory.ts';
import { aClock } from './flows.ts';

test('a fact is asked for once while it is fresh, and anew at the very age that is too old', async () => {
  const { memory, clock, asked } = aMemory();

  await memory.find('ann');
  clock.moveBy(99);
  await memory.find('ann');
  clock.moveBy(1);

  expect(await memory.find('ann')).toBe('ann, answer 2');
  expect(asked).toEqual(['ann', 'ann']);
});

test('however many wait for a fact, it is asked for once', async () => {
  const { memory, asked } = aMemory();

  const answers = await Promise.all(Array.from({ length: 50 }, () => memory.find('ann')));

  expect(new Set(answers)).toEqual(new Set(['ann, answer 1']));
  expect(asked).toHaveLength(1);
});

test('a failure is not remembered', async () => {
  const { memory, failNext } = aMemory();
  failNext();

  await expect(memory.find('ann')).rejects.toThrow('no answer');

  expect(await memory.find('ann')).toBe('ann, answer 2');
});

test('what was forgotten while it was asked for is asked for again', async () => {
  const { memory, asked } = aMemory();

  const before = memory.find('ann');
  memory.forget('ann');
  const after = memory.find('ann');

  expect(await before).toBe('ann, answer 1');
  expect(await after).toBe('ann, answer 2');
  memory.forgetAll();
  await memory.find('ann');
  expect(asked).toHaveLength(3);
});

test('no more facts are kept than there is room for, the oldest dropped first', async () => {
  const { memory, asked } = aMemory();

  for (const id of ['ann', 'bob', 'cem', 'dan']) await memory.find(id);
  await memory.find('dan');
  await memory.find('bob');
  await memory.find('ann');

  expect(asked).toEqual(['ann', 'bob', 'cem', 'dan', 'ann']);
});

function aMemory() {
  const clock = aClock();
  const asked: string[] = [];
  let fails = false;
  const memory = createMemory({
    clock,
    ageMsMax: 100,
    sizeMax: 3,
    ask: async (id) => {
      asked.push(id);
      const failing = fails;
      fails = false;
      if (failing) throw new Error('no answer');
      return `${id}, answer ${asked.length}`;
    },
  });
  return {
    memory,
    clock,
    asked,
    failNext: () => {
      fails = true;
    },
  };
}
