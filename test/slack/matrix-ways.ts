import type { Forged } from '../../sandbox/workspace/forge.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { AckOutcome } from '../../sandbox/workspace/sockets.ts';
import {
  ALL_TOKENS_ID,
  BOARD_STOP_ID,
  CARD_REFRESH_ID,
  CARD_SHARE_ID,
  CARD_STOPPED_ID,
  CARD_TIMELINE_ID,
  CREATE_DIALOG_ID,
  CREATE_ID,
  CREATE_SHORTCUT_ID,
  DECLINE_ID,
  END_OLD_ID,
  HIDE_VALUE_ID,
  HISTORY_NEWER_ID,
  HISTORY_OLDER_ID,
  LEAKED_DIALOG_ID,
  LEAKED_INPUT_ID,
  LIST_CLEAR_ID,
  LIST_FILTER_ID,
  LIST_NEXT_ID,
  LIST_PREVIOUS_ID,
  LIST_SEARCH_ID,
  MESSAGE_SHORTCUT_ID,
  NEW_VALUE_ID,
  PICK_DIALOG_ID,
  PICK_PERSON_DIALOG_ID,
  PICK_PERSON_ID,
  PICK_TOKEN_ID,
  REFRESH_ID,
  REMIND_ID,
  REVOKE_DIALOG_ID,
  REVOKE_HELD_ID,
  REVOKE_ID,
  REVOKE_LEAK_ID,
  REVOKE_LEAKED_ID,
  REVOKE_PERSON_ID,
  ROTATE_DIALOG_ID,
  ROTATE_ID,
  RUN_COMMAND_ID,
  SEVERAL_DIALOG_ID,
  SHOW_VALUE_ID,
  STATUS_CSV_ID,
  STATUS_EVERYBODY_ID,
  STATUS_FILTER_ID,
  STATUS_NEXT_ID,
  STATUS_OPEN_ID,
  STATUS_OWNER_ID,
  STATUS_PREVIOUS_ID,
  STATUS_SEARCH_ID,
  STATUS_SHARE_ID,
} from '../../src/slack/blocks/ids.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import type { Stage } from '../fixture.ts';
import { keepsLeak, soon } from './flows.ts';
import type { Way } from './matrix-table.ts';

/** One walk: who comes, and the token that they come for. */
export type Walk = {
  readonly stage: Stage;
  readonly walker: Person;
  readonly owner: Person;
  readonly token: { readonly id: TokenId; readonly name: string; readonly value: string };
  /** Eleven live tokens of the owner's, where the way needs them. */
  readonly eleven: readonly string[];
  /** An ephemeral message, to press in: of which kind it is Slack does not tell. */
  readonly ephemeral: string;
  /** Lasting ones, by their blocks a receipt and a notice. */
  readonly receipt: string;
  readonly notice: string;
  /** A message that holds the token's value. */
  readonly leak: string;
  /** Somebody else's note that they had presented the value. */
  readonly othersProof: string;
};

/** How a way is taken, whatever is drawn for whoever takes it, and how it shows that it worked. */
export type Taking = {
  /** `own`: only one's own can be named in it. `none`: it concerns no token. */
  readonly about: 'tokens' | 'own' | 'none';
  /** Active unless it says otherwise. */
  readonly token?: 'unclaimed' | 'revoked' | 'rotated' | 'eleven';
  readonly take: (walk: Walk) => Promise<AckOutcome>;
  /** What the app says when it worked, and does not when it refused. */
  readonly sign: string | ((walk: Walk) => string);
  /** What it says to somebody who is let in when it refuses; where there is nothing, as for a token that is not there. */
  readonly refusal?: string;
};

/** What a board says that was just put up, and one that was just stopped. */
export const PLACED_SIGN = 'The API token board will appear here in a moment.';
export const STOPPED_SIGN = 'Stopped by';
/** Stands for a receipt that was drawn once more. */
export const RECEIPT_SIGN = 'a receipt drawn anew';

type Field = { [actionId: string]: { [key: string]: unknown } };

const STATUS_ONLY = 'Only managers, on-call and admins can use /apitoken status.';
const BOARD_ONLY = 'Only managers, on-call and admins can use /apitoken board.';
const PERSON_ONLY = 'Only on-call and admins can use /apitoken revoke @person.';
const CHARACTERS_ONLY = 'No token found. Only on-call and admins can revoke by first characters.';
const TOLD_NOTHING = 'Only its owner, on-call and admins can check a value.';
const CANNOT_OWN = "This person can't own a token";
const NO_SUCH_SCOPE = 'One of these scopes no longer exists';
const LAPSED = 'That value no longer works, or you entered it';

const ONE_FOUND = '1 token matches';

const nameOf = ({ token }: Walk) => token.name;

function command(text: (walk: Walk) => string, place = '#general') {
  return (walk: Walk) => walk.walker.forges({ type: 'slash_command', text: text(walk), channel: place });
}

/** Where something is pressed that is drawn there. */
type Place = (walk: Walk) => Pick<Extract<Forged, { type: 'block_actions' }>, 'from' | 'block_id'>;
const inOne = (kind: string): Place => {
  return ({ ephemeral }) => ({ from: { message: ephemeral }, block_id: `${kind}:0` });
};
const inList = inOne('list');
const inHistory = inOne('history');
const inCard = inOne('card');
const inStatus = inOne('status');
const inReceipt: Place = ({ receipt }) => ({ from: { message: receipt } });
const inNotice: Place = ({ notice }) => ({ from: { message: notice } });
/** The card about the message that holds the token's value, and that message as it is kept. */
const inLeak: Place = ({ stage, leak, token }) => {
  keepsLeak(stage, { ts: leak, tokenId: token.id });
  const blocks = [{ type: 'divider', block_id: 'leak:0' }];
  return { from: { message: stage.workspace.post('#general', 'buildbot', { text: 'leak', blocks }) } };
};
const inHome: Place = () => ({ from: { view: { type: 'home' } } });
/** The newest one in #oncall. */
const inBoard: Place = ({ stage }) => {
  const { workspace } = stage;
  const posts = workspace.messages(workspace.ids.channels.oncall);
  const board = posts.findLast(({ from, onlyFor }) => from === workspace.botUserId && onlyFor === undefined);
  return { from: { message: board?.ts ?? '' } };
};

/** A button, where it stands. */
function button(actionId: string, place: Place, value: (walk: Walk) => string = () => '') {
  return (walk: Walk) =>
    walk.walker.forges({
      type: 'block_actions',
      action_id: actionId,
      value: value(walk),
      ...place(walk),
    });
}

const ofToken = ({ token }: Walk) => token.id;
const ofGeneration = ({ token }: Walk) => `${token.id}:0`;

/** An entry of a row's menu, in a message or in the Home tab. */
function cog(verb: string, place = inList) {
  return (walk: Walk) =>
    walk.walker.forges({
      type: 'block_actions',
      action_id: 'token_menu_0',
      action: { type: 'overflow', selected_option: { value: `${verb}:${walk.token.id}:active:1` } },
      ...place(walk),
    });
}

/** Enter, in the field that searches. */
function searched(place: Place) {
  return (walk: Walk) =>
    walk.walker.forges({
      type: 'block_actions',
      action_id: LIST_SEARCH_ID,
      action: { type: 'plain_text_input', value: nameOf(walk) },
      ...place(walk),
    });
}

function submission(
  dialog: string,
  parts: (walk: Walk) => { metadata?: unknown; state: { [blockId: string]: Field } },
) {
  return (walk: Walk) => {
    const { metadata = '', state } = parts(walk);
    const text = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
    return walk.walker.forges({
      type: 'view_submission',
      callback_id: dialog,
      private_metadata: text,
      state,
    });
  };
}

function field(id: string, holds: { [key: string]: unknown }): { [blockId: string]: Field } {
  return { [id]: { [id]: holds } };
}

const text = (id: string, value: string) => field(id, { type: 'plain_text_input', value });
const option = (id: string, value: string) =>
  field(id, { type: 'static_select', selected_option: { value } });
const person = (id: string, value: string) => field(id, { type: 'users_select', selected_user: value });
const ticked = (id: string, values: readonly string[]) =>
  field(id, { type: 'checkboxes', selected_options: values.map((value) => ({ value })) });
const WITH_REASON = text('reason', 'leaked');

function created(more: (walk: Walk) => { [blockId: string]: Field }) {
  return submission(CREATE_DIALOG_ID, (walk) => ({
    state: { ...text('name', `new-${walk.walker.handle}`), ...option('lifetime', '7'), ...more(walk) },
  }));
}

function elevenOf(typed: (walk: Walk) => string) {
  return submission(SEVERAL_DIALOG_ID, (walk) => ({
    metadata: { person: walk.owner.id },
    state: { ...ticked('tokens_0', walk.eleven), ...text('person_name', typed(walk)), ...WITH_REASON },
  }));
}

function picked(verb: string) {
  return submission(PICK_DIALOG_ID, ({ token }) => ({
    metadata: verb,
    state: option(PICK_TOKEN_ID, token.id),
  }));
}

/** Presents the value, and submits what was opened. */
function heldSubmission(walk: Walk): Promise<AckOutcome> {
  const state = WITH_REASON;
  return presenting(walk, (id) => walk.walker.forges({ type: 'view_submission', id, state }));
}

/** The same, and ends nothing but that value. */
function endingOldOnly(walk: Walk): Promise<AckOutcome> {
  return presenting(walk, async (_id, outcome) => {
    await walk.walker.clicks('End old value only', { in: 'modal' });
    return outcome;
  });
}

async function presenting(
  walk: Walk,
  act: (dialogId: string, opening: AckOutcome) => Promise<AckOutcome>,
): Promise<AckOutcome> {
  const { workspace } = walk.stage;
  const before = workspace.traffic.length;
  const outcome = await walk.walker.forges({
    type: 'slash_command',
    text: `revoke ${walk.token.value}`,
    channel: '#general',
  });
  const opened = await openedSince(walk, before);
  return opened === undefined ? outcome : act(opened, outcome);
}

/** Types the value where none belongs, and presses what is offered. */
async function revokingTyped(walk: Walk): Promise<AckOutcome> {
  const { stage, walker, token, ephemeral } = walk;
  const before = stage.workspace.traffic.length;
  const text = `info ${token.value}`;
  const outcome = await walker.forges({ type: 'slash_command', text, channel: '#general' });
  const said = await soon(() => {
    const answers = stage.workspace.traffic.slice(before).filter(({ kind }) => kind === 'response-url');
    if (answers.length === 0) throw new Error('nothing was said');
    return JSON.stringify(answers);
  });
  const [, value] = /"value":"([^"]+)"/.exec(said) ?? [];
  if (value === undefined) return outcome;
  const press = { type: 'block_actions', action_id: REVOKE_HELD_ID, block_id: 'held:0', value } as const;
  return walker.forges({ ...press, from: { message: ephemeral } });
}

/** The id of the dialog that was opened; undefined when something was said in its place. */
async function openedSince({ stage, walker }: Walk, before: number): Promise<string | undefined> {
  return soon(() => {
    const modal = walker.modal();
    if (modal !== undefined) return modal.id;
    const isTold = stage.workspace.traffic.slice(before).some(({ kind }) => kind === 'response-url');
    if (!isTold) throw new Error('nothing was opened, and nothing said');
    return undefined;
  });
}

const opensDialog = (id: string) => `"callback_id":"${id}"`;

/** Every way, and how it is taken. */
export const WAYS: Readonly<Record<Way, Taking>> = {
  '/apitoken': { about: 'none', take: command(() => ''), sign: 'My API Tokens' },
  '/apitoken list all': { about: 'own', take: command(() => 'list all'), sign: nameOf },
  // Of what somebody may not see nothing is found, and nothing refused.
  '/apitoken find TEXT': { about: 'own', take: command((walk) => `find ${nameOf(walk)}`), sign: ONE_FOUND },
  '/apitoken help': { about: 'none', take: command(() => 'help'), sign: 'apitoken: /apitoken create' },
  '/apitoken frobnicate': { about: 'none', take: command(() => 'frobnicate'), sign: "isn't a command." },
  '/apitoken create NAME': {
    about: 'none',
    take: command(() => 'create a-bot'),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  '/apitoken info NAME': { about: 'tokens', take: command((walk) => `info ${nameOf(walk)}`), sign: nameOf },
  '/apitoken info, to pick': { about: 'own', take: command(() => 'info'), sign: opensDialog(PICK_DIALOG_ID) },
  '/apitoken history NAME': {
    about: 'tokens',
    take: command((walk) => `history ${nameOf(walk)}`),
    sign: nameOf,
  },
  '/apitoken history, to pick': {
    about: 'own',
    take: command(() => 'history'),
    sign: opensDialog(PICK_DIALOG_ID),
  },
  '/apitoken rotate NAME': {
    about: 'tokens',
    take: command((walk) => `rotate ${nameOf(walk)}`),
    sign: opensDialog(ROTATE_DIALOG_ID),
  },
  '/apitoken rotate, to pick': {
    about: 'own',
    take: command(() => 'rotate'),
    sign: opensDialog(PICK_DIALOG_ID),
  },
  '/apitoken revoke NAME': {
    about: 'tokens',
    take: command((walk) => `revoke ${nameOf(walk)}`),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  '/apitoken revoke tok_…': {
    about: 'tokens',
    take: command(({ token }) => `revoke ${token.id}`),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  '/apitoken revoke VALUE': {
    about: 'tokens',
    take: command(({ token }) => `revoke ${token.value}`),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  '/apitoken revoke first characters': {
    about: 'tokens',
    take: command(({ token }) => `revoke ${token.value.slice(0, 15)}`),
    refusal: CHARACTERS_ONLY,
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  '/apitoken revoke @person': {
    about: 'tokens',
    take: command(({ owner }) => `revoke <@${owner.id}|somebody>`),
    refusal: PERSON_ONLY,
    sign: opensDialog(SEVERAL_DIALOG_ID),
  },
  '/apitoken revoke, to pick': {
    about: 'own',
    take: command(() => 'revoke'),
    sign: opensDialog(PICK_DIALOG_ID),
  },
  '/apitoken check VALUE': {
    about: 'tokens',
    take: command(({ token }) => `check ${token.value}`),
    sign: nameOf,
    refusal: TOLD_NOTHING,
  },
  '/apitoken status': {
    about: 'none',
    take: command(() => 'status'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, not revoked',
  },
  '/apitoken status @person': {
    about: 'none',
    take: command(({ owner }) => `status <@${owner.id}|somebody>`),
    refusal: STATUS_ONLY,
    sign: 'API tokens, not revoked',
  },
  '/apitoken status @nobody': {
    about: 'none',
    take: command(() => 'status @nobody'),
    refusal: STATUS_ONLY,
    sign: 'Choose the person below.',
  },
  '/apitoken board': {
    about: 'none',
    take: command(() => 'board', '#oncall'),
    refusal: BOARD_ONLY,
    sign: PLACED_SIGN,
  },

  'Create API Token, pressed': {
    about: 'none',
    take: button(CREATE_ID, inList),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  'Did you mean /apitoken help': {
    about: 'none',
    take: button(RUN_COMMAND_ID, inOne('unknown'), () => 'help'),
    sign: 'apitoken: /apitoken create',
  },
  'Did you mean /apitoken status, forged': {
    about: 'none',
    take: button(RUN_COMMAND_ID, inOne('unknown'), () => 'status'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, not revoked',
  },
  'the list’s filter': { about: 'own', take: button(LIST_FILTER_ID, inList, () => 'all:1'), sign: nameOf },
  'the list’s search': { about: 'own', take: searched(inList), sign: ONE_FOUND },
  'the list’s search, cleared': {
    about: 'own',
    take: button(LIST_CLEAR_ID, inList, () => 'all:1'),
    sign: nameOf,
  },
  'the list’s next page': { about: 'own', take: button(LIST_NEXT_ID, inList, () => 'all:1'), sign: nameOf },
  'the list’s previous page': {
    about: 'own',
    take: button(LIST_PREVIOUS_ID, inList, () => 'all:1'),
    sign: nameOf,
  },
  'cog: Rotate': { about: 'tokens', take: cog('rotate'), sign: opensDialog(ROTATE_DIALOG_ID) },
  'cog: Revoke API Token': { about: 'tokens', take: cog('revoke'), sign: opensDialog(REVOKE_DIALOG_ID) },
  'cog: Info': { about: 'tokens', take: cog('info'), sign: nameOf },
  'cog: History': { about: 'tokens', take: cog('history'), sign: nameOf },
  'cog: Show value': {
    about: 'tokens',
    token: 'unclaimed',
    take: cog('show_value'),
    sign: 'The value is in your direct messages',
  },
  'cog: Create again': {
    about: 'tokens',
    token: 'revoked',
    take: cog('create_again'),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  'Home, Create API Token, pressed': {
    about: 'none',
    take: button(CREATE_ID, inHome),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  'Home, the list’s filter': {
    about: 'own',
    take: button(LIST_FILTER_ID, inHome, () => 'all:1'),
    sign: nameOf,
  },
  'Home, cog: Show value': {
    about: 'tokens',
    token: 'unclaimed',
    take: cog('show_value', inHome),
    sign: 'The value is in your direct messages',
  },
  'Home, cog: Create again': {
    about: 'tokens',
    token: 'revoked',
    take: cog('create_again', inHome),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  'value: Hide now': {
    about: 'none',
    take: button(HIDE_VALUE_ID, inOne('value')),
    sign: '"delete_original":true',
  },
  'Home, cog: Rotate': {
    about: 'tokens',
    take: cog('rotate', inHome),
    sign: opensDialog(ROTATE_DIALOG_ID),
  },
  'Home, cog: Revoke API Token': {
    about: 'tokens',
    take: cog('revoke', inHome),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'Home, search': { about: 'own', take: searched(inHome), sign: ONE_FOUND },
  'Home, All tokens': {
    about: 'none',
    take: button(ALL_TOKENS_ID, inHome),
    refusal: STATUS_ONLY,
    sign: 'API Tokens',
  },
  'Home, Revoke a leaked token': {
    about: 'none',
    take: button(REVOKE_LEAKED_ID, inHome),
    sign: opensDialog(LEAKED_DIALOG_ID),
  },
  'Home, cog: Info': { about: 'tokens', take: cog('info', inHome), sign: nameOf },
  'Home, cog: History': { about: 'tokens', take: cog('history', inHome), sign: nameOf },
  'receipt: Rotate': {
    about: 'tokens',
    take: button(ROTATE_ID, inReceipt, ofToken),
    sign: opensDialog(ROTATE_DIALOG_ID),
  },
  'receipt: Revoke': {
    about: 'tokens',
    take: button(REVOKE_ID, inReceipt, ofToken),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'receipt: Show value': {
    about: 'tokens',
    token: 'unclaimed',
    take: button(SHOW_VALUE_ID, inReceipt, ofToken),
    sign: 'Copy it now',
  },
  'receipt: Decline': {
    about: 'tokens',
    take: button(DECLINE_ID, inReceipt, ofToken),
    sign: 'was changed in the meantime',
  },
  'receipt: Issue new value': {
    about: 'tokens',
    take: button(NEW_VALUE_ID, inReceipt, ofGeneration),
    sign: 'Copy it now',
  },
  'receipt: End old value now': {
    about: 'tokens',
    take: button(END_OLD_ID, inReceipt, ofGeneration),
    sign: 'The old value of',
  },
  'receipt: Refresh': { about: 'tokens', take: button(REFRESH_ID, inReceipt, ofToken), sign: RECEIPT_SIGN },
  'notice: Remind me tomorrow': {
    about: 'tokens',
    take: button(REMIND_ID, inNotice, ofToken),
    sign: "You'll be reminded of",
  },
  'leak card: Revoke': {
    about: 'tokens',
    take: button(REVOKE_LEAK_ID, inLeak, ({ leak }) => `C0GENERAL01 ${leak}`),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'leak card: Rotate': {
    about: 'tokens',
    take: button(ROTATE_ID, inLeak, ofToken),
    sign: opensDialog(ROTATE_DIALOG_ID),
  },
  'dialog: End old value only': {
    about: 'tokens',
    token: 'rotated',
    take: endingOldOnly,
    sign: 'The new value still works.',
  },
  'a typed value: Revoke it': {
    about: 'tokens',
    take: revokingTyped,
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'a typed value: Revoke it, with another’s proof': {
    about: 'tokens',
    take: button(REVOKE_HELD_ID, inOne('held'), ({ token, othersProof }) => `${othersProof} one ${token.id}`),
    sign: opensDialog(REVOKE_DIALOG_ID),
    refusal: LAPSED,
  },
  'history: Newer': {
    about: 'tokens',
    take: button(HISTORY_NEWER_ID, inHistory, ({ token }) => `${token.id}:1`),
    sign: nameOf,
  },
  'history: Older': {
    about: 'tokens',
    take: button(HISTORY_OLDER_ID, inHistory, ({ token }) => `${token.id}:1`),
    sign: nameOf,
  },
  'card: Refresh': {
    about: 'tokens',
    token: 'revoked',
    take: button(CARD_REFRESH_ID, inCard, ({ token }) => `alone:${token.id}`),
    sign: 'is revoked.',
  },
  'card: It has stopped': {
    about: 'tokens',
    token: 'revoked',
    take: button(CARD_STOPPED_ID, inCard, ({ token }) => `alone:${token.id}`),
    sign: 'said that it has stopped',
  },
  'card: Copy timeline': {
    about: 'tokens',
    token: 'revoked',
    take: button(CARD_TIMELINE_ID, inCard, ({ token }) => `alone:${token.id}`),
    sign: 'Copy this timeline',
  },
  'card: Share to channel': {
    about: 'tokens',
    token: 'revoked',
    take: button(CARD_SHARE_ID, inCard, ({ token }) => `alone:${token.id}`),
    sign: ({ token }) => `${token.name} is revoked`,
  },
  'card: Show the others': {
    about: 'tokens',
    take: button(REVOKE_PERSON_ID, inCard, ({ owner }) => owner.id),
    refusal: PERSON_ONLY,
    sign: opensDialog(SEVERAL_DIALOG_ID),
  },
  'status: Open NAME': {
    about: 'tokens',
    take: button(STATUS_OPEN_ID, inStatus, ofToken),
    sign: nameOf,
  },
  'status: search': {
    about: 'none',
    take: button(STATUS_SEARCH_ID, inStatus, () => 'bot'),
    refusal: STATUS_ONLY,
    sign: 'API tokens with',
  },
  'status: filter': {
    about: 'none',
    take: button(STATUS_FILTER_ID, inStatus, () => 'status:all::1'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, all',
  },
  'status: person': {
    about: 'none',
    take: button(STATUS_OWNER_ID, inStatus, ({ owner }) => owner.id),
    refusal: STATUS_ONLY,
    sign: 'API tokens, not revoked',
  },
  'status: Everybody': {
    about: 'none',
    take: button(STATUS_EVERYBODY_ID, inStatus, () => 'status:all::1'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, all',
  },
  'status: Next': {
    about: 'none',
    take: button(STATUS_NEXT_ID, inStatus, () => 'status:all::2'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, all',
  },
  'status: Previous': {
    about: 'none',
    take: button(STATUS_PREVIOUS_ID, inStatus, () => 'status:all::1'),
    refusal: STATUS_ONLY,
    sign: 'API tokens, all',
  },
  'status: Share to channel': {
    about: 'none',
    take: button(STATUS_SHARE_ID, inStatus, () => 'status:current::1'),
    refusal: STATUS_ONLY,
    sign: '"response_type":"in_channel"',
  },
  'status: CSV': {
    about: 'none',
    take: button(STATUS_CSV_ID, inStatus, () => 'status:current::1'),
    refusal: STATUS_ONLY,
    sign: 'The file is in your direct messages',
  },
  'board: Stop updating': {
    about: 'none',
    take: button(BOARD_STOP_ID, inBoard),
    refusal: BOARD_ONLY,
    sign: STOPPED_SIGN,
  },

  'submitted: create for oneself': {
    about: 'none',
    take: created(() => ({})),
    sign: 'Copy it now',
  },
  'submitted: create for another': {
    about: 'none',
    take: created(({ owner }) => person('owner', owner.id)),
    sign: 'Token created',
    refusal: CANNOT_OWN,
  },
  'submitted: create with introspect': {
    about: 'none',
    take: created(() => ticked('scopes', ['introspect'])),
    sign: 'Copy it now',
    refusal: NO_SUCH_SCOPE,
  },
  'submitted: rotate': {
    about: 'tokens',
    take: submission(ROTATE_DIALOG_ID, ({ token }) => ({
      metadata: { token: token.id, generation: 0 },
      state: { ...option('grace', 'now'), ...option('lifetime', 'keep') },
    })),
    sign: 'Copy it now',
  },
  'submitted: revoke': {
    about: 'tokens',
    take: submission(REVOKE_DIALOG_ID, ({ token }) => ({
      metadata: { token: token.id },
      state: WITH_REASON,
    })),
    sign: 'is revoked.',
  },
  'submitted: revoke after VALUE': { about: 'tokens', take: heldSubmission, sign: 'is revoked.' },
  'submitted: revoke with another’s proof': {
    about: 'tokens',
    take: submission(REVOKE_DIALOG_ID, ({ token, othersProof }) => ({
      metadata: { token: token.id, held: othersProof },
      state: WITH_REASON,
    })),
    sign: 'is revoked.',
    refusal: LAPSED,
  },
  'submitted: several of a person': {
    about: 'tokens',
    take: submission(SEVERAL_DIALOG_ID, ({ token, owner }) => ({
      metadata: { person: owner.id },
      state: { ...ticked('tokens_0', [token.id]), ...WITH_REASON },
    })),
    sign: 'is revoked.',
  },
  'submitted: eleven of a person': {
    about: 'tokens',
    token: 'eleven',
    take: elevenOf(({ owner }) => owner.id),
    sign: '11 tokens revoked.',
  },
  'submitted: eleven of a person, not named': {
    about: 'tokens',
    token: 'eleven',
    take: elevenOf(() => 'somebody else'),
    sign: "That isn't the name.",
  },
  'submitted: several without a person': {
    about: 'tokens',
    take: submission(SEVERAL_DIALOG_ID, ({ token }) => ({
      metadata: {},
      state: { ...ticked('tokens_0', [token.id]), ...WITH_REASON },
    })),
    sign: 'is revoked.',
  },
  'submitted: pick for info': { about: 'tokens', take: picked('info'), sign: nameOf },
  'submitted: pick for history': { about: 'tokens', take: picked('history'), sign: nameOf },
  'submitted: pick for rotate': {
    about: 'tokens',
    take: picked('rotate'),
    sign: opensDialog(ROTATE_DIALOG_ID),
  },
  'submitted: pick for revoke': {
    about: 'tokens',
    take: picked('revoke'),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'submitted: person picked': {
    about: 'tokens',
    take: submission(PICK_PERSON_DIALOG_ID, ({ owner }) => ({
      state: person(PICK_PERSON_ID, owner.id),
    })),
    refusal: PERSON_ONLY,
    sign: opensDialog(SEVERAL_DIALOG_ID),
  },
  'submitted: NAME that leaked': {
    about: 'tokens',
    take: submission(LEAKED_DIALOG_ID, (walk) => ({ state: text(LEAKED_INPUT_ID, nameOf(walk)) })),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'submitted: VALUE that leaked': {
    about: 'tokens',
    take: submission(LEAKED_DIALOG_ID, ({ token }) => ({ state: text(LEAKED_INPUT_ID, token.value) })),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },

  'shortcut Create API Token': {
    about: 'none',
    take: ({ walker }) => walker.forges({ type: 'shortcut', callback_id: CREATE_SHORTCUT_ID }),
    sign: opensDialog(CREATE_DIALOG_ID),
  },
  'shortcut Revoke token in message': {
    about: 'tokens',
    take: ({ walker, leak }) =>
      walker.forges({ type: 'shortcut', callback_id: MESSAGE_SHORTCUT_ID, message: leak }),
    sign: opensDialog(REVOKE_DIALOG_ID),
  },
  'search in the picker': {
    about: 'own',
    take: ({ walker, token }) =>
      walker.forges({
        type: 'block_suggestion',
        action_id: PICK_TOKEN_ID,
        query: token.name,
        private_metadata: 'revoke',
      }),
    sign: nameOf,
    refusal: '{"options":[]}',
  },
  'Home, opened': { about: 'own', take: ({ walker }) => walker.forges(HOME), sign: nameOf },
};

const HOME: Forged = { type: 'app_home_opened' };
