import type {
  Button,
  InputBlock,
  KnownBlock,
  ModalView,
  RichTextBlock,
  RichTextElement,
  RichTextSection,
} from '@slack/types';
import type { FoundToRevoke } from '../../tokens/find.ts';
import { parseNote } from '../../tokens/note.ts';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import { type PersonId, statusOf, type UsedToken } from '../../tokens/token.ts';
import { localTime } from '../../zone.ts';
import { END_HELD_ID, REVOKE_DIALOG_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import {
  button,
  context,
  escaped,
  mention,
  plain,
  section,
  tellingDialog,
  textInput,
} from '../blocks/text.ts';
import { agoOf, dateTimeElement } from '../blocks/times.ts';
import { field, noteBlocks, revokeButton } from '../blocks/token-facts.ts';
import type { Profile } from '../people/actor.ts';
import { deleteMessageBlocks } from './leaked-message.ts';

export const REVOKE_TITLE = 'Revoke API Token';

export const REASON_INPUT_ID = 'reason';

const COMMON_REASON_ID = 'common_reason';

/** Why the tokens of somebody end whom Slack knows as deactivated. */
export const OWNER_LEFT_REASON = 'Owner left' as const;

/** Lines in one block. */
const LINES_MAX = 20;

/** What the value that was presented is, beside another one of its token that works; `none` was presented, or `both` were. */
export type PresentedValue = { readonly is: 'new' | 'old' | 'both' | 'none'; readonly oldEndsAt: number };

/** The dialog that asks before a token is ended. `metadata` comes back with the answer. */
export function revokeDialog(
  token: UsedToken,
  asked: {
    readonly byOwner: boolean;
    readonly metadata: string;
    readonly now: number;
    /** For whoever may see it. */
    readonly radius?: BlastRadius | undefined;
    /** Where the token has two values that work. */
    readonly value?: PresentedValue | undefined;
    /** Of our own, about what else was found. */
    readonly note?: string | undefined;
    /** Why it ends, where the app knows it. */
    readonly reason?: string | undefined;
  },
): ModalView {
  const { value, radius } = asked;
  return {
    type: 'modal',
    callback_id: REVOKE_DIALOG_ID,
    private_metadata: asked.metadata,
    title: plain(REVOKE_TITLE),
    submit: plain(value === undefined || value.is === 'none' ? 'Revoke' : 'Revoke token'),
    close: plain('Keep it'),
    blocks: [
      ...(value === undefined ? [] : [overlapLine(value)]),
      question(token, asked.byOwner, asked.now),
      ...(radius === undefined ? [] : blastRadiusBlocks(token, radius, asked.now)),
      ...(asked.note === undefined ? [] : [context(asked.note)]),
      ...reasonInputs({ byOwner: asked.byOwner, typed: asked.reason }),
      ...(value?.is === 'old' ? endOldBlocks(asked.metadata) : []),
    ],
  };
}

/** Which of two values is meant, and how long the old one works. */
function overlapLine({ is, oldEndsAt }: PresentedValue): RichTextBlock {
  const [before, after] = OVERLAPS[is];
  return richLine([
    { type: 'text', text: before },
    dateTimeElement(oldEndsAt),
    { type: 'text', text: after },
  ]);
}

const OVERLAPS: Readonly<Record<PresentedValue['is'], readonly [before: string, after: string]>> = {
  old: ['This is the old value (works until ', ').'],
  new: ['This is the new value. The old value works until ', '. Revoking the token ends both.'],
  both: ['The new value and the old value (works until ', ') are both here. Revoking the token ends both.'],
  none: ['The old value works until ', '. Revoking the token ends both values.'],
};

/** What else can be done about an old value. The button carries what the dialog does. */
function endOldBlocks(metadata: string): KnownBlock[] {
  return [
    { type: 'actions', elements: [button(END_HELD_ID, 'End old value only', metadata)] },
    context('*End old value only* keeps the token and its new value working.'),
  ];
}

/** That the old value alone was ended. */
export function oldValueEnded({ name }: UsedToken): string {
  return `The old value of ${name} no longer works. The new value still works.`;
}

/** The same, with whose it was, and what is left to do where it stands in a message. */
export function oldValueEndedBlocks(
  token: UsedToken,
  inMessage: string | undefined,
  reader: PersonId,
): KnownBlock[] {
  return [
    section(oldValueEnded(token)),
    context(`Owner: ${mention(token.owner)}`),
    ...deleteMessageBlocks(inMessage, reader),
  ];
}

/** That a value works no longer (`sentence`), with the buttons (`offers`) for whoever may mean its token. */
export function endedValueMessage(sentence: string, offers: readonly Button[]): Message {
  return marked('checked', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      ...(offers.length === 0 ? [] : [{ type: 'actions' as const, elements: [...offers] }]),
    ],
  });
}

/** Why a token ends most of the time. */
const COMMON_REASONS = ['Leaked', 'No longer needed', OWNER_LEFT_REASON, 'Security incident'] as const;

/**
 * Why it ends: asked of everybody, needed for somebody else's token, where a choice stands before what is typed. Either is
 * enough, so neither is required by Slack.
 */
export function reasonInputs(asked: {
  readonly byOwner: boolean;
  /** What stands in the field to begin with. */
  readonly typed?: string | undefined;
  readonly chosen?: (typeof COMMON_REASONS)[number] | undefined;
}): InputBlock[] {
  const { byOwner, typed, chosen } = asked;
  const hint = byOwner
    ? 'Shown in the history.'
    : 'Choose what happened, or write a reason. The owner sees it.';
  const text = textInput({
    id: REASON_INPUT_ID,
    label: 'Reason',
    hint,
    initial: typed,
    optional: true,
    lengthMax: REASON_LENGTH_MAX,
  });
  return byOwner ? [text] : [commonReasonInput(chosen), text];
}

function commonReasonInput(chosen: string | undefined): InputBlock {
  const options = COMMON_REASONS.map((reason) => ({ text: plain(reason), value: reason }));
  // Slack refuses an initial option that is not one of the options, letter for letter.
  const initial = options.find(({ value }) => value === chosen);
  return {
    type: 'input',
    block_id: COMMON_REASON_ID,
    label: plain('What happened?'),
    optional: true,
    element: {
      type: 'static_select',
      action_id: COMMON_REASON_ID,
      placeholder: plain('Choose one'),
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}

/**
 * The one reason that was chosen, typed or both, as it is kept and shown everywhere: `Security incident: laptop stolen`. Null
 * when there is none.
 */
export function parseReason(fields: Readonly<Record<string, string>>): ReturnType<typeof parseNote> {
  const typed = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  const chosen = COMMON_REASONS.find((reason) => reason === fields[COMMON_REASON_ID]);
  if ('refusal' in typed || chosen === undefined) return typed;
  const { note } = typed;
  if (note === null) return { note: chosen };
  return { note: note.toLowerCase().startsWith(chosen.toLowerCase()) ? note : `${chosen}: ${note}` };
}

/** What the dialog is while the tokens are being ended, should that take long. */
export function beingRevokedDialog(count: number): ModalView {
  const what = count === 1 ? 'The token is' : `${count} tokens are`;
  return tellingDialog(REVOKE_TITLE, [
    section(`${what} being revoked. The result appears here in a moment.`),
  ]);
}

/** What the dialog turns into when there is nothing to do or it may not be done. */
export function notRevokedDialog(sentence: string): ModalView {
  return tellingDialog(REVOKE_TITLE, [section(sentence)]);
}

function question(token: UsedToken, byOwner: boolean, now: number): RichTextBlock {
  const use = useOf(token, now);
  const whose: RichTextElement[] = byOwner
    ? [{ type: 'text', text: 'Revoke your ' }]
    : [
        { type: 'text', text: 'Revoke ' },
        { type: 'user', user_id: token.owner },
        { type: 'text', text: "'s " },
      ];
  return richLine([
    ...whose,
    { type: 'text', text: token.name },
    {
      type: 'text',
      text: `? ${use.charAt(0).toUpperCase()}${use.slice(1)}. Anything using it stops working immediately. This can't be undone.`,
    },
  ]);
}

function richLine(elements: RichTextElement[]): RichTextBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}

/** `NAME of @owner, last used 3 minutes ago`: what even a mere holder of the value is told. */
export function tokenLine(token: UsedToken, now: number): RichTextSection {
  return {
    type: 'rich_text_section',
    elements: [
      { type: 'text', text: token.name },
      { type: 'text', text: ' of ' },
      { type: 'user', user_id: token.owner },
      { type: 'text', text: `, ${useOf(token, now)}` },
    ],
  };
}

/** The lines of many tokens: a block holds so many characters. */
export function tokenLines(
  tokens: readonly UsedToken[],
  lineOf: (token: UsedToken) => RichTextSection,
): RichTextBlock[] {
  return Array.from({ length: Math.ceil(tokens.length / LINES_MAX) }, (_, part) => ({
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_list',
        style: 'bullet',
        elements: tokens.slice(part * LINES_MAX, (part + 1) * LINES_MAX).map(lineOf),
      },
    ],
  }));
}

/** `last used 3 minutes ago`. */
export function useOf({ lastUsedAt }: UsedToken, now: number): string {
  return lastUsedAt === null ? 'never used' : `last used ${agoOf(lastUsedAt, now)}`;
}

/** What will break when a token ends, beside what the dialog says to everybody. */
export type BlastRadius = {
  readonly usesInDay: number;
  /** Of somebody else; undefined where it is the reader, or Slack did not tell. */
  readonly owner: Profile | undefined;
};

/** For whoever may see the token: what it is for, how much it is used and from where, and whether its owner is awake. */
function blastRadiusBlocks(token: UsedToken, radius: BlastRadius, now: number): KnownBlock[] {
  const addresses = token.addresses.map((address) => `\`${escaped(address)}\``).join(', ');
  const facts = [
    `Uses in 24 h: ${radius.usesInDay}`,
    ...(addresses === '' ? [] : [`Last addresses: ${addresses}`]),
  ];
  return [
    ...noteBlocks('Purpose', token.purpose),
    context(facts.join(' · ')),
    ...ownerLines(token.owner, radius.owner, now).map(context),
  ];
}

/** Whether an owner is awake: their own time, or that they are deactivated. */
export function ownerLines(owner: PersonId, profile: Profile | undefined, now: number): string[] {
  if (profile?.standing === 'deactivated') return [`${mention(owner)} is deactivated in Slack.`];
  return profile?.zone === undefined ? [] : [`It's ${localTime(profile.zone, now)} for ${mention(owner)}.`];
}

const HOW: Readonly<Record<FoundToRevoke['by'], (count: number) => string>> = {
  name: (count) => `${count} tokens have names that look alike.`,
  first_characters: (count) => `${count} tokens have a value that starts like that.`,
  either: (count) => `${count} tokens have that name, or a value that starts like that.`,
};

/** The tokens that what was typed may mean, to choose from; nothing of what was typed. */
export function matchesMessage({ tokens, by }: Omit<FoundToRevoke, 'kind'>, now: number): Message {
  const found = HOW[by](tokens.length);
  return marked('matches', {
    text: found,
    blocks: [
      section(`${found} Which one is it?`),
      ...tokens.map(
        (token): KnownBlock => ({
          type: 'section',
          text: plain(token.name),
          fields: [field('Owner', mention(token.owner)), field('Status', statusOf(token, now))],
          ...(token.revokedAt === null ? { accessory: revokeButton(token) } : {}),
        }),
      ),
    ],
  });
}
