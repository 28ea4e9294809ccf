import type { ReceiverEvent } from '@slack/bolt';
import { SocketModeClient, type SocketModeOptions } from '@slack/socket-mode';
import { parseFrame } from './frame.ts';

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
        return this.#handlers.onDelivery({ body, ack: (answer) => this.#ack(envelopeId, answer), ...retry });
      }
      case 'unreadable':
        this.#handlers.onUnreadable(frame.flaw);
        // Gone with its socket, nothing is lost by it.
        if (frame.envelopeId !== undefined) await this.#ack(frame.envelopeId).catch(() => undefined);
    }
  }

  /** https://docs.slack.dev/apis/events-api/using-socket-mode/#acknowledge */
  async #ack(envelopeId: string, answer?: unknown): Promise<void> {
    const { websocket } = this;
    if (websocket === undefined || !websocket.isActive()) throw new Error('the socket of a delivery is gone');
    const payload = typeof answer === 'string' ? { text: answer } : (answer ?? {});
    const acked = Promise.withResolvers<void>();
    websocket.send(JSON.stringify({ envelope_id: envelopeId, payload }), (error) => {
      if (error === undefined) acked.resolve();
      else acked.reject(error);
    });
    await acked.promise;
  }
}
