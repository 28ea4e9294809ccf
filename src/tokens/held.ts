import { createHmac, timingSafeEqual } from 'node:crypto';
import { MINUTE_MS } from '../clock.ts';
import type { Pepper, Peppers } from './pepper.ts';
import type { PersonId, TokenId } from './token.ts';

/** How long a person who presented a value may take to confirm. */
const HELD_MS_MAX = 30 * MINUTE_MS;

type Held = { readonly actor: PersonId; readonly tokenIds: readonly TokenId[] };

/**
 * A note that `actor` presented whole verified values of `tokenIds` at `at`. It travels through the client in place of the
 * values and is good for that person, those tokens in that order, and 30 minutes.
 */
export function heldProof(held: Held & { at: number }, pepper: Pepper): string {
  return `${held.at}.${macOf(held, pepper).toString('base64url')}`;
}

/** Whether `proof` is such a note of ours, under whatever pepper at hand, not yet 30 minutes old at `now`. */
export function isHeldProof(proof: string, held: Held, peppers: Peppers, now: number): boolean {
  const [instant = '', mac = ''] = proof.split('.');
  const at = Number(instant);
  if (!Number.isSafeInteger(at) || at > now || now - at > HELD_MS_MAX) return false;
  const presented = Buffer.from(mac, 'base64url');
  return peppers.all.some((pepper) => {
    const expected = macOf({ ...held, at }, pepper);
    return presented.length === expected.length && timingSafeEqual(presented, expected);
  });
}

function macOf(held: Held & { at: number }, pepper: Pepper): Buffer {
  return createHmac('sha256', pepper.key)
    .update(`apitoken held value\n${held.actor}\n${held.tokenIds.join(' ')}\n${held.at}`)
    .digest();
}
