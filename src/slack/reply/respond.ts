import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { Message } from '../blocks/message.ts';
import { shortForm } from './in-short.ts';
import { fateOf, ResponseRefused } from './slack-error.ts';

const RESPOND_MS_MAX = 5000;

/** The answer is a word or a short object. */
const ANSWER_LENGTH_MAX = 2000;

/**
 * How a message posted through a `response_url` meets the message that the url came from: beside it or instead of it, in both
 * cases seen by that person alone; as what a lasting message says from now on, to whoever reads that; or `shared`, beside it
 * and seen by everybody in the channel, of which the app need not be a member.
 */
export type Placing = 'beside' | 'instead' | 'lasting' | 'shared';

/**
 * Posts `message` through a delivery's `response_url`, seen by that person alone unless it is shared, and in short where Slack
 * does not take it as it is. Slack takes five within 30 minutes; the url of a command cannot replace anything. Throws
 * `ResponseRefused` when Slack refuses, and something else when it does not answer within 5 s.
 */
export async function respond(
  responseUrl: string,
  message: Message,
  placing: Placing = 'beside',
): Promise<void> {
  try {
    await respondAsItIs(responseUrl, message, placing);
  } catch (error) {
    if (!(error instanceof ResponseRefused) || fateOf(error.code) !== 'not_taken') throw error;
    await respondAsItIs(responseUrl, shortForm(message), placing);
  }
}

/** The same, never in short. */
export async function respondAsItIs(
  responseUrl: string,
  message: Message,
  placing: Placing = 'beside',
): Promise<void> {
  await post(responseUrl, {
    ...message,
    // What is changed stays as visible as it was: Slack documents no `response_type` for that.
    ...(placing === 'lasting' ? {} : { response_type: placing === 'shared' ? 'in_channel' : 'ephemeral' }),
    replace_original: placing === 'instead' || placing === 'lasting',
    unfurl_links: false,
    unfurl_media: false,
  });
}

/** Takes away the message that the `response_url` came from. */
export async function deleteOriginal(responseUrl: string): Promise<void> {
  await post(responseUrl, { delete_original: true });
}

async function post(responseUrl: string, body: object): Promise<void> {
  const response = await fetch(responseUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(RESPOND_MS_MAX),
  });
  const text = await beginningOf(response);
  // A no may come with a 200, too.
  if (!response.ok || /"ok"\s*:\s*false/.test(text)) throw new ResponseRefused(response.status, codeIn(text));
}

/** The code in Slack's answer, which is JSON or some words; undefined when it is neither, as a page of a proxy. */
function codeIn(text: string): string | undefined {
  const words = /"error"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? text.trim();
  return /^[A-Za-z][\w ]{2,59}$/.test(words) ? words.toLowerCase().replaceAll(' ', '_') : undefined;
}

/** What is longer is not read on. */
async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (text.length >= ANSWER_LENGTH_MAX) break;
  }
  return text.slice(0, ANSWER_LENGTH_MAX);
}

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
