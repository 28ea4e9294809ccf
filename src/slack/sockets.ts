import type { App, Receiver } from '@slack/bolt';
import type { SocketModeClient } from '@slack/socket-mode';
import type { Logger } from '@slack/web-api';
import { type Clock, SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';
import { FrameClient } from './frame-client.ts';
import type { Intake } from './intake.ts';
import { createRareWarning, type RareWarning } from './rare-warning.ts';

/** Two, so that one hears while the other is being replaced; Slack allows ten. */
const SOCKETS = 2;
const OPEN_MS_MAX = 10 * SECOND_MS;
/** How long Slack may take to greet us on an open socket. */
const GREET_MS_MAX = 10 * SECOND_MS;
const RECONNECT_MS_MIN = 200;
const RECONNECT_MS_MAX = 30 * SECOND_MS;
/** How long Slack may take to answer the closing of a socket before it is simply left. */
const CLOSE_MS_MAX = 1 * SECOND_MS;

type SocketOptions = {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly log: Log;
  readonly sdkLogger: Logger;
  readonly intake: Intake;
  readonly clock: Clock;
};

/**
 * Slack's deliveries over Socket Mode, for one Bolt app. Bolt's own receiver holds one socket, which hears nothing for
 * seconds while it is replaced, and its client ends the process when Slack refuses a new one. This one holds two and opens
 * each again itself, waiting longer after each failure.
 */
export class SocketReceiver implements Receiver {
  readonly #options: SocketOptions;
  readonly #clients: readonly SocketModeClient[];
  readonly #open = new Set<SocketModeClient>();
  readonly #sleepers = new Set<() => void>();
  readonly #warnOfFrame: RareWarning;
  #isStopping = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#warnOfFrame = createRareWarning(
      options,
      'Slack sent over a socket what cannot be read; nothing was done',
    );
    this.#clients = Array.from({ length: SOCKETS }, () => this.#newClient());
  }

  init(app: App): void {
    this.#options.intake.open(app);
  }

  /** Begins to open the sockets; `isConnected` tells when one is. */
  async start(): Promise<void> {
    for (const client of this.#clients) void this.#keepOpen(client);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const wake of [...this.#sleepers]) wake();
    await Promise.all([...this.#open].map((client) => this.#close(client)));
  }

  isConnected(): boolean {
    return this.#open.size > 0;
  }

  #newClient(): SocketModeClient {
    const { appToken, apiUrl, sdkLogger, intake } = this.#options;
    const client = new FrameClient(
      {
        appToken,
        logger: sdkLogger,
        autoReconnectEnabled: false,
        clientOptions: { slackApiUrl: apiUrl, timeout: OPEN_MS_MAX, retryConfig: { retries: 0 } },
      },
      {
        onDelivery: (event) => void intake.take(event),
        onUnreadable: (flaw) => this.#warnOfFrame((times) => ({ flaw, times })),
      },
    );
    client.on('connected', () => this.#open.add(client));
    return client;
  }

  /** Keeps one socket open until the app stops. */
  async #keepOpen(client: SocketModeClient): Promise<void> {
    let failures = 0;
    while (!this.#isStopping) {
      const closed = Promise.withResolvers<void>();
      client.once('close', closed.resolve);
      try {
        await this.#greeted(client);
        failures = 0;
        if (this.#isStopping) await this.#close(client);
        else await closed.promise;
      } catch (error) {
        failures += 1;
        const reason = error instanceof Error ? error.message.slice(0, 200) : 'the socket was closed at once';
        this.#options.log.warn({ reason, failures }, 'Slack did not open a socket');
      }
      client.off('close', closed.resolve);
      this.#open.delete(client);
      if (failures > 0) await this.#sleep(backOff(failures));
    }
  }

  /** The SDK waits for ever for the greeting of a socket that opens and stays silent. */
  async #greeted(client: SocketModeClient): Promise<void> {
    const silence = AbortSignal.timeout(OPEN_MS_MAX + GREET_MS_MAX);
    const silent = Promise.withResolvers<never>();
    const giveUp = () => silent.reject(new Error('Slack opened a socket and said nothing'));
    silence.addEventListener('abort', giveUp);
    try {
      await Promise.race([client.start(), silent.promise]);
    } catch (error) {
      await this.#close(client);
      throw error;
    } finally {
      silence.removeEventListener('abort', giveUp);
    }
  }

  async #close(client: SocketModeClient): Promise<void> {
    await Promise.race([client.disconnect(), this.#sleep(CLOSE_MS_MAX)]);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}

function backOff(failures: number): number {
  const ms = RECONNECT_MS_MIN * 2 ** Math.min(failures, 10);
  return Math.min(ms, RECONNECT_MS_MAX) * (0.5 + Math.random() / 2);
}
