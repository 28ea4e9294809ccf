import type { ReceiverEvent } from '@slack/bolt';
import { SocketModeClient, type SocketModeOptions } from '@slack/socket-mode';
import { z } from 'zod';
import { SECOND_MS } from '../../clock.ts';

/** Who is told what Slack says over a socket. */
export type FrameHandlers = {
  /** Deliveries come from now on; `lifeMs` is how long Slack will keep the socket, where it tells. */
  onGreeting(lifeMs: number | undefined): void;
  /** Slack wants the socket closed. Deliveries that are in work may still be acknowledged over it. */
  onGoodbye(reason: string): void;
  onDelivery(event: ReceiverEvent): void;
  /** Something that is none of these; it was acknowledged where that can be done. */
  onUnreadable(flaw: string): void;
};

/**
 * Slack's client for one socket, which reads what comes over it in our way. Its own reading rejects, and so ends the process,
 * when an event has no `event` in it (as `app_rate_limited` has not) or a frame is `null`, and takes what Slack calls a
 * delivery for the name of an event of its own: one of type `close` would close the socket.
 */
export class FrameClient extends SocketModeClient {
  readonly #handlers: FrameHandlers;

  constructor(options: SocketModeOptions, handlers: FrameHandlers) {
    super(options);
    this.#handlers = handlers;
  }

  protected override async onWebSocketMessage(data: string | ArrayBuffer): Promise<void> {
    const frame = parseFrame(data);
    switch (frame.kind) {
      case 'hello':
        this.#handlers.onGreeting(frame.lifeMs);
        this.emit('connected');
        return;
      case 'disconnect':
        return this.#handlers.onGoodbye(frame.reason);
      case 'delivery': {
        const { envelopeId, body, retry } = frame;
        return this.#handlers.onDelivery({
          body,
          ack: (response) => this.#ack(envelopeId, response),
          ...retry,
        });
      }
      case 'unreadable':
        this.#handlers.onUnreadable(frame.flaw);
        // Gone with its socket, nothing is lost by it.
        if (frame.envelopeId !== undefined) await this.#ack(frame.envelopeId).catch(() => undefined);
    }
  }

  /** https://docs.slack.dev/apis/events-api/using-socket-mode/#acknowledge */
  async #ack(envelopeId: string, response?: unknown): Promise<void> {
    const { websocket } = this;
    if (websocket === undefined || !websocket.isActive()) throw new Error('the socket of a delivery is gone');
    const payload = typeof response === 'string' ? { text: response } : (response ?? {});
    const acked = Promise.withResolvers<void>();
    websocket.send(JSON.stringify({ envelope_id: envelopeId, payload }), (error) => {
      if (error === undefined) acked.resolve();
      else acked.reject(error);
    });
    await acked.promise;
  }
}

/** As many bytes as Slack may post to us over HTTP; what it sends is far smaller. */
const FRAME_LENGTH_MAX = 1024 * 1024;

/** What Slack says over a socket. https://docs.slack.dev/apis/events-api/using-socket-mode */
export type Frame =
  | { readonly kind: 'hello'; readonly lifeMs: number | undefined }
  | { readonly kind: 'disconnect'; readonly reason: string }
  | { readonly kind: 'delivery'; readonly envelopeId: string; readonly body: Body; readonly retry: Retry }
  /** Without an envelope there is nothing to acknowledge. */
  | { readonly kind: 'unreadable'; readonly envelopeId: string | undefined; readonly flaw: string };

type Body = Readonly<Record<string, unknown>>;

type Retry = { readonly retryNum?: number; readonly retryReason?: string };

// Whatever else a field holds counts as left out: no frame is refused for a part that decides nothing.
const text = z.string().optional().catch(undefined);

const number = z.number().optional().catch(undefined);

const frame = z.object({
  type: text,
  envelope_id: text,
  reason: text,
  retry_attempt: number,
  retry_reason: text,
  payload: z.record(z.string(), z.unknown()).optional().catch(undefined),
  debug_info: z.object({ approximate_connection_time: number }).optional().catch(undefined),
});

/** The frame in what came over a socket, whatever that is. Never throws. */
export function parseFrame(data: unknown): Frame {
  if (typeof data !== 'string') return unreadable('binary');
  if (data.length > FRAME_LENGTH_MAX) return unreadable('too large');
  const parsed = frame.safeParse(parseJson(data));
  if (!parsed.success) return unreadable('no JSON object');
  const { type, envelope_id, payload, reason, debug_info } = parsed.data;
  if (type === 'hello') return { kind: 'hello', lifeMs: lifeOf(debug_info?.approximate_connection_time) };
  if (type === 'disconnect') return { kind: 'disconnect', reason: reason ?? 'none' };
  if (envelope_id === undefined) return unreadable('no envelope');
  if (payload === undefined) return unreadable('no payload', envelope_id);
  return { kind: 'delivery', envelopeId: envelope_id, body: payload, retry: retryOf(parsed.data) };
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function unreadable(flaw: string, envelopeId?: string): Frame {
  return { kind: 'unreadable', envelopeId, flaw };
}

function lifeOf(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds > 0 ? seconds * SECOND_MS : undefined;
}

function retryOf({ retry_attempt, retry_reason }: z.infer<typeof frame>): Retry {
  return {
    ...(retry_attempt === undefined ? {} : { retryNum: retry_attempt }),
    ...(retry_reason === undefined ? {} : { retryReason: retry_reason }),
  };
}
