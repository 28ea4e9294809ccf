import type { App, Receiver } from '@slack/bolt';
import type { Logger } from '@slack/web-api';
import { type Clock, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { pause } from '../reply/pause.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { FrameClient } from './frame-client.ts';
import type { Intake } from './intake.ts';
import { createRareWarning, type RareWarning } from './rare-warning.ts';

/** Between the greetings of two: Slack ends a socket after some hours, and they must not end together. */
const APART_MS = 5 * MINUTE_MS;

/** A socket that ends sooner after its greeting was no success: opened again at once, it would be opened for ever. */
const SHORT_MS = 1 * MINUTE_MS;

const OPEN_MS_MAX = 10 * SECOND_MS;

/** How long Slack may take to greet us on an open socket. */
const GREET_MS_MAX = 10 * SECOND_MS;

const RECONNECT_MS_MIN = 200;

const RECONNECT_MS_MAX = 30 * SECOND_MS;

/** However long Slack wants to be left alone: a slip of one server must not keep us deaf for a day. */
const RETRY_AFTER_MS_MAX = 1 * HOUR_MS;

/** Slack warns 10 s before it ends a socket; until then what is in work is acknowledged over it. */
const LEAVE_MS = 10 * SECOND_MS;

/** How long Slack may take to answer the closing of a socket before it is simply left. */
const CLOSE_MS_MAX = 1 * SECOND_MS;

/** A closing that another try at once cannot mend, and who can. https://docs.slack.dev/apis/events-api/using-socket-mode */
const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    'link_disabled',
    'Socket Mode is turned off for this app. Turn it on under Socket Mode on its page at api.slack.com/apps',
  ],
  [
    'too_many_websockets',
    'The app has ten sockets open, as many as Slack allows. Stop other processes with this SLACK_APP_TOKEN, or set SLACK_SOCKETS=1',
  ],
]);

/** How time passes, in milliseconds from whenever. Tests pass their own. */
export type SocketTime = {
  now(): number;
  /** Resolves after `ms`, or sooner when `signal` aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
};

/** The machine's, which no correction of its clock moves. */
const machineTime: SocketTime = { now: () => performance.now(), wait: pause };

type SocketOptions = {
  readonly appToken: string;
  /** How many are kept open: with two, one hears while the other is being replaced. Slack allows an app ten. */
  readonly count: number;
  readonly apiUrl: string;
  readonly log: Log;
  readonly sdkLogger: Logger;
  readonly intake: Pick<Intake, 'open' | 'take'>;
  readonly clock: Clock;
};

/** One socket; since when it is greeted, and why Slack wants to close it. */
type Socket = {
  readonly client: FrameClient;
  greeting?: { readonly at: number; readonly lifeMs: number | undefined };
  goodbye?: string;
};

/**
 * Slack's deliveries over Socket Mode, for one Bolt app. Bolt's own receiver holds one socket, which hears nothing for
 * seconds while it is replaced, and its client ends the process when Slack refuses a new one. This one holds several of
 * different ages and opens them itself, one after the other: at once where none is open, longer after each failure, and
 * when Slack says.
 */
export class SocketReceiver implements Receiver {
  readonly #options: SocketOptions;
  readonly #time: SocketTime;
  /** All that are not closed yet. */
  readonly #sockets = new Set<Socket>();
  /** Those that hear, the youngest last. */
  readonly #hearing = new Set<Socket>();
  readonly #stopping = new AbortController();
  readonly #warnOfFrame: RareWarning;
  #changed = new AbortController();
  #failures = 0;
  /** When another may be tried after failures. */
  #backOffUntil = 0;
  /** Slack itself wants to be left alone until then. */
  #quietUntil = 0;

  constructor(options: SocketOptions, time = machineTime) {
    this.#options = options;
    this.#time = time;
    this.#warnOfFrame = createRareWarning(
      options,
      'Slack sent over a socket what cannot be read; nothing was done',
    );
  }

  init(app: App): void {
    this.#options.intake.open(app);
  }

  /** Begins to open the sockets; `isConnected` tells when one is. */
  async start(): Promise<void> {
    void this.#keepOpen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#sockets].map(({ client }) => close(client)));
  }

  isConnected(): boolean {
    return this.#hearing.size > 0;
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const ms = this.#opensInMs();
      if (ms < 1) await this.#openOne();
      else await this.#time.wait(Math.min(ms, HOUR_MS), AbortSignal.any([signal, this.#changed.signal]));
    }
  }

  /** In how many milliseconds another socket is to be opened, as things stand. */
  #opensInMs(): number {
    if (this.#hearing.size >= this.#options.count) return Number.POSITIVE_INFINITY;
    const youngest = [...this.#hearing].at(-1)?.greeting;
    const apartAt = youngest === undefined ? 0 : youngest.at + apartMs(youngest.lifeMs, this.#options.count);
    return Math.max(apartAt, this.#backOffUntil, this.#quietUntil) - this.#time.now();
  }

  async #openOne(): Promise<void> {
    const socket = this.#newSocket();
    this.#sockets.add(socket);
    try {
      await this.#greeted(socket.client);
    } catch (error) {
      const { retryAfterMs } = slackErrorOf(error);
      if (retryAfterMs !== undefined) {
        this.#quietUntil = this.#time.now() + Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
      }
      const reason = error instanceof Error ? error.message.slice(0, 200) : 'the socket was closed at once';
      this.#failed(socket.goodbye ?? reason, 'Slack did not open a socket');
      await this.#leave(socket);
    }
    if (this.#stopping.signal.aborted) await this.#leave(socket);
  }

  #newSocket(): Socket {
    const { appToken, apiUrl, sdkLogger, intake } = this.#options;
    const client = new FrameClient(
      {
        appToken,
        logger: sdkLogger,
        autoReconnectEnabled: false,
        clientOptions: {
          slackApiUrl: apiUrl,
          timeout: OPEN_MS_MAX,
          retryConfig: { retries: 0 },
          // Else the SDK would keep us waiting for as long, and then say that it failed.
          rejectRateLimitedCalls: true,
        },
      },
      {
        onGreeting: (lifeMs) => this.#onGreeting(socket, lifeMs),
        onGoodbye: (reason) => this.#onGoodbye(socket, reason),
        onDelivery: (event) => void intake.take(event),
        onUnreadable: (flaw) => this.#warnOfFrame((times) => ({ flaw, times })),
      },
    );
    const socket: Socket = { client };
    client.on('close', () => {
      this.#sockets.delete(socket);
      this.#hearsNoMore(socket);
    });
    return socket;
  }

  /** The SDK waits for ever for the greeting of a socket that opens and stays silent. */
  async #greeted(client: FrameClient): Promise<void> {
    const greeted = new AbortController();
    const silent = this.#time
      .wait(OPEN_MS_MAX + GREET_MS_MAX, AbortSignal.any([greeted.signal, this.#stopping.signal]))
      .then(() => Promise.reject(new Error('Slack opened a socket and said nothing')));
    try {
      await Promise.race([client.start(), silent]);
    } finally {
      greeted.abort();
    }
  }

  #onGreeting(socket: Socket, lifeMs: number | undefined): void {
    if (socket.greeting !== undefined) return;
    socket.greeting = { at: this.#time.now(), lifeMs };
    this.#hearing.add(socket);
  }

  #onGoodbye(socket: Socket, reason: string): void {
    socket.goodbye ??= reason;
    const advice = ADVICE.get(reason);
    if (advice !== undefined) this.#options.log.error({ reason }, advice);
    this.#hearsNoMore(socket);
    const ms = socket.greeting === undefined || advice !== undefined ? 0 : LEAVE_MS;
    void this.#time.wait(ms, this.#stopping.signal).then(() => this.#leave(socket));
  }

  /** Of a socket that heard, once. */
  #hearsNoMore(socket: Socket): void {
    const { greeting, goodbye } = socket;
    if (!this.#hearing.delete(socket) || greeting === undefined) return;
    const isShort = this.#time.now() - greeting.at < SHORT_MS;
    if (isShort || ADVICE.has(goodbye ?? '')) {
      this.#failed(goodbye ?? 'closed soon after its greeting', 'Slack did not keep a socket open');
    } else {
      this.#failures = 0;
      this.#backOffUntil = 0;
    }
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  #failed(reason: string, text: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#failures += 1;
    const failures = this.#failures;
    this.#backOffUntil = this.#time.now() + (ADVICE.has(reason) ? RECONNECT_MS_MAX : backOff(failures));
    this.#options.log.warn({ reason, failures }, text);
  }

  async #leave(socket: Socket): Promise<void> {
    await close(socket.client);
    this.#sockets.delete(socket);
  }
}

/** In order where Slack answers, else by cutting it. */
async function close(client: FrameClient): Promise<void> {
  const closed = new AbortController();
  const isLate = pause(CLOSE_MS_MAX, closed.signal).then(() => true);
  // The second time the SDK waits no longer for Slack to close it, too.
  if ((await Promise.race([client.disconnect(), isLate])) === true) client.websocket?.disconnect();
  closed.abort();
}

/** Of a socket that will not live long, the other one is no copy either. */
function apartMs(lifeMs: number | undefined, count: number): number {
  return Math.min(APART_MS, (lifeMs ?? Number.POSITIVE_INFINITY) / count);
}

function backOff(failures: number): number {
  const ms = RECONNECT_MS_MIN * 2 ** Math.min(failures, 10);
  return Math.min(ms, RECONNECT_MS_MAX) * (0.5 + Math.random() / 2);
}
