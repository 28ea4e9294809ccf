import type { AuditAction } from '../tokens/audit.ts';
import type { TokenStore } from '../tokens/store.ts';
import { and, type Db, desc, eq, rowCount, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { auditEvents } from './schema.ts';

const WITHDRAWN: AuditAction = 'value.withdrawn';

/** What the audit events tell of a token. */
export function createHistory(db: Db, read: Read): Pick<TokenStore, 'lastWithdrawal'> {
  const withdrawal = db
    .select({ detail: auditEvents.detail })
    .from(auditEvents)
    .where(and(eq(auditEvents.tokenId, textParam('tokenId')), eq(auditEvents.action, textParam('action'))))
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();

  return {
    lastWithdrawal: (tokenId) =>
      read(() => {
        const reason = withdrawal.get({ tokenId, action: WITHDRAWN })?.detail.reason;
        return typeof reason === 'string' ? reason : undefined;
      }),
  };
}
