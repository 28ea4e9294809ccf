import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { hmac, type Pepper, type Peppers } from './pepper.ts';
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
  | 'token.expired'
  | 'owner.marked'
  | 'owner.unmarked'
  | 'value.checked'
  | 'card.share_asked'
  | 'card.shared'
  | 'card.share_failed'
  | 'incident.closed'
  | 'status.share_asked'
  | 'status.shared'
  | 'status.share_failed'
  | 'status.export_asked'
  | 'status.exported'
  | 'status.export_failed'
  | 'board.placed'
  | 'board.stopped'
  | 'action.refused'
  | 'refusals.counted'
  | 'clock.put_back'
  | 'values.sealed';

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
  return hmac(pepper.auditKey, canonicalJson(event, pepper.id), previous);
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

/** What is wrong at one place of the chain. `cut off`: it ends before a head that was noted. */
export type ChainFlaw = 'changed' | 'missing' | 'out of order' | 'cut off';

/** The end of a chain: its last sequence and MAC, as `SEQ:MAC` in hex. It proves all before it. */
export type ChainHead = { readonly sequence: number; readonly mac: Buffer };

/** A head as it is written down. */
export function headText({ sequence, mac }: ChainHead): string {
  return `${sequence}:${mac.toString('hex')}`;
}

/** The head that `text` is; undefined when it is none. */
export function parseHead(text: string): ChainHead | undefined {
  const [, sequence, mac] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return sequence === undefined || mac === undefined
    ? undefined
    : { sequence: Number(sequence), mac: Buffer.from(mac, 'hex') };
}

/** What was found of a chain: how far it holds, and the first place where it does not. */
export type ChainReport = {
  readonly events: number;
  /** Of these nobody can say whether they were changed: their pepper is not at hand. */
  readonly unprovable: number;
  readonly head: ChainHead | undefined;
  readonly flaw: { readonly sequence: number; readonly flaw: ChainFlaw } | undefined;
};

/**
 * Checks a chain event by event, in their order, from the first or from the one after `before`. Stop when it has a flaw. `known`:
 * a head that was noted before, which must be in the chain.
 */
export function createChainCheck(
  peppers: Peppers,
  { before, known }: { readonly before?: ChainHead | undefined; readonly known?: ChainHead | undefined } = {},
): { add(event: ChainedEvent): boolean; report(): ChainReport } {
  let head = before;
  let events = 0;
  let unprovable = 0;
  let flaw: ChainReport['flaw'];

  function flawOf(event: ChainedEvent): ChainFlaw | undefined {
    const expected = (head?.sequence ?? 0) + 1;
    if (event.sequence > expected) return 'missing';
    if (event.sequence < expected) return 'out of order';
    if (known?.sequence === event.sequence && !event.mac.equals(known.mac)) return 'changed';
    if (peppers.find(event.pepperId) === undefined) {
      unprovable += 1;
      return undefined;
    }
    return isChained(event, head?.mac, peppers) ? undefined : 'changed';
  }

  return {
    add(event) {
      const found = flawOf(event);
      if (found !== undefined) flaw = { sequence: (head?.sequence ?? 0) + 1, flaw: found };
      if (flaw !== undefined) return false;
      events += 1;
      head = { sequence: event.sequence, mac: event.mac };
      return true;
    },
    report() {
      const isCutOff = flaw === undefined && known !== undefined && (head?.sequence ?? 0) < known.sequence;
      const cut = { sequence: (head?.sequence ?? 0) + 1, flaw: 'cut off' } as const;
      return { events, unprovable, head, flaw: isCutOff ? cut : flaw };
    },
  };
}

/** Events that the app looks at by itself, at its start and once a day. */
const LOOKED_AT = 1000;

/** A place where the chain is known to be broken. `tokenId` null: nobody knows which token it was about, or it was about none. */
export type ChainAlarm = {
  readonly sequence: number;
  readonly flaw: ChainFlaw;
  readonly tokenId: TokenId | null;
};

type ChainDeps = {
  readonly store: Pick<TokenStore, 'chainHead' | 'eventsAfter' | 'chainAlarm' | 'keepChainAlarm'>;
  readonly peppers: Peppers;
};

/**
 * Looks at the last 1,000 events, and at all since a break that is known; keeps what it finds for boards and histories. Resolves
 * to it. A verification does not hang on it.
 */
export async function lookAtChain({ store, peppers }: ChainDeps): Promise<ChainAlarm | undefined> {
  const head = await store.chainHead();
  const known = await store.chainAlarm();
  if (head === undefined && known === undefined) return undefined;
  const first = Math.max(
    0,
    Math.min((head?.sequence ?? 0) - LOOKED_AT, (known?.sequence ?? Number.MAX_VALUE) - 1),
  );
  const alarm = await firstFlawAfter(first, { store, peppers });
  await store.keepChainAlarm(alarm);
  return alarm;
}

async function firstFlawAfter(first: number, { store, peppers }: ChainDeps): Promise<ChainAlarm | undefined> {
  const events = eventsAfter(first === 0 ? 0 : first - 1, store);
  let before: ChainedEvent | undefined;
  if (first > 0) {
    before = (await events.next()).value ?? undefined;
    if (before?.sequence !== first) return { sequence: first, flaw: 'missing', tokenId: null };
  }
  const check = createChainCheck(peppers, { before });
  for await (const event of events) {
    if (check.add(event)) continue;
    const { sequence = event.sequence, flaw = 'changed' } = check.report().flaw ?? {};
    return { sequence, flaw, tokenId: flaw === 'changed' ? event.tokenId : null };
  }
  return undefined;
}

/** All events after `sequence` (0: from the first on), in their order. */
export async function* eventsAfter(
  sequence: number,
  store: Pick<TokenStore, 'eventsAfter'>,
): AsyncGenerator<ChainedEvent, undefined> {
  for (let last = sequence; ; ) {
    const events = await store.eventsAfter(last);
    yield* events;
    const end = events.at(-1);
    if (end === undefined) return undefined;
    last = end.sequence;
  }
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
