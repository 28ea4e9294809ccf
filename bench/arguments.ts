import { parseArgs } from 'node:util';

/** What can be measured, in this order. */
export const PARTS = [
  'micro',
  'verify',
  'growth',
  'verifiers',
  'postgres',
  'start',
  'acks',
  'junk',
  'hostile',
  'commands',
  'guard',
] as const;
export type Part = (typeof PARTS)[number];

export type Options = {
  /** Fewer and shorter rounds: to see that it works. */
  readonly quick: boolean;
  /** Whether a goal that gates may fail the run. */
  readonly gate: boolean;
  readonly parts: readonly Part[];
  /** Where the figures go as JSON: a file, or `-` for standard output; undefined: nowhere. */
  readonly json: string | undefined;
};

const USAGE = `npm run bench -- [--quick] [--gate] [--only PART,PART] [--json FILE|-]
  --quick      fewer and shorter rounds
  --gate       ends with 1 when verify is slower than the raw reference allows, in every round
  --only LIST  some of ${PARTS.join(', ')}
  --json FILE  writes the figures there too; - is standard output, and the table then goes to standard error`;

/** The options are none. The message says which, and how it is called. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** What the command line asks for: all parts unless `--only` names some. Throws a `UsageError`. */
export function parseArguments(args: readonly string[]): Options {
  const values = flagsIn(args);
  if (values.help) throw new UsageError(USAGE);
  const { quick, gate, only, json } = values;
  if (json === '') throw new UsageError(`--json needs a file\n${USAGE}`);
  return { quick, gate, json, parts: only === undefined ? PARTS : partsIn(only) };
}

function flagsIn(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        gate: { type: 'boolean', default: false },
        only: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function partsIn(list: string): readonly Part[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new UsageError(`there is no part "${unknown}"\n${USAGE}`);
  return PARTS.filter((part) => names.includes(part));
}
