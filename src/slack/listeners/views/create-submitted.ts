import { createToken } from '../../../tokens/create.ts';
import { parseName, type TokenName } from '../../../tokens/name.ts';
import { PURPOSE_LENGTH_MAX, type Refusal, sentenceFor } from '../../../tokens/refusal.ts';
import { showValue } from '../../../tokens/show.ts';
import type { Token } from '../../../tokens/token.ts';
import { findValues } from '../../../tokens/token-value.ts';
import {
  LIFETIME_INPUT_ID,
  NAME_INPUT_ID,
  notShownDialog,
  onItsWayDialog,
  PURPOSE_INPUT_ID,
  parseLifetime,
} from '../../blocks/create-dialog.ts';
import { tellingDialog } from '../../blocks/dialog.ts';
import { saying } from '../../blocks/text.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { updateDialog } from '../../show-answer.ts';
import type { KnownVisit } from '../../visit.ts';

type Filled = { name: TokenName; purpose: string | null; lifetimeDays: number | null };

/** *Create Token* was pressed: makes the token, answers the dialog, and then shows the value. */
export const onCreateSubmitted: SubmissionListener = async (visit, { fields, ack }, deps) => {
  const parsed = parseFields(fields, deps);
  if ('errors' in parsed) return ack({ response_action: 'errors', errors: parsed.errors });
  const outcome = await createToken({ actor: visit.actor, ...parsed.filled, delivery: visit.delivery }, deps);
  if (outcome.kind === 'refused') return ack(refusalAnswer(outcome.refusal));

  await ack({ response_action: 'update', view: onItsWayDialog(outcome.token, dmLink(visit)) });
  if (outcome.kind === 'created') await showFirstValue(visit, outcome.token, deps);
};

async function showFirstValue(visit: KnownVisit, token: Token, deps: ListenerDeps): Promise<void> {
  const shown = await showValue({ actor: visit.actor, tokenId: token.id, delivery: { keys: [] } }, deps);
  if (shown.kind !== 'not_shown') return;
  await updateDialog(visit.viewId, notShownDialog(token, shown.reason), deps);
}

function parseFields(
  fields: Readonly<Record<string, string>>,
  deps: ListenerDeps,
): { filled: Filled } | { errors: Record<string, string> } {
  const name = parseNameField(fields[NAME_INPUT_ID] ?? '');
  const purpose = parseNote(fields[PURPOSE_INPUT_ID] ?? '', PURPOSE_LENGTH_MAX);
  const lifetimeDays = parseLifetime(fields[LIFETIME_INPUT_ID] ?? '');
  if ('name' in name && 'note' in purpose && lifetimeDays !== undefined) {
    return { filled: { name: name.name, purpose: purpose.note, lifetimeDays } };
  }
  return {
    errors: {
      ...('refusal' in name ? { [NAME_INPUT_ID]: sentenceFor(name.refusal) } : {}),
      ...('refusal' in purpose ? { [PURPOSE_INPUT_ID]: sentenceFor(purpose.refusal) } : {}),
      ...(lifetimeDays === undefined ? { [LIFETIME_INPUT_ID]: sentenceFor(lifetimeRefusal(deps)) } : {}),
    },
  };
}

function parseNameField(text: string): { name: TokenName } | { refusal: Refusal } {
  if (findValues(text).length > 0) return { refusal: { code: 'holds_value' } };
  const parsed = parseName(text);
  return 'flaw' in parsed ? { refusal: { code: 'name_invalid', flaw: parsed.flaw } } : parsed;
}

function lifetimeRefusal({ policy }: ListenerDeps): Refusal {
  const { lifetimeDaysMax, mayNeverExpire } = policy;
  return { code: 'lifetime_not_allowed', lifetimeDaysMax, mayNeverExpire };
}

/** A refusal about a field stands under it, and all that was typed stays; any other takes the dialog's place. */
function refusalAnswer(refusal: Refusal) {
  const sentence = sentenceFor(refusal);
  const field = refusal.code === 'name_taken' ? NAME_INPUT_ID : LIFETIME_INPUT_ID;
  if (refusal.code === 'name_taken' || refusal.code === 'lifetime_not_allowed') {
    return { response_action: 'errors', errors: { [field]: sentence } } as const;
  }
  return { response_action: 'update', view: tellingDialog('Create API Token', [saying(sentence)]) } as const;
}

/** A page that opens the app's conversation in whatever Slack the person uses. */
function dmLink(visit: KnownVisit): string {
  return `https://slack.com/app_redirect?app=${visit.appId}&team=${visit.actor.workspace}`;
}
