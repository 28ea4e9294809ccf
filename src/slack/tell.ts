import type { WebClient } from '@slack/web-api';
import { tellingDialog } from './blocks/dialog.ts';
import type { Message } from './blocks/message.ts';
import { escaped, saying } from './blocks/text.ts';
import { respond } from './respond.ts';
import type { Visit } from './visit.ts';

/**
 * Answers a visit so that this person alone sees it: where it came from, or, from the Home tab, in a dialog. Throws when
 * Slack takes neither.
 */
export async function tell(visit: Visit, message: Message, client: WebClient): Promise<void> {
  if (visit.responseUrl !== undefined) return respond(visit.responseUrl, message);
  if (visit.triggerId === undefined)
    throw new Error('a visit with neither response_url nor trigger_id cannot be answered');
  await client.views.open({ trigger_id: visit.triggerId, view: tellingDialog('apitoken', message.blocks) });
}

/** The same with one sentence, drawn as it is. */
export function tellSentence(visit: Visit, sentence: string, client: WebClient): Promise<void> {
  return tell(visit, sentenceMessage(sentence), client);
}

/** A message of one sentence, drawn as it is. */
export function sentenceMessage(sentence: string): Message {
  return { text: escaped(sentence), blocks: [saying(sentence)] };
}
