import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { plain } from './text.ts';

/** A dialog that only tells something. */
export function tellingDialog(title: string, blocks: KnownBlock[]): ModalView {
  return { type: 'modal', title: plain(title), close: plain('Close'), blocks };
}

/** A one-line text field. `block_id` and `action_id` are the same, so that one name finds its error and its value. */
export function textInput(field: {
  id: string;
  label: string;
  hint?: string;
  placeholder?: string;
  initial?: string | undefined;
  optional: boolean;
  lengthMax?: number;
}): InputBlock {
  return {
    type: 'input',
    block_id: field.id,
    label: plain(field.label),
    optional: field.optional,
    element: {
      type: 'plain_text_input',
      action_id: field.id,
      ...(field.placeholder === undefined ? {} : { placeholder: plain(field.placeholder) }),
      ...(field.initial ? { initial_value: field.initial } : {}),
      ...(field.lengthMax === undefined ? {} : { max_length: field.lengthMax }),
    },
    ...(field.hint === undefined ? {} : { hint: plain(field.hint) }),
  };
}
