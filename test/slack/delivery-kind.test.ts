import { expect, test } from 'vitest';
import { kindOfDelivery } from '../../src/slack/deliveries/intake.ts';

test.for([
  ['a command', { command: '/apitoken', token: 'x' }, 'command'],
  ['a press', { type: 'block_actions' }, 'action'],
  ['a submission', { type: 'view_submission' }, 'submission'],
  ['a global shortcut', { type: 'shortcut' }, 'shortcut'],
  ['a message shortcut', { type: 'message_action' }, 'shortcut'],
  ['a search', { type: 'block_suggestion' }, 'search'],
  ['an event', { type: 'event_callback' }, 'event'],
  ['what Slack may think of one day', { type: 'a new kind' }, 'other'],
  ['what has no kind', {}, 'other'],
] as const)('%s is counted as such', ([, body, kind]) => {
  expect(kindOfDelivery(body)).toBe(kind);
});
