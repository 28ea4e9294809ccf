import { expect, test } from 'vitest';
import { completionsFor } from '../../../sandbox/page/completions.ts';

const person = (handle: string, name: string, role = 'member') => ({
  id: handle,
  handle,
  name,
  role,
  isPlayable: true,
});

const KNOWN = {
  commands: [
    { command: '/apitoken', description: 'Tokens', usageHint: 'create [NAME] [30d] | list | revoke NAME' },
  ],
  people: [person('alice', 'Alice'), person('amy', 'Mary'), person('mia', 'Mia', 'deactivated')],
  groups: [{ id: 'S1', handle: 'oncall' }],
  app: person('apitoken', 'apitoken', 'app'),
};

test.for([
  ['', []],
  ['hello', []],
  ['/', ['/apitoken ', '/apitoken create ', '/apitoken list', '/apitoken revoke ']],
  ['/apitoken ', ['/apitoken create ', '/apitoken list', '/apitoken revoke ']],
  ['/apitoken re', ['/apitoken revoke ']],
  ['/apitoken list', []],
  ['/apitoken create deploy-bot', []],
  ['/other', []],
  ['@', ['@alice ', '@amy ', '@apitoken ', '@oncall ']],
  ['Hello @AL', ['@alice ']],
  ['/apitoken revoke @m', ['@amy ']],
  ['/apitoken revoke @alice', []],
  ['/apitoken revoke @alice ', []],
  ['alice@a', []],
  ['@nobody', []],
] as const)('%j may become %j', ([typed, expected]) => {
  expect(completionsFor(typed, KNOWN).completions.map(({ text }) => text)).toEqual(expected);
});

test('a name stands for what was typed of it, and says whose it is', () => {
  expect(completionsFor('/apitoken status all @al', KNOWN)).toEqual({
    of: 'people',
    completions: [{ text: '@alice ', start: 21, hint: 'Alice (member)' }],
  });
});
