import type { Button } from '@slack/types';
import { DAY_MS, HOUR_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import type { NoticeKind } from '../../tokens/store.ts';
import { UNCLAIMED_MS_MAX } from '../../tokens/sweep.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { REMIND_ID } from './ids.ts';
import type { Message } from './message.ts';
import { dateTime, escaped, mention, plain, saying, smallPrint, timesOf } from './text.ts';
import { revokeButton, revokedText, rotateButton } from './token-facts.ts';

/** What an owner is told without having asked, with what they may want to do about it. */
export function noticeMessage(kind: NoticeKind, token: UsedToken, now: number): Message {
  const sentence = sentenceOf(kind, token, now);
  return {
    text: escaped(sentence),
    blocks: [
      saying(sentence),
      smallPrint(moreOf(kind, token)),
      { type: 'actions', elements: buttonsOf(kind, token, now) },
    ],
  };
}

/** What whoever created a token for somebody else is told when that one has taken it. */
export function claimedMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} was taken by its owner.`,
    blocks: [
      saying(`${token.name} was taken: its owner was shown its value.`),
      smallPrint(`Owner: ${mention(token.owner)} · Expires: ${expiryOf(token)}`),
    ],
  };
}

/** What they are told when the app revoked it because nobody took it. */
export function neverClaimedMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} was revoked: its owner did not take it.`,
    blocks: [
      saying(
        `${token.name} was revoked: its owner did not take it within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')}. Nothing ever used it.`,
      ),
      smallPrint(`Owner: ${mention(token.owner)} · ${revokedText(token)}`),
    ],
  };
}

/** What whoever created a token for somebody else is told when that one leaves. */
export function ownerLeftMessage(token: UsedToken): Message {
  return {
    text: `The token ${escaped(token.name)} was revoked: its owner left.`,
    blocks: [
      saying(
        `The token ${token.name}, which you created for somebody else, was revoked: its owner left. Anything that uses it is refused.`,
      ),
      smallPrint(`Owner: ${mention(token.owner)} · ${revokedText(token)}`),
    ],
  };
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
  const use = token.lastUsedAt === null ? 'never used' : `last used ${dateTime(token.lastUsedAt)}`;
  switch (kind) {
    case 'dead_presented':
      return `Last refused ${token.lastRefusedAt === null ? 'just now' : dateTime(token.lastRefusedAt)}. You are told once a day at most.`;
    case 'retired_presented':
      return 'Something was not changed over, or somebody else has the old value. The new value is good. You are told once a day at most.';
    default:
      return `Expires: ${expiryOf(token)} · ${use}`;
  }
}

function buttonsOf(kind: NoticeKind, token: UsedToken, now: number): Button[] {
  switch (kind) {
    case 'dead_presented':
    case 'retired_presented':
      return [rotateButton(token, now), revokeButton(token)];
    default:
      return [rotateButton(token, now), revokeButton(token, 'Revoke, not needed'), remindButton(token)];
  }
}

function remindButton(token: UsedToken): Button {
  return { type: 'button', action_id: REMIND_ID, text: plain('Remind me tomorrow'), value: token.id };
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
