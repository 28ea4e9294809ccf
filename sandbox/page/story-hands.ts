import type { KnownBlock } from '@slack/types';
import type { VisibleMessage } from '../workspace/visible.ts';
import { appPlace, become, type Control, closeModal, draft, draftKey, goTo, send, type } from './moves.ts';
import { rowName } from './row-name.ts';
import { change, type PageState, state, until } from './store.ts';

const PACE_MS = 450;
/** How long the story waits for what it expects to see. */
export const WAIT_MS = 8000;
const VALUE = /\b[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b/g;

/** Whether a tab of the app is what the visitor looks at. */
export function isAt(now: PageState, tab: PageState['tab']): boolean {
  return now.place === appPlace(now) && now.tab === tab;
}

/** What can be read in the dialog on top. */
export function topText(scene: PageState['scene']): string {
  return scene?.snapshot.modals.at(-1)?.text ?? '';
}

/** What the acting person sees in this place, oldest first. */
export function messagesIn(now: PageState): readonly VisibleMessage[] {
  return now.scene?.snapshot.places.find(({ place }) => place === now.place)?.messages ?? [];
}

/** The values that the acting person sees in this place, oldest first. */
export function valuesIn(now: PageState): string[] {
  return messagesIn(now).flatMap(({ text }) => text.match(VALUE) ?? []);
}

/** Waits long enough for a visitor to see what happened. */
export function pause(times = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PACE_MS * times));
}

/** Becomes somebody, with no dialog in the way. */
export async function be(handle: string): Promise<void> {
  await closeDialog();
  await become(handle);
  await until(({ scene }) => scene?.snapshot.person.handle === handle, WAIT_MS);
}

/** Closes the dialog, if one is open. */
export async function closeDialog(): Promise<void> {
  await closeModal();
  await until(({ scene }) => scene?.snapshot.modals.length === 0, WAIT_MS);
}

/** Types a text into the composer of a place, and sends it. */
export async function say(place: string, text: string): Promise<void> {
  await goTo(place);
  type(text);
  await pause();
  await send();
}

/** Waits for a dialog with a submit button called so. */
export async function dialogWith(submit: string): Promise<void> {
  await until(({ scene }) => scene?.snapshot.modals.at(-1)?.submit === submit, WAIT_MS);
  await pause();
}

/** Types into a field of the dialog on top, by its label. */
export async function fillIn(label: string, text: string): Promise<void> {
  const modal = state().scene?.snapshot.modals.at(-1);
  for (const block of modal?.blocks ?? []) {
    if (block.type !== 'input' || block.label.text !== label) continue;
    draft(draftKey(modal?.id ?? '', block.block_id ?? '', block.element.action_id ?? ''), text);
  }
  await pause();
}

/** The newest button of that text in this place. */
export function buttonCalled(now: PageState, text: string): Control | undefined {
  for (const message of [...messagesIn(now)].reverse()) {
    const button = buttonIn(message, text, now.place);
    if (button !== undefined) return button;
  }
  return undefined;
}

/** The button of that text in a message. */
export function buttonIn({ ts, blocks }: VisibleMessage, text: string, place: string): Control | undefined {
  for (const block of blocks) {
    if (block.type !== 'actions') continue;
    const button = block.elements.find((one) => one.type === 'button' && one.text.text === text);
    if (button === undefined) continue;
    return { in: place, ts, blockId: block.block_id ?? '', actionId: button.action_id ?? '' };
  }
  return undefined;
}

/** The menu of the row with this name. */
export function menuOf(
  blocks: readonly KnownBlock[],
  name: string,
): { blockId: string; actionId: string } | undefined {
  for (const [index, block] of blocks.entries()) {
    if (block.type !== 'section' || block.accessory?.type !== 'overflow') continue;
    if (rowName(blocks, index) !== name) continue;
    return { blockId: block.block_id ?? '', actionId: block.accessory.action_id ?? '' };
  }
  return undefined;
}

/** Opens a tab of the app. */
export async function openApp(tab: PageState['tab']): Promise<void> {
  change({ tab });
  await goTo(appPlace(state()));
}
