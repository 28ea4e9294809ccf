import { type Clock, MINUTE_MS } from '../clock.ts';
import type { Message } from './blocks/message.ts';
import { type Placing, ResponseRefused, respond } from './respond.ts';

/** After Slack refused a table, none is tried for so long: each try costs one of the five uses of a `response_url`. */
const REFUSED_MS = 10 * MINUTE_MS;
/** What is wrong with a message itself comes so, the latter with `ok: false`. After any other no it may have been posted. */
const MESSAGE_REFUSED: readonly number[] = [400, 200];

/** Draws messages with a table where Slack takes tables: in an ephemeral message they are undocumented. */
export type Tables = {
  respond(responseUrl: string, draw: (asTable: boolean) => Message, placing: Placing): Promise<void>;
};

/** Tables, not refused yet. Knows in memory alone: after a restart one is tried again. */
export function createTables(clock: Clock): Tables {
  let refusedUntil = -Infinity;

  return {
    respond: async (responseUrl, draw, placing) => {
      if (clock() < refusedUntil) return respond(responseUrl, draw(false), placing);
      try {
        await respond(responseUrl, draw(true), placing);
      } catch (error) {
        if (!(error instanceof ResponseRefused) || !MESSAGE_REFUSED.includes(error.status)) throw error;
        await respond(responseUrl, draw(false), placing);
        refusedUntil = clock() + REFUSED_MS;
      }
    },
  };
}
