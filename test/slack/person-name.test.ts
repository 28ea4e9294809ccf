import { expect, test } from 'vitest';
import { isNameOf, nameOf, profileInTime } from '../../src/slack/people/person-name.ts';
import { ANN } from '../tokens/a-token.ts';

const named = (...names: string[]) => ({ standing: 'member', zone: undefined, names }) as const;

test.for([
  ['the name', 'Ann Lee', 'ann lee', true],
  ['the id', 'Ann Lee', ANN, true],
  ['a name with characters that draw nothing', '\u200bAnn\u2060 \u{e0041}Lee\ufeff', 'Ann Lee', true],
  ['a name that is written from right to left', '\u202eAnn Lee\u202c', '@ann lee', true],
  ['a name that was copied with what nobody sees', 'Ann Lee', '\u200eAnn Lee', true],
  ['another name', 'Ann Lee', 'Ann', false],
  ['nothing, though the name draws nothing', '\u200b', '', false],
  ['an @ alone, though the name draws nothing', '\u200b', '@', false],
] as const)('a person is confirmed by %s', ([, name, typed, isRight]) => {
  expect(isNameOf(ANN, named(name), typed)).toBe(isRight);
});

test('what is to be typed is a name that can be, else the id', () => {
  expect(nameOf(ANN, named('\u200b', 'ann'))).toBe('ann');
  expect(nameOf(ANN, named('\u200b'))).toBe(ANN);
  expect(nameOf(ANN, undefined)).toBe(ANN);
});

test('a dialog opens without what Slack does not tell in time of somebody else', async () => {
  const never = { findProfile: () => new Promise<undefined>(() => undefined) };

  expect(await profileInTime(ANN, { actors: never })).toBeUndefined();
  expect(await profileInTime(ANN, { actors: { findProfile: async () => named('ann') } })).toEqual(
    named('ann'),
  );
});
