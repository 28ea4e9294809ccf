import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { createOpenings } from '../../src/slack/look/opened-from.ts';
import { aClock } from './flows.ts';

const FROM = {
  kind: 'list',
  responseUrl: 'https://hooks.slack.com/actions/1',
  channel: 'C1',
  channelName: 'general',
  page: { filter: 'active', page: 2 },
} as const;

const dialog = (viewId: string, personId = 'U1') => ({ personId, viewId });

test.for([
  ['is there as long as its response_url is good', 30 * MINUTE_MS - 1, FROM],
  ['is gone when its response_url is 30 minutes old', 30 * MINUTE_MS, undefined],
] as const)('the list that a dialog was opened from %s', async ([, passed, found]) => {
  const clock = aClock();
  const openings = createOpenings(clock);

  openings.remember(dialog('V1'), FROM);
  await clock.moveBy(passed);

  if (found === undefined) expect(openings.find(dialog('V1'))).toBeUndefined();
  else expect(openings.find(dialog('V1'))).toEqual(found);
  expect(openings.find(dialog('V2'))).toBeUndefined();
});

test('ten thousand places are remembered, and the oldest is forgotten for the next', () => {
  const openings = createOpenings(aClock());

  for (let view = 0; view <= 10_000; view++) openings.remember(dialog(`V${view}`), FROM);

  expect(openings.find(dialog('V0'))).toBeUndefined();
  expect(openings.find(dialog('V1'))).toEqual(FROM);
  expect(openings.find(dialog('V10000'))).toEqual(FROM);
});

test('where a dialog was opened is told to nobody but whoever opened it', () => {
  const openings = createOpenings(aClock());

  openings.remember(dialog('V1', 'U1'), FROM);

  expect(openings.find(dialog('V1', 'U2'))).toBeUndefined();
  expect(openings.find({ personId: 'U1', viewId: undefined })).toBeUndefined();
});
