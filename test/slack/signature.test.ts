import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { isSignedWith, readSignature, type Signature } from '../../src/slack/deliveries/signature.ts';

/** The example of https://docs.slack.dev/authentication/verifying-requests-from-slack, made by Slack. */
const EXAMPLE = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: '1531420618',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
};
const SENT_AT = Number(EXAMPLE.timestamp) * 1000;

function headersWith(change: Record<string, string[] | undefined> = {}) {
  return {
    'x-slack-request-timestamp': [EXAMPLE.timestamp],
    'x-slack-signature': [EXAMPLE.signature],
    ...change,
  };
}

function signatureIn(headers: ReturnType<typeof headersWith>): Signature {
  const signature = readSignature(headers, SENT_AT);
  if (typeof signature === 'string') throw new Error(signature);
  return signature;
}

test('Slack’s own example is signed with its secret, and with no other, over its body, and over no other', () => {
  const signature = signatureIn(headersWith());
  const body = Buffer.from(EXAMPLE.body);

  expect(isSignedWith(EXAMPLE.secret, signature, body)).toBe(true);
  expect(isSignedWith(`${EXAMPLE.secret}x`, signature, body)).toBe(false);
  expect(isSignedWith(EXAMPLE.secret, signature, Buffer.from(`${EXAMPLE.body}x`))).toBe(false);
  expect(isSignedWith(EXAMPLE.secret, { ...signature, timestamp: '1531420619' }, body)).toBe(false);
});

test('what is signed are the bytes, also where they are no text', () => {
  const body = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
  const mac = createHmac('sha256', 'secret').update(`v0:${EXAMPLE.timestamp}:`).update(body).digest();
  const replaced = Buffer.from(body.toString('utf8'));

  expect(isSignedWith('secret', { timestamp: EXAMPLE.timestamp, mac }, body)).toBe(true);
  expect(isSignedWith('secret', { timestamp: EXAMPLE.timestamp, mac }, replaced)).toBe(false);
});

test.for([
  ['5 minutes old', 300_000, true],
  ['5 minutes and a millisecond old', 300_001, false],
  ['5 minutes ahead', -300_000, true],
  ['5 minutes and a millisecond ahead', -300_001, false],
] as const)('a timestamp %s: %s ms after it, is it in time? %s', ([, ms, isInTime]) => {
  expect(readSignature(headersWith(), SENT_AT + ms) !== 'out_of_time').toBe(isInTime);
});

test.for([
  [
    'neither header is unsigned',
    { 'x-slack-request-timestamp': undefined, 'x-slack-signature': undefined },
    'unsigned',
  ],
  ['no timestamp is malformed', { 'x-slack-request-timestamp': undefined }, 'malformed'],
  ['no signature is malformed', { 'x-slack-signature': undefined }, 'malformed'],
  [
    'the same signature twice is malformed',
    { 'x-slack-signature': [EXAMPLE.signature, EXAMPLE.signature] },
    'malformed',
  ],
  [
    'the same timestamp twice is malformed',
    { 'x-slack-request-timestamp': [EXAMPLE.timestamp, EXAMPLE.timestamp] },
    'malformed',
  ],
  ['capital hex is malformed', { 'x-slack-signature': [EXAMPLE.signature.toUpperCase()] }, 'malformed'],
  ['63 digits are malformed', { 'x-slack-signature': [EXAMPLE.signature.slice(0, -1)] }, 'malformed'],
  ['65 digits are malformed', { 'x-slack-signature': [`${EXAMPLE.signature}0`] }, 'malformed'],
  ['a line feed behind it is malformed', { 'x-slack-signature': [`${EXAMPLE.signature}\n`] }, 'malformed'],
  [
    'a timestamp with a sign is malformed',
    { 'x-slack-request-timestamp': [`+${EXAMPLE.timestamp}`] },
    'malformed',
  ],
  [
    'a timestamp with an exponent is malformed',
    { 'x-slack-request-timestamp': ['1.531420618e9'] },
    'malformed',
  ],
  ['a timestamp in hex is malformed', { 'x-slack-request-timestamp': ['0x5b47a28a'] }, 'malformed'],
  [
    'a timestamp with a space is malformed',
    { 'x-slack-request-timestamp': [` ${EXAMPLE.timestamp}`] },
    'malformed',
  ],
  ['an empty timestamp is malformed', { 'x-slack-request-timestamp': [''] }, 'malformed'],
  [
    'a timestamp in milliseconds is out of time',
    { 'x-slack-request-timestamp': ['153142061800'] },
    'out_of_time',
  ],
] as const)('%s', ([, change, flaw]) => {
  const copies = Object.entries(change).map(([name, values]) => [name, values && [...values]]);

  expect(readSignature(headersWith(Object.fromEntries(copies)), SENT_AT)).toBe(flaw);
});
