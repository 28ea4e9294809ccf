import type { Button, MrkdwnElement } from '@slack/types';
import { remarksOf, statusOf, type UsedToken } from '../../tokens/token.ts';
import { REVOKE_ID, SHOW_VALUE_ID } from './ids.ts';
import { dateTime, mrkdwn, plain } from './text.ts';

/** The columns of the list: status, created, last used, expires, date revoked. Nothing that a person typed is in them. */
export function tokenFields(token: UsedToken, now: number): MrkdwnElement[] {
  return [
    field('Status', [statusOf(token, now), ...remarksOf(token, now)].join(' · ')),
    field('Created', dateTime(token.createdAt)),
    field('Last used', token.lastUsedAt === null ? 'never' : dateTime(token.lastUsedAt)),
    field('Expires', token.expiresAt === null ? 'never' : dateTime(token.expiresAt)),
    field('Date Revoked', token.revokedAt === null ? '–' : dateTime(token.revokedAt)),
  ];
}

/** A heading with what stands under it. */
export function field(heading: string, text: string): MrkdwnElement {
  return mrkdwn(`*${heading}*\n${text}`);
}

/** Opens the dialog that asks before it revokes. */
export function revokeButton(token: UsedToken): Button {
  return { type: 'button', action_id: REVOKE_ID, text: plain('Revoke'), style: 'danger', value: token.id };
}

/** Makes a value and shows it, for a token that has none. */
export function showValueButton(token: UsedToken): Button {
  return {
    type: 'button',
    action_id: SHOW_VALUE_ID,
    text: plain('Show value'),
    style: 'primary',
    value: token.id,
  };
}
