import type { HomeView, ModalView } from '@slack/types';
import { createDialog, notShownDialog, onItsWayDialog } from '../../src/slack/blocks/create-dialog.ts';
import { helpMessage, unknownCommandMessage } from '../../src/slack/blocks/help.ts';
import { listBlocks, listMessage } from '../../src/slack/blocks/list.ts';
import type { Message } from '../../src/slack/blocks/message.ts';
import { infoMessage, receiptMessage, revokedByOtherMessage } from '../../src/slack/blocks/receipt.ts';
import { notRevokedDialog, revokeDialog, revokedDialog } from '../../src/slack/blocks/revoke-dialog.ts';
import { shownValueMessage } from '../../src/slack/blocks/shown-value.ts';
import { sentenceMessage } from '../../src/slack/tell.ts';
import { heldProof } from '../../src/tokens/held.ts';
import type { TokenName } from '../../src/tokens/name.ts';
import { sentenceFor } from '../../src/tokens/refusal.ts';
import { LIST_FILTERS, type ListPage } from '../../src/tokens/store.ts';
import { newTokenId, type PersonId, type TokenStatus, type UsedToken } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aToken, PEPPER, T0 } from '../tokens/a-token.ts';

const YEAR_MS = 365 * 86_400_000;
/** Ids of Slack are 11 characters long today; this is twice that. */
const LONG_ID = `U${'W'.repeat(21)}` as PersonId;
const LONGEST_VALUE = TokenValue.generate('abcdefghij').reveal();
/** As much as can be allowed. */
export const POLICY = { allowGuests: true, lifetimeDaysMax: 3650, mayNeverExpire: true };

/** What a person may have typed, at its full length: as a name (64) and as a purpose or reason (200). */
export const TYPED = [
  ['letters', 'm'],
  ['signs beyond the first plane', '🗝'],
  ['ampersands', '&'],
  ['a mention of everybody', '<!channel> '],
  ['a mention and a link', '<@U0BOB> <https://x.org|y> '],
  ['formatting', '*b* _i_ ~s~ `c` ```d``` :tada: '],
] as const;

const STATUSES = {
  unclaimed: { claimedAt: null, lastUsedAt: null },
  active: {},
  expired: { expiresAt: T0 + 1 },
  revoked: { revokedAt: T0 + 2, revokedBy: LONG_ID },
} as const satisfies Record<TokenStatus, Partial<UsedToken>>;

/** `unit` over and over, in this many code points. */
export function repeated(unit: string, length: number): string {
  const points = [...unit];
  return Array.from({ length }, (_, index) => points[index % points.length]).join('');
}

/** A token whose texts are as long as they may be, and whose count and instants are as wide. */
function aWideToken(unit: string, status: TokenStatus): UsedToken {
  return aToken({
    id: newTokenId(),
    // Drawn as it is, whether `parseName` would take it or not.
    name: repeated(unit, 64).trim() as TokenName,
    owner: LONG_ID,
    purpose: repeated(unit, 200),
    revokeReason: status === 'revoked' ? repeated(unit, 200) : null,
    useCount: Number.MAX_SAFE_INTEGER,
    expiresAt: T0 + 10 * YEAR_MS,
    ...STATUSES[status],
  });
}

const EACH_STATUS = Object.keys(STATUSES) as TokenStatus[];
const NOW = T0 + 10;

function aFullPage(unit: string): ListPage {
  const tokens = Array.from({ length: 10 }, (_, row) =>
    aWideToken(unit, EACH_STATUS[row % EACH_STATUS.length] ?? 'active'),
  );
  return { tokens, page: 500, pageCount: 1000, total: 9_999 };
}

/** Every message of the app, with texts as long as they may be, made of `unit`. */
export function messagesAbout(unit: string): [string, Message][] {
  const everyStatus = EACH_STATUS.flatMap((status): [string, Message][] => {
    const token = aWideToken(unit, status);
    const facts = { hasLiveValue: false, notShownReason: 'messages_tab_disabled' };
    return [
      [`receipt, ${status}`, receiptMessage(token, facts, NOW)],
      [`receipt while showing, ${status}`, receiptMessage(token, { ...facts, hasLiveValue: true }, NOW)],
      [`info, ${status}`, infoMessage(token, NOW, { revoke: true, showValue: true })],
      [`info without buttons, ${status}`, infoMessage(token, NOW, { revoke: false, showValue: false })],
    ];
  });
  return [
    ...everyStatus,
    ...LIST_FILTERS.map((filter): [string, Message] => [
      `list of ${filter}`,
      listMessage(aFullPage(unit), filter, NOW, 'A hint of our own.'),
    ]),
    ['an empty list', listMessage({ tokens: [], page: 1, pageCount: 1, total: 0 }, 'all', NOW)],
    ['revoked by another', revokedByOtherMessage(aWideToken(unit, 'revoked'))],
    ['the value', shownValueMessage(aWideToken(unit, 'unclaimed'), LONGEST_VALUE)],
    ['help', helpMessage()],
    ['unknown command', unknownCommandMessage(repeated(unit, 40_000), 'revoke')],
    ...sentencesAbout(unit).map((sentence): [string, Message] => [sentence, sentenceMessage(sentence)]),
  ];
}

/** Every view of the app, with texts as long as they may be, made of `unit`. */
export function viewsAbout(unit: string): [string, ModalView | HomeView][] {
  const token = aWideToken(unit, 'active');
  const held = heldProof({ actor: LONG_ID, tokenId: token.id, at: Number.MAX_SAFE_INTEGER }, PEPPER);
  const asked = { metadata: JSON.stringify({ token: token.id, held }), now: NOW };
  return [
    ['create', createDialog({ name: repeated(unit, 5000), lifetimeDays: 10_000 }, POLICY)],
    ['on its way', onItsWayDialog(token, `https://slack.com/app_redirect?app=${LONG_ID}&team=${LONG_ID}`)],
    ['not shown', notShownDialog(token, 'messages_tab_disabled')],
    ['revoke', revokeDialog(token, { ...asked, byOwner: true })],
    ['revoke of another', revokeDialog({ ...token, lastUsedAt: null }, { ...asked, byOwner: false })],
    ['revoked', revokedDialog(aWideToken(unit, 'revoked'))],
    ...sentencesAbout(unit).map((one): [string, ModalView] => [one, notRevokedDialog(one)]),
    ...LIST_FILTERS.map((filter): [string, HomeView] => [
      `Home with ${filter}`,
      { type: 'home', blocks: listBlocks(aFullPage(unit), filter, NOW) },
    ]),
  ];
}

function sentencesAbout(unit: string): string[] {
  const name = repeated(unit, 64);
  return [
    sentenceFor({ code: 'name_taken', name, freeName: name }),
    sentenceFor({ code: 'already_revoked', name }),
    sentenceFor({ code: 'expired', name }),
    sentenceFor({ code: 'already_shown', name }),
  ];
}
