import type { KnownBlock } from '@slack/types';
import {
  appPlace,
  become,
  type Control,
  choose,
  closeModal,
  draft,
  draftKey,
  goTo,
  press,
  send,
  submitModal,
  tell,
  type,
} from './moves.ts';
import { change, changeStory, type PageState, state, until } from './store.ts';
import { curl } from './wire.ts';

/** One step of the tour. */
export type Step = {
  id: string;
  title: string;
  /** What to do by hand; in mrkdwn. */
  todo: string;
  look: string;
  /** Whether it uses the terminal. */
  hasCurl?: boolean;
  /** Whether what is on the page shows that it was done. */
  isDone(now: PageState): boolean;
  /** Does it, at a pace that can be watched. */
  run(): Promise<void>;
};

const PACE_MS = 450;
const WAIT_MS = 8000;
const VALUE = /\b[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b/g;
const REVOKED = / is revoked\./;
const ROTATED = /^The new value of .* is on its way/;

/** The name that the tour's token was given in the end. */
let tokenName = 'deploy-bot';

/** The tour: each step works by hand and by itself, in this order. */
export const STEPS: readonly Step[] = [
  {
    id: 'create',
    title: 'Create a token',
    todo: 'As Alice, type `/apitoken create deploy-bot`, press *Create Token*, and copy the value from *apitoken*, *Messages*.',
    look: 'Only visible to you: be Bob for a moment, and it is not there. Reload, and it is gone for good.',
    isDone: (now) => isAt(now, 'messages') && valuesIn(now).length > 0,
    run: async () => {
      await createAs('alice', 'deploy-bot', 'Deploys the website');
      await readValue();
    },
  },
  {
    id: 'use',
    title: 'Use it',
    todo: 'Paste the value below and run curl, here or in your own terminal.',
    look: 'A demo API asks apitoken whether the value is good, and greets the token by its name.',
    hasCurl: true,
    isDone: ({ story }) => story.answers.use?.status === 200,
    run: useValue,
  },
  {
    id: 'list',
    title: 'Find it in your list',
    todo: 'Open *apitoken*, *Home*. In any channel, `/apitoken list` shows the same.',
    look: 'Status, expiry, last use and, one day, when it was revoked. The ⋯ beside it holds what can be done.',
    isDone: (now) => isAt(now, 'home') && now.story.done.has('create'),
    run: openList,
  },
  {
    id: 'rotate',
    title: 'Rotate it',
    todo: 'Choose *Rotate* in the ⋯ menu, then *Rotate*, and run curl with the old value and with the new one.',
    look: 'Both are good for 24 hours, so nothing that runs breaks. The receipt tells when each was last used.',
    hasCurl: true,
    isDone: ({ as, scene }) => as === 'alice' && ROTATED.test(topText(scene)),
    run: rotateFromList,
  },
  {
    id: 'revoke',
    title: 'Revoke it',
    todo: 'Choose *Revoke API Token* in the ⋯ menu, then *Revoke*, and run curl once more.',
    look: 'The dialog says what will happen before it asks. Refused by the very next request: nothing is cached.',
    hasCurl: true,
    isDone: ({ as, scene }) => as === 'alice' && REVOKED.test(topText(scene)),
    run: async () => {
      await revokeFromList();
      await runCurl('revoke');
    },
  },
  {
    id: 'other',
    title: 'Create one for somebody else',
    todo: 'As Dave (admin), type `/apitoken create nightly-report` and choose Alice as *Owner*. As Alice, press *Show value* in *Messages*.',
    look: 'Dave is told that she took it, and never sees the value. Be Dave and look.',
    isDone: ({ as, scene }) => as !== 'alice' && topText(scene).includes('only its owner can have it made'),
    run: createForAlice,
  },
  {
    id: 'leak',
    title: 'On-call kills a leaked token',
    todo: 'As Alice, create another token and paste its value into #general. As Bob, type `/apitoken revoke` and the value.',
    look: 'Holding the value is enough to kill it, whosever it is. Alice is told by whom, and why.',
    hasCurl: true,
    isDone: ({ as, scene }) => as !== 'alice' && REVOKED.test(topText(scene)),
    run: killLeaked,
  },
];

/** Does a step, and before it those that it builds on. */
export async function runStep(step: Step): Promise<void> {
  if (state().story.running !== undefined) return;
  try {
    for (const one of STEPS.slice(0, STEPS.indexOf(step) + 1)) {
      if (one !== step && state().story.done.has(one.id)) continue;
      changeStory({ running: one.id });
      await one.run();
    }
  } catch (error) {
    tell(`The story cannot go on: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    changeStory({ running: undefined });
  }
}

/** Sends a request with the value in the terminal, and keeps the answer for this step. */
export async function runCurl(id: string): Promise<void> {
  const { value } = state().story;
  const answer = await curl(value);
  if ('problem' in answer) throw new Error('there is no value to send: read one first');
  changeStory({ answers: { ...state().story.answers, [id]: { ...answer, sent: beginningOf(value) } } });
}

/** What is shown of a value. */
export function beginningOf(value: string): string {
  return `${value.slice(0, 9)}…`;
}

function isAt(now: PageState, tab: PageState['tab']): boolean {
  return now.place === appPlace(now) && now.tab === tab;
}

function topText(scene: PageState['scene']): string {
  return scene?.snapshot.modals.at(-1)?.text ?? '';
}

/** The values that the acting person sees in this place, oldest first. */
function valuesIn(now: PageState): string[] {
  const messages = now.scene?.snapshot.places.find(({ place }) => place === now.place)?.messages ?? [];
  return messages.flatMap(({ text }) => text.match(VALUE) ?? []);
}

function pause(times = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PACE_MS * times));
}

async function be(handle: string): Promise<void> {
  await closeDialog();
  await become(handle);
  await until(({ scene }) => scene?.snapshot.person.handle === handle, WAIT_MS);
}

async function closeDialog(): Promise<void> {
  await closeModal();
  await until(({ scene }) => scene?.snapshot.modals.length === 0, WAIT_MS);
}

async function say(place: string, text: string): Promise<void> {
  await goTo(place);
  type(text);
  await pause();
  await send();
}

/** Waits for a dialog with a submit button called so. */
async function dialogWith(submit: string): Promise<void> {
  await until(({ scene }) => scene?.snapshot.modals.at(-1)?.submit === submit, WAIT_MS);
  await pause();
}

async function fillIn(label: string, text: string): Promise<void> {
  const modal = state().scene?.snapshot.modals.at(-1);
  for (const block of modal?.blocks ?? []) {
    if (block.type !== 'input' || block.label.text !== label) continue;
    draft(draftKey(modal?.id ?? '', block.block_id ?? '', block.element.action_id ?? ''), text);
  }
  await pause();
}

async function createAs(handle: string, name: string, purpose: string): Promise<void> {
  await be(handle);
  await say('#general', `/apitoken create ${name}`);
  await dialogWith('Create Token');
  await fillIn('Purpose', purpose);
  tokenName = name;
  await submitModal();
  await useFreeName();
  await until(({ scene }) => topText(scene).includes('Your token is on its way'), WAIT_MS);
  await pause(2);
  await closeDialog();
}

/** A name that was used before is taken for ever: the error under the field says which one is free. */
async function useFreeName(): Promise<void> {
  const modal = await until(({ scene }) => {
    const top = scene?.snapshot.modals.at(-1);
    return top?.submit === undefined || Object.keys(top.errors).length > 0 ? top : undefined;
  }, WAIT_MS);
  const free = / (\S+) is free\./.exec(modal.errors['Token Name'] ?? '')?.[1];
  if (free === undefined) return;
  tokenName = free;
  await fillIn('Token Name', free);
  await submitModal();
}

async function readValue(): Promise<void> {
  await be('alice');
  change({ tab: 'messages' });
  await goTo(appPlace(state()));
  const value = await until((now) => valuesIn(now).at(-1), WAIT_MS).catch(() => {
    throw new Error('no value is on show any more: create another token first');
  });
  changeStory({ value });
  await pause();
}

async function useValue(): Promise<void> {
  if (state().story.value === '') await readValue();
  await runCurl('use');
}

async function openList(): Promise<void> {
  await be('alice');
  change({ tab: 'home' });
  await goTo(appPlace(state()));
  await until(({ scene }) => scene?.snapshot.home, WAIT_MS);
}

async function chooseInList(option: string): Promise<void> {
  await openList();
  await pause();
  const row = await until(({ scene }) => menuOf(scene?.snapshot.home?.blocks ?? [], tokenName), WAIT_MS);
  choose({ in: 'home', ...row }, option, undefined);
}

async function revokeFromList(): Promise<void> {
  await chooseInList('Revoke API Token');
  await confirmRevocation();
}

async function rotateFromList(): Promise<void> {
  const old = state().story.value;
  await chooseInList('Rotate');
  await dialogWith('Rotate');
  await submitModal();
  await until(({ scene }) => ROTATED.test(topText(scene)), WAIT_MS);
  await pause(2);
  await closeDialog();
  change({ tab: 'messages' });
  await goTo(appPlace(state()));
  await runCurl('rotate');
  await until((now) => valuesIn(now).at(-1) !== old, WAIT_MS);
  await pause(2);
  await readValue();
  await runCurl('rotate');
}

/** The admin makes the token; its owner alone can have its value made. */
async function createForAlice(): Promise<void> {
  await be('dave');
  await say('#general', '/apitoken create nightly-report');
  await dialogWith('Create Token');
  await fillIn('Purpose', 'Mails the figures of the day');
  await fillIn('Owner', 'alice');
  tokenName = 'nightly-report';
  await submitModal();
  await useFreeName();
  await until(({ scene }) => topText(scene).includes('only its owner can have it made'), WAIT_MS);
  await pause(2);
  await closeDialog();
  await be('alice');
  change({ tab: 'messages' });
  await goTo(appPlace(state()));
  const before = valuesIn(state()).length;
  const button = await until((now) => buttonCalled(now, 'Show value'), WAIT_MS);
  await pause();
  press(button, 'Show value', undefined);
  await until((now) => valuesIn(now).length > before, WAIT_MS);
}

/** The newest button of that text in this place. */
function buttonCalled(now: PageState, text: string): Control | undefined {
  const place = now.scene?.snapshot.places.find((one) => one.place === now.place);
  for (const message of [...(place?.messages ?? [])].reverse()) {
    for (const block of message.blocks) {
      if (block.type !== 'actions') continue;
      const button = block.elements.find((one) => one.type === 'button' && one.text.text === text);
      if (button === undefined) continue;
      return {
        in: now.place,
        ts: message.ts,
        blockId: block.block_id ?? '',
        actionId: button.action_id ?? '',
      };
    }
  }
  return undefined;
}

function menuOf(
  blocks: readonly KnownBlock[],
  name: string,
): { blockId: string; actionId: string } | undefined {
  for (const block of blocks) {
    if (block.type !== 'section' || block.text?.text !== name) continue;
    if (block.accessory?.type !== 'overflow') continue;
    return { blockId: block.block_id ?? '', actionId: block.accessory.action_id ?? '' };
  }
  return undefined;
}

async function confirmRevocation(): Promise<void> {
  await dialogWith('Revoke');
  if (state().as !== 'alice') await fillIn('Reason', 'Leaked in #general');
  await submitModal();
  await until(({ scene }) => REVOKED.test(topText(scene)), WAIT_MS);
  await pause(2);
  await closeDialog();
}

async function killLeaked(): Promise<void> {
  await createAs('alice', 'ci-runner', 'Runs the tests');
  await readValue();
  await say('#general', `Does this one work for you? ${state().story.value}`);
  await pause();
  await be('bob');
  await goTo('#general');
  const value = await until((now) => valuesIn(now).at(-1), WAIT_MS);
  await pause();
  await say('#oncall', `/apitoken revoke ${value}`);
  await confirmRevocation();
  await runCurl('leak');
  await be('alice');
  change({ tab: 'messages' });
  await goTo(appPlace(state()));
}
