import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { ATTENTIONS, type Attention } from '../../src/tokens/attention.ts';
import {
  boardFacts,
  EXPORT_ROWS_MAX,
  exportStatus,
  listStatus,
  refusalToSeeAll,
  shareStatus,
} from '../../src/tokens/status.ts';
import type { TokenStore } from '../../src/tokens/store.ts';
import type { TokenId, UsedToken } from '../../src/tokens/token.ts';
import { ANN, anActor, aToken, BOB, T0, WORKSPACE } from './a-token.ts';

const manager = anActor({ id: BOB, roles: new Set(['manager']) });
const NOW = T0 + 5;
const press = { keys: ['a press'] };

/** What the verbs need, of a store that does `fields` and nothing else; and what was recorded as a deed. */
function aDesk(fields: Partial<TokenStore>, recorded: 'recorded' | 'repeated' = 'recorded') {
  const deeds: unknown[] = [];
  const store = {
    recordDeed: async (...what: unknown[]) => {
      deeds.push(what);
      return recorded;
    },
    ...fields,
  } as unknown as TokenStore;
  return { deps: { store, clock: () => NOW, policy: { allowGuests: false } }, deeds };
}

describe('everybody’s tokens', () => {
  const list = { tokens: [aToken(), aToken()], total: 42, page: 2, pageCount: 3 };
  const request = { actor: manager, filter: 'idle', owner: ANN, page: 2, pageSize: 20 } as const;

  function aList(recorded?: 'repeated') {
    const asked: unknown[] = [];
    const listByAttention = async (...what: unknown[]) => {
      asked.push(what);
      return list;
    };
    return { ...aDesk({ listByAttention }, recorded), asked };
  }

  test('are listed a page at a time, as they were asked for', async () => {
    const { deps, deeds, asked } = aList();

    expect(await listStatus(request, deps)).toEqual({ kind: 'listed', list });
    expect(asked).toEqual([[WORKSPACE, { filter: 'idle', owner: ANN, page: 2, pageSize: 20, now: NOW }]]);
    expect(deeds).toEqual([]);
  });

  test('are shared: that it was asked for is recorded, and given back to be noted as done', async () => {
    const { deps, deeds } = aList();

    const outcome = await shareStatus({ ...request, delivery: press, channel: 'C1' }, deps);

    const detail = { channel: 'C1', tokens: 2 };
    const deed = { kind: 'status_share', actor: BOB, tokenId: null, detail };
    expect(outcome).toEqual({ kind: 'asked', list, deed });
    expect(deeds).toEqual([
      [{ at: NOW, actor: BOB, action: 'status.share_asked', tokenId: null, detail }, press],
    ]);
  });

  test('are neither shared nor sent twice for one delivery', async () => {
    const { deps } = aList('repeated');
    const chunk = aDesk({ tokensAfter: async () => [] }, 'repeated');

    expect(await shareStatus({ ...request, delivery: press, channel: 'C1' }, deps)).toEqual({
      kind: 'repeated',
    });
    expect(await exportStatus({ ...request, delivery: press }, chunk.deps)).toEqual({ kind: 'repeated' });
  });

  test.for([
    ['listed', listStatus],
    ['shared', shareStatus],
    ['sent', exportStatus],
  ] as const)('are not %s to whoever may not see them, and nothing is read', async ([, verb]) => {
    const { deps, deeds } = aDesk({ recordRefusal: async () => undefined });
    const asked = { ...request, actor: anActor(), delivery: press, channel: 'C1' };

    expect(await verb(asked, deps)).toMatchObject({ refusal: { code: 'command_not_permitted' } });
    expect(deeds).toEqual([]);
  });

  test.for(['status', 'board', undefined] as const)(
    'are for managers and up, who are named: %s',
    async (command) => {
      const refusals: unknown[] = [];
      const { deps } = aDesk({ recordRefusal: async (event) => void refusals.push(event) });

      expect(await refusalToSeeAll(anActor(), deps, command)).toEqual({
        kind: 'refused',
        refusal: {
          code: 'command_not_permitted',
          command: command ?? 'status',
          roles: ['manager', 'on_call', 'admin'],
        },
      });
      expect(await refusalToSeeAll(manager, deps, command)).toBeUndefined();

      expect(refusals).toEqual([
        {
          at: NOW,
          actor: ANN,
          action: 'action.refused',
          tokenId: null,
          detail: { attempted: 'see', standing: 'member' },
        },
      ]);
    },
  );
});

describe('an export', () => {
  const all = { actor: manager, filter: 'all', owner: null, delivery: press } as const;

  /** A store of these tokens, in chunks of 200, and what was asked of it, and in how many turns. */
  function aShelf(tokens: readonly UsedToken[]) {
    const asked: unknown[] = [];
    const turns = new Set<number>();
    let turn = 0;
    const tokensAfter: TokenStore['tokensAfter'] = async (workspace, { owner, after }) => {
      asked.push([workspace, owner, after]);
      turns.add(turn);
      setImmediate(() => {
        turn += 1;
      });
      const from = after === null ? 0 : tokens.findIndex(({ id }) => id === after) + 1;
      return tokens.slice(from, from + 200);
    };
    return { ...aDesk({ tokensAfter }), asked, turns };
  }

  test.for([
    [0, 1],
    [199, 1],
    [200, 2],
    [401, 3],
  ] as const)(
    'has all of %i tokens, read in %i chunks, each in a turn of its own',
    async ([count, reads]) => {
      const tokens = someTokens(count);
      const { deps, deeds, asked, turns } = aShelf(tokens);

      const outcome = await exportStatus({ ...all, owner: ANN }, deps);

      const detail = { filter: 'all', owner: ANN, tokens: count };
      const deed = { kind: 'status_export', actor: BOB, tokenId: null, detail };
      expect(outcome).toMatchObject({ kind: 'asked', isCut: false, deed });
      expect(idsOf(outcome)).toEqual(tokens.map(({ id }) => id));
      const ends = [null, tokens[199]?.id, tokens[399]?.id].slice(0, reads);
      expect(asked).toEqual(ends.map((after) => [WORKSPACE, ANN, after]));
      expect(turns.size).toBe(reads);
      expect(deeds).toEqual([
        [{ at: NOW, actor: BOB, action: 'status.export_asked', tokenId: null, detail }, press],
      ]);
    },
  );

  test('has those of the filter alone, in the order of the list', async () => {
    const [first, second, third] = someTokens(3);
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three are needed');
    const { deps } = aShelf([
      { ...first, expiresAt: NOW + 9 },
      { ...second, revokedAt: T0 },
      { ...third, expiresAt: NOW + 8 },
    ]);

    expect(idsOf(await exportStatus({ ...all, filter: 'active' }, deps))).toEqual([third.id, first.id]);
    expect(idsOf(await exportStatus({ ...all, filter: 'revoked' }, deps))).toEqual([second.id]);
  });

  test.for([
    [EXPORT_ROWS_MAX, false],
    [EXPORT_ROWS_MAX + 1, true],
    [2 * EXPORT_ROWS_MAX, true],
    [2 * EXPORT_ROWS_MAX + 1, true],
  ] as const)(
    'of %i tokens has the first 10,000 of the list, wherever they stood, and is cut: %s',
    async ([count, isCut]) => {
      const tokens = someTokens(count);
      const last = tokens.at(-1);
      const { deps } = aShelf(tokens.with(-1, { ...(last ?? aToken()), claimedAt: null }));

      const outcome = await exportStatus(all, deps);

      expect(outcome).toMatchObject({ kind: 'asked', isCut });
      const first = [last, ...tokens].slice(0, EXPORT_ROWS_MAX).map((token) => token?.id);
      expect(idsOf(outcome)).toEqual(first);
    },
  );

  test('is cut where what was found was more than is kept on the way, though the rest is of no interest', async () => {
    const [kept, others] = [someTokens(2 * EXPORT_ROWS_MAX), someTokens(400, 2 * EXPORT_ROWS_MAX)];
    const { deps } = aShelf([...kept, ...others.map((token) => ({ ...token, revokedAt: T0 }))]);

    expect(await exportStatus({ ...all, filter: 'active' }, deps)).toMatchObject({ isCut: true });
  });

  test('looks at a million tokens and no more, and says that it is cut', async () => {
    let reads = 0;
    const chunk = Array.from({ length: 200 }, () => aToken());
    const tokensAfter = async () => {
      reads += 1;
      return chunk;
    };
    const { deps } = aDesk({ tokensAfter });

    const outcome = await exportStatus({ ...all, filter: 'revoked' }, deps);

    expect(outcome).toMatchObject({ isCut: true, tokens: [] });
    expect(reads).toBe(5000);
  });
});

describe('a board tells', () => {
  const NONE = Object.fromEntries(ATTENTIONS.map((attention) => [attention, 0])) as Record<Attention, number>;

  async function factsOf(counts: Partial<Record<Attention, number>>) {
    const asked: unknown[] = [];
    const alarm = { sequence: 3, flaw: 'changed', tokenId: null } as const;
    const tokens = [aToken()];
    const { deps } = aDesk({
      countByAttention: async (...what) => {
        asked.push(['count', ...what]);
        return { ...NONE, ...counts };
      },
      listByAttention: async (...what) => {
        asked.push(['list', ...what]);
        return { tokens: [], total: 7, page: 1, pageCount: 7 };
      },
      firstByAttention: async (...what) => {
        asked.push(['first', ...what]);
        return tokens;
      },
      chainAlarm: async () => alarm,
    });
    return { facts: await boardFacts(WORKSPACE, NOW, deps.store), asked, alarm, tokens };
  }

  test('how many there are of each, how many expire soon, and that the chain is broken', async () => {
    const { facts, asked, alarm } = await factsOf({ none: 5, expired: 2, expiring: 1, revoked: 4 });

    expect(facts).toEqual({
      counts: { ...NONE, none: 5, expired: 2, expiring: 1, revoked: 4 },
      expiringSoon: 7,
      exceptions: [],
      chainAlarm: alarm,
    });
    expect(asked).toEqual([
      ['count', WORKSPACE, NOW],
      ['list', WORKSPACE, { filter: 'expiring', owner: null, page: 1, pageSize: 1, now: NOW }],
    ]);
  });

  test('the first ten of what deserves a look, in the order in which it does', async () => {
    const some = Object.fromEntries(ATTENTIONS.map((attention, index) => [attention, index + 1]));
    const { facts, asked, tokens } = await factsOf(some);

    const kinds = ['revoked_presented', 'presented', 'endless', 'idle', 'unclaimed', 'owner_gone'] as const;
    expect(facts.exceptions).toEqual(
      kinds.map((attention) => ({ attention, tokens, total: some[attention] })),
    );
    expect(asked.slice(2)).toEqual(
      kinds.map((attention) => ['first', WORKSPACE, { attention, limit: 10, now: NOW }]),
    );
  });

  test('nothing of a kind of which there is none', async () => {
    const { facts } = await factsOf({ idle: 1, endless: 0 });

    expect(facts.exceptions.map(({ attention }) => attention)).toEqual(['idle']);
  });
});

/** Tokens alike but for their ids, which grow. */
function someTokens(count: number, from = 0): UsedToken[] {
  const one = aToken({ expiresAt: T0 + 90 * DAY_MS });
  return Array.from({ length: count }, (_, index) => ({
    ...one,
    id: `tok_${String(from + index).padStart(16, '0')}` as TokenId,
  }));
}

function idsOf(outcome: { readonly kind: string } | { readonly tokens: readonly UsedToken[] }): unknown {
  return 'tokens' in outcome && outcome.tokens.map(({ id }) => id);
}
