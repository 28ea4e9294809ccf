import type { AuditEvent, ChainAlarm } from '../tokens/audit.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { WorkspaceId } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import { type Db, eq, insertInto, onConflict, sql, textParam } from './drizzle.ts';
import type { Effects } from './effects.ts';
import { settings } from './schema/sqlite.ts';

/** What is set once for the database. */
export type Settings = {
  /** The workspace whose tokens these are: `id` at the first call, the same one ever after. */
  bindWorkspace(id: WorkspaceId): Promise<WorkspaceId>;
  /** The same once it is bound; undefined before the app was first connected. */
  workspace(): Promise<WorkspaceId | undefined>;
  /** The latest instant that was ever kept; undefined when none was. */
  latestSeen(): Promise<number | undefined>;
  /** Keeps `at` as the latest instant, unless a later one was. A power cut may undo the last seconds of it. */
  keepLatest(at: number): Promise<void>;
  /** Takes `at` for the latest instant, however late the one before was; the event says who wanted it so. */
  putLatestBack(at: number, event: AuditEvent): Promise<void>;
};

/** Set in a copy until it is known to be whole: no app opens it. */
export const UNPROVEN_KEY = 'unproven_copy';

const LATEST_KEY = 'latest_seen';

const ALARM_KEY = 'audit_alarm';

/** What is known of the chain, on the connection `db`. */
export function createAlarmRead(db: Db, read: Read): Pick<TokenStore, 'chainAlarm'> {
  const find = db
    .select({ value: settings.value })
    .from(settings)
    .where(eq(settings.key, ALARM_KEY))
    .prepare();
  return {
    chainAlarm: () =>
      read(async () => {
        const kept = (await find.get())?.value;
        return kept === undefined ? undefined : (JSON.parse(kept) as ChainAlarm);
      }),
  };
}

/** Keeps it, on the write connection `db`. */
export function createAlarmWrite(db: Db, write: Write): Pick<TokenStore, 'keepChainAlarm'> {
  const drop = db.delete(settings).where(eq(settings.key, ALARM_KEY)).prepare();
  const keep = insertInto(db, settings)
    .onConflictDoUpdate({ target: onConflict(settings.key), set: { value: sql`excluded.value` } })
    .prepare();
  return {
    keepChainAlarm: (alarm) =>
      write(async () => {
        if (alarm === undefined) await drop.run();
        else await keep.run({ key: ALARM_KEY, value: JSON.stringify(alarm) });
      }),
  };
}

/** The settings on the write connection `db`. */
export function createSettings(db: Db, write: Write, effects: Pick<Effects, 'chain'>): Settings {
  const insert = insertInto(db, settings).onConflictDoNothing().prepare();
  const put = insertInto(db, settings)
    .onConflictDoUpdate({ target: onConflict(settings.key), set: { value: sql`excluded.value` } })
    .prepare();
  const find = db
    .select({ value: settings.value })
    .from(settings)
    .where(eq(settings.key, textParam('key')))
    .prepare();
  const latest = async () => {
    const kept = (await find.get({ key: LATEST_KEY }))?.value;
    return kept === undefined ? undefined : Number(kept);
  };

  return {
    workspace: () =>
      write(async () => (await find.get({ key: 'workspace' }))?.value as WorkspaceId | undefined),
    bindWorkspace: (id) =>
      write(async () => {
        await insert.run({ key: 'workspace', value: id });
        const bound = await find.get({ key: 'workspace' });
        if (bound === undefined) throw new Error('a setting that was just written is not there');
        return bound.value as WorkspaceId;
      }),
    latestSeen: () => write(latest),
    keepLatest: (at) =>
      write(async () => {
        if (at > ((await latest()) ?? 0)) await put.run({ key: LATEST_KEY, value: String(at) });
      }, 'eventual'),
    putLatestBack: (at, event) =>
      write(async () => {
        await put.run({ key: LATEST_KEY, value: String(at) });
        await effects.chain.append(event);
      }),
  };
}

/** What is noted of this database by its key: written inside a write. */
export function createMarks(db: Db) {
  const ofKey = eq(settings.key, textParam('key'));
  const find = db.select({ value: settings.value }).from(settings).where(ofKey).prepare();
  const drop = db.delete(settings).where(ofKey).prepare();
  const keep = insertInto(db, settings)
    .onConflictDoUpdate({ target: onConflict(settings.key), set: { value: sql`excluded.value` } })
    .prepare();
  return {
    read: async (key: string) => (await find.get({ key }))?.value,
    keep: async (key: string, value: string) => {
      await keep.run({ key, value });
    },
    drop: async (key: string) => {
      await drop.run({ key });
    },
  };
}
