import type { ConfirmationDialog } from '@slack/types';
import type { Act, ActResult, Entry } from './protocol.ts';
import { change, type PageState, state, type Tab } from './store.ts';
import { connect, perform } from './wire.ts';

/** The app's place, as the workspace names it. */
export function appPlace(now: PageState): string {
  return `@${now.surroundings?.app.handle ?? 'apitoken'}`;
}

const TOAST_MS = 8000;
let toastCount = 0;

/** Tells the visitor something, for a while. */
export function tell(text: string): void {
  toastCount += 1;
  const id = toastCount;
  change({ toasts: [...state().toasts, { id, text }] });
  setTimeout(() => dismiss(id), TOAST_MS);
}

/** Takes a toast away. */
export function dismiss(id: number): void {
  change({ toasts: state().toasts.filter((toast) => toast.id !== id) });
}

/** Does something as the person that the visitor is; tells what could not be done. */
export async function act(what: Act): Promise<ActResult> {
  const result = await perform(state().as, what);
  if ('problem' in result) tell(result.problem);
  return result;
}

/** Starts the client of the person in the address, freshly loaded: what only they saw is gone. */
export async function load(): Promise<void> {
  const as = new URLSearchParams(location.search).get('as') ?? 'alice';
  const result = await perform(as, { act: 'reloads' });
  const isSomebody = !('problem' in result);
  change({ as: isSomebody ? as : 'alice', place: placeInAddress() });
  connect(state().as);
  if (state().place.startsWith('@')) await openTab(state().tab);
}

/** Becomes somebody else, at their own client. */
export async function become(handle: string): Promise<void> {
  if (handle === state().as) return;
  change({ as: handle, scene: undefined, question: undefined, busy: new Set(), late: new Set() });
  connect(handle);
  remember();
  if (state().place.startsWith('@')) await openTab(state().tab);
}

/** Goes to a channel, or to the app, at the tab that was open there last. */
export async function goTo(place: string): Promise<void> {
  change({ place });
  remember();
  if (place.startsWith('@')) await openTab(state().tab);
}

/** Opens a tab of the app, and lets the app know. */
export async function openTab(tab: Tab): Promise<void> {
  change({ tab });
  await act({ act: tab === 'home' ? 'opens_home' : 'opens_messages' });
}

function placeInAddress(): string {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name === '') return '#general';
  return name.startsWith('@') ? name : `#${name}`;
}

function remember(): void {
  const { as, place } = state();
  history.replaceState(null, '', `?as=${as}#${encodeURIComponent(place.replace(/^#/, ''))}`);
}

/** The key of what is typed into the composer here. */
export function typedKey({ as, place }: PageState): string {
  return `${as} ${place}`;
}

/** Puts a text into the composer. */
export function type(text: string): void {
  change({ typed: { ...state().typed, [typedKey(state())]: text } });
}

/** Sends what stands in the composer. */
export async function send(): Promise<void> {
  const now = state();
  const text = (now.typed[typedKey(now)] ?? '').trim();
  if (text === '') return;
  type('');
  change({ sentAt: Date.now() });
  await act({ act: 'types', place: now.place, text });
}

/** Something that can be pressed, and where it stands. */
export type Control = { in: string; ts?: string | undefined; blockId: string; actionId: string };

/** The key of a control among all of a page. */
export function controlKey(control: Control): string {
  return [control.in, control.ts ?? '', control.blockId, control.actionId].join(' ');
}

function aimOf({ in: where, ...exactly }: Control) {
  return { in: where, exactly };
}

/** Presses a button, after its confirmation dialog if it has one. */
export function press(control: Control, text: string, confirm: ConfirmationDialog | undefined): void {
  ask(confirm, () => void deliver(control, { act: 'clicks', text, aim: aimOf(control) }));
}

/** Chooses from an overflow menu, after its confirmation dialog if it has one. */
export function choose(control: Control, option: string, confirm: ConfirmationDialog | undefined): void {
  ask(confirm, () => void deliver(control, { act: 'chooses', text: option, aim: aimOf(control) }));
}

/** Presses Enter in a field of which the app hears at once. */
export function enter(control: Control, text: string, key: string): void {
  // From now on the workspace has it.
  change({ drafts: Object.fromEntries(Object.entries(state().drafts).filter(([one]) => one !== key)) });
  void deliver(control, { act: 'enters', text, aim: aimOf(control) });
}

/** Chooses in a select outside a dialog's fields, of which the app hears at once. */
export function select(control: Control, entry: Entry, confirm: ConfirmationDialog | undefined): void {
  ask(confirm, () => void deliver(control, { act: 'selects', entry, aim: aimOf(control) }));
}

function ask(confirm: ConfirmationDialog | undefined, proceed: () => void): void {
  if (confirm === undefined) {
    proceed();
    return;
  }
  change({
    question: {
      title: confirm.title?.text ?? 'Are you sure?',
      text: confirm.text.text,
      confirm: confirm.confirm?.text ?? 'Yes',
      deny: confirm.deny?.text ?? 'Cancel',
      isDangerous: confirm.style === 'danger',
      proceed,
    },
  });
}

/** Answers the confirmation dialog. */
export function answerQuestion(isConfirmed: boolean): void {
  const { question } = state();
  change({ question: undefined });
  if (isConfirmed) question?.proceed();
}

async function deliver(control: Control, what: Act): Promise<void> {
  const key = controlKey(control);
  if (state().busy.has(key)) return;
  change({ busy: new Set([...state().busy, key]), late: without(state().late, key) });
  const result = await act(what);
  change({ busy: without(state().busy, key) });
  if (!('late' in result && result.late)) return;
  change({ late: new Set([...state().late, key]) });
  tell("The app didn't answer in time. Check whether it worked, then try again.");
}

function without(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return new Set([...keys].filter((one) => one !== key));
}

/** Keeps what is typed into a field, whatever becomes of the dialog around it. */
export function draft(key: string, entry: Entry): void {
  change({ drafts: { ...state().drafts, [key]: entry } });
}

/** Submits the open dialog with all that was typed into it. */
export async function submitModal(): Promise<void> {
  const now = state();
  const modal = now.scene?.snapshot.modals.at(-1);
  if (modal === undefined || now.busy.has(modal.id)) return;
  change({ busy: new Set([...now.busy, modal.id]) });
  await act({ act: 'submits', fields: draftsOf(now, modal.id) });
  change({ busy: without(state().busy, modal.id) });
}

/** Closes the open dialog. */
export async function closeModal(): Promise<void> {
  const now = state();
  const modal = now.scene?.snapshot.modals.at(-1);
  const key = `close ${modal?.id}`;
  if (modal === undefined || now.busy.has(key)) return;
  change({ busy: new Set([...now.busy, key]) });
  await act({ act: 'closes' });
}

/** What was typed, by label. */
function draftsOf(now: PageState, viewId: string): Record<string, Entry> {
  const modal = now.scene?.snapshot.modals.at(-1);
  const fields: Record<string, Entry> = {};
  for (const block of modal?.blocks ?? []) {
    if (block.type !== 'input') continue;
    const entry = now.drafts[draftKey(viewId, block.block_id ?? '', block.element.action_id ?? '')];
    if (entry !== undefined) fields[block.label.text] = entry;
  }
  return fields;
}

/** The key of a field's draft. */
export function draftKey(viewId: string, blockId: string, actionId: string): string {
  return `${viewId} ${blockId} ${actionId}`;
}

/** Follows a link: one to the app's conversation opens it here, any other a new window. */
export function isAppLink(url: string): boolean {
  const parsed = URL.parse(url);
  return (
    parsed?.pathname === '/app_redirect' && parsed.searchParams.get('app') === state().surroundings?.appId
  );
}

/** Opens the conversation with the app, and closes the dialog in the way. */
export async function openConversation(): Promise<void> {
  if ((state().scene?.snapshot.modals.length ?? 0) > 0) await closeModal();
  change({ tab: 'messages' });
  await goTo(appPlace(state()));
}
