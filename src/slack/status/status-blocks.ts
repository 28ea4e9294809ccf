import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  KnownBlock,
  StaticSelect,
  UsersSelect,
} from '@slack/types';
import { counted } from '../../counted.ts';
import { STATUS_FILTERS, type StatusFilter } from '../../tokens/attention.ts';
import type { ListPage } from '../../tokens/store.ts';
import {
  STATUS_CSV_ID,
  STATUS_EVERYBODY_ID,
  STATUS_FILTER_ID,
  STATUS_NEXT_ID,
  STATUS_OWNER_ID,
  STATUS_PREVIOUS_ID,
  STATUS_SEARCH_ID,
  STATUS_SHARE_ID,
} from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { type PageOfStatus, placeParts, statusPageText, turns } from '../blocks/pages.ts';
import {
  button,
  context,
  cut,
  escaped,
  mention,
  mrkdwn,
  plain,
  searchInput,
  section,
} from '../blocks/text.ts';
import { openSelect, statusSections, statusTable } from './status-rows.ts';

const TYPED_LENGTH_MAX = 80;

/** What a page of everybody's tokens is drawn from. `asTable`: as a table block, else as sections. */
export type StatusDrawing = {
  readonly list: ListPage;
  readonly asked: PageOfStatus;
  readonly now: number;
  readonly asTable: boolean;
  /** What was searched for; empty: nothing yet. Undefined where there is no field to search in: a dialog takes none without a submit. */
  readonly search?: string | undefined;
};

/** Everybody's tokens, with what opens, turns, filters, shares and exports them. `sharedTo`: the channel that has seen this page. */
export function statusMessage(drawing: StatusDrawing, sharedTo?: string): Message {
  const { list } = drawing;
  // A page beyond the last is the last one.
  const page = { ...drawing.asked, page: list.page };
  return marked('status', {
    text: textOf(drawing),
    blocks: [
      ...statusBlocks(drawing, searchBlocks(drawing)),
      ...openBlocks(page, list),
      controls(page, list, sharedTo !== undefined),
      ...(sharedTo === undefined ? [] : [context(sharedToText(sharedTo))]),
    ],
  });
}

/**
 * What a search found, 40 at most, in place of a page: whoever wants fewer types more. The filter and the owner lead back to the pages.
 */
export function foundMessage(
  drawing: StatusDrawing & { readonly search: string; readonly isCut: boolean },
): Message {
  const { list, now, asTable, search, isCut } = drawing;
  const { tokens, total } = list;
  const count = isCut ? `More than ${countText(total)}` : countText(total);
  const told =
    total > tokens.length
      ? `${count}, the first ${tokens.length} shown. Type more to narrow it down.`
      : count;
  const shown = cut(search, TYPED_LENGTH_MAX);
  return marked('status', {
    text: `API tokens with “${escaped(shown)}”: ${count}`,
    blocks: [
      { type: 'header', text: plain('API Tokens') },
      ...searchBlocks(drawing),
      { type: 'context', elements: [mrkdwn('*Search*'), plain(`“${shown}”`)] },
      ...rowsOf(tokens, now, asTable),
      context(told),
      ...openBlocks(drawing.asked, list, 'found'),
      {
        type: 'actions',
        block_id: statusPageText(drawing.asked),
        elements: [filterSelect(drawing.asked), ownerSelect(null)],
      },
    ],
  });
}

/** The same page for everybody in a channel: it says who shared it, and nothing in it can be pressed. */
export function sharedStatusMessage(drawing: StatusDrawing, sharedBy: string): Message {
  return marked('shared', {
    text: textOf(drawing),
    blocks: [...statusBlocks(drawing), context(`Shared by ${mention(sharedBy)}`)],
  });
}

/** Asks whom somebody meant by a name that Slack did not recognise. */
export function whoMessage(typed: string, page: PageOfStatus): Message {
  return marked('status', {
    text: "Slack doesn't know that person. Choose the person below.",
    blocks: [
      section(`Slack doesn't know “${cut(typed, TYPED_LENGTH_MAX)}”. Choose the person below.`),
      { type: 'actions', block_id: statusPageText(page), elements: [ownerSelect(null)] },
    ],
  });
}

function textOf({ list, asked }: StatusDrawing): string {
  return `API tokens, ${FILTER_WORDS[asked.filter].toLowerCase()}: ${countText(list.total)}, page ${list.page} of ${list.pageCount}`;
}

function statusBlocks({ list, asked, now, asTable }: StatusDrawing, onTop: KnownBlock[] = []): KnownBlock[] {
  const { tokens, total } = list;
  const whose = asked.owner === null ? 'everybody' : mention(asked.owner);
  return [
    { type: 'header', text: plain('API Tokens') },
    ...onTop,
    { type: 'context', elements: [mrkdwn(`*${FILTER_WORDS[asked.filter]}* · ${whose}`)] },
    ...rowsOf(tokens, now, asTable),
    context([...placeParts(list), countText(total)].join(' · ')),
  ];
}

function rowsOf(tokens: ListPage['tokens'], now: number, asTable: boolean): KnownBlock[] {
  if (tokens.length === 0) return [section('No tokens match.')];
  return asTable ? [statusTable(tokens, now)] : statusSections(tokens, now);
}

/** Under another id once something was found: what was typed stays in the field for as long as its block's id does. */
function searchBlocks({ search }: StatusDrawing): KnownBlock[] {
  if (search === undefined) return [];
  return [searchInput(STATUS_SEARCH_ID, search, search === '' ? 'status:search' : 'status:found')];
}

function countText(total: number): string {
  return counted(total, 'token');
}

/** Of its own, by the page: Slack keeps what was chosen for as long as the block's id stays. */
function openBlocks(page: PageOfStatus, { tokens }: ListPage, what = 'open'): ActionsBlock[] {
  if (tokens.length === 0) return [];
  return [{ type: 'actions', block_id: `${statusPageText(page)}:${what}`, elements: [openSelect(tokens)] }];
}

/** A conversation of two has no name to link to. */
function sharedToText(channel: string): string {
  return channel.startsWith('D') ? 'Shared to this conversation' : `Shared to <#${channel}>`;
}

/** The block's id carries the page, since what is chosen from a list of people carries nothing else. */
function controls(page: PageOfStatus, list: ListPage, isShared: boolean): ActionsBlock {
  const elements: ActionsBlockElement[] = [
    filterSelect(page),
    ownerSelect(page.owner),
    ...(page.owner === null
      ? []
      : [button(STATUS_EVERYBODY_ID, 'Everybody', statusPageText({ ...page, owner: null, page: 1 }))]),
    ...turns(list, [STATUS_PREVIOUS_ID, 'Previous'], [STATUS_NEXT_ID, 'Next'], (other) =>
      statusPageText({ ...page, page: other }),
    ),
    ...(list.total === 0 || isShared ? [] : [shareButton(page)]),
    ...(list.total === 0 ? [] : [button(STATUS_CSV_ID, 'CSV', statusPageText(page))]),
  ];
  return { type: 'actions', block_id: statusPageText(page), elements };
}

function filterSelect(page: PageOfStatus): StaticSelect {
  const optionOf = (filter: PageOfStatus['filter']) => ({
    text: plain(FILTER_WORDS[filter]),
    value: statusPageText({ ...page, filter, page: 1 }),
  });
  return {
    type: 'static_select',
    action_id: STATUS_FILTER_ID,
    placeholder: plain('Status'),
    options: STATUS_FILTERS.map(optionOf),
    initial_option: optionOf(page.filter),
  };
}

function ownerSelect(owner: string | null): UsersSelect {
  return {
    type: 'users_select',
    action_id: STATUS_OWNER_ID,
    placeholder: plain('Owner'),
    ...(owner === null ? {} : { initial_user: owner }),
  };
}

function shareButton(page: PageOfStatus): Button {
  return {
    ...button(STATUS_SHARE_ID, 'Share to channel', statusPageText(page)),
    confirm: {
      title: plain('Share to channel?'),
      text: plain(
        'Everybody in this channel will see these names, owners and dates, and that you shared them. So will other companies, if they share the channel. Owners in it are mentioned.',
      ),
      confirm: plain('Share'),
      deny: plain('Cancel'),
    },
  };
}

/** How many tokens one page draws: each takes a row of a table, or a block of the 50 that a message may have. */
export const STATUS_PAGE_SIZE = 40;

/** The filters, as people read them. */
export const FILTER_WORDS: Readonly<Record<StatusFilter, string>> = {
  current: 'Not revoked',
  active: 'Active',
  expiring: 'Expiring soon',
  idle: 'Idle',
  expired: 'Expired',
  revoked: 'Revoked',
  all: 'All',
};
