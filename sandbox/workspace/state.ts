import { randomBytes } from 'node:crypto';
import type { ViewStateValue } from '@slack/bolt';
import type { HomeView, KnownBlock, ModalView } from '@slack/types';
import type { Seed, SeedPerson } from '../seed.ts';
import type { Manifest } from './manifest.ts';

/** Any JSON object that came over the wire and was not looked at yet. */
export type Json = { [key: string]: unknown };

/** A member of the workspace, or a stranger met in a shared channel. */
export type PersonRecord = {
  id: string;
  handle: string;
  name: string;
  teamId: string;
  /** Slack tells none of itself and of bots. */
  tz: string | null;
  /** In an organisation (Enterprise Grid): the workspaces that they are in. What is said of them then names the organisation. */
  teams: string[] | undefined;
  /** All names are empty, as Slack allows. */
  isNameless: boolean;
  deleted: boolean;
  is_admin: boolean;
  is_owner: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_bot: boolean;
  is_stranger: boolean;
};

/** A channel, or the app's conversation with one person (`im` is that person's id). */
export type Channel = {
  id: string;
  name: string;
  im: string | undefined;
  members: Set<string>;
  appIsMember: boolean;
  shared: boolean;
  isPrivate: boolean;
};

/** A user group. */
export type Group = {
  id: string;
  handle: string;
  name: string;
  members: string[];
  disabled: boolean;
  updatedAt: number;
};

/** A message as it is kept; `onlyFor` is the one person who sees an ephemeral one, for as long as `vanished` is false. */
export type Message = {
  ts: string;
  channelId: string;
  /** A person's id, the app's bot user, or `USLACKBOT`. */
  from: string;
  text: string;
  blocks: KnownBlock[];
  attachments: Json[];
  files: SharedFile[];
  onlyFor: string | undefined;
  /** An ephemeral message after a reload, a lost one, or one that was deleted. */
  vanished: boolean;
  edited: boolean;
  threadTs: string | undefined;
  /** What the person chose in the message's own selects and checkboxes. */
  values: StateValues;
};

/** A file that stands in a conversation; of its text the beginning. */
export type SharedFile = { id: string; name: string; size: number; preview: string };

/** A file on its way: `text` once it was uploaded, `isShared` once that was completed. */
export type Upload = {
  id: string;
  name: string;
  length: number;
  text: string | undefined;
  isShared: boolean;
};

/** `view.state.values`: by block id, then by action id. */
export type StateValues = { [blockId: string]: { [actionId: string]: ViewStateValue } };

/** A view whose blocks were checked. */
export type KnownView = (Omit<ModalView, 'blocks'> | Omit<HomeView, 'blocks'>) & { blocks: KnownBlock[] };

/** A modal or a Home tab that is drawn for one person. */
export type OpenView = {
  id: string;
  ownerId: string;
  /** As the app gave it, with the missing block and action ids filled in. */
  view: KnownView;
  hash: string;
  rootId: string;
  previousId: string | null;
  values: StateValues;
  /** Text under the field, by block id. */
  errors: { [blockId: string]: string };
  /** What Slack says over the whole modal when the app's answer was late or wrong. */
  trouble: string | undefined;
};

/** What a `trigger_id` may still be exchanged for. */
export type Trigger = { personId: string; at: number; used: boolean; viewId: string | undefined };

/** A `response_url`: what it may replace, and how often it was used. */
export type ResponseUrl = {
  kind: 'command' | 'action' | 'view';
  personId: string;
  channelId: string;
  /** The message that an action's URL may replace or delete. */
  messageTs: string | undefined;
  at: number;
  uses: number;
};

/** One error that the fake answered, or one thing that it tolerated and Slack's documents do not. */
export type Refusal = {
  kind: 'web-api' | 'response-url' | 'ack' | 'delivery' | 'socket' | 'http' | 'warning';
  /** The method, URL or envelope type that it is about. */
  about: string;
  error: string;
  detail: string;
};

/** What went over the wire: what Slack delivered, and what the app called. */
export type TrafficEntry = DeliveryEntry | CallEntry;

/** One envelope, and what became of it; the last four fields are filled in when it is acked or too late. */
export type DeliveryEntry = {
  kind: 'delivery';
  at: number;
  /** Of the envelope: `slash_commands`, `interactive`, `events_api`. */
  type: string;
  envelopeId: string;
  payload: Json;
  retryAttempt: number;
  acked: boolean;
  timedOut: boolean;
  ackBody: unknown;
  ackMs: number | undefined;
};

/** One request of the app: a Web API method, or a POST to a `response_url`. */
export type CallEntry = {
  kind: 'call' | 'response-url';
  at: number;
  /** The method's name, or the URL. */
  method: string;
  args: Json;
  answer: unknown;
  status: number;
  /** The fault that it met, as JSON. */
  fault: string | undefined;
};

/** Everything the workspace knows. Functions of this folder take it as their first argument. */
export type State = {
  clock: () => number;
  seed: Seed;
  manifest: Manifest;
  /** `http://127.0.0.1:PORT`, once it listens. */
  baseUrl: string;
  botToken: string;
  appToken: string;
  /** Proves that a request over HTTP comes from this workspace. */
  signingSecret: string;
  verificationToken: string;
  freePlan: boolean;
  /** The app is installed in a whole organisation, and not in one workspace. */
  isOrgWide: boolean;
  people: Map<string, PersonRecord>;
  channels: Map<string, Channel>;
  groups: Map<string, Group>;
  messages: Message[];
  stacks: Map<string, OpenView[]>;
  homes: Map<string, OpenView>;
  triggers: Map<string, Trigger>;
  responseUrls: Map<string, ResponseUrl>;
  /** By their upload URL. */
  uploads: Map<string, Upload>;
  refusals: Refusal[];
  traffic: TrafficEntry[];
  lastTs: number;
  /** Tells the app of a message in a channel, where it is a member and asked for that. */
  tellOf: (channelId: string, event: Json) => Promise<void>;
  watchers: Set<() => void>;
};

/** Slack's own voice in every workspace. It is no bot, says `users.info`. */
export const SLACKBOT_ID = 'USLACKBOT';

const TRAFFIC_MAX = 10_000;
const MESSAGES_MAX = 50_000;
/** Triggers and response URLs are forgotten, oldest first, beyond this many. */
const HANDLES_MAX = 50_000;

/** The state of a workspace that nobody has used yet. */
export function createState(seed: Seed, manifest: Manifest, clock: () => number): State {
  const bot: SeedPerson = { handle: manifest.botName, id: seed.botUserId, name: manifest.botName, bot: true };
  const slackbot: SeedPerson = { handle: 'slackbot', id: SLACKBOT_ID, name: 'Slackbot' };
  const people = new Map(
    [...seed.people, bot, slackbot].map((person) => [person.id, toRecord(person, seed.teamId)]),
  );
  const idOf = (handle: string): string => findByHandle(people, handle).id;
  return {
    clock,
    seed,
    manifest,
    baseUrl: '',
    botToken: `xoxb-${randomBytes(18).toString('hex')}`,
    appToken: `xapp-1-${seed.appId}-${randomBytes(18).toString('hex')}`,
    signingSecret: randomBytes(16).toString('hex'),
    verificationToken: randomBytes(12).toString('hex'),
    freePlan: false,
    isOrgWide: false,
    people,
    channels: new Map(
      seed.channels.map(({ id, name, members, appIsMember, shared = false, isPrivate = false }) => [
        id,
        { id, name, im: undefined, members: new Set(members.map(idOf)), appIsMember, shared, isPrivate },
      ]),
    ),
    groups: new Map(
      seed.groups.map(({ id, handle, name, members }) => [
        id,
        {
          id,
          handle,
          name,
          members: members.map(idOf),
          disabled: false,
          updatedAt: Math.floor(clock() / 1000),
        },
      ]),
    ),
    messages: [],
    stacks: new Map(),
    homes: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    uploads: new Map(),
    refusals: [],
    traffic: [],
    lastTs: 0,
    tellOf: async () => undefined,
    watchers: new Set(),
  };
}

function toRecord(person: SeedPerson, teamId: string): PersonRecord {
  return {
    id: person.id,
    handle: person.handle,
    name: person.name,
    teamId: person.strangerFrom ?? teamId,
    tz: person.bot || person.id === SLACKBOT_ID ? null : (person.zone ?? 'Europe/Berlin'),
    teams: undefined,
    isNameless: false,
    deleted: person.deactivated ?? false,
    is_admin: person.admin ?? false,
    is_owner: false,
    is_restricted: person.guest ?? false,
    is_ultra_restricted: false,
    is_bot: person.bot ?? false,
    is_stranger: person.strangerFrom !== undefined,
  };
}

/** The person with this handle, with or without `@`. Throws when there is none. */
export function findByHandle(people: Map<string, PersonRecord>, handle: string): PersonRecord {
  const bare = handle.replace(/^@/, '');
  for (const person of people.values()) if (person.handle === bare) return person;
  throw new Error(`nobody here is called ${handle}`);
}

/** Tells the page, and whoever else watches, that something visible changed, or that there was traffic. */
export function changed(state: State): void {
  for (const watcher of state.watchers) watcher();
}

/** Records an error that the fake answered. */
export function recordRefusal(state: State, refusal: Refusal): void {
  state.refusals.push(refusal);
  if (state.refusals.length > TRAFFIC_MAX) state.refusals.shift();
  changed(state);
}

/** Records traffic; the oldest entries are dropped. */
export function recordTraffic(state: State, entry: TrafficEntry): void {
  state.traffic.push(entry);
  if (state.traffic.length > TRAFFIC_MAX) state.traffic.shift();
  changed(state);
}

/** A message timestamp: seconds with six digits, later than every one before. */
export function nextTs(state: State): string {
  state.lastTs = Math.max(state.clock() * 1000, state.lastTs + 1);
  return `${Math.floor(state.lastTs / 1_000_000)}.${String(state.lastTs % 1_000_000).padStart(6, '0')}`;
}

/** An id in Slack's form: a letter, a zero, nine characters. */
export function newId(letter: string): string {
  return `${letter}0${randomBytes(6).toString('hex').slice(0, 9).toUpperCase()}`;
}

type MessageFields = Pick<Message, 'channelId' | 'from' | 'text'> & Partial<Message>;

/** A message that nobody sees yet. */
export function newMessage(state: State, fields: MessageFields): Message {
  return {
    ts: nextTs(state),
    blocks: [],
    attachments: [],
    files: [],
    onlyFor: undefined,
    vanished: false,
    edited: false,
    threadTs: undefined,
    values: {},
    ...fields,
  };
}

/** Keeps a message and shows it. */
export function addMessage(state: State, fields: MessageFields): Message {
  const message = newMessage(state, fields);
  state.messages.push(message);
  if (state.messages.length > MESSAGES_MAX) state.messages.shift();
  changed(state);
  return message;
}

/** Whether this person sees the message now: the privacy boundary of the whole workspace. */
export function isVisibleTo(state: State, message: Message, personId: string): boolean {
  if (message.vanished) return false;
  if (message.onlyFor !== undefined && message.onlyFor !== personId) return false;
  return (
    state.channels.get(message.channelId)?.members.has(personId) === true || message.onlyFor === personId
  );
}

/** The app's conversation with the person, made when it is not there yet. */
export function directMessage(state: State, personId: string): Channel {
  for (const channel of state.channels.values()) if (channel.im === personId) return channel;
  const channel: Channel = {
    id: `D${personId.slice(1)}`,
    name: 'directmessage',
    im: personId,
    members: new Set([personId]),
    appIsMember: true,
    shared: false,
    isPrivate: false,
  };
  state.channels.set(channel.id, channel);
  return channel;
}

/** Makes a `trigger_id` for this person; `viewId` is the modal it comes from. */
export function newTrigger(state: State, personId: string, viewId?: string): string {
  const id = `${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(16).toString('hex')}`;
  state.triggers.set(id, { personId, at: state.clock(), used: false, viewId });
  forgetOldest(state.triggers);
  return id;
}

/** Makes a `response_url`. */
export function newResponseUrl(state: State, fields: Omit<ResponseUrl, 'at' | 'uses'>): string {
  const path = fields.kind === 'command' ? 'commands' : 'actions';
  const url = `${state.baseUrl}/${path}/${state.seed.teamId}/${randomBytes(18).toString('hex')}`;
  state.responseUrls.set(url, { ...fields, at: state.clock(), uses: 0 });
  forgetOldest(state.responseUrls);
  return url;
}

/** Keeps a map of things that are only looked up for a while from growing without end. */
export function forgetOldest(handles: Map<string, unknown>): void {
  const oldest = handles.keys().next().value;
  if (handles.size > HANDLES_MAX && oldest !== undefined) handles.delete(oldest);
}
