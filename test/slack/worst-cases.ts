import type { HomeView, ModalView } from '@slack/types';
import { LIST_PAGE_SIZE } from '../../src/slack/blocks/ids.ts';
import type { Message } from '../../src/slack/blocks/message.ts';
import type { PageOfList } from '../../src/slack/blocks/pages.ts';
import { sentenceMessage, tellingDialog } from '../../src/slack/blocks/text.ts';
import { offerButtons, revokeButton } from '../../src/slack/blocks/token-facts.ts';
import {
  createDialog,
  createdForOtherDialog,
  notShownDialog,
  onItsWayDialog,
} from '../../src/slack/create/create-dialog.ts';
import { metadataText } from '../../src/slack/dialog-metadata.ts';
import { onCallMessage, ownerMessage, posterMessage } from '../../src/slack/guard/leak-blocks.ts';
import { helpMessage, unknownCommandMessage } from '../../src/slack/listeners/help.ts';
import { leakedDialog } from '../../src/slack/listeners/leaked.ts';
import { pickDialog } from '../../src/slack/listeners/pick-dialog.ts';
import { choicesMessage } from '../../src/slack/listeners/unknown.ts';
import { HISTORY_PAGE_SIZE, historyMessage } from '../../src/slack/look/history-blocks.ts';
import { checkedMessage, infoMessage } from '../../src/slack/look/info-blocks.ts';
import { homeBlocks, type ListDrawing, listMessage } from '../../src/slack/look/list-blocks.ts';
import { timelineMessage } from '../../src/slack/look/timeline-blocks.ts';
import {
  claimedMessage,
  neverClaimedMessage,
  ownerLeftMessage,
  revokedByOtherMessage,
  revokedOfCreatedMessage,
  severalRevokedMessage,
} from '../../src/slack/notices/news-blocks.ts';
import { noticeAgainMessage, noticeMessage, remindedMessage } from '../../src/slack/notices/notice-blocks.ts';
import { receiptMessage } from '../../src/slack/notices/receipt-blocks.ts';
import {
  killCardBlocks,
  killCardMessage,
  othersLeftBlocks,
  sharedCardMessage,
} from '../../src/slack/revoke/card-blocks.ts';
import { matchesMessage, notRevokedDialog, revokeDialog } from '../../src/slack/revoke/revoke-dialog.ts';
import { HELD_TOKENS_MAX, heldButton, heldMessage } from '../../src/slack/revoke/revoke-in-message.ts';
import { personPicker, SHEET_TOKENS_MAX, severalDialog } from '../../src/slack/revoke/several-dialog.ts';
import {
  notRotatedDialog,
  rotateDialog,
  rotatedDialog,
  rotationRefusedDialog,
} from '../../src/slack/rotate/rotate-dialog.ts';
import { shownValueMessage } from '../../src/slack/show/shown-value.ts';
import { boardMessage, emptyBoardMessage, stoppedBoardMessage } from '../../src/slack/status/board-blocks.ts';
import { notSentSentence } from '../../src/slack/status/csv.ts';
import {
  foundMessage,
  STATUS_PAGE_SIZE,
  sharedStatusMessage,
  statusMessage,
  whoMessage,
} from '../../src/slack/status/status-blocks.ts';
import { ATTENTIONS, STATUS_FILTERS } from '../../src/tokens/attention.ts';
import type { AuditAction, AuditEvent } from '../../src/tokens/audit.ts';
import type { Finding } from '../../src/tokens/check.ts';
import { heldProof } from '../../src/tokens/held.ts';
import type { LeftOut } from '../../src/tokens/kept-scopes.ts';
import type { TokenName } from '../../src/tokens/name.ts';
import { INTROSPECT_SCOPE } from '../../src/tokens/policy.ts';
import { sentenceFor } from '../../src/tokens/refusal.ts';
import type { BoardFacts } from '../../src/tokens/status.ts';
import { type EventPage, LIST_FILTERS, type ListPage } from '../../src/tokens/store.ts';
import { NOTICE_KINDS } from '../../src/tokens/telling.ts';
import { newTokenId, type PersonId, type TokenStatus, type UsedToken } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aToken, PEPPER, T0 } from '../tokens/a-token.ts';

const YEAR_MS = 365 * 86_400_000;
/** Ids of Slack are 11 characters long today; this is twice that. */
const AN_ALARM = { sequence: Number.MAX_SAFE_INTEGER, flaw: 'changed', tokenId: null } as const;
const LONG_ID = `U${'W'.repeat(21)}` as PersonId;
const LONGEST_VALUE = TokenValue.generate('abcdefghij').reveal();
/** As much as can be allowed. */
export const POLICY = {
  allowGuests: true,
  lifetimeDaysMax: 3650,
  mayNeverExpire: true,
  liveTokensMax: 50,
  creationsPerDayMax: 50,
  scopes: Array.from({ length: 99 }, (_, index) => `${index}`.padStart(75, 's')),
};
const LINK = `https://slack.com/app_redirect?app=${LONG_ID}&team=${LONG_ID}`;
const LONGEST_ZONE = 'America/Argentina/ComodRivadavia';
/** Somebody who may choose everything. */
export const ASKER = {
  id: LONG_ID,
  zone: LONGEST_ZONE,
  mayChooseOwner: true,
  scopes: [...POLICY.scopes, INTROSPECT_SCOPE],
};
/** Of a token that had all that there is. */
const ALL_LEFT_OUT: readonly LeftOut[] = [
  ...POLICY.scopes.map((scope) => ({ scope, why: 'removed' }) as const),
  { scope: INTROSPECT_SCOPE, why: 'not_granted' },
];

/** What a person may have typed, at its full length: as a name (64) and as a purpose or reason (200). */
export const TYPED = [
  ['letters', 'm'],
  ['signs beyond the first plane', '🗝'],
  ['ampersands', '&'],
  ['a mention of everybody', '<!channel> '],
  ['a mention and a link', '<@U0BOB> <https://x.org|y> '],
  ['formatting', '*b* _i_ ~s~ `c` ```d``` :tada: '],
] as const;

/** What makes a token be in each status at `NOW`. */
export const STATUSES = {
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
    createdBy: `${LONG_ID}A` as PersonId,
    purpose: repeated(unit, 200),
    scopes: ASKER.scopes,
    refusedCount: Number.MAX_SAFE_INTEGER,
    lastRefusedAt: T0,
    ownerGoneAt: T0,
    addresses: Array.from({ length: 5 }, () => 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'),
    revokeReason: status === 'revoked' ? repeated(unit, 200) : null,
    useCount: Number.MAX_SAFE_INTEGER,
    expiresAt: T0 + 10 * YEAR_MS,
    ...STATUSES[status],
  });
}

/** Of on-call and admins. */
const EVERY_RIGHT = { seesAll: true, revokesAny: true };
const EACH_STATUS = Object.keys(STATUSES) as TokenStatus[];
/** The instant at which all is drawn. */
export const NOW = T0 + 10;
/** Why a value was not shown, in the longest of its sentences. */
const REASON = 'changed_meanwhile';
/** What becomes of the values before a new one, in every way that it is told. */
const OLD_VALUES = [
  { worksUntil: T0 + YEAR_MS, endedCount: 0 },
  { worksUntil: T0 + YEAR_MS, endedCount: 1 },
  { worksUntil: null, endedCount: 0 },
  { worksUntil: null, endedCount: 1 },
  { worksUntil: null, endedCount: 2 },
];
const A_LIVE_VALUE = { shownAt: T0, endsAt: T0 + YEAR_MS, lastUsedAt: null };
const AN_OLD_VALUE = { shownAt: T0, endsAt: T0 + 2, lastUsedAt: T0 };
const ACTIONS = [
  'token.created',
  'value.shown',
  'value.withdrawn',
  'value.replaced',
  'token.rotated',
  'token.renewed',
  'old_value.ended',
  'token.revoked',
  'value.checked',
  'card.share_asked',
  'card.shared',
  'card.share_failed',
  'incident.closed',
  'action.refused',
  'refusals.counted',
] as const satisfies AuditAction[];

function aFullPage(unit: string): ListPage {
  const tokens = Array.from({ length: LIST_PAGE_SIZE }, (_, row) =>
    aWideToken(unit, EACH_STATUS[row % EACH_STATUS.length] ?? 'active'),
  );
  return { tokens, page: 500, pageCount: 1000, total: 9_999 };
}

/** What a page of the list is drawn from, for whoever may do most. */
function aListDrawing(list: ListPage, asked: PageOfList): ListDrawing {
  const reader = { id: LONG_ID, seesAll: true, revokesAny: true };
  return { list, asked, reader, now: NOW, hasNone: list.total === 0, isCut: false };
}

/** What was searched for, as long as it may be. */
function aFoundPage(unit: string): ListDrawing {
  return aListDrawing(aFullPage(unit), { filter: 'all', page: 500, search: repeated(unit, 100) });
}

const EMPTY: ListPage = { tokens: [], page: 1, pageCount: 1, total: 0 };

/** A page of one kind of event, as full as a page is. */
function aFullHistory(unit: string, action: AuditAction): EventPage {
  const detail = {
    name: repeated(unit, 64),
    owner: LONG_ID,
    reason: action === 'token.revoked' ? repeated(unit, 200) : REASON,
    expires_at: T0 + 10 * YEAR_MS,
    old_value_ends_at: T0 + YEAR_MS,
    count: Number.MAX_SAFE_INTEGER,
  };
  const event: AuditEvent = {
    at: T0,
    actor: `${LONG_ID}B` as PersonId,
    action,
    tokenId: newTokenId(),
    detail,
  };
  return { events: Array.from({ length: HISTORY_PAGE_SIZE }, () => event), page: 500, pageCount: 1000 };
}

/** Every message of the app, with texts as long as they may be, made of `unit`. */
export function messagesAbout(unit: string): [string, Message][] {
  return [
    ...EACH_STATUS.flatMap((status) => messagesIn(unit, status)),
    ...LIST_FILTERS.map((filter): [string, Message] => [
      `list of ${filter}`,
      listMessage(aListDrawing(aFullPage(unit), { filter, page: 500 })),
    ]),
    ['an empty list', listMessage(aListDrawing(EMPTY, { filter: 'all', page: 1 }))],
    ['what a search found', listMessage(aFoundPage(unit))],
    ...ACTIONS.map((action): [string, Message] => [
      `history of ${action}`,
      historyMessage(aWideToken(unit, 'active'), aFullHistory(unit, action), AN_ALARM),
    ]),
    ['revoked by another', revokedByOtherMessage(aWideToken(unit, 'revoked'))],
    ['revoked, to its creator', revokedOfCreatedMessage(aWideToken(unit, 'revoked'))],
    ...[LONG_ID, `${LONG_ID}A` as PersonId].map((person): [string, Message] => [
      `many revoked, to ${person}`,
      severalRevokedMessage(manyRevoked(unit), person),
    ]),
    ...[1, SHEET_TOKENS_MAX].flatMap((count): [string, Message][] => [
      [`card of ${count}`, killCardMessage(aCard(unit, count), { kind: 'offered' })],
      [
        `card of ${count} that is shared`,
        killCardMessage(aCard(unit, count), { kind: 'done', channelName: 'c'.repeat(80) }),
      ],
      [`shared card of ${count}`, sharedCardMessage(aCard(unit, count), LONG_ID)],
      [`timeline of ${count}`, timelineMessage(chroniclesOf(unit, count))],
    ]),
    ...(['name', 'first_characters', 'either'] as const).map((by): [string, Message] => [
      `matches by ${by}`,
      matchesMessage({ tokens: EACH_STATUS.map((status) => aWideToken(unit, status)), by }, NOW),
    ]),
    [
      'choices',
      choicesMessage(
        repeated(unit, 500),
        Array.from({ length: 10 }, () => ({
          shown: repeated(unit, 300),
          command: `history ${'x'.repeat(300)}`,
        })),
      ),
    ],
    ...findingsAbout(unit).map((finding): [string, Message] => [
      `checked: ${finding.is}`,
      checkedMessage(finding, NOW, [revokeButton(aWideToken(unit, 'active'))]),
    ]),
    ['a value typed where none belongs', typedValueMessage(unit)],
    ...[undefined, ...OLD_VALUES].map((oldValues): [string, Message] => [
      oldValues === undefined ? 'the value' : `the value, ${JSON.stringify(oldValues)}`,
      shownValueMessage(aWideToken(unit, 'unclaimed'), LONGEST_VALUE, {
        oldValues,
        leftOut: ALL_LEFT_OUT,
        isOfCreation: oldValues === undefined,
      }),
    ]),
    ...boardMessages(unit),
    ...leakMessages(unit),
    ['who is meant', whoMessage(repeated(unit, 12_000), { filter: 'expiring', owner: LONG_ID, page: 500 })],
    ['not sent', sentenceMessage(notSentSentence('no_answer'))],
    ['help', helpMessage(EVERY_RIGHT)],
    [
      'unknown command',
      unknownCommandMessage(
        { typed: repeated(unit, 40_000), nearest: 'revoke', rest: repeated(unit, 1900) },
        EVERY_RIGHT,
      ),
    ],
    ...sentencesAbout(unit).map((sentence): [string, Message] => [sentence, sentenceMessage(sentence)]),
  ];
}

/** Messages that only a conversation can hold: a table cannot stand in a dialog. */
export function tableMessagesAbout(unit: string): [string, Message][] {
  const tokens = Array.from({ length: STATUS_PAGE_SIZE }, (_, row) =>
    aWideToken(unit, EACH_STATUS[row % EACH_STATUS.length] ?? 'active'),
  );
  const list = { tokens, page: 500, pageCount: 1000, total: 9_999_999 };
  const empty = { tokens: [], page: 1, pageCount: 1, total: 0 };
  return STATUS_FILTERS.flatMap((filter) => {
    const drawing = { list, asked: { filter, owner: LONG_ID, page: 500 }, now: NOW };
    return [true, false].flatMap((asTable): [string, Message][] => [
      [`status of ${filter}, ${asTable}`, statusMessage({ ...drawing, asTable, search: '' }, LONG_ID)],
      [
        `found for ${filter}, ${asTable}`,
        foundMessage({ ...drawing, asTable, search: repeated(unit, 100), isCut: true }),
      ],
      [`shared status of ${filter}, ${asTable}`, sharedStatusMessage({ ...drawing, asTable }, LONG_ID)],
      [`empty status of ${filter}, ${asTable}`, statusMessage({ ...drawing, list: empty, asTable })],
    ]);
  });
}

/** A board that names as much as a board may. */
function boardMessages(unit: string): [string, Message][] {
  const tokens = Array.from({ length: 10 }, () => aWideToken(unit, 'expired'));
  const total = Number.MAX_SAFE_INTEGER;
  const facts: BoardFacts = {
    counts: Object.fromEntries(ATTENTIONS.map((one) => [one, total])) as BoardFacts['counts'],
    expiringSoon: total,
    chainAlarm: AN_ALARM,
    exceptions: (
      ['revoked_presented', 'presented', 'endless', 'idle', 'unclaimed', 'owner_gone'] as const
    ).map((attention) => ({
      attention,
      tokens,
      total,
    })),
  };
  return [
    ['board', boardMessage(facts, { placedBy: LONG_ID, drawnAt: NOW })],
    ['stopped board', stoppedBoardMessage(facts, { stoppedBy: LONG_ID, at: NOW })],
    ['empty board', emptyBoardMessage()],
  ];
}

/** What is told of a message that holds as many values as one may. */
function leakMessages(unit: string): [string, Message][] {
  const states = ['works', 'old_works', 'revoked', 'ended'] as const;
  const values = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      token: aWideToken(unit, states[index % 4] === 'revoked' ? 'revoked' : 'active'),
      is: states[index % 4] ?? 'works',
      lookupId: LOOKUP_ID,
      endsAt: T0 + YEAR_MS,
      isThere: index % 2 === 0,
    }));
  const leak = {
    channel: LONG_ID,
    ts: '1234567890.123456',
    threadTs: null,
    place: `private.app.${LONG_ID}`,
    reason: repeated(unit, 200),
    policy: 'warn',
    seenAt: T0,
    cards: {},
    tokens: [],
  } as const;
  const one = states.map((is) => ({ ...values(1)[0], is }));
  return [...one.map((value) => [value]), values(90)].flatMap((some): [string, Message][] => {
    const drawing = {
      leak,
      values: some as Parameters<typeof onCallMessage>[0]['values'],
      url: `https://${'w'.repeat(40)}.slack.com/archives/${LONG_ID}/p1234567890123456`,
      now: NOW,
    };
    const name = `${some.length} ${some[0]?.is}`;
    const held = heldButton({
      tokenIds: Array.from({ length: HELD_TOKENS_MAX }, newTokenId),
      proof: 'x'.repeat(900),
      withBoth: false,
    });
    const [whole, short] = onCallMessage(drawing, undefined);
    const [wholeOfOwner, shortOfOwner] = ownerMessage(drawing, LONG_ID);
    return [
      [`leak of ${name}`, whole],
      [`leak of ${name}, in short`, short],
      [`leak of ${name}, to its owner`, wholeOfOwner],
      [`leak of ${name}, to its owner, in short`, shortOfOwner],
      [`leak of ${name}, to its poster`, posterMessage(drawing, LONG_ID, held)],
    ];
  });
}

/** All messages that a token in this status may be drawn in. */
function messagesIn(unit: string, status: TokenStatus): [string, Message][] {
  const token = aWideToken(unit, status);
  const nothing = { liveValues: [], hasLiveSecret: false, notShownReason: undefined };
  const facts = [
    nothing,
    { ...nothing, notShownReason: REASON },
    { ...nothing, hasLiveSecret: true },
    { liveValues: [A_LIVE_VALUE, AN_OLD_VALUE], hasLiveSecret: true, notShownReason: REASON },
  ];
  const buttons = offerButtons(token, NOW, ['rotate', 'show_value', 'revoke']);
  return [
    ...facts.map((one): [string, Message] => [
      `receipt, ${status}, ${JSON.stringify(one)}`,
      receiptMessage(token, one, NOW),
    ]),
    [`info, ${status}`, infoMessage(token, [A_LIVE_VALUE, AN_OLD_VALUE], NOW, buttons)],
    [`info without buttons, ${status}`, infoMessage(token, [], NOW, [])],
    [`claimed, ${status}`, claimedMessage(token)],
    [`never claimed, ${status}`, neverClaimedMessage(token)],
    [`owner left, ${status}`, ownerLeftMessage(token)],
    ...NOTICE_KINDS.flatMap((kind): [string, Message][] => [
      [`notice ${kind}, ${status}`, noticeMessage(kind, token, NOW)],
      [`reminded, ${kind}, ${status}`, remindedMessage(kind, token, T0 + YEAR_MS, NOW)],
      ...[token.generation, token.generation + 1].map((generation): [string, Message] => [
        `notice ${kind} of ${generation} again, ${status}`,
        noticeAgainMessage({ tokenId: token.id, kind, generation }, token, NOW),
      ]),
    ]),
  ];
}

const LOOKUP_ID = '0123456789ab';

/** Every view of the app, with texts as long as they may be, made of `unit`. */
export function viewsAbout(unit: string): [string, ModalView | HomeView][] {
  const token = aWideToken(unit, 'active');
  const many = manyActive(unit);
  const held = heldProof(
    { actor: LONG_ID, values: [{ tokenId: token.id, lookupId: LOOKUP_ID }], at: Number.MAX_SAFE_INTEGER },
    PEPPER,
  );
  const metadata = metadataText({ tokenId: token.id, held, generation: Number.MAX_SAFE_INTEGER });
  const asked = { metadata, now: NOW };
  const filledIn = {
    name: repeated(unit, 5000),
    purpose: repeated(unit, 200),
    lifetimeDays: 10_000,
    scopes: ASKER.scopes,
    leftOut: ASKER.scopes,
  };
  return [
    ['create', createDialog(filledIn, ASKER, POLICY)],
    ['create without scopes', createDialog({}, { ...ASKER, mayChooseOwner: false, scopes: [] }, POLICY)],
    ['on its way', onItsWayDialog(token, LINK)],
    ['created for another', createdForOtherDialog(token)],
    ['not shown', notShownDialog(token, REASON)],
    ['revoke', revokeDialog(token, { ...asked, byOwner: true })],
    ['revoke of another', revokeDialog({ ...token, lastUsedAt: null }, { ...asked, byOwner: false })],
    ...sentencesAbout(unit).map((one): [string, ModalView] => [one, notRevokedDialog(one)]),
    ...LIST_FILTERS.map((filter): [string, HomeView] => [
      `Home with ${filter}`,
      { type: 'home', blocks: homeBlocks(aListDrawing(aFullPage(unit), { filter, page: 500 })) },
    ]),
    ['Home with what a search found', { type: 'home', blocks: homeBlocks(aFoundPage(unit)) }],
    ['which token leaked', leakedDialog()],
    [
      'revoke with all that is known',
      revokeDialog(token, { ...asked, byOwner: false, radius: A_RADIUS, note: A_NOTE }),
    ],
    ['sheet of a person', severalDialog(many, { ...aSheet(unit, many), metadata: { person: LONG_ID } })],
    ['sheet of a message', severalDialog(many, { ...aSheet(unit, many), metadata: heldMetadata(unit) })],
    ['person picker', personPicker()],
    ['result of a sheet', resultOfASheet(unit)],
    ...rotationViews(unit, asked),
    ...pickViews(unit),
    // What a message says, a dialog says from Home and after a picker.
    ...messagesAbout(unit).map(([what, { blocks }]): [string, ModalView] => [
      `dialog with ${what}`,
      tellingDialog('Revoke API Token', blocks),
    ]),
  ];
}

const A_RADIUS = {
  usesInDay: Number.MAX_SAFE_INTEGER,
  owner: { standing: 'member', zone: LONGEST_ZONE, names: [] },
} as const;
const A_NOTE = 'n'.repeat(500);

const LONGEST_LEAK = `private.person.${LONG_ID}A`;

function manyActive(unit: string): UsedToken[] {
  return Array.from({ length: SHEET_TOKENS_MAX }, () => aWideToken(unit, 'active'));
}

function manyRevoked(unit: string): UsedToken[] {
  return Array.from({ length: SHEET_TOKENS_MAX }, () => aWideToken(unit, 'revoked'));
}

function aCard(unit: string, count: number) {
  const tokens = manyRevoked(unit).slice(0, count);
  const tries = new Map(
    tokens.map(({ id }) => [id, { count: 9_999_999_999, lastAt: NOW, stoppedAt: T0, stoppedBy: LONG_ID }]),
  );
  // Each ended by another act, so that every line says by which.
  const ended = tokens.map((token, row) => ({ ...token, revokedAt: T0 + row }));
  const others = { person: LONG_ID, count: 9_910 };
  return { tokens: ended, tries, inMessage: LONGEST_LEAK, reader: LONG_ID, mayClose: true, others, now: NOW };
}

function chroniclesOf(unit: string, count: number) {
  const { tokens, tries } = aCard(unit, count);
  const { events } = aFullHistory(unit, 'token.revoked');
  return tokens.map((token) => ({
    token,
    tries: tries.get(token.id),
    events: [...events, ...events, ...events],
  }));
}

function findingsAbout(unit: string): Finding[] {
  const token = (status: TokenStatus) => aWideToken(unit, status);
  return [
    { is: 'valid', token: token('active'), standing: { is: 'only' } },
    { is: 'valid', token: token('active'), standing: { is: 'old', oldEndsAt: NOW } },
    { is: 'expired', token: token('expired') },
    { is: 'retired', token: token('active') },
    { is: 'revoked', token: token('revoked') },
    { is: 'unknown' },
  ];
}

function aSheet(unit: string, tokens: readonly UsedToken[]) {
  return {
    reader: { id: `${LONG_ID}C` as PersonId, zone: LONGEST_ZONE },
    now: NOW,
    total: 10_000,
    profile: A_RADIUS.owner,
    facts: new Map(tokens.map(({ id }) => [id, { radius: A_RADIUS, oldEndsAt: NOW }])),
    nameToType: repeated(unit, 80),
    note: A_NOTE,
    reason: { typed: repeated(unit, 200), chosen: 'Security incident' },
  } as const;
}

/** With as many tokens as its button carries. */
function typedValueMessage(unit: string): Message {
  const tokenIds = manyActive(unit)
    .slice(0, HELD_TOKENS_MAX)
    .map(({ id }) => id);
  const values = tokenIds.map((tokenId) => ({ tokenId, lookupId: LOOKUP_ID }));
  const proof = heldProof({ actor: LONG_ID, values, at: Number.MAX_SAFE_INTEGER }, PEPPER);
  const sentence = sentenceFor({ code: 'several_values', areOffered: true });
  return heldMessage(sentence, { tokenIds, proof, withBoth: true });
}

function heldMetadata(unit: string) {
  const values = manyActive(unit).map(({ id }) => ({ tokenId: id, lookupId: LOOKUP_ID }));
  const held = heldProof({ actor: LONG_ID, values, at: Number.MAX_SAFE_INTEGER }, PEPPER);
  return { held, inMessage: LONGEST_LEAK } as const;
}

function resultOfASheet(unit: string): ModalView {
  const card = aCard(unit, SHEET_TOKENS_MAX);
  const blocks = killCardBlocks(card, { kind: 'offered' });
  return tellingDialog('Revoke API Token', [...blocks, ...othersLeftBlocks(card)]);
}

function rotationViews(unit: string, asked: { metadata: string; now: number }): [string, ModalView][] {
  return (['active', 'expired'] as const).flatMap((status): [string, ModalView][] => {
    const token = aWideToken(unit, status);
    const renews = status === 'expired';
    return [
      [
        `rotate, ${status}`,
        rotateDialog(
          token,
          { ...asked, liveValueCount: 2, zone: LONGEST_ZONE, leftOut: ALL_LEFT_OUT },
          POLICY,
        ),
      ],
      ...OLD_VALUES.map((oldValues): [string, ModalView] => [
        `rotated, ${status}, ${JSON.stringify(oldValues)}`,
        rotatedDialog({ token, oldValues, leftOut: ALL_LEFT_OUT }, LINK, renews),
      ]),
      [`not rotated, ${status}`, notRotatedDialog(token, REASON, renews)],
      ...sentencesAbout(unit).map((one): [string, ModalView] => [one, rotationRefusedDialog(one)]),
    ];
  });
}

function pickViews(unit: string): [string, ModalView][] {
  const tokens = Array.from({ length: 100 }, (_, row) =>
    aWideToken(unit, EACH_STATUS[row % EACH_STATUS.length] ?? 'active'),
  );
  return (['info', 'rotate', 'revoke', 'history'] as const).flatMap((verb): [string, ModalView][] => [
    [`pick to ${verb}`, pickDialog(verb, tokens, NOW)],
    [`search to ${verb}`, pickDialog(verb, undefined, NOW)],
  ]);
}

function sentencesAbout(unit: string): string[] {
  const name = repeated(unit, 64);
  return [
    sentenceFor({ code: 'name_taken', name, freeName: name }),
    ...(
      [
        'already_revoked',
        'expired',
        'already_shown',
        'changed_meanwhile',
        'not_claimed',
        'already_used',
        'no_old_value',
      ] as const
    ).map((code) => sentenceFor({ code, name })),
  ];
}
