import type { RichTextBlock, RichTextElement, SectionBlock, TableBlock } from '@slack/types';
import { type Attention, attentionOf } from '../../tokens/attention.ts';
import { remarksOf, statusOf, type UsedToken } from '../../tokens/token.ts';
import { mention, plain } from '../blocks/text.ts';
import { dateElement, dateOnly } from '../blocks/times.ts';
import { dateFields, field } from '../blocks/token-facts.ts';

type Cell = TableBlock['rows'][number][number];

const HEADINGS = ['Name', 'Owner', 'Status', 'Created', 'Last used', 'Expires', 'Date Revoked'];

/**
 * A row a token. All cells are `rich_text`: Slack answers tables with `raw_text` cells with a server error here and there
 * (github.com/soxtoby/SlackNet/issues/246). Names stand in its text elements, which are never formatting.
 */
export function statusTable(tokens: readonly UsedToken[], now: number): TableBlock {
  return {
    type: 'table',
    column_settings: [{ is_wrapped: true }],
    rows: [HEADINGS.map(textCell), ...tokens.map((token) => rowOf(token, now))],
  };
}

/** The same where Slack takes no tables: a block a token. */
export function statusSections(tokens: readonly UsedToken[], now: number): SectionBlock[] {
  return tokens.map((token) => ({
    type: 'section',
    text: plain(token.name),
    fields: [
      field('Owner', mention(token.owner)),
      field('Status', standingText(token, now)),
      ...dateFields(token, dateOnly),
    ],
  }));
}

const PRESENTED: readonly Attention[] = ['revoked_presented', 'presented'];

/** Status and remarks, in our own words. */
function standingText(token: UsedToken, now: number): string {
  const isPresented = PRESENTED.includes(attentionOf(token, now));
  const remarks = [...remarksOf(token, now), ...(isPresented ? ['still presented'] : [])];
  return [statusOf(token, now), ...remarks].join(' · ');
}

function rowOf(token: UsedToken, now: number): Cell[] {
  return [
    textCell(token.name),
    richCell({ type: 'user', user_id: token.owner }),
    textCell(standingText(token, now)),
    dateCell(token.createdAt, '–'),
    dateCell(token.lastUsedAt, 'never'),
    dateCell(token.expiresAt, 'never'),
    dateCell(token.revokedAt, '–'),
  ];
}

/** Slack takes no empty cell. */
function dateCell(at: number | null, otherwise: string): Cell {
  return at === null ? textCell(otherwise) : richCell(dateElement(at));
}

function textCell(text: string): RichTextBlock {
  return richCell({ type: 'text', text });
}

function richCell(element: RichTextElement): RichTextBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] };
}
