import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { parseName } from '../../src/tokens/name.ts';
import { parseNote } from '../../src/tokens/note.ts';
import { isOnPostgres } from './fixtures/engines.ts';
import { aStore } from './fixtures/temp-store.ts';
import {
  ANN,
  aDelivery,
  anEffect,
  aStoredToken,
  aToken,
  LIMITS,
  NOW,
  nameOf,
  WORKSPACE,
} from './fixtures/tokens.ts';

const UNHOLDABLE = /\0|\p{Cs}/u;

/** Texts of every UTF-16 unit, halves of characters and U+0000 among them. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.constantFrom('\0', '\ud800', '\udc00', '\u{1f600}', 'a', ' '),
  ),
  maxLength: 80,
});

test('neither a name nor a purpose nor a reason ever holds what PostgreSQL cannot', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = parseName(text);
      const note = parseNote(text, 200);

      expect('name' in name ? name.name : '').not.toMatch(UNHOLDABLE);
      expect('note' in note ? (note.note ?? '') : '').not.toMatch(UNHOLDABLE);
    }),
    { numRuns: 2_000 },
  );
});

const LOOKS: readonly [string, (store: Store, text: string) => Promise<unknown>, unknown][] = [
  [
    'a search',
    (store, text) => store.searchTokens(WORKSPACE, { owner: ANN, text, among: 'all', now: NOW }),
    [],
  ],
  ['a name', (store, text) => store.findTokenByName(WORKSPACE, nameOf(text) as never), undefined],
  ['an id', (store, text) => store.findToken(WORKSPACE, text as never), undefined],
  ['a value', (store, text) => store.readSecret(text), undefined],
];

test.for(
  LOOKS.flatMap(([what, look, none]) =>
    ['dep\0loy', 'dep\ud800loy'].map((text) => [what, text, look, none] as const),
  ),
)('%s of %j is looked for and not there', async ([, text, look, none]) => {
  const { store } = await aStore();
  await aStoredToken(store, { name: nameOf('deploy') });

  expect(await look(store, text)).toEqual(none);
});

test('such a text that got here all the same is stored as it is, or refused: never changed', async () => {
  const { store } = await aStore();
  const token = aToken({ purpose: 'of\0all' });

  const inserting = store.insertToken(token, LIMITS, anEffect(token.id, { delivery: aDelivery() }));

  if (!isOnPostgres) return expect(await inserting).toEqual({ kind: 'inserted' });
  await expect(inserting).rejects.toMatchObject({ name: 'StoreFault', code: 'failed' });
  expect(await store.findToken(WORKSPACE, token.id)).toBeUndefined();
});
