/**
 * The numbers of Block Kit, as last read on 2026-11-24. Lengths are counted in code points (`mb_strlen` in
 * slackhq/hack-json-schema). Sources: `py` = slackapi/python-slack-sdk models/{blocks,views}; `docs` = docs.slack.dev/reference
 * (the page of that block, element or object); `skill` = slackapi/slack-skills-plugin, block-kit skill.
 */
export const LIMITS = {
  blocksInMessage: 50, // docs: block-kit
  blocksInView: 100, // docs: block-kit
  blockId: 255, // py
  actionId: 255, // py
  sectionText: 3000, // py
  sectionFields: 10, // py
  sectionField: 2000, // py
  header: 150, // py
  contextElements: 10, // py
  contextText: 3000, // docs: text object
  actionsElements: 25, // py
  inputLabel: 2000, // py
  inputHint: 2000, // py
  buttonText: 75, // py
  buttonValue: 2000, // py
  buttonUrl: 3000, // py
  accessibilityLabel: 75, // py
  optionText: 75, // py
  optionValue: 150, // docs: option object
  optionDescription: 75, // py
  options: 100, // py
  optionGroups: 100, // py
  optionGroupLabel: 75, // py
  choices: 10, // docs: checkboxes, radio buttons
  overflowMin: 1, // docs: overflow-menu-element
  overflow: 5, // docs: overflow-menu-element
  placeholder: 150, // py
  textInput: 3000, // docs: plain-text input
  confirmTitle: 100, // py
  confirmText: 300, // py
  confirmButton: 30, // py
  imageUrl: 3000, // py
  imageAltText: 2000, // py
  imageTitle: 2000, // py
  markdownInSum: 12_000, // docs: markdown block
  tableRows: 100, // docs: table-block
  tableColumns: 20, // docs: table-block
  tableCharacters: 10_000, // skill
  dataTableRows: 101, // docs: data-table block
  viewTitle: 24, // docs: modal-views
  viewButton: 24, // docs: modal-views
  privateMetadata: 3000, // docs: modal-views
  callbackId: 255, // docs: modal-views
  externalId: 255, // docs: modal-views
  viewBytes: 250_000, // docs: views.open, view_too_large
  attachments: 100, // docs: chat.postMessage, too_many_attachments
  messageText: 40_000, // docs: chat.postMessage, msg_too_long
  messageBlocksText: 12_000, // msg_blocks_too_long: "12,000 text characters", github.com/slackapi/bolt-js/issues/2509 and 2867
  updatedTextBytes: 4000, // docs: chat.update, "4,000 characters"; measured: bytes of UTF-8
} as const;

/** The kinds of place that blocks are drawn in. */
export type Surface = 'message' | 'modal' | 'home';

/** Where a block may stand. Source: docs.slack.dev/blocks.json, through tightknit's check-surface-compatibility.ts. */
export const BLOCK_SURFACES: Readonly<Record<string, readonly Surface[]>> = {
  actions: ['message', 'modal', 'home'],
  alert: ['modal', 'home'],
  context: ['message', 'modal', 'home'],
  context_actions: ['message'],
  data_table: ['message'],
  divider: ['message', 'modal', 'home'],
  header: ['message', 'modal', 'home'],
  image: ['message', 'modal', 'home'],
  input: ['message', 'modal', 'home'],
  markdown: ['message'],
  rich_text: ['message', 'modal', 'home'],
  section: ['message', 'modal', 'home'],
  table: ['message'],
};
