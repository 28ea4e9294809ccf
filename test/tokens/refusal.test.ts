import { describe, expect, test } from 'vitest';
import type { FlawedName } from '../../src/tokens/name.ts';
import { type Refusal, refuseByPolicy, refused, sentenceFor } from '../../src/tokens/refusal.ts';
import { newTokenId } from '../../src/tokens/token.ts';
import type { CalendarDate } from '../../src/zone.ts';
import { anActor, T0 } from './a-token.ts';

const LATEST = '2026-12-31' as CalendarDate;

/** One of each code: a new code does not compile here until it has its row. */
const ONE_OF_EACH: { readonly [Code in Refusal['code']]: Refusal & { code: Code } } = {
  name_invalid: { code: 'name_invalid', flaw: 'empty' },
  name_taken: { code: 'name_taken', name: 'deploy-bot', freeName: 'deploy-bot-2' },
  holds_value: { code: 'holds_value' },
  message_holds_value: { code: 'message_holds_value' },
  text_too_long: { code: 'text_too_long', lengthMax: 200 },
  text_invalid: { code: 'text_invalid', sign: 'U+202E RIGHT-TO-LEFT OVERRIDE' },
  reason_required: { code: 'reason_required' },
  lifetime_not_allowed: { code: 'lifetime_not_allowed', lifetimeDaysMax: 365, mayNeverExpire: false },
  lifetime_too_short: { code: 'lifetime_too_short' },
  lifetime_unclear: { code: 'lifetime_unclear' },
  typed_expiry: { code: 'typed_expiry', typed: '0d', why: { code: 'lifetime_too_short' } },
  app_not_permitted: { code: 'app_not_permitted' },
  person_unknown: { code: 'person_unknown' },
  press_unknown: { code: 'press_unknown' },
  value_not_live: { code: 'value_not_live' },
  verification_busy: { code: 'verification_busy' },
  value_ended: { code: 'value_ended', name: 'deploy-bot' },
  value_of_revoked: { code: 'value_of_revoked', name: 'deploy-bot' },
  value_misread: { code: 'value_misread' },
  too_many_matches: { code: 'too_many_matches' },
  check_not_permitted: { code: 'check_not_permitted' },
  command_not_permitted: {
    code: 'command_not_permitted',
    command: 'status',
    roles: ['manager', 'on_call', 'admin'],
  },
  first_characters_not_permitted: { code: 'first_characters_not_permitted', roles: ['on_call', 'admin'] },
  too_few_characters: { code: 'too_few_characters', prefix: 'apit' },
  too_many_checks: { code: 'too_many_checks', waitSeconds: 10 },
  all_already_revoked: { code: 'all_already_revoked' },
  nothing_ticked: { code: 'nothing_ticked' },
  person_not_named: { code: 'person_not_named', expected: 'Ann' },
  several_values: { code: 'several_values' },
  no_longer_held: { code: 'no_longer_held' },
  token_misnamed: {
    code: 'token_misnamed',
    nearly: [{ id: newTokenId(), name: 'deploy-bot' }],
  },
  token_not_found: { code: 'token_not_found' },
  already_revoked: { code: 'already_revoked', name: 'deploy-bot' },
  expired: { code: 'expired', name: 'deploy-bot' },
  already_shown: { code: 'already_shown', name: 'deploy-bot' },
  never_claimed: { code: 'never_claimed', name: 'deploy-bot' },
  showing_another: { code: 'showing_another', name: 'deploy-bot' },
  too_many_waiting: { code: 'too_many_waiting' },
  too_many_values_today: { code: 'too_many_values_today', creationsPerDayMax: 50 },
  date_needed: { code: 'date_needed', latest: LATEST },
  date_unused: { code: 'date_unused' },
  date_unknown: { code: 'date_unknown', latest: LATEST },
  date_past: { code: 'date_past', latest: LATEST },
  date_too_far: { code: 'date_too_far', latest: LATEST },
  too_many_live: { code: 'too_many_live', liveTokensMax: 50 },
  owner_too_many_live: { code: 'owner_too_many_live', liveTokensMax: 50 },
  too_many_today: { code: 'too_many_today', creationsPerDayMax: 50 },
  owner_not_permitted: { code: 'owner_not_permitted' },
  scope_unknown: { code: 'scope_unknown' },
  changed_meanwhile: { code: 'changed_meanwhile', name: 'deploy-bot' },
  not_claimed: { code: 'not_claimed', name: 'deploy-bot' },
  already_used: { code: 'already_used', name: 'deploy-bot' },
  no_old_value: { code: 'no_old_value', name: 'deploy-bot' },
};

describe('the sentence of', () => {
  test.for<readonly [string, Refusal, string]>([
    [
      'a name that is taken is the contract of the design',
      { code: 'name_taken', name: 'deploy-bot', freeName: 'deploy-bot-2' },
      'deploy-bot is already taken. Try deploy-bot-2.',
    ],
    [
      'a name that is taken, where none is proposed',
      { code: 'name_taken', name: 'deploy-bot', freeName: null },
      'deploy-bot is already taken. Choose another name.',
    ],
    [
      'a value that ended, of a token that is not for the reader',
      { code: 'value_ended' },
      'That value no longer works.',
    ],
    [
      'a value that ended with its token',
      { code: 'value_ended', name: 'deploy-bot' },
      'That value no longer works. deploy-bot has expired.',
    ],
    [
      'a value that a newer one replaced',
      { code: 'value_ended', name: 'deploy-bot', hasNewer: true },
      'That value no longer works. deploy-bot has a newer value, which still works.',
    ],
    [
      'a token that is not there',
      { code: 'token_not_found' },
      'No token found. Type /apitoken list all to see yours.',
    ],
    [
      'a token whose name was mistyped',
      { code: 'token_misnamed', nearly: ['bot-1', 'bot-2'].map((name) => ({ id: newTokenId(), name })) },
      'No token found. Did you mean bot-1 or bot-2?',
    ],
    [
      'too many checks',
      { code: 'too_many_checks', waitSeconds: 10 },
      "You've checked 10 values in a minute, the limit here. Try again in 10 seconds.",
    ],
    [
      'too many live tokens of an owner',
      { code: 'owner_too_many_live', liveTokensMax: 1 },
      'This person has 1 live token, the limit here. One must be revoked first.',
    ],
    [
      'a token that nobody claimed in time',
      { code: 'never_claimed', name: 'deploy-bot' },
      "deploy-bot wasn't claimed within 7 days, so it was revoked. Create a new token.",
    ],
    [
      'too many values in a day',
      { code: 'too_many_values_today', creationsPerDayMax: 50 },
      "You've made 50 new tokens or values in 24 hours, the limit here. Nothing was changed. Try again later.",
    ],
    [
      'several values',
      { code: 'several_values' },
      'These are several values, and none was revoked. Revoke them one at a time.',
    ],
    [
      'a text shaped like a value is the contract of the design',
      { code: 'holds_value' },
      'This looks like a token value. It was not saved. If it leaked, revoke it.',
    ],
    [
      'several values, of which none works',
      { code: 'several_values' },
      'These are several values, and none was revoked. Revoke them one at a time.',
    ],
    [
      'several values beside a button',
      { code: 'several_values', areOffered: true },
      'These are several values, and none was revoked. Choose Revoke it to continue.',
    ],
    [
      'a lifetime that is too long',
      { code: 'lifetime_not_allowed', lifetimeDaysMax: 365, mayNeverExpire: false },
      'Maximum 365 days. Choose another expiry.',
    ],
    [
      'a lifetime where a token may also never expire',
      { code: 'lifetime_not_allowed', lifetimeDaysMax: 90, mayNeverExpire: true },
      'Maximum 90 days, or never. Choose another expiry.',
    ],
    [
      'a lifetime of more than the one day that is allowed',
      { code: 'lifetime_not_allowed', lifetimeDaysMax: 1, mayNeverExpire: false },
      'Maximum 1 day. Choose another expiry.',
    ],
    [
      'a limit of one live token',
      { code: 'too_many_live', liveTokensMax: 1 },
      "You have 1 live token, the limit here. Revoke one you don't need, then try again.",
    ],
    [
      'a limit of two live tokens',
      { code: 'too_many_live', liveTokensMax: 2 },
      "You have 2 live tokens, the limit here. Revoke one you don't need, then try again.",
    ],
    [
      'a limit of one token a day',
      { code: 'too_many_today', creationsPerDayMax: 1 },
      "You've created 1 token in 24 hours, the limit here. Try again later.",
    ],
    [
      'a limit of two tokens a day',
      { code: 'too_many_today', creationsPerDayMax: 2 },
      "You've created 2 tokens in 24 hours, the limit here. Try again later.",
    ],
  ])('%s', ([, refusal, sentence]) => {
    expect(sentenceFor(refusal)).toBe(sentence);
  });

  test('what hangs on a role names those who have it', () => {
    expect(sentenceFor(ONE_OF_EACH.command_not_permitted)).toBe(
      'Only managers, on-call and admins can use /apitoken status.',
    );
    expect(sentenceFor(ONE_OF_EACH.first_characters_not_permitted)).toBe(
      'No token found. Only on-call and admins can revoke by first characters.',
    );
    expect(sentenceFor(ONE_OF_EACH.too_few_characters)).toBe('Type at least 6 characters after apit_.');
  });

  test.for(Object.values(ONE_OF_EACH))('$code is one or more whole sentences', (refusal) => {
    const sentence = sentenceFor(refusal);

    expect(sentence).toMatch(/^[\p{L}\d].*[.?]$/u);
    expect(sentence).not.toMatch(/undefined|null|\[object|_(?!\.)|\d{4}-\d\d/);
  });

  test('each flaw of a name is its own, and repeats nothing that was typed', () => {
    const flaws: readonly FlawedName[] = [
      { flaw: 'empty' },
      { flaw: 'too_long' },
      { flaw: 'unseen_characters', sign: 'U+200B ZERO WIDTH SPACE' },
      { flaw: 'like_a_value' },
      { flaw: 'like_first_characters' },
    ];
    const sentences = flaws.map((flaw) => sentenceFor({ code: 'name_invalid', ...flaw }));

    expect(sentences).toEqual([
      'A token needs a name. Use 1 to 64 letters, digits, spaces or symbols.',
      'This name is too long. Use 1 to 64 letters, digits, spaces or symbols.',
      'This name contains U+200B ZERO WIDTH SPACE, which can hide or change other text. Remove it.',
      "A name can't look like a token value or token id. It was not saved. Choose another name.",
      'This name looks like the start of a token value. Use a hyphen instead of the underscore.',
    ]);
  });
});

test('a refusal is an outcome of its own kind', () => {
  expect(refused(ONE_OF_EACH.expired)).toEqual({ kind: 'refused', refusal: ONE_OF_EACH.expired });
});

test('a refusal because of who somebody is leaves an event with what they tried, and as whom', async () => {
  const recorded: unknown[] = [];
  const store = { recordRefusal: async (event: unknown) => void recorded.push(event) };
  const actor = anActor({ standing: 'guest' });
  const tokenId = newTokenId();
  const refusal = { code: 'check_not_permitted' } as const;

  const outcome = await refuseByPolicy(
    { actor, attempted: 'check', tokenId, refusal },
    { store: store as unknown as Parameters<typeof refuseByPolicy>[1]['store'], clock: () => T0 },
  );

  expect(outcome).toEqual(refused(refusal));
  expect(recorded).toEqual([
    {
      at: T0,
      actor: actor.id,
      action: 'action.refused',
      tokenId,
      detail: { attempted: 'check', standing: 'guest' },
    },
  ]);
});
