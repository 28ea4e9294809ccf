import { STATUS_FILTERS, type StatusFilter } from '../../tokens/attention.ts';
import type { StatusSelection } from '../../tokens/status.ts';
import { parsePersonId } from '../../tokens/token.ts';

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

/** Which part of everybody's tokens is drawn. */
export type StatusPlace = StatusSelection & { readonly page: number };

/** The place as a button's `value` or a block's id. */
export function statusPlaceText({ filter, owner, page }: StatusPlace): string {
  return `status:${filter}:${owner ?? ''}:${page}`;
}

/** The place that `text` names; where it names none, the first page of what is not revoked. A hint, to be looked up. */
export function parseStatusPlace(text: string): StatusPlace {
  const [, word, id = '', number] = text.split(':');
  const filter = STATUS_FILTERS.find((known) => known === word) ?? 'current';
  const page = Number(number);
  const owner = parsePersonId(id) ?? null;
  return { filter, owner, page: Number.isSafeInteger(page) && page >= 1 ? page : 1 };
}
