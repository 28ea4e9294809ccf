import type { ModalView } from '@slack/types';
import { PICK_PERSON_DIALOG_ID, PICK_PERSON_ID } from './ids.ts';
import { REVOKE_TITLE } from './revoke-dialog.ts';
import { plain } from './text.ts';

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
