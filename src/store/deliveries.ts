import { MINUTE_MS } from '../clock.ts';
import type { Delivery, TokenStore } from '../tokens/store.ts';
import type { TokenId } from '../tokens/token.ts';
import { type Db, eq, integerParam, lte, rowParams, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { deliveries } from './schema.ts';

/** Slack delivers again for some minutes at most. */
const KEPT_MS_MAX = 15 * MINUTE_MS;

/** The keys of deliveries that had an effect. For use inside a write. */
export type Deliveries = {
  /** The token of the effect that one of the keys had before. */
  tokenOf(delivery: Delivery): TokenId | undefined;
  /** Whether one of the keys was kept before, with a token or without. */
  areKept(delivery: Delivery): boolean;
  /** `tokenId` null: what it did changed no token. */
  keep(delivery: Delivery, at: number, tokenId: TokenId | null): void;
  /** Drops those of 15 minutes ago and before. */
  dropOld(now: number): void;
};

/** Whether a delivery had its effect, for whoever only wants to know. */
export function createDeliveryReads(db: Db, read: Read): Pick<TokenStore, 'effectOf'> {
  const { tokenOf } = createDeliveries(db);
  return { effectOf: (delivery) => read(() => tokenOf(delivery)) };
}

/** The deliveries on the write connection `db`. */
export function createDeliveries(db: Db): Deliveries {
  const find = db
    .select({ tokenId: deliveries.tokenId })
    .from(deliveries)
    .where(eq(deliveries.key, textParam('key')))
    .prepare();
  const insert = db.insert(deliveries).values(rowParams(deliveries)).onConflictDoNothing().prepare();
  const dropOld = db
    .delete(deliveries)
    .where(lte(deliveries.at, integerParam('until')))
    .prepare();

  const keptFor = (delivery: Delivery) => delivery.keys.flatMap((key) => find.all({ key }));

  return {
    tokenOf: (delivery) => keptFor(delivery).find(({ tokenId }) => tokenId !== null)?.tokenId ?? undefined,
    areKept: (delivery) => keptFor(delivery).length > 0,
    keep(delivery, at, tokenId) {
      for (const key of delivery.keys) insert.run({ key, at, tokenId });
    },
    dropOld(now) {
      dropOld.run({ until: now - KEPT_MS_MAX });
    },
  };
}
