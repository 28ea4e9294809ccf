import type { WebClient } from '@slack/web-api';
import { tellingDialog } from './blocks/dialog.ts';
import type { Message } from './blocks/message.ts';
import { escaped, saying } from './blocks/text.ts';
import { inDirectMessage } from './direct-message.ts';
import { respond } from './respond.ts';
import type { AnswerPlace, Visit } from './visit.ts';

/**
 * Answers a visit so that this person alone sees it: where it came from, or, from the Home tab, in a dialog. What offers
 * neither, as a press in a workflow's step, is answered in the person's conversation with the app. Throws when Slack does not
 * take it.
 */
export async function tell(place: AnswerPlace, message: Message, client: WebClient): Promise<void> {
  const { responseUrl, triggerId, personId } = place;
  if (responseUrl !== undefined) return respond(responseUrl, message);
  if (triggerId !== undefined) {
    await client.views.open({ trigger_id: triggerId, view: tellingDialog('apitoken', message.blocks) });
    return;
  }
  if (personId === undefined)
    throw new Error('a delivery that names no person and no place cannot be answered');
  await inDirectMessage(client, personId, (channel) =>
    client.chat.postEphemeral({ channel, user: personId, ...message }),
  );
}

/** The same with one sentence, drawn as it is. */
export function tellSentence(visit: Visit, sentence: string, client: WebClient): Promise<void> {
  return tell(visit, sentenceMessage(sentence), client);
}

/** A message of one sentence, drawn as it is. */
export function sentenceMessage(sentence: string): Message {
  return { text: escaped(sentence), blocks: [saying(sentence)] };
}
