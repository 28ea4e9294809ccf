import type { ModalView } from '@slack/types';
import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { splitMetadata, withOrigin } from '../../src/slack/dialog-metadata.ts';
import { createOpenings, type OpenedFrom } from '../../src/slack/look/opened-from.ts';
import { type Peppers, pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { aClock } from './flows.ts';

const PEPPER = pepperFrom('a pepper for tests that nobody uses elsewhere');

const NEXT_PEPPER = pepperFrom('another pepper for tests, which came after it');

const FROM: OpenedFrom = {
  kind: 'list',
  responseUrl: 'https://hooks.slack.com/actions/1',
  channel: 'C1',
  channelName: 'general',
  page: { filter: 'active', page: 2 },
};

test.for([
  ['is there as long as its response_url is good', 30 * MINUTE_MS - 1, FROM],
  ['is gone when its response_url is 30 minutes old', 30 * MINUTE_MS, undefined],
  ['is there for a process whose clock is a minute behind', -MINUTE_MS, FROM],
  ['is nothing of ours that comes from further ahead', -MINUTE_MS - 1, undefined],
] as const)('the list that a dialog was opened from %s', async ([, passed, found]) => {
  const clock = aClock();
  const origin = openings(clock).seal('U1', FROM);

  await clock.moveBy(passed);

  // Read by another one: nothing of it is in memory.
  expect(openings(clock).find({ personId: 'U1', origin })).toEqual(found);
});

test('where a dialog was opened is told to nobody but whoever opened it', () => {
  const origin = openings().seal('U1', FROM);

  expect(openings().find({ personId: 'U2', origin })).toBeUndefined();
  expect(openings().find({ personId: 'U1', origin: undefined })).toBeUndefined();
});

test('where a dialog was opened can be neither read nor changed on its way', () => {
  const origin = openings().seal('U1', FROM);
  const bytes = Buffer.from(origin, 'base64url');

  expect(bytes.toString('latin1')).not.toContain('hooks.slack.com');
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    const found = openings().find({ personId: 'U1', origin: changed.toString('base64url') });
    expect(found, `byte ${at}`).toBeUndefined();
  }
  expect(openings().find({ personId: 'U1', origin: origin.slice(0, -8) })).toBeUndefined();
  expect(openings().find({ personId: 'U1', origin: '' })).toBeUndefined();
});

test('a dialog that was opened before the pepper was changed still knows where', () => {
  const origin = openings().seal('U1', FROM);

  const after = openings(aClock(), peppersFrom(NEXT_PEPPER, [PEPPER]));
  const without = openings(aClock(), peppersFrom(NEXT_PEPPER));

  expect(after.find({ personId: 'U1', origin })).toEqual(FROM);
  expect(without.find({ personId: 'U1', origin })).toBeUndefined();
});

test.for(['', 'revoke', '{"token":"tok_1","held":"1#2"}', 'a\nb#c'])(
  'a dialog carries where it was opened beside its own metadata %j',
  (own) => {
    const origin = openings().seal('U1', FROM);

    const { private_metadata = '' } = withOrigin(aDialog(own), origin);

    expect(splitMetadata(private_metadata)).toEqual({ own, origin });
    expect(splitMetadata(own)).toEqual({ own, origin: undefined });
    expect(withOrigin(aDialog(own), undefined)).toEqual(aDialog(own));
  },
);

test.for([
  ['is carried where Slack takes both', 0, true],
  ['is left out where that is one character too many', 1, false],
] as const)('where a dialog was opened %s', ([, over, isCarried]) => {
  const origin = openings().seal('U1', FROM);
  const own = 'x'.repeat(3000 - '#'.length - origin.length + over);

  const { private_metadata = '' } = withOrigin(aDialog(own), origin);

  expect(private_metadata.length).toBeLessThanOrEqual(3000);
  expect(splitMetadata(private_metadata)).toEqual({ own, origin: isCarried ? origin : undefined });
});

function openings(clock = aClock(), peppers: Peppers = peppersFrom(PEPPER)) {
  return createOpenings({ peppers, clock });
}

function aDialog(own: string): ModalView {
  return {
    type: 'modal',
    title: { type: 'plain_text', text: 'Revoke API Token' },
    blocks: [],
    ...(own === '' ? {} : { private_metadata: own }),
  };
}
