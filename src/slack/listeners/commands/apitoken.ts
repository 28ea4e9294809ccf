import type { Actor } from '../../../tokens/policy.ts';
import { type Answer, answerVisit, refusalAnswer } from '../../answer.ts';
import { helpMessage, unknownCommandMessage } from '../../blocks/help.ts';
import { placeBoard } from '../../boards.ts';
import { createAnswer } from '../../create-answer.ts';
import { historyAnswer, infoAnswer } from '../../info-answer.ts';
import { listAnswer } from '../../list-answer.ts';
import type { ListenerDeps } from '../../listener.ts';
import { type Command, parseCommand } from '../../parse-command.ts';
import { pickAnswer } from '../../pick-answer.ts';
import { revokeAnswer, revokeHeldAnswer } from '../../revoke-answer.ts';
import { rotateAnswer } from '../../rotate-answer.ts';
import { answerStatus } from '../../status-answer.ts';
import type { KnownVisit } from '../../visit.ts';

/** Answers `/apitoken …`. `text` is as Slack delivers it. */
export async function onCommand(visit: KnownVisit, text: string, deps: ListenerDeps): Promise<void> {
  const command = parseCommand(text);
  if (command.verb === 'status') return answerStatus(visit, command, deps);
  if (command.verb === 'board') return placeBoard(visit, deps);
  await answerVisit(visit, await answerTo(command, visit.actor, deps), deps);
}

async function answerTo(
  command: Exclude<Command, { verb: 'status' | 'board' }>,
  actor: Actor,
  deps: ListenerDeps,
): Promise<Answer> {
  switch (command.verb) {
    case 'create':
      return createAnswer(actor, command, deps);
    case 'list':
      return { kind: 'message', message: await listAnswer(actor, { filter: command.filter, page: 1 }, deps) };
    case 'help':
      return { kind: 'message', message: helpMessage() };
    case 'holds_value':
      return refusalAnswer({ code: 'holds_value' });
    case 'several_values':
      return refusalAnswer({ code: 'several_values' });
    case 'unknown':
      return { kind: 'message', message: unknownCommandMessage(command.typed, command.nearest) };
    case 'revoke':
      if ('value' in command) return revokeHeldAnswer(actor, command.value, deps);
      return command.name === undefined
        ? pickAnswer(actor, 'revoke', deps)
        : revokeAnswer(actor, command.name, deps);
    default:
      return answerAbout(command, actor, deps);
  }
}

/** Commands about one token: without its name the person picks it. */
async function answerAbout(
  { verb, name }: Extract<Command, { verb: 'info' | 'rotate' | 'history' }>,
  actor: Actor,
  deps: ListenerDeps,
): Promise<Answer> {
  if (name === undefined) return pickAnswer(actor, verb, deps);
  switch (verb) {
    case 'info':
      return infoAnswer(actor, name, deps);
    case 'rotate':
      return rotateAnswer(actor, name, deps);
    case 'history':
      return historyAnswer(actor, name, 1, deps);
  }
}
