import type { InputBlock, ModalView, RichTextBlock, RichTextSection } from '@slack/types';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { type BlastRadius, blastRadiusBlocks } from './blast-radius.ts';
import { tellingDialog, textInput } from './dialog.ts';
import { REVOKE_DIALOG_ID } from './ids.ts';
import { agoOf, plain, saying, smallPrint } from './text.ts';

export const REVOKE_TITLE = 'Revoke API Token';

export const REASON_INPUT_ID = 'reason';

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
      ...(asked.note === undefined ? [] : [smallPrint(asked.note)]),
      reasonInput(asked.byOwner),
    ],
  };
}

/** Why it ends: asked of everybody, required for somebody else's token. */
export function reasonInput(isOptional: boolean): InputBlock {
  return textInput({
    id: REASON_INPUT_ID,
    label: 'Reason',
    hint: 'Its history will show it.',
    optional: isOptional,
    lengthMax: REASON_LENGTH_MAX,
  });
}

/** What the dialog is while the tokens are being ended, should that take long. */
export function beingRevokedDialog(count: number): ModalView {
  const what = count === 1 ? 'The token is' : `${count} tokens are`;
  return tellingDialog(REVOKE_TITLE, [
    saying(`${what} being revoked. What became of it is told here in a moment.`),
  ]);
}

/** What the dialog turns into when there is nothing to do or it may not be done. */
export function notRevokedDialog(sentence: string): ModalView {
  return tellingDialog(REVOKE_TITLE, [saying(sentence)]);
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
