import type { KnownBlock, RichTextElement, RichTextSection } from '@slack/types';
import type { BoardException, BoardFacts } from '../../tokens/status.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { BOARD_STOP_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, mention, mrkdwn, plain, section, timesOf } from '../blocks/text.ts';
import { dateElement, dateTime } from '../blocks/times.ts';
import { alarmBlocks } from '../blocks/token-facts.ts';

const HEADINGS: Readonly<Record<BoardException['attention'], string>> = {
  revoked_presented: 'Revoked but still presented',
  presented: 'Expired but still presented',
  endless: 'Never expires',
  idle: 'Idle',
  unclaimed: 'Never claimed',
  owner_gone: 'Owner gone',
};

/** Who put a board there, and since when it shows what it shows. */
export type BoardFrame = { readonly placedBy: string; readonly drawnAt: number };

/** Who stopped it, and when. */
export type BoardStop = { readonly stoppedBy: string; readonly at: number };

/**
 * What a board is posted as. What it shows comes with the first change to it: a change mentions people without notifying
 * them, a post would call all owners together.
 */
export function emptyBoardMessage(): Message {
  const sentence =
    "The API token board will appear here in a moment. If it doesn't, type /apitoken board again.";
  return marked('board', { text: sentence, blocks: [section(sentence)] });
}

/** A board that is kept up to date. */
export function boardMessage(facts: BoardFacts, frame: BoardFrame): Message {
  return marked('board', { text: textOf(facts), blocks: [...boardBlocks(facts), ...frameBlocks(frame)] });
}

/** The same where Slack does not take all the names: counts alone. */
export function shortBoardMessage(facts: BoardFacts, frame: BoardFrame): Message {
  return marked('board', {
    text: textOf(facts),
    blocks: [...shortBoardBlocks(facts), ...frameBlocks(frame)],
  });
}

/** The board when nobody keeps it up to date any longer. */
export function stoppedBoardMessage(facts: BoardFacts, stop: BoardStop): Message {
  return marked('board', { text: textOf(facts), blocks: [...boardBlocks(facts), stopPrint(stop)] });
}

/** The same in counts alone. */
export function shortStoppedBoardMessage(facts: BoardFacts, stop: BoardStop): Message {
  return marked('board', { text: textOf(facts), blocks: [...shortBoardBlocks(facts), stopPrint(stop)] });
}

function frameBlocks({ placedBy, drawnAt }: BoardFrame): KnownBlock[] {
  return [
    context(`Updated ${dateTime(drawnAt)}. Changes appear within a minute. Posted by ${mention(placedBy)}.`),
    {
      type: 'actions',
      elements: [button(BOARD_STOP_ID, 'Stop updating')],
    },
  ];
}

function stopPrint({ stoppedBy, at }: BoardStop): KnownBlock {
  return context(`Stopped by ${mention(stoppedBy)} ${dateTime(at)}. Type \`/apitoken board\` for a new one.`);
}

function shortBoardBlocks(facts: BoardFacts): KnownBlock[] {
  const lines = facts.exceptions.map((one) => `${headingOf(one)} (${one.total})`);
  return [
    ...headBlocks(facts),
    section(lines.join('\n') || 'Nothing needs attention.'),
    context('Too many names to show here. Type `/apitoken status` to see them.'),
  ];
}

/** What a board shows of the tokens, without who put it there and when it was drawn. */
export function boardBlocks(facts: BoardFacts): KnownBlock[] {
  const { exceptions } = facts;
  return [
    ...headBlocks(facts),
    ...(exceptions.length === 0 ? [section('Nothing needs attention.')] : exceptions.map(exceptionBlock)),
  ];
}

function headBlocks({ counts, expiringSoon, chainAlarm }: BoardFacts): KnownBlock[] {
  const active = counts.owner_gone + counts.expiring + counts.idle + counts.endless + counts.none;
  const numbers = [
    `*Active* ${active}`,
    `*Expiring soon* ${expiringSoon}`,
    `*Never claimed* ${counts.unclaimed}`,
    `*Expired* ${counts.expired + counts.presented}`,
    `*Revoked* ${counts.revoked + counts.revoked_presented}`,
  ];
  return [
    { type: 'header', text: plain('API Tokens') },
    { type: 'section', text: mrkdwn(numbers.join(' · ')) },
    ...alarmBlocks(chainAlarm),
  ];
}

function textOf({ exceptions }: BoardFacts): string {
  const parts = exceptions.map((one) => `${headingOf(one).toLowerCase()} (${one.total})`);
  return `API tokens: ${parts.join(', ') || 'nothing needs attention'}`;
}

function exceptionBlock(exception: BoardException): KnownBlock {
  const { attention, tokens, total } = exception;
  const left = total - tokens.length;
  const rows = tokens.map((token) => richSection(rowOf(token, attention)));
  const more = left === 0 ? [] : [richSection([text(`and ${left} more`)])];
  return {
    type: 'rich_text',
    elements: [
      richSection([{ ...text(headingOf(exception)), style: { bold: true } }, text(` (${total})`)]),
      { type: 'rich_text_list', style: 'bullet', elements: [...rows, ...more] },
    ],
  };
}

/** Whose owners left and whose may not use the app stand together. */
function headingOf({ attention, tokens }: BoardException): string {
  const isOfBarred = attention === 'owner_gone' && tokens.some(({ ownerIsBarred }) => ownerIsBarred);
  return isOfBarred ? 'Owner gone or not allowed to use apitoken' : HEADINGS[attention];
}

/** Names stand in text elements of rich text, which are never formatting. */
function rowOf(token: UsedToken, attention: BoardException['attention']): RichTextElement[] {
  return [text(`${token.name} `), { type: 'user', user_id: token.owner }, ...factOf(token, attention)];
}

function factOf(token: UsedToken, attention: BoardException['attention']): RichTextElement[] {
  switch (attention) {
    case 'revoked_presented':
      return [text(`, refused ${timesOf(token.triedCount)}, last `), ...dateOf(token.lastTriedAt)];
    case 'presented':
      return [text(`, refused ${timesOf(token.refusedCount)}, last `), ...dateOf(token.lastRefusedAt)];
    case 'endless':
    case 'idle':
      return [text(', '), ...useOf(token.lastUsedAt)];
    case 'owner_gone': {
      const why = token.ownerIsBarred ? ", owner isn't allowed to use apitoken" : '';
      return [text(`${why}, `), ...useOf(token.lastUsedAt)];
    }
    case 'unclaimed':
      return [text(', created '), ...dateOf(token.createdAt)];
  }
}

function useOf(at: number | null): RichTextElement[] {
  return at === null ? [text('never used')] : [text('last used '), dateElement(at)];
}

function dateOf(at: number | null): RichTextElement[] {
  return [at === null ? text('never') : dateElement(at)];
}

function richSection(elements: RichTextElement[]): RichTextSection {
  return { type: 'rich_text_section', elements };
}

function text(content: string) {
  return { type: 'text', text: content } as const;
}
