import { expect, test } from 'vitest';
import { createStatements } from '../../../src/store/postgres/statements.ts';

test.for([
  ['select 1', 'select 1'],
  ['select ? where "a" = ? and ? > 1', 'select $1 where "a" = $2 and $3 > 1'],
  ['select \'it\'\'s\', "a""b", ?', 'select \'it\'\'s\', "a""b", $1'],
  ["select '', ?, '''', ?", "select '', $1, '''', $2"],
])('%s is numbered', ([text, numbered]) => {
  expect(createStatements(false)(text ?? '')).toEqual({ text: numbered });
});

test.for(["select '?'", 'select "?"', "select 'it''s ?', ?"])(
  '%s is refused: nobody could tell a parameter',
  (text) => {
    expect(() => createStatements(true)(text)).toThrow('a question mark within quotes');
  },
);

test('the same text has the same name, another one another, and without names there is none', () => {
  const named = createStatements(true);
  const [one, other] = ['select ?', 'select ?, ?'].map(named);

  expect(named('select ?')).toBe(one);
  expect(one?.name).not.toBe(other?.name);
  expect(createStatements(false)('select ?').name).toBeUndefined();
});

test('whoever makes texts without end is stopped before the memory of the server is full', () => {
  const named = createStatements(true);

  expect(() => {
    for (let i = 0; i < 10_000; i++) named(`select ${i}`);
  }).toThrow('too many different statements');
});
