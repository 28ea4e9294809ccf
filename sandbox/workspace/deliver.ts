import { randomUUID } from 'node:crypto';
import { isJson } from './http.ts';
import { refuseContent } from './methods-chat.ts';
import { eventCallback } from './payloads.ts';
import { messageInAck, postByUrl } from './response-url.ts';
import type { AckOutcome, Delivery, NotAcked, Sockets } from './sockets.ts';
import {
  addMessage,
  type Channel,
  changed,
  type Json,
  type OpenView,
  type PersonRecord,
  recordRefusal,
  type State,
} from './state.ts';
import { allViews, closeViews, pushByAck, updateView } from './views.ts';

/** What takes deliveries to the app. `ready` resolves when it can; it rejects when it waited for long. */
export type Carrier = {
  deliver(delivery: Delivery): Promise<AckOutcome>;
  ready(): Promise<void>;
};

/** The workspace as those see it who deliver to the app. */
export type Post = {
  state: State;
  sockets: Sockets;
  /** How deliveries go to the app now: the sockets, or HTTP mode. */
  carrier: Carrier;
  /** How long Slack waits before each new try of an event that was not acked. */
  eventRetryDelaysMs: readonly number[];
  /** Retries that are waiting for their time; cleared on close. */
  timers: Set<NodeJS.Timeout>;
  /** Each person's last command or interaction, to be sent again. */
  last: Map<string, Delivery>;
};

/** Said over a modal, and nothing typed is lost. Source: I: bolt-js#554. */
const TROUBLE = 'We had some trouble connecting. Try again?';

/** Delivers, and records a late or missing ack. Throws when the manifest has interactivity off. */
export async function deliver(post: Post, delivery: Delivery, about: string): Promise<AckOutcome> {
  if (delivery.type === 'interactive' && !post.state.manifest.interactivity) {
    throw new Error('manifest.yml turns interactivity off');
  }
  const sent: Delivery = { ...delivery, envelopeId: randomUUID() };
  const personId = personIn(delivery.payload);
  if (personId !== undefined && delivery.type !== 'events_api') post.last.set(personId, sent);
  const outcome = await post.carrier.deliver(sent);
  if (!outcome.acked && outcome.why !== 'closed') {
    recordRefusal(post.state, { kind: 'delivery', about, error: errorOf(outcome.why), detail: outcome.why });
  }
  return outcome;
}

/** What Slack calls it before the person's eyes. */
function errorOf(why: NotAcked): string {
  if (why === 'timed_out') return 'operation_timeout';
  return why === 'http_client_error' || why === 'http_service_error' ? why : 'dispatch_failed';
}

function personIn(payload: Json): string | undefined {
  const user = payload.user;
  const id = isJson(user) ? user.id : payload.user_id;
  return typeof id === 'string' ? id : undefined;
}

/** Delivers a slash command; a message in the ack, or Slack's note that there was none, is shown where it was typed. */
export async function deliverCommand(
  post: Post,
  person: PersonRecord,
  place: Channel,
  payload: Json,
): Promise<AckOutcome> {
  const { state } = post;
  const command = String(payload.command);
  const outcome = await deliver(post, { type: 'slash_commands', payload }, command);
  if (!outcome.acked) {
    slackbotNote(state, person, place, `${command} failed with the error "${errorOf(outcome.why)}"`);
    return outcome;
  }
  if (outcome.body === undefined) return outcome;
  const body = messageInAck(outcome.body);
  const refused = body === undefined ? { error: 'invalid_ack' } : refuseContent(state, body, 'ack');
  if (body === undefined || refused !== undefined) {
    recordRefusal(state, { kind: 'ack', about: command, error: refused?.error ?? 'invalid_ack', detail: '' });
    slackbotNote(state, person, place, `${command} failed with the error "dispatch_failed"`);
    return outcome;
  }
  postByUrl(state, { channelId: place.id, personId: person.id }, body);
  return outcome;
}

/** A word from Slack itself that only this person sees. */
export function slackbotNote(state: State, person: PersonRecord, place: Channel, text: string): void {
  addMessage(state, { channelId: place.id, from: 'USLACKBOT', onlyFor: person.id, text });
}

/** Delivers something that may not be answered with a body: an action, a shortcut, a closed view. */
export async function deliverAction(post: Post, payload: Json): Promise<AckOutcome> {
  const about = String(payload.type);
  const outcome = await deliver(post, { type: 'interactive', payload }, about);
  if (outcome.acked && outcome.body !== undefined) {
    recordRefusal(post.state, {
      kind: 'ack',
      about,
      error: 'ack_body_ignored',
      detail: JSON.stringify(outcome.body),
    });
  }
  return outcome;
}

/** Delivers a submission and does to the modal what the ack says. */
export async function deliverSubmission(
  post: Post,
  person: PersonRecord,
  payload: Json,
  viewId: string,
): Promise<AckOutcome> {
  const { state } = post;
  const outcome = await deliver(post, { type: 'interactive', payload }, 'view_submission');
  const open = allViews(state).find((one) => one.id === viewId);
  if (open === undefined) return outcome;
  const wrong = outcome.acked ? applySubmissionAck(state, person, open, outcome.body) : TROUBLE;
  if (wrong !== undefined) {
    open.trouble = TROUBLE;
    if (wrong !== TROUBLE) {
      recordRefusal(state, {
        kind: 'ack',
        about: 'view_submission',
        error: 'invalid_response_action',
        detail: wrong,
      });
    }
  }
  changed(state);
  return outcome;
}

/** Undefined when it was done, otherwise what is wrong with the ack. */
function applySubmissionAck(
  state: State,
  person: PersonRecord,
  open: OpenView,
  body: unknown,
): string | undefined {
  open.errors = {};
  open.trouble = undefined;
  if (body === undefined) {
    closeViews(state, person.id, open);
    return undefined;
  }
  if (!isJson(body)) return 'not an object';
  switch (body.response_action) {
    case 'clear':
      closeViews(state, person.id, 'all');
      return undefined;
    case 'errors':
      return applyErrors(open, body.errors);
    case 'update':
      return reasonOf(updateView(state, { viewId: open.id }, body.view));
    case 'push':
      return reasonOf(pushByAck(state, person.id, body.view));
    default:
      return `unknown response_action: ${JSON.stringify(body.response_action)}`;
  }
}

function reasonOf(
  result: { ok: true } | { ok: false; error: string; messages?: string[] },
): string | undefined {
  return result.ok ? undefined : [result.error, ...(result.messages ?? [])].join('\n');
}

/** Errors belong to input blocks that are drawn, and to nothing else: I: bolt-js#1267. */
function applyErrors(open: OpenView, errors: unknown): string | undefined {
  if (!isJson(errors) || Object.keys(errors).length === 0) return 'errors is not an object with block ids';
  const inputs = new Set(
    open.view.blocks.flatMap((block) => (block.type === 'input' ? [block.block_id] : [])),
  );
  for (const [blockId, text] of Object.entries(errors)) {
    if (!inputs.has(blockId)) return `errors: ${blockId} is no input block of this view`;
    if (typeof text !== 'string' || text === '') return `errors: the text for ${blockId} is empty`;
  }
  open.errors = Object.fromEntries(Object.entries(errors).map(([blockId, text]) => [blockId, String(text)]));
  return undefined;
}

/**
 * Delivers an event that the manifest asks for, `type` being its name there, and tries again when nobody acks. Resolves after the first try. With no socket
 * open, the next try waits for one: the real delays (at once, 1 min, 5 min) outlast a reconnection, the scaled ones would not.
 */
export async function deliverEvent(
  post: Post,
  event: Json,
  type: string = String(event.type),
): Promise<void> {
  if (!post.state.manifest.events.has(type)) return;
  const payload = eventCallback(post.state, event);
  const outcome = await deliver(post, { type: 'events_api', payload }, type);
  if (!outcome.acked) retryLater(post, payload, 1, outcome.why);
}

/**
 * Delivers what is said in a channel, the app's own words among it, which it may say before its sockets are open. Source:
 * D:/reference/events/message.channels: only where the app is a member.
 */
export async function deliverOverheard(post: Post, channelId: string, event: Json): Promise<void> {
  const channel = post.state.channels.get(channelId);
  if (channel === undefined || channel.im !== undefined || !channel.appIsMember) return;
  const type = channel.isPrivate ? 'message.groups' : 'message.channels';
  if (!post.state.manifest.events.has(type)) return;
  await post.carrier.ready();
  await deliverEvent(post, event, type);
}

/** Why an event comes again. Source: D:/apis/events-api, "x-slack-retry-reason". */
const RETRY_REASONS: Record<NotAcked, string> = {
  timed_out: 'timeout',
  no_socket: 'connection_failed',
  closed: 'connection_failed',
  no_connection: 'connection_failed',
  http_client_error: 'http_error',
  http_service_error: 'http_error',
};

function retryLater(post: Post, payload: Json, attempt: number, why: NotAcked): void {
  const delayMs = post.eventRetryDelaysMs[attempt - 1];
  if (delayMs === undefined || why === 'closed') return;
  const again = async (): Promise<void> => {
    await post.carrier.ready();
    const retry = { attempt, reason: RETRY_REASONS[why] };
    const outcome = await post.carrier.deliver({ type: 'events_api', payload, retry });
    if (!outcome.acked) retryLater(post, payload, attempt + 1, outcome.why);
  };
  const timer = setTimeout(() => {
    post.timers.delete(timer);
    // No socket came within 10 s: the event is lost, as it is when an app stays away.
    again().catch(() => undefined);
  }, delayMs);
  timer.unref();
  post.timers.add(timer);
}
