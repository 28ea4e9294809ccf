import { findToken } from '../../../tokens/find.ts';
import { may } from '../../../tokens/policy.ts';
import { sentenceFor } from '../../../tokens/refusal.ts';
import { statusOf } from '../../../tokens/token.ts';
import { createDialog } from '../../blocks/create-dialog.ts';
import { helpMessage, unknownCommandMessage } from '../../blocks/help.ts';
import { infoMessage } from '../../blocks/receipt.ts';
import { listAnswer } from '../../list-answer.ts';
import type { ListenerDeps } from '../../listener.ts';
import { openRevokeDialog, openRevokeDialogForValue } from '../../open-revoke-dialog.ts';
import { type Command, parseCommand } from '../../parse-command.ts';
import { sentenceMessage, tell } from '../../tell.ts';
import type { KnownVisit } from '../../visit.ts';

const FIRST_PAGE = { filter: 'active', page: 1 } as const;

/** Answers `/apitoken …`. `text` is as Slack delivers it. */
export async function onCommand(visit: KnownVisit, text: string, deps: ListenerDeps): Promise<void> {
  const command = parseCommand(text);
  switch (command.verb) {
    case 'create':
      return openCreateDialog(visit, command, deps);
    case 'list': {
      const place = { filter: command.filter, page: 1 };
      return tell(visit, await listAnswer(visit.actor, place, deps), deps.client);
    }
    case 'info':
      return showInfo(visit, command.name, deps);
    case 'revoke':
      if ('value' in command) return openRevokeDialogForValue(visit, command.value, deps);
      return revokeByName(visit, command.name, deps);
    case 'help':
      return tell(visit, helpMessage(), deps.client);
    case 'holds_value':
      return tell(visit, sentenceMessage(sentenceFor({ code: 'holds_value' })), deps.client);
    case 'unknown':
      return tell(visit, unknownCommandMessage(command.typed, command.nearest), deps.client);
  }
}

/** Opens the dialog *Create API Token*, filled in with what is already known. */
export async function openCreateDialog(
  visit: KnownVisit,
  filledIn: Extract<Command, { verb: 'create' }>,
  deps: ListenerDeps,
): Promise<void> {
  await deps.client.views.open({
    trigger_id: visit.triggerId ?? '',
    view: createDialog(filledIn, deps.policy),
  });
}

async function revokeByName(visit: KnownVisit, name: string | undefined, deps: ListenerDeps): Promise<void> {
  if (name !== undefined) return openRevokeDialog(visit, name, deps);
  const hint = 'Choose *Revoke API Token* in the menu of the token, or type `/apitoken revoke NAME`.';
  await tell(visit, await listAnswer(visit.actor, FIRST_PAGE, deps, hint), deps.client);
}

async function showInfo(visit: KnownVisit, name: string | undefined, deps: ListenerDeps): Promise<void> {
  if (name === undefined) {
    const hint = 'These are yours. `/apitoken info NAME` tells more of one.';
    return tell(visit, await listAnswer(visit.actor, FIRST_PAGE, deps, hint), deps.client);
  }
  const found = await findToken(name, 'see', visit.actor, deps);
  if (found.kind === 'refused') {
    return tell(visit, sentenceMessage(sentenceFor(found.refusal)), deps.client);
  }
  const { token } = found;
  const now = deps.clock();
  const status = statusOf(token, now);
  const offers = {
    revoke: status !== 'revoked' && may(visit.actor, 'revoke', token, deps.policy),
    showValue: status === 'unclaimed' && may(visit.actor, 'show_value', token, deps.policy),
  };
  await tell(visit, infoMessage(token, now, offers), deps.client);
}
