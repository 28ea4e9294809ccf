import { CREATE_DIALOG_ID, REVOKE_DIALOG_ID } from '../../blocks/ids.ts';
import type { SubmissionListener } from '../../listener.ts';
import { onCreateSubmitted } from './create-submitted.ts';
import { onRevokeSubmitted } from './revoke-submitted.ts';

/** Every `callback_id` that the app draws, with what answers it. */
export const SUBMISSIONS: ReadonlyMap<string, SubmissionListener> = new Map([
  [CREATE_DIALOG_ID, onCreateSubmitted],
  [REVOKE_DIALOG_ID, onRevokeSubmitted],
]);
