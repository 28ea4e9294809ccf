import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, Receiver, ReceiverEvent } from '@slack/bolt';
import { createBodyReader } from '../../body-reader.ts';
import { type Clock, SECOND_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Intake } from './intake.ts';
import { parseBody } from './posted-body.ts';
import { createRareWarning, type RareWarning } from './rare-warning.ts';
import { isSignedWith, readSignature, type SignatureFlaw } from './signature.ts';

const BODY_BYTES_MAX = 1024 * 1024;

/** Many times what Slack sends at once. */
const HELD_BYTES_MAX = 64 * BODY_BYTES_MAX;

/** Of a check whether TLS works: two short fields. */
const SSL_CHECK_BYTES_MAX = 1024;

/** How long Slack waits, for us to read and for us to acknowledge. */
const SLACK_MS_MAX = 3 * SECOND_MS;

type HttpReceiverOptions = {
  readonly signingSecret: () => string;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
};

/** Where Slack posts to, for the server that listens. */
export type SlackDoor = {
  readonly path: string;
  readonly bodyBytesMax: number;
  /** Answers a POST of `peer` whose body nobody has read yet. Never throws. */
  listener(request: IncomingMessage, response: ServerResponse, peer: string): void;
};

/**
 * Slack's deliveries over HTTP, for one Bolt app. Nothing of a request is looked at before its signature over the raw body
 * was verified; what is not signed by Slack, or not within 5 minutes of now, is 401. An acknowledgement is the answer; what
 * nobody acknowledges in time is 503, and Slack says so to the person or delivers the event again.
 */
export class HttpReceiver implements Receiver {
  readonly #options: HttpReceiverOptions;
  readonly #readBody = createBodyReader({ heldBytesMax: HELD_BYTES_MAX, msMax: SLACK_MS_MAX });
  readonly door: SlackDoor = {
    path: '/slack/events',
    bodyBytesMax: BODY_BYTES_MAX,
    listener: (request, response, peer) => {
      this.#handle(request, response, peer).catch((fault: unknown) => {
        this.#options.log.error({ err: fault }, 'a request of Slack could not be answered');
        respond(response, 503);
      });
    },
  };
  readonly #warnOfRefusal: RareWarning;
  #isStarted = false;

  constructor(options: HttpReceiverOptions) {
    this.#options = options;
    this.#warnOfRefusal = createRareWarning(
      options,
      'refused at /slack/events: not signed by Slack just now. If it was Slack, look at SLACK_SIGNING_SECRET and the clock of this machine',
    );
  }

  init(app: App): void {
    this.#options.intake.open(app);
  }

  async start(): Promise<void> {
    this.#isStarted = true;
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
  }

  /** Whether deliveries are taken. Whether Slack reaches us is not known before it does. */
  isConnected(): boolean {
    return this.#isStarted;
  }

  async #handle(request: IncomingMessage, response: ServerResponse, peer: string): Promise<void> {
    const signature = readSignature(request.headersDistinct, this.#options.clock());
    if (signature === 'unsigned') return this.#refuseUnsigned(request, response, peer);
    if (typeof signature === 'string') return this.#refuse(response, signature);
    const raw = await this.#readBody(request, BODY_BYTES_MAX, peer);
    if (!Buffer.isBuffer(raw)) return respond(response, raw);
    if (!isSignedWith(this.#options.signingSecret(), signature, raw)) return this.#refuse(response, 'wrong');
    const body = parseBody(raw, request.headers['content-type']);
    if (body === undefined) return respond(response, 400);
    if (body.ssl_check === '1') return respond(response, 200);
    if (body.type === 'url_verification') return respond(response, 200, { challenge: body.challenge });
    await this.#take(request, response, body);
  }

  /** Now and then Slack checks, unsigned, that TLS works: https://github.com/slackapi/bolt-js/issues/1397 */
  async #refuseUnsigned(request: IncomingMessage, response: ServerResponse, peer: string): Promise<void> {
    const raw = await this.#readBody(request, SSL_CHECK_BYTES_MAX, peer);
    if (Buffer.isBuffer(raw) && /(?:^|&)ssl_check=1(?:&|$)/.test(raw.toString('latin1'))) {
      return respond(response, 200);
    }
    this.#refuse(response, 'unsigned');
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    body: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { intake, log } = this.#options;
    const late = setTimeout(() => {
      intake.giveUp(body);
      log.warn('Slack waited 3 seconds and got no acknowledgement');
      respond(response, 503);
    }, SLACK_MS_MAX);
    const ack: ReceiverEvent['ack'] = async (body) => {
      clearTimeout(late);
      respond(response, 200, body);
    };
    await intake.take({ body, ack, ...retryOf(request) });
    clearTimeout(late);
    respond(response, 503);
  }

  /** Strangers decide how often this happens. */
  #refuse(response: ServerResponse, reason: SignatureFlaw | 'wrong'): void {
    respond(response, 401);
    this.#warnOfRefusal((refused) => ({ reason, refused }));
  }
}

/** Which try of an event this is, and why there is another. */
function retryOf({ headers }: IncomingMessage): Pick<ReceiverEvent, 'retryNum' | 'retryReason'> {
  const retryNum = Number(headers['x-slack-retry-num']);
  const retryReason = headers['x-slack-retry-reason'];
  return {
    ...(Number.isInteger(retryNum) ? { retryNum } : {}),
    ...(typeof retryReason === 'string' ? { retryReason } : {}),
  };
}

/** Answers, unless it was answered before. Whoever is refused must not send the rest of its body. */
function respond(response: ServerResponse, status: number, content?: unknown): void {
  if (response.headersSent) return;
  if (status !== 200) response.shouldKeepAlive = false;
  const isText = typeof content === 'string';
  const body = isText ? content : content === undefined ? '' : JSON.stringify(content);
  const type = isText ? 'text/plain' : 'application/json';
  response
    .writeHead(status, {
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
      ...(body === '' ? {} : { 'content-type': `${type}; charset=utf-8` }),
    })
    .end(body);
}
