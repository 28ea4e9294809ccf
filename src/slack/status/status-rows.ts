import type { RichTextBlock, RichTextElement, SectionBlock, StaticSelect, TableBlock } from '@slack/types';
import { type Attention, attentionOf } from '../../tokens/attention.ts';
import { remarksOf, statusOf, type TokenStatus, type UsedToken } from '../../tokens/token.ts';
import { STATUS_OPEN_ID } from '../blocks/ids.ts';
import { cut, mention, plain } from '../blocks/text.ts';
import { dateElement, dateOnly } from '../blocks/times.ts';
import { dateFields, field } from '../blocks/token-facts.ts';

type Cell = TableBlock['rows'][number][number];

const HEADINGS = ['Name', 'Owner', 'Status', 'Created', 'Last used', 'Expires', 'Date Revoked'];

/** So that all columns have room. What is cut stands whole in what *Open* tells. */
const NAME_DRAWN_MAX = 32;

/** Slack's names of the circles before each status. The word beside it says the same. */
const CIRCLES: Readonly<Record<TokenStatus | 'remarked', string>> = {
  unclaimed: 'white_circle',
  active: 'large_green_circle',
  remarked: 'large_yellow_circle',
  expired: 'red_circle',
  revoked: 'black_circle',
};

/**
 * A row a token. All cells are `rich_text`: Slack answers tables with `raw_text` cells with a server error here and there
 * (github.com/soxtoby/SlackNet/issues/246). Names stand in its text elements, which are never formatting.
 */
export function statusTable(tokens: readonly UsedToken[], now: number): TableBlock {
  return {
    type: 'table',
    column_settings: [{ is_wrapped: true }, { is_wrapped: true }, { is_wrapped: true }],
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
      field('Status', `:${circleOf(token, now)}: ${standingText(token, now)}`),
      ...dateFields(token, dateOnly),
    ],
  }));
}

/**
 * *Open NAME*, which tells all of a token and offers what may be done with it. A table takes no button or menu in its rows: its
 * cells are text alone. https://docs.slack.dev/reference/block-kit/blocks/table-block
 */
export function openSelect(tokens: readonly UsedToken[]): StaticSelect {
  return {
    type: 'static_select',
    action_id: STATUS_OPEN_ID,
    placeholder: plain('Open a token'),
    options: tokens.map(({ id, name }) => ({ text: plain(`Open ${name}`), value: id })),
  };
}

const PRESENTED: readonly Attention[] = ['revoked_presented', 'presented'];

/** Status and remarks, in our own words. */
function standingText(token: UsedToken, now: number): string {
  const isPresented = PRESENTED.includes(attentionOf(token, now));
  const remarks = [...remarksOf(token, now), ...(isPresented ? ['still presented'] : [])];
  return [statusOf(token, now), ...remarks].join(' · ');
}

function circleOf(token: UsedToken, now: number): string {
  const status = statusOf(token, now);
  return CIRCLES[status === 'active' && remarksOf(token, now).length > 0 ? 'remarked' : status];
}

function rowOf(token: UsedToken, now: number): Cell[] {
  return [
    textCell(cut(token.name, NAME_DRAWN_MAX)),
    richCell({ type: 'user', user_id: token.owner }),
    richCell(
      { type: 'emoji', name: circleOf(token, now) },
      { type: 'text', text: ` ${standingText(token, now)}` },
    ),
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

function richCell(...elements: RichTextElement[]): RichTextBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}
