import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { escaped, mrkdwn, plain } from './text.ts';

/** A dialog that only tells something. */
export function tellingDialog(title: string, blocks: KnownBlock[]): ModalView {
  return { type: 'modal', title: plain(title), close: plain('Close'), blocks };
}

/** The way to the person's conversation with the app, where one is known. */
export function conversationLink(dmLink: string | undefined): KnownBlock[] {
  if (dmLink === undefined) return [];
  return [{ type: 'section', text: mrkdwn(`<${escaped(dmLink)}|Open the conversation>`) }];
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
