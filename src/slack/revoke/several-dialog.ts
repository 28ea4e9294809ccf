import type { InputBlock, KnownBlock, ModalView, RichTextBlock, RichTextSection } from '@slack/types';
import { counted } from '../../counted.ts';
import { asSeen } from '../../tokens/characters.ts';
import type { PersonId, TokenId, UsedToken } from '../../tokens/token.ts';
import { localDay, localTime } from '../../zone.ts';
import { PICK_PERSON_DIALOG_ID, PICK_PERSON_ID, SEVERAL_DIALOG_ID } from '../blocks/ids.ts';
import { context, cut, plain, textInput } from '../blocks/text.ts';
import { type SeveralMetadata, severalMetadataText } from '../dialog-metadata.ts';
import type { Profile } from '../people/actor.ts';
import { type BlastRadius, ownerLines, REVOKE_TITLE, reasonInputs, useOf } from './revoke-dialog.ts';

/** Options in one group of checkboxes: https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element */
const GROUP_SIZE = 10;

/** The ids of a card's tokens stand in the value of its buttons, which holds 2,000 characters. */
export const SHEET_TOKENS_MAX = 90;

/** Ending more asks for the person's name. */
export const UNNAMED_MAX = 10;

/** Of an option's text and of its description: https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const OPTION_LENGTH_MAX = 75;

/** The groups' fields. */
export const GROUP_IDS: readonly string[] = Array.from(
  { length: SHEET_TOKENS_MAX / GROUP_SIZE },
  (_, group) => `tokens_${group}`,
);

export const PERSON_NAME_INPUT_ID = 'person_name';

/** What is known of one of the tokens beside its row. */
export type SheetFacts = {
  /** For whoever may see it. */
  readonly radius: BlastRadius | undefined;
  /** Where the value that was presented is the old one of two: until when it works. */
  readonly oldEndsAt?: number | undefined;
};

/** Checkboxes leave no place for a button of one token. */
const OLD_VALUE_ALONE = 'To end an old value only, type /apitoken revoke VALUE.';

type Asked = {
  readonly metadata: SeveralMetadata;
  readonly reader: { readonly id: PersonId; readonly zone: string };
  readonly now: number;
  /** How many there are; more than are drawn can be ended afterwards. */
  readonly total: number;
  readonly facts: ReadonlyMap<TokenId, SheetFacts>;
  /** Of the person whose tokens they are, where it is somebody else. */
  readonly profile?: Profile | undefined;
  /** What to type where more than ten are to end: the person's name. */
  readonly nameToType?: string | undefined;
  readonly note?: string | undefined;
  /** Why they end, where the app knows it. */
  readonly reason?: Omit<Parameters<typeof reasonInputs>[0], 'byOwner'>;
};

/** The dialog that ends several tokens at once, all of them ticked. */
export function severalDialog(tokens: readonly UsedToken[], asked: Asked): ModalView {
  const left = asked.total - tokens.length;
  const byOwner = areAllOwn(tokens, asked);
  const { person } = asked.metadata;
  return {
    type: 'modal',
    callback_id: SEVERAL_DIALOG_ID,
    private_metadata: severalMetadataText(asked.metadata),
    title: plain(REVOKE_TITLE),
    submit: plain(`Revoke ${counted(tokens.length, 'token')}`),
    close: plain('Keep it'),
    blocks: [
      question(tokens.length, byOwner, asked),
      ...(person === undefined ? [] : ownerLines(person, asked.profile, asked.now).map(context)),
      ...(left > 0 ? [context(`The other ${left} come next.`)] : []),
      ...groups(tokens, asked),
      ...(tokens.some(({ id }) => asked.facts.get(id)?.oldEndsAt !== undefined)
        ? [context(OLD_VALUE_ALONE)]
        : []),
      ...(asked.note === undefined ? [] : [context(asked.note)]),
      ...reasonInputs({ byOwner, ...asked.reason }),
      ...nameInputs(tokens, asked),
    ],
  };
}

function question(count: number, byOwner: boolean, { metadata: { person }, total }: Asked): RichTextBlock {
  const warning = `${count === 1 ? 'Anything using it stops' : 'Anything using the selected tokens stops'} working immediately. This can't be undone.`;
  const some = total > count ? `${count} of ` : '';
  const tokens = `${counted(total, person === undefined ? 'token' : 'live token')}? ${warning}`;
  const elements: RichTextSection['elements'] =
    person === undefined || byOwner
      ? [{ type: 'text', text: `Revoke ${some}${byOwner ? 'your ' : ''}${tokens}` }]
      : [
          { type: 'text', text: `Revoke ${some}` },
          { type: 'user', user_id: person },
          { type: 'text', text: `'s ${tokens}` },
        ];
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}

/**
 * The tokens, ten a group, each told in its option's description as far as that holds, and beneath in a line. Of more than ten,
 * what it does not hold is cut: nobody reads that much, and *info* tells it.
 */
function groups(tokens: readonly UsedToken[], asked: Asked): KnownBlock[] {
  // The question above says whose they are: a person's, or all the reader's own.
  const isOfOne = asked.metadata.person !== undefined || areAllOwn(tokens, asked);
  return GROUP_IDS.slice(0, Math.ceil(tokens.length / GROUP_SIZE)).flatMap((id, group) => {
    const start = group * GROUP_SIZE;
    const isLong = tokens.length > GROUP_SIZE;
    const told = tokens.slice(start, start + GROUP_SIZE).map((token) => tellOf(token, asked, isLong));
    const end = start + told.length;
    const label = tokens.length <= GROUP_SIZE ? 'Tokens' : `Tokens ${start + 1} to ${end}`;
    return [checkboxes(id, label, told), ...linesBeneath(told, asked, isOfOne)];
  });
}

/** What is told of one token: in the description, and what that does not hold. */
type Told = {
  readonly token: UsedToken;
  readonly description: string;
  readonly rest: readonly string[];
};

function tellOf(token: UsedToken, { facts, reader, now }: Asked, isCut: boolean): Told {
  const { radius, oldEndsAt } = facts.get(token.id) ?? {};
  const purpose = asSeen(token.purpose ?? '');
  const parts = [
    // A description is plain text, in which Slack renders no dates.
    ...(oldEndsAt === undefined ? [] : [`old value, works until ${instantIn(reader.zone, oldEndsAt)}`]),
    useOf(token, now),
    ...(radius === undefined || token.useCount === 0 ? [] : [`${counted(radius.usesInDay, 'use')} in 24 h`]),
    ...(radius === undefined || purpose === '' ? [] : [purpose]),
    ...(radius === undefined || token.addresses.length === 0 ? [] : [`from ${token.addresses.join(', ')}`]),
  ];
  if (isCut) return { token, description: cut(parts.join(' · '), OPTION_LENGTH_MAX), rest: [] };
  const fitting = parts.findLastIndex(
    (_, last) => [...parts.slice(0, last + 1).join(' · ')].length <= OPTION_LENGTH_MAX,
  );
  const [held, rest] = [parts.slice(0, fitting + 1), parts.slice(fitting + 1)];
  return { token, description: held.join(' · '), rest };
}

function instantIn(zone: string, at: number): string {
  return `${localDay(zone, at)} at ${localTime(zone, at)}`;
}

function checkboxes(id: string, label: string, told: readonly Told[]): InputBlock {
  const options = told.map(({ token, description }) => ({
    text: plain(cut(token.name, OPTION_LENGTH_MAX)),
    description: plain(description),
    value: token.id,
  }));
  return {
    type: 'input',
    block_id: id,
    label: plain(label),
    optional: true,
    element: { type: 'checkboxes', action_id: id, options, initial_options: options },
  };
}

/** Whose each token is, where they are not all one person's, and what its description does not hold. */
function linesBeneath(told: readonly Told[], asked: Asked, isOfOne: boolean): RichTextBlock[] {
  const lines = told.flatMap(({ token, rest }): RichTextSection[] => {
    const whose = isOfOne ? [] : whoseElements(token, asked);
    if (whose.length === 0 && rest.length === 0) return [];
    const more = rest.map((part) => ` · ${part}`).join('');
    const name = { type: 'text', text: token.name } as const;
    const elements = [name, ...whose, ...(more === '' ? [] : [{ type: 'text', text: more } as const])];
    return [{ type: 'rich_text_section', elements }];
  });
  if (lines.length === 0) return [];
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_list', style: 'bullet', elements: lines }] }];
}

/** ` of @alice (3:12 AM there)`. */
function whoseElements({ id, owner }: UsedToken, { reader, facts, now }: Asked): RichTextSection['elements'] {
  if (owner === reader.id) return [{ type: 'text', text: ', yours' }];
  const profile = facts.get(id)?.radius?.owner;
  const state =
    profile?.standing === 'deactivated'
      ? ' (deactivated in Slack)'
      : profile?.zone === undefined
        ? ''
        : ` (${localTime(profile.zone, now)} there)`;
  return [
    { type: 'text', text: ' of ' },
    { type: 'user', user_id: owner },
    ...(state === '' ? [] : [{ type: 'text', text: state } as const]),
  ];
}

/** Of a person's sheet that is long enough. It may stay empty where few enough stay ticked. */
function nameInputs(
  { length }: readonly UsedToken[],
  { metadata: { person }, nameToType }: Asked,
): InputBlock[] {
  if (length <= UNNAMED_MAX || person === undefined || nameToType === undefined) return [];
  return [
    textInput({
      id: PERSON_NAME_INPUT_ID,
      label: 'Name of the person',
      hint: `To revoke more than ${UNNAMED_MAX} tokens, type "${nameToType}".`,
      optional: true,
    }),
  ];
}

function areAllOwn(tokens: readonly UsedToken[], { reader }: Asked): boolean {
  return tokens.every(({ owner }) => owner === reader.id);
}

/** The dialog in which the person is picked whose tokens are to end. */
export function personPicker(): ModalView {
  return {
    type: 'modal',
    callback_id: PICK_PERSON_DIALOG_ID,
    title: plain(REVOKE_TITLE),
    submit: plain('Continue'),
    close: plain('Cancel'),
    blocks: [
      {
        type: 'input',
        block_id: PICK_PERSON_ID,
        label: plain('Person'),
        hint: plain("You'll see their live tokens next. Nothing is revoked yet."),
        element: { type: 'users_select', action_id: PICK_PERSON_ID, placeholder: plain('Choose a person') },
      },
    ],
  };
}
