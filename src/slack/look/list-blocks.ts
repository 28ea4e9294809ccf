import { createHash } from 'node:crypto';
import type {
  ActionsBlock,
  Button,
  ContextBlock,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  SectionBlock,
  StaticSelect,
} from '@slack/types';
import { counted } from '../../counted.ts';
import type { Rights } from '../../tokens/policy.ts';
import { LIST_FILTERS, type ListFilter, type ListPage } from '../../tokens/store.ts';
import {
  OFFERS,
  type Offer,
  offersFor,
  type PersonId,
  parseTokenId,
  remarksOf,
  statusOf,
  type TokenId,
  type TokenStatus,
  type UsedToken,
} from '../../tokens/token.ts';
import {
  ALL_TOKENS_ID,
  CREATE_ID,
  LIST_CLEAR_ID,
  LIST_FILTER_ID,
  LIST_NEXT_ID,
  LIST_PREVIOUS_ID,
  LIST_SEARCH_ID,
  REVOKE_LEAKED_ID,
  TOKEN_MENU_IDS,
} from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import {
  BEGINNING,
  listPageText,
  type PageOfList,
  parseListPage,
  placeParts,
  turns,
} from '../blocks/pages.ts';
import { button, cut, escaped, mention, mrkdwn, plain, searchInput, section } from '../blocks/text.ts';
import { dateOnly } from '../blocks/times.ts';
import { rotateText } from '../blocks/token-facts.ts';

const FILTER_WORDS: Readonly<Record<ListFilter, string>> = {
  active: 'Active',
  expired: 'Expired',
  revoked: 'Revoked',
  all: 'All',
};

export type MenuVerb = Offer | 'history' | 'info';

const MENU_VERBS: readonly MenuVerb[] = [...OFFERS, 'history', 'info'];

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
  info: 'Info',
};

/** Longer names are whole in *info*. */
const NAME_DRAWN_MAX = 48;

const SEARCH_DRAWN_MAX = 60;

/** An option carries 150 characters, of which the search may have these; a longer one is not drawn again after its row's token ended. */
const SEARCH_CARRIED_MAX = 100;

/**
 * Names that formatted text shows as they are. Slack knows no way to write its own signs (https://docs.slack.dev/messaging/formatting-message-text),
 * and writing from right to left would turn what stands beside it.
 */
const TAME =
  /^[\p{Script=Latin}0-9](?:[\p{Script=Latin}0-9 .()/-]|(?<=[\p{Script=Latin}0-9])_(?=[\p{Script=Latin}0-9]))*$/u;

/** Names in the text for notifications, of which Slack wants 4,000 bytes at most. */
const NAMES_SAID_MAX = 10;

const STANDING_MARKS: Readonly<Record<TokenStatus, string>> = {
  active: '🟡',
  unclaimed: '⚪',
  expired: '🔴',
  revoked: '⚫',
};

/** Who reads the list, so that nothing is offered that they may not do. */
export type Reader = Rights & { readonly id: PersonId };

/** What a page of the list, or of what a search found, is drawn from. */
export type ListDrawing = {
  readonly list: ListPage;
  /** The part that was asked for: a page beyond the last is the last one. */
  readonly asked: PageOfList;
  readonly reader: Reader;
  readonly now: number;
  /** There is no token at all to be listed, under whatever filter. */
  readonly hasNone: boolean;
  /** The search found more than it tells. */
  readonly isCut: boolean;
};

/** *My API Tokens* as a message, or what a search found. */
export function listMessage(drawing: ListDrawing): Message {
  const { list, asked, now } = drawing;
  const words = asked.search === undefined ? `, ${FILTER_WORDS[asked.filter].toLowerCase()}` : '';
  const names = list.tokens
    .slice(0, NAMES_SAID_MAX)
    .map((token) => [escaped(cut(token.name, NAME_DRAWN_MAX)), ...standingOf(token, now)].join(' · '));
  const left = list.tokens.length - names.length;
  const said = [...names, ...(left > 0 ? [`${left} more`] : [])].join(', ') || emptyText(drawing);
  const message = {
    text: `${titleOf(asked)}${words}: ${said}`,
    blocks: [headerOf(asked), controls(drawing, []), searchField(asked), ...rowsOf(drawing)],
  };
  const { page } = list;
  const part = asked.search === undefined ? listPageText({ ...asked, page }) : `find:${page}`;
  return marked('list', message, `${part}:${now}`);
}

/**
 * The same as a Home tab. Where nothing else was searched for meanwhile, and nothing (`wipes`) is to be taken out of the field, its
 * block keeps its id, so that what is being typed outlives a drawing that comes by itself.
 */
export function homeBlocks(drawing: ListDrawing, wipes = 0): KnownBlock[] {
  const { asked, reader } = drawing;
  const more = [
    ...(reader.seesAll ? [button(ALL_TOKENS_ID, 'All tokens')] : []),
    ...(reader.revokesAny ? [button(REVOKE_LEAKED_ID, 'Revoke a leaked token')] : []),
  ];
  const id = createHash('sha256')
    .update(`${wipes} ${asked.search ?? ''}`)
    .digest('base64url');
  return [
    headerOf(asked),
    controls(drawing, more),
    searchField(asked, `${LIST_SEARCH_ID}:${id}`),
    ...rowsOf(drawing),
  ];
}

function titleOf({ search }: PageOfList): string {
  return search === undefined ? 'My API Tokens' : 'API tokens found';
}

function headerOf(asked: PageOfList): HeaderBlock {
  return { type: 'header', text: plain(titleOf(asked)) };
}

function searchField({ search }: PageOfList, blockId?: string): InputBlock {
  return searchInput(LIST_SEARCH_ID, search, blockId);
}

/** A row a token, below how many there are. */
function rowsOf(drawing: ListDrawing): KnownBlock[] {
  const { list, asked } = drawing;
  if (list.tokens.length === 0) return [section(emptyText(drawing))];
  const page = { ...asked, page: list.page };
  return [countBlock(drawing), ...list.tokens.map((token, row) => tokenRow(token, row, page, drawing))];
}

/** What was typed stands in it as it is. */
function countBlock({ list, asked: { search }, isCut }: ListDrawing): ContextBlock {
  const { total } = list;
  const count =
    search === undefined
      ? counted(total, 'token')
      : `${counted(total, 'token')} ${total === 1 ? 'matches' : 'match'} “${cut(search, SEARCH_DRAWN_MAX)}”`;
  const cutText = `Only the first ${total} matches are shown. Type more to find fewer.`;
  return { type: 'context', elements: [plain([...placeParts(list), isCut ? cutText : count].join(' · '))] };
}

/** The `value` of an option in a row's menu. */
export function choiceText(choice: MenuChoice): string {
  const { verb, tokenId, page } = choice;
  const { search = '' } = page;
  const carried = search.length > SEARCH_CARRIED_MAX ? { ...page, search: '' } : page;
  return `${verb}:${tokenId}:${listPageText(carried)}`;
}

/** What an option's `value` asks for, or undefined when it is none of ours. The token in it is a hint, to be looked up. */
export function parseChoice(text: string): MenuChoice | undefined {
  const [word, id = '', ...rest] = text.split(':');
  const verb = MENU_VERBS.find((known) => known === word);
  const tokenId = parseTokenId(id);
  if (tokenId === undefined || verb === undefined) return undefined;
  return { verb, tokenId, page: parseListPage(rest.join(':')) };
}

function emptyText({ hasNone, asked }: ListDrawing): string {
  if (hasNone && asked.search === undefined)
    return 'You have no tokens yet. Choose Create API Token to create one.';
  return 'No tokens match.';
}

function tokenRow(
  token: UsedToken,
  row: number,
  page: PageOfList,
  { reader, now }: ListDrawing,
): SectionBlock {
  const actionId = TOKEN_MENU_IDS[row];
  if (actionId === undefined) throw new Error(`a page of the list has ${TOKEN_MENU_IDS.length} rows`);
  const options = menuVerbs(token, reader, now).map((verb) => ({
    text: plain(verb === 'rotate' ? rotateText(token, now) : MENU_WORDS[verb]),
    value: choiceText({ verb, tokenId: token.id, page }),
  }));
  const facts = [
    ...(token.owner === reader.id ? [] : [mention(token.owner)]),
    ...standingOf(token, now),
    token.lastUsedAt === null ? 'Never used' : `Last used ${dateOnly(token.lastUsedAt)}`,
    endText(token, now),
  ].join(' · ');
  return {
    type: 'section',
    ...lineOf(token.name, facts),
    accessory: { type: 'overflow', action_id: actionId, options },
  };
}

/** Of somebody else's token what the reader may do with it. */
function menuVerbs(token: UsedToken, { id, revokesAny }: Reader, now: number): readonly MenuVerb[] {
  if (token.owner === id) return [...offersFor(token, now), 'history'];
  return [...(revokesAny && token.revokedAt === null ? ['revoke' as const] : []), 'history', 'info'];
}

/**
 * One line. A section's text is either formatted, or has no date in it: a name that formatting could change stands beside the facts, in a
 * text of its own.
 */
function lineOf(name: string, facts: string): Pick<SectionBlock, 'text' | 'fields'> {
  const drawn = cut(name, NAME_DRAWN_MAX);
  return TAME.test(name)
    ? { text: mrkdwn(`*${drawn}* · ${facts}`) }
    : { fields: [plain(drawn), mrkdwn(facts)] };
}

/** Nothing of what is plainly active; what is marked is what its owner should look at. */
function standingOf(token: UsedToken, now: number): string[] {
  const status = statusOf(token, now);
  const words = [...(status === 'active' ? [] : [status]), ...remarksOf(token, now)];
  return words.length === 0 ? [] : [`${STANDING_MARKS[status]} ${words.join(', ')}`];
}

function endText(token: UsedToken, now: number): string {
  if (token.revokedAt !== null) return `Date Revoked: ${dateOnly(token.revokedAt)}`;
  if (token.expiresAt === null) return 'Never expires';
  return `${statusOf(token, now) === 'expired' ? 'Expired' : 'Expires'} ${dateOnly(token.expiresAt)}`;
}

/**
 * All at the top: Slack draws a list anew where it stands and scrolls nowhere, so that whoever turns the page there has its first row
 * before their eyes, and whoever did so at the bottom would have its last one.
 */
function controls({ list, asked }: ListDrawing, more: readonly Button[]): ActionsBlock {
  const { filter, search } = asked;
  return {
    type: 'actions',
    elements: [
      { ...button(CREATE_ID, 'Create API Token'), style: 'primary' },
      search === undefined
        ? filterSelect(filter)
        : button(LIST_CLEAR_ID, 'Clear search', listPageText(BEGINNING)),
      ...more,
      ...turns(list, [LIST_PREVIOUS_ID, 'Previous'], [LIST_NEXT_ID, 'Next'], (page) =>
        listPageText({ ...asked, page }),
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
