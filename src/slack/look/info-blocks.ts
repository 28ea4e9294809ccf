import type { Button, KnownBlock, MrkdwnElement } from '@slack/types';
import type { Finding } from '../../tokens/check.ts';
import type { LiveValue } from '../../tokens/store.ts';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { context, escaped, mention, plain, section } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { field, noteBlocks, revokedText, tokenFields } from '../blocks/token-facts.ts';

/** Scopes in one text, which holds 3,000 characters. */
const SCOPES_DRAWN_MAX = 25;

/**
 * What there is to know of a token but its values, with the buttons (`offers`) that whoever asked may press. `liveValues`: those
 * that work, the newest first.
 */
export function infoMessage(
  token: UsedToken,
  liveValues: readonly LiveValue[],
  now: number,
  offers: readonly Button[],
): Message {
  const [newest, old] = liveValues;
  const addresses = token.addresses.map((address) => `\`${escaped(address)}\``).join(', ');
  return marked('info', {
    text: `API token ${escaped(token.name)}: ${statusOf(token, now)}`,
    blocks: [
      {
        type: 'section',
        text: plain(token.name),
        fields: [
          ...tokenFields(token, now),
          field('Owner', mention(token.owner)),
          field('Uses', String(token.useCount)),
          field('Refused', String(token.refusedCount + token.triedCount)),
          ...(addresses === '' ? [] : [field('Last addresses', addresses)]),
          ...(old === undefined ? [] : [overlapField(old.endsAt)]),
        ],
      },
      ...(newest === undefined || old === undefined
        ? []
        : [context(`New value: ${useOf(newest)} · Old value: ${useOf(old)}`)]),
      ...scopesBlocks(token),
      ...noteBlocks('Purpose', token.purpose),
      ...(token.revokedAt === null ? [] : [context(revokedText(token))]),
      ...noteBlocks('Reason', token.revokeReason),
      context(`Token id \`${token.id}\``),
      ...(offers.length === 0 ? [] : [{ type: 'actions' as const, elements: [...offers] }]),
    ],
  });
}

/** How long the old value of two works. */
function overlapField(oldEndsAt: number | null): MrkdwnElement {
  return field('Old value works until', oldEndsAt === null ? 'it is ended' : dateTime(oldEndsAt));
}

function useOf({ lastUsedAt }: LiveValue): string {
  return lastUsedAt === null ? 'never used' : `last used ${dateTime(lastUsedAt)}`;
}

/** 100 scopes of 75 characters are more than one text may hold. */
function scopesBlocks({ scopes }: UsedToken): KnownBlock[] {
  const parts = Array.from({ length: Math.ceil(scopes.length / SCOPES_DRAWN_MAX) }, (_, part) =>
    scopes.slice(part * SCOPES_DRAWN_MAX, (part + 1) * SCOPES_DRAWN_MAX).join(', '),
  );
  return parts.map((text) => ({ type: 'context', elements: [plain(`Scopes: ${text}`)] }));
}

/** How to ask about a value. */
export const CHECK_USAGE = "Type /apitoken check VALUE with the whole value. It isn't saved.";

/** What a value is, without anything of it, with the buttons (`offers`) that whoever asked may press. */
export function checkedMessage(finding: Finding, now: number, offers: readonly Button[]): Message {
  const sentence = sentenceOf(finding);
  if (finding.is === 'unknown') return { text: sentence, blocks: [section(sentence)] };
  const { token } = finding;
  const overlap = finding.is === 'valid' && finding.standing.is !== 'only' ? finding.standing : undefined;
  return marked('checked', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      {
        type: 'section',
        text: plain(token.name),
        fields: [
          ...tokenFields(token, now),
          field('Owner', mention(token.owner)),
          ...(overlap === undefined ? [] : [overlapField(overlap.oldEndsAt)]),
        ],
      },
      ...(token.revokedAt === null ? [] : [context(revokedText(token))]),
      ...(offers.length === 0 ? [] : [{ type: 'actions' as const, elements: [...offers] }]),
    ],
  });
}

const WHICH = { only: '', new: " It's the new value.", old: " It's the old value." } as const;

function sentenceOf(finding: Finding): string {
  switch (finding.is) {
    case 'valid':
      return `This value belongs to ${finding.token.name} and works.${WHICH[finding.standing.is]}`;
    case 'expired':
      return `This value belongs to ${finding.token.name}, which has expired. It no longer works.`;
    case 'retired':
      return `This is an old value of ${finding.token.name}. It no longer works.`;
    case 'revoked':
      return `Looks like ${finding.token.name}, already revoked. It no longer works.`;
    case 'unknown':
      return "This value doesn't belong to any token here, so it doesn't work.";
  }
}
