import { type Clock, MINUTE_MS } from '../clock.ts';
import type { Message } from './blocks/message.ts';
import { type Placing, respond, respondAsItIs } from './respond.ts';
import { ResponseRefused } from './slack-error.ts';

/** After Slack refused a table, none is tried for so long: each try costs one of the five uses of a `response_url`. */
const REFUSED_MS = 10 * MINUTE_MS;
/** A server error may be about the table or about that moment; after so many in a row it is about the table. */
const BREAKDOWNS_MAX = 2;
const TOO_MANY_REQUESTS = 429;
/** Somebody before Slack did not wait for its answer: the message may have been posted. */
const GATEWAY_TIMEOUT = 504;

/**
 * Draws messages with a table where Slack takes tables. In an ephemeral message they are undocumented, and what Slack answers
 * where it takes none differs: 400, 200 with `ok: false`, or 500, after which nothing was posted
 * (github.com/soxtoby/SlackNet/issues/246). Where the answer is lost the message may have been posted, and nothing is tried.
 */
export type Tables = {
  respond(responseUrl: string, draw: (asTable: boolean) => Message, placing: Placing): Promise<void>;
};

/** Tables, not refused yet. Knows in memory alone: after a restart one is tried again. */
export function createTables(clock: Clock): Tables {
  let refusedUntil = -Infinity;
  let breakdownsInRow = 0;

  /** The same message was taken without a table. */
  function noteRefusal({ status }: ResponseRefused): void {
    if (status === TOO_MANY_REQUESTS) return;
    breakdownsInRow = status < 500 ? BREAKDOWNS_MAX : breakdownsInRow + 1;
    if (breakdownsInRow < BREAKDOWNS_MAX) return;
    breakdownsInRow = 0;
    refusedUntil = clock() + REFUSED_MS;
  }

  return {
    respond: async (responseUrl, draw, placing) => {
      if (clock() < refusedUntil) return respond(responseUrl, draw(false), placing);
      try {
        await respondAsItIs(responseUrl, draw(true), placing);
        breakdownsInRow = 0;
      } catch (error) {
        if (!(error instanceof ResponseRefused) || !mayTryWithout(error, placing)) throw error;
        await respond(responseUrl, draw(false), placing);
        noteRefusal(error);
      }
    },
  };
}

/** Whether the message may be sent once more without its table: never so that a channel reads it twice. */
function mayTryWithout({ status, isUrlSpent }: ResponseRefused, placing: Placing): boolean {
  return !isUrlSpent && !(placing === 'shared' && status === GATEWAY_TIMEOUT);
}
