import type { ActionsBlock, KnownBlock, SectionBlock, StaticSelect } from '@slack/types';
import { counted } from '../../counted.ts';
import { LIST_FILTERS, type ListFilter, type ListPage } from '../../tokens/store.ts';
import {
  OFFERS,
  type Offer,
  offersFor,
  parseTokenId,
  statusOf,
  type TokenId,
  type UsedToken,
} from '../../tokens/token.ts';
import { CREATE_ID, LIST_FILTER_ID, LIST_NEXT_ID, LIST_PREVIOUS_ID, TOKEN_MENU_IDS } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { listPageText, type PageOfList, parseListPage, turns } from '../blocks/pages.ts';
import { button, context, escaped, plain, section } from '../blocks/text.ts';
import { dateOnly } from '../blocks/times.ts';
import { rotateText, tokenFields } from '../blocks/token-facts.ts';

const FILTER_WORDS: Readonly<Record<ListFilter, string>> = {
  active: 'Active',
  expired: 'Expired',
  revoked: 'Revoked',
  all: 'All',
};

export type MenuVerb = Offer | 'history';

const MENU_VERBS: readonly MenuVerb[] = [...OFFERS, 'history'];

/** What the menu of a row asks for, and where that row stands. */
export type MenuChoice = {
  readonly verb: MenuVerb;
  readonly tokenId: TokenId;
  readonly page: PageOfList;
};

/** Slack draws 5 options in a menu. */
const MENU_WORDS: Readonly<Record<Exclude<MenuVerb, 'rotate'>, string>> = {
  show_value: 'Show value',
  create_again: 'Create again',
  revoke: 'Revoke API Token',
  history: 'History',
};

/** *My API Tokens* as a message. */
export function listMessage(list: ListPage, filter: ListFilter, now: number): Message {
  const names = list.tokens.map((token) => `${escaped(token.name)} (${statusOf(token, now)})`).join(', ');
  const text = `My API Tokens, ${FILTER_WORDS[filter].toLowerCase()}: ${names || 'none'}`;
  const message = { text, blocks: listBlocks(list, filter, now) };
  return marked('list', message, `${listPageText({ filter, page: list.page })}:${now}`);
}

/** *My API Tokens*: one row a token, with its menu, and below what turns the pages. */
export function listBlocks(list: ListPage, filter: ListFilter, now: number): KnownBlock[] {
  return [
    { type: 'header', text: plain('My API Tokens') },
    ...(list.tokens.length === 0 ? [section(emptyText(filter))] : []),
    ...list.tokens.map((token, row) => tokenRow(token, row, { filter, page: list.page }, now)),
    context(`Page ${list.page} of ${list.pageCount} · ${counted(list.total, 'token')}`),
    controls(list, filter),
  ];
}

/** The `value` of an option in a row's menu. */
export function choiceText(choice: MenuChoice): string {
  return `${choice.verb}:${choice.tokenId}:${listPageText(choice.page)}`;
}

/** What an option's `value` asks for, or undefined when it is none of ours. The token in it is a hint, to be looked up. */
export function parseChoice(text: string): MenuChoice | undefined {
  const [word, id = '', ...rest] = text.split(':');
  const verb = MENU_VERBS.find((known) => known === word);
  const tokenId = parseTokenId(id);
  if (tokenId === undefined || verb === undefined) return undefined;
  return { verb, tokenId, page: parseListPage(rest.join(':')) };
}

function emptyText(filter: ListFilter): string {
  if (filter === 'all') return 'You have no tokens yet. Create API Token makes the first.';
  return `You have no ${filter} tokens.`;
}

function tokenRow(token: UsedToken, row: number, page: PageOfList, now: number): SectionBlock {
  const actionId = TOKEN_MENU_IDS[row];
  if (actionId === undefined) throw new Error(`a page of the list has ${TOKEN_MENU_IDS.length} rows`);
  const verbs: readonly MenuVerb[] = [...offersFor(token, now), 'history'];
  const options = verbs.map((verb) => ({
    text: plain(verb === 'rotate' ? rotateText(token, now) : MENU_WORDS[verb]),
    value: choiceText({ verb, tokenId: token.id, page }),
  }));
  return {
    type: 'section',
    text: plain(token.name),
    fields: tokenFields(token, now, dateOnly),
    accessory: { type: 'overflow', action_id: actionId, options },
  };
}

function controls(list: ListPage, filter: ListFilter): ActionsBlock {
  return {
    type: 'actions',
    elements: [
      { ...button(CREATE_ID, 'Create API Token'), style: 'primary' },
      filterSelect(filter),
      ...turns(list, [LIST_PREVIOUS_ID, 'Previous'], [LIST_NEXT_ID, 'Next'], (page) =>
        listPageText({ filter, page }),
      ),
    ],
  };
}

function filterSelect(filter: ListFilter): StaticSelect {
  const options = LIST_FILTERS.map((word) => ({
    text: plain(FILTER_WORDS[word]),
    value: listPageText({ filter: word, page: 1 }),
  }));
  const current = options.find((known) => known.value === listPageText({ filter, page: 1 }));
  return {
    type: 'static_select',
    action_id: LIST_FILTER_ID,
    placeholder: plain('Show'),
    options,
    ...(current === undefined ? {} : { initial_option: current }),
  };
}
