import type { KnownBlock } from '@slack/types';
import { RUN_COMMAND_ID } from './ids.ts';
import type { Message } from './message.ts';
import { cut, mrkdwn, plain, smallPrint } from './text.ts';

const TYPED_LENGTH_MAX = 100;

/** Lines to type, with what each does. */
const COMMANDS: readonly (readonly [line: string, does: string])[] = [
  ['/apitoken create', 'make a token in a dialog; `/apitoken create NAME 30d` fills it in'],
  ['/apitoken list', 'your active tokens; also `list expired`, `list revoked`, `list all`'],
  ['/apitoken info NAME', 'all there is to know of one token, but its value'],
  [
    '/apitoken rotate NAME',
    'a new value for a token, the old one honoured for a while; renews an expired one',
  ],
  [
    '/apitoken revoke NAME',
    'end a token, after a confirmation; with a value in place of the name, whosever it is',
  ],
  ['/apitoken history NAME', 'what happened to a token, and who did it'],
  ['/apitoken help', 'this help'],
];

/** The commands, each as a line to type. */
export function helpMessage(): Message {
  return { text: `apitoken: ${COMMANDS.map(([line]) => line).join(', ')}`, blocks: helpBlocks() };
}

/** Quotes what was not understood, as plain text, with the nearest command as a button. */
export function unknownCommandMessage(typed: string, nearest: string): Message {
  return {
    text: 'apitoken did not understand this command.',
    blocks: [
      {
        type: 'section',
        text: plain(`I do not know “${cut(seen(typed), TYPED_LENGTH_MAX)}”. Did you mean this?`),
      },
      {
        type: 'actions',
        elements: [
          { type: 'button', action_id: RUN_COMMAND_ID, text: plain(`/apitoken ${nearest}`), value: nearest },
        ],
      },
      ...helpBlocks(),
    ],
  };
}

/** What is seen of `typed`, on one line: a mark that turns the writing around would turn the rest of our sentence too. */
function seen(typed: string): string {
  return typed.replaceAll(/\s+/g, ' ').replaceAll(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '');
}

function helpBlocks(): KnownBlock[] {
  return [
    { type: 'section', text: mrkdwn(COMMANDS.map(([line, does]) => `\`${line}\`: ${does}`).join('\n')) },
    smallPrint('Without NAME you pick one of yours.'),
  ];
}
