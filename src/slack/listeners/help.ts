import type { KnownBlock } from '@slack/types';
import { asSeen } from '../../tokens/characters.ts';
import type { Rights } from '../../tokens/policy.ts';
import { RUN_COMMAND_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, cut, mrkdwn, section, unescaped } from '../blocks/text.ts';

const TYPED_LENGTH_MAX = 100;

/** A button's value holds 2,000 characters. */
const REST_LENGTH_MAX = 1900;

const BUTTON_LENGTH_MAX = 75;

type Line = readonly [line: string, does: string];

/** Lines to type, with what each does: only what whoever asks may do. */
function commandsFor({ seesAll, revokesAny }: Rights): readonly Line[] {
  return [
    ['/apitoken create', 'create a token; `/apitoken create NAME 30d` fills in the dialog'],
    ['/apitoken list', 'your active tokens; also `list expired`, `list revoked`, `list all`'],
    [
      '/apitoken find TEXT',
      seesAll
        ? 'tokens with TEXT in their name or purpose'
        : 'your tokens with TEXT in their name or purpose',
    ],
    ['/apitoken info NAME', 'everything about a token except its value'],
    ['/apitoken rotate NAME', 'give a token a new value; the old one can keep working for a while'],
    ['/apitoken revoke NAME', 'end a token, after you confirm'],
    ['/apitoken revoke VALUE', 'end a leaked token, no matter whose it is'],
    ...(revokesAny ? REVOKE_ANY : [REVOKE_OWN]),
    [
      '/apitoken check VALUE',
      revokesAny ? 'see whose a value is, and whether it works' : 'see whether one of your values works',
    ],
    ...(seesAll ? SEE_ALL : []),
    ['/apitoken history NAME', 'what happened to a token, and who did it'],
    ['/apitoken help', 'this help'],
  ];
}

const REVOKE_OWN: Line = ['/apitoken revoke @me', 'end several of your tokens at once'];

const REVOKE_ANY: readonly Line[] = [
  ['/apitoken revoke @person', "end all or some of a person's tokens; `@me` for your own"],
  ['/apitoken revoke apit_4fTz8K', 'end the token whose value starts like this, with at least 6 characters'],
];

const SEE_ALL: readonly Line[] = [
  [
    '/apitoken status',
    "everybody's tokens, what needs attention first; also `status expired`, `status @person`",
  ],
  ['/apitoken board', "a message in this channel that keeps track of everybody's tokens"],
];

/** Commands that not everybody may type. */
const VERBS_TO_SEE_ALL: ReadonlySet<string> = new Set(['status', 'board']);

/** The commands, each as a line to type. */
export function helpMessage(rights: Rights): Message {
  const lines = commandsFor(rights).map(([line]) => line);
  return { text: `apitoken: ${lines.join(', ')}`, blocks: helpBlocks(rights) };
}

/** What somebody who wrote to the app can do with it, in short. */
export function abilitiesMessage(rights: Rights): Message {
  const lines: readonly Line[] = [
    ['/apitoken create', 'create a token'],
    ['/apitoken list', 'see your tokens'],
    ['/apitoken rotate', 'give a token a new value'],
    ['/apitoken revoke', 'end a token'],
    ...(rights.revokesAny ? ABILITY_TO_REVOKE_ANY : []),
    ...(rights.seesAll ? ABILITY_TO_SEE_ALL : []),
    ['/apitoken help', 'all commands'],
  ];
  return {
    text: "I can't chat, but I answer commands. Type /apitoken help to see them.",
    blocks: [
      section("I can't chat, but I answer commands. Here is what you can type:"),
      linesSection(lines),
      context("Don't paste token values here: Slack keeps your messages."),
    ],
  };
}

const ABILITY_TO_REVOKE_ANY: readonly Line[] = [['/apitoken revoke @person', "end a person's tokens"]];

const ABILITY_TO_SEE_ALL: readonly Line[] = [['/apitoken status', "see everybody's tokens"]];

/** Quotes what was not understood, as plain text, with the nearest command as a button that keeps the rest of the line. */
export function unknownCommandMessage(
  { typed, nearest, rest }: { readonly typed: string; readonly nearest: string; readonly rest: string },
  rights: Rights,
): Message {
  const isOffered = nearest !== 'help' && (rights.seesAll || !VERBS_TO_SEE_ALL.has(nearest));
  const kept = rest === '' || rest.length > REST_LENGTH_MAX ? '' : ` ${rest}`;
  const command = isOffered ? `${nearest}${kept}` : 'help';
  const question = isOffered ? ` Did you mean ${nearest}?` : '';
  // A mark that turns the writing around would turn the rest of our sentence too.
  const quoted = cut(asSeen(typed), TYPED_LENGTH_MAX);
  return marked('unknown', {
    text: "That isn't an apitoken command.",
    blocks: [
      section(`"${quoted}" isn't a command.${question}`),
      {
        type: 'actions',
        elements: [
          button(RUN_COMMAND_ID, cut(`/apitoken ${unescaped(command)}`, BUTTON_LENGTH_MAX), command),
        ],
      },
      ...(isOffered ? [context('`/apitoken help` lists all commands.')] : []),
    ],
  });
}

function helpBlocks(rights: Rights): KnownBlock[] {
  return [linesSection(commandsFor(rights)), context('Leave out NAME to choose one of your tokens.')];
}

function linesSection(lines: readonly Line[]): KnownBlock {
  return {
    type: 'section',
    text: mrkdwn(lines.map(([line, does]) => `\`${line}\`: ${does}`).join('\n')),
  };
}
