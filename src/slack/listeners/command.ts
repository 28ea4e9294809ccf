import { findTyped } from '../../tokens/find.ts';
import { type Actor, rightsOf } from '../../tokens/policy.ts';
import type { Refusal } from '../../tokens/refusal.ts';
import { BEGINNING, type PageOfList } from '../blocks/pages.ts';
import { createTypedAnswer } from '../create/create.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { checkAnswer } from '../look/check.ts';
import { listMessageAt } from '../look/list.ts';
import { placeOf } from '../look/opened-from.ts';
import { type Answer, answerVisit } from '../reply/tell.ts';
import { revokeAnswer, revokeHeldAnswer } from '../revoke/revoke.ts';
import { heldAnswer } from '../revoke/revoke-in-message.ts';
import { revokePersonAnswer, unclearPersonAnswer } from '../revoke/revoke-several.ts';
import { placeBoard } from '../status/board.ts';
import { onStatus } from '../status/status.ts';
import type { KnownVisit } from '../visit.ts';
import { helpMessage } from './help.ts';
import { type Command, parseCommand, partsOf } from './parse-command.ts';
import { pickAnswer, pickedAnswer } from './pick.ts';
import { alikeAnswer, misreadAnswer, unknownAnswer } from './unknown.ts';

/** Answers `/apitoken …`. `text` is as Slack delivers it. */
export async function onCommand(visit: KnownVisit, text: string, deps: ListenerDeps): Promise<void> {
  const command = parseCommand(text);
  if (command.verb === 'status') return onStatus(visit, command, deps);
  if (command.verb === 'board') return placeBoard(visit, deps);
  const from = command.verb === 'revoke' ? placeOf(visit) : undefined;
  await answerVisit(visit, await answerTo(command, text, visit.actor, deps), deps, from);
}

async function answerTo(
  command: Exclude<Command, { verb: 'status' | 'board' }>,
  text: string,
  actor: Actor,
  deps: ListenerDeps,
): Promise<Answer> {
  switch (command.verb) {
    case 'create':
      return createTypedAnswer(actor, command, deps);
    case 'list':
      return {
        kind: 'message',
        message: await listMessageAt(actor, { filter: command.filter, page: 1 }, deps),
      };
    case 'find':
      return { kind: 'message', message: await listMessageAt(actor, pageOfSearch(command.text), deps) };
    case 'help':
      return { kind: 'message', message: helpMessage(rightsOf(actor, deps.policy)) };
    case 'holds_value':
      return heldAnswer(actor, command.values, { code: 'holds_value' }, deps);
    case 'several_values':
      return heldAnswer(actor, command.values, { code: 'several_values' }, deps);
    case 'unknown':
      return misreadAnswer(command, partsOf(text), rightsOf(actor, deps.policy));
    case 'revoke':
      return answerToRevoke(command, actor, deps, (refusal) =>
        unknownAnswer('revoke', refusal, partsOf(text)),
      );
    case 'check':
      return checkAnswer(actor, command.value, deps);
    default:
      return answerAbout(command, text, actor, deps);
  }
}

function pageOfSearch(search: string | undefined): PageOfList {
  return search === undefined ? BEGINNING : { filter: 'all', page: 1, search };
}

/** In this order: a value, a person, and what may be an id, a name, or the first characters of a value. */
export async function answerToRevoke(
  command: Extract<Command, { verb: 'revoke' }>,
  actor: Actor,
  deps: ListenerDeps,
  refuse: (refusal: Refusal) => Answer,
): Promise<Answer> {
  if ('value' in command) return revokeHeldAnswer(actor, command.value, deps);
  if ('person' in command) {
    return revokePersonAnswer(actor, command.person === 'me' ? actor.id : command.person, deps);
  }
  if ('unclearPerson' in command) return unclearPersonAnswer(actor, command.unclearPerson, deps, refuse);
  return command.name === undefined
    ? pickAnswer(actor, 'revoke', deps)
    : revokeAnswer(actor, command.name, deps, refuse);
}

/** Commands about one token: without its name the person picks it. */
async function answerAbout(
  { verb, name }: Extract<Command, { verb: 'info' | 'rotate' | 'history' }>,
  text: string,
  actor: Actor,
  deps: ListenerDeps,
): Promise<Answer> {
  if (name === undefined) return pickAnswer(actor, verb, deps);
  const found = await findTyped(name, verb === 'rotate' ? 'rotate' : 'see', actor, deps);
  if (found.kind === 'refused') return unknownAnswer(verb, found.refusal, partsOf(text));
  const [token, ...others] = found.tokens;
  return token !== undefined && others.length === 0
    ? pickedAnswer(actor, verb, token.id, deps)
    : alikeAnswer(verb, found.tokens);
}

/** The command that *Did you mean* offers. */
export const onRunCommand: PressListener = (visit, value, deps) => onCommand(visit, value, deps);
