import {
  CREATE_DIALOG_ID,
  PICK_DIALOG_ID,
  PICK_PERSON_DIALOG_ID,
  REVOKE_DIALOG_ID,
  ROTATE_DIALOG_ID,
  SEVERAL_DIALOG_ID,
} from '../../blocks/ids.ts';
import type { SubmissionListener } from '../../listener.ts';
import { onCreateSubmitted } from './create-submitted.ts';
import { onPersonPicked } from './person-picked.ts';
import { onPickSubmitted } from './pick-submitted.ts';
import { onRevokeSubmitted } from './revoke-submitted.ts';
import { onRotateSubmitted } from './rotate-submitted.ts';
import { onSeveralSubmitted } from './several-submitted.ts';

/** Every `callback_id` that the app draws, with what answers it. */
export const SUBMISSIONS: ReadonlyMap<string, SubmissionListener> = new Map([
  [CREATE_DIALOG_ID, onCreateSubmitted],
  [REVOKE_DIALOG_ID, onRevokeSubmitted],
  [ROTATE_DIALOG_ID, onRotateSubmitted],
  [PICK_DIALOG_ID, onPickSubmitted],
  [SEVERAL_DIALOG_ID, onSeveralSubmitted],
  [PICK_PERSON_DIALOG_ID, onPersonPicked],
]);
