import { type Check, flag, integer, list, pick, shape, string, typed, word } from './checks.ts';
import { LIMITS } from './limits.ts';

type Fields = Readonly<Record<string, Check>>;

/** A `plain_text` object of at most `max` characters. */
export function plain(max: number): Check {
  return typed({ plain_text: shape({ text: string(max) }, { emoji: flag }) });
}

/** A `plain_text` or `mrkdwn` object of at most `max` characters. */
export function anyText(max: number): Check {
  return typed({
    plain_text: shape({ text: string(max) }, { emoji: flag }),
    mrkdwn: shape({ text: string(max) }, { verbatim: flag }),
  });
}

const HTTP_URL = /^(https?|mailto|slack):/i;

/** A link of at most 3,000 characters. */
export const url = string(LIMITS.buttonUrl, { pattern: HTTP_URL });

const confirm = shape(
  {
    title: plain(LIMITS.confirmTitle),
    text: anyText(LIMITS.confirmText),
    confirm: plain(LIMITS.confirmButton),
    deny: plain(LIMITS.confirmButton),
  },
  { style: word('primary', 'danger') },
);

function option(text: Check, more: Fields = {}): Check {
  return shape(
    { text, value: string(LIMITS.optionValue) },
    { description: plain(LIMITS.optionDescription), ...more },
  );
}

const plainOption = option(plain(LIMITS.optionText));
const choice = shape(
  { text: anyText(LIMITS.optionText), value: string(LIMITS.optionValue) },
  { description: anyText(LIMITS.optionDescription) },
);
const optionGroup = shape({
  label: plain(LIMITS.optionGroupLabel),
  options: list(plainOption, LIMITS.options),
});

/** An element with an `action_id`; `more` are its optional properties. */
function actionable(required: Fields, more: Fields = {}): Check {
  return shape(required, { action_id: string(LIMITS.actionId), ...more });
}

const confirmable: Fields = { confirm };
const field: Fields = { confirm, focus_on_load: flag, placeholder: plain(LIMITS.placeholder) };
const several: Fields = { max_selected_items: integer(1, LIMITS.options) };
const dispatching: Fields = {
  placeholder: plain(LIMITS.placeholder),
  focus_on_load: flag,
  dispatch_action_config: shape(
    {},
    { trigger_actions_on: list(word('on_enter_pressed', 'on_character_entered'), 2) },
  ),
};
const optionLists: Fields = {
  options: list(plainOption, LIMITS.options),
  option_groups: list(optionGroup, LIMITS.optionGroups),
};
const conversations: Fields = {
  default_to_current_conversation: flag,
  filter: shape(
    {},
    {
      include: list(word('im', 'mpim', 'private', 'public'), 4),
      exclude_external_shared_channels: flag,
      exclude_bot_users: flag,
    },
  ),
};
const id = string(LIMITS.actionId);
const date = string(10, { pattern: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/ });
const time = string(5, { pattern: /^([01]\d|2[0-3]):[0-5]\d$/ });

/** An image, as an element or as the body of an image block. */
export const imageFields: Fields = { alt_text: string(LIMITS.imageAltText) };
/** Where an image comes from. */
export const imageSource: Fields = {
  image_url: string(LIMITS.imageUrl, { pattern: /^https?:/i }),
  slack_file: shape({}, { id: string(255), url }),
};

/** Every element the fake can draw, by `type`. One that is not here is refused as `unsupported type`. */
const ELEMENTS: Fields = {
  button: actionable(
    { text: plain(LIMITS.buttonText) },
    {
      ...confirmable,
      url,
      value: string(LIMITS.buttonValue),
      style: word('primary', 'danger'),
      accessibility_label: string(LIMITS.accessibilityLabel),
    },
  ),
  checkboxes: actionable(
    { options: list(choice, LIMITS.choices) },
    { ...confirmable, focus_on_load: flag, initial_options: list(choice, LIMITS.choices) },
  ),
  radio_buttons: actionable(
    { options: list(choice, LIMITS.choices) },
    { ...confirmable, focus_on_load: flag, initial_option: choice },
  ),
  overflow: actionable(
    { options: list(option(plain(LIMITS.optionText), { url }), LIMITS.overflow, LIMITS.overflowMin) },
    confirmable,
  ),
  static_select: actionable({}, { ...field, ...optionLists, initial_option: plainOption }),
  multi_static_select: actionable(
    {},
    { ...field, ...optionLists, ...several, initial_options: list(plainOption, LIMITS.options) },
  ),
  external_select: actionable(
    {},
    { ...field, initial_option: plainOption, min_query_length: integer(0, 255) },
  ),
  multi_external_select: actionable(
    {},
    {
      ...field,
      ...several,
      initial_options: list(plainOption, LIMITS.options),
      min_query_length: integer(0, 255),
    },
  ),
  users_select: actionable({}, { ...field, initial_user: id }),
  multi_users_select: actionable({}, { ...field, ...several, initial_users: list(id, LIMITS.options) }),
  conversations_select: actionable(
    {},
    { ...field, ...conversations, initial_conversation: id, response_url_enabled: flag },
  ),
  multi_conversations_select: actionable(
    {},
    { ...field, ...several, ...conversations, initial_conversations: list(id, LIMITS.options) },
  ),
  channels_select: actionable({}, { ...field, initial_channel: id, response_url_enabled: flag }),
  multi_channels_select: actionable({}, { ...field, ...several, initial_channels: list(id, LIMITS.options) }),
  datepicker: actionable({}, { ...field, initial_date: date }),
  timepicker: actionable({}, { ...field, initial_time: time, timezone: string(255) }),
  plain_text_input: actionable(
    {},
    {
      ...dispatching,
      initial_value: string(LIMITS.textInput),
      multiline: flag,
      min_length: integer(0, LIMITS.textInput),
      max_length: integer(1, LIMITS.textInput),
    },
  ),
  email_text_input: actionable({}, { ...dispatching, initial_value: string(LIMITS.textInput) }),
  url_text_input: actionable({}, { ...dispatching, initial_value: string(LIMITS.textInput) }),
  number_input: actionable(
    { is_decimal_allowed: flag },
    { ...dispatching, initial_value: string(255), min_value: string(255), max_value: string(255) },
  ),
  image: shape(imageFields, imageSource),
};

const CHOOSERS = [
  'checkboxes',
  'radio_buttons',
  'static_select',
  'multi_static_select',
  'external_select',
  'multi_external_select',
  'users_select',
  'multi_users_select',
  'conversations_select',
  'multi_conversations_select',
  'channels_select',
  'multi_channels_select',
  'datepicker',
  'timepicker',
] as const;

/** What may stand in an actions block. */
export const ACTIONS_ELEMENT = typed(pick(ELEMENTS, 'button', 'overflow', ...CHOOSERS));
/** What may stand beside a section. */
export const ACCESSORY = typed(pick(ELEMENTS, 'button', 'overflow', 'image', ...CHOOSERS));
/** What may stand in an input block. */
export const INPUT_ELEMENT = typed(
  pick(ELEMENTS, 'plain_text_input', 'email_text_input', 'url_text_input', 'number_input', ...CHOOSERS),
);
/** What may stand in a context block. */
export const CONTEXT_ELEMENT = typed({
  image: shape(imageFields, imageSource),
  plain_text: shape({ text: string(LIMITS.contextText) }, { emoji: flag }),
  mrkdwn: shape({ text: string(LIMITS.contextText) }, { verbatim: flag }),
});
