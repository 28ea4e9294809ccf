import { expect, test } from 'vitest';
import { drawnLength } from '../../sandbox/workspace/blocks.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import { fateOf } from '../../src/slack/reply/slack-error.ts';
import { refreshBoards } from '../../src/slack/status/board.ts';
import type { WorkspaceId } from '../../src/tokens/token.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  callsOf,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  receiptOf,
  receiptsOf,
  rowsOf,
  setStill,
  settled,
  soon,
  toldTo,
  withStore,
} from './flows.ts';
import { messagesAbout, TYPED } from './worst-cases.ts';

const CAROL = { MANAGERS: 'U0CAROL0001' };
const A_MONTH = { createdAt: T0, lifetimeDays: 30 };
const IN_A_WEEK = T0 + 23 * DAY_MS;
/** How often each method is called for what follows below: two messages, a receipt and a board, a Home tab. */
const CALLS = [
  ['chat.postMessage', 2],
  ['chat.update', 2],
  ['views.publish', 1],
] as const;

/** Of each method of these, what Slack documents that passes, or that somebody can mend. */
const KEPT = [
  ['internal_error', 'passes'],
  ['fatal_error', 'passes'],
  ['service_unavailable', 'passes'],
  ['request_timeout', 'passes'],
  ['team_added_to_org', 'passes'],
  ['org_login_required', 'passes'],
  ['rate_limited', 'passes'],
  ['external_channel_migrating', 'passes'],
  ['update_failed', 'passes'],
  ['access_denied', 'mendable'],
  ['accesslimited', 'mendable'],
  ['account_inactive', 'mendable'],
  ['edit_window_closed', 'mendable'],
  ['ekm_access_denied', 'mendable'],
  ['enterprise_is_restricted', 'mendable'],
  ['invalid_auth', 'mendable'],
  ['is_archived', 'mendable'],
  ['is_inactive', 'mendable'],
  ['message_limit_exceeded', 'mendable'],
  ['messages_tab_disabled', 'mendable'],
  ['missing_scope', 'mendable'],
  ['no_permission', 'mendable'],
  ['not_allowed_token_type', 'mendable'],
  ['not_authed', 'mendable'],
  ['not_enabled', 'mendable'],
  ['not_in_channel', 'mendable'],
  ['posting_to_channel_denied', 'mendable'],
  ['restricted_action', 'mendable'],
  ['restricted_action_read_only_channel', 'mendable'],
  ['restricted_action_thread_only_channel', 'mendable'],
  ['restricted_action_non_threadable_channel', 'mendable'],
  ['restricted_action_of_next_year', 'mendable'],
  ['team_access_not_granted', 'mendable'],
  ['token_expired', 'mendable'],
  ['token_revoked', 'mendable'],
  ['two_factor_setup_required', 'mendable'],
  ['user_is_restricted', 'mendable'],
  ['a_code_of_next_year', 'unclear'],
] as const;

/** After these another receipt is posted at once. */
const RECEIPT_ANEW: readonly string[] = ['edit_window_closed', 'is_inactive'];

test.for(KEPT)(
  'when Slack answers %s, which %s, no notice, revocation, receipt, Home tab or board is dropped',
  async ([error]) => {
    const { stage, clock, alice, workspace } = await setEachKind();
    for (const [method, times] of CALLS) workspace.faults.add({ method, times, error });

    await isRevoked(stage);
    await soon(() => expect(refusedWith(stage, error)).toBe(5));
    await soon(() =>
      expect(rowsOf(stage, 'select key from outbox where attempts > 0')).toHaveLength(
        RECEIPT_ANEW.includes(error) ? 4 : 5,
      ),
    );
    await clock.moveBy(HOUR_MS);
    await settled(stage);

    const told = toldTo(alice).map(({ text }) => text.split('\n')[0]);
    expect(told).toContain('@dave revoked your token deploy-bot.');
    expect(told).toContain('Your token other-bot expires in 7 days.');
    expect(receiptsOf(alice, 'deploy-bot').at(-1)?.text).toContain('revoked');
    expect(alice.home()?.text).not.toContain('deploy-bot');
    expect(alice.reads('#oncall')).toContain('Revoked 1');
  },
);

/** What stands in each short form. */
const IN_SHORT = /Slack (did not take the whole|can't show your list)|Too many names to show here/;

const NOT_TAKEN = [
  ['msg_blocks_too_long'],
  ['msg_too_long'],
  ['invalid_blocks'],
  ['invalid_blocks_format'],
  ['invalid_attachments'],
  ['invalid_arguments'],
] as const;

test.for(NOT_TAKEN)(
  'when Slack answers %s, each of these is said in short at once, and says where the rest is',
  async ([error]) => {
    const { stage, alice, workspace } = await setEachKind();
    // By what they say: what is said in short may come before another one is said at all.
    const when = (args: object) => !IN_SHORT.test(JSON.stringify(args));
    for (const [method] of CALLS) workspace.faults.add({ method, times: 99, error, when });

    await isRevoked(stage);
    await settled(stage);

    expect(refusedWith(stage, error)).toBe(5);
    const told = toldTo(alice).map(({ text }) => text);
    const where =
      'Slack did not take the whole of this message. /apitoken list all shows your tokens, /apitoken info NAME one of them.';
    expect(told).toContain(`@dave revoked your token deploy-bot.\n${where}`);
    expect(told).toContain(`Your token other-bot expires in 7 days.\n${where}`);
    expect(told).toContain(`API token deploy-bot: revoked\n${where}`);
    expect(JSON.stringify(alice.home())).toContain("Slack can't show your list here.");
    const board = alice.reads('#oncall');
    expect(board).toContain('Revoked 1');
    expect(board).toContain('Too many names to show here. Type /apitoken status to see them.');
    expect(rowsOf(stage, 'select key from outbox where attempts > 0')).toEqual([]);
    expect(stage.log()).toContain('Slack refused a message; sending a shorter one');
  },
);

test.for([
  ['a list', '/apitoken list', 'My API Tokens, active: deploy-bot'],
  ['a history', '/apitoken history deploy-bot', 'History of the API token deploy-bot'],
  ['what is known of a token', '/apitoken info deploy-bot', 'API token deploy-bot: active'],
] as const)('%s that Slack does not take as it is, is answered in short', async ([, command, short]) => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  workspace.faults.add({ url: 'response_url', status: 400, error: 'invalid_blocks' });

  const { text } = await answerTo(alice, command);

  expect(text).toContain(`${short}\nSlack did not take the whole of this message.`);
});

test('where Slack takes neither a table nor sections, whoever asked for all tokens reads how many there are', async () => {
  const { stage, alice, workspace } = await setStill(CAROL);
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  workspace.faults.add({ url: 'response_url', status: 400, error: 'invalid_blocks', times: 2 });

  const { text } = await answerTo(workspace.person('carol'), '/apitoken status');

  expect(text).toContain('API tokens, not revoked: 1 token, page 1 of 1');
});

test('what can be mended is tried for a week, what nobody can tell for half a day; then the log says that it is given up', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', A_MONTH);
  await settled(stage);
  await clock.moveTo(IN_A_WEEK);
  const attempts = () => rowsOf(stage, "select attempts from outbox where key like 'notice:%'");
  const triesWith = async (error: string, before: number) => {
    const calls = refusedWith(stage, error);
    workspace.faults.add({ method: 'chat.postMessage', error });
    setAttempts(stage, before);
    await soon(() => expect(refusedWith(stage, error)).toBe(calls + 1));
    await soon(() => expect(attempts()).not.toEqual([{ attempts: before }]));
  };
  workspace.faults.add({ method: 'chat.postMessage', error: 'missing_scope' });
  await withStore(stage, (store) => store.sendNotices(stage.now()));
  await soon(() => expect(attempts()).toEqual([{ attempts: 1 }]));

  await triesWith('missing_scope', 80);
  expect(attempts()).toEqual([{ attempts: 81 }]);
  await triesWith('org_login_required', 999);
  expect(attempts()).toEqual([{ attempts: 1000 }]);
  await triesWith('a_code_of_next_year', 79);
  expect(attempts()).toEqual([{ attempts: 80 }]);
  expect(stage.log()).not.toContain('a message is given up');
  await triesWith('a_code_of_next_year', 80);

  expect(attempts()).toEqual([]);
  expect(stage.log()).toContain('a message was given up: Slack refused it for too long');
});

test.for([
  ['message_not_found'],
  ['channel_not_found'],
  ['cant_update_message'],
  ['edit_window_closed'],
  ['is_inactive'],
] as const)('a receipt that cannot be changed any more (%s) is posted anew', async ([error]) => {
  const { stage, alice, workspace } = await setEachKind();
  workspace.faults.add({ method: 'chat.update', error });

  await ends(stage, 'deploy-bot');
  await settled(stage);

  expect(receiptsOf(alice, 'deploy-bot').at(-1)?.text).toContain('revoked');
});

test.for([
  ['accesslimited', "Slack refuses apitoken's network address. Ask an admin to allow it."],
  ['message_limit_exceeded', "This workspace has reached its plan's message limit. Ask an admin."],
  ['ekm_access_denied', 'Messages are suspended in this workspace. Ask an admin.'],
  [
    'restricted_action_read_only_channel',
    "A setting of this workspace blocks apitoken's messages. Ask an admin.",
  ],
  ['no_permission', "apitoken can't message you. Ask an admin to install it again."],
  ['org_login_required', "Slack is moving this workspace. Try again when that's done."],
] as const)('whoever cannot be shown a value for %s reads what mends it', async ([error, sentence]) => {
  const { stage, clock, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { ...A_MONTH, shown: false });
  await clock.moveBy(MINUTE_MS);
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', error });

  await alice.clicks('Show value', { in: '@apitoken' });
  await soon(() => expect(receiptOf(alice, 'deploy-bot').text).toContain(sentence));
});

test('of a group that Slack does not tell of for want of a scope, nothing is remembered: mended, it counts at once', async () => {
  const { stage, workspace } = await setStill({ ONCALL: 'S0ONCALL001' });
  const bob = workspace.person('bob');
  workspace.faults.add({ method: 'usergroups.users.list', error: 'missing_scope' });

  expect((await answerTo(bob, '/apitoken status')).text).toContain(
    'Only managers, on-call and admins can use /apitoken status.',
  );
  expect((await answerTo(bob, '/apitoken status')).text).toContain('API Tokens');

  expect(stage.log()).toContain('Slack did not say who is in a user group');
});

test.for(TYPED)(
  'what is posted by chat.* has less text in its blocks than Slack takes, with names and notes of %s',
  ([, unit]) => {
    const posted = messagesAbout(unit).filter(([what]) => !BY_RESPONSE_URL.test(what));

    expect(posted.map(([what]) => what)).toEqual(
      expect.arrayContaining(['board', 'stopped board', 'the value']),
    );
    for (const [what, { text, blocks }] of posted) {
      // A header of no length cost 100, a divider 125.
      const room = 125 * containersIn(blocks);
      expect(drawnLength(blocks) + room, what).toBeLessThanOrEqual(12_000);
      expect(Buffer.byteLength(text), what).toBeLessThanOrEqual(4000);
    }
  },
);

test('the fate of each code is the one in the table, and of all others it is unclear', () => {
  expect(KEPT.map(([code]) => fateOf(code))).toEqual(KEPT.map(([, fate]) => fate));
  expect(NOT_TAKEN.map(([code]) => fateOf(code))).toEqual(NOT_TAKEN.map(() => 'not_taken'));
  for (const code of ['user_disabled', 'user_not_found', 'user_not_visible'])
    expect(fateOf(code)).toBe('nobody_there');
  for (const code of ['restricted', 'constructor', '', 'channel_not_found'])
    expect(fateOf(code)).toBe('unclear');
});

/** What answers a command or a press, where blocks are not limited together. */
const BY_RESPONSE_URL = /card of|list|history|info|matches|checked|who is meant|help|unknown command/;

/** Blocks, and what stands in a rich text: what Slack may count beside their texts. */
function containersIn(blocks: readonly object[]): number {
  let count = 0;
  JSON.stringify(blocks, (_key, part) => {
    if (/^(section|context|header|actions|rich_text|rich_text_list)$/.test(part?.type)) count += 1;
    return part;
  });
  return count;
}

/** Alice's tokens, of which one is to expire in a week, her Home tab, and a board in #oncall that Carol put there. */
async function setEachKind() {
  const set = await setStill(CAROL);
  const { stage, clock, alice, workspace } = set;
  const carol = workspace.person('carol');
  await carol.types('#oncall', '/apitoken board');
  await soon(() => expect(carol.reads('#oncall')).toContain('Posted by @carol'));
  await holdsTokens(
    stage,
    alice,
    2,
    (number) => (number === 1 ? 'deploy-bot' : 'other-bot'),
    () => A_MONTH,
  );
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await settled(stage);
  await clock.moveTo(IN_A_WEEK);
  await refreshed(stage);
  await settled(stage);
  await clock.moveBy(MINUTE_MS);
  return set;
}

/** A notice falls due, a token is revoked by somebody else, and with that a receipt, a Home tab and a board are out of date. */
async function isRevoked(stage: Stage): Promise<void> {
  await ends(stage, 'deploy-bot');
  await withStore(stage, (store) => store.sendNotices(stage.now()));
  await refreshed(stage);
}

async function ends(stage: Stage, name: string): Promise<void> {
  const dave = stage.workspace.person('dave');
  await opens(dave, `/apitoken revoke ${name}`);
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, `${name} is revoked.`);
}

function refreshed(stage: Stage): Promise<void> {
  const workspace = stage.workspace.teamId as WorkspaceId;
  return withStore(stage, (store) => refreshBoards({ store, workspace, clock: stage.now }));
}

function refusedWith({ workspace }: Stage, error: string): number {
  return CALLS.flatMap(([method]) => callsOf(workspace, method)).filter(
    ({ answer }) => JSON.stringify(answer) === JSON.stringify({ ok: false, error }),
  ).length;
}

function setAttempts(stage: Stage, attempts: number): void {
  const sqlite = stage.look();
  sqlite
    .prepare("update outbox set attempts = ?, due_at = ? where key like 'notice:%'")
    .run(attempts, stage.now());
  sqlite.close();
}
