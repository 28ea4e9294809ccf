import { type Answer, jsonAnswer, textAnswer } from './http.ts';
import type { Json } from './state.ts';

/** Something that goes wrong on demand. Exactly one of `method` and `url` says where. */
export type Fault = {
  /** A Web API method, as `chat.postEphemeral`. */
  method?: string;
  /** A part of the path that is asked for; `response_url` stands for all of those. */
  url?: string;
  /** How many calls it hits; 1 when left out. */
  times?: number;
  /** Of a method: which of its calls it hits, by what they say; all when left out. */
  when?: (args: Json) => boolean;
  /** Answers `ok: false` with this; nothing happens. For a `response_url`, a 404 with this code, or with `status` beside it. */
  error?: string;
  /** Answers with this HTTP status; nothing happens. 429 carries `Retry-After`. */
  status?: number;
  /** Seconds, for `status: 429`; 1 when left out, `none`: without that head. */
  retryAfter?: number | 'none';
  /** What is answered in place of JSON, as a proxy's page: with `status` nothing happens, without one what was asked for has happened. */
  text?: string;
  /** Milliseconds by which the answer is late. What was asked for has happened at once. */
  delayMs?: number;
  /** Of a method: what was asked for happens, and is answered, no sooner than this resolves. */
  until?: Promise<unknown>;
  /** Cuts the connection: `after` (or true) when it has happened and only the answer is lost, `before` when nothing has. */
  drop?: boolean | 'before' | 'after';
  /** Heads of the answer in place of the usual ones, as `date`. */
  headers?: Record<string, string>;
  /** What was asked for happens, and this is said of it: as Slack sometimes answers, with keys missing or null. */
  answers?: (usual: Json) => Json;
  /** `chat.postEphemeral` answers `ok: true`, and nobody is ever shown the message. */
  lose?: boolean;
};

type Call = { method?: string; path: string; args?: Json };

/** The faults that are waiting for their calls. */
export type Faults = {
  add(fault: Fault): void;
  clear(): void;
  /** The fault for this call, used up by one; undefined when all goes well. */
  take(call: Call): Fault | undefined;
};

/** An empty list of faults. */
export function createFaults(): Faults {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      if ((fault.method === undefined) === (fault.url === undefined)) {
        throw new Error('a fault names a method or a url, and not both');
      }
      waiting.push({ fault, left: fault.times ?? 1 });
    },
    clear() {
      waiting = [];
    },
    take(call) {
      const entry = waiting.find(({ fault }) => hits(fault, call));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      waiting = waiting.filter(({ left }) => left > 0);
      return entry.fault;
    },
  };
}

function hits(fault: Fault, call: Call): boolean {
  if (fault.method !== undefined) {
    return fault.method === call.method && (fault.when?.(call.args ?? {}) ?? true);
  }
  if (fault.url === 'response_url') return call.method === undefined;
  return fault.url !== undefined && call.path.includes(fault.url);
}

/** What a fault answers instead of the method, which then does not run; undefined when it runs. */
export function faultAnswer(fault: Fault): Answer | undefined {
  if (fault.drop === 'before') return textAnswer(0, '');
  if (fault.status === 429) return rateLimited(fault.retryAfter ?? 1);
  if (fault.status !== undefined) return textAnswer(fault.status, fault.text ?? 'fault');
  if (fault.error !== undefined) return jsonAnswer({ ok: false, error: fault.error });
  return undefined;
}

/** What Slack answers to one call too many. Source: docs.slack.dev/apis/web-api/rate-limits. */
export function rateLimited(seconds: number | 'none'): Answer {
  const headers = retryHead(seconds);
  return { ...jsonAnswer({ ok: false, error: 'ratelimited' }, headers), status: 429 };
}

/** The head that says how long to wait; Slack always sends it, and somebody before Slack may not. */
export function retryHead(seconds: number | 'none'): Record<string, string> {
  return seconds === 'none' ? {} : { 'retry-after': String(seconds) };
}

/** What is sent when the call had its effect: the usual answer, or what the fault puts in its place. */
export function garbled(answer: Answer, fault: Fault | undefined): Answer {
  const isInPlace = fault?.text !== undefined && fault.status === undefined;
  return isInPlace ? { ...answer, body: fault.text ?? '' } : answer;
}
