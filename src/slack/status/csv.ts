import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { isoTime, SECOND_MS } from '../../clock.ts';
import { withoutStrays } from '../../tokens/characters.ts';
import { remarksOf, statusOf, type UsedToken } from '../../tokens/token.ts';
import { mayHaveHappened, mendingSentence } from '../blocks/mending.ts';
import { inDirectMessage } from '../reply/direct-message.ts';
import { slackErrorOf } from '../reply/slack-error.ts';

const COLUMNS: readonly (readonly [heading: string, of: (token: UsedToken, now: number) => string])[] = [
  ['Token id', ({ id }) => id],
  ['Name', ({ name }) => name],
  ['Purpose', ({ purpose }) => withoutStrays(purpose ?? '')],
  ['Owner', ({ owner }) => owner],
  ['Created by', ({ createdBy }) => createdBy],
  ['Status', (token, now) => statusOf(token, now)],
  ['Remarks', (token, now) => remarksOf(token, now).join(' ')],
  ['Created', ({ createdAt }) => isoTime(createdAt)],
  ['Last used', ({ lastUsedAt }) => dateText(lastUsedAt)],
  ['Uses', ({ useCount }) => String(useCount)],
  ['Last refused', ({ lastRefusedAt }) => dateText(lastRefusedAt)],
  ['Expires', ({ expiresAt }) => dateText(expiresAt)],
  ['Date Revoked', ({ revokedAt }) => dateText(revokedAt)],
  ['Revoked by', ({ revokedBy }) => revokedBy ?? ''],
  ['Reason', ({ revokeReason }) => withoutStrays(revokeReason ?? '')],
];

/**
 * Where a spreadsheet may see a cell begin: it splits at commas, semicolons or tabs, as its country or whoever opens the file has
 * it, and of a cell that is quoted for commas it then splits the inside too, also into lines. What makes a cell a formula there
 * (OWASP, "CSV Injection"), with whatever is not seen, or taken away as a quotation mark, before it. Forms of other widths
 * count: spreadsheets of some languages take them for the sign.
 */
const FORMULA_START =
  /(^|[;\t\r\n\v\f\u0085\u2028\u2029])(?=(?:(?![\t\r\n\v\f\u0085\u2028\u2029])[\s"\p{C}\p{Default_Ignorable_Code_Point}\u2800])*[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋])/gu;

/** A cell that begins with one of these counts as one, too. */
const BREAK_START = /^(?=[\t\r\n\v\f\u0085\u2028\u2029])/u;

/** Signs at which some dialect of CSV splits, and quotation marks. */
const NEEDS_QUOTES = /[",;\t\r\n\v\f\u0085\u2028\u2029]/;

/** Without it, spreadsheets read UTF-8 as the letters of one country. */
const BYTE_ORDER_MARK = '\uFEFF';

/** Rows that are written before others may go on: 10,000 at once would stop the event loop for 100 ms. */
const CHUNK_ROWS = 500;

/**
 * Tokens as CSV after RFC 4180, in UTF-8 with a byte order mark; instants in ISO 8601, UTC. What a spreadsheet would take for
 * a formula gets an apostrophe before it, also in the middle of a cell that it may split; all else that people typed stands
 * there as it is. Not by csv-stringify: its `escape_formulas` looks at the first sign of a cell alone.
 */
export async function csvOf(tokens: readonly UsedToken[], now: number): Promise<string> {
  const chunks = [BYTE_ORDER_MARK, lineOf(COLUMNS.map(([heading]) => heading))];
  for (let row = 0; row < tokens.length; row += CHUNK_ROWS) {
    const chunk = tokens.slice(row, row + CHUNK_ROWS);
    chunks.push(...chunk.map((token) => lineOf(COLUMNS.map(([, of]) => of(token, now)))));
    await nextTurn();
  }
  return chunks.join('');
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(text: string): string {
  const harmless = text.replace(FORMULA_START, "$1'").replace(BREAK_START, "'");
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function dateText(at: number | null): string {
  return at === null ? '' : isoTime(at);
}

const UPLOAD_MS_MAX = 20 * SECOND_MS;

const ticket = z.object({ upload_url: z.url(), file_id: z.string() });

/** A text file, and what is said with it (mrkdwn); empty: nothing. */
export type TextFile = { readonly name: string; readonly text: string; readonly comment: string };

/**
 * Sends a file into the app's conversation with a person. Resolves to undefined when it was sent, else to why it was not.
 * Not by `filesUploadV2`: a file of megabytes would have the time of any other call.
 */
export async function sendFile(
  client: WebClient,
  personId: string,
  file: TextFile,
): Promise<string | undefined> {
  try {
    await inDirectMessage(client, personId, (channel) => uploadFile(client, channel, file));
    return undefined;
  } catch (error) {
    return slackErrorOf(error).code;
  }
}

/** Sends a file into a conversation, and tells its id. Throws as `WebClient` does, or because the upload was not taken. */
export async function uploadFile(client: WebClient, channel: string, file: TextFile): Promise<string> {
  const bytes = new TextEncoder().encode(file.text);
  const response = await client.files.getUploadURLExternal({ filename: file.name, length: bytes.length });
  const { upload_url, file_id } = ticket.parse(response);
  await upload(upload_url, bytes);
  await client.files.completeUploadExternal({
    files: [{ id: file_id, title: file.name }],
    channel_id: channel,
    ...(file.comment === '' ? {} : { initial_comment: file.comment }),
  });
  return file_id;
}

async function upload(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
    redirect: 'error',
    signal: AbortSignal.timeout(UPLOAD_MS_MAX),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Slack answered ${response.status} to an upload`);
}

/** Why a file could not be sent, from Slack's error code, and what mends it. Our own words: safe anywhere. */
export function notSentSentence(reason: string): string {
  if (mayHaveHappened(reason))
    return "Slack didn't say whether the file arrived. If it isn't in your direct messages with apitoken, choose CSV again.";
  switch (reason) {
    case 'missing_scope':
      return "apitoken isn't allowed to send files yet. Ask an admin to install it again.";
    case 'storage_limit_reached':
      return 'Slack has no room for more files. Ask an admin to free some space.';
    case 'ratelimited':
      return "Slack doesn't accept more files right now. Wait a minute, then choose CSV again.";
    default: {
      const sentence = mendingSentence(reason);
      return sentence === undefined
        ? "Slack didn't accept the file. Choose CSV again in a moment."
        : `${sentence} Nothing was sent.`;
    }
  }
}
