import { isDeepStrictEqual } from 'node:util';
import {
  both,
  type Check,
  flag,
  integer,
  lengthOf,
  list,
  type Problem,
  shape,
  string,
  typed,
  word,
} from './checks.ts';
import {
  ACCESSORY,
  ACTIONS_ELEMENT,
  anyText,
  CONTEXT_ELEMENT,
  INPUT_ELEMENT,
  imageFields,
  imageSource,
  plain,
} from './elements.ts';
import { BLOCK_SURFACES, LIMITS, type Surface } from './limits.ts';
import { RICH_TEXT_BLOCK } from './rich-text.ts';

type Json = { readonly [key: string]: unknown };

const block_id = string(LIMITS.blockId);

/** A section has a text, or fields, or both. */
const sectionHasText: Check = (value, pointer, found) => {
  if (isJson(value) && value.text === undefined && value.fields === undefined) {
    found.push({ message: 'missing required field: text', pointer });
  }
};

const cell = typed({
  raw_text: shape({ text: string(LIMITS.tableCharacters) }),
  raw_number: shape({ value: anyNumber, text: string(LIMITS.tableCharacters) }),
  rich_text: RICH_TEXT_BLOCK,
});

function anyNumber(value: unknown, pointer: string, found: Problem[]): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    found.push({ message: 'must provide a number', pointer });
  }
}

/** Every block the fake can draw, by `type`. One that is not here is refused as `unsupported type`. */
const BLOCKS: Readonly<Record<string, Check>> = {
  actions: shape({ elements: list(ACTIONS_ELEMENT, LIMITS.actionsElements) }, { block_id }),
  alert: shape(
    { text: anyText(LIMITS.sectionText) },
    { block_id, level: word('default', 'info', 'warning', 'error', 'success') },
  ),
  context: shape({ elements: list(CONTEXT_ELEMENT, LIMITS.contextElements) }, { block_id }),
  data_table: shape(
    {
      rows: list(list(cell, LIMITS.tableColumns), LIMITS.dataTableRows, 2),
      caption: string(LIMITS.sectionText),
    },
    {
      block_id,
      page_size: integer(1, LIMITS.tableRows),
      row_header_column_index: integer(0, LIMITS.tableColumns),
    },
  ),
  divider: shape({}, { block_id }),
  header: shape({ text: plain(LIMITS.header) }, { block_id }),
  image: shape(imageFields, { ...imageSource, block_id, title: plain(LIMITS.imageTitle) }),
  input: shape(
    { label: plain(LIMITS.inputLabel), element: INPUT_ELEMENT },
    { block_id, hint: plain(LIMITS.inputHint), optional: flag, dispatch_action: flag },
  ),
  markdown: shape({ text: string(LIMITS.markdownInSum) }, { block_id }),
  rich_text: RICH_TEXT_BLOCK,
  section: both(
    shape(
      {},
      {
        block_id,
        text: anyText(LIMITS.sectionText),
        fields: list(anyText(LIMITS.sectionField), LIMITS.sectionFields),
        accessory: ACCESSORY,
        expand: flag,
      },
    ),
    sectionHasText,
  ),
  table: shape(
    { rows: list(list(cell, LIMITS.tableColumns), LIMITS.tableRows) },
    {
      block_id,
      column_settings: list(
        shape({}, { align: word('left', 'center', 'right'), is_wrapped: flag }),
        LIMITS.tableColumns,
      ),
    },
  ),
};

const ANY_BLOCK = typed(BLOCKS);

const viewFields = {
  blocks: list(ANY_BLOCK, LIMITS.blocksInView, 0),
};
const viewOptions = {
  private_metadata: string(LIMITS.privateMetadata, { min: 0 }),
  callback_id: string(LIMITS.callbackId, { min: 0 }),
  external_id: string(LIMITS.externalId, { min: 0 }),
};
const VIEW = typed({
  modal: shape(
    { title: plain(LIMITS.viewTitle), ...viewFields },
    {
      ...viewOptions,
      submit: plain(LIMITS.viewButton),
      close: plain(LIMITS.viewButton),
      clear_on_close: flag,
      notify_on_close: flag,
    },
  ),
  home: shape(viewFields, viewOptions),
});

/** What Slack would say to the blocks of a message: nothing when they are fine. */
export function checkMessageBlocks(blocks: unknown): Problem[] {
  const found: Problem[] = [];
  list(ANY_BLOCK, LIMITS.blocksInMessage, 0)(blocks, '/blocks', found);
  if (Array.isArray(blocks)) checkTogether(blocks.filter(isJson), 'message', '/blocks', found);
  return found;
}

/** What Slack would say to a view: nothing when it is fine. */
export function checkView(view: unknown): Problem[] {
  const found: Problem[] = [];
  VIEW(view, '/view', found);
  if (!isJson(view) || !Array.isArray(view.blocks)) return found;
  const blocks = view.blocks.filter(isJson);
  const surface = view.type === 'home' ? 'home' : 'modal';
  checkTogether(blocks, surface, '/view/blocks', found);
  if (surface === 'modal' && view.submit === undefined && blocks.some((block) => block.type === 'input')) {
    found.push({ message: 'missing required field: submit', pointer: '/view' });
  }
  return found;
}

/** What of a block Slack draws: its texts, and what stands for a person, a channel, an emoji, a link or a date. */
const DRAWN_KEYS: ReadonlySet<string> = new Set(['text', 'fallback', 'user_id', 'channel_id', 'name', 'url']);

/**
 * How much text is in all blocks of a message together. Slack limits that for what is posted by `chat.*`, and counts more than the
 * properties that are called `text` (github.com/slackapi/bolt-js/issues/2867), it does not say what.
 */
export function drawnLength(blocks: unknown): number {
  let sum = 0;
  JSON.stringify(blocks, (key, value) => {
    if (typeof value === 'string' && DRAWN_KEYS.has(key)) sum += lengthOf(value);
    return value;
  });
  return sum;
}

/** Whether a message has more tables than Slack takes; Slack has a code of its own for that. */
export function hasTooManyTables(blocks: unknown): boolean {
  if (!Array.isArray(blocks)) return false;
  return blocks.filter((block) => isJson(block) && /^(data_)?table$/.test(String(block.type))).length > 1;
}

/**
 * Whether a table has cells of `raw_text`. By its documentation Slack takes them, and blocks.validate finds no fault; of real
 * posts some tell that it answered with a server error (github.com/soxtoby/SlackNet/issues/246, October 2025), others that it
 * took them (github.com/korotovsky/slack-mcp-server/issues/349, August 2026). An app must count on the worse.
 */
export function hasRawTextCells(blocks: unknown): boolean {
  if (!Array.isArray(blocks)) return false;
  return blocks.some((block) => isJson(block) && block.type === 'table' && hasRawText(block.rows));
}

function hasRawText(rows: unknown): boolean {
  if (!Array.isArray(rows)) return false;
  return rows.flat().some((cell: unknown) => isJson(cell) && cell.type === 'raw_text');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What can only be seen by looking at all blocks. */
function checkTogether(blocks: readonly Json[], surface: Surface, pointer: string, found: Problem[]): void {
  const blockIds = new Set<unknown>();
  let focused = 0;
  let markdown = 0;
  blocks.forEach((block, index) => {
    const here = `${pointer}/${index}`;
    checkSurface(block, surface, here, found);
    noteDuplicate(blockIds, block.block_id, `${here}/block_id`, found);
    if (block.type === 'markdown') markdown += lengthOf(String(block.text));
    if (charactersOfTable(block) > LIMITS.tableCharacters) {
      found.push({
        message: `must be less than ${LIMITS.tableCharacters + 1} characters`,
        pointer: `${here}/rows`,
      });
    }
    const actionIds = new Set<unknown>();
    for (const { element, path } of elementsIn(block)) {
      noteDuplicate(actionIds, element.action_id, `${here}${path}/action_id`, found);
      if (element.focus_on_load === true) focused += 1;
      checkElement(element, surface, `${here}${path}`, found);
    }
  });
  if (focused > 1) found.push({ message: 'only one element may have focus_on_load', pointer });
  if (markdown > LIMITS.markdownInSum) {
    found.push({ message: `must be less than ${LIMITS.markdownInSum + 1} characters`, pointer });
  }
}

function checkSurface(block: Json, surface: Surface, pointer: string, found: Problem[]): void {
  const type = String(block.type);
  const surfaces = Object.hasOwn(BLOCK_SURFACES, type) ? BLOCK_SURFACES[type] : undefined;
  if (surfaces !== undefined && !surfaces.includes(surface)) {
    found.push({ message: `unsupported type: ${type}`, pointer: `${pointer}/type` });
  }
}

function noteDuplicate(seen: Set<unknown>, id: unknown, pointer: string, found: Problem[]): void {
  if (id === undefined) return;
  if (seen.has(id)) found.push({ message: `must be unique: ${String(id)}`, pointer });
  seen.add(id);
}

function elementsIn(block: Json): { element: Json; path: string }[] {
  const found: { element: Json; path: string }[] = [];
  for (const name of ['element', 'accessory']) {
    const element = block[name];
    if (isJson(element)) found.push({ element, path: `/${name}` });
  }
  const elements = block.type === 'actions' ? block.elements : undefined;
  if (Array.isArray(elements)) {
    elements.forEach((element: unknown, index) => {
      if (isJson(element)) found.push({ element, path: `/elements/${index}` });
    });
  }
  return found;
}

/** What the properties of one element must be to each other. */
function checkElement(element: Json, surface: Surface, pointer: string, found: Problem[]): void {
  const type = String(element.type);
  if (/^(multi_)?static_select$/.test(type)) checkOptionLists(element, pointer, found);
  checkInitialOptions(element, pointer, found);
  const { min_length: min, max_length: max } = element;
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    found.push({ message: 'min_length must not be greater than max_length', pointer });
  }
  if (element.response_url_enabled === true && surface !== 'modal') {
    found.push({ message: 'invalid additional property: response_url_enabled', pointer });
  }
  if (element.type === 'image' && (element.image_url === undefined) === (element.slack_file === undefined)) {
    found.push({ message: 'missing required field: image_url', pointer });
  }
}

function checkOptionLists(element: Json, pointer: string, found: Problem[]): void {
  const hasOptions = element.options !== undefined;
  const hasGroups = element.option_groups !== undefined;
  if (hasOptions === hasGroups) found.push({ message: 'missing required field: options', pointer });
}

function checkInitialOptions(element: Json, pointer: string, found: Problem[]): void {
  const groups: unknown = element.option_groups;
  const offered: unknown[] = [
    ...(Array.isArray(element.options) ? element.options : []),
    ...(Array.isArray(groups) ? groups.flatMap((group) => (isJson(group) ? group.options : [])) : []),
  ];
  if (/external/.test(String(element.type))) return;
  const several: unknown = element.initial_options;
  const chosen: unknown[] = [
    ...(element.initial_option === undefined ? [] : [element.initial_option]),
    ...(Array.isArray(several) ? several : []),
  ];
  for (const option of chosen) {
    if (!offered.some((one) => isDeepStrictEqual(one, option))) {
      found.push({ message: 'initial option is not among the options', pointer });
    }
  }
}

function charactersOfTable(block: Json): number {
  if (block.type !== 'table' && block.type !== 'data_table') return 0;
  let sum = 0;
  JSON.stringify(block.rows, (key, value) => {
    if (key === 'text' && typeof value === 'string') sum += lengthOf(value);
    return value;
  });
  return sum;
}
