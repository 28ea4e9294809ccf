import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { DAY_MS } from '../src/clock.ts';
import { type ChainedEvent, createChainCheck, lookAtChain, macOf, parseHead } from '../src/tokens/audit.ts';
import { pepperFrom, peppersFrom } from '../src/tokens/pepper.ts';
import type { PersonId, TokenId } from '../src/tokens/token.ts';
import { type Stage, setStage } from './fixture.ts';
import { answerTo, createsToken, rowsOf, settled, soon, verdictsOf } from './slack/flows.ts';

const PEPPER = pepperFrom('a pepper of the tests, long enough');
const PEPPERS = peppersFrom(PEPPER);
const TOKEN = 'tok_1' as TokenId;

test('a changed event is told in the log, the metrics, on a board and in the history of its token, and stops nothing', async () => {
  const stage = await setStage({ env: { ONCALL: 'U0CAROL' } });
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const value = await createsToken(alice, 'deploy-bot');
  await createsToken(bob, 'bobs-bot');
  await settled(stage);
  await changed(stage, "update audit_events set actor = 'UMALLORY' where sequence = 1");

  await soon(() => expect(stage.log()).toContain('"msg":"the audit chain is broken'));

  expect(stage.log()).toMatch(/"level":"error".*"sequence":1,"flaw":"changed","token":"tok_/);
  expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(1);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  const sentence = 'The audit history was changed outside apitoken, at event 1. Tell whoever runs apitoken.';
  expect((await answerTo(alice, '/apitoken history deploy-bot')).text).toContain('deploy-bot');
  expect(alice.reads('#general')).toContain(sentence);
  await answerTo(bob, '/apitoken history bobs-bot');
  expect(bob.reads('#general')).not.toContain(sentence);
});

test('once the event is as it was, nothing is said any more', async () => {
  const stage = await setStage();
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  const [{ actor = '' } = {}] = rowsOf(stage, 'select actor from audit_events where sequence = 1');
  await changed(stage, "update audit_events set actor = 'UMALLORY' where sequence = 1");
  await soon(async () => expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(1));

  await changed(stage, `update audit_events set actor = '${actor}' where sequence = 1`);

  await soon(async () => expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(0));
});

test('the head of the chain is in the log when the app has stopped, and proves all before it', async () => {
  const stage = await setStage();
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);

  await stage.app.stop();

  const heads = [...stage.log().matchAll(/"head":"(\d+:[0-9a-f]{64})"/g)].map(([, head = '']) =>
    parseHead(head),
  );
  const [{ sequence, mac } = {}] = rowsOf(stage, 'select max(sequence) as sequence, mac from audit_events');
  expect(heads.at(-1)).toEqual({ sequence, mac });
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

test.for([
  ['the last 1,000 events', undefined, 501, undefined],
  ['all since a break that is known', { sequence: 400, flaw: 'changed', tokenId: null }, 400, 400],
  ['the last 1,000 events', undefined, 502, 502],
] as const)('by itself the app looks at %s', async ([, known, touched, expected]) => {
  const events = aChain(1501).map((event) => (event.sequence === touched ? { ...event, at: -1 } : event));
  const kept: unknown[] = [];
  const store = {
    chainHead: async () => events.at(-1),
    eventsAfter: async (sequence: number) => events.slice(sequence, sequence + 200),
    chainAlarm: async () => known,
    keepChainAlarm: async (alarm: unknown) => void kept.push(alarm),
  };

  const alarm = await lookAtChain({ store, peppers: PEPPERS });

  expect(alarm?.sequence).toBe(expected);
  expect(kept).toEqual([alarm]);
});

function aChain(length: number, from = 1): ChainedEvent[] {
  const events: ChainedEvent[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const event = {
      sequence,
      at: from * DAY_MS,
      actor: 'U1' as PersonId,
      action: 'token.created',
      tokenId: TOKEN,
      detail: {},
    } as const;
    events.push({ ...event, pepperId: PEPPER.id, mac: macOf(event, events.at(-1)?.mac, PEPPER) });
  }
  return events;
}

/** Stops the app, changes its database as somebody else would, and starts it again. */
async function changed(stage: Stage, statement: string): Promise<void> {
  await stage.app.stop();
  const sqlite = new Database(`${stage.folder}/apitoken.db`);
  sqlite.prepare(statement).run();
  sqlite.close();
  await stage.restart();
}

async function metric(stage: Stage, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}
