import type { Client } from 'pg';
import type { TokenStore } from '../../tokens/store.ts';
import type { WorkspaceId } from '../../tokens/token.ts';
import type { Read } from '../access.ts';
import { createHistory } from '../events.ts';
import { createAlarmRead } from '../settings.ts';
import { openingFault } from './fault.ts';
import { ageOf, ownerOf } from './migrate.ts';
import { connected, refuseUnfit } from './open.ts';
import { createDb, UNHOLDABLES } from './pools.ts';
import { targetOf } from './target.ts';

/** Without each of these a power cut loses what was committed: https://www.postgresql.org/docs/current/runtime-config-wal.html */
const LASTING = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/** A PostgreSQL that is there, looked at without changing it. */
export type ExaminedPostgres = {
  /** Host and port. */
  readonly place: string;
  readonly version: string;
  readonly schema: 'none' | 'older' | 'current';
  /** Settings that are off, by which a power cut loses what was committed. */
  readonly losing: readonly string[];
  readonly isEncrypted: boolean;
  /** Whether processes of apitoken are connected with it. */
  readonly isInUse: boolean;
  /** Undefined before the app was first connected. */
  readonly workspace: WorkspaceId | undefined;
  readonly chain: Pick<TokenStore, 'chainHead' | 'eventsAfter' | 'chainAlarm'>;
  close(): Promise<void>;
};

/** Looks at the database that `url` names. Throws a `StoreFault` that says what to do where it can't be used. */
export async function examinePostgres(url: string, migrationsFolder: string): Promise<ExaminedPostgres> {
  const target = targetOf(url);
  try {
    const client = await connected(target, 0);
    try {
      await refuseUnfit(client);
      return await examined(client, target.place, migrationsFolder);
    } catch (error) {
      await client.end();
      throw error;
    }
  } catch (error) {
    throw openingFault(error, target.place);
  }
}

async function examined(client: Client, place: string, migrationsFolder: string): Promise<ExaminedPostgres> {
  const schema = (await ownerOf(client)) === 'nobody' ? 'none' : await ageOf(client, migrationsFolder);
  const db = createDb(false, () => client, UNHOLDABLES.unequal);
  const read: Read = async (body) => body();
  const { rows } = await client.query(
    `select current_setting('server_version') as version,
       (select count(*)::int from pg_stat_activity where application_name = 'apitoken'
         and datname = current_database() and pid <> pg_backend_pid()) as others,
       coalesce((select ssl::int from pg_stat_ssl where pid = pg_backend_pid()), 0) as encrypted,
       ${LASTING.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`,
  );
  const found = rows[0] ?? {};
  return {
    place,
    version: String(found.version),
    schema,
    losing: LASTING.filter((name) => found[name] === 'off'),
    isEncrypted: Number(found.encrypted) === 1,
    isInUse: Number(found.others) > 0,
    workspace: schema === 'none' ? undefined : await workspaceIn(client),
    chain: { ...createHistory(db, read), ...createAlarmRead(db, read) },
    close: () => client.end(),
  };
}

async function workspaceIn(client: Client): Promise<WorkspaceId | undefined> {
  const { rows } = await client.query("select value from settings where key = 'workspace'");
  return rows[0]?.value;
}
