import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  KnownBlock,
  StaticSelect,
  UsersSelect,
} from '@slack/types';
import { STATUS_FILTERS, type StatusFilter } from '../../tokens/attention.ts';
import type { ListPage } from '../../tokens/store.ts';
import {
  STATUS_CSV_ID,
  STATUS_EVERYBODY_ID,
  STATUS_FILTER_ID,
  STATUS_NEXT_ID,
  STATUS_OWNER_ID,
  STATUS_PREVIOUS_ID,
  STATUS_SHARE_ID,
} from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { type PageOfStatus, statusPageText, turns } from '../blocks/pages.ts';
import { button, context, cut, mention, mrkdwn, plain, section } from '../blocks/text.ts';
import { statusSections, statusTable } from './status-rows.ts';

const TYPED_LENGTH_MAX = 80;

/** What a page of everybody's tokens is drawn from. `asTable`: as a table block, else as sections. */
export type StatusDrawing = {
  readonly list: ListPage;
  readonly asked: PageOfStatus;
  readonly now: number;
  readonly asTable: boolean;
};

/** Everybody's tokens, with what turns, filters, shares and exports them. */
export function statusMessage(drawing: StatusDrawing): Message {
  const { list } = drawing;
  // A page beyond the last is the last one.
  const page = { ...drawing.asked, page: list.page };
  return marked('status', {
    text: textOf(drawing),
    blocks: [...statusBlocks(drawing), controls(page, list)],
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
    text: 'Which person do you mean? Choose them from the list.',
    blocks: [
      section(`Which person do you mean by “${cut(typed, TYPED_LENGTH_MAX)}”? Choose them from the list.`),
      { type: 'actions', block_id: statusPageText(page), elements: [ownerSelect(null)] },
    ],
  });
}

function textOf({ list, asked }: StatusDrawing): string {
  return `API tokens, ${FILTER_WORDS[asked.filter].toLowerCase()}: ${countText(list.total)}, page ${list.page} of ${list.pageCount}`;
}

function statusBlocks({ list, asked, now, asTable }: StatusDrawing): KnownBlock[] {
  const { tokens, page, pageCount, total } = list;
  const whose = asked.owner === null ? 'everybody’s' : mention(asked.owner);
  const rows = asTable ? [statusTable(tokens, now)] : statusSections(tokens, now);
  return [
    { type: 'header', text: plain('API Tokens') },
    { type: 'context', elements: [mrkdwn(`*${FILTER_WORDS[asked.filter]}* · ${whose}`)] },
    ...(tokens.length === 0 ? [section('There are no such tokens.')] : rows),
    context(`Page ${page} of ${pageCount} · ${countText(total)}`),
  ];
}

function countText(total: number): string {
  return `${total} ${total === 1 ? 'token' : 'tokens'}`;
}

/** The block's id carries the page, since what is chosen from a list of people carries nothing else. */
function controls(page: PageOfStatus, list: ListPage): ActionsBlock {
  const elements: ActionsBlockElement[] = [
    filterSelect(page),
    ownerSelect(page.owner),
    ...(page.owner === null
      ? []
      : [button(STATUS_EVERYBODY_ID, 'Everybody', statusPageText({ ...page, owner: null, page: 1 }))]),
    ...turns(list, [STATUS_PREVIOUS_ID, 'Previous'], [STATUS_NEXT_ID, 'Next'], (other) =>
      statusPageText({ ...page, page: other }),
    ),
    ...(list.total === 0 ? [] : [shareButton(page), button(STATUS_CSV_ID, 'CSV', statusPageText(page))]),
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
        'Everybody in this channel will see this page: names, owners and dates, under your name. So will people of other companies if the channel is shared with them. Owners who are here are mentioned.',
      ),
      confirm: plain('Share'),
      deny: plain('Keep it to myself'),
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
