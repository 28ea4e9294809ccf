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
  seeGuard,
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
    todo: 'As Alice, type `/apitoken create deploy-bot` and press *Create Token*. Copy the value from *apitoken* → *Messages*.',
    look: "Only Alice sees it: switch to Bob and it isn't there. Reload the page and it's gone for good.",
    isDone: (now) => isAt(now, 'messages') && valuesIn(now).length > 0,
    run: async () => {
      await createAs('alice', 'deploy-bot', 'Deploys the website');
      await readValue();
    },
  },
  {
    id: 'use',
    title: 'Use it',
    todo: 'Paste the value below. Run curl here, or copy it into your own terminal.',
    look: 'A demo API asks apitoken about the value, then greets the token by name.',
    hasCurl: true,
    isDone: ({ story }) => story.answers.use?.status === 200,
    run: useValue,
  },
  {
    id: 'list',
    title: 'Find it in your list',
    todo: 'Open *apitoken* → *Home*, or type `/apitoken list` in any channel.',
    look: 'One row shows when it was last used and when it expires. Its ⋯ menu holds what you can do.',
    isDone: (now) => isAt(now, 'home') && now.story.done.has('create'),
    run: openList,
  },
  {
    id: 'rotate',
    title: 'Rotate it',
    todo: 'In the ⋯ menu choose *Rotate*, then press *Rotate*. Run curl with the old value, then with the new one.',
    look: 'Both values work for 24 hours, so nothing breaks. The receipt shows when each was last used.',
    hasCurl: true,
    isDone: ({ as, scene }) => as === 'alice' && ROTATED.test(topText(scene)),
    run: rotateFromList,
  },
  {
    id: 'revoke',
    title: 'Revoke it',
    todo: 'In the ⋯ menu choose *Revoke API Token*, then press *Revoke*. Run curl again.',
    look: 'The very next request is refused, because nothing is cached.',
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
    todo: 'As Dave, type `/apitoken create nightly-report` and choose Alice as *Owner*. As Alice, press *Show value* in *Messages*.',
    look: 'Dave hears that Alice claimed it, but never sees the value. Switch to Dave and look.',
    isDone: ({ as, scene }) => as !== 'alice' && topText(scene).includes('can reveal its value'),
    run: createForAlice,
  },
  {
    id: 'leak',
    title: 'On-call kills a leaked token',
    todo: "As Alice, create another token and paste its value into #general. As Bob, choose *Revoke token in message* in that message's ⋯ menu, then press *Revoke*.",
    look: 'Anyone who holds a value can revoke it. Alice hears who did it, and why.',
    hasCurl: true,
    isDone: ({ as, scene }) => as !== 'alice' && REVOKED.test(topText(scene)),
    run: killLeaked,
  },
  {
    id: 'look',
    title: 'A manager looks at everything',
    todo: 'As Carol, type `/apitoken status` in #oncall, then `/apitoken board`.',
    look: 'Only Carol sees the table. Everyone in the channel sees the board, which updates within a minute.',
    isDone: (now) => now.as === 'carol' && boardIn(now) !== undefined,
    run: lookAsManager,
  },
  {
    id: 'guard',
    title: 'The guard finds a leak by itself',
    todo: 'As Alice, create another token and paste its value into #general. As Bob, open #oncall, press *Revoke* on the card, then *Revoke*.',
    look: 'Nobody had to report it, and no reason had to be typed. With `LEAK_GUARD=revoke` the value ends as soon as it is posted.',
    hasCurl: true,
    isDone: ({ as, place, scene }) => as !== 'alice' && place === '#oncall' && REVOKED.test(topText(scene)),
    run: seeGuard,
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
    tell(`The story stopped: ${error instanceof Error ? error.message : String(error)}`);
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
