/** Beyond this a range tells more of the machine than of what was measured. */
const SPREAD_MAX = 1.3;

/** What one contender did in each round, in requests a second. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** The middle of some figures, and how far they lie apart. */
export type Range = { readonly median: number; readonly min: number; readonly max: number };

/** Whose turn it is in a round: forwards and backwards by turns, so that a machine that gets slower favours nobody. */
export function turnsOf<T>(round: number, contenders: readonly T[]): readonly T[] {
  return round % 2 === 0 ? contenders : contenders.toReversed();
}

/** The range of figures, of which there is at least one. */
export function rangeOf(figures: readonly number[]): Range {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (position: number) => {
    const figure = sorted[position];
    if (figure === undefined) throw new Error('there is no range of no figures');
    return figure;
  };
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** `of` as a share of `to`, each round by itself: what the machine did to both falls out. */
export function ratioOf(samples: Samples, of: string, to: string): Range {
  const ours = samples.get(of) ?? [];
  const theirs = samples.get(to) ?? [];
  if (ours.length !== theirs.length) throw new Error(`${of} and ${to} were not in the same rounds`);
  return rangeOf(ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN)));
}

/** Whether the rounds lie so far apart that their middle says little. */
export function isNoisy({ min, max }: Range): boolean {
  return max / min > SPREAD_MAX;
}
