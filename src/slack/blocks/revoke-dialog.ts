import type { ModalView, RichTextBlock } from '@slack/types';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import type { UsedToken } from '../../tokens/token.ts';
import { tellingDialog, textInput } from './dialog.ts';
import { REVOKE_DIALOG_ID } from './ids.ts';
import { agoOf, dateTime, plain, saying, smallPrint } from './text.ts';

const TITLE = 'Revoke API Token';

export const REASON_INPUT_ID = 'reason';

/** The dialog that asks before a token is ended. `metadata` comes back with the answer. */
export function revokeDialog(
  token: UsedToken,
  asked: { readonly byOwner: boolean; readonly metadata: string; readonly now: number },
): ModalView {
  return {
    type: 'modal',
    callback_id: REVOKE_DIALOG_ID,
    private_metadata: asked.metadata,
    title: plain(TITLE),
    submit: plain('Revoke'),
    close: plain('Keep it'),
    blocks: [
      question(token, asked.now),
      textInput({
        id: REASON_INPUT_ID,
        label: 'Reason',
        hint: 'Its history will show it.',
        optional: asked.byOwner,
        lengthMax: REASON_LENGTH_MAX,
      }),
    ],
  };
}

/** What the dialog turns into when the token is ended. */
export function revokedDialog(token: UsedToken): ModalView {
  return tellingDialog(TITLE, [
    saying(`${token.name} is revoked. Anything that uses it is refused from the next request on.`),
    smallPrint(`Date Revoked: ${dateTime(token.revokedAt ?? 0)}`),
  ]);
}

/** What the dialog turns into when there is nothing to do or it may not be done. */
export function notRevokedDialog(sentence: string): ModalView {
  return tellingDialog(TITLE, [saying(sentence)]);
}

function question(token: UsedToken, now: number): RichTextBlock {
  const use = token.lastUsedAt === null ? 'never used' : `last used ${agoOf(token.lastUsedAt, now)}`;
  return {
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: token.name },
          { type: 'text', text: ' of ' },
          { type: 'user', user_id: token.owner },
          {
            type: 'text',
            text: `, ${use}. Anything that uses it is refused from the next request on. This cannot be undone.`,
          },
        ],
      },
    ],
  };
}
