import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import {
  type AuditEvent,
  askFor,
  type ChainAlarm,
  type ChainedEvent,
  createChainCheck,
  headText,
  isChained,
  lookAtChain,
  macOf,
  noteDone,
  noteFailed,
  parseHead,
} from '../../src/tokens/audit.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import type { Doer, TokenId } from '../../src/tokens/token.ts';
import { ANN, aToken, BOB, PEPPER, PEPPERS, T0 } from './a-token.ts';

const TOKEN_ID = aToken().id;
const OTHER_PEPPER = pepperFrom('another pepper, of 32 characters or more');

const first = chained(anEvent({ sequence: 1 }), undefined);
const second = chained(
  anEvent({ sequence: 2, action: 'token.revoked', detail: { name: 'a', reason: null } }),
  first,
);

describe('the head of a chain', () => {
  const HEX = 'ab'.repeat(32);

  test('is written as its sequence and MAC, and read as it was written', () => {
    const head = { sequence: 17, mac: Buffer.from(HEX, 'hex') };

    expect(headText(head)).toBe(`17:${HEX}`);
    expect(parseHead(headText(head))).toEqual(head);
    expect(parseHead(`  17:${HEX}\n`)).toEqual(head);
    expect(parseHead(`${'9'.repeat(15)}:${HEX}`)?.sequence).toBe(999_999_999_999_999);
  });

  test.for([
    ['nothing', ''],
    ['a sequence alone', '17'],
    ['a sequence of 16 digits', `${'1'.repeat(16)}:${HEX}`],
    ['a MAC alone', HEX],
    ['no number', `x:${HEX}`],
    ['a negative number', `-1:${HEX}`],
    ['a MAC cut by one', `17:${HEX.slice(1)}`],
    ['a MAC with one more', `17:${HEX}a`],
    ['a MAC in capitals', `17:${HEX.toUpperCase()}`],
    ['one with something before it', `head 17:${HEX}`],
  ] as const)('is not %s', ([, text]) => {
    expect(parseHead(text)).toBeUndefined();
  });
});

describe('a chain that is checked from a head on', () => {
  test('holds when the next event is chained to it, and tells how far it came', () => {
    const check = createChainCheck(PEPPERS, { before: first });

    expect(check.report().head).toEqual(first);
    expect(check.add(second)).toBe(true);
    expect(check.report()).toEqual({
      events: 1,
      unprovable: 0,
      head: { sequence: 2, mac: second.mac },
      flaw: undefined,
    });
  });

  test('does not hold where the event is chained to another one', () => {
    const check = createChainCheck(PEPPERS, { before: { sequence: 1, mac: Buffer.alloc(32) } });

    expect(check.add(second)).toBe(false);
    expect(check.report()).toMatchObject({ events: 0, flaw: { sequence: 2, flaw: 'changed' } });
  });

  test('keeps its first flaw, whatever comes behind it', () => {
    const check = createChainCheck(PEPPERS);

    expect(check.add(second)).toBe(false);
    expect(check.add(first)).toBe(false);
    expect(check.report()).toEqual({
      events: 0,
      unprovable: 0,
      head: undefined,
      flaw: { sequence: 1, flaw: 'missing' },
    });
  });

  test('is not whole without the head that was noted, and is with it', () => {
    const check = createChainCheck(PEPPERS, { known: second });

    expect(check.add(first)).toBe(true);
    expect(check.report().flaw).toEqual({ sequence: 2, flaw: 'cut off' });
    expect(check.add(second)).toBe(true);
    expect(check.report().flaw).toBeUndefined();
  });

  test('is changed where its MAC is not the noted one, though the chain itself holds', () => {
    const check = createChainCheck(PEPPERS, { known: { sequence: 1, mac: second.mac } });

    expect(check.add(first)).toBe(false);
    expect(check.report().flaw).toEqual({ sequence: 1, flaw: 'changed' });
  });
});

const HEAD_OF_3 = { sequence: 3, mac: aChain(3).at(-1)?.mac ?? Buffer.alloc(0) };

test.for([
  ['whole', (events: ChainedEvent[]) => events, undefined],
  [
    'changed',
    (events: ChainedEvent[]) => events.map((event) => (event.sequence === 2 ? { ...event, at: 9 } : event)),
    [2, 'changed'],
  ],
  [
    'with one missing',
    (events: ChainedEvent[]) => events.filter(({ sequence }) => sequence !== 2),
    [2, 'missing'],
  ],
  ['with two in the other order', ([a, b, c]: ChainedEvent[]) => [a, c, b], [2, 'missing']],
  ['with one twice', ([a, b, c]: ChainedEvent[]) => [a, b, b, c], [3, 'out of order']],
  ['without its end', (events: ChainedEvent[]) => events.slice(0, 2), [3, 'cut off']],
  ['of nothing', () => [], [1, 'cut off']],
  ['made anew from another event', () => aChain(3, 7), [3, 'changed']],
] as const)('a chain %s is told so against a head that was noted', ([, make, flaw]) => {
  const check = createChainCheck(PEPPERS, { known: HEAD_OF_3 });
  for (const event of make(aChain(3))) if (event === undefined || !check.add(event)) break;

  const found = check.report().flaw;

  expect(found && [found.sequence, found.flaw]).toEqual(flaw);
});

test('what a pepper made that is not at hand is counted and not called changed', () => {
  const check = createChainCheck(peppersFrom(pepperFrom('another pepper of the tests, long enough')));

  for (const event of aChain(3)) check.add(event);

  expect(check.report()).toMatchObject({ events: 3, unprovable: 3, flaw: undefined });
});

describe('by itself the app looks at a chain', () => {
  test('from its first event on, where it has 1,000', async () => {
    expect(await found(changedAt(1, aChain(1000)))).toEqual({
      sequence: 1,
      flaw: 'changed',
      tokenId: TOKEN_ID,
    });
  });

  test('from its last 1,000 events on, where it has more: the one before these is what they hang on', async () => {
    expect(await found(changedAt(1, aChain(1001)))).toBeUndefined();
    expect(await found(changedAt(2, aChain(1001)))).toMatchObject({ sequence: 2, flaw: 'changed' });
    expect(await found(changedAt(501, aChain(1501)))).toBeUndefined();
    expect(await found(changedAt(502, aChain(1501)))).toMatchObject({ sequence: 502, flaw: 'changed' });
  });

  test.for([
    [400, 1501, 400],
    [2, 1501, 2],
    [1, 1501, 1],
    [1, 3, 1],
    // It was the last one, which is gone by now.
    [4, 3, undefined],
  ] as const)(
    'from the break at event %i on that is known of, of %i events',
    async ([known, length, sequence]) => {
      const alarm = { sequence: known, flaw: 'changed', tokenId: null } as const;

      expect((await found(changedAt(known, aChain(length)), alarm))?.sequence).toBe(sequence);
      // It may hold again: then there is no break any more.
      expect(await found(aChain(length), alarm)).toBeUndefined();
    },
  );

  test('from the last 1,000 events on, where the break that is known of comes behind these begin', async () => {
    const alarm = { sequence: 1500, flaw: 'changed', tokenId: null } as const;

    expect(await found(changedAt(1500, changedAt(502, aChain(1501))), alarm)).toMatchObject({
      sequence: 502,
    });
  });

  test('in pages, each behind the one before, to its end', async () => {
    const asked: number[] = [];

    await found(aChain(401), undefined, asked);

    expect(asked).toEqual([0, 200, 400, 401]);
  });

  test('and asks for nothing where there was never an event', async () => {
    const asked: number[] = [];

    expect(await found([], undefined, asked, [])).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('also where nothing is left of it but a break that was known', async () => {
    const asked: number[] = [];

    expect(await found([], { sequence: 2000, flaw: 'changed', tokenId: null }, asked)).toBeUndefined();
    expect(asked).toEqual([0]);
  });

  test.for<readonly [string, (events: ChainedEvent[]) => ChainedEvent[], unknown]>([
    ['an event is missing', without(1003), { sequence: 1003, flaw: 'missing', tokenId: null }],
    [
      'the one before the last 1,000 is missing',
      without(501),
      { sequence: 501, flaw: 'missing', tokenId: null },
    ],
    ['all of it went meanwhile', () => [], { sequence: 501, flaw: 'missing', tokenId: null }],
    [
      'an event is there twice',
      (events) => events.flatMap((event) => (event.sequence === 1003 ? [event, event] : [event])),
      { sequence: 1004, flaw: 'out of order', tokenId: null },
    ],
    [
      'an event was changed',
      (events) => changedAt(1003, events),
      { sequence: 1003, flaw: 'changed', tokenId: TOKEN_ID },
    ],
    [
      'an event was made to be of no token',
      (events) => events.map((event) => (event.sequence === 1003 ? { ...event, tokenId: null } : event)),
      { sequence: 1003, flaw: 'changed', tokenId: null },
    ],
  ])('and tells, where %s, at which event and of which token that is', async ([, tampered, alarm]) => {
    const events = aChain(1501);

    expect(await found(tampered(events), undefined, [], [alarm], events.at(-1))).toEqual(alarm);
  });
});

/** What the app finds when it looks at these events, and keeps (`kept`). */
async function found(
  events: readonly ChainedEvent[],
  known?: ChainAlarm,
  asked: number[] = [],
  kept?: readonly unknown[],
  head = events.at(-1),
): Promise<ChainAlarm | undefined> {
  const alarms: unknown[] = [];
  const store = {
    chainHead: async () => head,
    eventsAfter: async (sequence: number) => {
      asked.push(sequence);
      return events.filter((event) => event.sequence > sequence).slice(0, 200);
    },
    chainAlarm: async () => known,
    keepChainAlarm: async (alarm: unknown) => void alarms.push(alarm),
  };

  const alarm = await lookAtChain({ store, peppers: PEPPERS });

  expect(alarms).toEqual(kept ?? [alarm]);
  return alarm;
}

function changedAt(sequence: number, events: ChainedEvent[]): ChainedEvent[] {
  return events.map((event) => (event.sequence === sequence ? { ...event, at: -1 } : event));
}

function without(sequence: number): (events: ChainedEvent[]) => ChainedEvent[] {
  return (events) => events.filter((event) => event.sequence !== sequence);
}

test.for([
  ['card_share', 'card.share_asked', 'card.shared', 'card.share_failed'],
  ['status_share', 'status.share_asked', 'status.shared', 'status.share_failed'],
  ['status_export', 'status.export_asked', 'status.exported', 'status.export_failed'],
] as const)(
  'of a %s it is recorded that it was asked for, and what came of it',
  async ([kind, asked, done, failed]) => {
    const recorded: unknown[] = [];
    const store = {
      recordDeed: async (...what: unknown[]) => {
        recorded.push(what);
        return 'repeated' as const;
      },
    };
    const deed = { kind, actor: ANN, tokenId: TOKEN_ID, detail: { channel: 'C1' } } as const;
    const deps = { store, clock: () => T0 };
    const press = { keys: ['a press'] };

    expect(await askFor(deed, press, deps)).toBe('repeated');
    await noteDone(deed, deps);
    await noteFailed(deed, 'no_answer', deps);

    const event = { at: T0, actor: ANN, tokenId: TOKEN_ID, detail: { channel: 'C1' } };
    expect(recorded).toEqual([
      [{ ...event, action: asked }, press],
      [{ ...event, action: done }, { keys: [] }],
      [{ ...event, action: failed, detail: { channel: 'C1', code: 'no_answer' } }, { keys: [] }],
    ]);
  },
);

describe('an event', () => {
  test('has the MAC that the first chains were written with, whatever order its detail has', () => {
    // Made with Python's hmac and json.
    const pepper = pepperFrom('0123456789abcdef0123456789abcdef');
    const created = {
      sequence: 1,
      at: 1_767_225_600_000,
      actor: 'U0ANN' as Doer,
      action: 'token.created',
      tokenId: 'tok_0123456789abcdef' as TokenId,
    } as const;
    const revoked = {
      sequence: 2,
      at: 1_767_225_600_001,
      actor: 'system',
      action: 'token.revoked',
      tokenId: null,
      detail: {},
    } as const;
    const macs = [
      { name: 'deploy-bot', expires_at: null, held: 1 },
      { held: 1, expires_at: null, name: 'deploy-bot' },
    ].map((detail) => macOf({ ...created, detail }, undefined, pepper));

    expect(macs.map((mac) => mac.toString('hex'))).toEqual(
      Array(2).fill('c3ecc24067ad62167491b95ea65eff04a2e372c17817f8f6ea3ec62a68ba77ac'),
    );
    expect(macOf(revoked, macs[0], pepper).toString('hex')).toBe(
      '34d37ff62ef7bf20f4ea2ed9be160d3f83ed232ee3dcf3c0f2b446b9a73eb79e',
    );
  });

  test('is chained to nothing when it is the first', () => {
    expect(isChained(first, undefined, PEPPERS)).toBe(true);
    expect(isChained(first, second.mac, PEPPERS)).toBe(false);
  });

  test('is chained to the one before, and to no other', () => {
    expect(isChained(second, first.mac, PEPPERS)).toBe(true);
    expect(isChained(second, undefined, PEPPERS)).toBe(false);
    expect(isChained(second, second.mac, PEPPERS)).toBe(false);
    expect(isChained(second, Buffer.alloc(32), PEPPERS)).toBe(false);
  });

  test('is chained under its own pepper alone', () => {
    expect(isChained(first, undefined, peppersFrom(OTHER_PEPPER))).toBe(false);
  });

  test('stays chained once its pepper is an old one, and the next one under a new pepper is chained to it', () => {
    const rotated = peppersFrom(OTHER_PEPPER, [PEPPER]);
    const third = anEvent({ sequence: 3 });
    const next = { ...third, pepperId: OTHER_PEPPER.id, mac: macOf(third, second.mac, OTHER_PEPPER) };

    expect(isChained(second, first.mac, rotated)).toBe(true);
    expect(isChained(next, second.mac, rotated)).toBe(true);
    expect(isChained(next, first.mac, rotated)).toBe(false);
  });

  test('has a MAC of 32 bytes that is the same each time', () => {
    expect(first.mac).toHaveLength(32);
    expect(macOf(first, undefined, PEPPER)).toEqual(first.mac);
  });

  test.for<readonly [string, Partial<ChainedEvent>]>([
    ['its place', { sequence: 3 }],
    ['its time', { at: T0 + 1 }],
    ['its actor', { actor: BOB }],
    ['its actor to the system', { actor: 'system' }],
    ['its action', { action: 'token.created' }],
    ['its token', { tokenId: aToken().id }],
    ['its token to none', { tokenId: null }],
    ['its pepper id', { pepperId: OTHER_PEPPER.id }],
    ['its MAC', { mac: Buffer.alloc(32) }],
    ['its MAC to a shorter one', { mac: second.mac.subarray(0, 31) }],
    ['its MAC to none', { mac: Buffer.alloc(0) }],
    ['a word of its detail', { detail: { name: 'b', reason: null } }],
    ['a null of its detail to a word', { detail: { name: 'a', reason: 'null' } }],
    ['a null of its detail to nothing', { detail: { name: 'a' } }],
    ['a key of its detail', { detail: { name: 'a', cause: null } }],
    ['its detail by one thing more', { detail: { name: 'a', reason: null, held: 0 } }],
    ['its detail to nothing', { detail: {} }],
  ])('is not chained any more once somebody changed %s', ([, change]) => {
    expect(isChained({ ...second, ...change }, first.mac, PEPPERS)).toBe(false);
  });

  test('does not care in which order its detail is kept', () => {
    const detail = { b: 1, a: 'x', é: null, B: 2 };
    const reversed = Object.fromEntries(Object.entries(detail).reverse());

    expect(macOf(anEvent({ detail: reversed }), undefined, PEPPER)).toEqual(
      macOf(anEvent({ detail }), undefined, PEPPER),
    );
  });

  test('tells a number from a text, and where one thing ends and the next begins', () => {
    const macs = [{ a: 1 }, { a: '1' }, { a: '1","b' }, { 'a","b': 1 }, { a: '', b: 1 }].map((detail) =>
      macOf(anEvent({ detail: detail as AuditEvent['detail'] }), undefined, PEPPER).toString('hex'),
    );

    expect(new Set(macs).size).toBe(macs.length);
  });
});

describe('a chain shows', () => {
  const chain: ChainedEvent[] = [];
  for (let sequence = 1; sequence <= 5; sequence++) {
    chain.push(chained(anEvent({ sequence, at: T0 + sequence }), chain.at(-1)));
  }

  test('nothing when nothing was done to it', () => {
    expect(firstBroken(chain)).toBeUndefined();
  });

  test.for<readonly [string, ChainedEvent[], number]>([
    ['an event that was dropped', chain.filter(({ sequence }) => sequence !== 3), 4],
    ['the first one dropped', chain.slice(1), 2],
    ['two that were swapped', [0, 2, 1, 3, 4].flatMap((index) => chain[index] ?? []), 3],
    ['one that came in twice', [0, 1, 1, 2, 3, 4].flatMap((index) => chain[index] ?? []), 2],
    [
      'one that was changed and signed anew: the next',
      chain.map((event, index) =>
        index === 2 ? chained(anEvent({ sequence: 3, actor: BOB }), chain[1]) : event,
      ),
      4,
    ],
  ])('%s', ([, tampered, at]) => {
    expect(firstBroken(tampered)).toBe(at);
  });
});

function anEvent(fields: Partial<AuditEvent & { sequence: number }> = {}): AuditEvent & { sequence: number } {
  return { sequence: 1, at: T0, actor: ANN, action: 'value.shown', tokenId: TOKEN_ID, detail: {}, ...fields };
}

function chained(event: AuditEvent & { sequence: number }, before: ChainedEvent | undefined): ChainedEvent {
  return { ...event, pepperId: PEPPER.id, mac: macOf(event, before?.mac, PEPPER) };
}

/** The sequence of the first event that does not follow upon the one before. */
function firstBroken(chain: readonly ChainedEvent[]): number | undefined {
  return chain.find((event, index) => !isChained(event, chain[index - 1]?.mac, PEPPERS))?.sequence;
}

function aChain(length: number, from = 1): ChainedEvent[] {
  const events: ChainedEvent[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const event = {
      sequence,
      at: from * DAY_MS,
      actor: ANN,
      action: 'token.created',
      tokenId: TOKEN_ID,
      detail: {},
    } as const;
    events.push({ ...event, pepperId: PEPPER.id, mac: macOf(event, events.at(-1)?.mac, PEPPER) });
  }
  return events;
}
