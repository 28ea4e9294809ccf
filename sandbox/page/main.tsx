import { render } from 'preact';
import { load } from './moves.ts';
import { Page } from './page.tsx';
import { state } from './store.ts';
import { watchProgress } from './story-progress.ts';
import { connect, disconnect } from './wire.ts';

const root = document.querySelector('#page');
if (root === null) throw new Error('index.html has no #page');
render(<Page />, root);
window.addEventListener('pagehide', disconnect);
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) connect(state().as);
});
watchProgress();
await load();
