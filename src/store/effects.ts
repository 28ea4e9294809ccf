import type { Pepper } from '../tokens/pepper.ts';
import type { Delivery, Effect, Repeated } from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import { type AuditChain, createAuditChain } from './audit-chain.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';
import type { Db } from './drizzle.ts';
import { createNoticePlan, type NoticePlan } from './notices.ts';
import { createSay, type Say } from './outbox.ts';

/** What a change brings along. For use inside the write that makes the change. */
export type Effects = {
  readonly chain: AuditChain;
  readonly deliveries: Deliveries;
  readonly notices: NoticePlan;
  readonly say: Say;
  /** That one of the delivery's keys had its effect before; then nothing is to be written. */
  repeated(delivery: Delivery): Repeated | undefined;
  /** The event, what is to be said and when, and the delivery's keys where there is a delivery. */
  bring(effect: Omit<Effect, 'delivery'> & Partial<Pick<Effect, 'delivery'>>, tokenId: TokenId): void;
};

/** The effects on the write connection `db`. */
export function createEffects(db: Db, pepper: Pepper): Effects {
  const chain = createAuditChain(db, pepper);
  const deliveries = createDeliveries(db);
  const notices = createNoticePlan(db);
  const say = createSay(db);

  return {
    chain,
    deliveries,
    notices,
    say,
    repeated(delivery) {
      const tokenId = deliveries.tokenOf(delivery);
      return tokenId === undefined ? undefined : { kind: 'repeated', tokenId };
    },
    bring({ event, sayings, notices: toCome = [], delivery }, tokenId) {
      if (delivery !== undefined) deliveries.keep(delivery, event.at, tokenId);
      chain.append(event);
      say(sayings);
      notices.plan(tokenId, toCome);
    },
  };
}
