import { useState } from 'preact/hooks';
import { exactTime } from './dates.ts';
import type { TrafficLine } from './protocol.ts';
import { change, usePageState, zoneOf } from './store.ts';
import { readTraffic } from './wire.ts';

/** What goes over the wire between the workspace and the app: a drawer that opens from below. */
export function Traffic() {
  const { scene, isTrafficOpen } = usePageState();
  const lines = scene?.traffic ?? [];
  const bad = lines.filter(({ tone }) => tone === 'bad').length;
  return (
    <section class={isTrafficOpen ? 'traffic open' : 'traffic'} aria-label="Traffic">
      <button
        type="button"
        class="traffic-toggle"
        aria-expanded={isTrafficOpen}
        onClick={() => change({ isTrafficOpen: !isTrafficOpen })}
      >
        <span>{isTrafficOpen ? 'Hide traffic' : 'Show traffic'}</span>
        {bad > 0 && <span class="bad">{`${bad} refused`}</span>}
        {!isTrafficOpen && <LastLine line={lines.at(-1)} />}
      </button>
      {isTrafficOpen && (
        <ol class="lines-list" tabIndex={0} aria-label="Newest first">
          {lines.toReversed().map((line) => (
            <Line key={line.number} line={line} />
          ))}
          {lines.length === 0 && <li class="empty">Nothing has been sent yet.</li>}
        </ol>
      )}
    </section>
  );
}

function LastLine({ line }: { line: TrafficLine | undefined }) {
  if (line === undefined) return null;
  return <span class="last">{`${arrowOf(line)} ${line.title}: ${line.outcome}`}</span>;
}

function arrowOf({ kind }: TrafficLine): string {
  return { delivery: 'workspace → app', call: 'app → workspace', refusal: 'refused' }[kind];
}

function Line({ line }: { line: TrafficLine }) {
  const [detail, setDetail] = useState<string>();
  const time = exactTime(new Date(line.at), zoneOf(usePageState()));
  return (
    <li class={`line is-${line.tone}`}>
      <details
        onToggle={({ currentTarget }) => currentTarget.open && void readTraffic(line.number).then(setDetail)}
      >
        <summary>
          <time>{time}</time>
          <span class={`arrow ${line.kind}`}>{arrowOf(line)}</span>
          <code class="what">{line.title}</code>
          <span class="outcome">{line.outcome}</span>
          <span class="whom">{line.who === '' ? '' : `@${line.who}`}</span>
        </summary>
        <pre tabIndex={0}>{detail ?? '…'}</pre>
      </details>
    </li>
  );
}
