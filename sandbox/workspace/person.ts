import type { ViewStateValue } from '@slack/bolt';
import {
  type Control,
  channelIdOf,
  type Exactly,
  findControl,
  visibleMessages,
  type Where,
} from './controls.ts';
import {
  deliverAction,
  deliverCommand,
  deliverEvent,
  deliverSubmission,
  type Post,
  slackbotNote,
} from './deliver.ts';
import { labelOf, namesOf, readText } from './draw.ts';
import { clientErrors, type Filling, fieldLabelled, optionCalled, valueFor } from './fill.ts';
import { deliveryOf, type Forged, forge } from './forge.ts';
import { isJson } from './http.ts';
import {
  actionFor,
  actionPart,
  blockActions,
  blockSuggestion,
  channelMessageEvent,
  directMessageEvent,
  globalShortcut,
  messageShortcut,
  type Origin,
  slashCommand,
  viewClosed,
  viewOutput,
  viewSubmission,
} from './payloads.ts';
import type { AckOutcome, Delivery } from './sockets.ts';
import {
  addMessage,
  type Channel,
  changed,
  directMessage,
  isVisibleTo,
  nextTs,
  type OpenView,
  type PersonRecord,
  type State,
} from './state.ts';
import { encodeEntities, escapeTyped, richTextOf } from './typing.ts';
import { type AnyOption, chosen, type Placed, withValue } from './view-state.ts';
import { closeViews, stackOf } from './views.ts';
import {
  type VisibleHome,
  type VisibleMessage,
  type VisibleModal,
  visibleHome,
  visibleIn,
  visibleModal,
} from './visible.ts';

/** The texts of a confirmation dialog. */
export type VisibleConfirm = { title: string; text: string; confirm: string; deny: string };

/**
 * Where to press: `in` a place, `home` or `modal`, and `near` a text of the same row, or `exactly` by its ids. `heard` is told
 * what became of the delivery.
 */
export type Aim = {
  in?: Where;
  near?: string;
  exactly?: Exactly;
  heard?: (outcome: AckOutcome) => void;
};

/**
 * A person at their client. They can do only what is drawn for them; everything else throws. Each action resolves when the app
 * has acked it, and the client has done what the ack says, or when Slack has given up waiting.
 */
export type Person = {
  readonly id: string;
  readonly handle: string;
  /** A message, or a slash command when it starts with `/`. */
  types(place: string, text: string): Promise<void>;
  sees(place: string): VisibleMessage[];
  /** What they see in a place, as one text; for a glance. */
  reads(place: string): string;
  /** The whole text of the newest file that they see in a place. Throws when they see none. */
  readsFile(place: string): string;
  /** A file that stands in a message which they see now, whole; undefined when there is none with this id. */
  file(id: string): { name: string; text: string } | undefined;
  /** Reloads the client: ephemeral messages and modals are gone. */
  reloads(): void;
  opensHome(): Promise<VisibleHome | undefined>;
  /** Opens the app's Messages tab. */
  opensMessages(): Promise<void>;
  home(): VisibleHome | undefined;
  modal(): VisibleModal | undefined;
  /** Fills in fields of the open modal by their labels: options by their text, people by handle, dates as YYYY-MM-DD. */
  fills(fields: Record<string, Filling>): Promise<void>;
  /** Types into an `external_select` and takes the option that the app offers. */
  searches(label: string, query: string, optionText: string): Promise<void>;
  submits(): Promise<void>;
  closes(): Promise<void>;
  /** Presses a button; a confirmation dialog is accepted unless `confirm` says `deny`. */
  clicks(buttonText: string, options?: Aim & { confirm?: boolean | 'deny' }): Promise<void>;
  /** What the confirmation dialog of a button or menu says; undefined when it has none. */
  confirmation(label: string, aim?: Aim): VisibleConfirm | undefined;
  /** Chooses from the overflow menu of a row. */
  choosesFrom(menu: Aim, optionText: string, options?: { confirm?: boolean | 'deny' }): Promise<void>;
  /** Chooses in a select, date picker or checkboxes outside a field: found by placeholder, or by a text of its row. */
  selects(label: string, filling: Filling, aim?: Aim): Promise<void>;
  /** Types into a text field of a message or Home tab, found by its label, and presses Enter. */
  enters(label: string, text: string, aim?: Aim): Promise<void>;
  /** A global shortcut, or one on a message given by its timestamp. */
  uses(shortcutName: string, onMessage?: string | { ts: string }): Promise<void>;
  /** Sends what no client would: stale, foreign or hand-made. */
  forges(forged: Forged): Promise<AckOutcome>;
  /** What `forges` would send, with a trigger and a `response_url` of its own: to be changed, and then sent by `delivers`. */
  drafts(forged: Forged): Delivery;
  /** Slack sends this person's last command or interaction once more, under a new envelope unless told otherwise. */
  redelivers(options?: { sameEnvelope?: boolean }): Promise<AckOutcome>;
};

type Desk = { post: Post; state: State; me: PersonRecord };

/** The person with this record, at their client. */
export function createPerson(post: Post, me: PersonRecord): Person {
  const { state } = post;
  const desk: Desk = { post, state, me };
  return {
    id: me.id,
    handle: me.handle,
    types: (place, text) => types(desk, place, text),
    sees: (place) => visibleIn(state, me, place),
    reads: (place) =>
      visibleIn(state, me, place)
        .map(({ text }) => text)
        .join('\n'),
    readsFile: (place) => readFile(desk, place),
    file: (id) => fileOf(desk, id),
    reloads: () => reload(desk),
    async opensHome() {
      await openTab(desk, 'home');
      return visibleHome(state, me);
    },
    opensMessages: () => openTab(desk, 'messages'),
    home: () => visibleHome(state, me),
    modal() {
      const top = stackOf(state, me.id).at(-1);
      return top && visibleModal(state, top);
    },
    fills: (fields) => fill(desk, fields),
    searches: (label, query, optionText) => search(desk, label, query, optionText),
    submits: () => submit(desk),
    closes: () => close(desk),
    clicks: (buttonText, options = {}) => click(desk, buttonText, options),
    confirmation: (label, aim = {}) => confirmation(desk, label, aim),
    choosesFrom: (menu, optionText, options = {}) => chooseFrom(desk, menu, optionText, options),
    selects: (label, filling, aim = {}) => select(desk, label, filling, aim),
    enters: (label, text, aim = {}) => enter(desk, label, text, aim),
    uses: (shortcutName, onMessage) => useShortcut(desk, shortcutName, onMessage),
    forges: (forged) => forge(post, me, forged),
    drafts: (forged) => deliveryOf(post, me, forged),
    redelivers: (options = {}) => redeliver(desk, options.sameEnvelope === true),
  };
}

/** Only somebody who is there can act at a client. */
function mustBeThere({ me }: Desk): void {
  if (me.deleted || me.is_bot) throw new Error(`${me.name} has no client to act with`);
}

function placeFor({ state, me }: Desk, place: string): Channel {
  if (place === `@${state.manifest.botName}`) return directMessage(state, me.id);
  const channel = state.channels.get(channelIdOf(state, me, place) ?? '');
  if (channel === undefined) throw new Error(`there is no place called ${place}`);
  return channel;
}

async function types(desk: Desk, place: string, text: string): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const channel = placeFor(desk, place);
  const { messagesTab, messagesTabReadOnly } = state.manifest;
  if (channel.im !== undefined && (!messagesTab || messagesTabReadOnly)) {
    throw new Error('manifest.yml lets nobody type in the Messages tab');
  }
  if (!text.startsWith('/')) return says(desk, channel, text);
  const [, name = '', rest = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  if (name === '/invite' && rest.trim() === `@${state.manifest.botName}`) {
    channel.appIsMember = true;
    slackbotNote(state, me, channel, `@${state.manifest.botName} was added.`);
    return;
  }
  const command = state.manifest.commands.find((one) => one.command === name);
  // Somebody of another workspace does not have this workspace's commands.
  if (command === undefined || me.is_stranger) {
    slackbotNote(state, me, channel, `${name} is not a valid command.`);
    return;
  }
  const sent = command.escapes ? escapeTyped(state, rest) : encodeEntities(rest);
  await deliverCommand(post, me, channel, slashCommand(state, me, channel, name, sent));
}

/** A message: the app is told of it where it asked for that. */
async function says({ post, state, me }: Desk, channel: Channel, text: string): Promise<void> {
  const message = addMessage(state, {
    channelId: channel.id,
    from: me.id,
    text: escapeTyped(state, text),
    blocks: [richTextOf(text)],
  });
  if (channel.im === undefined) await state.tellOf(channel.id, channelMessageEvent(state, message));
  else await deliverEvent(post, directMessageEvent(state, message), 'message.im');
}

function readFile(desk: Desk, place: string): string {
  const { state, me } = desk;
  const [file] = visibleIn(state, me, place).findLast(({ raw }) => raw.files.length > 0)?.raw.files ?? [];
  const text = file === undefined ? undefined : fileOf(desk, file.id)?.text;
  if (text === undefined) throw new Error(`${me.name} sees no file in ${place}`);
  return text;
}

function fileOf({ state, me }: Desk, fileId: string): ReturnType<Person['file']> {
  const isSeen = state.messages.some(
    (message) => message.files.some(({ id }) => id === fileId) && isVisibleTo(state, message, me.id),
  );
  const upload = [...state.uploads.values()].find(({ id }) => id === fileId);
  if (!isSeen || upload?.text === undefined) return undefined;
  return { name: upload.name, text: upload.text };
}

function reload({ state, me }: Desk): void {
  for (const message of state.messages) if (message.onlyFor === me.id) message.vanished = true;
  closeViews(state, me.id, 'all');
}

async function openTab(desk: Desk, tab: 'home' | 'messages'): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const { homeTab, messagesTab } = state.manifest;
  if (!(tab === 'home' ? homeTab : messagesTab)) throw new Error(`manifest.yml gives the app no ${tab} tab`);
  const home = state.homes.get(me.id);
  const channel = directMessage(state, me.id);
  await deliverEvent(post, {
    type: 'app_home_opened',
    user: me.id,
    channel: channel.id,
    tab,
    ...(tab === 'home' && home !== undefined ? { view: viewOutput(state, home) } : {}),
    event_ts: nextTs(state),
  });
}

function topModal({ state, me }: Desk): OpenView {
  const top = stackOf(state, me.id).at(-1);
  if (top === undefined) throw new Error(`${me.name} has no modal open`);
  return top;
}

async function fill(desk: Desk, fields: Record<string, Filling>): Promise<void> {
  mustBeThere(desk);
  const open = topModal(desk);
  for (const [label, filling] of Object.entries(fields)) {
    const field = fieldLabelled(open, label);
    await putInto(desk, { view: open }, field, valueFor(desk.state, desk.me, field.element, filling));
  }
}

/** Keeps the value; an element outside a field tells the app at once, one in a field only with `dispatch_action`. */
async function putInto(
  desk: Desk,
  origin: Origin,
  placed: Placed,
  value: ViewStateValue,
  heard?: Aim['heard'],
): Promise<void> {
  const { post, state, me } = desk;
  const holder = 'view' in origin ? origin.view : origin.message;
  holder.values = withValue(holder.values, placed, value);
  changed(state);
  const { block } = placed;
  const silent = block.type === 'input' && !('dispatch_action' in block && block.dispatch_action === true);
  if (silent) return;
  const action = actionFor(state, placed, actionPart(value));
  const outcome = await deliverAction(post, blockActions(state, me, origin, action));
  heard?.(outcome);
}

async function search(desk: Desk, label: string, query: string, optionText: string): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const open = topModal(desk);
  const field = fieldLabelled(open, label);
  const outcome = await post.carrier.deliver({
    type: 'interactive',
    payload: blockSuggestion(state, me, open, field, query),
  });
  const offered: unknown = outcome.acked && isJson(outcome.body) ? outcome.body.options : undefined;
  // What the app offers is checked only as far as it is used here: a text and a value.
  const options = (Array.isArray(offered) ? offered : []) as AnyOption[];
  const found = options.find((option) => readText(option.text, namesOf(state)) === optionText);
  if (found === undefined) throw new Error(`"${optionText}" was not offered for "${query}"`);
  const option = chosen(found);
  const value: ViewStateValue =
    field.element.type === 'external_select'
      ? { type: field.element.type, selected_option: option }
      : { type: field.element.type, selected_options: option === null ? [] : [option] };
  await putInto(desk, { view: open }, field, value);
}

async function submit(desk: Desk): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const open = topModal(desk);
  if (open.view.type !== 'modal' || open.view.submit === undefined)
    throw new Error('this modal has no submit button');
  const errors = clientErrors(open);
  if (Object.keys(errors).length > 0) {
    open.errors = errors;
    changed(state);
    return;
  }
  await deliverSubmission(post, me, viewSubmission(state, me, open), open.id);
}

async function close(desk: Desk): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const open = topModal(desk);
  const all = open.view.type === 'modal' && open.view.clear_on_close === true;
  const closing = all ? stackOf(state, me.id).toReversed() : [open];
  const payloads = closing
    .filter(({ view }) => view.type === 'modal' && view.notify_on_close === true)
    .map((view) => viewClosed(state, me, view, all));
  closeViews(state, me.id, all ? 'all' : open);
  for (const payload of payloads) await deliverAction(post, payload);
}

/** False when a confirmation dialog was denied. Throws when an answer is given to a dialog that is not there. */
function confirms({ placed }: Control, answer: boolean | 'deny' | undefined): boolean {
  const asks = 'confirm' in placed.element && placed.element.confirm !== undefined;
  if (!asks && answer !== undefined) throw new Error(`${labelOf(placed.element)} asks for no confirmation`);
  return answer === undefined || answer === true;
}

async function click(desk: Desk, text: string, options: Aim & { confirm?: boolean | 'deny' }): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const isIt = ({ placed: { element } }: Control): boolean =>
    element.type === 'button' && labelOf(element) === text;
  const control = findControl(state, me, isIt, `button "${text}"`, options);
  if (!confirms(control, options.confirm)) return;
  const action = actionFor(state, control.placed, {});
  const outcome = await deliverAction(post, blockActions(state, me, control.origin, action));
  options.heard?.(outcome);
}

function confirmation({ state, me }: Desk, label: string, aim: Aim): VisibleConfirm | undefined {
  const isIt = ({ placed: { element } }: Control): boolean =>
    labelOf(element) === label || (element.type === 'overflow' && label === '');
  const { element } = findControl(state, me, isIt, `control "${label}"`, aim).placed;
  if (!('confirm' in element) || element.confirm === undefined) return undefined;
  const { title, text, confirm, deny } = element.confirm;
  return {
    title: title?.text ?? '',
    text: readText(text, namesOf(state)),
    confirm: confirm?.text ?? '',
    deny: deny?.text ?? '',
  };
}

async function chooseFrom(
  desk: Desk,
  menu: Aim,
  text: string,
  options: { confirm?: boolean | 'deny' },
): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const isMenu = ({ placed: { element } }: Control): boolean => element.type === 'overflow';
  const control = findControl(state, me, isMenu, 'overflow menu', menu);
  const option = chosen(optionCalled(control.placed.element, text));
  if (!confirms(control, options.confirm)) return;
  const action = actionFor(state, control.placed, { selected_option: option });
  const outcome = await deliverAction(post, blockActions(state, me, control.origin, action));
  menu.heard?.(outcome);
}

async function select(desk: Desk, label: string, filling: Filling, aim: Aim): Promise<void> {
  const { state, me } = desk;
  mustBeThere(desk);
  const isIt = ({ placed: { element, block }, row }: Control): boolean =>
    block.type !== 'input' &&
    element.type !== 'button' &&
    element.type !== 'overflow' &&
    (labelOf(element) === label || row.includes(label));
  const control = findControl(state, me, isIt, `select "${label}"`, { ...aim, labelled: label });
  const value = valueFor(state, me, control.placed.element, filling);
  await putInto(desk, control.origin, control.placed, value, aim.heard);
}

/** Slack tells the app on Enter unless a field says otherwise: https://docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object */
async function enter(desk: Desk, label: string, text: string, aim: Aim): Promise<void> {
  const { state, me } = desk;
  mustBeThere(desk);
  const isIt = ({ placed: { element, block } }: Control): boolean =>
    block.type === 'input' &&
    'label' in block &&
    element.type === 'plain_text_input' &&
    (block.label.text === label || aim.exactly !== undefined);
  const { origin, placed } = findControl(state, me, isIt, `field "${label}"`, aim);
  await putInto(desk, origin, placed, valueFor(state, me, placed.element, text), aim.heard);
}

async function useShortcut(
  desk: Desk,
  name: string,
  onMessage: string | { ts: string } | undefined,
): Promise<void> {
  const { post, state, me } = desk;
  mustBeThere(desk);
  const type = onMessage === undefined ? 'global' : 'message';
  const shortcut = state.manifest.shortcuts.find((one) => one.name === name && one.type === type);
  if (shortcut === undefined) throw new Error(`manifest.yml has no ${type} shortcut called "${name}"`);
  if (onMessage === undefined) {
    await deliverAction(post, globalShortcut(state, me, shortcut.callbackId));
    return;
  }
  const ts = typeof onMessage === 'string' ? onMessage : onMessage.ts;
  const message = visibleMessages(state, me).find((one) => one.ts === ts);
  if (message === undefined) throw new Error(`${me.name} sees no message ${ts}`);
  if (message.onlyFor !== undefined) throw new Error('Slack offers no shortcuts on an ephemeral message');
  await deliverAction(post, messageShortcut(state, me, shortcut.callbackId, message));
}

function redeliver({ post, me }: Desk, sameEnvelope: boolean): Promise<AckOutcome> {
  const last = post.last.get(me.id);
  if (last === undefined) throw new Error(`nothing was delivered for ${me.name} yet`);
  const { type, payload, envelopeId } = last;
  return post.carrier.deliver(
    sameEnvelope && envelopeId !== undefined ? { type, payload, envelopeId } : { type, payload },
  );
}
