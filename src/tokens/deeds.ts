import type { Clock } from '../clock.ts';
import type { AuditAction, AuditEvent } from './audit.ts';
import type { Delivery, TokenStore } from './store.ts';
import type { Doer } from './token.ts';

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
