import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createSlackClient } from '../../src/slack/app.ts';
import { createActors } from '../../src/slack/people/actor.ts';
import { drawBoard, refreshBoards, stopBoard } from '../../src/slack/status/board.ts';
import { createTurns } from '../../src/slack/turns.ts';
import type { KnownVisit } from '../../src/slack/visit.ts';
import type { PersonId, WorkspaceId } from '../../src/tokens/token.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { admin, aHouse } from '../tokens/a-house.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  settled,
  soon,
  withStore,
} from './flows.ts';
import { HOSTILE_NAMES } from './hostile.ts';

const BOARD_UNSURE =
  "Slack didn't say whether it posted the board. If it doesn't appear here in a minute, type /apitoken board again.";

const CAROL = { MANAGERS: 'U0CAROL0001' };
const NOT_PERMITTED = 'Only managers, on-call and admins can use /apitoken board.';
const BOARD = 'C0ONCALL001';

/** Does now what the app does every 15 s, and waits until all that is due is said. */
async function looksAtBoards(stage: Stage): Promise<void> {
  await withStore(stage, (store) =>
    refreshBoards({ store, workspace: stage.workspace.teamId as WorkspaceId, clock: stage.now }),
  );
  await soon(() => {
    const due = rowsOf(stage, "select key from outbox where key like 'board:%' and due_at <= ?", stage.now());
    expect(due).toEqual([]);
  });
}

/** The board in a place, once it was drawn. */
function boardIn(person: Person, place = '#oncall') {
  return soon(() => {
    const board = person.sees(place).findLast(({ ephemeral, edited }) => !ephemeral && edited);
    if (board === undefined) throw new Error('there is no board yet');
    return board;
  });
}

function boardSaying(person: Person, text: string) {
  const board = person.sees('#oncall').findLast(({ ephemeral }) => !ephemeral);
  if (board === undefined || !board.text.includes(text)) throw new Error(`it reads: ${board?.text}`);
  return board;
}

const updatesOf = ({ workspace }: Stage) =>
  callsOf(workspace, 'chat.update').filter(({ args }) => args.channel === BOARD);

/** A board of Carol's in #oncall, drawn, on a stage where time stands still. */
async function setBoard() {
  const set = await setStill(CAROL);
  const carol = set.workspace.person('carol');
  await carol.types('#oncall', '/apitoken board');
  await boardIn(carol);
  await settled(set.stage);
  return { ...set, carol };
}

async function revokes(person: Person, name: string): Promise<void> {
  await opens(person, `/apitoken revoke ${name}`);
  await person.submits();
  await modalSaying(person, `${name} is revoked.`);
  await person.closes();
}

test('a board has the counts, then what needs attention, and who put it there', async () => {
  const { stage, alice, workspace, clock } = await setStill(CAROL);
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  await holdsToken(stage, alice, 'idle', { createdAt: T0, lifetimeDays: 365 });
  const { value } = await holdsToken(stage, bob, 'over', { createdAt: T0, lifetimeDays: 99 });
  await holdsTokens(
    stage,
    alice,
    12,
    (number) => `bot-${number}`,
    (number) => ({
      createdAt: T0 + 100 * DAY_MS + number,
      lifetimeDays: null,
    }),
  );
  await clock.moveTo(T0 + 101 * DAY_MS);
  await holdsToken(stage, bob, 'unseen', { createdAt: T0 + 101 * DAY_MS, shown: false });
  await stage.verify(value);
  await stage.restart();

  await carol.types('#oncall', '/apitoken board');

  expect((await boardIn(bob)).text).toBe(
    [
      'API Tokens',
      'Active 13 · Expiring soon 0 · Never claimed 1 · Expired 1 · Revoked 0',
      'Expired but still presented (1)',
      '• over @bob, refused once, last Apr 12, 2026',
      'Never expires (12)',
      ...Array.from({ length: 10 }, (_, index) => `• bot-${index + 1} @alice, never used`),
      '• and 2 more',
      'Idle (1)',
      '• idle @alice, never used',
      'Never claimed (1)',
      '• unseen @bob, created Apr 12, 2026',
      'Updated Apr 12, 2026 at 12:00 AM UTC. Changes appear within a minute. Posted by @carol.',
    ].join('\n'),
  );
  expect((await boardIn(bob)).buttons).toEqual(['Stop updating']);
  expect(auditOf(stage).at(-1)).toEqual({ actor: carol.id, action: 'board.placed', tokenId: null });
});

test('a revoked token that is still presented stands first on the board, with how often', async () => {
  const { stage, alice, workspace, clock } = await setStill(CAROL);
  const carol = workspace.person('carol');
  await holdsToken(stage, alice, 'endless', { createdAt: T0, lifetimeDays: null });
  const over = await holdsToken(stage, alice, 'over', { createdAt: T0, lifetimeDays: 1 });
  const leaked = await holdsToken(stage, alice, 'leaked', { createdAt: T0, lifetimeDays: 90 });
  await revokes(alice, 'leaked');
  await clock.moveBy(2 * DAY_MS);
  for (const { value } of [over, leaked, leaked]) expect((await stage.verify(value)).status).toBe(401);
  await stage.restart();

  await carol.types('#oncall', '/apitoken board');

  const { text } = await boardIn(carol);
  expect(text.split('\n').slice(1, 7)).toEqual([
    'Active 1 · Expiring soon 0 · Never claimed 0 · Expired 1 · Revoked 1',
    'Revoked but still presented (1)',
    '• leaked @alice, refused 2 times, last Jan 3, 2026',
    'Expired but still presented (1)',
    '• over @alice, refused once, last Jan 3, 2026',
    'Never expires (1)',
  ]);
  const status = await answerTo(carol, '/apitoken status all');
  expect(/^Name \|.*\n(.*)$/m.exec(status.text)?.[1]).toMatch(
    /^leaked \| @alice \| :black_circle: revoked · still presented \|/,
  );
});

test('a token whose owner left is named on the board, and goes on counting as what it is', async () => {
  const { stage, alice, workspace } = await setStill({ ...CAROL, LEAVER_POLICY: 'flag' });
  const carol = workspace.person('carol');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 10 });
  await settled(stage);
  await workspace.setPerson('alice', { deleted: true });
  await soon(() => expect(rowsOf(stage, 'select gone_at from owners')).toEqual([{ gone_at: T0 }]));

  await carol.types('#oncall', '/apitoken board');

  const { text } = await boardIn(carol);
  expect(text).toContain('Active 1 · Expiring soon 1 · Never claimed 0');
  expect(text).toContain('Owner gone (1)\n• deploy-bot @alice, never used');
  const listed = await answerTo(carol, '/apitoken status expiring');
  expect(listed.text).toContain(
    'deploy-bot | @alice | :large_yellow_circle: active · owner gone · expiring soon |',
  );
});

test('a board of nothing says that nothing needs attention', async () => {
  const { carol } = await setBoard();

  expect((await boardIn(carol)).text).toContain('Nothing needs attention.');
});

test('the post itself mentions nobody: only its later changes do, which notify nobody', async () => {
  const { stage, workspace, alice } = await setStill(CAROL);
  await holdsToken(stage, alice, 'endless', { createdAt: T0, lifetimeDays: null });

  await workspace.person('carol').types('#oncall', '/apitoken board');
  await boardIn(alice);

  const [posted] = callsOf(workspace, 'chat.postMessage').filter(({ args }) => args.channel === BOARD);
  expect(JSON.stringify(posted?.args)).not.toMatch(/U0[A-Z]/);
  expect(JSON.stringify(updatesOf(stage)[0]?.args)).toContain(alice.id);
});

test('what changes shows a minute after the last change of the board, and not before', async () => {
  const { stage, clock, carol, alice } = await setBoard();
  await holdsToken(stage, alice, 'endless', { createdAt: T0, lifetimeDays: null });
  await clock.moveBy(20 * SECOND_MS);

  await looksAtBoards(stage);
  expect((await boardIn(carol)).text).toContain('Nothing needs attention.');
  await clock.moveTo(T0 + MINUTE_MS - 1);
  await looksAtBoards(stage);
  expect(updatesOf(stage)).toHaveLength(1);
  await clock.moveTo(T0 + MINUTE_MS);

  await soon(() => expect(carol.reads('#oncall')).toContain('Never expires (1)'));
  expect(updatesOf(stage)).toHaveLength(2);
});

test('nothing is drawn anew while nothing changes, also over a restart; what changed meanwhile is', async () => {
  const { stage, clock, carol, alice } = await setBoard();
  for (let look = 0; look < 3; look++) {
    await clock.moveBy(2 * MINUTE_MS);
    await looksAtBoards(stage);
  }
  await stage.restart();
  await looksAtBoards(stage);
  expect(updatesOf(stage)).toHaveLength(1);
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays: 15 });
  await looksAtBoards(stage);
  await soon(() => expect(carol.reads('#oncall')).toContain('Active 1 · Expiring soon 0'));
  await clock.moveTo(stage.now() + DAY_MS);

  await looksAtBoards(stage);
  await soon(() => expect(carol.reads('#oncall')).toContain('Active 1 · Expiring soon 1'));
  await clock.moveBy(MINUTE_MS);
  await revokes(alice, 'deploy-bot');
  await looksAtBoards(stage);

  await soon(() =>
    expect(carol.reads('#oncall')).toContain(
      'Active 0 · Expiring soon 0 · Never claimed 0 · Expired 0 · Revoked 1',
    ),
  );
  expect(updatesOf(stage)).toHaveLength(4);
});

test('a second board in a channel takes the place of the first, below what was said since', async () => {
  const { stage, carol, alice } = await setBoard();
  await alice.types('#oncall', 'what was said since');

  await carol.types('#oncall', '/apitoken board');
  await soon(() => expect(callsOf(stage.workspace, 'chat.delete')).toHaveLength(1));
  await boardIn(carol);

  expect(alice.sees('#oncall').map(({ from }) => from)).toEqual(['@alice', '@apitoken']);
  expect(rowsOf(stage, "select channel from messages where kind = 'board'")).toEqual([{ channel: BOARD }]);
});

test('a command that Slack delivers twice leaves one board, also after a restart', async () => {
  const { stage, carol } = await setBoard();
  await stage.restart();

  await carol.redelivers();
  await soon(() => expect(callsOf(stage.workspace, 'chat.delete')).toHaveLength(1));
  await settled(stage);

  expect(carol.sees('#oncall')).toHaveLength(1);
  expect((await boardIn(carol)).buttons).toEqual(['Stop updating']);
  expect(actionsOf(stage)).toEqual(['board.placed']);
});

test('where the app is no member it says how to invite it, and after that the board comes', async () => {
  const { workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');

  const told = await answerTo(carol, '/apitoken board', '#no-app');
  expect(told).toMatchObject({
    ephemeral: true,
    text: "I'm not in this channel. Type /invite @apitoken, then try again.",
  });
  workspace.expectRefusal('not_in_channel');
  await carol.types('#no-app', '/invite @apitoken');
  await carol.types('#no-app', '/apitoken board');

  expect((await boardIn(carol, '#no-app')).text).toContain('API Tokens');
});

test('in one’s own conversation with the app a board may stand', async () => {
  const { workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');

  await carol.types('@apitoken', '/apitoken board');

  expect((await boardIn(carol, '@apitoken')).text).toContain('Nothing needs attention.');
});

test('in a conversation of two people it cannot stand, and nobody is told to invite anybody', async () => {
  const { workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  workspace.faults.add({ method: 'chat.postMessage', error: 'channel_not_found' });

  const told = await answerTo(carol, '/apitoken board', '@apitoken');

  expect(told.text).toBe(
    "A board can't be posted here. Type /apitoken board in a channel or in your direct messages with apitoken.",
  );
});

test.for([
  ['message_not_found', 'it was deleted'],
  ['channel_not_found', 'its channel is gone, or the app was taken out of it'],
] as const)(
  'a board of which Slack says %s is forgotten, with one line in the log and no other try',
  async ([error, reason]) => {
    const { stage, clock, alice, workspace } = await setBoard();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    await clock.moveBy(MINUTE_MS);
    workspace.faults.add({ method: 'chat.update', error });

    await looksAtBoards(stage);
    await soon(() => expect(rowsOf(stage, "select * from messages where kind = 'board'")).toEqual([]));
    await clock.moveBy(10 * MINUTE_MS);
    await looksAtBoards(stage);

    expect(updatesOf(stage)).toHaveLength(2);
    expect(stage.log().split('a board is gone and is no longer updated').length - 1).toBe(1);
    expect(stage.log()).toContain(reason);
    expect(stage.log()).not.toContain('Slack refused a message');
  },
);

test.for([
  ['not_in_channel'],
  ['is_archived'],
  ['is_inactive'],
  ['edit_window_closed'],
  ['cant_update_message'],
  ['no_permission'],
  ['restricted_action_read_only_channel'],
  ['team_not_found'],
] as const)('a board of which Slack says %s is kept, and drawn when it was mended', async ([error]) => {
  const { stage, clock, alice, carol, workspace } = await setBoard();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  workspace.faults.add({ method: 'chat.update', error, times: 2 });

  for (let time = 1; time <= 2; time++) {
    await clock.moveBy(MINUTE_MS);
    await looksAtBoards(stage);
    expect(updatesOf(stage)).toHaveLength(1 + time);
  }
  await clock.moveBy(MINUTE_MS);

  await soon(() => expect(carol.reads('#oncall')).toContain('Active 1'));
  expect(rowsOf(stage, "select * from messages where kind = 'board'")).toHaveLength(1);
});

test.for([['msg_blocks_too_long'], ['msg_too_long'], ['invalid_blocks']] as const)(
  'a board that Slack does not take whole (%s) is drawn in counts, and whole again when it takes that',
  async ([error]) => {
    const { stage, clock, alice, carol, workspace } = await setBoard();
    await holdsToken(stage, alice, 'endless-bot', { createdAt: T0, lifetimeDays: null });
    await clock.moveBy(MINUTE_MS);
    workspace.faults.add({ method: 'chat.update', error });

    await looksAtBoards(stage);
    const short = await soon(() => boardSaying(carol, 'Never expires (1)'));
    expect(short.text).toContain('Too many names to show here. Type /apitoken status to see them.');
    expect(short.text).not.toContain('endless-bot');
    expect(short.buttons).toEqual(['Stop updating']);
    await clock.moveBy(10 * MINUTE_MS);
    await looksAtBoards(stage);
    expect(updatesOf(stage)).toHaveLength(3);
    await holdsToken(stage, alice, 'endless-bot-2', { createdAt: T0, lifetimeDays: null });
    await looksAtBoards(stage);

    expect((await soon(() => boardSaying(carol, 'Never expires (2)'))).text).toContain('endless-bot');
  },
);

test('a board that is stopped while Slack does not take it whole says so in counts', async () => {
  const { stage, alice, carol, workspace, clock } = await setBoard();
  await holdsToken(stage, alice, 'endless-bot', { createdAt: T0, lifetimeDays: null });
  await clock.moveBy(MINUTE_MS);
  workspace.faults.add({ method: 'chat.update', error: 'msg_blocks_too_long' });

  await carol.clicks('Stop updating', { in: '#oncall' });

  const stopped = await soon(() => boardSaying(carol, 'Stopped by'));
  expect(stopped.text).toContain('Never expires (1)');
  expect(stopped.text).not.toContain('endless-bot');
});

test.for([['missing_scope'], ['message_not_found'], ['a_code_of_next_year']] as const)(
  'where Slack answers %s when a board is stopped, it is stopped, and whoever did it hears that it cannot say so',
  async ([error]) => {
    const { stage, carol, workspace } = await setBoard();
    workspace.faults.add({ method: 'chat.update', error });

    const told = await answerIn(carol, '#oncall', () => carol.clicks('Stop updating', { in: '#oncall' }));

    expect(told.text).toBe(
      "This board no longer updates. Slack refused the edit, so the board doesn't say so.",
    );
    expect(rowsOf(stage, "select * from messages where kind = 'board'")).toEqual([]);
  },
);

test('a board that was deleted, or whose channel the app was taken out of, is forgotten', async () => {
  const { stage, clock, alice, carol, workspace } = await setBoard();
  await carol.types('#general', '/apitoken board');
  await boardIn(carol, '#general');
  await settled(stage);
  workspace.setAppInChannel('oncall', false);
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await clock.moveBy(MINUTE_MS);

  await looksAtBoards(stage);
  await soon(() => expect(rowsOf(stage, "select * from messages where kind = 'board'")).toHaveLength(1));

  await soon(() => expect(carol.reads('#general')).toContain('Active 1'));
  workspace.expectRefusal('channel_not_found');
});

test.for([
  ['is busy', { status: 429, retryAfter: 2 }],
  ['is broken', { status: 500 }],
  ['does not answer', { drop: 'before' as const }],
  ['lacks a scope that an admin can add', { error: 'missing_scope' }],
] as const)(
  'a board is drawn a minute later when Slack %s, and looking at it again hurries nothing',
  async ([, fault]) => {
    const { stage, clock, alice, carol, workspace } = await setBoard();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
    await clock.moveBy(MINUTE_MS);
    workspace.faults.add({ method: 'chat.update', ...fault });

    await looksAtBoards(stage);
    await looksAtBoards(stage);
    await clock.moveBy(MINUTE_MS - 1);
    await looksAtBoards(stage);
    expect(updatesOf(stage)).toHaveLength(2);
    await clock.moveBy(1);

    await soon(() => expect(carol.reads('#oncall')).toContain('Active 1'));
    expect(updatesOf(stage)).toHaveLength(3);
  },
);

test.for([
  ['is busy', { status: 429 }, "Slack didn't accept the board. Type /apitoken board again in a moment."],
  ['is broken', { status: 500 }, BOARD_UNSURE],
  ['posts it and cuts the connection', { drop: 'after' }, BOARD_UNSURE],
  [
    'forbids it',
    { error: 'restricted_action' },
    "Slack doesn't accept messages from apitoken here. Ask whoever manages this channel.",
  ],
  ['says that it is archived', { error: 'is_archived' }, 'This channel is archived. Unarchive it first.'],
  [
    'says that too much was sent',
    { error: 'message_limit_exceeded' },
    "This workspace has reached its plan's message limit. Ask an admin.",
  ],
] as const)('when Slack %s, no board is kept and the person is told so', async ([, fault, sentence]) => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  workspace.faults.add({ method: 'chat.postMessage', ...fault });

  expect((await answerTo(carol, '/apitoken board', '#oncall')).text).toBe(sentence);

  expect(rowsOf(stage, 'select * from messages')).toEqual([]);
  expect(actionsOf(stage)).toEqual([]);
});

test.for([['board_stop'], ['status_share']] as const)('%s of a view is refused', async ([actionId]) => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');

  await carol.forges({ type: 'block_actions', action_id: actionId, from: { view: {} } });

  // No such dialog is open: it is told where the person reads it all the same.
  await soon(() => expect(carol.reads('@apitoken')).toContain('This no longer works'));
  expect(actionsOf(stage)).toEqual(['action.refused']);
  expect(workspace.takeRefusals().map(({ about }) => about)).toEqual(['views.push', 'views.update']);
});

test.for([['board_stop'], ['status_share']] as const)(
  '%s of a dialog that is open is refused on top of it',
  async ([actionId]) => {
    const { stage, workspace } = await setStill(CAROL);
    const carol = workspace.person('carol');
    const view = (await opens(carol, '/apitoken create')).id;

    await carol.forges({ type: 'block_actions', action_id: actionId, from: { view } });

    const told = await modalSaying(carol, 'This no longer works');
    expect(told.title).toBe('apitoken');
    expect(actionsOf(stage)).toEqual(['action.refused']);
  },
);

test('whoever may see all may stop a board, which then says so and changes no more', async () => {
  const { stage, clock, alice, carol, workspace } = await setBoard();
  const dave = workspace.person('dave');

  await dave.clicks('Stop updating', { in: '#oncall' });
  await soon(() =>
    expect(carol.reads('#oncall')).toMatch(
      /Stopped by @dave Jan 1, 2026 at .* UTC\. Type \/apitoken board for a new one\./,
    ),
  );
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await clock.moveBy(MINUTE_MS);
  await looksAtBoards(stage);

  expect((await boardIn(carol)).buttons).toEqual([]);
  expect(updatesOf(stage)).toHaveLength(2);
  expect(auditOf(stage)[1]).toEqual({ actor: dave.id, action: 'board.stopped', tokenId: null });
});

test('a board that is stopped while it is being drawn says in the end that it was stopped', async () => {
  const { store, raw, now } = await aHouse();
  const workspace = await openWorkspace({ clock: now });
  const log = createLog({ level: 'fatal', stream: { write: () => undefined } });
  const client = createSlackClient({
    botToken: () => workspace.botToken,
    apiUrl: workspace.apiUrl,
    clock: Date.now,
    log,
  });
  const { ts = '' } = await client.chat.postMessage({ channel: BOARD, text: 'a board' });
  const board = { channel: BOARD, ts };
  const actor = { ...admin, id: workspace.person('carol').id as PersonId };
  const event = { at: now(), actor: actor.id, action: 'board.placed', tokenId: null, detail: {} } as const;
  await store.keepBoard({ ...board, placedBy: actor.id }, { event, delivery: { keys: [] } });
  const common = { client, log, clock: now, workspace: workspace.teamId as WorkspaceId };
  const nobody = { people: [], groups: [] };
  const roles = { managers: nobody, oncall: nobody, admins: { people: [actor.id], groups: [] } };
  const actors = createActors({ ...common, roles });
  const deps = { ...common, actors, store, takeBoardTurn: createTurns(), policy: { allowGuests: false } };
  const [isAboutToDraw, mayDraw] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const tryBoard: typeof store.tryBoard = async (...args) => {
    await store.tryBoard(...args);
    isAboutToDraw.resolve();
    await mayDraw.promise;
  };

  const drawing = drawBoard(BOARD, { ...deps, store: { ...store, tryBoard } });
  await isAboutToDraw.promise;
  const visit = {
    actor,
    personId: actor.id,
    teamId: workspace.teamId,
    delivery: { keys: [] },
  } as unknown as KnownVisit;
  const stopping = stopBoard(visit, board, deps);
  // More than stopping takes when it waits for nobody.
  for (let call = 0; call < 50; call++) await client.auth.test();
  mayDraw.resolve();
  await Promise.all([drawing, stopping]);

  expect(workspace.person('carol').reads('#oncall')).toContain('Stopped by');
  expect(raw.prepare("select count(*) from messages where kind = 'board'").pluck().get()).toBe(0);
});

test('a board that is kept up to date no longer says so to who stops it', async () => {
  const { stage, carol } = await setBoard();
  const { ts } = await boardIn(carol);
  await carol.clicks('Stop updating', { in: '#oncall' });
  await soon(() => expect(carol.reads('#oncall')).toContain('Stopped by'));

  const told = await answerIn(carol, '#oncall', async () => {
    await carol.forges({ type: 'block_actions', action_id: 'board_stop', from: { message: ts } });
  });

  expect(told.text).toContain('This board no longer updates.');
  expect(actionsOf(stage)).toEqual(['board.placed', 'board.stopped']);
});

test.for([
  ['a member', 'alice', NOT_PERMITTED],
  ['a stranger of a shared channel', 'sam', 'apitoken is only for full members of this workspace.'],
  ['a guest', 'gus', 'apitoken is only for full members of this workspace.'],
] as const)('%s can neither stop a board nor put one up', async ([, handle, sentence]) => {
  const stage = await setStage({ env: CAROL });
  const person = stage.workspace.person(handle);
  const carol = stage.workspace.person('carol');
  await carol.types('#general', '/apitoken board');
  await boardIn(carol, '#general');

  const told = await answerIn(person, '#general', () => person.clicks('Stop updating', { in: '#general' }));

  expect(told.text).toContain(sentence);
  expect(auditOf(stage).at(-1)).toEqual({ actor: person.id, action: 'action.refused', tokenId: null });
  expect(rowsOf(stage, "select ts from messages where kind = 'board'")).toHaveLength(1);
  if (handle === 'sam') return;
  expect((await answerTo(person, '/apitoken board', '#general')).text).toContain(sentence);
  expect(
    callsOf(stage.workspace, 'chat.postMessage').filter(
      ({ args }) => args.channel !== undefined && String(args.channel).startsWith('C'),
    ),
  ).toHaveLength(1);
});

test('whatever names are made of, they stand on the board as they are and mean nothing', async () => {
  const tens = Array.from({ length: Math.ceil(HOSTILE_NAMES.length / 10) }, (_, ten) =>
    HOSTILE_NAMES.slice(ten * 10, ten * 10 + 10),
  );
  for (const names of tens) {
    const { stage, carol, alice } = await setBoard();
    for (const name of names) await holdsToken(stage, alice, name, { createdAt: T0, lifetimeDays: null });

    await carol.types('#oncall', '/apitoken board');
    await soon(() => expect(carol.reads('#oncall')).toContain(`Never expires (${names.length})`));

    const { blocks, raw } = await boardIn(carol);
    const texts = JSON.stringify(blocks.filter(({ type }) => type === 'rich_text'));
    for (const name of names) expect(texts).toContain(`{"type":"text","text":${JSON.stringify(`${name} `)}}`);
    const others = raw.text + JSON.stringify(blocks.filter(({ type }) => type !== 'rich_text'));
    for (const name of names.filter((one) => one.length > 3)) expect(others).not.toContain(name);
  }
});

test('neither a value nor a lookup id is on a board', async () => {
  const stage = await setStage({ env: CAROL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, carol, 'endless', { lifetimeDays: null });
  await carol.types('#oncall', '/apitoken board');
  await soon(() => expect(carol.reads('#oncall')).toContain('endless'));

  const [, lookupId = '', secret = ''] = value.split('_');
  for (const part of [lookupId, secret]) {
    expect(JSON.stringify(stage.workspace.traffic)).not.toContain(part);
    expect(stage.log()).not.toContain(part);
    expect(JSON.stringify(rowsOf(stage, 'select * from outbox'))).not.toContain(part);
    expect(JSON.stringify(rowsOf(stage, 'select * from messages'))).not.toContain(part);
  }
});
