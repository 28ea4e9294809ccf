import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { MINUTE_MS } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { type OutboxDeps, startOutbox } from '../../src/slack/outbox.ts';
import type { Store } from '../../src/store/store.ts';
import type { PersonId, TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { type AppProcess, startProcess } from '../app-process.ts';
import { type Stage, setStage, settingsFor } from '../fixture.ts';
import { sqliteTest } from '../store/fixtures/engines.ts';
import {
  actionsOf,
  answerTo,
  callsOf,
  holdsToken,
  holdsTokens,
  idOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
  toldTo,
  valuesSeenBy,
  verdictsOf,
  withStore,
} from './flows.ts';

type Scene = Awaited<ReturnType<typeof setTwo>>;

/** Of the tokens that are there: created, shown, created. */
const ACTIONS_BEFORE = 3;

const log = createLog({ level: 'trace', stream: { write: () => undefined } });

const ONCALL = { ONCALL: 'U0CAROL0001' };

/** Two apps on one database and one workspace; deliveries go to one of them, by its number, until told otherwise. */
async function setTwo(env: Record<string, string> = {}) {
  const stage = await setStage({ env });
  const other = await stage.replica();
  const { workspace } = stage;
  return {
    stage,
    other,
    workspace,
    to: (number: 0 | 1) => workspace.sockets.deliverTo(number),
    alice: workspace.person('alice'),
    bob: workspace.person('bob'),
    carol: workspace.person('carol'),
    dave: workspace.person('dave'),
  };
}

test('a revocation that one opened is carried out by another, which shares its card where the first was asked', async () => {
  const { stage, to, workspace, alice, bob, carol } = await setTwo(ONCALL);
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await opens(carol, '/apitoken revoke deploy-bot', '#oncall');
  await carol.fills({ 'What happened?': 'Leaked' });

  to(1);
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  to(0);
  await carol.clicks('Share to channel', { in: 'modal' });

  await soon(() => expect(bob.sees('#oncall').at(-1)?.text).toContain('deploy-bot is revoked.'));
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(callsOf(workspace, 'chat.postMessage').map(({ args }) => args.channel)).not.toContain('C0ONCALL001');
  await settled(stage);
});

test('where a dialog was opened is known after a restart, through a picker too', async () => {
  const stage = await setStage({ env: ONCALL });
  const { workspace } = stage;
  const carol = workspace.person('carol');
  await holdsToken(stage, carol, 'deploy-bot');
  await opens(carol, '/apitoken revoke', '#oncall');

  await stage.restart();
  await carol.fills({ Token: 'deploy-bot' });
  await carol.submits();
  await modalSaying(carol, 'Revoke your deploy-bot?');
  await stage.restart();
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');
  await stage.restart();
  await carol.clicks('Share to channel', { in: 'modal' });

  await soon(() => {
    const [shared] = workspace.person('bob').sees('#oncall');
    expect(shared?.text).toContain('deploy-bot is revoked.');
  });
  await settled(stage);
});

test('the list that a revocation was begun in at one is drawn again by the other', async () => {
  const { stage, to, alice } = await setTwo();
  await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await answerTo(alice, '/apitoken list');
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your deploy-bot?');

  to(1);
  await alice.submits();

  await soon(() => expect(alice.sees('#general').at(-1)?.text).toContain('revoked'));
  await settled(stage);
});

test('a value that was presented to one may be revoked at the other, by whoever presented it alone', async () => {
  const { stage, to, alice, bob, workspace } = await setTwo();
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  to(0);
  await opens(bob, `/apitoken revoke ${value}`);
  await bob.fills({ 'What happened?': 'Leaked' });

  to(1);
  await bob.submits();
  await modalSaying(bob, 'deploy-bot is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
  const drawn = callsOf(workspace, 'views.open').map(({ args }) => JSON.stringify(args.view));
  expect(drawn.join()).not.toContain(value);
  expect(drawn.join()).not.toContain('hooks');
  await settled(stage);
});

describe('what is delivered to both at once', () => {
  /** What somebody does, and what comes of it once. */
  const ROWS: readonly (readonly [
    what: string,
    prepare: (scene: Scene) => Promise<unknown>,
    act: (scene: Scene) => Promise<unknown>,
    effects: (scene: Scene) => unknown,
    once: unknown,
  ])[] = [
    [
      'a creation',
      async ({ alice }) => {
        await opens(alice, '/apitoken create new-bot');
      },
      ({ alice }) => alice.submits(),
      ({ stage, alice }) => [actionsOf(stage).slice(ACTIONS_BEFORE), valuesSeenBy(alice).length],
      [['token.created', 'value.shown'], 1],
    ],
    [
      'a revocation',
      async ({ carol }) => {
        await opens(carol, '/apitoken revoke deploy-bot', '#oncall');
        await carol.fills({ 'What happened?': 'Leaked' });
      },
      ({ carol }) => carol.submits(),
      ({ stage, alice }) => [actionsOf(stage).slice(ACTIONS_BEFORE), toldTo(alice).length],
      [['token.revoked'], 1],
    ],
    [
      'a rotation',
      ({ alice }) => opens(alice, '/apitoken rotate deploy-bot'),
      ({ alice }) => alice.submits(),
      ({ stage, alice }) => [actionsOf(stage).slice(ACTIONS_BEFORE), valuesSeenBy(alice).length],
      [['token.rotated'], 1],
    ],
    [
      'Show value',
      async () => undefined,
      ({ alice }) => alice.clicks('Show value', { in: '@apitoken', near: 'given-bot' }),
      ({ stage, alice }) => [actionsOf(stage).slice(ACTIONS_BEFORE), valuesSeenBy(alice).length],
      [['value.shown'], 1],
    ],
    [
      'a board',
      async () => undefined,
      ({ carol }) => carol.types('#oncall', '/apitoken board'),
      ({ stage, bob }) => [actionsOf(stage).slice(ACTIONS_BEFORE), bob.sees('#oncall').length],
      [['board.placed'], 1],
    ],
    [
      'a card that is shared',
      async ({ carol }) => {
        await opens(carol, '/apitoken revoke deploy-bot', '#oncall');
        await carol.fills({ 'What happened?': 'Leaked' });
        await carol.submits();
        await modalSaying(carol, 'deploy-bot is revoked.');
      },
      ({ carol }) => carol.clicks('Share to channel', { in: 'modal' }),
      ({ bob }) => bob.sees('#oncall').filter(({ text }) => text.includes('deploy-bot is revoked')).length,
      1,
    ],
    [
      'a file of all tokens',
      ({ carol }) => answerTo(carol, '/apitoken status', '#oncall'),
      ({ carol }) => carol.clicks('CSV', { in: '#oncall' }),
      ({ workspace }) => callsOf(workspace, 'files.completeUploadExternal').length,
      1,
    ],
    [
      'a message to the app',
      async () => undefined,
      ({ bob }) => bob.types('@apitoken', 'hello'),
      ({ bob }) => bob.sees('@apitoken').filter(({ ephemeral }) => ephemeral).length,
      1,
    ],
  ];

  test.for(ROWS)('%s has one effect', async ([, prepare, act, effects, once]) => {
    const scene = await setTwo(ONCALL);
    const { stage, workspace, alice, dave } = scene;
    await holdsToken(stage, alice, 'deploy-bot');
    await holdsToken(stage, alice, 'given-bot', { by: dave, shown: false });
    await settled(stage);
    expect(actionsOf(stage)).toHaveLength(ACTIONS_BEFORE);
    await prepare(scene);

    workspace.sockets.deliverTo('each');
    await act(scene);
    await settled(stage);
    await soon(() => expect(effects(scene)).toEqual(once));
    workspace.sockets.deliverTo(undefined);
    await settled(stage);

    expect(effects(scene)).toEqual(once);
    expect(stage.log()).not.toContain('"level":"error"');
    workspace.takeRefusals();
  });
});

describe('what both have to say', () => {
  test('is said once, however much it is', async () => {
    const { stage, workspace, alice, bob, dave } = await setTwo();
    const names = Array.from({ length: 12 }, (_, index) => `bot-${index}`);
    for (const [index, name] of names.entries()) {
      await holdsToken(stage, index % 2 === 0 ? alice : bob, name, { by: dave, shown: false });
    }
    await settled(stage);

    for (const name of names) {
      await withStore(stage, async (store) => {
        const actor = dave.id as PersonId;
        const by = { actor, at: stage.now(), reason: 'leaked', held: false };
        await store.revokeTokens([idOf(stage, name) as TokenId], by, { keys: [] });
      });
    }
    await settled(stage);

    const posted = callsOf(workspace, 'chat.postMessage').map(({ args }) => JSON.stringify(args));
    // Its receipt, and that somebody else ended it.
    expect(posted).toHaveLength(2 * names.length);
    expect(new Set(posted).size).toBe(posted.length);
    expect([alice, bob].map((person) => toldTo(person).length)).toEqual([6, 6]);
  });

  test.for([
    ['is said by the other one when its time is over', 0, 1],
    ['is left alone until its time is over', 14_000, 0],
  ] as const)('and one that died was at %s', async ([, leftMs, count]) => {
    const { stage, alice, dave } = await setTwo();
    const { id } = await holdsToken(stage, alice, 'deploy-bot', { by: dave });
    await settled(stage);

    await withStore(stage, async (store) => {
      const by = { actor: dave.id as PersonId, at: stage.now(), reason: 'leaked', held: false };
      await store.revokeTokens([id], by, { keys: [] });
      takeAll(stage, leftMs);
    });

    if (count > 0) await settled(stage);
    else await later();
    expect(toldTo(alice)).toHaveLength(count);
  });

  test('is said once though that could not be written at first, and what comes later by the same key is said', async () => {
    const stage = await setStage();
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await settled(stage);
    await stage.app.stop();
    let [drawings, refused] = [0, 0];
    const draw = async () => {
      drawings += 1;
    };
    await withStore(stage, async (store) => {
      const settle: Store['settle'] = async (due) => {
        if (refused === 2) return store.settle(due);
        refused += 1;
        throw new Error('the disk is full');
      };
      const outbox = outboxOf(stage, { ...store, settle }, draw);
      await store.sayAnew({ kind: 'receipt', tokenId: id }, stage.now());
      await soon(() =>
        expect(rowsOf(stage, 'select * from outbox where due_at < ?', stage.now())).toEqual([]),
      );
      expect([drawings, refused]).toEqual([1, 2]);

      await store.sayAnew({ kind: 'receipt', tokenId: id }, stage.now());
      await soon(() => expect(drawings).toBe(2));
      await outbox.stop();
    });
  });

  test('is drawn by one after the other, when one of them is slow', async () => {
    const stage = await setStage();
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await settled(stage);
    await stage.app.stop();
    const slow = Promise.withResolvers<void>();
    const drawings: string[] = [];
    const slowly = async () => {
      drawings.push('by the slow one');
      await slow.promise;
    };
    const fast = async () => void drawings.push('by the other');
    await withStore(stage, (one) =>
      withStore(stage, async (other) => {
        const first = outboxOf(stage, one, slowly);
        await one.sayAnew({ kind: 'receipt', tokenId: id }, stage.now());
        await soon(() => expect(drawings).toHaveLength(1));
        const second = outboxOf(stage, other, fast);

        await other.sayAnew({ kind: 'receipt', tokenId: id }, stage.now());
        await other.sayAnew({ kind: 'home', person: 'U0GONE' as PersonId }, stage.now());
        // By then the other one has looked for what is due.
        await soon(() => expect(rowsOf(stage, "select * from outbox where key = 'home:U0GONE'")).toEqual([]));
        expect(drawings).toEqual(['by the slow one']);
        slow.resolve();

        await soon(() => expect(drawings).toHaveLength(2));
        await Promise.all([first.stop(), second.stop()]);
      }),
    );
  });

  test('is drawn anew where one was so slow that the other took it over', async () => {
    const stage = await setStage();
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await settled(stage);
    await stage.app.stop();
    const slow = Promise.withResolvers<void>();
    let drawings = 0;
    const draw = async () => {
      drawings += 1;
      await slow.promise;
    };
    await withStore(stage, async (store) => {
      // As slow as it may be: no call of Slack's is given up meanwhile.
      const outbox = startOutbox({
        store,
        clock: stage.now,
        log,
        receipts: { draw },
      } as unknown as OutboxDeps);
      await store.sayAnew({ kind: 'receipt', tokenId: id }, stage.now());
      await soon(() => expect(drawings).toBe(1));

      takeAll(stage, 0);
      await withStore(stage, async (other) => {
        for (const due of await other.takeDue(stage.now(), 10)) expect(await other.settle(due)).toBe(true);
      });
      slow.resolve();

      await soon(() => expect(drawings).toBe(2));
      await outbox.stop();
    });
    expect(rowsOf(stage, 'select * from outbox where due_at < ?', stage.now())).toEqual([]);
  });
});

// Beside one that stands still in the middle of a write nobody else writes: on SQLite that can be seen.
sqliteTest.for([
  ['before Slack had it is said once, by the other', 'before', [0, 1]],
  ['after Slack had it comes twice, and never not at all', 'after', [1, 2]],
] as const)('what was being said by a process that is killed %s', async ([, when, [left, all]]) => {
  const stage = await setStage();
  const { workspace, folder } = stage;
  await stage.app.stop();
  await soon(() => expect(workspace.sockets.count()).toBe(0));
  const one = await runs(workspace, folder, 1);
  const other = await runs(workspace, folder, 2);
  const [alice, dave] = [workspace.person('alice'), workspace.person('dave')];
  const { id } = await holdsToken(stage, alice, 'deploy-bot', { by: dave });
  await soon(() => receiptOf(alice, 'deploy-bot'));
  const never = new Promise(() => undefined);
  const held = when === 'before' ? { until: never } : { delayMs: 60_000 };
  workspace.faults.add({ method: 'chat.postMessage', ...held });

  // So that it is the first one who says it.
  await soon(() => stops(other, folder));
  await revokesInStore(stage, dave, id);
  await soon(() => {
    expect(
      rowsOf(stage, "select * from outbox where key like 'revoked_by%' and taken_until > 0"),
    ).toHaveLength(1);
    expect(toldTo(alice)).toHaveLength(left);
  });
  one.signal('SIGKILL');
  await one.ended;
  other.signal('SIGCONT');
  await later();
  expect(toldTo(alice), 'while it is taken').toHaveLength(left);
  change(stage, 'update outbox set taken_until = ?', 0);

  await soon(() => expect(rowsOf(stage, "select * from outbox where key like 'revoked_by%'")).toEqual([]));
  expect(toldTo(alice)).toHaveLength(all);
});

/** An app in a process of its own, beside those that have so many sockets with it. */
async function runs(workspace: Workspace, folder: string, sockets: number) {
  rmSync(`${folder}/apitoken.db.lock`, { force: true });
  const started = startProcess({ folder, env: settingsFor(workspace, folder) });
  await started.ready;
  await workspace.waitForSockets(sockets);
  return started;
}

/** Stands still from now on, but not while it writes: then it goes on, and this throws. */
function stops(app: AppProcess, folder: string): void {
  app.signal('SIGSTOP');
  const raw = new Database(`${folder}/apitoken.db`, { timeout: 0 });
  try {
    raw.exec('begin immediate; rollback');
  } catch (busy) {
    app.signal('SIGCONT');
    throw busy;
  } finally {
    raw.close();
  }
}

async function revokesInStore(stage: Stage, by: Person, ...ids: TokenId[]): Promise<void> {
  await withStore(stage, async (store) => {
    const ending = { actor: by.id as PersonId, at: stage.now(), reason: 'leaked', held: false };
    await store.revokeTokens(ids, ending, { keys: [] });
  });
}

describe('what one knows of a person', () => {
  test('ten values a minute are checked by both together', async () => {
    const { to, carol } = await setTwo(ONCALL);
    const check = () => answerTo(carol, `/apitoken check ${aValue()}`);
    for (let checked = 0; checked < 10; checked++) {
      to(checked % 2 === 0 ? 0 : 1);
      expect((await check()).text).not.toContain('Try again in');
    }

    for (const number of [0, 1] as const) {
      to(number);
      expect((await check()).text).toContain('Try again in');
    }
  });

  test('and a restart, too, counts them on', async () => {
    const stage = await setStage({ env: ONCALL });
    const carol = stage.workspace.person('carol');
    for (let checked = 0; checked < 10; checked++) await answerTo(carol, `/apitoken check ${aValue()}`);

    await stage.restart();

    expect((await answerTo(carol, `/apitoken check ${aValue()}`)).text).toContain('Try again in');
  });

  test('is forgotten by both when Slack tells one of them that it changed', async () => {
    const { to, workspace, bob } = await setTwo({ ONCALL: 'S0ONCALL001' });
    for (const number of [0, 1] as const) {
      to(number);
      expect((await answerTo(bob, '/apitoken status')).text).not.toContain('Only managers');
    }

    to(0);
    await workspace.setGroupMembers('oncall', []);

    for (const number of [0, 1] as const) {
      to(number);
      expect((await answerTo(bob, '/apitoken status')).text).toContain('Only managers');
    }
  });

  test('is the page of their Home tab, whichever draws it, and after a restart', async () => {
    const { stage, other, to, alice } = await setTwo();
    await holdsTokens(stage, alice, 25, (number) => `bot-${number}`);
    to(0);
    await alice.opensHome();
    await soon(() => expect(alice.home()?.text).toContain('Page 1 of 2'));
    await alice.clicks('Next', { in: 'home' });
    await soon(() => expect(alice.home()?.text).toContain('Page 2 of 2'));
    await calm(stage);

    await stage.app.stop();
    await withStore(stage, (store) =>
      store.sayAnew({ kind: 'home', person: alice.id as PersonId }, stage.now()),
    );
    await holdsToken(stage, alice, 'another-bot');
    await calm(stage);

    expect(other.isConnectedToSlack()).toBe(true);
    expect(alice.home()?.text).toContain('Page 2 of 2');
  });
});

/** As `settled`, but looking seldom: on PostgreSQL nobody does anything while a test looks. */
async function calm(stage: Stage): Promise<void> {
  const soonest = stage.now() + MINUTE_MS;
  const left = () => rowsOf(stage, 'select key from outbox where due_at < ?', soonest);
  await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 60_000, interval: 500 });
}

/** One that nobody holds. */
function aValue(): string {
  return TokenValue.generate('apit').reveal();
}

/** One that draws receipts so, and no Home tab: its person has left. */
function outboxOf(stage: Stage, store: Store, draw: () => Promise<void>) {
  const actors = { standing: async () => 'deactivated' };
  const policy = { allowGuests: false };
  const deps = { store, clock: stage.now, log, receipts: { draw }, actors, policy };
  return startOutbox(deps as unknown as OutboxDeps);
}

/** All that is to be said was taken by a process that is no more, for so long from now on. */
function takeAll(stage: Stage, ms: number): void {
  change(stage, "update outbox set taken_by = 'a dead one', taken_until = ?", Date.now() + ms);
}

function change(stage: Stage, statement: string, value: number): void {
  const raw = stage.look();
  raw.prepare(statement).run(value);
  raw.close();
}

/** When both have looked for what is due several times. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1500));
}
