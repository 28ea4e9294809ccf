import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, type Environment, parseConfig, parseStoreConfig, type StoreConfig } from '../config.ts';
import { counted } from '../counted.ts';
import type { Checked } from '../slack/doctor/checked.ts';
import { StoreFault } from '../store/fault.ts';
import {
  type ExaminedDatabase,
  type ExaminedFiles,
  examineDatabase,
  examineFiles,
  isHeldByApp,
} from '../store/recovery/examine.ts';
import { lookAtChain } from '../tokens/audit.ts';
import type { WorkspaceId } from '../tokens/token.ts';

const MIB = 1024 * 1024;

/** Under this the write-ahead log may soon not fit. */
const FREE_BYTES_MIN = 100 * MIB;

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077;

const SLACK_SECRETS = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'];

const RESTORE = 'Put a backup back with "restore FILE".';

/** What was found of the settings: a line for each problem, without the value of any. */
export function checkSettings(env: Environment): Checked[] {
  const problems = problemsOf(() => parseConfig(env));
  const lines = isWithoutSlack(env)
    ? [...problemsOf(() => parseStoreConfig(env)).map(problemLine), WITHOUT_SLACK]
    : problems.map(problemLine);
  const found: Checked[] =
    lines.length === 0 ? [{ about: 'settings', is: 'ok', says: 'All are usable.' }] : lines;
  return [...found, ...environmentFileLines()];
}

/** No secret of Slack is set: then this machine serves the command line alone. */
export function isWithoutSlack(env: Environment): boolean {
  return SLACK_SECRETS.every((name) => !env[name]?.trim());
}

const WITHOUT_SLACK: Checked = {
  about: 'settings',
  is: 'note',
  says: "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set: the app can't start here.",
  todo: 'Set them, unless only the command line is used here.',
};

function problemsOf(parse: () => unknown): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.problems];
  }
}

function problemLine(problem: string): Checked {
  return { about: 'settings', is: 'wrong', says: `${problem}.`, todo: '.env.example explains each setting.' };
}

/** It holds the pepper and Slack's tokens. */
function environmentFileLines(): Checked[] {
  const mode = statSync('.env', { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS) === 0) return [];
  return [
    {
      about: 'settings',
      is: 'wrong',
      says: 'Other users of this machine can read .env.',
      todo: 'chmod 600 .env',
    },
  ];
}

/** What was found of the database, to which workspace it belongs, and whether it can be opened as it is. */
export type CheckedDatabase = {
  readonly lines: Checked[];
  readonly workspace: WorkspaceId | undefined;
  readonly isSound: boolean;
  /** Whether an app has it open, as far as can be seen. */
  readonly isInUse: boolean;
};

export const UNSOUND = { workspace: undefined, isSound: false, isInUse: false } as const;

const UNUSABLE = 'The settings that it needs are not usable.';

/** Where the settings do not say which database it is. */
export const NOT_ASKED: CheckedDatabase = {
  lines: [{ about: 'database', is: 'not asked', says: UNUSABLE }],
  ...UNSOUND,
};

/** Looks at the SQLite database, its files, its disk and the end of its chain. Nothing is changed. */
export async function checkDatabase(env: Environment): Promise<CheckedDatabase> {
  const config = configOf(env);
  if (config === undefined) return NOT_ASKED;
  const files = examineFiles(config.database.url);
  const around = [...fileLines(files), diskLine(files)];
  const isInUse = isHeldByApp(files.path);
  if (files.bytes === undefined) return { lines: [missingLine(files), ...around], ...UNSOUND, isInUse };
  try {
    const database = examineDatabase(files.path);
    try {
      const lines = [...(await insideLines(database, files, config)), ...around];
      const isSound = database.flaw === undefined && database.schema === 'current';
      return { lines, workspace: database.workspace, isSound, isInUse };
    } finally {
      database.close();
    }
  } catch (error) {
    return { lines: [unopenedLine(files, error), ...around], ...UNSOUND, isInUse };
  }
}

/** The settings of the database; undefined where they are not usable. */
export function configOf(env: Environment): StoreConfig | undefined {
  try {
    return parseStoreConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function missingLine({ path, log }: ExaminedFiles): Checked {
  if (log.exists) {
    const says = `${path} is missing or empty, but ${log.path} tells of a database.`;
    return {
      about: 'database',
      is: 'wrong',
      says,
      todo: `${RESTORE} "init" makes a new one without any token.`,
    };
  }
  return { about: 'database', is: 'note', says: `There is none at ${path} yet: the first start makes it.` };
}

function unopenedLine({ path }: ExaminedFiles, error: unknown): Checked {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const isFull = error instanceof StoreFault;
  return {
    about: 'database',
    is: 'wrong',
    says: isFull ? error.message : `${path} can't be read (${code}).`,
    todo: `Let this user read and write it. If it is damaged: ${RESTORE}`,
  };
}

async function insideLines(
  database: ExaminedDatabase,
  files: ExaminedFiles,
  config: StoreConfig,
): Promise<Checked[]> {
  const { flaw, schema } = database;
  if (flaw !== undefined) {
    const says = `${files.path} is damaged (${flaw}).`;
    return [{ about: 'database', is: 'wrong', says, todo: `Stop the app. ${RESTORE}` }];
  }
  if (schema === 'foreign') {
    const says = `${files.path} belongs to another program.`;
    return [{ about: 'database', is: 'wrong', says, todo: 'Set DATABASE_URL to another path.' }];
  }
  return [
    { about: 'database', is: 'ok', says: `${files.path} opens, and quick_check finds no flaw.` },
    schemaLine(schema),
    ...(schema === 'older' ? [] : [await chainLine(database, config)]),
    logLine(database, files),
  ];
}

/** How the schema stands to this version's. */
export function schemaLine(schema: 'current' | 'older' | 'newer'): Checked {
  if (schema === 'current') return { about: 'schema', is: 'ok', says: 'It is of this version.' };
  if (schema === 'older') {
    return {
      about: 'schema',
      is: 'note',
      says: 'It is of an older version: the next start of the app upgrades it.',
    };
  }
  const todo = 'Start that version, or restore a backup from before the upgrade.';
  return { about: 'schema', is: 'wrong', says: 'It was written by a newer apitoken.', todo };
}

/** Whether the last events hold together. */
export async function chainLine(
  { chain }: Pick<ExaminedDatabase, 'chain'>,
  { peppers }: StoreConfig,
): Promise<Checked> {
  // Whatever is found here is told here: the app keeps its own finding.
  const store = { ...chain, keepChainAlarm: async () => undefined };
  const alarm = await lookAtChain({ store, peppers });
  if (alarm !== undefined) {
    const says = `The audit chain is broken at event ${alarm.sequence} (${alarm.flaw}).`;
    const todo = 'Run "audit verify", and find out who can write the database.';
    return { about: 'audit chain', is: 'wrong', says, todo };
  }
  const last = Math.min((await chain.chainHead())?.sequence ?? 0, 1000);
  const says = last === 0 ? 'There are no events yet.' : `The last ${counted(last, 'event')} hold together.`;
  return { about: 'audit chain', is: 'ok', says };
}

function logLine(database: ExaminedDatabase, { log }: ExaminedFiles): Checked {
  const about = 'revoked.log';
  if (!log.exists) {
    const todo = 'Copy it back from a backup, or let the next start of the app make it anew.';
    return { about, is: 'wrong', says: `${log.path} is missing: a restore could revive tokens.`, todo };
  }
  try {
    // Root may write what it likes: it is the mode that others will meet.
    accessSync(log.path, constants.W_OK);
    if (database.isLogUncut())
      return { about, is: 'ok', says: "It's there, this user can write it, and nothing was cut off." };
    const todo = 'Copy it back from a backup: it tells a restore what was revoked.';
    return { about, is: 'wrong', says: `${log.path} was cut or changed since the last start.`, todo };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const says = `${log.path} can't be written (${code}): nothing can be revoked.`;
    return { about, is: 'wrong', says, todo: 'Let this user write it.' };
  }
}

function fileLines({ path, otherNames, open }: ExaminedFiles): Checked[] {
  const about = 'files';
  const names: Checked[] =
    otherNames <= 0
      ? []
      : [
          {
            about,
            is: 'wrong',
            says: `${path} has a second name (a hard link): the app refuses to start.`,
            todo: 'Remove that name, or make it a copy.',
          },
        ];
  const modes: Checked[] = open.map((file) => ({
    about,
    is: 'wrong',
    says: `Other users of this machine can read or write ${file}.`,
    todo: `chmod 600 ${file}`,
  }));
  const lines = [...names, ...modes];
  return lines.length > 0
    ? lines
    : [{ about, is: 'ok', says: 'Only this user can read and write them, and the database has one name.' }];
}

function diskLine({ path, freeBytes, bytes = 0 }: ExaminedFiles): Checked {
  const about = 'disk';
  const folder = dirname(path);
  if (freeBytes === undefined) return { about, is: 'note', says: `${folder} is not there yet.` };
  const free = `${Math.floor(freeBytes / MIB).toLocaleString('en-US')} MiB are free in ${folder}`;
  if (freeBytes >= Math.max(FREE_BYTES_MIN, bytes)) return { about, is: 'ok', says: `${free}.` };
  return {
    about,
    is: 'wrong',
    says: `Only ${free}.`,
    todo: 'Make room: on a full disk nothing can be revoked.',
  };
}
