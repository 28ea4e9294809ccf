import { expect, test } from 'vitest';
import { PARTS, parseArguments, UsageError } from '../../bench/arguments.ts';

test.for([
  ['nothing means everything, at full length', [], {}],
  ['--quick', ['--quick'], { quick: true }],
  ['--gate', ['--gate'], { gate: true }],
  ['--json with a file', ['--json', 'figures.json'], { json: 'figures.json' }],
  ['--json with standard output', ['--json', '-'], { json: '-' }],
  ['--only one part', ['--only', 'junk'], { parts: ['junk'] }],
  ['--only some, in the order of the run', ['--only', 'junk, verify'], { parts: ['verify', 'junk'] }],
] as const)('%s', ([, args, expected]) => {
  expect(parseArguments(args)).toEqual({
    quick: false,
    gate: false,
    parts: PARTS,
    json: undefined,
    ...expected,
  });
});

test.for([
  ['a flag that there is not', ['--fast'], '--fast'],
  ['a word too many', ['verify'], 'verify'],
  ['a part that there is not', ['--only', 'verify,mysql'], 'there is no part "mysql"'],
  ['no part', ['--only', ''], 'there is no part ""'],
  ['--json without a file', ['--json', ''], '--json needs a file'],
  ['a call for help', ['--help'], ''],
] as const)('%s is answered with how it is called', ([, args, message]) => {
  expect(() => parseArguments(args)).toThrow(UsageError);
  expect(() => parseArguments(args)).toThrow(message);
  expect(() => parseArguments(args)).toThrow('npm run bench -- [--quick]');
});
