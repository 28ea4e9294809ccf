import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formOf, formOfKey, isWithinOneEdit, nameKeyOf } from '../../src/tokens/name.ts';
import { aName } from './a-token.ts';

test.for([
  ['an invisible sign', 'deploy\u200b-bot'],
  ['a soft hyphen', 'de\u00adploy-bot'],
  ['isolates', '\u2068deploy-bot\u2069'],
  ['a mark of direction', 'deploy-bot\u200e'],
  ['a byte order mark', '\ufeffdeploy-bot'],
  ['another case', 'DEPLOY-BOT'],
  ['wide letters', 'ｄｅｐｌｏｙ－ｂｏｔ'],
  ['an en dash', 'deploy–bot'],
  ['an em dash', 'deploy—bot'],
  ['two hyphens', 'deploy--bot'],
  ['a minus', 'deploy−bot'],
  ['a hyphen that does not break', 'deploy‑bot'],
  ['quotes around it', '“deploy-bot”'],
  ['quotes and spaces around it', '“ deploy-bot ”'],
  ['spaces around it', '  deploy-bot\n'],
] as const)('deploy-bot typed with %s is deploy-bot', ([, text]) => {
  expect(formOf(text)).toBe(formOfKey(nameKeyOf(aName('deploy-bot'))));
});

test.for([
  ["boss's bot", 'boss’s bot'],
  ['the "big" bot', 'the “big” bot'],
  ['a -- b', 'a — b'],
  ['wait...', 'wait…'],
  ["a'b", "a''b"],
  ['“prod”', '"prod"'],
  ['⠁⠃', '⠁⠃\u200b'],
] as const)('%s may be typed as %s', ([name, text]) => {
  expect(formOf(text)).toBe(formOfKey(nameKeyOf(aName(name))));
});

test.for([
  ['deploy-bot', 'deploy_bot'],
  ['bot-1', 'bot-2'],
  ['café', 'cafe'],
  ["boss's bot", 'bosss bot'],
  ['deploy-bot', 'deploybot'],
  ["a 'b", 'ab'],
  ["a' b", 'ab'],
] as const)('%s is not %s', ([one, other]) => {
  expect(formOf(one)).not.toBe(formOf(other));
});

test('what is longer than any name is like none, and takes no time', () => {
  expect(formOf('\u0301'.repeat(40_000))).toBe('');
  expect(formOf('-'.repeat(40_000))).toBe('');
  expect([formOf('x'.repeat(512)), formOf('x'.repeat(513))]).toEqual(['x'.repeat(512), '']);
});

test.for([
  ['deploy-bot', 'deploy-bo', true],
  ['deploy-bot', 'eploy-bot', true],
  ['deploy-bot', 'deplooy-bot', true],
  ['deploy-bot', 'deploy-cot', true],
  ['deploy-bot', 'depoly-bot', true],
  ['deploy-bot', 'deploy-bot', true],
  ['🚀🚀🚀', '🚀🗝🚀', true],
  ['bot-', 'bot-🚀', true],
  ['abab', 'ababab', false],
  ['xaby', 'xcay', false],
  ['xaby', 'xbcy', false],
  ['xaby', 'xbaqy', false],
  ['deploy-bot', 'deploy-b', false],
  ['deploy-bot', 'deplyo-cot', false],
  ['deploy-bot', 'tob-yolped', false],
  ['bot', 'tob', false],
  ['ab', 'ac', false],
  ['', 'a', false],
] as const)('%s and %s are within one edit: %s', ([one, other, are]) => {
  expect(isWithinOneEdit(one, other)).toBe(are);
  expect(isWithinOneEdit(other, one)).toBe(are);
});

test('any one edit is seen, and any two letters more are not', () => {
  const words = fc.array(fc.constantFrom(...'abc-🚀'), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(words, fc.nat(), fc.constantFrom(...'xyz'), (letters, at, letter) => {
      const place = at % letters.length;
      const [before, after] = [letters.slice(0, place), letters.slice(place)];
      const word = letters.join('');

      expect(isWithinOneEdit(word, [...before, letter, ...after].join(''))).toBe(true);
      expect(isWithinOneEdit(word, [...before, letter, ...after.slice(1)].join(''))).toBe(true);
      expect(isWithinOneEdit(word, [...before, letter, letter, ...after].join(''))).toBe(false);
    }),
  );
});
