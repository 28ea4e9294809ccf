import type { InputBlock, KnownBlock, ModalView, RichTextBlock, RichTextSection } from '@slack/types';
import type { FoundToRevoke } from '../../tokens/find.ts';
import { parseNote } from '../../tokens/note.ts';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import { type PersonId, statusOf, type UsedToken } from '../../tokens/token.ts';
import { localTime } from '../../zone.ts';
import { REVOKE_DIALOG_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { context, escaped, mention, plain, section, tellingDialog, textInput } from '../blocks/text.ts';
import { agoOf } from '../blocks/times.ts';
import { field, noteBlocks, revokeButton } from '../blocks/token-facts.ts';
import type { Profile } from '../people/actor.ts';

export const REVOKE_TITLE = 'Revoke API Token';

export const REASON_INPUT_ID = 'reason';

const COMMON_REASON_ID = 'common_reason';

/** Why the tokens of somebody end whom Slack knows as deactivated. */
export const OWNER_LEFT_REASON = 'Owner left' as const;

/** Lines in one block. */
const LINES_MAX = 20;

/** The dialog that asks before a token is ended. `metadata` comes back with the answer. */
export function revokeDialog(
  token: UsedToken,
  asked: {
    readonly byOwner: boolean;
    readonly metadata: string;
    readonly now: number;
    /** For whoever may see it. */
    readonly radius?: BlastRadius | undefined;
    /** Of our own, about what else was found. */
    readonly note?: string | undefined;
    /** Why it ends, where the app knows it. */
    readonly reason?: string | undefined;
  },
): ModalView {
  return {
    type: 'modal',
    callback_id: REVOKE_DIALOG_ID,
    private_metadata: asked.metadata,
    title: plain(REVOKE_TITLE),
    submit: plain('Revoke'),
    close: plain('Keep it'),
    blocks: [
      question(token, asked.now),
      ...(asked.radius === undefined ? [] : blastRadiusBlocks(token, asked.radius, asked.now)),
      ...(asked.note === undefined ? [] : [context(asked.note)]),
      ...reasonInputs({ byOwner: asked.byOwner, typed: asked.reason }),
    ],
  };
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
  const hint = byOwner ? "The token's history shows it." : 'One of the two is required. The owner sees it.';
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
    section(`${what} being revoked. What became of it is told here in a moment.`),
  ]);
}

/** What the dialog turns into when there is nothing to do or it may not be done. */
export function notRevokedDialog(sentence: string): ModalView {
  return tellingDialog(REVOKE_TITLE, [section(sentence)]);
}

function question(token: UsedToken, now: number): RichTextBlock {
  const warning = '. Anything that uses it is refused from the next request on. This cannot be undone.';
  return { type: 'rich_text', elements: [tokenLine(token, now, warning)] };
}

/** `NAME of @owner, last used 3 minutes ago`: what even a mere holder of the value is told. */
export function tokenLine(token: UsedToken, now: number, ending = ''): RichTextSection {
  return {
    type: 'rich_text_section',
    elements: [
      { type: 'text', text: token.name },
      { type: 'text', text: ' of ' },
      { type: 'user', user_id: token.owner },
      { type: 'text', text: `, ${useOf(token, now)}${ending}` },
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
  name: (count) => `${count} tokens have names that are typed alike.`,
  first_characters: (count) => `${count} tokens have a value that begins so.`,
  either: (count) => `${count} tokens are called so, or have a value that begins so.`,
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
