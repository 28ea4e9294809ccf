import { appPlace, become, goTo } from './moves.ts';
import { type PageState, usePageState, zoneOf } from './store.ts';

/** Who the visitor is, and where they can go. */
export function Sidebar() {
  const now = usePageState();
  const { surroundings, scene, as } = now;
  const app = appPlace(now);
  const other = as === 'bob' ? 'alice' : 'bob';
  const channels = scene?.snapshot.places.filter(({ place }) => place.startsWith('#')) ?? [];
  const players = surroundings?.people.filter(({ isPlayable }) => isPlayable) ?? [];
  return (
    <nav class="sidebar" aria-label="Workspace">
      <div class="workspace">
        <strong>{surroundings?.team} workspace</strong>
        <span class={now.isOnline && scene?.sockets ? 'pulse' : 'pulse off'}>{connection(now)}</span>
      </div>
      <div class="who">
        <label for="you">You are</label>
        <select id="you" value={as} onChange={({ currentTarget }) => void become(currentTarget.value)}>
          {players.map(({ handle, name, role }) => (
            <option key={handle} value={handle}>{`${name} (${role})`}</option>
          ))}
        </select>
        {scene && <span class="zone">{`Time zone: ${zoneOf(now)}`}</span>}
      </div>
      <div class="places">
        <h2>Channels</h2>
        {channels.map(({ place }) => (
          <Place key={place} place={place} label={place} />
        ))}
        <h2>Apps</h2>
        <Place place={app} label={app.slice(1)} />
      </div>
      <p class="promise">
        Nothing leaves this computer. To be two people at once, open{' '}
        <a href={`/?as=${other}`} target="_blank" rel="noopener">
          another window as {other === 'bob' ? 'Bob' : 'Alice'}
        </a>
        .
      </p>
    </nav>
  );
}

function connection(now: PageState): string {
  if (!now.isOnline) return 'sandbox stopped';
  return now.scene?.sockets ? 'app connected' : 'app not connected';
}

function Place({ place, label }: { place: string; label: string }) {
  const now = usePageState();
  const isHere = now.place === place;
  const unread = isHere ? 0 : unreadIn(now, place);
  const id = `unread-${place.slice(1)}`;
  return (
    <>
      <button
        type="button"
        class={unread > 0 ? 'place unread' : 'place'}
        aria-current={isHere ? 'page' : undefined}
        aria-describedby={unread > 0 ? id : undefined}
        onClick={() => void goTo(place)}
      >
        {place.startsWith('@') ? <span class="avatar small app" aria-hidden="true" /> : null}
        <span class="place-name">{label}</span>
        {unread > 0 && (
          <span class="badge" aria-hidden="true">
            {unread}
          </span>
        )}
      </button>
      {unread > 0 && <span id={id} hidden>{`${unread} new`}</span>}
    </>
  );
}

/** How many messages of others are newer than the last one that was looked at here. */
function unreadIn(now: PageState, place: string): number {
  const messages = now.scene?.snapshot.places.find((one) => one.place === place)?.messages ?? [];
  const seen = now.seen[`${now.as} ${place}`] ?? '';
  const me = now.scene?.snapshot.person.id;
  return messages.filter(({ ts, raw }) => ts > seen && raw.from !== me).length;
}
