import type { Exactly } from '../workspace/controls.ts';
import type { Snapshot } from '../workspace/visible.ts';

/** Somebody of the workspace, as everybody there knows them. */
export type Acquaintance = {
  id: string;
  handle: string;
  name: string;
  /** What stands behind the name: a role, or why they cannot act. */
  role: string;
  /** Whether a visitor may be this person. */
  isPlayable: boolean;
};

/** What does not change while the sandbox runs. */
export type Surroundings = {
  team: string;
  appId: string;
  app: Acquaintance;
  people: Acquaintance[];
  groups: { id: string; handle: string }[];
  channels: { id: string; name: string }[];
  commands: { command: string; description: string; usageHint: string }[];
  /** The names of the app's shortcuts on a message. */
  messageShortcuts: string[];
  /** Where the demo API answers, as `http://127.0.0.1:PORT/hello`. */
  demoUrl: string;
  /** Whether the tokens are still there at the next start. */
  isKept: boolean;
};

/** One line of the traffic drawer: nothing in it has the shape of a value. */
export type TrafficLine = {
  number: number;
  at: number;
  kind: 'delivery' | 'call' | 'refusal';
  /** The event, command or method. */
  title: string;
  /** What came of it, as `acked in 12 ms`. */
  outcome: string;
  tone: 'plain' | 'waiting' | 'bad';
  /** The person it is about, as a handle. */
  who: string;
};

/** All that the acting person's page draws, sent anew after each change. */
export type Scene = {
  snapshot: Snapshot;
  /** How many sockets the app holds open. */
  sockets: number;
  traffic: TrafficLine[];
};

/** What a person put into a field. */
export type Entry = string | string[];

/** The one control that is meant. */
export type Target = { in: string; exactly: Exactly };

/** What a visitor does, in the words of `person`. */
export type Act =
  | { act: 'reloads' | 'opens_home' | 'opens_messages' | 'closes' }
  | { act: 'types'; place: string; text: string }
  | { act: 'fills' | 'submits'; fields: Record<string, Entry> }
  | { act: 'clicks' | 'chooses' | 'enters'; text: string; aim: Target }
  | { act: 'selects'; entry: Entry; aim: Target }
  /** A shortcut on the message with this timestamp. */
  | { act: 'uses'; shortcut: string; ts: string };

/** What became of an act. `late`: the app did not answer within Slack's 3 s. `problem`: it could not be done at all. */
export type ActResult = { late: boolean } | { problem: string };

/** What the demo API answered. */
export type DemoAnswer = { status: number; statusText: string; headers: [string, string][]; body: string };
