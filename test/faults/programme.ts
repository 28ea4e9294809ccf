import { randomInt } from 'node:crypto';

// biome-ignore lint/style/noProcessEnv: how much a run does is said by whoever starts it
const { FAULTS, FAULTS_SEED } = process.env;

/** Whether the long form is run (`npm run test:faults`), which takes longer and draws other faults each time. */
export const IS_LONG = FAULTS === 'long';

const SEED_MAX = 2 ** 31;

/** Of the short form, so that it finds the same at each run. */
const SHORT_SEED = 20_261_130;

/** How much the long form may take. */
export const LONG_MS_MAX = 3_600_000;

/** Numbers by chance that come again with the seed, which is printed: `FAULTS_SEED=N npm run test:faults`. */
export type Chance = {
  readonly seed: number;
  /** At least `from`, less than `to`. */
  between(from: number, to: number): number;
  oneOf<T>(choices: readonly T[]): T;
  isTrue(): boolean;
};

/** The chance of this run, told on standard error as that of `what`. */
export function drawChance(what: string): Chance {
  const seed = FAULTS_SEED === undefined ? (IS_LONG ? randomInt(SEED_MAX) : SHORT_SEED) : Number(FAULTS_SEED);
  process.stderr.write(`${what}: FAULTS_SEED=${seed}\n`);
  return chanceFrom(seed);
}

/** The same from a seed that is known, told to nobody. Mulberry32: https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from));
  return {
    seed,
    between,
    isTrue: () => next() < 0.5,
    oneOf: (choices) => {
      const chosen = choices[between(0, choices.length)];
      if (chosen === undefined) throw new Error('there is nothing to choose from');
      return chosen;
    },
  };
}
