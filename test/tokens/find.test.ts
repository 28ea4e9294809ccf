import { describe, expect, test } from 'vitest';
import {
  allowedTokens,
  findByText,
  findToken,
  findToRevoke,
  findTyped,
  historyOf,
  listTokens,
} from '../../src/tokens/find.ts';
import type { NameKey, TokenName } from '../../src/tokens/name.ts';
import type { Action, Actor } from '../../src/tokens/policy.ts';
import { type RefuseDeps, refused } from '../../src/tokens/refusal.ts';
import type { TokenStore } from '../../src/tokens/store.ts';
import { newTokenId, type Token, type TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { admin, aHouse, ann, bob, codeOf, type House } from './a-house.ts';
import { aName, anActor, aToken, BOB, WORKSPACE } from './a-token.ts';

const carol = anActor({ id: 'U0CAROL' as Actor['id'], roles: new Set(['on_call']) });
const guest = anActor({ standing: 'guest' });
const NOT_FOUND = refused({ code: 'token_not_found' });

/** Names that come before all others, and are like none of them. */
const OTHERS = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'];

describe('a token is found by', () => {
  test.for<readonly [string, (token: Token) => string]>([
    ['its id', ({ id }) => id],
    ['its id among spaces and signs that draw nothing', ({ id }) => ` \u200b${id}\u2060\n`],
    ['its name', ({ name }) => name],
    ['its name in another case, among signs that draw nothing', () => '\u2066DEPLOY-bot\u2069'],
  ])('%s', async ([, textOf]) => {
    const house = await aHouse();
    const token = await house.creates({ name: aName('deploy-bot') });

    expect(await findToken(textOf(token), 'revoke', ann, house.deps)).toMatchObject({
      kind: 'found',
      token: { id: token.id },
    });
  });

  test('the name that it had before there was a rule against it', async () => {
    const house = await aHouse();
    const { id } = await house.creates({ name: `${'x'.repeat(65)} tok_a` as TokenName });

    expect(await findToken(`${'X'.repeat(65)} tok_a`, 'see', ann, house.deps)).toMatchObject({
      token: { id },
    });
  });
});

describe('of several tokens by their ids', () => {
  test('all are found, in the order of the ids', async () => {
    const { house, there, ids } = await aRow(['a', 'b', 'c']);
    const [a, b, c] = ids as [TokenId, TokenId, TokenId];

    const found = await allowedTokens([c, a, b], there, 'revoke', ann, house.deps);

    expect(found.kind === 'found' && found.tokens.map(({ id }) => id)).toEqual([c, a, b]);
    expect(await allowedTokens([], there, 'revoke', ann, house.deps)).toEqual({ kind: 'found', tokens: [] });
  });

  test('none is, where one is not there, and that is no event', async () => {
    const { house, there, ids } = await aRow(['a']);

    const found = await allowedTokens([...ids, newTokenId()], there, 'revoke', ann, house.deps);

    expect(found).toEqual(NOT_FOUND);
    expect(house.actions()).not.toContain('action.refused');
  });

  test('none is, where one is not for them, and one event says which', async () => {
    const { house, there, ids } = await aRow(['a', 'b']);

    const found = await allowedTokens(ids, there, 'revoke', bob, house.deps);

    expect(found).toEqual(NOT_FOUND);
    expect(refusalsIn(house)).toEqual([[BOB, ids[0], { attempted: 'revoke', standing: 'member' }]]);
  });
});

describe('a text that somebody typed means', () => {
  test('the token of that very name, and those that are nearly called so have no part in it', async () => {
    const { house, ids } = await aRow(['deploy-bot', '“deploy-bot”', 'deploy-bots']);

    expect(await typed(house, 'Deploy-Bot')).toEqual(ids.slice(0, 1));
  });

  test('where none is called so, those that differ in quotes, dashes and what draws nothing', async () => {
    const { house, ids } = await aRow(['deploy-bot', '“deploy-bot”', ...OTHERS]);

    const found = await typed(house, '‘deploy–bot’');
    expect(Array.isArray(found) && new Set(found)).toEqual(new Set(ids.slice(0, 2)));
  });

  test('five of those at most', async () => {
    const quotes = ['""', "''", '“”', '‘’', '«»', '„“'] as const;
    const { house } = await aRow(quotes.map(([left, right]) => `${left}deploy-bot${right}`));

    expect(await typed(house, 'deploy-bot')).toHaveLength(5);
  });

  test('nothing where it draws nothing: neither does the name of quotes alone', async () => {
    const { house } = await aRow(['"']);

    expect(await typed(house, '\u200b')).toEqual(NOT_FOUND);
    expect(await typed(house, '')).toEqual(NOT_FOUND);
  });

  test('none of somebody else, however many of them are called like it', async () => {
    const { house, ids } = await aRow(['„deploy-bot“']);
    const names = [
      '"deploy-bot"',
      "'deploy-bot'",
      '“deploy-bot”',
      '‘deploy-bot’',
      '«deploy-bot»',
      '`deploy-bot`',
    ];
    for (const name of names) await house.creates({ actor: bob, name: aName(name) });

    expect(await typed(house, 'deploy-bot')).toEqual(ids);
    expect(await typed(house, '“deploy-bot”')).toEqual(ids);
    expect(house.actions()).not.toContain('action.refused');
  });

  test('everybody’s for whoever may do it with any token', async () => {
    const { house, ids } = await aRow(['“deploy-bot”']);

    expect(await typed(house, 'deploy-bot', carol)).toEqual(ids);
    expect(await typed(house, 'deploy-bot', carol, 'rotate')).toEqual(NOT_FOUND);
  });

  test('none that is gone by the time it is read', async () => {
    const key = 'deploy-bot' as NameKey;
    const house = await aHouse();
    const pages = [['"deploy-bot"' as NameKey, '“deploy-bot”' as NameKey], []];
    const there = aToken({ workspace: WORKSPACE });
    const deps = withStore(house, {
      findTokenByName: async (_workspace, wanted) => (wanted.startsWith('"') ? there : undefined),
      nameKeysAfter: async () => pages.shift() ?? [],
    });

    expect(await findTyped(key, 'revoke', carol, deps)).toEqual({ kind: 'found', tokens: [there] });
  });

  test('what stands among the first 50,000 names, which are read page by page, and a verification comes between', async () => {
    const house = await aHouse();
    const asked: (string | undefined)[] = [];
    const turns: number[] = [];
    let turn = 0;
    const count = () => {
      turn += 1;
      if (asked.length < 250) setImmediate(count);
    };
    setImmediate(count);
    const deps = withStore(house, {
      findTokenByName: async () => undefined,
      nameKeysAfter: async (_workspace, { owner, after }) => {
        asked.push(owner === ann.id ? after : owner?.toString());
        turns.push(turn);
        return [`key ${asked.length - 1}`, `key ${asked.length}`] as NameKey[];
      },
    });

    expect(await findTyped('deploy-bot', 'revoke', ann, deps)).toEqual(NOT_FOUND);

    expect(asked).toEqual(['', ...Array.from({ length: 249 }, (_, index) => `key ${index + 1}`)]);
    expect(new Set(turns).size).toBe(250);
  });
});

describe('a text that means nothing is refused', () => {
  test('with the tokens that are nearly called so, and that is no event', async () => {
    const { house, ids } = await aRow(['deploy-bot', 'deploy-bit', ...OTHERS]);
    await house.creates({ actor: bob, name: aName('deploy-but') });

    const outcome = await typed(house, 'deploy-bat');

    if (!('refusal' in outcome)) throw new Error('it was found');
    const { refusal } = outcome;
    if (refusal.code !== 'token_misnamed') throw new Error(refusal.code);
    expect(new Map(refusal.nearly.map(({ id, name }) => [id, name]))).toEqual(
      new Map([
        [ids[0], 'deploy-bot'],
        [ids[1], 'deploy-bit'],
      ]),
    );
    expect(refusal.nearly.every((one) => Object.keys(one).length === 2)).toBe(true);
    expect(house.actions()).not.toContain('action.refused');
  });

  test('with five of them at most', async () => {
    const { house } = await aRow(['a', 'e', 'i', 'o', 'u', 'y'].map((letter) => `deploy-b${letter}t`));

    expect(await typed(house, 'deploy-bbt')).toMatchObject({
      refusal: { nearly: Array(5).fill(expect.anything()) },
    });
  });

  test('alike where it means somebody else’s token, but with an event', async () => {
    const { house, ids } = await aRow(['deploy-bot']);
    const mine = await house.creates({ actor: bob, name: aName('deploy-but') });

    expect(await typed(house, ids[0] as string, bob)).toEqual(NOT_FOUND);
    expect(await typed(house, 'deploy-bot', bob)).toEqual(
      refused({ code: 'token_misnamed', nearly: [{ id: mine.id, name: mine.name }] }),
    );

    expect(refusalsIn(house)).toEqual(
      Array(2).fill([BOB, ids[0], { attempted: 'revoke', standing: 'member' }]),
    );
  });

  test('and nothing of the kind is searched for who may not use the app', async () => {
    const { house } = await aRow(['“deploy-bot”']);

    expect(await typed(house, 'deploy-bot', guest)).toEqual(NOT_FOUND);
  });
});

describe('what on-call types to revoke means', () => {
  const BEGINNING = 'apit_4fTz8K';

  test.for<readonly [string, number, number, string]>([
    ['the token of that name', 1, 0, 'name'],
    ['tokens that have a value which begins so', 0, 5, 'first_characters'],
    ['both', 1, 2, 'either'],
  ])('%s', async ([, namedCount, begunCount, by]) => {
    const house = await aHouse();
    const named: Token[] = [];
    if (namedCount > 0) named.push(await house.creates({ actor: bob, name: BEGINNING as TokenName }));
    const begun = Array.from({ length: begunCount }, () => aToken());
    const asked: unknown[] = [];
    const deps = withStore(house, {
      findByFirstCharacters: async (...what) => {
        asked.push(what);
        return begun;
      },
    });

    const found = await findToRevoke(BEGINNING, carol, deps);

    expect(found).toMatchObject({ kind: 'found', by });
    expect(found.kind === 'found' && found.tokens.map(({ id }) => id)).toEqual(
      [...named, ...begun].map(({ id }) => id),
    );
    expect(asked).toEqual([[WORKSPACE, '4fTz8K']]);
  });

  test('one token once, though it is called as its value begins', async () => {
    const house = await aHouse();
    const { id } = await house.creates({ actor: bob, name: BEGINNING as TokenName });
    const one = aToken({ id });
    const deps = withStore(house, { findByFirstCharacters: async () => [one, aToken()] });

    const found = await findToRevoke(BEGINNING, carol, deps);

    expect(found.kind === 'found' && found.tokens).toHaveLength(2);
    const alone = withStore(house, { findByFirstCharacters: async () => [one] });
    expect(await findToRevoke(BEGINNING, carol, alone)).toMatchObject({ tokens: [{ id }], by: 'name' });
  });

  test('nothing where six have a value that begins so', async () => {
    const house = await aHouse();
    const deps = withStore(house, {
      findByFirstCharacters: async () => Array.from({ length: 6 }, () => aToken()),
    });

    expect(await findToRevoke(BEGINNING, carol, deps)).toEqual(refused({ code: 'too_many_matches' }));
  });

  test('nothing where none has: that is no event', async () => {
    const house = await aHouse();

    expect(await findToRevoke(BEGINNING, carol, house.deps)).toEqual(NOT_FOUND);
    expect(house.actions()).toEqual([]);
  });

  test('a name alone, where it is no beginning of a value', async () => {
    const house = await aHouse();
    const { id } = await house.creates({ actor: bob, name: aName('deploy-bot') });
    const deps = withStore(house, {
      findByFirstCharacters: () => Promise.reject(new Error('it was looked for')),
    });

    expect(await findToRevoke('deploy-bot', carol, deps)).toMatchObject({ tokens: [{ id }], by: 'name' });
  });

  test('nothing where it is nearly a name, which is told', async () => {
    const { house, ids } = await aRow(['deploy-bot']);

    expect(await findToRevoke('deploy-bat', carol, house.deps)).toEqual(
      refused({ code: 'token_misnamed', nearly: [{ id: ids[0] as TokenId, name: aName('deploy-bot') }] }),
    );
  });
});

describe('whoever may revoke their own alone', () => {
  const BEGINNING = 'apit_4fTz8K';
  const unasked: Partial<TokenStore> = {
    findByFirstCharacters: () => Promise.reject(new Error('it was looked for')),
  };

  test('finds nothing by the first characters of a value: who may is told, with an event', async () => {
    const house = await aHouse();

    expect(await findToRevoke(BEGINNING, ann, withStore(house, unasked))).toEqual(
      refused({ code: 'first_characters_not_permitted', roles: ['on_call', 'admin'] }),
    );

    expect(refusalsIn(house)).toEqual([[ann.id, null, { attempted: 'revoke', standing: 'member' }]]);
  });

  test('finds their own token that is called so', async () => {
    const house = await aHouse();
    const { id } = await house.creates({ name: BEGINNING as TokenName });

    expect(await findToRevoke(BEGINNING, ann, withStore(house, unasked))).toMatchObject({
      tokens: [{ id }],
      by: 'name',
    });
    expect(house.actions()).toEqual(['token.created']);
  });

  test('hears of their own token that is nearly called so, and the event is there all the same', async () => {
    const house = await aHouse();
    const { id, name } = await house.creates({ name: `${BEGINNING}2` as TokenName });

    expect(await findToRevoke(BEGINNING, ann, withStore(house, unasked))).toEqual(
      refused({ code: 'token_misnamed', nearly: [{ id, name }] }),
    );
    expect(refusalsIn(house)).toHaveLength(1);
  });

  test('has typed a whole value wrongly: nothing is found, and that is no event', async () => {
    const house = await aHouse();
    const value = TokenValue.generate('apit').reveal();
    const mistyped = value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');

    expect(await findToRevoke(mistyped, ann, withStore(house, unasked))).toEqual(NOT_FOUND);
    expect(house.actions()).toEqual([]);
  });

  test('finds nothing by what is no beginning, and that is no event', async () => {
    const house = await aHouse();

    expect(await findToRevoke('nothing like it', ann, withStore(house, unasked))).toEqual(NOT_FOUND);
    expect(house.actions()).toEqual([]);
  });
});

describe('a list', () => {
  test('is of the actor’s own tokens, of the kind that is wanted, a page of them', async () => {
    const { house, ids } = await aRow(['a', 'b', 'c']);
    await house.creates({ actor: bob });
    await house.holds({ actor: ann, expiry: { kind: 'days', days: 1 } });
    house.moveBy(2 * 86_400_000);

    const listed = await listTokens({ actor: ann, filter: 'active', page: 2, pageSize: 2 }, house.deps);

    expect(listed).toMatchObject({
      kind: 'listed',
      filter: 'active',
      list: { page: 2, pageCount: 2, total: 3, tokens: [{ id: ids[0] }] },
    });
  });

  test.for([
    ['a list', () => listTokens],
    ['a search', () => findByText],
  ] as const)('%s is refused to a guest, with an event', async ([, verb]) => {
    const house = await aHouse();
    const request = { actor: guest, filter: 'all', text: 'bot', page: 1, pageSize: 9 } as const;

    expect(await verb()(request, house.deps)).toEqual(refused({ code: 'app_not_permitted' }));
    expect(refusalsIn(house)).toEqual([[ann.id, null, { attempted: 'see', standing: 'guest' }]]);
  });
});

describe('a search', () => {
  const texts = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: newTokenId(),
      nameKey: 'a bot' as NameKey,
      purpose: null,
      row: 1000 - index,
    }));

  test.for([
    [100, false],
    [101, true],
  ] as const)('that finds %i tokens holds 100, and is cut: %s', async ([count, isCut]) => {
    const house = await aHouse();
    const pages = [texts(count), []];
    const asked: unknown[] = [];
    const deps = withStore(house, {
      findTokens: async () => new Map(),
      textsBefore: async (_workspace, { before }) => {
        asked.push(before);
        return pages.shift() ?? [];
      },
    });

    const found = await findByText({ actor: ann, text: 'bot', page: 1, pageSize: 10 }, deps);

    expect(found).toMatchObject({ kind: 'listed', isCut, list: { total: 100, page: 1, pageCount: 10 } });
    expect(asked).toEqual(isCut ? [null] : [null, 901]);
  });

  test('for what draws nothing finds nothing, and nothing is read', async () => {
    const house = await aHouse();
    const deps = withStore(house, {
      textsBefore: () => Promise.reject(new Error('it was looked for')),
    });

    expect(await findByText({ actor: ann, text: '\u200b', page: 1, pageSize: 9 }, deps)).toEqual({
      kind: 'listed',
      list: { tokens: [], page: 1, pageCount: 1, total: 0 },
      isCut: false,
    });
  });

  test('goes no further than 1,000 pages, and says that there may be more', async () => {
    const house = await aHouse();
    let [pages, turn, turns] = [0, 0, new Set<number>()];
    const count = () => {
      turn += 1;
      if (pages < 1000) setImmediate(count);
    };
    setImmediate(count);
    const deps = withStore(house, {
      textsBefore: async () => {
        pages += 1;
        turns = turns.add(turn);
        return texts(1);
      },
    });

    const found = await findByText({ actor: ann, text: 'zzz', page: 1, pageSize: 10 }, deps);

    expect(found).toMatchObject({ isCut: true, list: { tokens: [], total: 0, page: 1, pageCount: 1 } });
    expect(pages).toBe(1000);
    expect(turns.size).toBe(1000);
  });

  test('has a page of what it found, in its order, without what is gone by then', async () => {
    const { house, ids } = await aRow(['bot 1', 'bot 2', 'bot 3', 'bot 4', 'bot 5']);
    const search = async (page: number) => {
      const found = await findByText({ actor: ann, text: 'bot', page, pageSize: 2 }, house.deps);
      if (found.kind === 'refused') throw new Error(found.refusal.code);
      return [found.list.page, ...found.list.tokens.map(({ id }) => ids.indexOf(id) + 1)];
    };

    expect(await Promise.all([-1, 0, 1, 2, 3, 4].map(search))).toEqual([
      [1, 5, 4],
      [1, 5, 4],
      [1, 5, 4],
      [2, 3, 2],
      [3, 1],
      [3, 1],
    ]);
    const deps = withStore(house, {
      findTokens: async (...asked) => {
        const there = new Map(await house.store.findTokens(...asked));
        there.delete(ids[3] as TokenId);
        return there;
      },
    });
    expect(await findByText({ actor: ann, text: 'bot', page: 1, pageSize: 2 }, deps)).toMatchObject({
      list: { tokens: [{ id: ids[4] }] },
    });
  });
});

describe('a history', () => {
  test.for([
    ['of this token', (own: TokenId) => own, true],
    ['nobody knows of which token', () => null, true],
    ['of another token', () => newTokenId(), false],
  ] as const)('tells that the chain is broken at an event %s: %o', async ([, of, told]) => {
    const { house, ids } = await aRow(['deploy-bot']);
    const alarm = { sequence: 1, flaw: 'changed', tokenId: of(ids[0] as TokenId) } as const;
    await house.store.keepChainAlarm(alarm);

    const outcome = await historyOf({ actor: ann, nameOrId: 'deploy-bot', page: 1, pageSize: 9 }, house.deps);

    expect(outcome.kind === 'history' && outcome.alarm).toEqual(told ? alarm : undefined);
  });

  test('of an unbroken chain tells nothing of it, and an attempt at another’s is one to see it', async () => {
    const { house, ids } = await aRow(['deploy-bot']);
    const ask = (actor: Actor) =>
      historyOf({ actor, nameOrId: 'deploy-bot', page: 1, pageSize: 9 }, house.deps);

    expect(await ask(admin)).toMatchObject({ kind: 'history', alarm: undefined });
    expect(codeOf(await ask(bob))).toBe('token_not_found');
    expect(refusalsIn(house)).toEqual([[BOB, ids[0], { attempted: 'see', standing: 'member' }]]);
  });
});

/** Tokens of Ann's by these names. */
async function aRow(names: readonly string[]) {
  const house = await aHouse();
  const ids: TokenId[] = [];
  for (const name of names) ids.push((await house.creates({ name: aName(name) })).id);
  return { house, ids, there: await house.store.findTokens(WORKSPACE, ids) };
}

/** The ids of what it means to revoke it, or the refusal. */
async function typed(house: House, text: string, actor: Actor = ann, action: Action = 'revoke') {
  const found = await findTyped(text, action, actor, house.deps);
  return found.kind === 'found' ? found.tokens.map(({ id }) => id) : found;
}

/** The house with a store that does some things otherwise. */
function withStore(house: House, fields: Partial<TokenStore>): RefuseDeps {
  return { ...house.deps, store: { ...house.store, ...fields } };
}

/** Who was refused what of which token, in order. */
function refusalsIn(house: House): unknown[] {
  const rows = house.raw.prepare<[], { actor: string; token_id: string | null; detail: string }>(
    "select actor, token_id, detail from audit_events where action = 'action.refused' order by sequence",
  );
  return rows.all().map(({ actor, token_id, detail }) => [actor, token_id, JSON.parse(detail)]);
}
