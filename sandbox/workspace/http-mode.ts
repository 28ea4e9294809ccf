import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Carrier } from './deliver.ts';
import { isJson, parseJson } from './http.ts';
import { type AckOutcome, type Delivery, deliveryEntry, isNothing } from './sockets.ts';
import { changed, forgetOldest, recordRefusal, recordTraffic, type State } from './state.ts';

/** What stands on the wire of one request. */
type Wire = { body: string; headers: Record<string, string | string[]> };

/** A request to be posted as Slack posts, but for what is said here. */
export type Posted = {
  body: string;
  /** JSON when left out. */
  contentType?: string;
  /** Seconds from now, the timestamp that is claimed and signed. */
  ageS?: number;
  /** Another secret than the app's, to sign with. */
  secret?: string;
  /** What was signed in place of the body. */
  signedBody?: string;
  /** Added, or in place of Slack's; several of a name as a list, undefined for none. */
  headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Only so many characters of the body are sent, and the request stays open. */
  sentLength?: number;
  method?: string;
  path?: string;
};

/** What the app answered. */
export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; body: string };

/** Slack's HTTP mode: signed POSTs to one url. Source: D:/authentication/verifying-requests-from-slack. */
export type HttpMode = Carrier & {
  /** Sends the challenge, and keeps the url. Throws when it does not come back. Source: D:/events/url_verification. */
  verifyUrl(url: string): Promise<void>;
  posts(posted: Posted): Promise<HttpAnswer>;
};

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const POSTED_MS_MAX = 20_000;

/** Delivers nowhere before a url was verified. */
export function createHttpMode(state: State, ackTimeoutMs: number): HttpMode {
  let url: string | undefined;
  /** By envelope id: HTTP has no envelopes, so the same one again is the same request again, to the byte. */
  const sent = new Map<string, Wire>();

  function known(): string {
    if (url === undefined) throw new Error('no url was verified to deliver to');
    return url;
  }

  return {
    async verifyUrl(wanted) {
      const challenge = randomBytes(24).toString('hex');
      const { verificationToken: token } = state;
      const body = JSON.stringify({ type: 'url_verification', token, challenge });
      const answer = await post(wanted, signed(state, { body }), ackTimeoutMs);
      const back = isJson(parseJson(answer.body)) ? JSON.parse(answer.body).challenge : answer.body;
      if (answer.status !== 200 || back !== challenge) {
        throw new Error(
          `Your URL didn't respond with the value of the challenge parameter (${answer.status})`,
        );
      }
      url = wanted;
    },
    deliver(delivery) {
      const envelopeId = delivery.envelopeId ?? randomUUID();
      const wire = sent.get(envelopeId) ?? signed(state, wireOf(delivery));
      sent.set(envelopeId, wire);
      forgetOldest(sent);
      return deliver(state, { ...delivery, envelopeId }, () => post(known(), wire, ackTimeoutMs));
    },
    // Whatever is not there yet is found out by trying.
    ready: async () => undefined,
    posts(posted) {
      const { path, method = 'POST', sentLength } = posted;
      const target = path === undefined ? known() : new URL(known()).origin + path;
      return post(target, signed(state, posted), POSTED_MS_MAX, { method, sentLength });
    },
  };
}

/** Events are JSON, a command is a form, everything else JSON in a form. Source: D:/interactivity/handling-user-interaction. */
function wireOf({ type, payload, retry }: Delivery): Posted {
  if (type === 'events_api') {
    const headers =
      retry === undefined
        ? {}
        : {
            'x-slack-retry-num': String(retry.attempt),
            'x-slack-retry-reason': retry.reason === 'timeout' ? 'http_timeout' : retry.reason,
          };
    return { body: JSON.stringify(payload), headers };
  }
  const fields = type === 'slash_commands' ? payload : { payload: JSON.stringify(payload) };
  const pairs = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
  return { body: new URLSearchParams(pairs).toString(), contentType: FORM };
}

function signed(state: State, posted: Posted): Wire {
  const { body, contentType = JSON_TYPE, ageS = 0, secret = state.signingSecret, signedBody = body } = posted;
  const timestamp = String(Math.floor(state.clock() / 1000) + ageS);
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${signedBody}`).digest('hex');
  const all: NonNullable<Posted['headers']> = {
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    accept: '*/*',
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(body)),
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${mac}`,
    ...posted.headers,
  };
  const headers = Object.entries(all).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, typeof value === 'string' ? value : [...value]] as const];
  });
  return { body, headers: Object.fromEntries(headers) };
}

async function deliver(
  state: State,
  delivery: Delivery & { envelopeId: string },
  send: () => Promise<HttpAnswer>,
): Promise<AckOutcome> {
  const entry = deliveryEntry(state, delivery, delivery.envelopeId);
  recordTraffic(state, entry);
  const started = performance.now();
  const outcome = await send().then(
    (answer) => outcomeOf(state, delivery, answer, performance.now() - started),
    (error: unknown): AckOutcome => ({
      acked: false,
      why: error instanceof Error && error.name === 'TimeoutError' ? 'timed_out' : 'no_connection',
    }),
  );
  entry.acked = outcome.acked;
  entry.timedOut = !outcome.acked && outcome.why === 'timed_out';
  if (outcome.acked) {
    entry.ackBody = outcome.body;
    entry.ackMs = outcome.ms;
  }
  changed(state);
  return outcome;
}

/** Only 200 is an ack: D:/interactivity/handling-user-interaction, "HTTP 200 OK response". */
function outcomeOf(state: State, delivery: Delivery, answer: HttpAnswer, ms: number): AckOutcome {
  if (answer.status !== 200) {
    return { acked: false, why: answer.status >= 500 ? 'http_service_error' : 'http_client_error' };
  }
  const isTyped = answer.headers['content-type']?.startsWith(JSON_TYPE) === true;
  const body = isTyped ? parseJson(answer.body) : answer.body;
  if (isNothing(body)) return { acked: true, body: undefined, ms };
  if (delivery.type === 'events_api') {
    const about = delivery.type;
    recordRefusal(state, { kind: 'ack', about, error: 'response_payload_not_accepted', detail: '' });
  }
  return { acked: true, body, ms };
}

/** Rejects with a `TimeoutError` when there is no whole answer in time, and otherwise when there is no connection. */
async function post(
  url: string,
  { body, headers }: Wire,
  msMax: number,
  { method = 'POST', sentLength }: { method?: string; sentLength?: number | undefined } = {},
): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(msMax);
  const outgoing = request(url, { method, headers, agent: false, signal });
  outgoing.on('error', () => undefined);
  if (sentLength === undefined) outgoing.end(body);
  else outgoing.write(body.slice(0, sentLength));
  try {
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, headers: answered } = incoming;
    return { status, headers: answered, body: await text(incoming) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    outgoing.destroy();
  }
}
