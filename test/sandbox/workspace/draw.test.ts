import type { KnownBlock } from '@slack/types';
import { expect, test } from 'vitest';
import { readBlocks, readMrkdwn, rowText } from '../../../sandbox/workspace/draw.ts';

const names = (id: string): string => ({ U1: '@bob', C1: '#general', S1: '@oncall' })[id] ?? id;

test.for([
  ['*deploy-bot* is _ready_', 'deploy-bot is ready'],
  ['deploy_bot_2 and 2*3*4', 'deploy_bot_2 and 2*3*4'],
  ['`*kept*` and ```_kept_```', '*kept* and _kept_'],
  ['<@U1> in <#C1> for <!subteam^S1>', '@bob in #general for @oncall'],
  ['<https://e.x/?a&amp;b|here>, <https://e.x>', 'here, https://e.x'],
  ['<!date^1800000000^{date_short}|Jan 15, 2027>', 'Jan 15, 2027'],
  ['&lt;b&gt; &amp;amp;', '<b> &amp;'],
] as const)('%s reads %s', ([mrkdwn, text]) => {
  expect(readMrkdwn(mrkdwn, names)).toBe(text);
});

test('plain text keeps its asterisks', () => {
  expect(readBlocks([{ type: 'header', text: { type: 'plain_text', text: '*x*' } }], names)).toBe('*x*');
});

test('a table reads row by row, with the names of people', () => {
  const person: KnownBlock & { type: 'rich_text' } = {
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: [{ type: 'user', user_id: 'U1' }] }],
  };
  const table: KnownBlock = { type: 'table', rows: [[{ type: 'raw_text', text: 'deploy-bot' }, person]] };

  expect(readBlocks([table], names)).toBe('deploy-bot | @bob');
});

test('a row of buttons belongs to what stands before it', () => {
  const said = (text: string): KnownBlock => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const buttons: KnownBlock = { type: 'actions', elements: [] };
  const blocks: KnownBlock[] = [said('one'), { type: 'divider' }, said('two'), said('active'), buttons];

  expect(rowText(blocks, buttons, names)).toBe('two\nactive\n');
});
