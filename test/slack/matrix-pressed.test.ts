import { describe, expect, test } from 'vitest';
import type { Forged } from '../../sandbox/workspace/forge.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { DeliveryEntry, TrafficEntry } from '../../sandbox/workspace/state.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { DAY_MS } from '../../src/clock.ts';
import { PRESSES } from '../../src/slack/listeners/listeners.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  answerIn,
  answerTo,
  chores,
  deliveriesIn,
  holdsToken,
  keepsLeak,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
  toldTo,
} from './flows.ts';
import { messagesAbout, tableMessagesAbout, viewsAbout } from './worst-cases.ts';

const OTHER_VERSION = 'This no longer works';

/** Messages that one person alone sees, by their kind. */
const SEEN_ALONE = [
  'list',
  'status',
  'history',
  'info',
  'matches',
  'checked',
  'held',
  'unknown',
  'choices',
  'card',
  'value',
] as const;
/** Everything that a press may seem to come from; `another app's` is a lasting message that Slack would not let press in. */
const PLACES = [
  ...SEEN_ALONE,
  'receipt',
  'notice',
  'leak card',
  'shared page',
  'shared card',
  'another app’s',
  'Home',
  'dialog',
  'board',
] as const;
type Place = (typeof PLACES)[number];

const LIST: readonly Place[] = ['list', 'Home', 'dialog'];
const HISTORY: readonly Place[] = ['history', 'dialog'];
const STATUS: readonly Place[] = ['status', 'dialog'];
const CARD: readonly Place[] = ['card', 'dialog'];
/** Of what writes over nothing, where nobody can tell what was pressed in. */
const RECEIPT: readonly Place[] = ['receipt', 'another app’s'];

/**
 * Every button and menu: what it carries for a token of the presser's, and all that it is drawn in, written out by hand. What
 * would be said in a dialog stands there too: it is opened where there is no conversation to answer in.
 */
const DRAWN: Readonly<Record<string, readonly [value: string, places: readonly Place[]]>> = {
  create_token: ['', [...LIST, 'another app’s']],
  revoke_token: ['ID', ['info', 'matches', 'checked', 'receipt', 'notice', 'another app’s', 'dialog']],
  rotate_token: ['ID', ['info', 'receipt', 'notice', 'leak card', 'another app’s', 'dialog']],
  revoke_in_leak: ['LEAK', ['leak card']],
  show_value: ['ID', ['info', 'receipt', 'another app’s', 'dialog']],
  decline_token: ['ID', RECEIPT],
  issue_new_value: ['ID:9', RECEIPT],
  end_old_value: ['ID:9', RECEIPT],
  revoke_held: ['0.x one ID', ['held', 'dialog']],
  end_held_old_value: ['{"token":"ID","held":"0.x"}', ['dialog']],
  refresh_receipt: ['ID', RECEIPT],
  remind_tomorrow: ['ID:expires_in_7_days:0', ['notice', 'another app’s']],
  hide_value: ['', ['value']],
  run_command: ['help', ['unknown', 'choices', 'another app’s', 'dialog']],
  list_filter: ['all:1', LIST],
  list_search: ['carols', ['list', 'Home']],
  list_clear: ['all:1', LIST],
  all_tokens: ['', ['Home']],
  revoke_leaked: ['', ['Home']],
  list_previous: ['all:1', LIST],
  list_next: ['all:1', LIST],
  token_menu_0: ['history:ID:all:1', LIST],
  history_newer: ['ID:1', HISTORY],
  history_older: ['ID:1', HISTORY],
  refresh_card: ['alone:DEAD', CARD],
  card_stopped: ['alone:DEAD', CARD],
  card_timeline: ['alone:DEAD', CARD],
  share_card: ['alone:DEAD', CARD],
  revoke_person: ['U0ALICE0001', CARD],
  status_open: ['ID', STATUS],
  status_search: ['bot', ['status']],
  status_filter: ['status:all::1', STATUS],
  status_owner: ['U0ALICE0001', STATUS],
  status_everybody: ['status:all::1', STATUS],
  status_previous: ['status:all::1', STATUS],
  status_next: ['status:all::1', STATUS],
  status_share: ['status:all::1', ['status']],
  status_csv: ['status:all::1', [...STATUS, 'another app’s']],
  board_stop: ['', ['another app’s', 'board']],
};
const LEAK_TS = '1600000000.000100';
/** What is said to everybody, when it stands where it is drawn. */
const SHARES = new Set(['share_card in card', 'share_card in dialog', 'status_share in status']);

test('every button and menu is in the table', () => {
  const known = [...PRESSES.keys()].filter((id) => !/^token_menu_[1-9]\d?$/.test(id));

  expect(Object.keys(DRAWN).toSorted()).toEqual(known.toSorted());
});

test('a press is served where its button is drawn, and elsewhere refused and noted; what others read stays as it is', async () => {
  const scene = await setScene();
  const outcomes: Record<string, string> = {};
  const due: Record<string, string> = {};

  for (const place of PLACES) {
    for (const [actionId, [value, drawnIn]] of Object.entries(DRAWN)) {
      const name = `${actionId} in ${place}`;
      outcomes[name] = await outcomeOf({ actionId, value, place }, scene);
      due[name] = !drawnIn.includes(place) ? 'refused' : SHARES.has(name) ? 'served, to everybody' : 'served';
    }
  }

  // These say from then on what was pressed.
  due['board_stop in board'] = 'served, changed board';
  due['remind_tomorrow in notice'] = 'served, changed notice';
  expect(outcomes).toEqual(due);
});

describe('in words of its own', () => {
  test('Hide now, forged on a board, takes it from nobody', async () => {
    const { carol, alice, boardTs } = await setScene();
    const shown = { message: boardTs };

    const told = await answerIn(carol, '#oncall', async () => {
      await carol.forges({
        type: 'block_actions',
        action_id: 'hide_value',
        block_id: 'value:5',
        from: shown,
      });
    });

    expect(told.text).toContain(OTHER_VERSION);
    expect(alice.sees('#oncall').some(({ ts }) => ts === boardTs)).toBe(true);
  });

  test('a page turned by a manager on a shared page posts no table and replaces none', async () => {
    const { carol, alice, places } = await setScene();
    const before = alice.sees('#general').filter(({ ephemeral }) => !ephemeral);

    const told = await answerIn(carol, '#general', async () => {
      const from = { message: places['shared page'] ?? '' };
      const value = 'status:all::1';
      await carol.forges({
        type: 'block_actions',
        action_id: 'status_next',
        block_id: 'status:9',
        value,
        from,
      });
    });

    expect(told).toMatchObject({ ephemeral: true });
    expect(told.text).toContain(OTHER_VERSION);
    expect(alice.sees('#general').filter(({ ephemeral }) => !ephemeral)).toEqual(before);
  });
});

describe('where Slack sends the message along with a press in one that is ephemeral,', () => {
  test.for([
    ['its own blocks', 'served', ['list:0', 'list:1']],
    ['those of another kind', 'refused', ['history:0']],
    ['those of nobody knows what', 'refused', ['x', '']],
    ['those of a board', 'refused', ['board:0']],
    ['those of a shared page', 'refused', ['shared:0']],
  ] as const)('with %s, a filter is %s', async ([, outcome, blockIds]) => {
    const { workspace } = await setStage();
    const alice = workspace.person('alice');
    const { ts } = await answerTo(alice, '/apitoken list');
    const press = { type: 'block_actions', action_id: 'list_filter', block_id: 'list:0' } as const;
    const { payload } = alice.drafts({ ...press, value: 'revoked:1', from: { message: ts } });
    const blocks = blockIds.map((block_id) => ({ type: 'divider', block_id }));
    const message = { type: 'message', ts, text: 'a list', blocks };

    await alice.forges({ type: 'raw', envelope: 'interactive', payload: { ...payload, message } });

    const said = outcome === 'served' ? 'You have no tokens yet.' : OTHER_VERSION;
    await soon(() => expect(alice.reads('#general')).toContain(said));
    expect(alice.reads('#general').includes(OTHER_VERSION)).toBe(outcome === 'refused');
  });
});

test.for([
  ['without the id of its block', undefined],
  ['with an empty one', ''],
] as const)('a choice in an ephemeral message is served %s, in its place', async ([, blockId]) => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  const { ts } = await answerTo(alice, '/apitoken list');
  const press = { type: 'block_actions', action_id: 'list_filter', value: 'revoked:1' } as const;
  const { payload } = alice.drafts({ ...press, from: { message: ts } });
  const actions = [{ type: 'button', action_id: 'list_filter', value: 'revoked:1', block_id: blockId }];

  await alice.forges({ type: 'raw', envelope: 'interactive', payload: { ...payload, actions } });

  await soon(() => expect(alice.reads('#general')).toContain('You have no tokens yet.'));
  expect(alice.sees('#general')).toHaveLength(1);
});

test('what is empty in a press is not there: it is answered in the dialog that its trigger opens', async () => {
  const { workspace } = await setStage();
  const alice = workspace.person('alice');
  await alice.opensHome();
  const view = await soon(() => alice.home()?.id ?? Promise.reject(new Error('no Home tab yet')));
  const press = { type: 'block_actions', action_id: 'of_another_version', from: { view } } as const;
  const { payload } = alice.drafts(press);
  const empty = { response_url: '', channel: { id: '' }, team: null, message: null };

  await alice.forges({ type: 'raw', envelope: 'interactive', payload: { ...payload, ...empty } });

  await modalSaying(alice, OTHER_VERSION);
});

test('a message with buttons says of each block what kind of message it is, and draws no button that is not drawn in that kind', () => {
  const messages = [...messagesAbout('m'), ...tableMessagesAbout('m')];
  const flaws = messages.flatMap(([name, { blocks }]) => {
    const ids = blocks.flatMap(({ block_id }) => block_id ?? []);
    const kinds = new Set(ids.map((id) => id.split(':', 1)[0]));
    const [kind = 'none'] = kinds;
    const pressable = actionIdsIn(blocks);
    if (pressable.length === 0) return [];
    const isMarked = kinds.size === 1 && ids.length === blocks.length && new Set(ids).size === ids.length;
    const stray = pressable.filter((id) => !PRESSES.get(id)?.drawnIn.some((place) => place === kind));
    return isMarked && stray.length === 0 ? [] : [`${name}: ${kind}, ${stray.join(' ')}`];
  });

  expect(flaws).toEqual([]);
  expect(messages.filter(([, { blocks }]) => actionIdsIn(blocks).length > 0).length).toBeGreaterThan(20);
});

test('a view draws no button that is not drawn in a view', () => {
  const views = viewsAbout('m').filter(
    ([name]) => !/^dialog with (receipt|notice|leak|the value|board)/.test(name),
  );
  const flaws = views.flatMap(([name, view]) => {
    const place = view.type === 'home' ? 'home' : 'dialog';
    const stray = actionIdsIn(view.blocks).filter((id) => PRESSES.get(id)?.drawnIn.includes(place) !== true);
    return stray.length === 0 ? [] : [`${name}: ${stray.join(' ')}`];
  });

  expect(flaws).toEqual([]);
});

/** Of all elements but fields of a dialog, which nobody is told of when they are filled in. */
function actionIdsIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  if ('type' in part && part.type === 'input' && !('dispatch_action' in part)) return [];
  const own = 'action_id' in part && typeof part.action_id === 'string' ? [part.action_id] : [];
  return [...own, ...Object.values(part).flatMap(actionIdsIn)];
}

type Scene = {
  readonly stage: Stage;
  readonly workspace: Workspace;
  readonly carol: Person;
  readonly alice: Person;
  readonly boardTs: string;
  /** The timestamps of the messages that may be pressed in. */
  readonly places: Readonly<Record<string, string>>;
  readonly ids: { readonly live: string; readonly dead: string; readonly deadToo: string };
};

/** Carol, who may do everything and has a token, and all that stands in Slack after some days of work. */
async function setScene(): Promise<Scene> {
  const clock = aClock();
  const workspace = await openWorkspace({ clock });
  const stage = await setStage({ clock, workspace, env: { ADMINS: 'U0CAROL0001' } });
  const [alice, carol] = [workspace.person('alice'), workspace.person('carol')];
  const live = await holdsToken(stage, carol, 'carols-bot', { createdAt: T0, lifetimeDays: 30 });
  const dead = await holdsToken(stage, carol, 'dead-bot', { createdAt: T0 });
  const deadToo = await holdsToken(stage, carol, 'dead-bot-too', { createdAt: T0 });
  await holdsToken(stage, carol, 'shared-bot', { createdAt: T0 });
  await settled(stage);
  await clock.moveBy(23 * DAY_MS);
  await chores(stage);
  const notice = await soon(() => toldTo(carol)[0] ?? Promise.reject(new Error('no notice yet')));
  await carol.types('#oncall', '/apitoken board');
  const board = await soon(
    () =>
      carol.sees('#oncall').find(({ buttons }) => buttons.includes('Stop updating')) ??
      Promise.reject(new Error('no board yet')),
  );
  await answerTo(carol, '/apitoken status');
  const page = await answerIn(alice, '#general', () => carol.clicks('Share to channel', { in: '#general' }));
  for (const name of ['dead-bot', 'dead-bot-too', 'shared-bot']) {
    await opens(carol, `/apitoken revoke ${name}`, '#general');
    await carol.submits();
    await modalSaying(carol, `${name} is revoked.`);
    if (name !== 'shared-bot') await carol.closes();
  }
  const card = await answerIn(alice, '#general', () => carol.clicks('Share to channel', { in: 'modal' }));
  await soon(() => expect(carol.modal()?.buttons).toContain('Shared to #general'));
  await carol.closes();
  await carol.clicks('Refresh', { in: '@apitoken', near: 'carols-bot' });
  await soon(() => expect(receiptOf(carol, 'carols-bot').text).toContain('expiring soon'));
  await settled(stage);
  const { ts: alone } = await answerTo(carol, '/apitoken list');
  keepsLeak(stage, { ts: LEAK_TS, tokenId: live.id });
  const places = {
    ...Object.fromEntries(SEEN_ALONE.map((kind) => [kind, alone])),
    receipt: receiptOf(carol, 'carols-bot').ts,
    notice: notice.ts,
    'shared page': page.ts,
    'shared card': card.ts,
    board: board.ts,
    'leak card': workspace.post('#general', 'buildbot', {
      text: 'a leak',
      blocks: [{ type: 'divider', block_id: 'leak:0' }],
    }),
    'another app’s': workspace.post('#general', 'buildbot', {
      text: 'a build',
      blocks: [{ type: 'divider' }],
    }),
  };
  return {
    stage,
    workspace,
    carol,
    alice,
    boardTs: board.ts,
    places,
    ids: { live: live.id, dead: dead.id, deadToo: deadToo.id },
  };
}

/** What comes of a press: who is served or refused, with what became of what lasts. */
async function outcomeOf(
  press: { actionId: string; value: string; place: Place },
  { stage, workspace, carol, places, ids }: Scene,
): Promise<string> {
  const { actionId, place } = press;
  // A card is shared to a channel once.
  const value = press.value
    .replace('ID', ids.live)
    .replace('LEAK', `C0GENERAL01 ${LEAK_TS}`)
    .replace('DEAD', place === 'dialog' ? ids.deadToo : ids.dead);
  const view = place === 'dialog' ? (await opens(carol, '/apitoken revoke carols-bot')).id : undefined;
  const [before, seen, refusals] = [lasting(workspace), workspace.traffic.length, refusedTo(carol, stage)];

  const { acked } = await carol.forges({
    type: 'block_actions',
    action_id: actionId,
    ...partsFor(actionId, value),
    ...(view === undefined ? originOf(place, actionId, places) : { from: { view } }),
  });
  const said = await soon(() => {
    const answers = workspace.traffic
      .slice(seen)
      .filter((entry) => isAnswer(entry, deliveriesIn(workspace).at(-1), view));
    if (answers.length === 0) throw new Error(`nothing comes of ${actionId} in ${place}`);
    return JSON.stringify(answers);
  });
  await settled(stage);
  while (carol.modal() !== undefined) await carol.closes();

  if (!acked) return 'not acknowledged';
  const isRefused = said.includes(OTHER_VERSION);
  const noted = refusedTo(carol, stage) - refusals;
  if (noted !== (isRefused ? 1 : 0)) return `${noted} refusals are noted`;
  const changes = changesSince(before, lasting(workspace), places);
  return [isRefused ? 'refused' : 'served', ...changes].join(', ');
}

/** Whether the app did it because of this press, and not of one before: by its url or trigger, or in what it draws anew. */
function isAnswer(entry: TrafficEntry, press: DeliveryEntry | undefined, view: string | undefined): boolean {
  if (entry.kind === 'delivery' || press === undefined) return false;
  const { response_url: url, trigger_id: trigger } = press.payload;
  // What is shared from a dialog goes to where that was opened from.
  if (entry.kind === 'response-url') return view !== undefined || entry.method === url;
  const { args, method } = entry;
  return (
    args.trigger_id === trigger ||
    (view !== undefined && args.view_id === view) ||
    ['views.publish', 'chat.update'].includes(method)
  );
}

function partsFor(actionId: string, value: string) {
  if (actionId === 'token_menu_0') return { action: { type: 'overflow', selected_option: { value } } };
  if (actionId === 'list_search') return { action: { type: 'plain_text_input', value } };
  return actionId === 'status_owner' ? { action: { type: 'users_select', selected_user: value } } : { value };
}

function originOf(
  place: Place,
  actionId: string,
  places: Scene['places'],
): Pick<Extract<Forged, { type: 'block_actions' }>, 'from' | 'block_id'> {
  if (place === 'Home') return { from: { view: { type: 'home' } } };
  const from = { message: places[place] ?? '' };
  // Of a message that Slack does not keep, the client says what it was; of any other that says nothing.
  const isAlone = SEEN_ALONE.some((kind) => kind === place);
  return { from, block_id: isAlone ? `${place}:0` : `${kindOf(actionId)}:0` };
}

/** The kind that a liar would claim. */
function kindOf(actionId: string): string {
  return DRAWN[actionId]?.[1][0] ?? 'list';
}

/** How often the person was refused, be that an event or a count. */
function refusedTo({ id }: Person, stage: Stage): number {
  const rows = rowsOf(stage, 'select sum(count) as count from refusal_counts where actor = ?', id);
  return Number(rows[0]?.count ?? 0);
}

/** What lasts in channels, which others read, and the receipt and the notice; files in a conversation of two come later. */
function lasting(workspace: Workspace): Map<string, string> {
  const messages = workspace
    .messages()
    .filter(({ onlyFor, files }) => onlyFor === undefined && files.length === 0);
  return new Map(messages.map(({ ts, text, blocks }) => [ts, JSON.stringify([text, blocks])]));
}

function changesSince(
  before: Map<string, string>,
  after: Map<string, string>,
  places: Scene['places'],
): string[] {
  const changed = [...before].filter(([ts, text]) => after.get(ts) !== text);
  const nameOf = (ts: string) => Object.keys(places).find((name) => places[name] === ts) ?? 'something else';
  const isPosted = [...after.keys()].some((ts) => !before.has(ts));
  return [...changed.map(([ts]) => `changed ${nameOf(ts)}`), ...(isPosted ? ['to everybody'] : [])];
}
