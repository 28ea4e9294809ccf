import type { AuditAction } from '../tokens/audit.ts';
import type { TokenStore } from '../tokens/store.ts';
import { and, type Db, desc, eq, inArray, integerParam, rowCount, sql, textParam } from './drizzle.ts';
import { pageOf } from './page.ts';
import type { Read } from './reader.ts';
import { auditEvents } from './schema.ts';

/** How an attempt at showing a value ended. */
const SHOWING_ENDED: readonly AuditAction[] = [
  'value.shown',
  'value.replaced',
  'value.withdrawn',
  'token.rotated',
  'token.renewed',
];

const OF_TOKEN = eq(auditEvents.tokenId, textParam('tokenId'));

/** What the audit events tell of a token. */
export function createHistory(db: Db, read: Read): Pick<TokenStore, 'lastWithdrawal' | 'listEvents'> {
  const lastShowing = db
    .select({ action: auditEvents.action, detail: auditEvents.detail })
    .from(auditEvents)
    .where(and(OF_TOKEN, inArray(auditEvents.action, [...SHOWING_ENDED]).inlineParams()))
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();
  const count = db.select({ total: sql<number>`count(*)` }).from(auditEvents).where(OF_TOKEN).prepare();
  const events = eventsQuery(db);

  return {
    lastWithdrawal: (tokenId) =>
      read(() => {
        const last = lastShowing.get({ tokenId });
        const reason = last?.action === 'value.withdrawn' ? last.detail.reason : undefined;
        return typeof reason === 'string' ? reason : undefined;
      }),
    listEvents: (tokenId, request) =>
      read(() => {
        const { limit, offset, ...place } = pageOf(request, count.get({ tokenId })?.total ?? 0);
        return { events: events.all({ tokenId, limit, offset }), ...place };
      }),
  };
}

function eventsQuery(db: Db) {
  return db
    .select({
      at: auditEvents.at,
      actor: auditEvents.actor,
      action: auditEvents.action,
      tokenId: auditEvents.tokenId,
      detail: auditEvents.detail,
    })
    .from(auditEvents)
    .where(OF_TOKEN)
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(integerParam('limit')))
    .offset(rowCount(integerParam('offset')))
    .prepare();
}
