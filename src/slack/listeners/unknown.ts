import { type Refusal, sentenceFor } from '../../tokens/refusal.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { RUN_COMMAND_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, cut, escaped, section } from '../blocks/text.ts';
import type { Answer } from '../reply/tell.ts';
import { unknownCommandMessage } from './help.ts';
import type { Part } from './parse-command.ts';
import type { PickVerb } from './pick-dialog.ts';

/**
 * Tells that no token was found, with what may have been meant as buttons: names that are nearly so or, where several were typed
 * at once, each of them. Which of those there are is not said.
 */
export function unknownAnswer(verb: PickVerb, refusal: Refusal, parts: readonly Part[]): Answer {
  const sentence = sentenceFor(refusal);
  if (refusal.code === 'token_misnamed') {
    const choices = refusal.nearly.map(({ id, name }) => ({
      shown: `${verb} ${name}`,
      command: `${verb} ${id}`,
    }));
    return { kind: 'message', message: choicesMessage(sentence, choices) };
  }
  if (refusal.code !== 'token_not_found' || parts.length === 0) {
    return { kind: 'message', message: choicesMessage(sentence, []) };
  }
  const choices = parts.map(({ typed, shown }) => ({
    shown: `${verb} ${shown}`,
    command: `${verb} ${typed}`,
  }));
  return { kind: 'message', message: choicesMessage(severalSentence(verb, parts), choices) };
}

/** Tokens whose names differ in nothing but quotes, dashes and what nobody sees, to choose from. */
export function alikeAnswer(verb: PickVerb, tokens: readonly UsedToken[]): Answer {
  const choices = tokens.map(({ id, name }) => ({ shown: `${verb} ${name}`, command: `${verb} ${id}` }));
  const sentence = `${tokens.length} tokens have similar names. Which one do you mean?`;
  return { kind: 'message', message: choicesMessage(sentence, choices) };
}

/**
 * Tells that a command is not understood, and the nearest one. `status` takes one person at a time: where several were typed, each
 * is a button, with the filter where one was typed.
 */
export function misreadAnswer(
  misread: { readonly typed: string; readonly nearest: string; readonly rest: string },
  parts: readonly Part[],
  rights: Parameters<typeof unknownCommandMessage>[1],
): Answer {
  const isPerson = ({ shown }: Part) => shown.startsWith('@');
  const people = parts.filter(isPerson);
  const rest = parts.filter((part) => !isPerson(part));
  if (misread.nearest !== 'status' || people.length < 2 || rest.length > 1 || !rights.seesAll) {
    return { kind: 'message', message: unknownCommandMessage(misread, rights) };
  }
  const choices = people.map((person) => ({
    shown: ['status', ...[...rest, person].map(({ shown }) => shown)].join(' '),
    command: ['status', ...[...rest, person].map((part) => part.typed)].join(' '),
  }));
  return {
    kind: 'message',
    message: choicesMessage('One person at a time. Whose tokens first?', choices),
  };
}

function severalSentence(verb: PickVerb, parts: readonly Part[]): string {
  const undone = verb === 'revoke' ? ' Nothing was revoked.' : '';
  return parts.every(({ shown }) => shown.startsWith('@'))
    ? `One person at a time.${undone} Whose tokens first?`
    : `No token has that whole name.${undone} Did you mean one of these?`;
}

const BUTTON_LENGTH_MAX = 75;

/** A command that is offered: what it shows of it, and what it does, escaped as Slack delivers it. */
export type Choice = { readonly shown: string; readonly command: string };

/** A sentence and commands to choose from, each a button of its own. */
export function choicesMessage(sentence: string, choices: readonly Choice[]): Message {
  return marked('choices', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      ...choices.map(({ shown, command }) => ({
        type: 'actions' as const,
        elements: [button(RUN_COMMAND_ID, cut(`/apitoken ${shown}`, BUTTON_LENGTH_MAX), command)],
      })),
    ],
  });
}
