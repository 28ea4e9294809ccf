import type { Log } from '../../log.ts';
import type { Message } from '../blocks/message.ts';
import { context, cut, mrkdwn, plainTextOf, section } from '../blocks/text.ts';
import { fateOf, slackErrorOf } from './slack-error.ts';

const SENTENCE_LENGTH_MAX = 500;

/**
 * Sends a message by `send`, and in short where Slack does not take it as it is: the text of all its blocks is too long together
 * (`msg_blocks_too_long`), or something in them is refused. Throws what `send` throws otherwise.
 */
export async function orInShort<T>(
  message: Message,
  log: Log,
  send: (form: Message) => Promise<T>,
  short: Message = shortForm(message),
): Promise<T> {
  try {
    return await send(message);
  } catch (error) {
    const { code } = slackErrorOf(error);
    if (fateOf(code) !== 'not_taken') throw error;
    log.warn({ code }, 'Slack refused a message; sending a shorter one');
    return send(short);
  }
}

/** What a message says in its first sentence, or else its text, and where the rest is to be found. */
export function shortForm({ text, blocks: [first] }: Message): Message {
  const isSentence = first?.type === 'section' && first.fields === undefined && first.text !== undefined;
  const sentence = isSentence && first.text?.type === 'plain_text' ? first.text.text : plainTextOf(text);
  const saysWho = first?.type === 'rich_text';
  return {
    text: cut(text, SENTENCE_LENGTH_MAX),
    blocks: [
      // People stand in it as mentions, which plain text does not draw.
      saysWho
        ? { type: 'section', text: mrkdwn(cut(text, SENTENCE_LENGTH_MAX)) }
        : section(cut(sentence, SENTENCE_LENGTH_MAX)),
      context(
        'Slack did not take the whole of this message. `/apitoken list all` shows your tokens, `/apitoken info NAME` one of them.',
      ),
    ],
  };
}
