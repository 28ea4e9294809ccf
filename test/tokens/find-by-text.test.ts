import { expect, test } from 'vitest';
import { FOUND_MAX, findByText } from '../../src/tokens/find.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import { aStore } from '../store/fixtures/temp-store.ts';
import { ANN, aStoredToken as aTokenIn, BOB, NOW, WORKSPACE } from '../store/fixtures/tokens.ts';
import { aName, anActor as anyActor } from './a-token.ts';

/** Without a purpose unless it has one. */
const aStoredToken: typeof aTokenIn = (store, fields) => aTokenIn(store, { purpose: null, ...fields });
const anActor = (fields: Partial<Actor> = {}) => anyActor({ id: ANN, workspace: WORKSPACE, ...fields });
const manager = anActor({ id: 'U0MAY' as Actor['id'], roles: new Set(['manager']) });
const ALL = { page: 1, pageSize: 20 };

async function aShelf(count = 0) {
  const { store } = await aStore();
  let reads = 0;
  const counting = {
    ...store,
    textsBefore: (...asked: Parameters<typeof store.textsBefore>) => {
      reads += 1;
      return store.textsBefore(...asked);
    },
  };
  const deps = { store: counting, clock: () => NOW, policy: { allowGuests: false } };
  for (let i = 1; i <= count; i++) await aStoredToken(store, { name: aName(`bot ${i}`) });
  const found = async (text: string, actor: Actor = anActor(), page = ALL) => {
    const outcome = await findByText({ actor, text, ...page }, deps);
    if (outcome.kind === 'refused') return outcome.refusal.code;
    return outcome.list.tokens.map(({ name }) => name);
  };
  return { store, deps, found, reads: () => reads };
}

test.for([
  ['a part of a name', 'deploy', ['Deploy-Bot']],
  ['a part in another case', 'PLOY-B', ['Deploy-Bot']],
  ['letters that unfold', 'STRASSE', ['Straße']],
  ['wide letters', 'ｄｅｐｌｏｙ', ['Deploy-Bot']],
  ['a curly quote for a straight one', 'boss’s', ["the boss's 🗝 bot"]],
  ['a dash for a hyphen', 'deploy–bot', ['Deploy-Bot']],
  ['an emoji', '🗝', ["the boss's 🗝 bot"]],
  ['what LIKE takes for a wildcard', '0%', ['übersetzer 100%_']],
  ['an underscore', '%_', ['übersetzer 100%_']],
  ['a double quote', '"', ['a "quoted" one']],
  ['a part of a purpose, in another case', 'ÜBER NACHT', ['Straße']],
  ['what a name and a purpose have', 'bot', ["the boss's 🗝 bot", 'Straße', 'Deploy-Bot']],
  ['what nothing has', 'zzz', []],
  ['what draws nothing', '\u200b ', []],
  ['nothing', '', []],
  ['a text longer than any purpose', 'x'.repeat(60_000), []],
] as const)('a search for %s finds what has it, the newest first', async ([, text, names]) => {
  const { store, found } = await aShelf();
  await aStoredToken(store, { name: aName('Deploy-Bot'), revokedAt: NOW, revokedBy: ANN });
  await aStoredToken(store, { name: aName('übersetzer 100%_'), expiresAt: NOW });
  await aStoredToken(store, { name: aName('Straße'), purpose: 'läuft über  Nacht als Bot' });
  await aStoredToken(store, { name: aName('a "quoted" one') });
  await aStoredToken(store, { name: aName("the boss's 🗝 bot") });
  await aStoredToken(store, { name: aName('deploy bot of Bob 0%_ "🗝'), owner: BOB });

  expect(await found(text)).toEqual(names);
});

test('everybody’s tokens are searched for whoever may see them, and nobody else’s for anybody else', async () => {
  const { store, found } = await aShelf();
  await aStoredToken(store, { name: aName('bot of ann') });
  await aStoredToken(store, { name: aName('bot of bob'), owner: BOB });

  expect(await found('bot', manager)).toEqual(['bot of bob', 'bot of ann']);
  expect(await found('bot')).toEqual(['bot of ann']);
  expect(await found('bot', anActor({ standing: 'guest' }))).toBe('app_not_permitted');
});

test('a search goes over all tokens, stops at 100 and says that there are more', async () => {
  const { store, deps, found } = await aShelf(FOUND_MAX + 1);
  const search = (text: string, page: number) =>
    findByText({ actor: anActor(), text, page, pageSize: 20 }, deps);

  expect(await search('bot', 1)).toMatchObject({ list: { page: 1, pageCount: 5, total: 100 }, isCut: true });
  expect((await found('bot'))[0]).toBe('bot 101');
  expect(await search('bot', 99)).toMatchObject({ list: { page: 5, pageCount: 5 } });
  expect(await search('bot 1', 1)).toMatchObject({ list: { total: 13 }, isCut: false });
  await aStoredToken(store, { name: aName('another') });
  expect(await search('bot 1', 1)).toMatchObject({ list: { total: 13 }, isCut: false });
});

test('a text that is a value is not searched for', async () => {
  const { found, reads } = await aShelf(1);

  expect(await found(`apit_4fTz8KaB12Cd_${'x'.repeat(32)}aaaaaa`)).toBe('holds_value');
  expect(reads()).toBe(0);
});
