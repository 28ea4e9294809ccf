import { useEffect, useState } from 'preact/hooks';
import type { DemoAnswer, Entry, Scene, Surroundings } from './protocol.ts';

/** The two tabs of the app. */
export type Tab = 'home' | 'messages';

/** What a confirmation dialog asks, and what happens then. */
export type Question = {
  title: string;
  text: string;
  confirm: string;
  deny: string;
  isDangerous: boolean;
  proceed: () => void;
};

/** A word about something that did not work. */
export type Toast = { id: number; text: string };

/** What the page knows; one value for the whole page. */
export type PageState = {
  /** The handle of the person that the visitor is. */
  as: string;
  place: string;
  tab: Tab;
  surroundings: Surroundings | undefined;
  scene: Scene | undefined;
  isOnline: boolean;
  /** What is typed into fields and not sent yet, by view, block and action. */
  drafts: Readonly<Record<string, Entry>>;
  /** What is typed into the composer, by person and place. */
  typed: Readonly<Record<string, string>>;
  /** Controls that wait for the app, and those for which the app was late. */
  busy: ReadonlySet<string>;
  late: ReadonlySet<string>;
  /** The newest message that was looked at, by person and place. */
  seen: Readonly<Record<string, string>>;
  /** When the visitor sent something last, in milliseconds: what came before it is no answer to it. */
  sentAt: number;
  question: Question | undefined;
  toasts: readonly Toast[];
  story: {
    isOpen: boolean;
    /** Ids of steps. */
    done: ReadonlySet<string>;
    running: string | undefined;
    isStartingOver: boolean;
    /** What the visitor's `curl` sends. */
    value: string;
    /** What the demo API answered, by step, and the first characters of what was sent. */
    answers: Readonly<Record<string, DemoAnswer & { sent: string }>>;
  };
  isTrafficOpen: boolean;
};

let current: PageState = {
  as: 'alice',
  place: '#general',
  tab: 'home',
  surroundings: undefined,
  scene: undefined,
  isOnline: false,
  drafts: {},
  typed: {},
  busy: new Set(),
  late: new Set(),
  seen: {},
  sentAt: 0,
  question: undefined,
  toasts: [],
  story: {
    isOpen: true,
    done: new Set(),
    running: undefined,
    isStartingOver: false,
    value: '',
    answers: {},
  },
  isTrafficOpen: false,
};
const listeners = new Set<() => void>();

/** The page's state as it is now. */
export function state(): PageState {
  return current;
}

/** The time zone of the person that the visitor is, whatever that of the browser. */
export function zoneOf({ scene }: PageState): string {
  return scene?.snapshot.person.zone ?? 'UTC';
}

/** Changes a part of the state, and draws what depends on it. */
export function change(part: Partial<PageState>): void {
  current = { ...current, ...part };
  for (const listener of [...listeners]) listener();
}

/** Changes a part of the story's state. */
export function changeStory(part: Partial<PageState['story']>): void {
  change({ story: { ...current.story, ...part } });
}

/** Calls back after each change; returns what ends that. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** The state, for a component that is drawn anew whenever it changes. */
export function usePageState(): PageState {
  const [, draw] = useState({});
  useEffect(() => subscribe(() => draw({})), []);
  return current;
}

/** Waits until the state is as wanted. Rejects after `msMax`. */
export function until<T>(read: (now: PageState) => T | undefined | false, msMax: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        finish(() =>
          reject(new Error('What should happen next did not happen in time. Try again, or start over.')),
        ),
      msMax,
    );
    const check = (): void => {
      const found = read(current);
      if (found !== undefined && found !== false) finish(() => resolve(found));
    };
    function finish(then: () => void): void {
      clearTimeout(timer);
      listeners.delete(check);
      then();
    }
    listeners.add(check);
    check();
  });
}
