import { Blocks } from './blocks.tsx';
import { Composer } from './composer.tsx';
import { Log } from './log.tsx';
import { appPlace, openTab } from './moves.ts';
import { type PageState, type Tab, usePageState } from './store.ts';

/** A channel, or the app with its two tabs. */
export function PlaceView() {
  const now = usePageState();
  const app = appPlace(now);
  const isKnown = now.place === app || now.scene?.snapshot.places.some(({ place }) => place === now.place);
  if (!isKnown) {
    return (
      <main class="main">
        <PlaceHeader title={now.place} about="You aren't in this channel. Choose another one." />
      </main>
    );
  }
  if (now.place !== app) {
    return (
      <main class="main">
        <PlaceHeader title={now.place} about={aboutChannel(now.place)} />
        <Log />
        <Composer />
      </main>
    );
  }
  return (
    <main class="main">
      <PlaceHeader title={app.slice(1)} about="app" />
      <Tabs now={now} />
      {now.tab === 'home' ? <Home now={now} /> : <Messages />}
    </main>
  );
}

const ABOUT: Readonly<Record<string, string>> = {
  '#general': 'Everyone, including a partner company',
  '#oncall': 'For leaks and other emergencies',
  '#no-app': 'The app is not in this channel',
};

function aboutChannel(place: string): string {
  return ABOUT[place] ?? '';
}

function PlaceHeader({ title, about }: { title: string; about: string }) {
  return (
    <header class="place-header">
      <h1>{title}</h1>
      <span class={about === 'app' ? 'tag' : 'about'}>{about === 'app' ? 'APP' : about}</span>
    </header>
  );
}

const TABS: readonly { tab: Tab; label: string }[] = [
  { tab: 'home', label: 'Home' },
  { tab: 'messages', label: 'Messages' },
];

function Tabs({ now }: { now: PageState }) {
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = now.tab === 'home' ? 'messages' : 'home';
    document.getElementById(`tab-${other}`)?.focus();
    void openTab(other);
  }
  return (
    <div class="tabs" role="tablist" aria-label="apitoken">
      {TABS.map(({ tab, label }) => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          aria-selected={now.tab === tab}
          aria-controls={now.tab === tab ? `panel-${tab}` : undefined}
          tabIndex={now.tab === tab ? 0 : -1}
          onClick={() => void openTab(tab)}
          onKeyDown={onKeyDown}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function Home({ now }: { now: PageState }) {
  const home = now.scene?.snapshot.home;
  return (
    <div id="panel-home" class="home" role="tabpanel" aria-labelledby="tab-home" tabIndex={0}>
      {home === undefined ? (
        <p class="empty">Opening Home…</p>
      ) : (
        <Blocks blocks={home.blocks} where={{ in: 'home', values: home.values }} />
      )}
    </div>
  );
}

function Messages() {
  return (
    <div id="panel-messages" class="messages-panel" role="tabpanel" aria-labelledby="tab-messages">
      <Log />
      <Composer />
    </div>
  );
}
