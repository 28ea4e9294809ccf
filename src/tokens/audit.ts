import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Pepper, Peppers } from './pepper.ts';
import type { TokenStore } from './store.ts';
import type { Delivery } from './telling.ts';
import type { Doer, TokenId } from './token.ts';

/** What happened, in the past tense. */
export type AuditAction =
  | 'token.created'
  | 'value.shown'
  | 'value.withdrawn'
  | 'value.replaced'
  | 'token.rotated'
  | 'token.renewed'
  | 'old_value.ended'
  | 'token.revoked'
  | 'owner.marked'
  | 'owner.unmarked'
  | 'value.checked'
  | 'card.share_asked'
  | 'card.shared'
  | 'card.share_failed'
  | 'status.share_asked'
  | 'status.shared'
  | 'status.share_failed'
  | 'status.export_asked'
  | 'status.exported'
  | 'status.export_failed'
  | 'board.placed'
  | 'board.stopped'
  | 'action.refused'
  | 'refusals.counted';

/** Who did what when. `detail` holds names, ids and codes, never a value or a lookup id. */
export type AuditEvent = {
  readonly at: number;
  readonly actor: Doer;
  readonly action: AuditAction;
  readonly tokenId: TokenId | null;
  readonly detail: Readonly<Record<string, string | number | null>>;
};

/** An event as it is kept: with its place in the sequence and the MAC that ties it to all before it. */
export type ChainedEvent = AuditEvent & {
  readonly sequence: number;
  /** Which pepper's audit key made the MAC. */
  readonly pepperId: string;
  readonly mac: Buffer;
};

/**
 * HMAC-SHA256 over the MAC before (none for the first) and the event as canonical JSON. Whoever lacks the pepper can
 * neither change nor drop nor insert an event unseen, short of cutting off the end.
 */
export function macOf(
  event: AuditEvent & { sequence: number },
  previous: Buffer | undefined,
  pepper: Pepper,
): Buffer {
  return createHmac('sha256', pepper.auditKey)
    .update(previous ?? Buffer.alloc(0))
    .update(canonicalJson(event, pepper.id))
    .digest();
}

/**
 * Whether `event` follows upon the event whose MAC is `previous`. Each event is under the pepper of its time: a rotation of
 * the pepper does not break the chain while the old one is at hand. What a lost pepper made nobody can prove any more.
 */
export function isChained(event: ChainedEvent, previous: Buffer | undefined, peppers: Peppers): boolean {
  const pepper = peppers.find(event.pepperId);
  if (pepper === undefined) return false;
  const expected = macOf(event, previous, pepper);
  return event.mac.length === expected.length && timingSafeEqual(event.mac, expected);
}

function canonicalJson(event: AuditEvent & { sequence: number }, pepperId: string): string {
  const detail = Object.entries(event.detail).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    event.sequence,
    event.at,
    event.actor,
    event.action,
    event.tokenId,
    detail,
    pepperId,
  ]);
}

/** What Slack has to take before it is done: until it answered, it is asked for and nothing more. */
const ACTIONS = {
  card_share: { asked: 'card.share_asked', done: 'card.shared', failed: 'card.share_failed' },
  status_share: { asked: 'status.share_asked', done: 'status.shared', failed: 'status.share_failed' },
  status_export: { asked: 'status.export_asked', done: 'status.exported', failed: 'status.export_failed' },
} as const satisfies Record<string, Record<'asked' | 'done' | 'failed', AuditAction>>;

/** A deed that changes no token, and takes something to where others read it or out of Slack. */
export type Deed = Pick<AuditEvent, 'tokenId' | 'detail'> & {
  readonly kind: keyof typeof ACTIONS;
  readonly actor: Doer;
};

type DeedDeps = { readonly store: Pick<TokenStore, 'recordDeed'>; readonly clock: Clock };

/** Records that it was asked for, before anybody is asked to do it. `repeated`: this delivery asked before, and it is not to be done again. */
export function askFor(deed: Deed, delivery: Delivery, deps: DeedDeps): Promise<'recorded' | 'repeated'> {
  return record('asked', deed, deed.detail, delivery, deps);
}

/** Records that it was done. */
export async function noteDone(deed: Deed, deps: DeedDeps): Promise<void> {
  await record('done', deed, deed.detail, { keys: [] }, deps);
}

/** Records why it was not, by Slack's code; `no_answer`: nobody knows whether it was. */
export async function noteFailed(deed: Deed, code: string, deps: DeedDeps): Promise<void> {
  await record('failed', deed, { ...deed.detail, code }, { keys: [] }, deps);
}

function record(
  step: 'asked' | 'done' | 'failed',
  { kind, actor, tokenId }: Deed,
  detail: Deed['detail'],
  delivery: Delivery,
  { store, clock }: DeedDeps,
): Promise<'recorded' | 'repeated'> {
  return store.recordDeed({ at: clock(), actor, action: ACTIONS[kind][step], tokenId, detail }, delivery);
}
