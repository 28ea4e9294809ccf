import { isNoisy, type Range } from './rounds.ts';

/** What a figure should be, and what it was. */
export type Goal = {
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit?: string;
  readonly actual: Range;
  /** With `--gate` the run fails when this one is missed beyond doubt. */
  readonly gates?: boolean;
};

/** Whether the middle of the rounds reaches the goal. */
export function isReached(goal: Goal): boolean {
  const { median } = goal.actual;
  return median >= (goal.atLeast ?? -Infinity) && median <= (goal.atMost ?? Infinity);
}

/** Whether a goal that gates is missed in every round: a noisy machine alone fails nobody's run. */
export function failsGate(goal: Goal): boolean {
  return goal.gates === true && goal.actual.max < (goal.atLeast ?? -Infinity);
}

/** A figure that was taken once. */
export function once(figure: number): Range {
  return { median: figure, min: figure, max: figure };
}

/** `ok` or `MISS`, what was asked and what was found, on one line. */
export function goalLine(goal: Goal): string {
  const { median, min, max } = goal.actual;
  const unit = goal.unit === undefined ? '' : ` ${goal.unit}`;
  const asked = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
  const range = min === max ? '' : ` [${figure(min)}..${figure(max)}]${isNoisy(goal.actual) ? ' noisy' : ''}`;
  const verdict = isReached(goal) ? 'ok  ' : 'MISS';
  return `${verdict} ${goal.what}: ${figure(median)}${unit}${range}, goal ${asked}${unit}${goal.gates ? ' (gate)' : ''}`;
}

function figure(number: number): string {
  return Math.abs(number) < 10 ? number.toFixed(2) : number.toFixed(0);
}
