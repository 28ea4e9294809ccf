import { type AuditEvent, macOf } from '../tokens/audit.ts';
import type { Pepper } from '../tokens/pepper.ts';
import { type Db, desc, rowCount, rowParams } from './drizzle.ts';
import { auditEvents } from './schema.ts';

/** The end of the audit chain. For use inside a write, so that no event is told of a change that was not made. */
export type AuditChain = {
  append(event: AuditEvent): void;
};

/** The chain on the write connection `db`, its MACs made under `pepper`. */
export function createAuditChain(db: Db, pepper: Pepper): AuditChain {
  const last = db
    .select({ sequence: auditEvents.sequence, mac: auditEvents.mac })
    .from(auditEvents)
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();
  const insert = db.insert(auditEvents).values(rowParams(auditEvents)).prepare();

  return {
    append(event) {
      const previous = last.get();
      const numbered = { ...event, sequence: (previous?.sequence ?? 0) + 1 };
      insert.run({ ...numbered, pepperId: pepper.id, mac: macOf(numbered, previous?.mac, pepper) });
    },
  };
}
