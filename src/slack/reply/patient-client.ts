import {
  type WebAPICallResult,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import { LRUCache } from 'lru-cache';
import { type Clock, SECOND_MS } from '../../clock.ts';
import { slackErrorOf } from './slack-error.ts';

/**
 * What is said of our own accord, and can wait. Slack limits a method for the whole app, and this posting for each channel.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
const PATIENT: ReadonlyMap<string, 'by channel' | 'for all'> = new Map([
  ['chat.postMessage', 'by channel'],
  ['chat.update', 'for all'],
]);

/** Channels remembered at once. */
const KEYS_MAX = 1000;

/**
 * A client for Slack's Web API that leaves a method that can wait alone for as long as Slack says: until then a call is refused
 * as Slack would refuse it, without being made. What a person waits for is always tried.
 */
export class PatientClient extends WebClient {
  readonly #clock: Clock;
  readonly #quietUntil = new LRUCache<string, number>({ max: KEYS_MAX });

  constructor(token: string, options: WebClientOptions, clock: Clock) {
    super(token, options);
    this.#clock = clock;
  }

  override async apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    const patience = PATIENT.get(method);
    if (patience === undefined) return super.apiCall(method, options);
    const key = patience === 'for all' ? method : `${method} ${options?.channel}`;
    const leftMs = (this.#quietUntil.get(key) ?? 0) - this.#clock();
    if (leftMs > 0) throw new WebAPIRateLimitedError(Math.ceil(leftMs / SECOND_MS));
    try {
      return await super.apiCall(method, options);
    } catch (error) {
      const { retryAfterMs } = slackErrorOf(error);
      if (retryAfterMs !== undefined) this.#quietUntil.set(key, this.#clock() + retryAfterMs);
      throw error;
    }
  }
}
