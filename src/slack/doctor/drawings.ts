import type { HomeView, ModalView } from '@slack/types';
import { DAY_MS } from '../../clock.ts';
import { ATTENTIONS } from '../../tokens/attention.ts';
import { nameKeyOf, type TokenName } from '../../tokens/name.ts';
import type { BoardException, BoardFacts } from '../../tokens/status.ts';
import type { ListPage } from '../../tokens/store.ts';
import { newTokenId, type PersonId, type UsedToken, type WorkspaceId } from '../../tokens/token.ts';
import { valueOfNothing } from '../../tokens/token-value.ts';
import { LIST_PAGE_SIZE } from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { button, section, sentenceMessage } from '../blocks/text.ts';
import { createDialog } from '../create/create-dialog.ts';
import { homeBlocks } from '../look/list-blocks.ts';
import { revokeDialog } from '../revoke/revoke-dialog.ts';
import { SHEET_TOKENS_MAX, severalDialog } from '../revoke/several-dialog.ts';
import { rotateDialog } from '../rotate/rotate-dialog.ts';
import { shownValueMessage } from '../show/shown-value.ts';
import { boardMessage } from '../status/board-blocks.ts';
import { STATUS_PAGE_SIZE, statusMessage } from '../status/status-blocks.ts';

const NAME_LENGTH_MAX = 64;

const NOTE_LENGTH_MAX = 200;

/** Tokens that a board names under each heading. */
const NAMED_MAX = 10;

const ZONE = 'America/Argentina/ComodRivadavia';

const POLICY = {
  allowGuests: true,
  lifetimeDaysMax: 3650,
  mayNeverExpire: true,
  liveTokensMax: 50,
  creationsPerDayMax: 50,
  scopes: Array.from({ length: 99 }, (_, index) => `${index}`.padStart(75, 's')),
};

const EXCEPTIONS = ['revoked_presented', 'presented', 'endless', 'idle', 'unclaimed', 'owner_gone'] as const;

/** For whom it is drawn: they are whoever is named in it, so that nobody else is mentioned. */
export type DrawnFor = { readonly person: PersonId; readonly workspace: WorkspaceId; readonly now: number };

/** A token of nobody's keeping, with texts as long as they may be. */
function wideToken({ person, workspace, now }: DrawnFor): UsedToken {
  const name = 'm'.repeat(NAME_LENGTH_MAX) as TokenName;
  return {
    id: newTokenId(),
    workspace,
    name,
    nameKey: nameKeyOf(name),
    owner: person,
    createdBy: person,
    purpose: 'm'.repeat(NOTE_LENGTH_MAX),
    scopes: [],
    createdAt: now - 400 * DAY_MS,
    expiresAt: now + DAY_MS,
    generation: 1,
    claimedAt: now - 400 * DAY_MS,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
    lastUsedAt: now - 100 * DAY_MS,
    useCount: Number.MAX_SAFE_INTEGER,
    refusedCount: Number.MAX_SAFE_INTEGER,
    lastRefusedAt: now,
    triedCount: Number.MAX_SAFE_INTEGER,
    lastTriedAt: now,
    addresses: [],
    ownerGoneAt: now,
    ownerIsBarred: false,
  };
}

function wideTokens(count: number, drawnFor: DrawnFor): UsedToken[] {
  return Array.from({ length: count }, () => wideToken(drawnFor));
}

function fullPage(count: number, drawnFor: DrawnFor): ListPage {
  return { tokens: wideTokens(count, drawnFor), page: 500, pageCount: 1000, total: 9_999_999 };
}

/** What announces the trial in the conversation. */
export function announcement(): Message {
  return sentenceMessage('apitoken doctor is trying what Slack takes. These messages go away in a moment.');
}

/** What the person is to press during the trial. The app knows no such button. */
export const TRIAL_PRESS_ID = 'doctor_press';

/** A message with that button. */
export function messageToPress(): Message {
  const text = 'apitoken doctor wants to see that a press arrives.';
  return {
    text,
    blocks: [section(text), { type: 'actions', elements: [button(TRIAL_PRESS_ID, 'Press me')] }],
  };
}

/** A board that names as much as a board may. */
export function largestBoard(drawnFor: DrawnFor): Message {
  const total = Number.MAX_SAFE_INTEGER;
  const facts: BoardFacts = {
    counts: Object.fromEntries(ATTENTIONS.map((one) => [one, total])) as BoardFacts['counts'],
    expiringSoon: total,
    chainAlarm: { sequence: total, flaw: 'changed', tokenId: null },
    exceptions: EXCEPTIONS.map(
      (attention): BoardException => ({ attention, tokens: wideTokens(NAMED_MAX, drawnFor), total }),
    ),
  };
  return boardMessage(facts, { placedBy: drawnFor.person, drawnAt: drawnFor.now });
}

/** A page of `/apitoken status` as a table, as full as it may be. */
export function largestTable(drawnFor: DrawnFor): Message {
  const list = fullPage(STATUS_PAGE_SIZE, drawnFor);
  const asked = { filter: 'all', owner: null, page: 500 } as const;
  return statusMessage({ list, asked, now: drawnFor.now, asTable: true, search: '' });
}

/** A value's message, with a text that looks like a value and is none. `code`: what whoever sees it can tell. */
export function trialOfValue(prefix: string, code: string): Message {
  const told = { leftOut: [], oldValues: undefined, isOfCreation: true };
  const message = shownValueMessage({ name: 'doctor-trial' as TokenName }, valueOfNothing(prefix), told);
  const sentence = `This is a trial: the value below is of no token. If you see this, type ${code} in the terminal.`;
  return { text: `${sentence} ${message.text}`, blocks: [section(sentence), ...message.blocks] };
}

/** A Home tab with as many tokens as it shows, with texts as long as they may be. */
export function largestHome(drawnFor: DrawnFor): HomeView {
  const blocks = homeBlocks({
    list: fullPage(LIST_PAGE_SIZE, drawnFor),
    asked: { filter: 'all', page: 500 },
    reader: { id: drawnFor.person, seesAll: true, revokesAny: true },
    now: drawnFor.now,
    hasNone: false,
    isCut: false,
  });
  return { type: 'home', blocks };
}

/** Dialogs at their longest: none can be opened before somebody pressed something. */
export function largestDialogs(drawnFor: DrawnFor): readonly (readonly [name: string, view: ModalView])[] {
  const { person, now } = drawnFor;
  const token = wideToken(drawnFor);
  const asked = { metadata: 'm'.repeat(3000), now };
  const asker = { id: person, zone: ZONE, mayChooseOwner: true, scopes: POLICY.scopes };
  const filledIn = { name: token.name, purpose: token.purpose ?? '', scopes: POLICY.scopes };
  const many = wideTokens(SHEET_TOKENS_MAX, drawnFor);
  const sheet = {
    metadata: { person },
    reader: { id: person, zone: ZONE },
    now,
    total: 10_000,
    facts: new Map(),
    nameToType: 'm'.repeat(80),
  };
  return [
    ['Create API Token', createDialog(filledIn, asker, POLICY)],
    [
      'Rotate API Token',
      rotateDialog(token, { ...asked, liveValueCount: 2, zone: ZONE, leftOut: [] }, POLICY),
    ],
    ['Revoke API Token', revokeDialog(token, { ...asked, byOwner: false })],
    ['Revoke API Token, for a person', severalDialog(many, sheet)],
  ];
}
