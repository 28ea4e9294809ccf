import { describe, expect, test } from 'vitest';
import { isNoisy, rangeOf, ratioOf, turnsOf } from '../../bench/rounds.ts';

test('everybody has a turn in each round, forwards and backwards by turns', () => {
  const turns = [0, 1, 2].map((round) => turnsOf(round, ['a', 'b', 'c']));

  expect(turns).toEqual([
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['a', 'b', 'c'],
  ]);
});

describe('a range', () => {
  test.for([
    ['of one figure is that figure', [4], { median: 4, min: 4, max: 4 }],
    ['of an odd number has the middle one', [9, 1, 5], { median: 5, min: 1, max: 9 }],
    ['of an even number has the mean of the two middle ones', [4, 1, 10, 2], { median: 3, min: 1, max: 10 }],
    ['is not sorted as text', [9, 10, 100], { median: 10, min: 9, max: 100 }],
  ] as const)('%s', ([, figures, expected]) => {
    expect(rangeOf(figures)).toEqual(expected);
  });

  test('of no figures is none', () => {
    expect(() => rangeOf([])).toThrow('no range');
  });
});

describe('a ratio', () => {
  test('is taken in each round by itself: a machine that halves its speed changes nothing', () => {
    const samples = new Map([
      ['ours', [90, 45, 80]],
      ['theirs', [100, 50, 100]],
    ]);

    expect(ratioOf(samples, 'ours', 'theirs')).toEqual({ median: 0.9, min: 0.8, max: 0.9 });
  });

  test('needs both in the same rounds', () => {
    expect(() => ratioOf(new Map([['ours', [1]]]), 'ours', 'theirs')).toThrow('same rounds');
  });
});

test.for([
  ['1.3 times its least is not noisy', { min: 1, median: 1, max: 1.3 }, false],
  ['more than 1.3 times its least is noisy', { min: 1, median: 1, max: 1.301 }, true],
] as const)('a range up to %s', ([, range, expected]) => {
  expect(isNoisy(range)).toBe(expected);
});
