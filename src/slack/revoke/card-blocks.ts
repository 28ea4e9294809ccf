import type { ActionsBlock, Button, KnownBlock, RichTextSection } from '@slack/types';
import { counted } from '../../counted.ts';
import type { Tries } from '../../tokens/store.ts';
import {
  type PersonId,
  parsePersonId,
  parseTokenId,
  type TokenId,
  type UsedToken,
} from '../../tokens/token.ts';
import {
  CARD_REFRESH_ID,
  CARD_SHARE_ID,
  CARD_STOPPED_ID,
  CARD_TIMELINE_ID,
  REVOKE_PERSON_ID,
} from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, cut, escaped, mention, mrkdwn, plain, section, timesOf } from '../blocks/text.ts';
import { agoOf, dateTime, dateTimeElement } from '../blocks/times.ts';
import { noteBlocks, revokerOf } from '../blocks/token-facts.ts';
import { deleteMessageBlocks, isLeakText } from './leaked-message.ts';
import { tokenLine, tokenLines } from './revoke-dialog.ts';
import { SHEET_TOKENS_MAX } from './several-dialog.ts';

const BUTTON_LENGTH_MAX = 75;

/** What a card tells, without anything secret in it. */
export type KillCard = {
  /** The revoked tokens; at least one. */
  readonly tokens: readonly UsedToken[];
  readonly tries: ReadonlyMap<TokenId, Tries>;
  /** The value stands in a message: where, and who posted it. */
  readonly inMessage: string | undefined;
  readonly reader: PersonId;
  /** The reader could have ended the tokens, and may say that nothing uses them any more. */
  readonly mayClose: boolean;
  /** Of the person whose sheet it was, for whoever may end those too: how many tokens are live. */
  readonly others?: { readonly person: PersonId; readonly count: number } | undefined;
  readonly now: number;
};

/** What the buttons of a card carry. */
export type CardSubject = Pick<KillCard, 'inMessage'> & {
  /** Each once. */
  readonly tokenIds: readonly TokenId[];
  /** Whose sheet it was. */
  readonly person?: PersonId | undefined;
};

/** How a card stands towards everybody in a channel. `channelName`: undefined where the app does not know one. */
export type Sharing =
  | { readonly kind: 'none' | 'offered' }
  | { readonly kind: 'done'; readonly channelName: string | undefined };

/** The card as a message for whoever ended the tokens. */
export function killCardMessage(card: KillCard, sharing: Sharing): Message {
  return marked('card', { text: escaped(headline(card)), blocks: killCardBlocks(card, sharing) });
}

/** The card as everybody in a channel sees it, with who shared it. */
export function sharedCardMessage(card: KillCard, sharedBy: PersonId): Message {
  return marked('shared', {
    text: escaped(headline(card)),
    blocks: [
      section(headline(card)),
      ...facts(card, { lasts: true }),
      context(`Shared by ${mention(sharedBy)}`),
    ],
  });
}

/** The card: what, whose, by whom, when, last use, tries since, and what may be done next. */
export function killCardBlocks(card: KillCard, sharing: Sharing): KnownBlock[] {
  return [
    section(
      `${headline(card)} Anything using ${card.tokens.length === 1 ? 'it' : 'them'} has stopped working.`,
    ),
    ...facts(card, { lasts: false }),
    ...stoppedBlocks(card),
    ...reasonBlocks(card),
    ...deleteMessageBlocks(card.inMessage, card.reader),
    buttons(card, sharing),
  ];
}

/** That more of the person's tokens are live, with the way to end them too. */
export function othersLeftBlocks({ others, reader }: KillCard): KnownBlock[] {
  if (others === undefined || others.count === 0) return [];
  const { person, count } = others;
  const whoHas = person === reader ? 'You have' : `${mention(person)} has`;
  return [
    { type: 'section', text: mrkdwn(`${whoHas} ${counted(count, 'more live token')}.`) },
    { type: 'actions', elements: [button(REVOKE_PERSON_ID, `Show the other ${count}`, person)] },
  ];
}

/** The value of a card's buttons. */
export function cardText({ tokenIds, inMessage, person }: CardSubject): string {
  const text = `${inMessage === undefined ? 'alone' : `message.${inMessage}`}:${tokenIds.join(',')}`;
  return person === undefined ? text : `${text}:${person}`;
}

/** What `text` names; undefined when it is no card of ours. */
export function parseCard(text: string): CardSubject | undefined {
  const [kind = '', ids = '', whose] = text.split(':');
  const inMessage = kind === 'alone' ? undefined : kind.replace(/^message\./, '');
  if (inMessage !== undefined && (inMessage === kind || !isLeakText(inMessage))) return undefined;
  const tokenIds = ids.split(',', SHEET_TOKENS_MAX + 1).map(parseTokenId);
  const known = new Set(tokenIds.filter((id) => id !== undefined));
  const person = parsePersonId(whose ?? '');
  const fits =
    known.size === tokenIds.length && known.size <= SHEET_TOKENS_MAX && (person ?? whose) === person;
  return fits ? { inMessage, tokenIds: [...known], person } : undefined;
}

function headline({ tokens: [first, ...others] }: KillCard): string {
  if (first === undefined) throw new Error('a card tells of at least one token');
  return others.length === 0 ? `${first.name} is revoked.` : `${others.length + 1} tokens revoked.`;
}

/** Why they ended, where it is one reason. A shared card leaves it out: not everybody there may see the tokens. */
function reasonBlocks({ tokens }: KillCard): KnownBlock[] {
  const [reason = null, ...others] = new Set(tokens.map(({ revokeReason }) => revokeReason));
  return others.length === 0 ? noteBlocks('Reason', reason) : [];
}

/** `lasts`: with dates in place of *3 minutes ago*, which would soon be untrue. */
function facts(card: KillCard, { lasts }: { readonly lasts: boolean }): KnownBlock[] {
  const [first, ...others] = card.tokens;
  if (first === undefined) throw new Error('a card tells of at least one token');
  const revoked = `Date Revoked: ${dateTime(endOf(first))} · By: ${revokerOf(first)}`;
  const since = `Refused since: ${triesText(card, lasts)}`;
  if (others.length === 0) {
    const use = first.lastUsedAt === null ? 'never' : dateTime(first.lastUsedAt);
    return [context(`Owner: ${mention(first.owner)} · ${revoked} · Last used: ${use} · ${since}`)];
  }
  const endedAlike = others.every((one) => endOf(one) === endOf(first) && one.revokedBy === first.revokedBy);
  const rows = tokenLines(card.tokens, (token) => {
    const line = lasts ? lastingLine(token) : tokenLine(token, card.now);
    return endedAlike ? line : { ...line, elements: [...line.elements, ...endElements(token)] };
  });
  return [...rows, context(endedAlike ? `${revoked} · ${since}` : since)];
}

/** When it ended. A card of a token that lives would be a lie that costs more than the card. */
function endOf({ revokedAt }: UsedToken): number {
  if (revokedAt === null) throw new Error('a card tells of revoked tokens alone');
  return revokedAt;
}

/** `NAME of @owner, last used Nov 29 at 3:07 PM`. */
function lastingLine({ name, owner, lastUsedAt }: UsedToken): RichTextSection {
  const use: RichTextSection['elements'] =
    lastUsedAt === null
      ? [{ type: 'text', text: ', never used' }]
      : [{ type: 'text', text: ', last used ' }, dateTimeElement(lastUsedAt)];
  return {
    type: 'rich_text_section',
    elements: [
      { type: 'text', text: name },
      { type: 'text', text: ' of ' },
      { type: 'user', user_id: owner },
      ...use,
    ],
  };
}

/** By whom and when, of one that another act ended than the others. */
function endElements(token: UsedToken): RichTextSection['elements'] {
  const person = parsePersonId(token.revokedBy ?? '');
  return [
    { type: 'text', text: ', revoked by ' },
    person === undefined ? { type: 'text', text: revokerOf(token) } : { type: 'user', user_id: person },
    { type: 'text', text: ' ' },
    dateTimeElement(endOf(token)),
  ];
}

/** Told by lookup id alone: whoever knows how a value began can make some of these. */
function triesText({ tokens, tries, now }: KillCard, lasts: boolean): string {
  const all = tokens.flatMap(({ id }) => tries.get(id) ?? []);
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const lastAt = Math.max(...all.map((one) => one.lastAt ?? 0));
  return count === 0
    ? timesOf(0)
    : `${timesOf(count)}, last ${lasts ? dateTime(lastAt) : agoOf(lastAt, now)}`;
}

/** How it stands with who said that nothing uses the tokens any more: since then, by all tokens of the card. */
function stopOf({
  tokens,
  tries,
}: KillCard): { readonly at: number; readonly by: PersonId; readonly holds: boolean } | undefined {
  const each = tokens.map(({ id }) => tries.get(id));
  const last = each.reduce(
    (latest, one) => ((one?.stoppedAt ?? 0) > (latest?.stoppedAt ?? 0) ? one : latest),
    undefined,
  );
  if (!last?.stoppedAt || last.stoppedBy === null) return undefined;
  const holds = each.every((one) => one?.stoppedAt && (one.lastAt ?? 0) <= one.stoppedAt);
  return { at: last.stoppedAt, by: last.stoppedBy, holds };
}

function stoppedBlocks(card: KillCard): KnownBlock[] {
  const stop = stopOf(card);
  if (stop === undefined) return [];
  const said = `${mention(stop.by)} said that it has stopped: ${dateTime(stop.at)}`;
  return [context(stop.holds ? said : `${said}. Something used it again since.`)];
}

function buttons(card: KillCard, sharing: Sharing): ActionsBlock {
  const tokenIds = card.tokens.map(({ id }) => id);
  const value = cardText({ tokenIds, inMessage: card.inMessage, person: card.others?.person });
  return {
    type: 'actions',
    elements: [
      button(CARD_REFRESH_ID, 'Refresh', value),
      ...(card.mayClose && !stopOf(card)?.holds ? [button(CARD_STOPPED_ID, 'It has stopped', value)] : []),
      button(CARD_TIMELINE_ID, 'Copy timeline', value),
      ...shareButtons(sharing, value),
    ],
  };
}

function shareButtons(sharing: Sharing, value: string): Button[] {
  switch (sharing.kind) {
    case 'none':
      return [];
    case 'offered':
      return [shareButton(value)];
    case 'done':
      return [
        button(CARD_SHARE_ID, cut(`Shared to ${placeText(sharing.channelName)}`, BUTTON_LENGTH_MAX), value),
      ];
  }
}

/** What a second press hears. */
export function alreadyShared(channelName: string | undefined): string {
  return `It's already shared to ${placeText(channelName)}.`;
}

function placeText(channelName: string | undefined): string {
  return channelName === undefined ? 'this channel' : `#${channelName}`;
}

function shareButton(value: string): Button {
  return {
    ...button(CARD_SHARE_ID, 'Share to channel', value),
    confirm: {
      title: plain('Share to channel?'),
      text: plain(
        'Everyone in this conversation sees which token was revoked, whose it was, by whom and when, its last use, and that you shared it.',
      ),
      confirm: plain('Share'),
      deny: plain('Cancel'),
    },
  } as const;
}
