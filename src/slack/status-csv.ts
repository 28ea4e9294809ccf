import { isoTime } from '../clock.ts';
import { remarksOf, statusOf, type UsedToken } from '../tokens/token.ts';

const COLUMNS: readonly (readonly [heading: string, of: (token: UsedToken, now: number) => string])[] = [
  ['Token id', ({ id }) => id],
  ['Name', ({ name }) => name],
  ['Purpose', ({ purpose }) => purpose ?? ''],
  ['Owner', ({ owner }) => owner],
  ['Created by', ({ createdBy }) => createdBy],
  ['Status', (token, now) => statusOf(token, now)],
  ['Remarks', (token, now) => remarksOf(token, now).join(' ')],
  ['Created', ({ createdAt }) => isoTime(createdAt)],
  ['Last used', ({ lastUsedAt }) => dateText(lastUsedAt)],
  ['Uses', ({ useCount }) => String(useCount)],
  ['Last refused', ({ lastRefusedAt }) => dateText(lastRefusedAt)],
  ['Expires', ({ expiresAt }) => dateText(expiresAt)],
  ['Date Revoked', ({ revokedAt }) => dateText(revokedAt)],
  ['Revoked by', ({ revokedBy }) => revokedBy ?? ''],
  ['Reason', ({ revokeReason }) => revokeReason ?? ''],
];

/** A spreadsheet takes such a cell for a formula, also with the signs of full width (OWASP, "CSV Injection"). */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;
/** Without it, spreadsheets read UTF-8 as the letters of one country. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Tokens as CSV after RFC 4180, in UTF-8 with a byte order mark; instants in ISO 8601, UTC. What a spreadsheet would take for
 * a formula gets an apostrophe before it; all else that people typed stands there as it is.
 */
export function csvOf(tokens: readonly UsedToken[], now: number): string {
  const lines = [
    COLUMNS.map(([heading]) => heading),
    ...tokens.map((token) => COLUMNS.map(([, of]) => of(token, now))),
  ];
  return `${BYTE_ORDER_MARK}${lines.map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('')}`;
}

function cellText(text: string): string {
  const harmless = FORMULA_START.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function dateText(at: number | null): string {
  return at === null ? '' : isoTime(at);
}
