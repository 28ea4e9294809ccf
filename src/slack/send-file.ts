import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { SECOND_MS } from '../clock.ts';
import { inDirectMessage } from './direct-message.ts';
import { slackErrorOf } from './slack-error.ts';

const UPLOAD_MS_MAX = 20 * SECOND_MS;

const ticket = z.object({ upload_url: z.url(), file_id: z.string() });

/** A text file, and what is said with it (mrkdwn). */
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
  const bytes = new TextEncoder().encode(file.text);
  try {
    await inDirectMessage(client, personId, async (channel) => {
      const answer = await client.files.getUploadURLExternal({ filename: file.name, length: bytes.length });
      const { upload_url, file_id } = ticket.parse(answer);
      await upload(upload_url, bytes);
      await client.files.completeUploadExternal({
        files: [{ id: file_id, title: file.name }],
        channel_id: channel,
        initial_comment: file.comment,
      });
    });
    return undefined;
  } catch (error) {
    return slackErrorOf(error).code;
  }
}

async function upload(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
    redirect: 'error',
    signal: AbortSignal.timeout(UPLOAD_MS_MAX),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`Slack answered ${answer.status} to an upload`);
}
