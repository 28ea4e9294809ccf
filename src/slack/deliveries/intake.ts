import { setTimeout as wait } from 'node:timers/promises';
import type { App, ReceiverEvent } from '@slack/bolt';
import { type Clock, SECOND_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { ackProblem, type RawAck } from '../reply/submission.ts';
import { createLoopTurns } from '../turns.ts';
import { createOnce } from './once.ts';
import { createRareWarning } from './rare-warning.ts';

const DRAIN_STEP_MS = 20;

const DRAINING = 'apitoken is restarting. Nothing was changed. Try again in 30 seconds.';

/** Told what nobody else could deal with, and the body of its delivery. Must not reject. */
export type OnFault = (fault: unknown, body: object) => Promise<void>;

/** Told of a message in a channel, and of each change of one. */
export type OnOverheard = (body: object) => Promise<void>;

/** Where Slack's deliveries arrive, by whichever way, and are counted until they are done. */
export type Intake = {
  /** Deliveries go to this app from now on. */
  open(app: Pick<App, 'processEvent'>): void;
  /**
   * From now on `onFault` is told whatever goes wrong before a delivery reaches the app's listeners, and `onOverheard`, in place of
   * them, what is said in channels.
   */
  tell(told: { readonly onFault: OnFault } | { readonly onOverheard: OnOverheard }): void;
  /** Resolves when all that the delivery leads to is done. Never rejects. Slack hears the first acknowledgement alone. */
  take(event: ReceiverEvent): Promise<void>;
  /** A listener failed with the delivery of this body: told to `onFault`, and done anew when it comes again. */
  fail(fault: unknown, body: object): Promise<void>;
  /** The acknowledgement of the delivery with this body, while Slack waits for it. */
  waitingAck(body: object): RawAck | undefined;
  /** Slack waits no longer for the acknowledgement of this body. */
  giveUp(body: object): void;
  /** How many deliveries are in work: arrived, and not all that they lead to is done. */
  inWork(): number;
  /** Refuses new deliveries from now on and waits for those in work, `msMax` at most. False when some are left. */
  drain(msMax: number): Promise<boolean>;
};

type Told = { readonly onFault: OnFault; readonly onOverheard: OnOverheard };

/** An intake that is not open yet: what comes before is not acknowledged. */
export function createIntake(deps: {
  readonly log: Log;
  readonly clock: Clock;
  readonly onAck: OnAck;
}): Intake {
  const { log, onAck } = deps;
  const warnOf = createWarnings(deps);
  /** By the body of their delivery. */
  const waiting = new WeakMap<object, RawAck>();
  let app: Pick<App, 'processEvent'> | undefined;
  let told: Told = {
    onFault: async (fault) => log.error({ err: fault }, 'a delivery of Slack could not be processed'),
    onOverheard: async () => undefined,
  };
  const once = createOnce(deps.clock);
  const failed = new WeakSet<object>();
  const loopTurn = createLoopTurns();
  let isDraining = false;
  let working = 0;

  async function take(event: ReceiverEvent): Promise<void> {
    working += 1;
    const handleOne = takeFirst.bind(undefined, { at: performance.now(), isLate: isDraining });
    try {
      // Of messages in channels there are too many to remember, and told twice, they have one effect.
      await (isOverheard(event.body) ? handleOne(event) : loopTurn().then(() => once(event, handleOne)));
    } catch (fault) {
      log.warn({ err: fault }, 'what Slack delivered again could not be acknowledged');
    } finally {
      working -= 1;
    }
  }

  async function takeFirst(arrival: Arrival, event: ReceiverEvent): Promise<'done' | 'failed'> {
    const { body } = event;
    dropNulls(body);
    const ack = waitingAckOf(event, waiting, { arrivedAt: arrival.at, onAck });
    await handle({ ...event, ack }, arrival).catch((fault: unknown) => fail(fault, body));
    return failed.has(body) ? 'failed' : 'done';
  }

  async function fail(fault: unknown, body: object): Promise<void> {
    failed.add(body);
    await told.onFault(fault, body);
  }

  async function handle(event: ReceiverEvent, { isLate }: Arrival): Promise<void> {
    const { body, ack } = event;
    // Slack says this of itself, without an event and its id: https://docs.slack.dev/apis/events-api/#rate-limits
    if (body.type === 'app_rate_limited') {
      await ack();
      return warnOf.rate((times) => ({ times }));
    }
    if (isLate) return refuseDraining(event);
    if (app === undefined) return;
    const isPassed = await pass(event, app, told.onOverheard);
    if (!isPassed) warnOf.strange((times) => ({ times, type: namedType(body.type) }));
    else if (waiting.has(body)) throw new Error('nobody answered what Slack delivered');
  }

  return {
    open: (opened) => {
      app = opened;
    },
    tell: (more) => {
      told = { ...told, ...more };
    },
    take,
    fail,
    waitingAck: (body) => waiting.get(body),
    giveUp: (body) => waiting.delete(body),
    inWork: () => working,
    drain: async (msMax) => {
      isDraining = true;
      for (let waited = 0; working > 0 && waited < msMax; waited += DRAIN_STEP_MS) await wait(DRAIN_STEP_MS);
      return working === 0;
    },
  };
}

/** When a delivery came (of `performance.now()`), and whether the app was stopping then. */
type Arrival = { readonly at: number; readonly isLate: boolean };

function createWarnings(deps: { readonly log: Log; readonly clock: Clock }) {
  return {
    strange: createRareWarning(deps, 'Slack delivered what this version does not know; nothing was done'),
    rate: createRareWarning(
      deps,
      'Slack held back events: there are more than 30,000 an hour. Changes of people and groups count a little later',
    ),
  };
}

/** Puts it among the waiting: the first acknowledgement, while Slack waits. Told to `onAck` with how long it waited. */
function waitingAckOf(
  { body, ack }: ReceiverEvent,
  waiting: WeakMap<object, RawAck>,
  { arrivedAt, onAck }: { readonly arrivedAt: number; readonly onAck: OnAck },
): RawAck {
  const first: RawAck = async (response) => {
    if (!waiting.delete(body)) return;
    await ack(response);
    onAck(kindOfDelivery(body), (performance.now() - arrivedAt) / SECOND_MS);
  };
  waiting.set(body, first);
  return first;
}

/** A kind that Slack may have thought of; nothing else of a delivery is fit for the log. */
function namedType(type: unknown): string {
  return typeof type === 'string' && /^[a-z_]{1,40}$/.test(type) ? type : 'none';
}

/**
 * Gives a delivery to the app's listeners; false when there are none for it. Slack never waits until it was understood: whatever
 * it may turn out to be, it has arrived.
 */
async function pass(
  event: ReceiverEvent,
  app: Pick<App, 'processEvent'>,
  onOverheard: OnOverheard,
): Promise<boolean> {
  const { body, ack } = event;
  if (!ANSWERED.has(kindOfDelivery(body))) await ack();
  // No listener asks for it, and whoever closed a dialog waits for no answer.
  if (body.type === 'view_closed') return true;
  // There may be a thousand a second: what Bolt does for each event would be felt by who verifies.
  if (isOverheard(body)) {
    await onOverheard(body);
    return true;
  }
  if (isForListeners(body)) {
    await app.processEvent(event);
    return true;
  }
  if (isAwaited(body)) throw new Error('Slack delivered what no listener is for');
  // Delivered again, it would still be unknown.
  await ack();
  return false;
}

/** A submission is answered with errors or a view, a search with what it found: their listeners acknowledge them. */
const ANSWERED: ReadonlySet<DeliveryKind> = new Set(['submission', 'search']);

/** Whether it comes from somebody who can be answered, and so waits to be. */
function isAwaited(body: Readonly<Record<string, unknown>>): boolean {
  return [body.response_url, body.trigger_id].some((way) => typeof way === 'string');
}

/**
 * Takes away what is null: it is as good as not there. Bolt 5.1 looks into `channel`, `user`, `view`, `response_urls` and
 * others without asking, here and in an event, and Slack sends them as null where they do not apply, as `team` for an org-wide
 * installation. What our own listeners read is read with `.nullish()`, however deep it lies.
 */
function dropNulls(body: Readonly<Record<string, unknown>>): void {
  for (const part of [body, body.event]) {
    if (typeof part !== 'object' || part === null) continue;
    for (const [key, value] of Object.entries(part)) if (value === null) Reflect.deleteProperty(part, key);
  }
}

/** What comes while the app stops: nothing of it is done, and whoever can be told so in words is. */
async function refuseDraining({ body, ack }: ReceiverEvent): Promise<void> {
  if (body.type === 'view_submission') return ackProblem(ack, body, DRAINING);
  if ('command' in body) await ack({ response_type: 'ephemeral', text: DRAINING });
}

/** What Slack delivered, for figures. */
type DeliveryKind = 'action' | 'command' | 'event' | 'search' | 'shortcut' | 'submission' | 'other';

/** Told how long Slack waited for the acknowledgement of a delivery. */
export type OnAck = (kind: DeliveryKind, seconds: number) => void;

const KINDS: ReadonlyMap<unknown, DeliveryKind> = new Map([
  ['block_actions', 'action'],
  ['event_callback', 'event'],
  ['block_suggestion', 'search'],
  ['shortcut', 'shortcut'],
  ['message_action', 'shortcut'],
  ['view_submission', 'submission'],
]);

/** The kind of the delivery with this body. */
export function kindOfDelivery(body: Readonly<Record<string, unknown>>): DeliveryKind {
  if ('command' in body) return 'command';
  return KINDS.get(body.type) ?? 'other';
}

/**
 * Whether Bolt finds out what this delivery is, and so whether a listener answers it. Of anything else it says that it does
 * not know it, or throws, and acknowledges nothing. The same order as in `getTypeAndConversation` of Bolt 5.1.
 */
function isForListeners(body: Readonly<Record<string, unknown>>): boolean {
  if (body.event !== undefined) return isEvent(body.event);
  if (body.command !== undefined) return typeof body.command === 'string';
  if (body.name !== undefined || body.type === 'block_suggestion') return body.type === 'block_suggestion';
  if (body.actions !== undefined) return Array.isArray(body.actions) && body.actions.length > 0;
  return body.type === 'view_closed' || (body.type !== 'block_actions' && KINDS.has(body.type));
}

/** A message that stands in no conversation of two: whoever writes to the app itself is answered by a listener. */
function isOverheard({ event }: { readonly event?: unknown }): boolean {
  if (typeof event !== 'object' || event === null) return false;
  const { type, channel_type, channel }: Readonly<Record<string, unknown>> = { ...event };
  if (type !== 'message') return false;
  if (typeof channel_type === 'string') return CHANNEL_TYPES.has(channel_type);
  return typeof channel === 'string' && !channel.startsWith('D');
}

/** https://docs.slack.dev/reference/events/message: `im` is a conversation with the app itself, `app_home` its old name. */
const CHANNEL_TYPES: ReadonlySet<string> = new Set(['channel', 'group', 'mpim']);

function isEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string';
}
