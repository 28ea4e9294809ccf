/** The present instant in milliseconds since 1970 UTC. Tests pass their own. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Date.now();

/** A clock that never goes back. */
export type SteadyClock = Clock & {
  /** How far it is ahead of the machine's clock; 0 unless that was set back. */
  aheadMs(): number;
};

/** How fast it goes on while it is ahead: it neither stands still, as time-outs need it, nor stays ahead for ever. */
const PACE_AHEAD = 0.5;

/** Time that passes. What is more at once is a clock that is set, or a machine that slept. */
const STEP_MS_MAX = 60_000;

/**
 * `machine`, but never before `seen` or what it told before: an instant once passed stays passed, so nothing that ended lives again
 * when the machine's clock is set back. While it is ahead it goes on at half the pace, until the machine has caught up.
 */
export function steadyClock(machine: Clock, seen = 0): SteadyClock {
  let last = machine();
  let told = Math.max(last, seen);

  function now(): number {
    const at = machine();
    const passedMs = Math.max(0, at - last);
    told = Math.max(at, told + (passedMs <= STEP_MS_MAX ? passedMs * PACE_AHEAD : 0));
    last = at;
    return Math.floor(told);
  }

  return Object.assign(now, { aheadMs: () => now() - last });
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The instant `at` as ISO 8601 in UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
