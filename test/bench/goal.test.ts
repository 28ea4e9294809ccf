import { describe, expect, test } from 'vitest';
import { failsGate, type Goal, goalLine, isReached, once } from '../../bench/goal.ts';

function aGoal(fields: Partial<Goal> = {}): Goal {
  return { what: 'verify / raw reference', atLeast: 0.85, actual: once(0.9), gates: true, ...fields };
}

describe('a goal', () => {
  test.for([
    ['is reached at its very figure', { actual: once(0.85) }, true],
    ['is missed below it', { actual: once(0.849) }, false],
    [
      'is judged by the middle of the rounds: reached',
      { actual: { min: 0.5, median: 0.85, max: 0.9 } },
      true,
    ],
    [
      'is judged by the middle of the rounds: missed',
      { actual: { min: 0.8, median: 0.84, max: 0.99 } },
      false,
    ],
  ] as const)('%s', ([, fields, expected]) => {
    expect(isReached(aGoal(fields))).toBe(expected);
  });

  test.for([
    ['is reached at its very figure', 50, true],
    ['is missed above it', 50.1, false],
  ] as const)('that is a limit %s', ([, figure, expected]) => {
    expect(isReached({ what: 'main-loop delay', atMost: 50, actual: once(figure) })).toBe(expected);
  });

  test('is missed when its figure is none', () => {
    expect(isReached(aGoal({ actual: once(Number.NaN) }))).toBe(false);
  });
});

describe('the gate', () => {
  test.for([
    ['fails when every round is below the goal', { actual: { min: 0.7, median: 0.8, max: 0.849 } }, true],
    ['holds when one round reaches it', { actual: { min: 0.7, median: 0.8, max: 0.85 } }, false],
    ['holds when the goal is reached', {}, false],
    ['is not failed by a goal that does not gate', { actual: once(0.1), gates: false }, false],
  ] as const)('%s', ([, fields, expected]) => {
    expect(failsGate(aGoal(fields))).toBe(expected);
  });
});

test.for([
  ['a goal that is reached', aGoal(), 'ok   verify / raw reference: 0.90, goal ≥ 0.85 (gate)'],
  [
    'a goal that is missed on a noisy machine',
    aGoal({ actual: { min: 0.5, median: 0.7, max: 0.8 } }),
    'MISS verify / raw reference: 0.70 [0.50..0.80] noisy, goal ≥ 0.85 (gate)',
  ],
  [
    'a limit with a unit',
    { what: 'memory', atMost: 130, unit: 'MB', actual: once(110.4) },
    'ok   memory: 110 MB, goal ≤ 130 MB',
  ],
] as const)('%s is one line', ([, goal, line]) => {
  expect(goalLine(goal)).toBe(line);
});
