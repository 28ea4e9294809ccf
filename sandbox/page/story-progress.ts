import { changeStory, state, subscribe } from './store.ts';
import { STEPS } from './story-steps.ts';

const KEY = 'story';

/** Ticks off what the visitor does, by hand or not, and remembers it over a reload of this window. */
export function watchProgress(): void {
  const kept = (sessionStorage.getItem(KEY) ?? '')
    .split(' ')
    .filter((id) => STEPS.some((step) => step.id === id));
  changeStory({ done: new Set(kept) });
  subscribe(() => {
    const now = state();
    const fresh = STEPS.filter(({ id, isDone }) => !now.story.done.has(id) && isDone(now));
    if (fresh.length === 0) return;
    const done = new Set([...now.story.done, ...fresh.map(({ id }) => id)]);
    sessionStorage.setItem(KEY, [...done].join(' '));
    changeStory({ done });
  });
}
