import type { Button } from '@slack/types';
import { DAY_MS, HOUR_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import { NOTICE_KINDS, type NoticeKind } from '../../tokens/telling.ts';
import { offersFor, parseTokenId, statusOf, type TokenId, type UsedToken } from '../../tokens/token.ts';
import { REMIND_ID, REVOKE_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, section, timesOf } from '../blocks/text.ts';
import { dateTime, dateTimeElement } from '../blocks/times.ts';
import { offerButtons, revokeButton, revokedText } from '../blocks/token-facts.ts';

/** In place of what somebody may not do any more. */
export const BARRED = 'You can no longer use apitoken. Ask an admin of this workspace.';

const REMIND_BUTTON = button(REMIND_ID, 'Remind me tomorrow');

/** A notice as it was drawn: its buttons carry it, so that it can be drawn again. */
export type DrawnNotice = {
  readonly tokenId: TokenId;
  readonly kind: NoticeKind;
  /** The token's, of which it tells. */
  readonly generation: number;
};

/** Whether a notice can still be acted on as it was drawn, or what became of its token since. */
export type NoticeStanding = 'open' | 'expired' | 'rotated' | 'revoked';

/** How the notice stands. Revoked wins over rotated; whatever has a new value since is not the token that it tells of. */
export function standingOf(notice: DrawnNotice, token: UsedToken, now: number): NoticeStanding {
  const status = statusOf(token, now);
  if (status === 'revoked') return notice.kind === 'revoked_presented' ? 'open' : 'revoked';
  if (notice.generation !== token.generation) return 'rotated';
  return status === 'expired' && notice.kind !== 'dead_presented' ? 'expired' : 'open';
}

/** What an owner is told without having asked, with what they may want to do about it. */
export function noticeMessage(kind: NoticeKind, token: UsedToken, now: number): Message {
  const sentence = sentenceOf(kind, token, now);
  if (kind === 'revoked_presented')
    return sinceMessage(sentence, token.revokedAt ?? now, moreOf(kind, token));
  if (token.ownerIsBarred) return message(sentence, [...moreOf(kind, token), BARRED], []);
  return message(sentence, moreOf(kind, token), buttonsOf(kind, token, now));
}

/** The notice as it stands now: it offers nothing that is done already. */
export function noticeAgainMessage(notice: DrawnNotice, token: UsedToken, now: number): Message {
  const { name } = token;
  switch (standingOf(notice, token, now)) {
    case 'open':
      return noticeMessage(notice.kind, token, now);
    case 'expired': {
      const buttons = carrying(notice, offered(token, now));
      return message(`Your token ${name} has expired.`, [expiryAndUse(token)], buttons);
    }
    case 'rotated': {
      const done = notice.kind === 'dead_presented' ? 'renewed' : 'rotated';
      return message(`Your token ${name} is ${done} and has a new value.`, [expiryAndUse(token)], []);
    }
    case 'revoked':
      return message(`Your token ${name} is revoked.`, [revokedText(token)], []);
  }
}

/** The notice when its owner will be reminded of it at `dueAt`: until then it offers nothing. */
export function remindedMessage(kind: NoticeKind, token: UsedToken, dueAt: number, now: number): Message {
  const when = `You'll be reminded ${dateTime(dueAt)}.`;
  return message(sentenceOf(kind, token, now), [...moreOf(kind, token), when], []);
}

/**
 * What a button under a notice carries, or one that carries a token's id alone; undefined when it is none of ours. Hints, no
 * rights: the token is to be looked up.
 */
export function parseNoticeText(
  text: string,
): { readonly tokenId: TokenId; readonly notice: DrawnNotice | undefined } | undefined {
  const [id = '', word, number, ...rest] = text.split(':');
  const tokenId = parseTokenId(id);
  if (tokenId === undefined) return undefined;
  if (word === undefined) return { tokenId, notice: undefined };
  const kind = NOTICE_KINDS.find((known) => known === word);
  if (kind === undefined || rest.length > 0 || !/^\d{1,15}$/.test(number ?? '')) return undefined;
  return { tokenId, notice: { tokenId, kind, generation: Number(number) } };
}

function message(sentence: string, more: readonly string[], buttons: Button[]): Message {
  return marked('notice', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      ...more.map(context),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons } as const]),
    ],
  });
}

/** The same, ending in an instant that each reader sees in their own zone; what is over offers nothing. */
function sinceMessage(sentence: string, since: number, more: readonly string[]): Message {
  const elements = [
    { type: 'text', text: `${sentence.slice(0, -1)} since ` } as const,
    dateTimeElement(since),
    { type: 'text', text: '.' } as const,
  ];
  return marked('notice', {
    text: escaped(sentence),
    blocks: [
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] },
      ...more.map(context),
    ],
  });
}

function sentenceOf(kind: NoticeKind, token: UsedToken, now: number): string {
  const { name, expiresAt } = token;
  switch (kind) {
    case 'expires_in_14_days':
    case 'expires_in_7_days':
    case 'expires_tomorrow':
      return `Your token ${name} expires ${whenText((expiresAt ?? now) - now)}.`;
    case 'reminder':
      return `Reminder: your token ${name} ${expiresAt === null ? 'never expires' : `expires ${whenText(expiresAt - now)}`}.`;
    case 'dead_presented':
      return `Your token ${name} has expired, but something still uses it: refused ${timesOf(token.refusedCount)}.`;
    case 'revoked_presented':
      return `Your token ${name} is revoked, but something still uses it: refused ${timesOf(token.triedCount)}.`;
    case 'retired_presented':
      return `Something still uses an old value of your token ${name}, and is refused.`;
  }
}

/** No more often than that, so that nobody floods an owner by presenting their dead tokens. */
const ONCE_A_DAY = 'You get this message at most once a day.';

function moreOf(kind: NoticeKind, token: UsedToken): string[] {
  switch (kind) {
    case 'dead_presented':
      return [
        `Last refused ${whenLast(token.lastRefusedAt)}.`,
        `${token.ownerIsBarred ? '' : '*Renew* makes a new value. '}If it isn't needed, find what still uses it. ${ONCE_A_DAY}`,
      ];
    case 'revoked_presented':
      return [
        `Last refused ${whenLast(token.lastTriedAt)}.${fromText(token)}`,
        `Find what still uses it and give it another token. ${ONCE_A_DAY}`,
      ];
    case 'retired_presented':
      return [`The new value works. Find what still has the old one and replace it. ${ONCE_A_DAY}`];
    default:
      return [expiryAndUse(token)];
  }
}

function whenLast(at: number | null): string {
  return at === null ? 'just now' : dateTime(at);
}

/** Where it was used from while it worked: where to look. */
function fromText({ addresses }: UsedToken): string {
  if (addresses.length === 0) return '';
  return ` Before that it was used from ${addresses.map((address) => `\`${escaped(address)}\``).join(', ')}.`;
}

function buttonsOf(kind: NoticeKind, token: UsedToken, now: number): Button[] {
  const notice = { tokenId: token.id, kind, generation: token.generation };
  const buttons = offered(token, now);
  if (kind === 'dead_presented' || kind === 'retired_presented') return carrying(notice, buttons);
  const gentler = buttons.map((one) =>
    one.action_id === REVOKE_ID ? revokeButton(token, 'Revoke, not needed') : one,
  );
  return carrying(notice, [...gentler, REMIND_BUTTON]);
}

/** It tells of a token that has a value. */
function offered(token: UsedToken, now: number): Button[] {
  const offers = offersFor(token, now).filter((offer) => offer !== 'show_value');
  return offerButtons(token, now, offers);
}

function carrying({ tokenId, kind, generation }: DrawnNotice, buttons: readonly Button[]): Button[] {
  return buttons.map((button) => ({ ...button, value: `${tokenId}:${kind}:${generation}` }));
}

function expiryAndUse(token: UsedToken): string {
  return `Expires: ${orNever(token.expiresAt)} · Last used: ${orNever(token.lastUsedAt)}`;
}

function orNever(at: number | null): string {
  return at === null ? 'never' : dateTime(at);
}

/** Said late, after the app or Slack was down, it is as true as on time. */
function whenText(leftMs: number): string {
  const hours = Math.round(leftMs / HOUR_MS);
  if (hours < 1) return 'within the hour';
  if (hours < 24) return `in ${counted(hours, 'hour')}`;
  const days = Math.round(leftMs / DAY_MS);
  return days === 1 ? 'tomorrow' : `in ${counted(days, 'day')}`;
}
