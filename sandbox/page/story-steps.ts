import { tell } from './moves.ts';
import { change, changeStory, type PageState, state } from './store.ts';
import {
  boardIn,
  createAs,
  createForAlice,
  killLeaked,
  lookAsManager,
  openList,
  REVOKED,
  ROTATED,
  readValue,
  revokeFromList,
  rotateFromList,
  runCurl,
  useValue,
} from './story-doing.ts';
import { isAt, topText, valuesIn } from './story-hands.ts';
import { startOver } from './wire.ts';

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
    todo: 'As Alice, create another token and paste its value into #general. As Bob, choose *Revoke token in message* in the ⋯ of her message, or type `/apitoken revoke` and the value.',
    look: 'Holding the value is enough to kill it, whosever it is. Alice is told by whom, and why.',
    hasCurl: true,
    isDone: ({ as, scene }) => as !== 'alice' && REVOKED.test(topText(scene)),
    run: killLeaked,
  },
  {
    id: 'look',
    title: 'A manager looks at everything',
    todo: 'As Carol, type `/apitoken status` in #oncall, then `/apitoken board`.',
    look: 'The table is for her alone. The board stays, for everybody in the channel: create or revoke a token, and it follows within a minute.',
    isDone: (now) => now.as === 'carol' && boardIn(now) !== undefined,
    run: lookAsManager,
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

/** Asks whether everything may be deleted, and does that. This page and all others then load themselves anew. */
export function askToStartOver(isKept: boolean): void {
  const kept = isKept ? ' The tokens kept by --data are deleted too.' : '';
  change({
    question: {
      title: 'Start over?',
      text: `All tokens, messages and progress in this sandbox are deleted.${kept} This can't be undone.`,
      confirm: 'Start over',
      deny: 'Cancel',
      isDangerous: true,
      proceed: () => void startOverNow(),
    },
  });
}

async function startOverNow(): Promise<void> {
  changeStory({ isStartingOver: true });
  const result = await startOver();
  if (!('problem' in result)) return;
  changeStory({ isStartingOver: false });
  tell(String(result.problem));
}
