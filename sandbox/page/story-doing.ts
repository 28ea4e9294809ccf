import type { KnownBlock } from '@slack/types';
import type { VisibleMessage } from '../workspace/visible.ts';
import { act, choose, goTo, press, submitModal } from './moves.ts';
import { changeStory, type PageState, state, until } from './store.ts';
import {
  be,
  buttonCalled,
  buttonIn,
  closeDialog,
  dialogWith,
  fillIn,
  menuOf,
  messagesIn,
  openApp,
  pause,
  say,
  topText,
  valuesIn,
  WAIT_MS,
} from './story-hands.ts';
import { curl } from './wire.ts';

/** What a dialog says when a token was revoked. */
export const REVOKED = / is revoked\./;
/** What it says when a new value is being made. */
export const ROTATED = /^New value for .*\. The old ones? /;

/** The name that the tour's token was given in the end. */
let tokenName = 'deploy-bot';

/** Sends a request with the value in the terminal, and keeps the answer for this step. */
export async function runCurl(id: string): Promise<void> {
  const { value } = state().story;
  const answer = await curl(value);
  if ('problem' in answer) throw new Error('There is no value to send. Paste one into the field first.');
  changeStory({ answers: { ...state().story.answers, [id]: { ...answer, sent: beginningOf(value) } } });
}

/** What is shown of a value. */
export function beginningOf(value: string): string {
  return `${value.slice(0, 9)}…`;
}

/** Creates a token by command and dialog, under a name that is free. */
export async function createAs(handle: string, name: string, purpose: string): Promise<void> {
  await be(handle);
  await say('#general', `/apitoken create ${name}`);
  await dialogWith('Create Token');
  await fillIn('Purpose', purpose);
  tokenName = name;
  await submitModal();
  await useFreeName();
  await until(
    ({ scene }) => topText(scene).includes('The token is in your direct messages with apitoken.'),
    WAIT_MS,
  );
  await pause(2);
  await closeDialog();
}

/** A name that was used before is taken for ever: the error under the field suggests a free one. */
async function useFreeName(): Promise<void> {
  const modal = await until(({ scene }) => {
    const top = scene?.snapshot.modals.at(-1);
    return top?.submit === undefined || Object.keys(top.errors).length > 0 ? top : undefined;
  }, WAIT_MS);
  const free = / Try (\S+)\.$/.exec(modal.errors['Token Name'] ?? '')?.[1];
  if (free === undefined) return;
  tokenName = free;
  await fillIn('Token Name', free);
  await submitModal();
}

/** Reads the newest value in the app's conversation with Alice, for the terminal. */
export async function readValue(): Promise<void> {
  await be('alice');
  await openApp('messages');
  const value = await until((now) => valuesIn(now).at(-1), WAIT_MS).catch(() => {
    throw new Error('No value is visible. Create another token first.');
  });
  changeStory({ value });
  await pause();
}

/** Sends the value, read first where it was not yet. */
export async function useValue(): Promise<void> {
  if (state().story.value === '') await readValue();
  await runCurl('use');
}

/** Opens Alice's list in the Home tab. */
export async function openList(): Promise<void> {
  await be('alice');
  await openApp('home');
  await until(({ scene }) => scene?.snapshot.home, WAIT_MS);
}

async function chooseInList(option: string): Promise<void> {
  await openList();
  await pause();
  const row = await until(({ scene }) => menuOf(scene?.snapshot.home?.blocks ?? [], tokenName), WAIT_MS);
  choose({ in: 'home', ...row }, option, undefined);
}

/** Revokes the tour's token from the list. */
export async function revokeFromList(): Promise<void> {
  await chooseInList('Revoke API Token');
  await confirmRevocation();
}

/** Rotates the tour's token from the list, and tries the old value and the new one. */
export async function rotateFromList(): Promise<void> {
  const old = state().story.value;
  await chooseInList('Rotate');
  await dialogWith('Rotate');
  await submitModal();
  await until(({ scene }) => ROTATED.test(topText(scene)), WAIT_MS);
  await pause(2);
  await closeDialog();
  await openApp('messages');
  await runCurl('rotate');
  await until((now) => valuesIn(now).at(-1) !== old, WAIT_MS);
  await pause(2);
  await readValue();
  await runCurl('rotate');
}

/** The admin makes the token; its owner alone can have its value made. */
export async function createForAlice(): Promise<void> {
  await be('dave');
  await say('#general', '/apitoken create nightly-report');
  await dialogWith('Create Token');
  await fillIn('Purpose', 'Mails the figures of the day');
  await fillIn('Owner', 'alice');
  tokenName = 'nightly-report';
  await submitModal();
  await useFreeName();
  await until(({ scene }) => topText(scene).includes('can reveal its value'), WAIT_MS);
  await pause(2);
  await closeDialog();
  await be('alice');
  await openApp('messages');
  const before = valuesIn(state()).length;
  const button = await until((now) => buttonCalled(now, 'Show value'), WAIT_MS);
  await pause();
  press(button, 'Show value', undefined);
  await until((now) => valuesIn(now).length > before, WAIT_MS);
}

async function confirmRevocation(): Promise<void> {
  await dialogWith('Revoke');
  await submitModal();
  await until(({ scene }) => REVOKED.test(topText(scene)), WAIT_MS);
  await pause(2);
  await closeDialog();
}

/** What on-call does with a value that stands in a channel: two presses, since the reason is filled in. */
export async function killLeaked(): Promise<void> {
  await createAs('alice', 'ci-runner', 'Runs the tests');
  await readValue();
  const { value } = state().story;
  await say('#general', `Does this one work for you? ${value}`);
  await pause();
  await be('bob');
  await goTo('#general');
  const leaking = await until((now) => messagesIn(now).findLast(({ text }) => text.includes(value)), WAIT_MS);
  await pause();
  await act({ act: 'uses', shortcut: 'Revoke token in message', ts: leaking.ts });
  await confirmRevocation();
  await runCurl('leak');
}

/** What on-call does with what the guard found: two presses on a card, wherever the value was posted. */
export async function seeGuard(): Promise<void> {
  await createAs('alice', 'invoice-sync', 'Sends the invoices');
  await readValue();
  await say('#general', `This one is for the invoices: ${state().story.value}`);
  await pause();
  await be('bob');
  await goTo('#oncall');
  const isCard = ({ text, buttons }: VisibleMessage) =>
    text.startsWith(`${tokenName} of `) && buttons.includes('Revoke');
  const card = await until((now) => messagesIn(now).findLast(isCard), WAIT_MS);
  await pause(2);
  const button = buttonIn(card, 'Revoke', '#oncall');
  if (button === undefined) throw new Error('The card has no button.');
  press(button, 'Revoke', undefined);
  await confirmRevocation();
  await runCurl('guard');
}

/** What a manager looks at: everybody's tokens, then the board that stays in the channel. */
export async function lookAsManager(): Promise<void> {
  await be('carol');
  await say('#oncall', '/apitoken status');
  await until((now) => messagesIn(now).some(({ blocks }) => blocks.some(isTable)), WAIT_MS);
  // Time to read the table; what comes much sooner would count as the same answer, and be out of sight below it.
  await pause(12);
  const before = boardIn(state())?.ts;
  await say('#oncall', '/apitoken board');
  await until((now) => boardIn(now)?.ts !== before && boardIn(now), WAIT_MS);
}

/** The newest board in this place that is kept up to date. */
export function boardIn(now: PageState): VisibleMessage | undefined {
  return messagesIn(now).findLast(({ buttons }) => buttons.includes('Stop updating'));
}

function isTable({ type }: KnownBlock): boolean {
  return type === 'table';
}
