import type { KnownBlock } from '@slack/types';
import { labelOf, type Names, namesOf, readBlocks, readMessage, rowText } from './draw.ts';
import type { Origin } from './payloads.ts';
import { isVisibleTo, type Message, type PersonRecord, type State } from './state.ts';
import { type Placed, placedIn } from './view-state.ts';
import { stackOf } from './views.ts';

/** Where to look for a control: a place as `#general` or `@apitoken`, the Home tab, or the open modal. */
export type Where = string;

/** One control by its ids; `ts` is the message that it stands in. */
export type Exactly = { ts?: string | undefined; blockId: string; actionId: string };

/** Something drawn for one person that can be pressed or chosen from. */
export type Control = { placed: Placed; origin: Origin; row: string; whole: string };

/** The channel that a place means to this person. Throws when there is none, or the person is not in it. */
export function channelIdOf(state: State, person: PersonRecord, place: string): string | undefined {
  if (place === `@${state.manifest.botName}`) {
    return [...state.channels.values()].find(({ im }) => im === person.id)?.id;
  }
  const channel = [...state.channels.values()].find(
    ({ name, im }) => im === undefined && `#${name}` === place,
  );
  if (channel === undefined) throw new Error(`there is no place called ${place}`);
  if (!channel.members.has(person.id)) throw new Error(`${person.name} is not in ${place}`);
  return channel.id;
}

/** What this person sees in a conversation, oldest first; in all of them when none is given. */
export function visibleMessages(state: State, person: PersonRecord, channelId?: string): Message[] {
  return state.messages.filter(
    (message) =>
      (channelId === undefined || message.channelId === channelId) && isVisibleTo(state, message, person.id),
  );
}

/**
 * The one control that fits: the one with these ids when `exactly` names them. Otherwise of several messages the newest wins, as it is the one before the person's eyes; two in one message
 * or modal are ambiguous unless `near`, a part of the row's text, or their own label (`labelled`) decides. Throws when none is drawn for this person.
 */
export function findControl(
  state: State,
  person: PersonRecord,
  fits: (control: Control) => boolean,
  what: string,
  options: { in?: Where; near?: string; exactly?: Exactly; labelled?: string } = {},
): Control {
  const { near = '', exactly } = options;
  for (const controls of controlsFor(state, person, options.in)) {
    const fitting = controls.filter(
      (control) => fits(control) && control.whole.includes(near) && isExactly(control, exactly),
    );
    if (fitting.length === 0) continue;
    const inRow = fitting.filter(({ row }) => row.includes(near));
    const likely = inRow.length > 0 ? inRow : fitting;
    const labelled = likely.filter(({ placed }) => labelOf(placed.element) === options.labelled);
    const found = labelled.length > 0 ? labelled : likely;
    const [control] = found;
    if (found.length > 1 || control === undefined) {
      throw new Error(`${found.length} controls fit ${what}: say which by near`);
    }
    return control;
  }
  throw new Error(`${person.name} sees no ${what}${near === '' ? '' : ` near "${near}"`}`);
}

function isExactly({ placed, origin }: Control, exactly: Exactly | undefined): boolean {
  if (exactly === undefined) return true;
  const ts = 'message' in origin ? origin.message.ts : undefined;
  return placed.blockId === exactly.blockId && placed.actionId === exactly.actionId && ts === exactly.ts;
}

/** Groups of controls, the most likely first: the open modal alone, or messages from the newest on and then the Home tab. */
function controlsFor(state: State, person: PersonRecord, where: Where | undefined): Control[][] {
  const names = namesOf(state);
  const modal = stackOf(state, person.id).at(-1);
  const home = state.homes.get(person.id);
  if (where === 'modal' || (where === undefined && modal !== undefined)) {
    return modal === undefined ? [] : [controlsIn(modal.view.blocks, { view: modal }, names)];
  }
  const homeControls = home === undefined ? [] : [controlsIn(home.view.blocks, { view: home }, names)];
  if (where === 'home') return homeControls;
  const channelId = where === undefined ? undefined : channelIdOf(state, person, where);
  if (where !== undefined && channelId === undefined) return [];
  // A control of another app's message would reach that app, not ours.
  const ours = visibleMessages(state, person, channelId).filter(({ from }) => from === state.seed.botUserId);
  return [
    ...ours
      .reverse()
      .map((message) => controlsIn(message.blocks, { message }, names, readMessage(message, names))),
    ...(where === undefined ? homeControls : []),
  ];
}

function controlsIn(blocks: readonly KnownBlock[], origin: Origin, names: Names, text?: string): Control[] {
  const whole = text ?? readBlocks(blocks, names);
  return placedIn(blocks).map((placed) => ({
    placed,
    origin,
    row: rowText(blocks, placed.block, names),
    whole,
  }));
}
