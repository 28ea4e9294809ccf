import { createHash } from 'node:crypto';
import type { ReceiverEvent } from '@slack/bolt';
import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE_MS } from '../../clock.ts';

/** As long as the keys of deliveries that had an effect are kept. */
const REMEMBERED_MS = 15 * MINUTE_MS;

const REMEMBERED_MAX = 10_000;

/** What Slack was answered to the first one; undefined: nothing, so that another may be done in its place. */
type Answered = { readonly response: unknown } | undefined;

type Handle = (event: ReceiverEvent) => Promise<'done' | 'failed'>;

/**
 * Lets what Slack delivers be handled, and answers it like the first one where it comes again to the letter, by whichever socket or
 * request: what is only read or refused leaves no key in the store by which it would be known. One that failed is handled anew.
 * In memory alone, for 15 minutes: after a restart, or by two processes, a list may be drawn twice, but nothing is changed twice.
 */
export function createOnce(clock: Clock): (event: ReceiverEvent, handle: Handle) => Promise<void> {
  const met = new LRUCache<string, Promise<Answered>>({
    max: REMEMBERED_MAX,
    ttl: REMEMBERED_MS,
    ttlResolution: 0,
    perf: { now: clock },
  });

  async function handleFirst(event: ReceiverEvent, handle: Handle, digest: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    met.set(digest, promise);
    let isAnswered = false;
    const ack: ReceiverEvent['ack'] = async (response) => {
      isAnswered = true;
      resolve({ response });
      await event.ack(response);
    };
    try {
      const outcome = await handle({ ...event, ack });
      if (outcome === 'failed' || !isAnswered) forget(digest, promise);
    } finally {
      resolve(undefined);
    }
  }

  function forget(digest: string, promise: Promise<Answered>): void {
    if (met.peek(digest) === promise) met.delete(digest);
  }

  return async function once(event, handle): Promise<void> {
    const digest = digestOf(event.body);
    if (digest === undefined) return void (await handle(event));
    const first = met.get(digest);
    if (first === undefined) return handleFirst(event, handle, digest);
    const answered = await first;
    return answered === undefined ? once(event, handle) : event.ack(answered.response);
  };
}

/** Of its letters as they came, before anybody changes them. Undefined of what may come twice, or lies too deep to be written down. */
function digestOf(body: Readonly<Record<string, unknown>>): string | undefined {
  if (!isOfOneOccasion(body)) return undefined;
  try {
    return createHash('sha256').update(JSON.stringify(body)).digest('base64url');
  } catch {
    return undefined;
  }
}

/** Whether it names the one time that it happened. A search does not: somebody may search for the same twice. */
function isOfOneOccasion(body: Readonly<Record<string, unknown>>): boolean {
  const [action]: unknown[] = Array.isArray(body.actions) ? body.actions : [];
  const actionTs =
    typeof action === 'object' && action !== null && 'action_ts' in action ? action.action_ts : '';
  const ids = [body.event_id, body.trigger_id, body.action_ts, actionTs];
  return ids.some((id) => typeof id === 'string' && id !== '');
}
