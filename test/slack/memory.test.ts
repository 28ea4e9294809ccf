import { describe, expect, test } from 'vitest';
import { createMemory } from '../../src/slack/people/memory.ts';
import { aClock } from './flows.ts';

test('a fact is asked for once while it is fresh, and anew at the very age that is too old', async () => {
  const { memory, clock, asked } = aMemory();

  await memory.find('ann');
  await clock.moveBy(99);
  await memory.find('ann');
  await clock.moveBy(1);

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

describe('a fact that is asked for anew', () => {
  test('is asked for even where it is fresh, and is what is remembered from then on', async () => {
    const { memory, asked } = aMemory();
    await memory.find('ann');

    expect(await memory.findAnew('ann')).toBe('ann, answer 2');
    expect(await memory.find('ann')).toBe('ann, answer 2');
    expect(asked).toHaveLength(2);
  });

  test('is never the answer of a call that began before, and is shared by all who wait for that one to end', async () => {
    const { memory, asked } = aMemory();

    const before = memory.find('ann');
    const anew = Array.from({ length: 50 }, () => memory.findAnew('ann'));
    const remembered = memory.find('ann');

    expect(await before).toBe('ann, answer 1');
    expect(new Set(await Promise.all(anew))).toEqual(new Set(['ann, answer 2']));
    expect(await remembered).toBe('ann, answer 1');
    expect(asked).toHaveLength(2);
  });

  test('is asked for once more by who comes while that call goes on', async () => {
    const { memory, asked } = aMemory();

    const first = memory.findAnew('ann');
    const second = memory.findAnew('ann');

    expect(await first).toBe('ann, answer 1');
    expect(await second).toBe('ann, answer 2');
    expect(await memory.findAnew('ann')).toBe('ann, answer 3');
    expect(asked).toHaveLength(3);
  });

  test('is asked for after a call that failed, and a failure of its own is not remembered', async () => {
    const { memory, failNext } = aMemory();
    failNext();
    const before = memory.find('ann');
    const anew = memory.findAnew('ann');

    await expect(before).rejects.toThrow('no answer');
    expect(await anew).toBe('ann, answer 2');
    failNext();
    await expect(memory.findAnew('ann')).rejects.toThrow('no answer');
    expect(await memory.find('ann')).toBe('ann, answer 4');
  });

  test('does not wait for what is asked about others', async () => {
    const { memory, asked } = aMemory();

    await Promise.all([memory.findAnew('ann'), memory.findAnew('bob'), memory.find('bob')]);

    expect(asked).toEqual(['ann', 'bob']);
  });
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
