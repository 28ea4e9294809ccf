import { timingSafeEqual } from 'node:crypto';
import { type Clock, MINUTE_MS } from '../clock.ts';
import { hmac, type Pepper, type Peppers } from './pepper.ts';
import type { TokenStore } from './store.ts';
import type { PersonId, TokenId } from './token.ts';
import type { TokenValue } from './token-value.ts';
import { type Verdict, type VerifyDeps, verifyValue } from './verify.ts';

/** How long a person who presented a value may take to confirm. */
const HELD_MS_MAX = 30 * MINUTE_MS;

/** Clocks of two machines may differ by so much: whoever presented a value to one may confirm it to the other. */
const CLOCKS_APART_MS_MAX = 1 * MINUTE_MS;

/** Of each MAC: beyond guessing where every guess is a submission, and 90 of them fit into a dialog's 3,000 characters. */
const MAC_BYTES = 16;

/** Values that one proof is looked through for; our dialogs take 90. */
const MACS_MAX = 100;

/** A value that verified, told by its secret: its token may have another one by now. */
export type HeldValue = { readonly tokenId: TokenId; readonly lookupId: string };

/**
 * A note that `actor` presented these values, each whole and verified, at `at`. It travels through the client in place of the
 * values: an instant and a MAC a value, of which none tells anything. Each is good for that person, that very value and 30
 * minutes.
 */
export function heldProof(
  {
    actor,
    values,
    at,
  }: { readonly actor: PersonId; readonly values: readonly HeldValue[]; readonly at: number },
  pepper: Pepper,
): string {
  return [at, ...values.map((value) => macOf(actor, value, at, pepper).toString('base64url'))].join('.');
}

/**
 * What a value that leaked comes to the app by: a message that the app sees by itself, the message shortcut, whatever is typed to the
 * app, GitHub, `/revoke` or the command line.
 */
const LEAK_SOURCES = ['message', 'shortcut', 'command', 'github', 'http', 'cli'] as const;

export type LeakSource = (typeof LEAK_SOURCES)[number];

/** The source that an audit event names; undefined where it names none. */
export function parseLeakSource(text: unknown): LeakSource | undefined {
  return LEAK_SOURCES.find((source) => source === text);
}

/** Counts live values that leaked, each once. */
export type Leaks = {
  /** A live value came by `source` at `at`. */
  found(value: HeldValue, source: LeakSource, at: number): void;
};

/** As `verifyValue`, of a value that somebody came with because it leaked, or may have: a live one is counted. */
export async function recogniseValue(
  value: TokenValue,
  source: LeakSource,
  deps: VerifyDeps & { readonly leaks: Leaks },
): Promise<Verdict> {
  const seenAt = deps.clock();
  const verdict = await verifyValue(value, deps);
  if (verdict.kind === 'good') deps.leaks.found(verdict.secret, source, seenAt);
  return verdict;
}

type HeldDeps = {
  readonly store: Pick<TokenStore, 'standingValues'>;
  readonly peppers: Peppers;
  readonly clock: Clock;
};

/**
 * Whether `proof` is such a note of ours, under whatever pepper at hand and not yet 30 minutes old, of a value of each of the
 * tokens (100 at most) that is still honoured. A value that was replaced or has ended proves nothing any more. Of a token
 * that was revoked meanwhile, what was honoured until then does: there is nothing left to end by it.
 */
export async function areHeld(
  proof: string,
  held: { readonly actor: PersonId; readonly tokenIds: readonly TokenId[] },
  deps: HeldDeps,
): Promise<boolean> {
  const now = deps.clock();
  const isHeld = heldBy(proof, held.actor, now, deps.peppers);
  if (isHeld === undefined) return false;
  const standing = await deps.store.standingValues(held.tokenIds, now);
  return held.tokenIds.every((tokenId) =>
    (standing.get(tokenId) ?? []).some((lookupId) => isHeld({ tokenId, lookupId })),
  );
}

/**
 * The old value of the token that `proof` is such a note of, by its lookup id: one beside which a newer one is honoured, or was
 * until the token was revoked. `ended`: it is none, or not any more. `lapsed`: whatever it is, it was made too long ago.
 */
export async function heldOldValue(
  proof: string,
  { actor, tokenId }: { readonly actor: PersonId; readonly tokenId: TokenId },
  deps: HeldDeps,
): Promise<{ readonly kind: 'held'; readonly lookupId: string } | { readonly kind: 'ended' | 'lapsed' }> {
  const now = deps.clock();
  const isHeld = heldBy(proof, actor, now, deps.peppers);
  if (isHeld === undefined) return { kind: 'lapsed' };
  const [, ...older] = (await deps.store.standingValues([tokenId], now)).get(tokenId) ?? [];
  const lookupId = older.find((one) => isHeld({ tokenId, lookupId: one }));
  return lookupId === undefined ? { kind: 'ended' } : { kind: 'held', lookupId };
}

/** What tells whether a value is among those of `proof`; undefined when that is none of `actor`, or no longer. */
function heldBy(
  proof: string,
  actor: PersonId,
  now: number,
  peppers: Peppers,
): ((value: HeldValue) => boolean) | undefined {
  const [instant = '', ...texts] = proof.split('.', MACS_MAX + 1);
  const at = Number(instant);
  if (!/^\d{1,16}$/.test(instant) || at > now + CLOCKS_APART_MS_MAX || now - at > HELD_MS_MAX)
    return undefined;
  const macs = texts.map((text) => Buffer.from(text, 'base64url'));
  return (value) =>
    peppers.all.some((pepper) => {
      const expected = macOf(actor, value, at, pepper);
      return macs.some((mac) => mac.length === expected.length && timingSafeEqual(mac, expected));
    });
}

function macOf(actor: PersonId, { tokenId, lookupId }: HeldValue, at: number, pepper: Pepper): Buffer {
  const text = `apitoken held value\n${actor}\n${tokenId}\n${lookupId}\n${at}`;
  return hmac(pepper.key, text).subarray(0, MAC_BYTES);
}
