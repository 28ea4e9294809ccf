import type { InputBlock, ModalView, RichTextBlock, RichTextSection } from '@slack/types';
import { counted } from '../../counted.ts';
import { asSeen } from '../../tokens/characters.ts';
import type { PersonId, UsedToken } from '../../tokens/token.ts';
import { PICK_PERSON_DIALOG_ID, PICK_PERSON_ID, SEVERAL_DIALOG_ID } from '../blocks/ids.ts';
import { context, cut, plain, textInput } from '../blocks/text.ts';
import { type SeveralMetadata, severalMetadataText } from '../dialog-metadata.ts';
import { REVOKE_TITLE, reasonInputs, tokenLine, tokenLines, useOf } from './revoke-dialog.ts';

/** Options in one group of checkboxes. */
const GROUP_SIZE = 10;

/** The ids of a card's tokens stand in the value of its buttons, which holds 2,000 characters. */
export const SHEET_TOKENS_MAX = 90;

/** Ending more asks for the person's name. */
export const UNNAMED_MAX = 10;

const OPTION_LENGTH_MAX = 75;

/** The groups' fields. */
export const GROUP_IDS: readonly string[] = Array.from(
  { length: SHEET_TOKENS_MAX / GROUP_SIZE },
  (_, group) => `tokens_${group}`,
);

export const PERSON_NAME_INPUT_ID = 'person_name';

/** The dialog that ends several tokens at once, all of them ticked. */
export function severalDialog(
  tokens: readonly UsedToken[],
  asked: {
    readonly metadata: SeveralMetadata;
    readonly byOwner: boolean;
    readonly now: number;
    /** How many there are; more than are drawn can be ended afterwards. */
    readonly total: number;
    /** What to type where more than ten are to end: the person's name. */
    readonly nameToType?: string | undefined;
    readonly note?: string | undefined;
    /** Why they end, where the app knows it. */
    readonly reason?: Omit<Parameters<typeof reasonInputs>[0], 'byOwner'>;
  },
): ModalView {
  const left = asked.total - tokens.length;
  return {
    type: 'modal',
    callback_id: SEVERAL_DIALOG_ID,
    private_metadata: severalMetadataText(asked.metadata),
    title: plain(REVOKE_TITLE),
    submit: plain('Revoke'),
    close: plain('Keep it'),
    blocks: [
      ...intro(tokens, asked.metadata.person, asked.now),
      ...(left > 0
        ? [context(`These are the first ${tokens.length} of ${asked.total}; the others come afterwards.`)]
        : []),
      ...(asked.note === undefined ? [] : [context(asked.note)]),
      ...groups(tokens, asked.metadata.person !== undefined, asked.now),
      ...reasonInputs({ byOwner: asked.byOwner, ...asked.reason }),
      ...nameInputs(tokens, asked),
    ],
  };
}

function intro(tokens: readonly UsedToken[], person: PersonId | undefined, now: number): RichTextBlock[] {
  const warning =
    'Anything that uses one of the ticked ones is refused from the next request on. This cannot be undone.';
  const richSection = (...elements: RichTextSection['elements']): RichTextBlock => ({
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements }],
  });
  if (person === undefined) {
    return [
      ...tokenLines(tokens, (token) => tokenLine(token, now)),
      richSection({ type: 'text', text: warning }),
    ];
  }
  return [
    richSection(
      { type: 'text', text: 'Live tokens of ' },
      { type: 'user', user_id: person },
      { type: 'text', text: `. ${warning}` },
    ),
  ];
}

/** `maySee`: only whoever may end the tokens without holding their values opens a person's sheet. */
function groups(tokens: readonly UsedToken[], maySee: boolean, now: number): InputBlock[] {
  return GROUP_IDS.slice(0, Math.ceil(tokens.length / GROUP_SIZE)).map((id, group) => {
    const start = group * GROUP_SIZE;
    const part = tokens.slice(start, start + GROUP_SIZE);
    const options = part.map((token) => ({
      text: plain(cut(token.name, OPTION_LENGTH_MAX)),
      description: plain(maySee ? cut(radiusOf(token, now), OPTION_LENGTH_MAX) : useOf(token, now)),
      value: token.id,
    }));
    return {
      type: 'input',
      block_id: id,
      label: plain(tokens.length <= GROUP_SIZE ? 'Tokens' : `Tokens ${start + 1} to ${start + part.length}`),
      optional: true,
      element: { type: 'checkboxes', action_id: id, options, initial_options: options },
    };
  });
}

/** What breaks with it, in one line: the use first, since the end may be cut. */
function radiusOf(token: UsedToken, now: number): string {
  const purpose = asSeen(token.purpose ?? '');
  const uses = token.useCount === 0 ? [] : [counted(token.useCount, 'use')];
  return [useOf(token, now), ...uses, ...(purpose === '' ? [] : [purpose])].join(' · ');
}

/** Of a person's sheet that is long enough. It may stay empty where few enough stay ticked. */
function nameInputs(
  { length }: readonly UsedToken[],
  { metadata: { person }, nameToType }: { metadata: SeveralMetadata; nameToType?: string | undefined },
): InputBlock[] {
  if (length <= UNNAMED_MAX || person === undefined || nameToType === undefined) return [];
  const accepted = nameToType === person ? person : `${nameToType} or ${person}`;
  return [
    textInput({
      id: PERSON_NAME_INPUT_ID,
      label: 'Name of the person',
      hint: `While more than ${UNNAMED_MAX} tokens are ticked: type ${accepted} to confirm.`,
      optional: true,
    }),
  ];
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
        hint: plain('Their live tokens are listed next. Nothing is revoked yet.'),
        element: { type: 'users_select', action_id: PICK_PERSON_ID, placeholder: plain('Whose tokens') },
      },
    ],
  };
}
