import type { RichTextBlock } from '@slack/types';
import type { LeftOut } from '../../tokens/kept-scopes.ts';
import type { Token } from '../../tokens/token.ts';
import { HIDE_VALUE_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, section } from '../blocks/text.ts';
import { leftOutBlocks } from '../blocks/token-facts.ts';

const CURL_LINE = 'curl -H "Authorization: Bearer $APITOKEN" https://api.example.com/';

/** The one message that holds a value: ephemeral, in the owner's DM. The value stands in a block of its own and nowhere else. */
export function shownValueMessage(token: Token, value: string, leftOut: readonly LeftOut[] = []): Message {
  const sentence = `Your token ${token.name} is ready. Copy it now: it is shown only once.`;
  return marked('value', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      preformatted(value),
      ...leftOutBlocks(leftOut),
      context('Put it into `APITOKEN` and send it with every request:'),
      preformatted(CURL_LINE),
      context(
        'Only you can see this message, and it is gone when Slack reloads. Lost it before its first use? Press *Issue new value* in its receipt.',
      ),
      {
        type: 'actions',
        elements: [button(HIDE_VALUE_ID, 'Hide now')],
      },
    ],
  });
}

function preformatted(text: string): RichTextBlock {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }],
  };
}
