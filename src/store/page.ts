import type { Page, PageRequest } from '../tokens/store.ts';

const PAGE_ROWS_MAX = 200;

/** Which rows of how many a page shows. */
export type PageRows = Page & { readonly limit: number; readonly offset: number };

/** The page that is asked for of `total` rows, from 1 and 200 rows at most. One beyond the last is the last. */
export function pageOf(request: PageRequest, total: number): PageRows {
  const limit = clamp(request.pageSize, PAGE_ROWS_MAX);
  const pageCount = Math.max(1, Math.ceil(total / limit));
  const page = clamp(request.page, pageCount);
  return { page, pageCount, limit, offset: (page - 1) * limit };
}

function clamp(number: number, max: number): number {
  return Math.min(Math.max(1, Math.trunc(number)), max);
}
