import type { Button } from '@slack/types';
import { DAY_MS, HOUR_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import type { ListPage } from '../../tokens/store.ts';
import { NOTICE_KINDS, type NoticeKind, OWNER_BARRED } from '../../tokens/telling.ts';
import {
  offersFor,
  type PersonId,
  parseTokenId,
  statusOf,
  type TokenId,
  UNCLAIMED_MS_MAX,
  type UsedToken,
} from '../../tokens/token.ts';
import { REMIND_ID, REVOKE_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, mention, section, timesOf } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { noteBlocks, offerButtons, revokeButton, revokedText, revokerOf } from '../blocks/token-facts.ts';

/** In place of what somebody may not do any more. */
export const BARRED =
  'You may not use apitoken any more, so nothing is offered here. Ask one of the admins of this workspace.';

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
  if (status === 'revoked') return 'revoked';
  if (notice.generation !== token.generation) return 'rotated';
  return status === 'expired' && notice.kind !== 'dead_presented' ? 'expired' : 'open';
}

/** What an owner is told without having asked, with what they may want to do about it. */
export function noticeMessage(kind: NoticeKind, token: UsedToken, now: number): Message {
  const sentence = sentenceOf(kind, token, now);
  if (token.ownerIsBarred) return message(sentence, [moreOf(kind, token), BARRED], []);
  return message(sentence, [moreOf(kind, token)], buttonsOf(kind, token, now));
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
      return message(`Your token ${name} was ${done}: it has a new value.`, [expiryAndUse(token)], []);
    }
    case 'revoked':
      return message(`Your token ${name} was revoked.`, [revokedText(token)], []);
  }
}

/** The notice when its owner will be reminded of it at `dueAt`: until then it offers nothing. */
export function remindedMessage(kind: NoticeKind, token: UsedToken, dueAt: number, now: number): Message {
  const when = `You are reminded of it ${dateTime(dueAt)}.`;
  return message(sentenceOf(kind, token, now), [moreOf(kind, token), when], []);
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

/** What whoever created a token for somebody else is told when that one has taken it. */
export function claimedMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} was taken by its owner.`,
    blocks: [
      section(`${token.name} was taken: its owner was shown its value.`),
      context(`Owner: ${mention(token.owner)} · Expires: ${expiryOf(token)}`),
    ],
  };
}

/** What they are told when the app revoked it because nobody took it. */
export function neverClaimedMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} was revoked: its owner did not take it.`,
    blocks: [
      section(
        `${token.name} was revoked: its owner did not take it within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')}. Nothing ever used it.`,
      ),
      context(`Owner: ${mention(token.owner)} · ${revokedText(token)}`),
    ],
  };
}

/** What whoever created a token for somebody else is told when that one leaves, or may not use the app any more. */
export function ownerLeftMessage(token: UsedToken): Message {
  const why =
    token.revokeReason === OWNER_BARRED ? 'its owner may not use apitoken any more' : 'its owner left';
  return {
    text: `The token ${escaped(token.name)} was revoked: ${why}.`,
    blocks: [
      section(
        `The token ${token.name}, which you created for somebody else, was revoked: ${why}. Anything that uses it is refused.`,
      ),
      context(`Owner: ${mention(token.owner)} · ${revokedText(token)}`),
    ],
  };
}

/** What somebody is told who may not use the app any more, of the first of their live tokens. `endsAt`: null where they stay. */
export function barredMessage(
  { tokens, total }: Pick<ListPage, 'tokens' | 'total'>,
  endsAt: number | null,
): Message {
  const sentence = `You may not use apitoken any more: it is for full members of this workspace. You have ${counted(total, 'live token')}.`;
  const left = total - tokens.length;
  const names = [...tokens.map(({ name }) => name), ...(left === 0 ? [] : [`and ${left} more`])];
  const fate =
    endsAt === null
      ? 'They go on working, and those who look after this workspace see that you may not use apitoken.'
      : `They are revoked ${dateTime(endsAt)}, unless you may use apitoken again by then. Ask one of the admins of this workspace.`;
  return { text: escaped(sentence), blocks: [section(sentence), section(names.join('\n')), context(fate)] };
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

function sentenceOf(kind: NoticeKind, token: UsedToken, now: number): string {
  switch (kind) {
    case 'expires_in_14_days':
    case 'expires_in_7_days':
    case 'expires_tomorrow':
      return `Your token ${token.name} expires ${whenText((token.expiresAt ?? now) - now)}.`;
    case 'reminder':
      return `You wanted to be reminded of your token ${token.name}.`;
    case 'dead_presented':
      return `Your token ${token.name} has expired and something still presents it: refused ${timesOf(token.refusedCount)}.`;
    case 'retired_presented':
      return `An old value of your token ${token.name} was presented after its end, and refused.`;
  }
}

function moreOf(kind: NoticeKind, token: UsedToken): string {
  switch (kind) {
    case 'dead_presented':
      return `Last refused ${token.lastRefusedAt === null ? 'just now' : dateTime(token.lastRefusedAt)}. You are told once a day at most.`;
    case 'retired_presented':
      return 'Something was not changed over, or somebody else has the old value. The new value is good. You are told once a day at most.';
    default:
      return expiryAndUse(token);
  }
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
  const use = token.lastUsedAt === null ? 'never used' : `last used ${dateTime(token.lastUsedAt)}`;
  return `Expires: ${expiryOf(token)} · ${use}`;
}

function expiryOf(token: UsedToken): string {
  return token.expiresAt === null ? 'never' : dateTime(token.expiresAt);
}

/** Said late, after the app or Slack was down, it is as true as on time. */
function whenText(leftMs: number): string {
  const hours = Math.round(leftMs / HOUR_MS);
  if (hours < 1) return 'within the hour';
  if (hours < 24) return `in ${counted(hours, 'hour')}`;
  const days = Math.round(leftMs / DAY_MS);
  return days === 1 ? 'tomorrow' : `in ${counted(days, 'day')}`;
}

/** Names in one text, which holds 3,000 characters. */
const NAMES_MAX = 20;

/** What the owner is told when somebody else, whoever held a value or the app itself ended their token. */
export function revokedByOtherMessage(token: UsedToken): Message {
  return {
    text: `Your token ${escaped(token.name)} was revoked by ${revokerOf(token)}.`,
    blocks: [
      section(`Your token ${token.name} was revoked. Anything that uses it is refused.`),
      context(revokedText(token)),
      ...noteBlocks('Reason', token.revokeReason),
    ],
  };
}

/** What whoever created a token for somebody else is told when it was ended by anybody but themselves. */
export function revokedOfCreatedMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} that you created was revoked by ${revokerOf(token)}.`,
    blocks: [
      section(
        `${token.name}, which you created for somebody else, was revoked. Anything that uses it is refused.`,
      ),
      context(`Owner: ${mention(token.owner)} · ${revokedText(token)}`),
      ...noteBlocks('Reason', token.revokeReason),
    ],
  };
}

/** What `person`, their owner or who created them, is told when several tokens were ended at once. */
export function severalRevokedMessage(tokens: readonly UsedToken[], person: PersonId): Message {
  const [first] = tokens;
  if (first === undefined) throw new Error('several tokens are at least one');
  const whose = first.owner === person ? 'of your tokens' : 'tokens that you created for somebody else';
  const told = `${tokens.length} ${whose} were revoked`;
  const parts = Array.from({ length: Math.ceil(tokens.length / NAMES_MAX) }, (_, part) =>
    tokens.slice(part * NAMES_MAX, (part + 1) * NAMES_MAX).map(({ name }) => name),
  );
  return {
    text: `${told} by ${revokerOf(first)}.`,
    blocks: [
      section(`${told}. Anything that uses them is refused.`),
      ...parts.map((names) => section(names.join('\n'))),
      context(revokedText(first)),
      ...noteBlocks('Reason', first.revokeReason),
    ],
  };
}
