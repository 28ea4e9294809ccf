import type { Button, ContextBlock, MrkdwnElement, SectionBlock } from '@slack/types';
import type { ChainAlarm } from '../../tokens/audit.ts';
import { asSeen } from '../../tokens/characters.ts';
import type { LeftOut } from '../../tokens/kept-scopes.ts';
import { type Doer, type Offer, offersFor, remarksOf, statusOf, type UsedToken } from '../../tokens/token.ts';
import { REVOKE_ID, ROTATE_ID, SHOW_VALUE_ID } from './ids.ts';
import { button, cut, escaped, mention, mrkdwn, plain, section } from './text.ts';
import { dateTime } from './times.ts';

const NOTE_DRAWN_MAX = 300;

/** A section holds 3,000 characters. */
const SCOPES_DRAWN_MAX = 2000;

/** How the columns write an instant: `dateTime` where one token is told of, `dateOnly` in lists. */
export type WriteTime = (at: number) => string;

/** The columns of the list: status, created, last used, expires, date revoked. Nothing that a person typed is in them. */
export function tokenFields(token: UsedToken, now: number, write: WriteTime = dateTime): MrkdwnElement[] {
  return [
    field('Status', [statusOf(token, now), ...remarksOf(token, now)].join(' · ')),
    ...dateFields(token, write),
  ];
}

/** The same columns without the status. */
export function dateFields(token: UsedToken, write: WriteTime = dateTime): MrkdwnElement[] {
  return [
    field('Created', write(token.createdAt)),
    field('Last used', token.lastUsedAt === null ? 'never' : write(token.lastUsedAt)),
    field('Expires', token.expiresAt === null ? 'never' : write(token.expiresAt)),
    field('Date Revoked', token.revokedAt === null ? 'not revoked' : write(token.revokedAt)),
  ];
}

/** A heading with what stands under it. */
export function field(heading: string, text: string): MrkdwnElement {
  return mrkdwn(`*${heading}*\n${text}`);
}

/** Opens the dialog that asks before it revokes. */
export function revokeButton(token: UsedToken, text = 'Revoke'): Button {
  return { ...button(REVOKE_ID, text, token.id), style: 'danger' };
}

/** A new value is a renewal for an expired token. */
export function rotateText(token: UsedToken, now: number): string {
  return statusOf(token, now) === 'expired' ? 'Renew' : 'Rotate';
}

/** The buttons of what is offered; the list alone offers to create a token again. */
export function offerButtons(
  token: UsedToken,
  now: number,
  offers: readonly Offer[] = offersFor(token, now),
): Button[] {
  const buttons: Readonly<Record<Offer, readonly Button[]>> = {
    show_value: [{ ...button(SHOW_VALUE_ID, 'Show value', token.id), style: 'primary' }],
    rotate: [button(ROTATE_ID, rotateText(token, now), token.id)],
    create_again: [],
    revoke: [revokeButton(token)],
  };
  return offers.flatMap((offer) => buttons[offer]);
}

/** Who ended it, and when. */
export function revokedText(token: UsedToken): string {
  return `Revoked by ${revokerOf(token)} ${dateTime(token.revokedAt ?? 0)}.`;
}

/** Who ended it. */
export function revokerOf({ revokedBy }: UsedToken): string {
  return doerText(revokedBy ?? 'system');
}

/** Who did something, in the middle of a sentence. */
export function doerText(doer: Doer): string {
  switch (doer) {
    case 'system':
      return 'apitoken';
    case 'github':
      return "GitHub's secret scanning";
    case 'guard':
      return "apitoken's leak guard";
    case 'holder':
      return 'somebody who held its value';
    default:
      return doer.startsWith('cli:') ? `an operator (${escaped(doer.slice('cli:'.length))})` : mention(doer);
  }
}

/** A text that a person typed, under its heading and as it is seen; nothing when there is none. */
export function noteBlocks(heading: string, note: string | null): ContextBlock[] {
  const seen = asSeen(note ?? '');
  if (seen === '') return [];
  return [{ type: 'context', elements: [plain(`${heading}: ${cut(seen, NOTE_DRAWN_MAX)}`)] }];
}

/** Which scopes a new value does not get, and why; nothing when it gets all of them. Drawn as they are. */
export function leftOutBlocks(leftOut: readonly LeftOut[]): SectionBlock[] {
  const named = (why: LeftOut['why']) => leftOut.flatMap((one) => (one.why === why ? [one.scope] : []));
  const removed = named('removed');
  return [
    ...(removed.length === 0
      ? []
      : [
          section(
            `These scopes are no longer offered, so the new value doesn't have them: ${cut(removed.join(', '), SCOPES_DRAWN_MAX)}.`,
          ),
        ]),
    ...named('not_granted').map((scope) =>
      section(
        `The new value doesn't have ${scope}: neither its owner nor the token's creator is an admin now.`,
      ),
    ),
  ];
}

/** That the audit chain is broken, and whom to tell; nothing where it holds. */
export function alarmBlocks(alarm: ChainAlarm | undefined): SectionBlock[] {
  if (alarm === undefined) return [];
  return [
    section(
      `⚠️ The audit history was changed outside apitoken, at event ${alarm.sequence}. Tell whoever runs apitoken.`,
    ),
  ];
}
