import { expect, test } from 'vitest';
import { completionsFor } from '../../../sandbox/page/completions.ts';

const COMMANDS = [
  { command: '/apitoken', description: 'Tokens', usageHint: 'create [NAME] [30d] | list | revoke NAME' },
];

test.for([
  ['', []],
  ['hello', []],
  ['/', ['/apitoken ', '/apitoken create ', '/apitoken list', '/apitoken revoke ']],
  ['/apitoken ', ['/apitoken create ', '/apitoken list', '/apitoken revoke ']],
  ['/apitoken re', ['/apitoken revoke ']],
  ['/apitoken list', []],
  ['/apitoken create deploy-bot', []],
  ['/other', []],
] as const)('%j may become %j', ([typed, expected]) => {
  expect(completionsFor(typed, COMMANDS).map(({ text }) => text)).toEqual(expected);
});
