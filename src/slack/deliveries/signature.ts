import { createHmac, timingSafeEqual } from 'node:crypto';
import { MINUTE_MS, SECOND_MS } from '../../clock.ts';

/** How far Slack's clock and ours may be apart, either way. */
const APART_MS_MAX = 5 * MINUTE_MS;

/** What a request says of itself: when it was sent, and the proof. Nothing of it is proven yet. */
export type Signature = { readonly timestamp: string; readonly mac: Buffer };

/** Why a request cannot be signed by Slack, told by its headers alone. `unsigned`: it does not even claim to be. */
export type SignatureFlaw = 'unsigned' | 'malformed' | 'out_of_time';

/**
 * Reads the two headers of https://docs.slack.dev/authentication/verifying-requests-from-slack, each of which must be
 * there once. A timestamp more than 5 minutes old or ahead is out of time: what was signed long ago, or for later, is not
 * taken.
 */
export function readSignature(
  headers: Readonly<NodeJS.Dict<readonly string[]>>,
  now: number,
): Signature | SignatureFlaw {
  const timestamps = headers['x-slack-request-timestamp'] ?? [];
  const signatures = headers['x-slack-signature'] ?? [];
  if (timestamps.length + signatures.length === 0) return 'unsigned';
  const [timestamp = '', ...moreTimestamps] = timestamps;
  const mac = /^v0=([0-9a-f]{64})$/.exec(signatures[0] ?? '')?.[1];
  const isOneOfEach = moreTimestamps.length === 0 && signatures.length === 1;
  if (!isOneOfEach || mac === undefined || !/^\d{1,12}$/.test(timestamp)) return 'malformed';
  if (Math.abs(now - Number(timestamp) * SECOND_MS) > APART_MS_MAX) return 'out_of_time';
  return { timestamp, mac: Buffer.from(mac, 'hex') };
}

/** Whether the signature was made with `secret` over that timestamp and exactly these bytes. Takes the same time either way. */
export function isSignedWith(secret: string, { timestamp, mac }: Signature, body: Buffer): boolean {
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
  return timingSafeEqual(expected, mac);
}
