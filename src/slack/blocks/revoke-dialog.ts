import type { InputBlock, ModalView, RichTextBlock, RichTextSection } from '@slack/types';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { type BlastRadius, blastRadiusBlocks } from './blast-radius.ts';
import { tellingDialog, textInput } from './dialog.ts';
import { REVOKE_DIALOG_ID } from './ids.ts';
import { agoOf, plain, saying, smallPrint } from './text.ts';

export const REVOKE_TITLE = 'Revoke API Token';

export const REASON_INPUT_ID = 'reason';

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

/** `last used 3 minutes ago`. */
export function useOf({ lastUsedAt }: UsedToken, now: number): string {
  return lastUsedAt === null ? 'never used' : `last used ${agoOf(lastUsedAt, now)}`;
}
