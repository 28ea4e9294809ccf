import type { RichTextSection } from '@slack/types';
import type { AuditEvent } from '../../tokens/audit.ts';
import { asSeen } from '../../tokens/characters.ts';
import type { Tries } from '../../tokens/store.ts';
import type { UsedToken } from '../../tokens/token.ts';
import type { Message } from '../blocks/message.ts';
import { cut, escaped, mention, section, timesOf, unescaped } from '../blocks/text.ts';
import { utcTime } from '../blocks/times.ts';
import { doerText } from '../blocks/token-facts.ts';
import { deedOf } from './history-blocks.ts';

/** What is known of one token: how it stands, what was tried since it was revoked, and its events, the latest first. */
export type Chronicle = {
  readonly token: UsedToken;
  readonly tries: Tries | undefined;
  readonly events: readonly AuditEvent[];
};

/** The latest ones are told. A list of more would be longer than a message may be. */
const LINES_MAX = 36;

const REASON_DRAWN_MAX = 150;

type Line = { readonly at: number; readonly text: string };

/**
 * Who did what when, the earliest first, to be copied to where an incident is talked about. A date that Slack renders would be
 * copied in its reader's zone, so the times are text, in UTC.
 */
export function timelineMessage(chronicles: readonly Chronicle[]): Message {
  const lines = chronicles.flatMap(linesOf).toSorted((a, b) => a.at - b.at);
  const told = lines.slice(-LINES_MAX);
  const left = lines.length - told.length;
  const intro = `Copy this timeline to your incident channel.${left === 0 ? '' : ` It shows the latest ${LINES_MAX} events.`}`;
  return {
    text: escaped(intro),
    blocks: [
      section(intro),
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_list', style: 'bullet', elements: told.map(drawn) }],
      },
    ],
  };
}

function linesOf({ token, tries, events }: Chronicle): Line[] {
  const { name, owner, lastUsedAt } = token;
  const line = (at: number | null, text: string) =>
    at === null ? [] : [{ at, text: `${escaped(name)} of ${mention(owner)}: ${text}` }];
  return [
    ...events.toReversed().flatMap((event) => line(event.at, eventText(event))),
    ...line(lastUsedAt, 'used for the last time'),
    ...line(
      tries?.lastAt ?? null,
      `refused ${timesOf(tries?.count ?? 0)} since it was revoked, the last time here`,
    ),
  ];
}

function eventText(event: AuditEvent): string {
  const { reason } = event.detail;
  const typed =
    event.action === 'token.revoked' && typeof reason === 'string'
      ? ` (${escaped(cut(asSeen(reason), REASON_DRAWN_MAX))})`
      : '';
  return `${doerText(event.actor)} ${deedOf(event)}${typed}`;
}

const MENTION = /(<@[A-Z0-9]+>)/;

/** In rich text, where nothing that people typed is formatting. */
function drawn({ at, text }: Line): RichTextSection {
  const parts = `${utcTime(at)} · ${text}`.split(MENTION).filter((part) => part !== '');
  return {
    type: 'rich_text_section',
    elements: parts.map((part) =>
      MENTION.test(part)
        ? { type: 'user' as const, user_id: part.slice(2, -1) }
        : { type: 'text' as const, text: unescaped(part) },
    ),
  };
}
