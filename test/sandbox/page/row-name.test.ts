import type { KnownBlock } from '@slack/types';
import { expect, test } from 'vitest';
import { rowName } from '../../../sandbox/page/row-name.ts';

const BLOCKS: KnownBlock[] = [
  { type: 'header', text: { type: 'plain_text', text: 'My API Tokens' } },
  { type: 'section', text: { type: 'plain_text', text: 'deploy-bot\nactive' } },
  { type: 'context', elements: [{ type: 'mrkdwn', text: 'small print' }] },
  { type: 'actions', elements: [] },
  { type: 'section', text: { type: 'mrkdwn', text: '*ci-runner* of <@U1|ann>' } },
  { type: 'section', text: { type: 'mrkdwn', text: '*ci-runner* · Never used' } },
];

test.for([
  ['its own first line', 1, 'deploy-bot'],
  ['the nearest text above', 3, 'deploy-bot'],
  ['a formatted text, without its marks', 4, 'ci-runner of @ann'],
  ['what stands before its facts', 5, 'ci-runner'],
  ['a header', 0, 'My API Tokens'],
] as const)('a menu is named by %s', ([, index, expected]) => {
  expect(rowName(BLOCKS, index)).toBe(expected);
});
