import { setTimeout as wait } from 'node:timers/promises';
import type { App, ReceiverEvent } from '@slack/bolt';
import { type Clock, SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';
import { isForListeners, kindOfDelivery, type OnAck } from './delivery-kind.ts';
import { createRareWarning } from './rare-warning.ts';
import { ackProblem, type RawAck } from './submission-answer.ts';

const DRAIN_STEP_MS = 20;
const DRAINING = 'apitoken is restarting, nothing was changed. Try again in half a minute.';

/** Where Slack's deliveries arrive, by whichever way, and are counted until they are done. */
export type Intake = {
  /** Deliveries go to this app from now on. */
  open(app: Pick<App, 'processEvent'>): void;
  /** Resolves when all that the delivery leads to is done. Never rejects. Slack hears the first acknowledgement alone. */
  take(event: ReceiverEvent): Promise<void>;
  /** The acknowledgement of the delivery with this body, while Slack waits for it. */
  waitingAck(body: object): RawAck | undefined;
  /** Slack waits no longer for the acknowledgement of this body. */
  giveUp(body: object): void;
  /** Refuses new deliveries from now on and waits for those in work, `msMax` at most. False when some are left. */
  drain(msMax: number): Promise<boolean>;
};

/** An intake that is not open yet: what comes before is not acknowledged. */
export function createIntake(deps: {
  readonly log: Log;
  readonly clock: Clock;
  readonly onAck: OnAck;
}): Intake {
  const { log, onAck } = deps;
  const warnOfStrange = createRareWarning(
    deps,
    'Slack delivered what this version does not know; nothing was done',
  );
  const warnOfRate = createRareWarning(
    deps,
    'Slack held back events: there are more than 30,000 an hour. Changes of people and groups count a little later',
  );
  /** By the body of their delivery. */
  const waiting = new WeakMap<object, RawAck>();
  let app: Pick<App, 'processEvent'> | undefined;
  let isDraining = false;
  let working = 0;

  async function take(event: ReceiverEvent): Promise<void> {
    const { body } = event;
    const arrivedAt = performance.now();
    const ack: RawAck = async (response) => {
      if (!waiting.delete(body)) return;
      await event.ack(response);
      onAck(kindOfDelivery(body), (performance.now() - arrivedAt) / SECOND_MS);
    };
    waiting.set(body, ack);
    working += 1;
    try {
      await answer({ ...event, ack });
    } catch (error) {
      log.error({ err: error }, 'a delivery of Slack could not be processed');
    } finally {
      working -= 1;
    }
  }

  async function answer(event: ReceiverEvent): Promise<void> {
    const { body, ack } = event;
    // Slack says this of itself, without an event and its id: https://docs.slack.dev/apis/events-api/#rate-limits
    if (body.type === 'app_rate_limited') {
      await ack();
      return warnOfRate((times) => ({ times }));
    }
    if (isDraining) return answerDraining(event);
    if (app === undefined) return;
    // Delivered again, it would still be unknown.
    if (!isForListeners(body)) {
      await ack();
      return warnOfStrange((times) => ({ times, type: namedType(body.type) }));
    }
    // Bolt reads on in an event before it acknowledges it, and some of them it never does.
    if (body.event !== undefined) await ack();
    await app.processEvent(event);
  }

  return {
    open: (opened) => {
      app = opened;
    },
    take,
    waitingAck: (body) => waiting.get(body),
    giveUp: (body) => waiting.delete(body),
    drain: async (msMax) => {
      isDraining = true;
      for (let waited = 0; working > 0 && waited < msMax; waited += DRAIN_STEP_MS) await wait(DRAIN_STEP_MS);
      return working === 0;
    },
  };
}

/** A kind that Slack may have thought of; nothing else of a delivery is fit for the log. */
function namedType(type: unknown): string {
  return typeof type === 'string' && /^[a-z_]{1,40}$/.test(type) ? type : 'none';
}

/** What comes while the app stops: nothing of it is done, and whoever can be told so in words is. */
async function answerDraining({ body, ack }: ReceiverEvent): Promise<void> {
  if (body.type === 'view_submission') return ackProblem(ack, body, DRAINING);
  if ('command' in body) await ack({ response_type: 'ephemeral', text: DRAINING });
}
