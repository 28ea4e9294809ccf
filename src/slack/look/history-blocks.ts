import type { KnownBlock } from '@slack/types';
import { counted } from '../../counted.ts';
import type { AuditEvent, ChainAlarm } from '../../tokens/audit.ts';
import { asSeen } from '../../tokens/characters.ts';
import type { EventPage } from '../../tokens/store.ts';
import { OWNER_BARRED, OWNER_LEFT } from '../../tokens/telling.ts';
import { parsePersonId, type Token } from '../../tokens/token.ts';
import { HISTORY_NEWER_ID, HISTORY_OLDER_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { historyPageText, placeParts, turns } from '../blocks/pages.ts';
import { context, cut, escaped, mention, mrkdwn, plain } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { alarmBlocks, doerText } from '../blocks/token-facts.ts';
import { notShownSentence } from '../show/not-shown.ts';

const REASON_DRAWN_MAX = 300;

const SCOPES_DRAWN_MAX = 1000;

/** Events that one page draws, of the 50 blocks that a message may have. */
export const HISTORY_PAGE_SIZE = 15;

/** What happened to a token, in people's words, the latest first. */
export function historyMessage(token: Token, history: EventPage, alarm: ChainAlarm | undefined): Message {
  const { events } = history;
  const elements = turns(history, [HISTORY_NEWER_ID, 'Newer'], [HISTORY_OLDER_ID, 'Older'], (other) =>
    historyPageText(token.id, other),
  );
  return marked('history', {
    text: `History of the API token ${escaped(token.name)}`,
    blocks: [
      { type: 'header', text: plain(cut(`History of ${token.name}`, 150)) },
      ...alarmBlocks(alarm),
      ...events.map(eventBlock),
      context([...placeParts(history), `Token id \`${token.id}\``].join(' · ')),
      ...(elements.length === 0 ? [] : [{ type: 'actions' as const, elements }]),
    ],
  });
}

function eventBlock(event: AuditEvent): KnownBlock {
  const told = mrkdwn(`${dateTime(event.at)} · ${doerText(event.actor)} ${deedOf(event)}${leftOutOf(event)}`);
  const { reason } = event.detail;
  const isEnd = event.action === 'token.revoked' || event.action === 'old_value.ended';
  const isTyped = isEnd && typeof reason === 'string' && !isOfLeaver(event);
  return {
    type: 'context',
    elements: isTyped ? [told, plain(`“${cut(asSeen(reason), REASON_DRAWN_MAX)}”`)] : [told],
  };
}

/** A person may have typed the same words. */
function isOfLeaver({ actor, detail }: AuditEvent): boolean {
  return actor === 'system' && (detail.reason === OWNER_LEFT || detail.reason === OWNER_BARRED);
}

/** Whether a person did it because they held the value. */
function isByHolding({ actor, detail }: AuditEvent): boolean {
  return detail.held === 1 && parsePersonId(actor) !== undefined;
}

/** What was done, after who did it: mrkdwn. */
export function deedOf(event: AuditEvent): string {
  const { action, actor, detail } = event;
  switch (action) {
    case 'token.created':
      return detail.owner === actor ? 'created it' : `created it for ${mention(String(detail.owner))}`;
    case 'value.shown':
      return 'was shown its value';
    case 'value.withdrawn':
      return `couldn't show a value. ${notShownSentence(String(detail.reason))}`;
    case 'value.replaced':
      return 'was shown a new value. The unused one before it ended';
    case 'token.rotated':
      return `rotated it. The old value works until ${dateOf(detail.old_value_ends_at)} at the latest`;
    case 'token.renewed':
      return `renewed it. It expires ${dateOf(detail.expires_at)}`;
    case 'old_value.ended':
      return isByHolding(event) ? 'ended the old value, holding it' : 'ended the old value';
    case 'token.revoked':
      if (isOfLeaver(event)) return `revoked it: its ${detail.reason}`;
      return isByHolding(event) ? 'revoked it, holding its value' : 'revoked it';
    case 'token.expired':
      return 'expired it: a backup was put back without revoked.log';
    case 'value.checked':
      return 'checked one of its values';
    case 'card.share_asked':
      return 'asked to share its revocation to a channel';
    case 'card.shared':
      return 'shared its revocation to a channel';
    case 'card.share_failed':
      return detail.code === 'no_answer'
        ? "may have shared its revocation to a channel: Slack didn't answer"
        : "couldn't share its revocation to a channel: Slack refused";
    case 'incident.closed':
      return 'said that nothing uses it now';
    case 'status.share_asked':
    case 'status.share_failed':
    case 'status.export_asked':
    case 'status.export_failed':
      return "asked to share or export everybody's tokens";
    case 'status.shared':
    case 'status.exported':
      return "shared or exported everybody's tokens";
    case 'owner.marked':
    case 'owner.unmarked':
      return "noted a change in its owner's access to apitoken";
    case 'board.placed':
    case 'board.stopped':
      return 'placed or stopped a board';
    case 'clock.put_back':
      return "put apitoken's time back to the machine's clock";
    case 'values.sealed':
      return 'sealed the values that were there before an upgrade';
    case 'action.refused':
      return "tried something that they aren't allowed to do with it";
    case 'refusals.counted':
      return `was refused ${counted(Number(detail.count), 'more time')}`;
  }
}

/** Scopes that the value did not get any more. They are the company's words and hold no formatting that could notify anybody. */
function leftOutOf({ detail }: AuditEvent): string {
  const { scopes_left_out: scopes } = detail;
  return typeof scopes === 'string'
    ? `; without scopes ${escaped(cut(scopes.replaceAll(' ', ', '), SCOPES_DRAWN_MAX))}`
    : '';
}

function dateOf(at: AuditEvent['detail'][string] | undefined): string {
  return typeof at === 'number' ? dateTime(at) : 'no date';
}
