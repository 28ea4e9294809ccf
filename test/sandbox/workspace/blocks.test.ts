import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMessageBlocks, checkView } from '../../../sandbox/workspace/blocks.ts';

type Json = { [key: string]: unknown };

const x = (length: number): string => 'x'.repeat(length);
const times = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_none, index) => make(index));
const plain = (text: string): Json => ({ type: 'plain_text', text });
const mrkdwn = (text: string): Json => ({ type: 'mrkdwn', text });
const section = (text: string): Json => ({ type: 'section', text: mrkdwn(text) });
const option = (text: string, value = text): Json => ({ text: plain(text), value });
const options = (n: number): Json[] => times(n, (index) => option(`Option ${index}`, `${index}`));
const button = (more: Json = {}): Json => ({
  type: 'button',
  action_id: 'press',
  text: plain('Press'),
  ...more,
});
const actions = (...elements: Json[]): Json => ({ type: 'actions', elements });
const select = (more: Json = {}): Json => ({
  type: 'static_select',
  action_id: 'choose',
  options: options(2),
  ...more,
});
const input = (more: Json = {}, element: Json = { type: 'plain_text_input', action_id: 'type' }): Json => ({
  type: 'input',
  label: plain('Name'),
  element,
  ...more,
});
const confirm = (more: Json): Json =>
  button({
    confirm: {
      title: plain('Sure?'),
      text: mrkdwn('Really'),
      confirm: plain('Yes'),
      deny: plain('No'),
      ...more,
    },
  });
const richText = (...elements: Json[]): Json => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});
const table = (rows: Json[][], more: Json = {}): Json => ({ type: 'table', rows, ...more });
const cell = (text: string): Json => ({ type: 'raw_text', text });
const modal = (blocks: Json[], more: Json = {}): Json => ({
  type: 'modal',
  title: plain('Title'),
  submit: plain('Go'),
  blocks,
  ...more,
});
const home = (blocks: Json[], more: Json = {}): Json => ({ type: 'home', blocks, ...more });

/** What is wrong, in one line a problem; blocks of a message unless it is a view. */
function wrong(thing: Json | Json[]): string[] {
  const problems = Array.isArray(thing) ? checkMessageBlocks(thing) : checkView(thing);
  return problems.map(({ message, pointer }) => `${message} ${pointer}`);
}

/** What, how much Slack takes, and a thing of that size. */
const LIMITS: [string, number, (size: number) => Json | Json[]][] = [
  ['blocks in a message', 50, (n) => times(n, () => ({ type: 'divider' }))],
  ['blocks in a modal', 100, (n) => modal(times(n, () => ({ type: 'divider' })))],
  ['blocks in a Home tab', 100, (n) => home(times(n, () => ({ type: 'divider' })))],
  ['characters of a section', 3000, (n) => [section(x(n))]],
  ['fields of a section', 10, (n) => [{ type: 'section', fields: times(n, () => mrkdwn('x')) }]],
  ['characters of a field', 2000, (n) => [{ type: 'section', fields: [mrkdwn(x(n))] }]],
  ['characters of a header', 150, (n) => [{ type: 'header', text: plain(x(n)) }]],
  ['elements of a context', 10, (n) => [{ type: 'context', elements: times(n, () => mrkdwn('x')) }]],
  ['elements of actions', 25, (n) => [actions(...times(n, (index) => button({ action_id: `${index}` })))]],
  ['characters of a button', 75, (n) => [actions(button({ text: plain(x(n)) }))]],
  ['characters of a value', 2000, (n) => [actions(button({ value: x(n) }))]],
  ['characters of a link', 3000, (n) => [actions(button({ url: `https://e.x/${x(n - 12)}` }))]],
  ['characters of an option', 75, (n) => [actions(select({ options: [option(x(n), 'v')] }))]],
  ['characters of an option value', 150, (n) => [actions(select({ options: [option('o', x(n))] }))]],
  ['options of a select', 100, (n) => [actions(select({ options: options(n) }))]],
  [
    'options of checkboxes',
    10,
    (n) => [actions({ type: 'checkboxes', action_id: 'c', options: options(n) })],
  ],
  [
    'options of radio buttons',
    10,
    (n) => [actions({ type: 'radio_buttons', action_id: 'r', options: options(n) })],
  ],
  [
    'options of an overflow menu',
    5,
    (n) => [actions({ type: 'overflow', action_id: 'o', options: options(n) })],
  ],
  ['characters of a confirmation title', 100, (n) => [actions(confirm({ title: plain(x(n)) }))]],
  ['characters of a confirmation text', 300, (n) => [actions(confirm({ text: mrkdwn(x(n)) }))]],
  ['characters of a confirmation button', 30, (n) => [actions(confirm({ confirm: plain(x(n)) }))]],
  ['characters of a denial button', 30, (n) => [actions(confirm({ deny: plain(x(n)) }))]],
  ['characters of a placeholder', 150, (n) => [actions(select({ placeholder: plain(x(n)) }))]],
  ['characters of a label', 2000, (n) => modal([input({ label: plain(x(n)) })])],
  ['characters of a hint', 2000, (n) => modal([input({ hint: plain(x(n)) })])],
  ['characters of a block id', 255, (n) => [{ type: 'divider', block_id: x(n) }]],
  ['characters of an action id', 255, (n) => [actions(button({ action_id: x(n) }))]],
  ['characters of a modal title', 24, (n) => modal([], { title: plain(x(n)) })],
  ['characters of a submit button', 24, (n) => modal([], { submit: plain(x(n)) })],
  ['characters of a close button', 24, (n) => modal([], { close: plain(x(n)) })],
  ['characters of private metadata', 3000, (n) => modal([], { private_metadata: x(n) })],
  ['characters of a callback id', 255, (n) => modal([], { callback_id: x(n) })],
  [
    'characters of markdown, in sum',
    12_000,
    (n) => [
      { type: 'markdown', text: x(6000) },
      { type: 'markdown', text: x(n - 6000) },
    ],
  ],
  ['rows of a table', 100, (n) => [table(times(n, () => [cell('x')]))]],
  ['columns of a table', 20, (n) => [table([times(n, () => cell('x'))])]],
  ['characters of a table', 10_000, (n) => [table([[cell(x(5000)), cell(x(n - 5000))]])]],
];

describe('limits', () => {
  test.for(LIMITS)('%s: %i are taken, one more is refused', ([, max, make]) => {
    expect(wrong(make(max))).toEqual([]);
    expect(wrong(make(max + 1)).length).toBeGreaterThan(0);
  });

  test('lengths count code points, not UTF-16 units', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 160 }), (text) => {
        expect(wrong([{ type: 'header', text: plain(text) }])).toHaveLength([...text].length > 150 ? 1 : 0);
      }),
    );
  });

  test('the words are Slack’s, with a JSON pointer', () => {
    expect(wrong(modal([], { title: plain(x(25)) }))).toEqual([
      'must be less than 25 characters /view/title/text',
    ]);
    expect(wrong([section('')])).toEqual(['must be more than 0 characters /blocks/0/text/text']);
    expect(wrong(times(51, () => ({ type: 'divider' })))).toEqual(['no more than 50 items allowed /blocks']);
  });
});

describe('what is refused', () => {
  test.for<[string, Json | Json[], string]>([
    ['an unknown block', [{ type: 'poem' }], 'unsupported type: poem /blocks/0/type'],
    ['a block without a type', [{ text: plain('x') }], 'missing required field: type /blocks/0'],
    ['an unknown element', [actions({ type: 'lever' })], 'unsupported type: lever /blocks/0/elements/0/type'],
    [
      'an unknown property of a block',
      [{ ...section('x'), colour: 'red' }],
      'invalid additional property: colour /blocks/0',
    ],
    [
      'an unknown property of a button',
      [actions(button({ size: 1 }))],
      'invalid additional property: size /blocks/0/elements/0',
    ],
    [
      'an unknown property of a text',
      [{ type: 'section', text: { ...mrkdwn('x'), emoji: true } }],
      'invalid additional property: emoji /blocks/0/text',
    ],
    [
      'an unknown property of a view',
      modal([], { colour: 'red' }),
      'invalid additional property: colour /view',
    ],
    [
      'a property named as one of Object',
      [{ type: 'divider', constructor: 'x' }],
      'invalid additional property: constructor /blocks/0',
    ],
    [
      'mrkdwn in a header',
      [{ type: 'header', text: mrkdwn('x') }],
      'unsupported type: mrkdwn /blocks/0/text/type',
    ],
    [
      'mrkdwn on a button',
      [actions(button({ text: mrkdwn('x') }))],
      'unsupported type: mrkdwn /blocks/0/elements/0/text/type',
    ],
    [
      'mrkdwn in a modal title',
      modal([], { title: mrkdwn('x') }),
      'unsupported type: mrkdwn /view/title/type',
    ],
    ['an empty section', [{ type: 'section' }], 'missing required field: text /blocks/0'],
    ['empty actions', [actions()], 'no fewer than 1 items allowed /blocks/0/elements'],
    [
      'an overflow menu without options',
      [actions({ type: 'overflow', action_id: 'o', options: [] })],
      'no fewer than 1 items allowed /blocks/0/elements/0/options',
    ],
    [
      'a select without options',
      [actions({ type: 'static_select', action_id: 's' })],
      'missing required field: options /blocks/0/elements/0',
    ],
    [
      'a field outside an input block',
      [actions({ type: 'plain_text_input', action_id: 't' })],
      'unsupported type: plain_text_input /blocks/0/elements/0/type',
    ],
    [
      'a button in an input block',
      modal([input({}, button())]),
      'unsupported type: button /view/blocks/0/element/type',
    ],
    [
      'a style that does not exist',
      [actions(button({ style: 'default' }))],
      'must be a valid enum value: primary, danger /blocks/0/elements/0/style',
    ],
    [
      'a date that is none',
      [actions({ type: 'datepicker', action_id: 'd', initial_date: '2026-13-01' })],
      'failed to match pattern: ^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$ /blocks/0/elements/0/initial_date',
    ],
    [
      'a confirmation without a denial',
      [actions(confirm({ deny: undefined }))],
      'missing required field: deny /blocks/0/elements/0/confirm',
    ],
    [
      'the same block id twice',
      [
        { ...section('x'), block_id: 'a' },
        { ...section('y'), block_id: 'a' },
      ],
      'must be unique: a /blocks/1/block_id',
    ],
    [
      'the same action id twice in a block',
      [actions(button(), button())],
      'must be unique: press /blocks/0/elements/1/action_id',
    ],
    [
      'an initial option that is not offered',
      [actions(select({ initial_option: option('Other', '9') }))],
      'initial option is not among the options /blocks/0/elements/0',
    ],
    [
      'inputs without a submit button',
      modal([input()], { submit: undefined }),
      'missing required field: submit /view',
    ],
    [
      'a submit button on a Home tab',
      home([], { submit: plain('Go') }),
      'invalid additional property: submit /view',
    ],
    ['a table in a modal', modal([table([[cell('x')]])]), 'unsupported type: table /view/blocks/0/type'],
    [
      'markdown on a Home tab',
      home([{ type: 'markdown', text: 'x' }]),
      'unsupported type: markdown /view/blocks/0/type',
    ],
    [
      'an alert in a message',
      [{ type: 'alert', text: mrkdwn('x') }],
      'unsupported type: alert /blocks/0/type',
    ],
    ['an empty cell', [table([[cell('')]])], 'must be more than 0 characters /blocks/0/rows/0/0/text'],
    ['mrkdwn in a cell', [table([[mrkdwn('x')]])], 'unsupported type: mrkdwn /blocks/0/rows/0/0/type'],
    [
      'an empty text in rich text',
      [richText({ type: 'text', text: '' })],
      'must be more than 0 characters /blocks/0/elements/0/elements/0/text',
    ],
    [
      'a user element without its id',
      [richText({ type: 'user' })],
      'missing required field: user_id /blocks/0/elements/0/elements/0',
    ],
    [
      'a response_url outside a modal',
      [actions({ type: 'conversations_select', action_id: 'c', response_url_enabled: true })],
      'invalid additional property: response_url_enabled /blocks/0/elements/0',
    ],
    [
      'blocks that are no list',
      { type: 'modal', title: plain('x'), blocks: {} },
      'must provide an array /view/blocks',
    ],
  ])('%s', ([, thing, problem]) => {
    expect(wrong(thing)).toEqual([problem]);
  });

  test('two fields with focus_on_load', () => {
    const focused = (id: string): Json =>
      input({ block_id: id }, { type: 'plain_text_input', action_id: id, focus_on_load: true });

    expect(wrong(modal([focused('a')]))).toEqual([]);
    expect(wrong(modal([focused('a'), focused('b')]))).toEqual([
      'only one element may have focus_on_load /view/blocks',
    ]);
  });
});

describe('what is taken', () => {
  test.for<[string, Json | Json[]]>([
    ['the same action id in two blocks', [actions(button()), actions(button())]],
    [
      'a section with a menu',
      [{ ...section('x'), accessory: { type: 'overflow', action_id: 'o', options: options(5) } }],
    ],
    ['an initial option that is offered', [actions(select({ initial_option: option('Option 1', '1') }))]],
    [
      'an initial option of a group',
      [
        actions({
          type: 'static_select',
          action_id: 's',
          option_groups: [{ label: plain('G'), options: options(2) }],
          initial_option: option('Option 0', '0'),
        }),
      ],
    ],
    [
      'checkboxes with mrkdwn and descriptions',
      modal([
        input(
          {},
          {
            type: 'checkboxes',
            action_id: 'c',
            options: [{ text: mrkdwn('*a*'), description: mrkdwn('b'), value: 'v' }],
          },
        ),
      ]),
    ],
    [
      'a person picker',
      modal([
        input({ optional: true }, { type: 'users_select', action_id: 'u', initial_user: 'U0BOB000001' }),
      ]),
    ],
    [
      'a conversation picker with a response_url',
      modal([
        input(
          {},
          {
            type: 'conversations_select',
            action_id: 'c',
            default_to_current_conversation: true,
            response_url_enabled: true,
          },
        ),
      ]),
    ],
    [
      'a table with people and dates',
      [
        table(
          [
            [
              cell('Name'),
              { type: 'raw_number', value: 3, text: '3' },
              richText(
                { type: 'user', user_id: 'U1' },
                { type: 'date', timestamp: 1, format: '{date_short}', fallback: 'x' },
              ),
            ],
          ],
          { column_settings: [{ align: 'right' }, { is_wrapped: true }] },
        ),
      ],
    ],
    [
      'rich text of every kind',
      [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: 'x', style: { bold: true } },
                { type: 'link', url: 'https://e.x' },
                { type: 'emoji', name: 'wave' },
                { type: 'usergroup', usergroup_id: 'S1' },
                { type: 'channel', channel_id: 'C1' },
                { type: 'broadcast', range: 'here' },
              ],
            },
            {
              type: 'rich_text_list',
              style: 'bullet',
              indent: 0,
              elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'x' }] }],
            },
            { type: 'rich_text_preformatted', border: 0, elements: [{ type: 'text', text: 'apit_…' }] },
            { type: 'rich_text_quote', elements: [{ type: 'text', text: 'x' }] },
          ],
        },
      ],
    ],
    ['undefined as if it were not there', [actions(button({ value: undefined }))]],
    ['an empty Home tab', home([])],
  ])('%s', ([, thing]) => {
    expect(wrong(thing)).toEqual([]);
  });
});
