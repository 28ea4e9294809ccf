import { useEffect, useRef } from 'preact/hooks';
import type { VisibleMessage } from '../workspace/visible.ts';
import { dayOf } from './dates.ts';
import { Message } from './message.tsx';
import { appPlace } from './moves.ts';
import { change, type PageState, usePageState, zoneOf } from './store.ts';

/** What the app answered within this time stays in view, however much of it there is. */
const ANSWER_S = 5;
/** Messages of one sender within this time are drawn under one head. */
const TOGETHER_S = 300;

/** The messages of the place that is shown, oldest first. */
export function Log() {
  const now = usePageState();
  const messages = now.scene?.snapshot.places.find(({ place }) => place === now.place)?.messages ?? [];
  const log = useRef<HTMLDivElement>(null);
  const shown = useRef('');
  const newest = messages.at(-1)?.ts ?? '';
  const key = `${now.as} ${now.place}`;
  useEffect(() => {
    const seen = now.seen[key] ?? '';
    // Whoever comes back starts to read at what is new; whoever is here follows, and reads an answer from its start.
    const isComing = shown.current !== key;
    const start = isComing ? messages.find(({ ts }) => ts > seen) : answerIn(messages, now);
    scrollTo(log.current, start);
    shown.current = key;
    if (newest > seen) change({ seen: { ...now.seen, [key]: newest } });
  }, [key, newest, messages.length]);
  return (
    <div
      ref={log}
      class="log"
      role="log"
      aria-label={`Messages in ${now.place.replace(/^@/, '')}`}
      tabIndex={0}
    >
      <div class="log-start">
        <p class="empty">{emptyText(now)}</p>
      </div>
      {messages.map((message, index) => (
        <Entry key={message.ts} message={message} before={messages[index - 1]} />
      ))}
    </div>
  );
}

/** The first of the messages with which the app answered just now; undefined when somebody else has the last word. */
function answerIn(messages: readonly VisibleMessage[], now: PageState): VisibleMessage | undefined {
  const app = now.surroundings?.app.id;
  if (messages.at(-1)?.raw.from !== app) return undefined;
  const since = Math.max(Date.now() / 1000 - ANSWER_S, now.sentAt / 1000);
  return messages.find(({ ts, raw }) => raw.from === app && Number(ts) > since);
}

/** To the end, but no further than to the top of `start`. */
function scrollTo(log: HTMLElement | null, start: VisibleMessage | undefined): void {
  if (log === null) return;
  log.scrollTo({ top: log.scrollHeight });
  const first = start === undefined ? null : document.getElementById(`message-${start.ts}`);
  const above = first === null ? 0 : log.getBoundingClientRect().top - first.getBoundingClientRect().top;
  if (above > 0) log.scrollBy({ top: -above });
}

function Entry({ message, before }: { message: VisibleMessage; before: VisibleMessage | undefined }) {
  const look = { now: new Date(), zone: zoneOf(usePageState()) };
  const day = dayOf(dateOf(message), look);
  const isNewDay = before === undefined || dayOf(dateOf(before), look) !== day;
  return (
    <div>
      {isNewDay && (
        <div class="day">
          <span>{day}</span>
        </div>
      )}
      <Message message={message} isContinued={!isNewDay && continues(before, message)} />
    </div>
  );
}

function emptyText(now: PageState): string {
  if (now.place === appPlace(now)) {
    return 'Only you and apitoken see this conversation. Your token values and receipts appear here.';
  }
  return `This is the start of ${now.place}. Type a message, or / for a command.`;
}

function continues(before: VisibleMessage, message: VisibleMessage): boolean {
  return (
    before.raw.from === message.raw.from &&
    !before.ephemeral &&
    !message.ephemeral &&
    Number(message.ts) - Number(before.ts) < TOGETHER_S
  );
}

function dateOf({ ts }: VisibleMessage): Date {
  return new Date(Number(ts) * 1000);
}
