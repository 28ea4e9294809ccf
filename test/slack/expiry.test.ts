import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  settled,
  tokenRow,
} from './flows.ts';

/** What cannot be read as one lifetime. */
const UNCLEAR = 'Choose another expiry. You can type 12h, 30d, 2w, 1y or until YYYY-MM-DD.';

test.for([
  ['Europe/Berlin', '2026-03-01', '2026-03-01T22:59:59.999Z'],
  ['Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59.999Z'],
  ['Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59.999Z'],
  ['America/New_York', '2026-03-08', '2026-03-09T03:59:59.999Z'],
  ['Pacific/Kiritimati', '2026-06-30', '2026-06-30T09:59:59.999Z'],
  ['Asia/Kathmandu', '2026-06-30', '2026-06-30T18:14:59.999Z'],
  ['UTC', '2026-12-30', '2026-12-30T23:59:59.999Z'],
  ['Europe/Berlin', '2026-01-01', '2026-01-01T22:59:59.999Z'],
  ['America/New_York', '2025-12-31', '2026-01-01T04:59:59.999Z'],
  ['no zone that anybody knows', '2026-06-30', '2026-06-30T23:59:59.999Z'],
] as const)('on a date is, in %s, the end of %s: refused from %s on', async ([tz, date, end]) => {
  const { stage, clock, alice, workspace } = await setStill();
  await workspace.setPerson('alice', { tz });

  const value = await createsToken(alice, 'deploy-bot', { Expires: 'On a date', 'Expiry date': date });
  // A value counts as shown a moment after it is seen, and never later than a minute.
  await settled(stage);

  const expiresAt = Date.parse(end);
  expect(tokenRow(stage, 'deploy-bot').expires_at).toBe(expiresAt);
  await clock.moveTo(expiresAt - 1);
  expect((await stage.verify(value)).status).toBe(200);
  await clock.moveTo(expiresAt);
  expect((await stage.verify(value)).status).toBe(401);
});

test.for([
  [
    'yesterday',
    'Europe/Berlin',
    '2025-12-31',
    'That date is in the past. Choose a date from today to Jan 30, 2026.',
  ],
  [
    'a day of long ago',
    'UTC',
    '0001-01-01',
    'That date is in the past. Choose a date from today to Jan 30, 2026.',
  ],
  [
    'one day more than policy allows',
    'UTC',
    '2026-01-31',
    'That date is too far away. Choose a date from today to Jan 30, 2026.',
  ],
  [
    'the end of the calendar',
    'UTC',
    '9999-12-31',
    'That date is too far away. Choose a date from today to Jan 30, 2026.',
  ],
  ['no day', 'UTC', '', 'Choose a date from today to Jan 30, 2026.'],
] as const)('%s is refused under its field, and all that was typed stays', async ([, tz, date, sentence]) => {
  const { stage, alice, workspace } = await setStill({ MAX_LIFETIME_DAYS: '30' });
  await workspace.setPerson('alice', { tz });
  const filledIn = {
    'Token Name': 'deploy-bot',
    Purpose: 'nightly',
    Expires: 'On a date',
    'Expiry date': date,
  };

  await opens(alice, '/apitoken create');
  await alice.fills(filledIn);
  await alice.submits();

  const modal = await modalOf(alice);
  expect(modal.errors).toEqual({ 'Expiry date': sentence });
  expect(modal.inputs.map(({ value }) => value ?? '')).toEqual(Object.values(filledIn));
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
});

const DATE_BESIDE = 'Choose On a date under Expires, or clear this date.';

test.for([
  ['create', {}, 'The token is in your direct messages with apitoken.'],
  ['rotate', { createdAt: T0 }, 'New value for deploy-bot.'],
  ['renew', { createdAt: T0 - 2 * DAY_MS, lifetimeDays: 1 }, 'New value for deploy-bot.'],
] as const)(
  'a date beside a lifetime is no date that counts: to %s, the dialog says so and all stays',
  async ([verb, held, done]) => {
    const { stage, alice } = await setStill();
    if (verb !== 'create') await holdsToken(stage, alice, 'deploy-bot', held);
    await opens(alice, `/apitoken ${verb === 'create' ? 'create' : 'rotate'} deploy-bot`);
    await alice.fills({ Expires: '30 days', 'Expiry date': '2026-02-01' });
    const filledIn = (await modalOf(alice)).inputs.map(({ value }) => value);
    const before = rowsOf(stage, 'select * from tokens');

    await alice.submits();

    const modal = await modalOf(alice);
    expect(modal.errors).toEqual({ 'Expiry date': DATE_BESIDE });
    expect(modal.inputs.map(({ value }) => value)).toEqual(filledIn);
    expect(rowsOf(stage, 'select * from tokens')).toEqual(before);
    await alice.fills({ 'Expiry date': '' });
    await alice.submits();
    await modalSaying(alice, done);
  },
);

test('a date beside Keep the date or Never is met the same way', async () => {
  const { stage, alice } = await setStill({ ALLOW_NEVER_EXPIRES: 'true' });
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(alice, '/apitoken rotate deploy-bot');

  for (const expires of ['Keep the date', 'Never']) {
    await alice.fills({ Expires: expires, 'Expiry date': '2026-02-01' });
    await alice.submits();
    expect((await modalOf(alice)).errors).toEqual({ 'Expiry date': DATE_BESIDE });
  }

  await alice.fills({ Expires: 'On a date' });
  await alice.submits();
  await modalSaying(alice, 'Expires: Feb 1, 2026 at 10:59 PM UTC');
});

test.for([
  ['29 February of a leap year', '2028-02-29', undefined],
  [
    '29 February of another year',
    '2027-02-29',
    "That date doesn't exist. Choose a date from today to Dec 29, 2035.",
  ],
  [
    'a day that no month has',
    '2027-04-31',
    "That date doesn't exist. Choose a date from today to Dec 29, 2035.",
  ],
  ['a text that is no day', 'tomorrow', "That date doesn't exist. Choose a date from today to Dec 29, 2035."],
] as const)('%s, %s, from a client that lets it pass, is met as it must be', async ([, date, sentence]) => {
  const { stage, alice, workspace } = await setStill({ MAX_LIFETIME_DAYS: '3650' });
  await workspace.setPerson('alice', { tz: 'UTC' });
  const { id } = await opens(alice, '/apitoken create');

  const outcome = await alice.forges({ type: 'view_submission', id, state: filled('date', date) });

  if (sentence === undefined) {
    expect(tokenRow(stage, 'deploy-bot').expires_at).toBe(Date.parse(`${date}T23:59:59.999Z`));
  } else {
    expect(outcome).toMatchObject({ body: { response_action: 'errors', errors: { expiry_date: sentence } } });
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
  }
});

test.for([
  [
    'the day that is an hour longer would end too late',
    '2026-09-25T22:30:00Z',
    '2026-10-25',
    '2026-10-24',
    'Oct 24, 2026',
  ],
  [
    'the day that is an hour shorter ends in time',
    '2026-02-27T22:30:00Z',
    '2026-03-30',
    '2026-03-29',
    'Mar 29, 2026',
  ],
] as const)('where clocks change, %s', async ([, now, date, latest, said]) => {
  const { stage, alice, clock } = await setStill({ MAX_LIFETIME_DAYS: '30' });
  await clock.moveTo(Date.parse(now));

  await opens(alice, '/apitoken create deploy-bot');
  await alice.fills({ Expires: 'On a date', 'Expiry date': date });
  await alice.submits();

  expect((await modalOf(alice)).errors).toEqual({
    'Expiry date': `That date is too far away. Choose a date from today to ${said}.`,
  });
  await alice.fills({ 'Expiry date': latest });
  await alice.submits();
  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
  expect(Number(tokenRow(stage, 'deploy-bot').expires_at)).toBeLessThanOrEqual(clock() + 30 * DAY_MS);
});

test.for([
  [{}, 'Maximum 365 days. Requests are refused once the token expires.'],
  [{ MAX_LIFETIME_DAYS: '1' }, 'Maximum 1 day. Requests are refused once the token expires.'],
  [
    { MAX_LIFETIME_DAYS: '90', ALLOW_NEVER_EXPIRES: 'true' },
    'Maximum 90 days, or never. Requests are refused once the token expires.',
  ],
] as const)('with %o the dialog says: %s', async ([env, hint]) => {
  const { alice } = await setStill(env);

  const { inputs } = await opens(alice, '/apitoken create');

  expect(inputs.find(({ label }) => label === 'Expires')?.hint).toBe(hint);
  expect(inputs.find(({ label }) => label === 'Expiry date')?.hint).toBe(
    'Only for On a date. The token works until that day ends (Europe/Berlin).',
  );
});

test.for([
  ['30d', '30 days', undefined],
  ['2w', '14 days', undefined],
  ['12h', '12 hours', undefined],
  ['48H', '2 days', undefined],
  ['1y', '1 year', undefined],
  ['1 year', '1 year', undefined],
  ['52 weeks', '364 days', undefined],
  ['030d', '30 days', undefined],
  ['1.5d', '36 hours', undefined],
  ['until 2026-03-29', 'On a date', '2026-03-29'],
  ['until 2026-3-29', 'On a date', '2026-03-29'],
] as const)(
  'a lifetime typed as %s stands in the dialog as %s, and the token has it',
  async ([typed, expires, date]) => {
    const { stage, alice } = await setStill();

    const modal = await opens(alice, `/apitoken create “deploy bot” ${typed}`);

    expect(modal.inputs.map(({ value }) => value)).toEqual(['deploy bot', undefined, expires, date]);
    await alice.submits();
    await modalSaying(alice, 'The token is in your direct messages with apitoken.');
    const hours = { '12 hours': 12, '36 hours': 36, '1 year': 365 * 24 }[expires as string];
    const expected =
      date === undefined ? T0 + (hours ?? Number.parseInt(expires, 10) * 24) * HOUR_MS : END_OF_MARCH_29;
    expect(tokenRow(stage, 'deploy bot').expires_at).toBe(expected);
  },
);

/** Of the day on which Berlin's clocks change. */
const END_OF_MARCH_29 = Date.parse('2026-03-29T21:59:59.999Z');

test.for([
  ['0d', 'The minimum is 1 hour. Choose another expiry.'],
  ['-1d', 'The minimum is 1 hour. Choose another expiry.'],
  ['366d', 'Maximum 365 days. Choose another expiry.'],
  ['8761 hours', 'Maximum 365 days. Choose another expiry.'],
  ['999y', 'Maximum 365 days. Choose another expiry.'],
  ['999999999999999d', 'Maximum 365 days. Choose another expiry.'],
  ['never', 'Maximum 365 days. Choose another expiry.'],
  ['6 months', UNCLEAR],
  ['30d 2w', UNCLEAR],
  ['until tomorrow', UNCLEAR],
  ['until 2027-02-31', "That date doesn't exist. Choose a date from today to Dec 31, 2026."],
  ['until 2025-12-31', 'That date is in the past. Choose a date from today to Dec 31, 2026.'],
  ['until 2027-01-31', 'That date is too far away. Choose a date from today to Dec 31, 2026.'],
] as const)(
  'a lifetime typed as %s, which cannot be, stands under Expires as it was typed, and all is kept',
  async ([typed, why]) => {
    const { stage, alice } = await setStill();
    const sentence = `You typed "${typed}". ${why}`;

    const modal = await opens(alice, `/apitoken create deploy-bot ${typed}`);

    expect(modal.inputs.map(({ value }) => value)).toEqual(['deploy-bot', undefined, typed, undefined]);
    expect(modal.inputs[2]?.hint).toBe(sentence);
    await alice.fills({ Purpose: 'nightly' });
    await alice.submits();
    const after = await modalOf(alice);
    expect(after.errors).toEqual({ Expires: sentence });
    expect(after.inputs.map(({ value }) => value)).toEqual(['deploy-bot', 'nightly', typed, undefined]);
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
    await alice.fills({ Expires: '7 days' });
    await alice.submits();
    await modalSaying(alice, 'The token is in your direct messages with apitoken.');
    expect(tokenRow(stage, 'deploy-bot').expires_at).toBe(T0 + 7 * DAY_MS);
  },
);

test('a lifetime alone asks for the name, and "never" is taken where the company allows it', async () => {
  const { alice } = await setStill({ ALLOW_NEVER_EXPIRES: 'true' });

  const { inputs } = await opens(alice, '/apitoken create 30d');
  await alice.closes();
  const never = await opens(alice, '/apitoken create deploy-bot never');

  expect(inputs.map(({ value }) => value)).toEqual([undefined, undefined, '30 days', undefined]);
  expect(never.inputs[2]?.value).toBe('Never');
});

test.for([['abc'], ['30x'], ['d'], ['30']] as const)(
  'what stands last and is no lifetime, as %s, belongs to the name',
  async ([typed]) => {
    const { alice } = await setStill();

    const { inputs } = await opens(alice, `/apitoken create deploy-bot ${typed}`);

    expect(inputs[0]?.value).toBe(`deploy-bot ${typed}`);
    expect(inputs[2]?.value).toBe('90 days');
  },
);

test.for([
  ['366', 'lifetime'],
  ['never', 'lifetime'],
  ['keep', 'lifetime'],
  ['99999', 'lifetime'],
  ['9999999h', 'lifetime'],
] as const)(
  'an expiry of "%s", which the dialog does not offer, is refused under Expires',
  async ([value]) => {
    const { stage, alice } = await setStill();
    const { id } = await opens(alice, '/apitoken create');

    const outcome = await alice.forges({ type: 'view_submission', id, state: filled(value, '') });

    expect(outcome).toMatchObject({
      body: { errors: { lifetime: 'Maximum 365 days. Choose another expiry.' } },
    });
    expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
  },
);

test('the exact moment of expiry stands in the result, to the minute for each reader', async () => {
  const { stage, alice } = await setStill();

  await opens(alice, '/apitoken create deploy-bot');
  await alice.fills({ Expires: '7 days' });
  await alice.submits();

  const modal = await modalSaying(alice, 'Expires: Jan 8, 2026 at 12:00 AM UTC');
  expect(JSON.stringify(modal.blocks)).toContain(
    `<!date^${Date.UTC(2026, 0, 8) / 1000}^{date_short_pretty} at {time}|Jan 8, 2026 at 12:00 AM UTC>`,
  );
  expect(tokenRow(stage, 'deploy-bot').expires_at).toBe(Date.UTC(2026, 0, 8));
});

test('a dialog that was open for an hour counts from the moment it is sent off', async () => {
  const { stage, alice, clock } = await setStill();
  await opens(alice, '/apitoken create deploy-bot 7d');
  await clock.moveBy(HOUR_MS);

  await alice.submits();

  await modalSaying(alice, 'Expires: Jan 8, 2026 at 1:00 AM UTC');
  expect(tokenRow(stage, 'deploy-bot').expires_at).toBe(clock() + 7 * DAY_MS);
});

/** What a client sends for deploy-bot with these two fields. */
function filled(lifetime: string, date: string) {
  return {
    name: { name: { type: 'plain_text_input', value: 'deploy-bot' } },
    lifetime: { lifetime: { type: 'static_select', selected_option: { value: lifetime } } },
    expiry_date: { expiry_date: { type: 'datepicker', selected_date: date === '' ? null : date } },
  };
}
