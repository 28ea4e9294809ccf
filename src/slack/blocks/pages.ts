import type { Button } from '@slack/types';
import { STATUS_FILTERS } from '../../tokens/attention.ts';
import type { StatusSelection } from '../../tokens/store.ts';
import { LIST_FILTERS, type ListFilter } from '../../tokens/store.ts';
import { parsePersonId } from '../../tokens/token.ts';
import { button } from './text.ts';

/** Which part of somebody's own list is drawn; with `search`, of what a search for that found, whatever the filter. */
export type PageOfList = { readonly filter: ListFilter; readonly page: number; readonly search?: string };

/** Where a list begins. */
export const BEGINNING: PageOfList = { filter: 'active', page: 1 };

/** Which part of everybody's tokens is drawn. */
export type PageOfStatus = StatusSelection & { readonly page: number };

/** The `value` of a button that turns to this page of the list. */
export function listPageText({ filter, page, search }: PageOfList): string {
  return search === undefined ? `${filter}:${page}` : `find:${page}:${search}`;
}

/** The page that `text` names; the first one of the active tokens when it names none. */
export function parseListPage(text: string): PageOfList {
  const [word, number, ...rest] = text.split(':');
  if (word === 'find') return { filter: 'all', page: parseNumber(number), search: rest.join(':') };
  const filter = LIST_FILTERS.find((known) => known === word) ?? 'active';
  return { filter, page: parseNumber(number) };
}

/** The page as a button's `value` or a block's id. */
export function statusPageText({ filter, owner, page }: PageOfStatus): string {
  return `status:${filter}:${owner ?? ''}:${page}`;
}

/** The page that `text` names; where it names none, the first one of what is not revoked. A hint, to be looked up. */
export function parseStatusPage(text: string): PageOfStatus {
  const [, word, id = '', number] = text.split(':');
  const filter = STATUS_FILTERS.find((known) => known === word) ?? 'current';
  return { filter, owner: parsePersonId(id) ?? null, page: parseNumber(number) };
}

/** The `value` of a button that turns to another page of a token's history. */
export function historyPageText(tokenId: string, page: number): string {
  return `${tokenId}:${page}`;
}

/** The page that `text` names: the first one when it names none. */
export function parseHistoryPage(text: string): { readonly tokenId: string; readonly page: number } {
  const [tokenId = '', number] = text.split(':');
  return { tokenId, page: parseNumber(number) };
}

function parseNumber(text: string | undefined): number {
  const page = Number(text);
  return Number.isSafeInteger(page) && page >= 1 ? page : 1;
}

/** `Page 2 of 3`; nothing where there is one page alone. */
export function placeParts({
  page,
  pageCount,
}: {
  readonly page: number;
  readonly pageCount: number;
}): string[] {
  return pageCount === 1 ? [] : [`Page ${page} of ${pageCount}`];
}

/** Buttons that turn to the page before and the page after, where there are such; `textOf` is what they carry. */
export function turns(
  { page, pageCount }: { readonly page: number; readonly pageCount: number },
  before: readonly [actionId: string, text: string],
  after: readonly [actionId: string, text: string],
  textOf: (page: number) => string,
): Button[] {
  return [
    ...(page > 1 ? [button(...before, textOf(page - 1))] : []),
    ...(page < pageCount ? [button(...after, textOf(page + 1))] : []),
  ];
}
