import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { cannotOpen } from '../fault.ts';

/** Which PostgreSQL, and how it is spoken to. */
export type Target = {
  readonly config: ClientConfig;
  /**
   * False: by `prepare=false` in the URL, for a PgBouncer in transaction mode. Then no statement has a name and no setting lasts beyond its
   * transaction, since the next one may run on another connection.
   */
  readonly isPrepared: boolean;
  /** Host and port as they may be shown. */
  readonly place: string;
};

const PORT = 5432;

const KEEP_ALIVE_MS = 10_000;

/**
 * The target that `url` names. Users, passwords and names are percent-encoded in it. Throws a `StoreFault` that says what to do,
 * without anything of the URL in it: it may hold a password.
 */
export function targetOf(url: string): Target {
  const parsed = parsedUrl(url);
  const params = parsed.searchParams;
  const host = params.get('host') ?? parsed.hostname.replace(/^\[(.+)\]$/, '$1');
  const port = Number(params.get('port') ?? (parsed.port || PORT));
  const database = decodeURIComponent(parsed.pathname.slice(1));
  const given = {
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    host: decodeURIComponent(host),
    options: params.get('options') ?? '',
  };
  const config = {
    // What is not in the URL comes from `PGUSER`, `PGPASSWORD` and so on, as everywhere.
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    port,
    application_name: params.get('application_name') ?? 'apitoken',
    ssl: tlsOf(params),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
  return { config, isPrepared: isPreparedIn(params), place: `${given.host || 'localhost'}:${port}` };
}

const HOW_TO_WRITE =
  'DATABASE_URL must be postgres://USER:PASSWORD@HOST:PORT/DATABASE. Write special characters of the password as %XX, for example @ as %40.';

function parsedUrl(url: string): URL {
  try {
    const parsed = new URL(url);
    // Throws as well, where what looks encoded is not.
    for (const part of [parsed.username, parsed.password, parsed.pathname, parsed.hostname])
      decodeURIComponent(part);
    return parsed;
  } catch {
    // Without the error: it quotes the URL.
    throw cannotOpen(HOW_TO_WRITE);
  }
}

function isPreparedIn(params: URLSearchParams): boolean {
  const prepare = params.get('prepare') ?? 'true';
  if (prepare === 'true' || prepare === 'false') return prepare === 'true';
  throw cannotOpen('prepare in DATABASE_URL must be true or false.');
}

type Tls = ClientConfig['ssl'];

const TLS_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * As node-postgres has it: whatever asks for TLS proves the certificate and its name, `no-verify` alone does not, and nothing is in
 * plain text that asked not to be (https://node-postgres.com/features/ssl). libpq's `require` proves nothing.
 */
function tlsOf(params: URLSearchParams): Tls {
  const files = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' };
  const read = Object.entries(files).flatMap(([name, param]) => {
    const file = params.get(param);
    return file === null ? [] : [[name, contentOf(file, param)] as const];
  });
  const mode = params.get('sslmode') ?? (read.length > 0 ? 'verify-full' : 'disable');
  if (!TLS_MODES.includes(mode))
    throw cannotOpen(`sslmode in DATABASE_URL must be one of ${TLS_MODES.join(', ')}.`);
  if (mode === 'disable') return false;
  return { ...Object.fromEntries(read), rejectUnauthorized: mode !== 'no-verify' };
}

function contentOf(file: string, param: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw cannotOpen(`${param} in DATABASE_URL names ${file}, which can't be read. Let this user read it.`);
  }
}
