import type { Environment, StoreConfig } from '../config.ts';
import type { Checked } from '../slack/doctor/checked.ts';
import { StoreFault } from '../store/fault.ts';
import { type ExaminedPostgres, examinePostgres } from '../store/postgres/examine.ts';
import { POSTGRES_MIGRATIONS_FOLDER } from '../store/store.ts';
import {
  type CheckedDatabase,
  chainLine,
  configOf,
  NOT_ASKED,
  schemaLine,
  UNSOUND,
} from './doctor-machine.ts';

/** Looks at the PostgreSQL of the settings, at how it keeps what it is given, and at the end of its chain. Nothing is changed. */
export async function checkPostgres(env: Environment): Promise<CheckedDatabase> {
  const config = configOf(env);
  if (config === undefined) return NOT_ASKED;
  try {
    const database = await examinePostgres(config.database.url, POSTGRES_MIGRATIONS_FOLDER);
    try {
      const lines = await linesOf(database, config);
      const { workspace, schema, isInUse } = database;
      return { lines, workspace, isSound: schema === 'current', isInUse };
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    return { lines: [{ about: 'database', is: 'wrong', says: error.message }], ...UNSOUND };
  }
}

async function linesOf(database: ExaminedPostgres, config: StoreConfig): Promise<Checked[]> {
  const { place, version, schema, isEncrypted, losing } = database;
  const opens = `${place} opens: PostgreSQL ${version}, which takes writes.`;
  const encryption: Checked = isEncrypted
    ? { about: 'connection', is: 'ok', says: 'It is encrypted.' }
    : {
        about: 'connection',
        is: 'note',
        says: 'It is not encrypted.',
        todo: 'Unless nobody is on its way, put sslmode=verify-full into DATABASE_URL.',
      };
  return [
    { about: 'database', is: 'ok', says: opens },
    ...(schema === 'none'
      ? [
          {
            about: 'schema',
            is: 'note',
            says: 'There are no tables yet: the first start makes them.',
          } as const,
        ]
      : [schemaLine(schema)]),
    ...(schema === 'current' ? [await chainLine(database, config)] : []),
    losing.length === 0
      ? { about: 'power cut', is: 'ok', says: 'What is committed outlasts it.' }
      : {
          about: 'power cut',
          is: 'wrong',
          says: `It may revive what was revoked: ${losing.join(' and ')} ${losing.length === 1 ? 'is' : 'are'} off.`,
          todo: 'Turn it on in PostgreSQL.',
        },
    encryption,
  ];
}
