import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { createPlaces } from '../../src/slack/places.ts';
import { aClock } from './flows.ts';

const FROM = {
  kind: 'list',
  responseUrl: 'https://hooks.slack.com/actions/1',
  place: { filter: 'active', page: 2 },
} as const;

test.for([
  ['is there as long as its response_url is good', 30 * MINUTE_MS - 1, FROM],
  ['is gone when its response_url is 30 minutes old', 30 * MINUTE_MS, undefined],
] as const)('the list that a dialog was opened from %s', ([, passed, found]) => {
  const clock = aClock();
  const places = createPlaces(clock);

  places.remember('V1', FROM);
  clock.moveBy(passed);

  if (found === undefined) expect(places.find('V1')).toBeUndefined();
  else expect(places.find('V1')).toEqual(found);
  expect(places.find('V2')).toBeUndefined();
});

test('ten thousand places are remembered, and the oldest is forgotten for the next', () => {
  const places = createPlaces(aClock());

  for (let view = 0; view <= 10_000; view++) places.remember(`V${view}`, FROM);

  expect(places.find('V0')).toBeUndefined();
  expect(places.find('V1')).toEqual(FROM);
  expect(places.find('V10000')).toEqual(FROM);
});
