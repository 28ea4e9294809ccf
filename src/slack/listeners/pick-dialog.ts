import type { ExternalSelect, ModalView, PlainTextOption, StaticSelect } from '@slack/types';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import { PICK_DIALOG_ID, PICK_TOKEN_ID } from '../blocks/ids.ts';
import { cut, plain } from '../blocks/text.ts';

const OPTION_LENGTH_MAX = 75;

/** What a token is picked for. */
export type PickVerb = 'info' | 'revoke' | 'rotate' | 'history';

const TITLES: Readonly<Record<PickVerb, string>> = {
  info: 'API Token',
  revoke: 'Revoke API Token',
  rotate: 'Rotate API Token',
  history: 'History',
};

/** The dialog in which a person picks one of their tokens. `tokens` undefined: too many to offer, they type to search. */
export function pickDialog(verb: PickVerb, tokens: readonly UsedToken[] | undefined, now: number): ModalView {
  return {
    type: 'modal',
    callback_id: PICK_DIALOG_ID,
    private_metadata: verb,
    title: plain(TITLES[verb]),
    submit: plain('Continue'),
    close: plain('Cancel'),
    blocks: [
      {
        type: 'input',
        block_id: PICK_TOKEN_ID,
        label: plain('Token'),
        element: tokens === undefined ? searchSelect() : offeredSelect(tokens, now),
      },
    ],
  };
}

/** The title of the dialog. */
export function pickTitle(verb: PickVerb): string {
  return TITLES[verb];
}

/** The verb in a dialog's metadata; undefined when it is none of ours. */
export function parsePickVerb(text: string): PickVerb | undefined {
  return (['info', 'revoke', 'rotate', 'history'] as const).find((verb) => verb === text);
}

/** Tokens as options to pick from. */
export function tokenOptions(tokens: readonly UsedToken[], now: number): PlainTextOption[] {
  return tokens.map((token) => {
    const status = statusOf(token, now);
    const ending = status === 'active' ? '' : ` (${status})`;
    return { text: plain(`${cut(token.name, OPTION_LENGTH_MAX - ending.length)}${ending}`), value: token.id };
  });
}

function offeredSelect(tokens: readonly UsedToken[], now: number): StaticSelect {
  return {
    type: 'static_select',
    action_id: PICK_TOKEN_ID,
    placeholder: plain('Choose a token'),
    options: tokenOptions(tokens, now),
  };
}

function searchSelect(): ExternalSelect {
  return {
    type: 'external_select',
    action_id: PICK_TOKEN_ID,
    placeholder: plain('Type part of its name'),
    min_query_length: 1,
  };
}
