import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SEED, type Seed } from '../seed.ts';
import { type Carrier, deliverEvent, deliverOverheard, type Post } from './deliver.ts';
import { createFaults, type Faults } from './faults.ts';
import { send, strangeRequest, textAnswer } from './http.ts';
import { createHttpMode, type HttpAnswer, type Posted } from './http-mode.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { changeMessage, removeMessage } from './methods-chat.ts';
import { answerUpload } from './methods-files.ts';
import { subteamOutput } from './methods-people.ts';
import {
  channelMessageEvent,
  messageChangedEvent,
  messageDeletedEvent,
  messageOutput,
  userOutput,
} from './payloads.ts';
import { createPerson, type Person } from './person.ts';
import { createRates } from './rates.ts';
import { answerResponseUrl } from './response-url.ts';
import { type AckOutcome, createSockets, type Delivery, type Sockets } from './sockets.ts';
import {
  addMessage,
  changed,
  createState,
  findByHandle,
  type Group,
  type Json,
  type Message,
  nextTs,
  type PersonRecord,
  type Refusal,
  recordRefusal,
  type State,
  type TrafficEntry,
} from './state.ts';
import { withIds } from './view-state.ts';
import { type Snapshot, snapshotOf } from './visible.ts';
import { answerWebApi, type WebApiDeps } from './web-api.ts';

/** How a workspace is started; everything has a default. */
export type WorkspaceOptions = {
  /** Milliseconds UTC. Triggers, response URLs and timestamps follow it; the ack time-out is a real timer. */
  clock?: () => number;
  /** Whether calls are counted against the limits that Slack documents for each method; by `clock`. */
  rateLimits?: boolean;
  /** How long the app has to ack; Slack's 3,000 ms when left out. */
  ackTimeoutMs?: number;
  /** Slack's delays before each new try of an event (at once, 1 min, 5 min), scaled down. */
  eventRetryDelaysMs?: readonly number[];
  /** `manifest.yml` of the repository when left out. */
  manifestPath?: string;
  /** Optional scopes of the manifest that whoever installed the app did not grant. */
  withheldScopes?: readonly string[];
  /** Whether the manifest's commented scopes and events are taken in. */
  withCommented?: boolean;
  /** Any free one when left out. */
  port?: number;
  seed?: Seed;
};

/** A local Slack that the real app is run against. It listens on 127.0.0.1 alone. */
export type Workspace = {
  /** For `SLACK_API_URL`. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  /** For `SLACK_SIGNING_SECRET`. */
  readonly signingSecret: string;
  readonly teamId: string;
  readonly appId: string;
  readonly botUserId: string;
  /** By handle or name, without `@` or `#`. */
  readonly ids: {
    people: Record<string, string>;
    channels: Record<string, string>;
    groups: Record<string, string>;
  };
  readonly manifest: Manifest;
  person(handle: string): Person;
  /** Every error that the fake answered, and every warning. A test ends with none. */
  readonly refusals: readonly Refusal[];
  /** The refusals, which are then forgotten: for a test that expects some. */
  takeRefusals(): Refusal[];
  /** Takes exactly one refusal with this error out of the list, and throws when there is none. */
  expectRefusal(error: string): Refusal;
  /** Deliveries and calls, the last 10,000, with whole payloads. */
  readonly traffic: readonly TrafficEntry[];
  readonly faults: Pick<Faults, 'add' | 'clear'>;
  /** All messages of a channel, or of the whole workspace; `visibleTo` are the ids of those who see it now. */
  messages(channelId?: string): (Readonly<Message> & { visibleTo: string[] })[];
  snapshot(handle: string): Snapshot;
  /** Calls back after each visible change, each delivery and each call; returns what ends that. */
  watch(watcher: () => void): () => void;
  /** Posts as a person or another bot, with blocks and attachments, or in a thread; returns the timestamp. */
  post(
    channel: string,
    handle: string,
    message: { text: string; blocks?: unknown[]; attachments?: Json[]; threadTs?: string },
  ): string;
  /** Changes what stands in a message, as its author or an unfurled link does. Resolves when the app was told. */
  edits(ts: string, change: { text?: string; blocks?: unknown[]; attachments?: Json[] }): Promise<void>;
  /** Takes a message away. Resolves when the app was told. */
  deletes(ts: string): Promise<void>;
  /** Changes a person, and tells the app by `user_change`; `untold`: that event is lost. */
  setPerson(
    handle: string,
    change: Partial<Omit<PersonRecord, 'id' | 'handle'>>,
    telling?: 'untold',
  ): Promise<void>;
  /** Changes a group's members, and tells the app by `subteam_members_changed`; `untold`: that event is lost. */
  setGroupMembers(handle: string, members: readonly string[], telling?: 'untold'): Promise<void>;
  /** Disables a group or enables it again, and tells the app by `subteam_updated`. */
  setGroupDisabled(handle: string, disabled: boolean): Promise<void>;
  /** Adds the app to a channel, or takes it out. */
  setAppInChannel(channel: string, isMember: boolean): void;
  /** Whether the app is installed in a whole organisation: then deliveries name no workspace. */
  setOrgWide(isOrgWide: boolean): void;
  /** Whether `usergroups.*` answers `plan_upgrade_required`. */
  setFreePlan(isFree: boolean): void;
  readonly sockets: Pick<
    Sockets,
    | 'deliverTo'
    | 'count'
    | 'connections'
    | 'disconnectAll'
    | 'dropAll'
    | 'dropOldest'
    | 'sendFrame'
    | 'mistreatNext'
    | 'setLife'
  > & {
    /** Lets the next `n` calls of `apps.connections.open` fail: a 500, or as the fault says. */
    refuseOpens(n: number, fault?: Omit<Parameters<Faults['add']>[0], 'method' | 'url' | 'times'>): void;
  };
  waitForSockets(n: number): Promise<void>;
  /** Delivers anything, as if it were a delivery, over the sockets or HTTP; resolves with what the app said to it. */
  delivers(delivery: Delivery): Promise<AckOutcome>;
  readonly http: {
    /**
     * Turns Socket Mode off: from now on everything is posted to `url`, which must first answer Slack's challenge. Throws
     * when it does not.
     */
    deliverTo(url: string): Promise<void>;
    /** Posts anything to that url, signed as it says or not at all, and returns what is answered. */
    posts(posted: Posted): Promise<HttpAnswer>;
  };
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
};

const MANIFEST_PATH = fileURLToPath(new URL('../../manifest.yml', import.meta.url));
const EVENT_RETRY_DELAYS_MS = [0, 100, 500];
const ACK_TIMEOUT_MS = 3000;

/** Starts a workspace. Throws when the manifest would not be taken by Slack. */
export async function startWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const { clock = Date.now, manifestPath = MANIFEST_PATH, seed = SEED } = options;
  const manifest = readManifest(manifestPath, options.withheldScopes, options.withCommented);
  const state = createState(seed, manifest, clock);
  const faults = createFaults();
  const sockets = createSockets(state, options.ackTimeoutMs ?? ACK_TIMEOUT_MS);
  const eventRetryDelaysMs = options.eventRetryDelaysMs ?? EVENT_RETRY_DELAYS_MS;
  const post: Post = {
    state,
    sockets,
    carrier: socketCarrier(sockets),
    eventRetryDelaysMs,
    timers: new Set(),
    last: new Map(),
  };
  state.tellOf = (channelId, event) => deliverOverheard(post, channelId, event);
  const rates = options.rateLimits === true ? createRates(clock) : undefined;
  const server = await listen(
    { state, faults, rates, socketUrl: () => sockets.issueUrl() },
    sockets,
    options.port ?? 0,
  );
  return build(post, faults, server, options.ackTimeoutMs ?? ACK_TIMEOUT_MS);
}

function socketCarrier(sockets: Sockets): Carrier {
  return {
    deliver: (delivery) => sockets.deliver(delivery),
    ready: async () => {
      if (sockets.count() === 0) await sockets.waitFor(1);
    },
  };
}

async function listen(deps: WebApiDeps, sockets: Sockets, port: number): Promise<Server> {
  const { state } = deps;
  const server = createServer((request, response) => {
    route(deps, request, response).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error);
      recordRefusal(state, { kind: 'http', about: request.url ?? '', error: 'sandbox_broken', detail });
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  state.baseUrl = `http://127.0.0.1:${address.port}`;
  return server;
}

async function route(deps: WebApiDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const strange = strangeRequest(request);
  const method = /^\/api\/([\w.]+)$/.exec(path)?.[1];
  const isResponseUrl = /^\/(commands|actions)\//.test(path);
  if (strange === undefined && request.method === 'POST' && method !== undefined) {
    return answerWebApi(deps, request, response, method);
  }
  if (strange === undefined && request.method === 'POST' && isResponseUrl) {
    return answerResponseUrl(deps, request, response);
  }
  if (strange === undefined && request.method === 'POST' && path.startsWith('/upload/v1/')) {
    return answerUpload(deps, request, response);
  }
  const status = strange?.status ?? (method === undefined && !isResponseUrl ? 404 : 405);
  const detail = strange?.why ?? `${request.method} is not how this is called`;
  recordRefusal(deps.state, { kind: 'http', about: path, error: String(status), detail });
  send(response, textAnswer(status, ''), undefined);
}

function build(post: Post, faults: Faults, server: Server, ackTimeoutMs: number): Workspace {
  const { state, sockets } = post;
  const http = createHttpMode(state, ackTimeoutMs);
  const people = new Map<string, Person>();
  const record = (handle: string): PersonRecord => findByHandle(state.people, handle);
  const { seed } = state;
  return {
    apiUrl: `${state.baseUrl}/api/`,
    botToken: state.botToken,
    appToken: state.appToken,
    signingSecret: state.signingSecret,
    teamId: seed.teamId,
    appId: seed.appId,
    botUserId: seed.botUserId,
    ids: idsOf(seed),
    manifest: state.manifest,
    person(handle) {
      const { handle: key } = record(handle);
      const person = people.get(key) ?? createPerson(post, record(handle));
      people.set(key, person);
      return person;
    },
    refusals: state.refusals,
    takeRefusals: () => state.refusals.splice(0),
    expectRefusal: (error) => takeRefusal(state, error),
    traffic: state.traffic,
    faults,
    messages: (channelId) => messagesOf(state, channelId),
    snapshot: (handle) => snapshotOf(state, record(handle)),
    watch(watcher) {
      state.watchers.add(watcher);
      return () => state.watchers.delete(watcher);
    },
    ...messageDeeds(state),
    setPerson: (handle, change, telling) => setPerson(post, record(handle), change, telling),
    setGroupMembers: (handle, ...change) => setGroupMembers(post, groupCalled(state, handle), ...change),
    setGroupDisabled: (handle, disabled) => setGroupDisabled(post, groupCalled(state, handle), disabled),
    setAppInChannel(channel, isMember) {
      channelCalled(state, channel).appIsMember = isMember;
      changed(state);
    },
    setOrgWide(isOrgWide) {
      state.isOrgWide = isOrgWide;
    },
    setFreePlan(isFree) {
      state.freePlan = isFree;
    },
    sockets: {
      ...sockets,
      refuseOpens: (n, fault = { status: 500 }) =>
        faults.add({ ...fault, method: 'apps.connections.open', times: n }),
    },
    waitForSockets: (n) => sockets.waitFor(n),
    delivers: (delivery) => post.carrier.deliver(delivery),
    http: {
      async deliverTo(url) {
        await http.verifyUrl(url);
        post.carrier = http;
      },
      posts: (posted) => http.posts(posted),
    },
    close: () => close(post, server),
  };
}

function idsOf(seed: Seed): Workspace['ids'] {
  return {
    people: Object.fromEntries(seed.people.map(({ handle, id }) => [handle, id])),
    channels: Object.fromEntries(seed.channels.map(({ name, id }) => [name, id])),
    groups: Object.fromEntries(seed.groups.map(({ handle, id }) => [handle, id])),
  };
}

function takeRefusal(state: State, error: string): Refusal {
  const index = state.refusals.findIndex((one) => one.error === error);
  const [refusal] = index < 0 ? [] : state.refusals.splice(index, 1);
  if (refusal === undefined) {
    throw new Error(
      `no refusal ${error}; there are: ${state.refusals.map((one) => one.error).join(', ') || 'none'}`,
    );
  }
  return refusal;
}

function messagesOf(state: State, channelId: string | undefined): (Message & { visibleTo: string[] })[] {
  return state.messages
    .filter((message) => channelId === undefined || message.channelId === channelId)
    .map((message) => {
      const members = [...(state.channels.get(message.channelId)?.members ?? [])];
      const audience = message.onlyFor === undefined ? members : [message.onlyFor];
      return { ...message, visibleTo: message.vanished ? [] : audience };
    });
}

function channelCalled(state: State, name: string): { id: string; appIsMember: boolean } {
  const bare = name.replace(/^#/, '');
  for (const channel of state.channels.values())
    if (channel.im === undefined && channel.name === bare) return channel;
  throw new Error(`there is no channel called ${name}`);
}

function groupCalled(state: State, handle: string): Group {
  const bare = handle.replace(/^@/, '');
  for (const group of state.groups.values()) if (group.handle === bare) return group;
  throw new Error(`there is no group called ${handle}`);
}

function postAs(
  state: State,
  channel: string,
  person: PersonRecord,
  posted: { text: string; blocks?: unknown[]; attachments?: Json[]; threadTs?: string },
): string {
  const { text, blocks = [], attachments = [], threadTs } = posted;
  const { id } = channelCalled(state, channel);
  const message = addMessage(state, {
    channelId: id,
    from: person.id,
    text,
    blocks: withIds(blocks),
    attachments,
    threadTs,
  });
  state.tellOf(id, channelMessageEvent(state, message)).catch(() => undefined);
  return message.ts;
}

/** What happens to messages without anybody at a client. */
function messageDeeds(state: State): Pick<Workspace, 'post' | 'edits' | 'deletes'> {
  return {
    post: (channel, handle, message) => postAs(state, channel, findByHandle(state.people, handle), message),
    edits: (ts, change) => editMessage(state, messageAt(state, ts), change),
    deletes: (ts) => deleteMessage(state, messageAt(state, ts)),
  };
}

function messageAt(state: State, ts: string): Message {
  const message = state.messages.find((one) => one.ts === ts && one.onlyFor === undefined);
  if (message === undefined) throw new Error(`no message was ever posted at ${ts}`);
  return message;
}

async function editMessage(state: State, message: Message, change: Json): Promise<void> {
  const former = messageOutput(state, message);
  changeMessage(state, message, change);
  await state.tellOf(message.channelId, messageChangedEvent(state, message, former));
}

async function deleteMessage(state: State, message: Message): Promise<void> {
  const event = messageDeletedEvent(state, message);
  removeMessage(state, message);
  await state.tellOf(message.channelId, event);
}

async function setPerson(
  post: Post,
  person: PersonRecord,
  change: Partial<PersonRecord>,
  telling?: 'untold',
): Promise<void> {
  Object.assign(person, change);
  changed(post.state);
  if (telling === 'untold') return;
  await deliverEvent(post, {
    type: 'user_change',
    user: userOutput(post.state, person),
    cache_ts: Math.floor(post.state.clock() / 1000),
    event_ts: nextTs(post.state),
  });
}

async function setGroupMembers(
  post: Post,
  group: Group,
  handles: readonly string[],
  telling?: 'untold',
): Promise<void> {
  const { state } = post;
  const before = group.members;
  const previousUpdate = group.updatedAt;
  group.members = handles.map((handle) => findByHandle(state.people, handle).id);
  group.updatedAt = Math.floor(state.clock() / 1000);
  const added = group.members.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !group.members.includes(id));
  if (telling === 'untold') return;
  await deliverEvent(post, {
    type: 'subteam_members_changed',
    subteam_id: group.id,
    team_id: state.seed.teamId,
    date_previous_update: previousUpdate,
    date_update: group.updatedAt,
    added_users: added,
    added_users_count: added.length,
    removed_users: removed,
    removed_users_count: removed.length,
    event_ts: nextTs(state),
  });
}

async function setGroupDisabled(post: Post, group: Group, disabled: boolean): Promise<void> {
  group.disabled = disabled;
  group.updatedAt = Math.floor(post.state.clock() / 1000);
  await deliverEvent(post, {
    type: 'subteam_updated',
    subteam: subteamOutput(post.state, group),
    event_ts: nextTs(post.state),
  });
}

async function close(post: Post, server: Server): Promise<void> {
  for (const timer of post.timers) clearTimeout(timer);
  await post.sockets.close();
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeAllConnections();
  await closed.promise;
}
