import { RUN_COMMAND_ID } from './ids.ts';
import { marked } from './marked.ts';
import type { Message } from './message.ts';
import { cut, escaped, plain, saying } from './text.ts';

const BUTTON_LENGTH_MAX = 75;

/** A command that is offered: what it shows of it, and what it does, escaped as Slack delivers it. */
export type Choice = { readonly shown: string; readonly command: string };

/** A sentence and commands to choose from, each a button of its own. */
export function choicesMessage(sentence: string, choices: readonly Choice[]): Message {
  return marked('choices', {
    text: escaped(sentence),
    blocks: [
      saying(sentence),
      ...choices.map(({ shown, command }) => ({
        type: 'actions' as const,
        elements: [
          {
            type: 'button' as const,
            action_id: RUN_COMMAND_ID,
            text: plain(cut(`/apitoken ${shown}`, BUTTON_LENGTH_MAX)),
            value: command,
          },
        ],
      })),
    ],
  });
}
